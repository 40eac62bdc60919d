-- What founds a caisse and keeps its schema current. Run over an administrator's connection; tables are made as clearing_owner.

-- name: make_roles
DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT roles.name, roles.kind
        FROM (VALUES
            ('clearing_owner', 'NOLOGIN'),
            ('clearing_writer', 'LOGIN'),
            ('clearing_projector', 'LOGIN'),
            ('clearing_reader', 'LOGIN')
        ) AS roles (name, kind)
        WHERE NOT EXISTS (SELECT FROM pg_roles AS present WHERE present.rolname = roles.name)
    LOOP
        EXECUTE format('CREATE ROLE %I %s', wanted.name, wanted.kind);
    END LOOP;
    IF NOT pg_has_role('clearing_owner', 'MEMBER') THEN
        EXECUTE format('GRANT clearing_owner TO %I', current_user);
    END IF;
END
$$

-- name: password_statement
SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)

-- name: database_exists
SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)

-- name: database_statement
SELECT format('CREATE DATABASE %I', $1::text)

-- name: become_owner
SET LOCAL ROLE clearing_owner

-- name: make_shared_schema
CREATE SCHEMA IF NOT EXISTS clearing AUTHORIZATION clearing_owner

-- name: enter_caisse
INSERT INTO clearing.caisses (code, schema, created_at_us) VALUES ($1, $2, $3) ON CONFLICT (code) DO NOTHING

-- name: schema_of_caisse
SELECT schema FROM clearing.caisses WHERE code = $1

-- name: caisses
SELECT code, schema, created_at_us FROM clearing.caisses ORDER BY code

-- name: make_schema
CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION clearing_owner

-- name: make_migrations
CREATE TABLE IF NOT EXISTS {schema}.migrations (
    number integer NOT NULL,
    name text NOT NULL,
    sha256 bytea NOT NULL,
    CONSTRAINT migrations_pkey PRIMARY KEY (number)
)

-- name: applied
SELECT number, name, sha256 FROM {schema}.migrations ORDER BY number

-- name: record_migration
INSERT INTO {schema}.migrations (number, name, sha256) VALUES ($1, $2, $3)

-- name: head
SELECT head FROM {schema}.log_head

-- name: partitions
SELECT
    (regexp_match(bound.text, 'FROM \(''(\d+)''\)'))[1]::bigint AS first,
    (regexp_match(bound.text, 'TO \(''(\d+)''\)'))[1]::bigint AS past
FROM pg_inherits AS link
JOIN pg_class AS part ON part.oid = link.inhrelid
CROSS JOIN LATERAL (SELECT pg_get_expr(part.relpartbound, part.oid)) AS bound (text)
WHERE link.inhparent = '{schema}.events'::regclass
ORDER BY first

-- name: partition_statements
SELECT format(
    'CREATE TABLE {schema}.%1$I (LIKE {schema}.events INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES);'
    'CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.%1$I'
    ' FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();'
    'REVOKE ALL ON {schema}.%1$I FROM PUBLIC, clearing_writer, clearing_projector, clearing_reader;'
    'ALTER TABLE {schema}.events ATTACH PARTITION {schema}.%1$I FOR VALUES FROM (%2$s) TO (%3$s)',
    'events_from_' || $1::bigint, $1::bigint, $2::bigint
)
