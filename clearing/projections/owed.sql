-- What the caisse owes each producer; and by page and day what it took and gave back, with the events that this comes from.

-- name: create
CREATE TABLE {schema}.owed_totals_{g} (
    producer text COLLATE "C" PRIMARY KEY,
    captured_cents bigint NOT NULL,
    refunded_cents bigint NOT NULL,
    settled_cents bigint NOT NULL,
    returned_cents bigint NOT NULL,
    confirmed_cents bigint NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE {schema}.producer_pages_{g} (
    producer text NOT NULL COLLATE "C",
    last bigint NOT NULL, -- of the page
    day date NOT NULL,
    captured_cents bigint NOT NULL,
    given_back_cents bigint NOT NULL,
    debt_cents bigint NOT NULL, -- owed beside sales, less what went back of it
    captures bigint NOT NULL,
    positions bigint[] NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON {schema}.owed_totals_{g} TO clearing_projector;
GRANT SELECT, INSERT ON {schema}.producer_pages_{g} TO clearing_projector;
GRANT SELECT ON {schema}.owed_totals_{g}, {schema}.producer_pages_{g} TO clearing_reader;

-- name: index
ALTER TABLE {schema}.producer_pages_{g} ADD CONSTRAINT producer_pages_{g}_pkey PRIMARY KEY (producer, last, day);
CREATE INDEX producer_pages_{g}_day ON {schema}.producer_pages_{g} USING brin (day) WITH (pages_per_range = 16, autosummarize = on);

-- name: publish
DROP VIEW IF EXISTS {schema}.producer_pages, {schema}.owed_entries, {schema}.owed;
CREATE VIEW {schema}.owed AS
SELECT producer, captured_cents, refunded_cents, settled_cents, returned_cents, confirmed_cents,
    captured_cents - refunded_cents - settled_cents + returned_cents AS owed_cents
FROM {schema}.owed_totals_{g};
CREATE VIEW {schema}.producer_pages AS
SELECT producer, last, day, captured_cents, given_back_cents, debt_cents, captures, positions FROM {schema}.producer_pages_{g};
GRANT SELECT ON {schema}.owed, {schema}.producer_pages TO clearing_reader;

-- name: drop
DROP TABLE IF EXISTS {schema}.owed_totals_{g}, {schema}.producer_pages_{g}, {schema}.owed_entries_{g};

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

-- name: totals
SELECT 'owed: cents captured' AS figure, COALESCE(sum(captured_cents), 0)::bigint AS amount FROM {schema}.owed_totals_{g}
UNION ALL
SELECT 'owed: cents refunded', COALESCE(sum(refunded_cents), 0)::bigint FROM {schema}.owed_totals_{g}
UNION ALL
SELECT 'owed: cents settled', COALESCE(sum(settled_cents), 0)::bigint FROM {schema}.owed_totals_{g}
UNION ALL
SELECT 'owed: cents returned', COALESCE(sum(returned_cents), 0)::bigint FROM {schema}.owed_totals_{g}
UNION ALL
SELECT 'owed: card cents of ' || producer, sum(captured_cents - given_back_cents + debt_cents)::bigint
FROM {schema}.producer_pages_{g} GROUP BY producer
UNION ALL
SELECT 'owed: captures', COALESCE(sum(captures), 0)::bigint FROM {schema}.producer_pages_{g}
UNION ALL
SELECT 'owed: operations that concern ' || p.producer, sum(cardinality(p.positions))::bigint
FROM {schema}.producer_pages_{g} AS p GROUP BY p.producer;
