-- The log of one caisse, as its writer and its readers ask for it.

-- name: append_group
WITH moved AS (
    UPDATE {schema}.log_head
    SET head = $4, head_hash = $5, at_us = $6, lease_until_us = greatest(lease_until_us, $7)
    WHERE one AND epoch = $1 AND head = $2 AND head_hash = $3
    RETURNING head
), recorded AS (
    INSERT INTO {schema}.events
        (position, stream, version, type, schema_version, at_us, public, private, salt, evidence, leaf, chain)
    SELECT
        event.position, event.stream, event.version, event.type, event.schema_version, event.at_us,
        event.public, event.private, event.salt, event.evidence, event.leaf, event.chain
    FROM moved
    CROSS JOIN unnest(
        $8::bigint[], $9::text[], $10::integer[], $11::smallint[], $12::smallint[], $13::bigint[],
        $14::bytea[], $15::bytea[], $16::bytea[], $17::bytea[], $18::bytea[], $19::bytea[]
    ) AS event (
        position, stream, version, type, schema_version, at_us, public, private, salt, evidence, leaf, chain
    )
), answered AS (
    INSERT INTO {schema}.replies (terminal, key_epoch, n, digest, position, reply)
    SELECT answer.terminal, answer.key_epoch, answer.n, answer.digest, answer.position, answer.reply
    FROM moved
    CROSS JOIN unnest($20::bytea[], $21::integer[], $22::bigint[], $23::bytea[], $24::bigint[], $25::bytea[])
        AS answer (terminal, key_epoch, n, digest, position, reply)
), tapped AS (
    INSERT INTO {schema}.taps (card, key_version, counter, position)
    SELECT tap.card, tap.key_version, tap.counter, tap.position
    FROM moved
    CROSS JOIN unnest($26::bytea[], $27::integer[], $28::integer[], $29::bigint[])
        AS tap (card, key_version, counter, position)
), kept AS (
    -- named by its own hash: the same frame twice is one row, whichever group brings it
    INSERT INTO {schema}.batch_frames (digest, frame)
    SELECT batch.digest, batch.frame
    FROM moved
    CROSS JOIN unnest($30::bytea[], $31::bytea[]) AS batch (digest, frame)
    ON CONFLICT (digest) DO NOTHING
)
SELECT head FROM moved

-- name: take_lease
UPDATE {schema}.log_head
SET epoch = epoch + 1, writer = $1, lease_until_us = $2
WHERE one AND (lease_until_us <= $3 OR $4)
RETURNING epoch, head, head_hash, at_us

-- name: lease
SELECT epoch, writer, lease_until_us FROM {schema}.log_head

-- name: renew_lease
UPDATE {schema}.log_head SET lease_until_us = greatest(lease_until_us, $2) WHERE one AND epoch = $1 RETURNING epoch

-- name: release_lease
UPDATE {schema}.log_head SET lease_until_us = 0 WHERE one AND epoch = $1 RETURNING epoch

-- name: stored_head
SELECT epoch, head, head_hash, at_us FROM {schema}.log_head

-- name: durability
SELECT
    current_setting('fsync') AS fsync,
    current_setting('full_page_writes') AS full_page_writes,
    current_setting('synchronous_commit') AS synchronous_commit

-- name: chain_at
SELECT chain FROM {schema}.events WHERE position = $1

-- name: read
SELECT position, stream, version, type, schema_version, at_us, public, private, salt, evidence, leaf, chain
FROM {schema}.events
WHERE position > $1 AND position <= $1::bigint + $2::bigint
ORDER BY position

-- name: newest_of_types
-- The newest first, within a window of positions that bounds how much is looked through.
SELECT position, stream, version, type, schema_version, at_us, public, private, salt, evidence, leaf, chain
FROM {schema}.events
WHERE position < $1::bigint AND position >= $1::bigint - $2::bigint AND type = ANY ($3::smallint[])
ORDER BY position DESC
LIMIT $4

-- name: read_bodies
-- Only what views need of a page: a third of its bytes.
SELECT position, type, schema_version, at_us, public, private
FROM {schema}.events
WHERE position > $1 AND position <= $1::bigint + $2::bigint
ORDER BY position

-- name: events_of
SELECT position, stream, version, type, schema_version, at_us, public, private, salt, evidence, leaf, chain
FROM {schema}.events
WHERE stream = $1 AND position > $2
ORDER BY position
LIMIT $3

-- name: events_of_types
SELECT position, stream, version, type, schema_version, at_us, public, private, salt, evidence, leaf, chain
FROM {schema}.events
WHERE type = ANY ($1::smallint[]) AND position > $2 AND position <= $3
ORDER BY position

-- name: events_of_many
SELECT position, stream, version, type, schema_version, at_us, public, private, salt, evidence, leaf, chain
FROM {schema}.events
WHERE stream = ANY ($1::text[])
ORDER BY position

-- name: filed_under
SELECT position, stream, version, type, schema_version, at_us, public, private, salt, evidence, leaf, chain
FROM {schema}.events
WHERE stream >= $1 AND stream < $2
ORDER BY position

-- name: instants
SELECT position, at_us FROM {schema}.events WHERE position = ANY ($1::bigint[])

-- name: leaves
SELECT leaf FROM {schema}.events WHERE position > $1 AND position <= $1::bigint + $2::bigint ORDER BY position

-- name: last_answered
-- The newest request of a terminal, by the primary key alone.
SELECT position FROM {schema}.replies WHERE terminal = $1 ORDER BY key_epoch DESC, n DESC LIMIT 1

-- name: reply_of
SELECT digest, position, reply FROM {schema}.replies WHERE terminal = $1 AND key_epoch = $2 AND n = $3

-- name: highest_n
SELECT terminal, key_epoch, max(n) AS n
FROM {schema}.replies
WHERE position > $1 AND position <= $2
GROUP BY terminal, key_epoch

-- name: replies_between
SELECT terminal, key_epoch, n, digest, position, reply
FROM {schema}.replies
WHERE position > $1 AND position <= $2
ORDER BY position, n

-- name: batch_frame
SELECT frame FROM {schema}.batch_frames WHERE digest = $1

-- name: tap_used
SELECT position FROM {schema}.taps WHERE card = $1 AND key_version = $2 AND counter = $3

-- name: taps_between
SELECT card, key_version, counter, position
FROM {schema}.taps
WHERE position > $1 AND position <= $2
ORDER BY position, counter

-- name: store_head
INSERT INTO {schema}.heads (size, root, signature, at_us) VALUES ($1, $2, $3, $4) ON CONFLICT (size) DO NOTHING

-- name: signed_heads
SELECT size, root, signature, at_us FROM {schema}.heads WHERE size > $1 ORDER BY size LIMIT $2

-- name: last_signed_head
SELECT size, root, signature, at_us FROM {schema}.heads ORDER BY size DESC LIMIT 1

-- name: snapshots
SELECT position, code_version, chain, parts, sha256 FROM {schema}.snapshots WHERE code_version = $1 ORDER BY position DESC

-- name: snapshot_part
SELECT state FROM {schema}.snapshot_parts WHERE position = $1 AND code_version = $2 AND part = $3

-- name: store_snapshot_part
INSERT INTO {schema}.snapshot_parts (position, code_version, part, state) VALUES ($1, $2, $3, $4)

-- name: store_snapshot
INSERT INTO {schema}.snapshots (position, code_version, chain, parts, sha256) VALUES ($1, $2, $3, $4, $5)

-- name: drop_snapshot
DELETE FROM {schema}.snapshots WHERE position = $1 AND code_version = $2

-- name: drop_snapshot_parts
DELETE FROM {schema}.snapshot_parts WHERE position = $1 AND code_version = $2

-- name: drop_snapshots_but
DELETE FROM {schema}.snapshots WHERE code_version <> $1 OR position < $2

-- name: drop_snapshot_parts_but
DELETE FROM {schema}.snapshot_parts WHERE code_version <> $1 OR position < $2
