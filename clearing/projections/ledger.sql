-- Double entry: the running total of every account, and which pages of the log touched it. All totals sum to zero, always.
-- What pages owe producers stands in producer_pages (owed.sql).

-- name: create
CREATE TABLE {schema}.ledger_totals_{g} (
    account text COLLATE "C" PRIMARY KEY,
    debit_cents bigint NOT NULL,
    credit_cents bigint NOT NULL,
    postings bigint NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE {schema}.ledger_pages_{g} (
    account text NOT NULL COLLATE "C",
    first bigint NOT NULL,
    last bigint NOT NULL,
    debit_cents bigint NOT NULL,
    credit_cents bigint NOT NULL,
    by_sales boolean NOT NULL, -- whether sales of the page touched it
    positions bigint[] NOT NULL, -- what else of the page did
    PRIMARY KEY (account, last)
);
CREATE TABLE {schema}.ledger_origins_{g} (
    key text COLLATE "C" PRIMARY KEY,
    value text NOT NULL,
    position bigint NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON {schema}.ledger_totals_{g}, {schema}.ledger_origins_{g} TO clearing_projector;
GRANT SELECT, INSERT ON {schema}.ledger_pages_{g} TO clearing_projector;
GRANT SELECT ON {schema}.ledger_totals_{g}, {schema}.ledger_pages_{g}, {schema}.ledger_origins_{g} TO clearing_reader;

-- name: publish
DROP VIEW IF EXISTS {schema}.ledger_pages, {schema}.ledger_origins, {schema}.ledger_postings, {schema}.ledger_accounts;
CREATE VIEW {schema}.ledger_accounts AS
SELECT account, debit_cents, credit_cents, debit_cents - credit_cents AS cents, postings FROM {schema}.ledger_totals_{g};
CREATE VIEW {schema}.ledger_pages AS
SELECT account, first, last, debit_cents, credit_cents, by_sales, positions FROM {schema}.ledger_pages_{g};
CREATE VIEW {schema}.ledger_origins AS SELECT key, value, position FROM {schema}.ledger_origins_{g};
GRANT SELECT ON {schema}.ledger_accounts, {schema}.ledger_pages, {schema}.ledger_origins TO clearing_reader;

-- name: drop
DROP TABLE IF EXISTS {schema}.ledger_totals_{g}, {schema}.ledger_pages_{g}, {schema}.ledger_origins_{g}, {schema}.ledger_entries_{g};

-- name: origins
SELECT key, value FROM {schema}.ledger_origins_{g} WHERE key = ANY ($1::text[]);

-- name: remember
-- The first event that named it counts: postings of the events between are derived again later.
INSERT INTO {schema}.ledger_origins_{g} (key, value, position)
SELECT u.key, u.value, u.position FROM unnest($1::text[], $2::text[], $3::bigint[]) AS u (key, value, position)
ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value;

-- name: total
INSERT INTO {schema}.ledger_totals_{g} AS l (account, debit_cents, credit_cents, postings)
SELECT u.account, u.debit, u.credit, u.postings
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) AS u (account, debit, credit, postings)
ON CONFLICT (account) DO UPDATE
SET debit_cents = l.debit_cents + EXCLUDED.debit_cents, credit_cents = l.credit_cents + EXCLUDED.credit_cents,
    postings = l.postings + EXCLUDED.postings;

-- name: totals
SELECT 'ledger: ' || account AS figure, debit_cents - credit_cents AS amount FROM {schema}.ledger_totals_{g}
UNION ALL
SELECT 'ledger: turnover of ' || account, debit_cents + credit_cents FROM {schema}.ledger_totals_{g}
UNION ALL
SELECT 'ledger: postings', COALESCE(sum(postings), 0)::bigint FROM {schema}.ledger_totals_{g};
