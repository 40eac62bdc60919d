-- What is in each purse. A credit run is one row: who it reached follows from the members' groups at its position, as in the
-- writer's book, so a run of a million members writes one row here too.

-- name: create
CREATE TABLE {schema}.balance_members_{g} (
    member text NOT NULL COLLATE "C",
    from_position bigint NOT NULL,
    until_position bigint,
    groups text[] NOT NULL,
    PRIMARY KEY (member, from_position)
);
CREATE TABLE {schema}.balance_grants_{g} (
    lot text COLLATE "C" PRIMARY KEY,
    position bigint NOT NULL,
    purse text NOT NULL COLLATE "C",
    fund text NOT NULL,
    cents_each bigint NOT NULL,
    who text[] NOT NULL,
    expires_us bigint NOT NULL,
    lapsed boolean NOT NULL
);
CREATE TABLE {schema}.balance_moves_{g} (
    member text NOT NULL COLLATE "C",
    purse text NOT NULL COLLATE "C",
    lot text NOT NULL COLLATE "C",
    cents bigint NOT NULL,
    expires_us bigint,
    PRIMARY KEY (member, lot, purse)
) WITH (fillfactor = 50);
CREATE TABLE {schema}.balance_fold_{g} (
    one boolean PRIMARY KEY CHECK (one),
    position bigint NOT NULL -- what sales took up to it is in balance_moves
);
INSERT INTO {schema}.balance_fold_{g} (one, position) VALUES (true, 0);
CREATE VIEW {schema}.balance_parts_{g} AS
SELECT v.member, v.purse, v.lot, v.cents, v.expires_us FROM {schema}.balance_moves_{g} AS v
UNION ALL
SELECT s.member, split_part(use, chr(31), 1), split_part(use, chr(31), 2), -split_part(use, chr(31), 3)::bigint, NULL
FROM {schema}.sales_{g} AS s
CROSS JOIN string_to_table(s.uses, chr(30)) AS use
WHERE s.uses IS NOT NULL AND s.position > (SELECT f.position FROM {schema}.balance_fold_{g} AS f);
CREATE VIEW {schema}.purse_lots_{g} AS
SELECT part.member, part.purse, part.lot, sum(part.cents)::bigint AS cents, max(part.expires_us) AS expires_us
FROM (
    SELECT m.member, g.purse, g.lot, g.cents_each AS cents, g.expires_us
    FROM {schema}.balance_members_{g} AS m
    JOIN {schema}.balance_grants_{g} AS g
        ON m.from_position < g.position
        AND (m.until_position IS NULL OR m.until_position > g.position)
        AND CASE WHEN cardinality(g.who) = 0 THEN 'emergency-credit' <> ALL (m.groups) ELSE g.who && m.groups END
    WHERE NOT g.lapsed
    UNION ALL
    SELECT v.member, v.purse, v.lot, v.cents, v.expires_us
    FROM {schema}.balance_parts_{g} AS v
    WHERE NOT EXISTS (SELECT FROM {schema}.balance_grants_{g} AS g WHERE g.lot = v.lot AND g.lapsed)
) AS part
GROUP BY part.member, part.purse, part.lot
HAVING sum(part.cents) <> 0;
GRANT SELECT, INSERT, UPDATE ON {schema}.balance_members_{g}, {schema}.balance_grants_{g}, {schema}.balance_moves_{g},
    {schema}.balance_fold_{g} TO clearing_projector;
GRANT SELECT ON {schema}.balance_members_{g}, {schema}.balance_grants_{g}, {schema}.balance_moves_{g}, {schema}.balance_fold_{g},
    {schema}.purse_lots_{g} TO clearing_reader;
GRANT SELECT ON {schema}.purse_lots_{g} TO clearing_projector;

-- name: publish
DROP VIEW IF EXISTS {schema}.members_admitted, {schema}.purse_balances, {schema}.purse_lots;
CREATE VIEW {schema}.purse_lots AS
SELECT member, purse, lot, cents, expires_us FROM {schema}.purse_lots_{g};
CREATE VIEW {schema}.purse_balances AS
SELECT member, purse, sum(cents)::bigint AS cents FROM {schema}.purse_lots GROUP BY member, purse;
CREATE VIEW {schema}.members_admitted AS
SELECT member, from_position, groups FROM {schema}.balance_members_{g} WHERE until_position IS NULL;
GRANT SELECT ON {schema}.purse_lots, {schema}.purse_balances, {schema}.members_admitted TO clearing_reader;

-- name: drop
DROP VIEW IF EXISTS {schema}.purse_lots_{g}, {schema}.balance_parts_{g};
DROP TABLE IF EXISTS {schema}.balance_members_{g}, {schema}.balance_grants_{g}, {schema}.balance_moves_{g}, {schema}.balance_fold_{g};

-- name: close_groups
UPDATE {schema}.balance_members_{g} AS m SET until_position = u.until_position
FROM unnest($1::text[], $2::bigint[]) AS u (member, until_position)
WHERE m.member = u.member AND m.until_position IS NULL AND m.from_position < u.until_position;

-- name: open_groups
INSERT INTO {schema}.balance_members_{g} (member, from_position, until_position, groups)
SELECT u.member, u.from_position, u.until_position, string_to_array(u.groups, chr(31))
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[]) AS u (member, from_position, until_position, groups);

-- name: grant
INSERT INTO {schema}.balance_grants_{g} (lot, position, purse, fund, cents_each, who, expires_us, lapsed)
SELECT u.lot, u.position, u.purse, u.fund, u.cents_each, string_to_array(u.who, chr(31)), u.expires_us, false
FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::bigint[])
    AS u (lot, position, purse, fund, cents_each, who, expires_us);

-- name: lapse
UPDATE {schema}.balance_grants_{g} SET lapsed = true WHERE lot = ANY ($1::text[]);

-- name: move
INSERT INTO {schema}.balance_moves_{g} AS m (member, purse, lot, cents, expires_us)
SELECT u.member, u.purse, u.lot, u.cents, u.expires_us
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]) AS u (member, purse, lot, cents, expires_us)
ON CONFLICT (member, lot, purse) DO UPDATE
SET cents = m.cents + EXCLUDED.cents, expires_us = COALESCE(EXCLUDED.expires_us, m.expires_us);

-- name: roll
-- Of each purse's lot ($1) at most $3 cents go on in another ($2): at the end of a page the old lot holds what it held at its end,
-- for nothing is taken from it or given back to it afterwards.
WITH kept AS (
    SELECT p.member, p.purse, p.lot, u.new_lot, least(p.cents, u.most_cents) AS cents, u.expires_us
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS u (lot, new_lot, most_cents, expires_us)
    JOIN {schema}.purse_lots_{g} AS p ON p.lot = u.lot
)
INSERT INTO {schema}.balance_moves_{g} AS m (member, purse, lot, cents, expires_us)
SELECT k.member, k.purse, k.new_lot, k.cents, k.expires_us FROM kept AS k
UNION ALL
SELECT k.member, k.purse, k.lot, -k.cents, NULL FROM kept AS k
ON CONFLICT (member, lot, purse) DO UPDATE
SET cents = m.cents + EXCLUDED.cents, expires_us = COALESCE(EXCLUDED.expires_us, m.expires_us);

-- name: shorten
-- A closing: no credit outlives its last day. Own money has no expiry and keeps none.
WITH granted AS (
    UPDATE {schema}.balance_grants_{g} SET expires_us = $1 WHERE expires_us > $1
)
UPDATE {schema}.balance_moves_{g} SET expires_us = $1 WHERE expires_us > $1;

-- name: fold
-- What sales took since the last fold, when it is $2 events ago: added up, in the order of the key, into one row per lot.
WITH due AS (
    SELECT f.position FROM {schema}.balance_fold_{g} AS f WHERE f.position <= $1::bigint - $2::bigint
), taken AS (
    SELECT part.member, split_part(part.use, chr(31), 1) AS purse, split_part(part.use, chr(31), 2) AS lot,
        -sum(split_part(part.use, chr(31), 3)::bigint)::bigint AS cents
    FROM (
        SELECT s.member, u.use
        FROM {schema}.sales_{g} AS s
        CROSS JOIN string_to_table(s.uses, chr(30)) AS u (use)
        WHERE s.position > (SELECT position FROM due) AND s.position <= $1 AND s.uses IS NOT NULL
    ) AS part
    GROUP BY 1, 2, 3
    ORDER BY 1, 3, 2
), added AS (
    INSERT INTO {schema}.balance_moves_{g} AS m (member, purse, lot, cents)
    SELECT t.member, t.purse, t.lot, t.cents FROM taken AS t
    ON CONFLICT (member, lot, purse) DO UPDATE SET cents = m.cents + EXCLUDED.cents
)
UPDATE {schema}.balance_fold_{g} AS f SET position = $1 FROM due;

-- name: totals
SELECT 'balances: cents moved in purses' AS figure, COALESCE(sum(cents), 0)::bigint AS amount FROM {schema}.balance_parts_{g}
UNION ALL
SELECT 'balances: cents moved, weighed by lot', COALESCE(sum(cents * (1 + hashtext(member || '/' || lot) & 1023)), 0)::bigint
FROM {schema}.balance_parts_{g}
UNION ALL
SELECT 'balances: cents of purse ' || purse, sum(cents)::bigint FROM {schema}.purse_lots_{g} GROUP BY purse
UNION ALL
SELECT 'balances: members', count(*) FROM {schema}.balance_members_{g} WHERE until_position IS NULL
UNION ALL
SELECT 'balances: credit runs not lapsed', COALESCE(sum(cents_each), 0)::bigint FROM {schema}.balance_grants_{g} WHERE NOT lapsed;
