-- What must hold between the tables of one generation: two roads to every sum. No rows: all is well.

-- name: breaches
SELECT 'all accounts of the ledger together' AS figure, 0::bigint AS expected, sum(debit_cents - credit_cents)::bigint AS found
FROM {schema}.ledger_totals_{g}
HAVING sum(debit_cents - credit_cents) <> 0
UNION ALL
SELECT 'pages of account ' || COALESCE(l.account, e.account), COALESCE(l.debit_cents - l.credit_cents, 0), COALESCE(e.cents, 0)
FROM (SELECT account, debit_cents, credit_cents FROM {schema}.ledger_totals_{g} WHERE account NOT LIKE 'owed:%') AS l
FULL JOIN (
    SELECT account, sum(debit_cents - credit_cents)::bigint AS cents FROM {schema}.ledger_pages_{g} GROUP BY account
) AS e ON e.account = l.account
WHERE COALESCE(l.debit_cents - l.credit_cents, 0) <> COALESCE(e.cents, 0)
UNION ALL
SELECT 'owed to ' || COALESCE(o.producer, substr(l.account, 6)), COALESCE(l.credit_cents - l.debit_cents, 0),
    COALESCE(o.captured_cents - o.refunded_cents - o.settled_cents + o.returned_cents, 0)
FROM {schema}.owed_totals_{g} AS o
FULL JOIN (SELECT account, debit_cents, credit_cents FROM {schema}.ledger_totals_{g} WHERE account LIKE 'owed:%') AS l
    ON l.account = 'owed:' || o.producer
WHERE COALESCE(l.credit_cents - l.debit_cents, 0)
    <> COALESCE(o.captured_cents - o.refunded_cents - o.settled_cents + o.returned_cents, 0)
UNION ALL
SELECT 'pages of ' || COALESCE(o.producer, e.producer), COALESCE(o.captured_cents - o.refunded_cents, 0), COALESCE(e.cents, 0)
FROM {schema}.owed_totals_{g} AS o
FULL JOIN (
    SELECT producer, sum(captured_cents - given_back_cents + debt_cents)::bigint AS cents
    FROM {schema}.producer_pages_{g} GROUP BY producer
) AS e ON e.producer = o.producer
WHERE COALESCE(o.captured_cents - o.refunded_cents, 0) <> COALESCE(e.cents, 0)
UNION ALL
SELECT 'captured on ' || COALESCE(a.day, p.day), COALESCE(a.cents, 0), COALESCE(p.cents, 0)
FROM (
    SELECT day, sum(approved_cents)::bigint AS cents FROM {schema}.day_answers_{g} WHERE kind IN ('sale', 'capture') GROUP BY day
) AS a
FULL JOIN (
    SELECT day, sum(cents)::bigint AS cents FROM {schema}.day_paid_{g} WHERE step <> 'surplus' GROUP BY day
) AS p ON p.day = a.day
WHERE COALESCE(a.cents, 0) <> COALESCE(p.cents, 0)
UNION ALL
SELECT 'taken by producers on ' || COALESCE(t.day, p.day), COALESCE(t.cents, 0), COALESCE(p.cents, 0)
FROM (SELECT day, sum(captured_cents)::bigint AS cents FROM {schema}.producer_pages_{g} GROUP BY day) AS t
FULL JOIN (
    SELECT day, sum(cents)::bigint AS cents FROM {schema}.day_paid_{g} WHERE step <> 'surplus' GROUP BY day
) AS p ON p.day = t.day
WHERE COALESCE(t.cents, 0) <> COALESCE(p.cents, 0)
UNION ALL
SELECT 'operations answered ' || COALESCE(a.code, s.code) || ' on ' || COALESCE(a.day, s.day), COALESCE(a.operations, 0),
    COALESCE(s.operations, 0)
FROM (SELECT day, code, sum(operations)::bigint AS operations FROM {schema}.day_answers_{g} GROUP BY day, code) AS a
FULL JOIN (SELECT day, code, count(*) AS operations FROM {schema}.sales_{g} GROUP BY day, code) AS s
    ON s.day = a.day AND s.code = a.code
WHERE COALESCE(a.operations, 0) <> COALESCE(s.operations, 0)
UNION ALL
SELECT 'purses of kind ' || COALESCE(p.purse, substr(l.account, 7)), COALESCE(l.credit_cents - l.debit_cents, 0),
    COALESCE(p.cents, 0)
FROM (SELECT purse, sum(cents)::bigint AS cents FROM {schema}.purse_lots_{g} GROUP BY purse) AS p
FULL JOIN (SELECT account, debit_cents, credit_cents FROM {schema}.ledger_totals_{g} WHERE account LIKE 'purse:%') AS l
    ON l.account = 'purse:' || p.purse
WHERE COALESCE(l.credit_cents - l.debit_cents, 0) <> COALESCE(p.cents, 0)
UNION ALL
SELECT 'lot ' || lot || ' of ' || member || ' is below zero', 0, cents FROM {schema}.purse_lots_{g} WHERE cents < 0
UNION ALL
SELECT 'held cents', COALESCE((SELECT credit_cents - debit_cents FROM {schema}.ledger_totals_{g} WHERE account = 'held'), 0),
    found.cents
FROM (
    SELECT (
        COALESCE((
            SELECT sum(h.cents)
            FROM {schema}.holds_{g} AS h
            WHERE NOT EXISTS (
                SELECT FROM {schema}.sale_links_{g} AS l
                WHERE l.original = h.x AND l.original_position = h.position AND l.state <> ''
            )
        ), 0) + COALESCE((SELECT sum(r.cents) FROM {schema}.reserves_{g} AS r WHERE r.account = 'held'), 0)
    )::bigint AS cents
) AS found
WHERE found.cents
    <> COALESCE((SELECT credit_cents - debit_cents FROM {schema}.ledger_totals_{g} WHERE account = 'held'), 0)
UNION ALL
SELECT 'cents held for sales abroad',
    COALESCE((SELECT credit_cents - debit_cents FROM {schema}.ledger_totals_{g} WHERE account = 'held-abroad'), 0), found.cents
FROM (
    SELECT COALESCE(sum(r.cents), 0)::bigint AS cents FROM {schema}.reserves_{g} AS r WHERE r.account = 'held-abroad'
) AS found
WHERE found.cents
    <> COALESCE((SELECT credit_cents - debit_cents FROM {schema}.ledger_totals_{g} WHERE account = 'held-abroad'), 0)
UNION ALL
SELECT 'reserved for ' || r.name || ' is below zero', 0, sum(r.cents)::bigint
FROM {schema}.reserves_{g} AS r
GROUP BY r.account, r.name
HAVING sum(r.cents) < 0;
