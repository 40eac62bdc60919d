-- Personal data of one caisse, sealed before it gets here: who reads this table without the key-encryption key reads nothing.
-- Each subject has a key of its own, itself sealed; deleting that one row shreds all that is kept of the subject.

-- name: make_role
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'clearing_clerk') THEN
        CREATE ROLE clearing_clerk LOGIN;
    END IF;
END
$$

-- name: password_statement
SELECT format('ALTER ROLE clearing_clerk PASSWORD %L', $1::text)

-- name: become_owner
SET LOCAL ROLE clearing_owner

-- name: create
CREATE TABLE IF NOT EXISTS {schema}.people_keys (
    subject text NOT NULL,
    sealed_key bytea NOT NULL,
    CONSTRAINT people_keys_pkey PRIMARY KEY (subject)
);
CREATE TABLE IF NOT EXISTS {schema}.people_records (
    digest bytea NOT NULL,
    subject text NOT NULL,
    kind text NOT NULL,
    number bigint NOT NULL,
    sealed bytea NOT NULL,
    CONSTRAINT people_records_pkey PRIMARY KEY (digest),
    CONSTRAINT people_records_digest CHECK (octet_length(digest) = 32)
);
CREATE INDEX IF NOT EXISTS people_records_subject ON {schema}.people_records (subject, kind, number);
GRANT USAGE ON SCHEMA {schema} TO clearing_clerk;
GRANT SELECT, INSERT, DELETE ON {schema}.people_keys, {schema}.people_records TO clearing_clerk

-- name: keep_key
INSERT INTO {schema}.people_keys (subject, sealed_key) VALUES ($1, $2) ON CONFLICT (subject) DO NOTHING

-- name: keys
SELECT subject, sealed_key FROM {schema}.people_keys WHERE subject = ANY ($1::text[])

-- name: keep
INSERT INTO {schema}.people_records (digest, subject, kind, number, sealed)
SELECT $1, $2, $3, 1 + COALESCE(max(r.number), 0), $4
FROM {schema}.people_records AS r
WHERE r.subject = $2 AND r.kind = $3

-- name: by_digest
SELECT r.digest, r.subject, r.kind, r.sealed, k.sealed_key
FROM {schema}.people_records AS r
JOIN {schema}.people_keys AS k ON k.subject = r.subject
WHERE r.digest = ANY ($1::bytea[])

-- name: newest
SELECT r.digest, r.subject, r.kind, r.sealed, k.sealed_key
FROM {schema}.people_records AS r
JOIN {schema}.people_keys AS k ON k.subject = r.subject
WHERE r.subject = $1 AND r.kind = $2
ORDER BY r.number DESC
LIMIT 1

-- name: newest_of
SELECT DISTINCT ON (r.subject) r.digest, r.subject, r.kind, r.sealed, k.sealed_key
FROM {schema}.people_records AS r
JOIN {schema}.people_keys AS k ON k.subject = r.subject
WHERE r.subject = ANY ($1::text[]) AND r.kind = $2
ORDER BY r.subject, r.number DESC

-- name: shred_key
DELETE FROM {schema}.people_keys WHERE subject = $1

-- name: shred_records
DELETE FROM {schema}.people_records WHERE subject = $1
