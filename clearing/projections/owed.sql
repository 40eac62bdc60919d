-- What the caisse owes each producer, and the entries that make it up: one per operation and payee.

-- name: create
CREATE TABLE {schema}.owed_totals_{g} (
    producer text PRIMARY KEY,
    captured_cents bigint NOT NULL,
    refunded_cents bigint NOT NULL,
    settled_cents bigint NOT NULL,
    returned_cents bigint NOT NULL,
    confirmed_cents bigint NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE {schema}.owed_entries_{g} (
    producer text NOT NULL,
    position bigint NOT NULL,
    sale_position bigint NOT NULL,
    kind text NOT NULL,
    day date NOT NULL,
    local_time time NOT NULL,
    gross_cents bigint NOT NULL,
    card_cents bigint NOT NULL,
    PRIMARY KEY (producer, position)
);
CREATE INDEX owed_entries_{g}_day ON {schema}.owed_entries_{g} USING brin (day) WITH (pages_per_range = 16, autosummarize = on);
GRANT SELECT, INSERT, UPDATE ON {schema}.owed_totals_{g}, {schema}.owed_entries_{g} TO clearing_projector;
GRANT SELECT ON {schema}.owed_totals_{g}, {schema}.owed_entries_{g} TO clearing_reader;

-- name: publish
DROP VIEW IF EXISTS {schema}.owed_entries, {schema}.owed;
CREATE VIEW {schema}.owed AS
SELECT producer, captured_cents, refunded_cents, settled_cents, returned_cents, confirmed_cents,
    captured_cents - refunded_cents - settled_cents + returned_cents AS owed_cents
FROM {schema}.owed_totals_{g};
CREATE VIEW {schema}.owed_entries AS
SELECT producer, position, sale_position, kind, day, local_time, gross_cents, card_cents FROM {schema}.owed_entries_{g};
GRANT SELECT ON {schema}.owed, {schema}.owed_entries TO clearing_reader;

-- name: drop
DROP TABLE IF EXISTS {schema}.owed_totals_{g}, {schema}.owed_entries_{g};

-- name: owe
INSERT INTO {schema}.owed_totals_{g} AS o (
    producer, captured_cents, refunded_cents, settled_cents, returned_cents, confirmed_cents)
SELECT u.producer, u.captured, u.refunded, u.settled, u.returned, u.confirmed
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
    AS u (producer, captured, refunded, settled, returned, confirmed)
ON CONFLICT (producer) DO UPDATE
SET captured_cents = o.captured_cents + EXCLUDED.captured_cents, refunded_cents = o.refunded_cents + EXCLUDED.refunded_cents,
    settled_cents = o.settled_cents + EXCLUDED.settled_cents, returned_cents = o.returned_cents + EXCLUDED.returned_cents,
    confirmed_cents = o.confirmed_cents + EXCLUDED.confirmed_cents;

-- name: take_back
-- gross null: a reversal, which takes back what of the sale's goods was not refunded before.
INSERT INTO {schema}.owed_entries_{g} (
    producer, position, sale_position, kind, day, local_time, gross_cents, card_cents)
SELECT u.producer, u.position, s.original_position, u.kind, u.day, u.local_time,
    COALESCE(u.gross_cents, -(
        SELECT COALESCE(sum(e.gross_cents), 0) FROM {schema}.owed_entries_{g} AS e
        WHERE e.producer = u.producer AND e.position >= s.original_position AND e.sale_position = s.original_position
    )), u.card_cents
FROM unnest($1::text[], $2::bigint[], $3::text[], $4::date[], $5::time[], $6::bigint[], $7::bigint[])
    AS u (producer, position, kind, day, local_time, gross_cents, card_cents)
JOIN {schema}.sales_{g} AS s ON s.position = u.position;

-- name: totals
SELECT 'owed: cents captured' AS figure, COALESCE(sum(captured_cents), 0)::bigint AS amount FROM {schema}.owed_totals_{g}
UNION ALL
SELECT 'owed: cents refunded', COALESCE(sum(refunded_cents), 0)::bigint FROM {schema}.owed_totals_{g}
UNION ALL
SELECT 'owed: cents settled', COALESCE(sum(settled_cents), 0)::bigint FROM {schema}.owed_totals_{g}
UNION ALL
SELECT 'owed: cents returned', COALESCE(sum(returned_cents), 0)::bigint FROM {schema}.owed_totals_{g}
UNION ALL
SELECT 'owed: card cents of ' || producer, sum(card_cents)::bigint FROM {schema}.owed_entries_{g} GROUP BY producer
UNION ALL
SELECT 'owed: goods sold', COALESCE(sum(gross_cents), 0)::bigint FROM {schema}.owed_entries_{g};
