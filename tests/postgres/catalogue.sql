-- Everything PostgreSQL knows about the relations of one schema ($1).

-- name: relations
SELECT
    relname, relkind::text, relpersistence::text, reloptions, pg_get_userbyid(relowner), relacl::text,
    pg_get_expr(relpartbound, oid), pg_get_partkeydef(oid)
FROM pg_class
WHERE relnamespace = $1::regnamespace

-- name: columns
SELECT
    relname, attnum, attname, format_type(atttypid, atttypmod), attnotnull, attstorage::text, attacl::text,
    pg_get_expr(adbin, adrelid)
FROM pg_attribute
JOIN pg_class ON pg_class.oid = attrelid
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relnamespace = $1::regnamespace AND attnum > 0

-- name: constraints
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
FROM pg_constraint
WHERE connamespace = $1::regnamespace

-- name: indexes
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisvalid
FROM pg_index
JOIN pg_class ON pg_class.oid = indrelid
WHERE relnamespace = $1::regnamespace

-- name: triggers
SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(pg_trigger.oid), tgenabled::text
FROM pg_trigger
JOIN pg_class ON pg_class.oid = tgrelid
WHERE relnamespace = $1::regnamespace

-- name: functions
SELECT proname, pg_get_functiondef(oid), pg_get_userbyid(proowner), proacl::text
FROM pg_proc
WHERE pronamespace = $1::regnamespace

-- name: partitions
SELECT inhrelid::regclass::text, inhparent::regclass::text
FROM pg_inherits
JOIN pg_class ON pg_class.oid = inhrelid
WHERE relnamespace = $1::regnamespace

-- name: grants
SELECT nspacl::text, pg_get_userbyid(nspowner) FROM pg_namespace WHERE oid = $1::regnamespace

-- name: recorded
SELECT child.relname AS name, coalesce(parent.relname, child.relname) AS parent
FROM pg_class AS child
LEFT JOIN pg_inherits ON inhrelid = child.oid
LEFT JOIN pg_class AS parent ON parent.oid = inhparent
WHERE child.relnamespace = $1::regnamespace AND child.relkind IN ('r', 'p')
