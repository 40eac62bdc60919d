-- Settlement batches as they go from closed to paid, line by line.

-- name: create
CREATE TABLE {schema}.batches_{g} (
    batch bigint PRIMARY KEY,
    closed_on date NOT NULL,
    after_position bigint NOT NULL,
    up_to bigint NOT NULL,
    total_cents bigint NOT NULL,
    state text NOT NULL,
    closed_us bigint NOT NULL,
    closed_by text NOT NULL,
    endorsed_by text NOT NULL DEFAULT '',
    approved_us bigint,
    approved_by text,
    execution_on date,
    exported_us bigint,
    exported_by text,
    message_id text,
    file_sha256 bytea
);
CREATE TABLE {schema}.batch_lines_{g} (
    batch bigint NOT NULL,
    producer text NOT NULL,
    captured_cents bigint NOT NULL,
    refunded_cents bigint NOT NULL,
    given_cents bigint NOT NULL,
    carried_cents bigint NOT NULL,
    net_cents bigint NOT NULL,
    paid_cents bigint NOT NULL,
    details bytea NOT NULL,
    adjusted_cents bigint NOT NULL,
    contested_cents bigint NOT NULL,
    why text NOT NULL,
    attempt bigint NOT NULL,
    payout text NOT NULL,
    payout_us bigint,
    reference text NOT NULL,
    code text NOT NULL DEFAULT '',
    question text NOT NULL DEFAULT '',
    paid_in bigint NOT NULL DEFAULT 0,
    parts_cents bigint NOT NULL,
    PRIMARY KEY (batch, producer)
);
GRANT SELECT, INSERT, UPDATE ON {schema}.batches_{g}, {schema}.batch_lines_{g} TO clearing_projector;
GRANT SELECT ON {schema}.batches_{g}, {schema}.batch_lines_{g} TO clearing_reader;

-- name: publish
DROP VIEW IF EXISTS {schema}.batch_lines, {schema}.batches;
CREATE VIEW {schema}.batches AS
SELECT batch, closed_on, after_position, up_to, total_cents, state, closed_us, closed_by, endorsed_by, approved_us, approved_by,
    execution_on, exported_us, exported_by, message_id, file_sha256
FROM {schema}.batches_{g};
CREATE VIEW {schema}.batch_lines AS
SELECT batch, producer, captured_cents, refunded_cents, given_cents, carried_cents, net_cents, paid_cents, details, adjusted_cents, contested_cents,
    why, attempt, payout, payout_us, reference, code, question, paid_in, parts_cents
FROM {schema}.batch_lines_{g};
GRANT SELECT ON {schema}.batches, {schema}.batch_lines TO clearing_reader;

-- name: drop
DROP TABLE IF EXISTS {schema}.batches_{g}, {schema}.batch_lines_{g};

-- name: close
INSERT INTO {schema}.batches_{g} (
    batch, closed_on, after_position, up_to, total_cents, state, closed_us, closed_by)
SELECT u.batch, u.closed_on,
    GREATEST(
        (SELECT COALESCE(max(b.up_to), 0) FROM {schema}.batches_{g} AS b WHERE b.batch < u.batch),
        COALESCE(max(u.up_to) OVER (ORDER BY u.batch ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)
    ), u.up_to, u.total_cents, 'closed', u.closed_us, u.closed_by
FROM unnest($1::bigint[], $2::date[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[])
    AS u (batch, closed_on, up_to, total_cents, closed_us, closed_by);

-- name: line
INSERT INTO {schema}.batch_lines_{g} (
    batch, producer, captured_cents, refunded_cents, given_cents, carried_cents, net_cents, paid_cents, details,
    adjusted_cents, contested_cents, why, attempt, payout, reference, parts_cents)
SELECT u.batch, u.producer, u.captured, u.refunded, u.given, u.carried, u.net, u.paid, u.details, u.adjusted, u.contested,
    u.why, u.attempt, CASE WHEN u.paid > 0 THEN 'waiting' ELSE 'carried' END, '', u.parts
FROM unnest(
    $1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bytea[],
    $9::bigint[], $10::bigint[], $11::bigint[], $12::text[], $13::bigint[], $14::bigint[]
) AS u (batch, producer, captured, refunded, carried, net, paid, details, given, adjusted, contested, why, attempt, parts);

-- name: endorse
UPDATE {schema}.batches_{g} AS b SET endorsed_by = u.by
FROM unnest($1::bigint[], $2::text[]) AS u (batch, by)
WHERE b.batch = u.batch;

-- name: withdraw
WITH gone AS (
    UPDATE {schema}.batch_lines_{g} AS l SET payout = 'withdrawn', payout_us = u.at_us, reference = u.reason
    FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[]) AS u (batch, producer, at_us, reason)
    WHERE l.batch = u.batch AND l.producer = u.producer
    RETURNING l.batch, l.paid_cents
)
UPDATE {schema}.batches_{g} AS b SET total_cents = b.total_cents - w.cents
FROM (SELECT batch, sum(paid_cents)::bigint AS cents FROM gone GROUP BY batch) AS w
WHERE b.batch = w.batch;

-- name: approve
UPDATE {schema}.batches_{g} AS b
SET state = 'approved', approved_us = u.approved_us, approved_by = u.approved_by, execution_on = u.execution_on
FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::date[]) AS u (batch, approved_us, approved_by, execution_on)
WHERE b.batch = u.batch;

-- name: hand_over
WITH gone AS (
    UPDATE {schema}.batch_lines_{g} AS l SET payout = 'handed-over', payout_us = u.at_us, reference = u.caisse
    FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[]) AS u (batch, producer, at_us, caisse)
    WHERE l.batch = u.batch AND l.producer = u.producer
    RETURNING l.batch, l.paid_cents
)
UPDATE {schema}.batches_{g} AS b SET total_cents = b.total_cents - h.cents
FROM (SELECT batch, sum(paid_cents)::bigint AS cents FROM gone GROUP BY batch) AS h
WHERE b.batch = h.batch;

-- name: export
UPDATE {schema}.batches_{g} AS b
SET state = 'exported', exported_us = u.exported_us, exported_by = u.exported_by, message_id = u.message_id,
    file_sha256 = u.file_sha256
FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bytea[])
    AS u (batch, exported_us, exported_by, message_id, file_sha256)
WHERE b.batch = u.batch;

-- name: instruct
UPDATE {schema}.batch_lines_{g} SET payout = 'instructed' WHERE batch = ANY ($1::bigint[]) AND payout = 'waiting';

-- name: pay
-- A payout's last word in the page wins: it is executed once and may come back afterwards.
UPDATE {schema}.batch_lines_{g} AS l
SET payout = u.payout, payout_us = u.payout_us, reference = u.reference, code = u.code
FROM (
    SELECT DISTINCT ON (w.batch, w.producer) w.batch, w.producer, w.payout, w.payout_us, w.reference, w.code
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[])
        AS w (batch, producer, payout, payout_us, reference, code)
    ORDER BY w.batch, w.producer, w.payout_us DESC
) AS u
WHERE l.batch = u.batch AND l.producer = u.producer;

-- name: ask
-- The last question of the page, or that there is none any more.
UPDATE {schema}.batch_lines_{g} AS l SET question = u.question
FROM (
    SELECT DISTINCT ON (w.batch, w.producer) w.batch, w.producer, w.question
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[]) AS w (batch, producer, question, position)
    ORDER BY w.batch, w.producer, w.position DESC
) AS u
WHERE l.batch = u.batch AND l.producer = u.producer;

-- name: pay_anew
UPDATE {schema}.batch_lines_{g} AS l SET paid_in = u.paid_in
FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS u (batch, producer, paid_in)
WHERE l.batch = u.batch AND l.producer = u.producer;

-- name: totals
SELECT 'batches: cents in batches' AS figure, COALESCE(sum(total_cents), 0)::bigint AS amount FROM {schema}.batches_{g}
UNION ALL
SELECT 'batches: ' || state, count(*) FROM {schema}.batches_{g} GROUP BY state
UNION ALL
SELECT 'batches: cents ' || payout, sum(paid_cents)::bigint FROM {schema}.batch_lines_{g} GROUP BY payout;
