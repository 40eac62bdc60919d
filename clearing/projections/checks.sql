-- What must hold between the tables of one generation: two roads to every sum. No rows: all is well.

-- name: breaches
SELECT 'all accounts of the ledger together' AS figure, 0::bigint AS expected, sum(debit_cents - credit_cents)::bigint AS found
FROM {schema}.ledger_totals_{g}
HAVING sum(debit_cents - credit_cents) <> 0
UNION ALL
SELECT 'postings of account ' || l.account, l.debit_cents - l.credit_cents, COALESCE(e.cents, 0)
FROM {schema}.ledger_totals_{g} AS l
LEFT JOIN (
    SELECT account, sum(cents)::bigint AS cents FROM {schema}.ledger_entries_{g} GROUP BY account
) AS e ON e.account = l.account
WHERE l.debit_cents - l.credit_cents <> COALESCE(e.cents, 0)
UNION ALL
SELECT 'owed to ' || COALESCE(o.producer, substr(l.account, 6)), COALESCE(l.credit_cents - l.debit_cents, 0),
    COALESCE(o.captured_cents - o.refunded_cents - o.settled_cents + o.returned_cents, 0)
FROM {schema}.owed_totals_{g} AS o
FULL JOIN (SELECT account, debit_cents, credit_cents FROM {schema}.ledger_totals_{g} WHERE account LIKE 'owed:%') AS l
    ON l.account = 'owed:' || o.producer
WHERE COALESCE(l.credit_cents - l.debit_cents, 0)
    <> COALESCE(o.captured_cents - o.refunded_cents - o.settled_cents + o.returned_cents, 0)
UNION ALL
SELECT 'entries of ' || o.producer, o.captured_cents - o.refunded_cents, COALESCE(e.cents, 0)
FROM {schema}.owed_totals_{g} AS o
LEFT JOIN (
    SELECT producer, sum(card_cents)::bigint AS cents FROM {schema}.owed_entries_{g} GROUP BY producer
) AS e ON e.producer = o.producer
WHERE o.captured_cents - o.refunded_cents <> COALESCE(e.cents, 0)
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
    COALESCE(sum(h.cents), 0)::bigint
FROM {schema}.sale_shares_{g} AS h
JOIN {schema}.sales_{g} AS s ON s.position = h.position AND s.kind = 'authorisation' AND s.state = 'held'
HAVING COALESCE(sum(h.cents), 0)
    <> COALESCE((SELECT credit_cents - debit_cents FROM {schema}.ledger_totals_{g} WHERE account = 'held'), 0);
