-- Sums of each civil day. Given back later is not taken off here: that is a matter of the producer (owed.sql).

-- name: create
CREATE TABLE {schema}.day_answers_{g} (
    day date NOT NULL,
    kind text NOT NULL COLLATE "C",
    code text NOT NULL COLLATE "C",
    operations bigint NOT NULL,
    amount_cents bigint NOT NULL,
    approved_cents bigint NOT NULL,
    PRIMARY KEY (day, kind, code)
) WITH (fillfactor = 50);
CREATE TABLE {schema}.day_paid_{g} (
    day date NOT NULL,
    step text NOT NULL COLLATE "C",
    payer text NOT NULL COLLATE "C",
    source text NOT NULL COLLATE "C",
    category text NOT NULL COLLATE "C",
    cents bigint NOT NULL,
    PRIMARY KEY (day, step, payer, source, category)
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE ON {schema}.day_answers_{g}, {schema}.day_paid_{g} TO clearing_projector;
GRANT SELECT ON {schema}.day_answers_{g}, {schema}.day_paid_{g} TO clearing_reader;

-- name: publish
DROP VIEW IF EXISTS {schema}.day_answers, {schema}.day_paid;
CREATE VIEW {schema}.day_answers AS
SELECT day, kind, code, operations, amount_cents, approved_cents FROM {schema}.day_answers_{g};
CREATE VIEW {schema}.day_paid AS SELECT day, step, payer, source, category, cents FROM {schema}.day_paid_{g};
GRANT SELECT ON {schema}.day_answers, {schema}.day_paid TO clearing_reader;

-- name: drop
DROP TABLE IF EXISTS {schema}.day_answers_{g}, {schema}.day_paid_{g};

-- name: answer
INSERT INTO {schema}.day_answers_{g} AS d (day, kind, code, operations, amount_cents, approved_cents)
SELECT u.day, u.kind, u.code, u.operations, u.amount, u.approved
FROM unnest($1::date[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[])
    AS u (day, kind, code, operations, amount, approved)
ON CONFLICT (day, kind, code) DO UPDATE
SET operations = d.operations + EXCLUDED.operations, amount_cents = d.amount_cents + EXCLUDED.amount_cents,
    approved_cents = d.approved_cents + EXCLUDED.approved_cents;

-- name: pay
INSERT INTO {schema}.day_paid_{g} AS d (day, step, payer, source, category, cents)
SELECT u.day, u.step, u.payer, u.source, u.category, u.cents
FROM unnest($1::date[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
    AS u (day, step, payer, source, category, cents)
ON CONFLICT (day, step, payer, source, category) DO UPDATE SET cents = d.cents + EXCLUDED.cents;

-- name: totals
SELECT 'days: ' || kind || 's answered ' || code AS figure, sum(operations)::bigint AS amount
FROM {schema}.day_answers_{g} GROUP BY kind, code
UNION ALL
SELECT 'days: approved cents of ' || kind || 's', sum(approved_cents)::bigint FROM {schema}.day_answers_{g} GROUP BY kind
UNION ALL
SELECT 'days: approved cents, weighed by day', COALESCE(sum(approved_cents * (day - DATE '2000-01-01')), 0)::bigint
FROM {schema}.day_answers_{g}
UNION ALL
SELECT 'days: cents of ' || source, sum(cents)::bigint FROM {schema}.day_paid_{g} GROUP BY source
UNION ALL
SELECT 'days: cents for ' || category, sum(cents)::bigint FROM {schema}.day_paid_{g} GROUP BY category;
