-- One row per operation of a terminal, found by card, day, code or the start of its x (by producer: owed.sql). The rest of it is
-- read from its event. What later operations did to a sale stands in sale_changes; which sale that is, sale_links finds out.

-- name: create
CREATE TABLE {schema}.sales_{g} (
    position bigint PRIMARY KEY,
    day date NOT NULL,
    code text NOT NULL COLLATE "C",
    producer text NOT NULL COLLATE "C",
    terminal bytea NOT NULL,
    x bytea NOT NULL,
    card bytea,
    member text COLLATE "C",
    uses text COLLATE "C" -- what left the member's purses: purse, lot and cents between chr(31), each use between chr(30)
);
CREATE TABLE {schema}.sale_changes_{g} (
    position bigint PRIMARY KEY,
    kind text NOT NULL,
    original bytea NOT NULL,
    terminal bytea NOT NULL,
    producer text NOT NULL COLLATE "C",
    done boolean NOT NULL,
    state text NOT NULL,
    released_cents bigint NOT NULL,
    given_back_cents bigint NOT NULL,
    goods_cents bigint NOT NULL
);
CREATE INDEX sale_changes_{g}_original ON {schema}.sale_changes_{g} (original);
CREATE TABLE {schema}.holds_{g} (
    position bigint PRIMARY KEY,
    x bytea NOT NULL,
    cents bigint NOT NULL
);
CREATE TABLE {schema}.reserves_{g} (
    position bigint NOT NULL,
    account text NOT NULL COLLATE "C", -- held, held-abroad
    name text NOT NULL COLLATE "C", -- of an order, or what a sale at another caisse is called between the two
    cents bigint NOT NULL -- reserved; below zero: owed from now on, or released
);
CREATE VIEW {schema}.sale_targets_{g} AS
SELECT w.position, w.kind, w.original, w.done, w.state, w.released_cents, w.given_back_cents, w.goods_cents, (
    -- its x, of the same terminal, or for a refund of another terminal of the same producer
    SELECT o.position
    FROM {schema}.sales_{g} AS o
    WHERE o.x = w.original AND o.producer = w.producer AND o.position < w.position
    ORDER BY (o.terminal = w.terminal) DESC, o.position
    LIMIT 1
) AS target
FROM {schema}.sale_changes_{g} AS w;
CREATE VIEW {schema}.sale_links_{g} AS
SELECT t.position, t.kind, t.original, t.state, t.released_cents, t.given_back_cents, t.goods_cents, COALESCE((
    -- a refund that names a hold is about the capture that used it up, as in the writer's book
    SELECT c.position
    FROM {schema}.sale_targets_{g} AS c
    WHERE t.kind = 'refund' AND c.original = t.original AND c.kind = 'capture' AND c.done AND c.position < t.position
        AND c.target = t.target
    LIMIT 1
), t.target) AS original_position
FROM {schema}.sale_targets_{g} AS t;
GRANT SELECT, INSERT ON {schema}.sales_{g}, {schema}.sale_changes_{g}, {schema}.holds_{g}, {schema}.reserves_{g}
TO clearing_projector;
GRANT SELECT ON {schema}.sales_{g}, {schema}.sale_changes_{g}, {schema}.holds_{g}, {schema}.reserves_{g}, {schema}.sale_links_{g}
TO clearing_reader;

-- name: index
-- Made after the rows in a rebuild: keys at random cost each insert more than the row itself.
CREATE INDEX sales_{g}_card ON {schema}.sales_{g} (card) WHERE card IS NOT NULL;
CREATE INDEX sales_{g}_x ON {schema}.sales_{g} (x);
-- rows come in the order of their day: a block range index finds a day for a fraction of what a B-tree costs each insert
CREATE INDEX sales_{g}_day ON {schema}.sales_{g} USING brin (day) WITH (pages_per_range = 16, autosummarize = on);

-- name: publish
DROP VIEW IF EXISTS {schema}.sale_links, {schema}.sale_shares, {schema}.sales;
CREATE VIEW {schema}.sales AS SELECT position, day, code, producer, terminal, x, card, member FROM {schema}.sales_{g};
CREATE VIEW {schema}.sale_links AS
SELECT position, kind, original, state, released_cents, given_back_cents, goods_cents, original_position
FROM {schema}.sale_links_{g};
GRANT SELECT ON {schema}.sales, {schema}.sale_links TO clearing_reader;

-- name: drop
DROP VIEW IF EXISTS {schema}.sale_links_{g}, {schema}.sale_targets_{g};
DROP TABLE IF EXISTS {schema}.sales_{g}, {schema}.sale_changes_{g}, {schema}.holds_{g}, {schema}.reserves_{g},
    {schema}.sale_shares_{g};

-- name: totals
SELECT 'sales: operations' AS figure, count(*) AS amount FROM {schema}.sales_{g}
UNION ALL
SELECT 'sales: operations, weighed by x', COALESCE(sum(hashtext(encode(x, 'hex')) & 1023), 0)::bigint FROM {schema}.sales_{g}
UNION ALL
SELECT 'sales: cents released', COALESCE(sum(released_cents), 0)::bigint FROM {schema}.sale_changes_{g}
UNION ALL
SELECT 'sales: cents given back', COALESCE(sum(given_back_cents), 0)::bigint FROM {schema}.sale_changes_{g}
UNION ALL
SELECT 'sales: ' || state || ' by ' || kind, count(*) FROM {schema}.sale_changes_{g} GROUP BY state, kind
UNION ALL
SELECT 'sales: cents held, ever', COALESCE(sum(cents), 0)::bigint FROM {schema}.holds_{g}
UNION ALL
SELECT 'sales: cents reserved, ' || account, sum(cents)::bigint FROM {schema}.reserves_{g} GROUP BY account;
