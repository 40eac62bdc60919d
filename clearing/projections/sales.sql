-- One row per operation of a terminal, found by producer, card, day, code or the start of its x. What later happens to a sale is
-- added to its own row; the operation that did it has a row of its own, which names it.

-- name: create
CREATE TABLE {schema}.sales_{g} (
    position bigint PRIMARY KEY,
    at_us bigint NOT NULL,
    day date NOT NULL,
    local_time time NOT NULL,
    kind text NOT NULL,
    terminal bytea NOT NULL,
    x bytea NOT NULL,
    original bytea,
    original_position bigint,
    producer text NOT NULL,
    member text,
    card bytea,
    code text NOT NULL,
    answer text NOT NULL,
    state text NOT NULL,
    amount_cents bigint NOT NULL,
    approved_cents bigint NOT NULL,
    captured_cents bigint NOT NULL,
    released_cents bigint NOT NULL DEFAULT 0,
    given_back_cents bigint NOT NULL DEFAULT 0,
    refunded_goods_cents bigint NOT NULL DEFAULT 0,
    charte_version bigint NOT NULL,
    note text NOT NULL
) WITH (fillfactor = 90);
CREATE INDEX sales_{g}_producer ON {schema}.sales_{g} (producer, day);
CREATE INDEX sales_{g}_card ON {schema}.sales_{g} (card, day) WHERE card IS NOT NULL;
-- rows come in the order of their day: a block range index finds a day for a fraction of what a B-tree costs each insert
CREATE INDEX sales_{g}_day ON {schema}.sales_{g} USING brin (day) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX sales_{g}_x ON {schema}.sales_{g} (x);
CREATE INDEX sales_{g}_original ON {schema}.sales_{g} (original_position) WHERE original_position IS NOT NULL;
CREATE TABLE {schema}.sale_shares_{g} (
    position bigint NOT NULL,
    ordinal int NOT NULL,
    kind text NOT NULL,
    day date NOT NULL,
    line int NOT NULL,
    category text NOT NULL,
    payer text NOT NULL,
    step text NOT NULL,
    source text NOT NULL,
    payee text NOT NULL,
    rate int NOT NULL,
    cents bigint NOT NULL,
    PRIMARY KEY (position, ordinal)
);
CREATE INDEX sale_shares_{g}_day ON {schema}.sale_shares_{g} USING brin (day) WITH (pages_per_range = 16, autosummarize = on);
GRANT SELECT, INSERT, UPDATE ON {schema}.sales_{g}, {schema}.sale_shares_{g} TO clearing_projector;
GRANT SELECT ON {schema}.sales_{g}, {schema}.sale_shares_{g} TO clearing_reader;

-- name: publish
DROP VIEW IF EXISTS {schema}.sale_shares, {schema}.sales;
CREATE VIEW {schema}.sales AS
SELECT position, at_us, day, local_time, kind, terminal, x, original, original_position, producer, member, card, code, answer,
    state, amount_cents, approved_cents, captured_cents, released_cents, given_back_cents, refunded_goods_cents, charte_version, note
FROM {schema}.sales_{g};
CREATE VIEW {schema}.sale_shares AS
SELECT position, ordinal, kind, day, line, category, payer, step, source, payee, rate, cents FROM {schema}.sale_shares_{g};
GRANT SELECT ON {schema}.sales, {schema}.sale_shares TO clearing_reader;

-- name: drop
DROP TABLE IF EXISTS {schema}.sales_{g}, {schema}.sale_shares_{g};

-- name: point
-- Each capture, reversal and refund that was allowed learns which row it is about: its x, of the same terminal, or for a refund
-- of another terminal of the same producer.
UPDATE {schema}.sales_{g} AS s SET original_position = u.target
FROM (
    SELECT w.position, (
        SELECT o.position FROM {schema}.sales_{g} AS o
        WHERE o.x = w.original AND o.producer = w.producer AND o.position < w.position
        ORDER BY (o.terminal = w.terminal) DESC, o.position
        LIMIT 1
    ) AS target
    FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::bytea[]) AS w (position, producer, terminal, original)
) AS u
WHERE s.position = u.position;

-- name: follow
-- A refund that names a hold is about the capture that used it up, as in the writer's book.
UPDATE {schema}.sales_{g} AS s SET original_position = c.position
FROM unnest($1::bigint[]) AS w (position)
JOIN {schema}.sales_{g} AS r ON r.position = w.position
JOIN {schema}.sales_{g} AS c
    ON c.original_position = r.original_position AND c.kind = 'capture' AND c.state <> 'declined' AND c.position < w.position
WHERE s.position = w.position;

-- name: change
-- position: of the operation that did it. A later operation has the last word on the state, '' leaves it.
UPDATE {schema}.sales_{g} AS s
SET state = COALESCE(u.state, s.state), released_cents = s.released_cents + u.released,
    given_back_cents = s.given_back_cents + u.given_back, refunded_goods_cents = s.refunded_goods_cents + u.goods
FROM (
    SELECT o.original_position AS target,
        (array_agg(w.state ORDER BY w.position DESC) FILTER (WHERE w.state <> ''))[1] AS state,
        sum(w.released)::bigint AS released, sum(w.given_back)::bigint AS given_back, sum(w.goods)::bigint AS goods
    FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[])
        AS w (position, state, released, given_back, goods)
    JOIN {schema}.sales_{g} AS o ON o.position = w.position
    GROUP BY o.original_position
) AS u
WHERE s.position = u.target;

-- name: expire
UPDATE {schema}.sales_{g} AS s
SET state = 'expired', released_cents = s.released_cents + u.released
FROM unnest($1::bytea[], $2::bytea[], $3::bigint[]) AS u (terminal, x, released)
WHERE s.x = u.x AND s.terminal = u.terminal;

-- name: totals
SELECT 'sales: operations' AS figure, count(*) AS amount FROM {schema}.sales_{g}
UNION ALL
SELECT 'sales: approved cents', COALESCE(sum(approved_cents), 0)::bigint FROM {schema}.sales_{g}
UNION ALL
SELECT 'sales: captured cents', COALESCE(sum(captured_cents), 0)::bigint FROM {schema}.sales_{g}
UNION ALL
SELECT 'sales: cents released', COALESCE(sum(released_cents), 0)::bigint FROM {schema}.sales_{g}
UNION ALL
SELECT 'sales: cents given back', COALESCE(sum(given_back_cents), 0)::bigint FROM {schema}.sales_{g}
UNION ALL
SELECT 'sales: ' || state || ' ' || kind, count(*) FROM {schema}.sales_{g} GROUP BY state, kind
UNION ALL
SELECT 'sales: cents of ' || source, sum(cents)::bigint FROM {schema}.sale_shares_{g} GROUP BY source;
