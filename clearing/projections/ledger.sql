-- Double entry: every posting of every event, and the running total of every account. All totals sum to zero, always.

-- name: create
CREATE TABLE {schema}.ledger_totals_{g} (
    account text PRIMARY KEY,
    debit_cents bigint NOT NULL,
    credit_cents bigint NOT NULL,
    postings bigint NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE {schema}.ledger_entries_{g} (
    position bigint NOT NULL,
    account text NOT NULL,
    cents bigint NOT NULL,
    PRIMARY KEY (account, position)
);
CREATE INDEX ledger_entries_{g}_position ON {schema}.ledger_entries_{g} (position);
CREATE TABLE {schema}.ledger_origins_{g} (
    key text PRIMARY KEY,
    value text NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON {schema}.ledger_totals_{g}, {schema}.ledger_entries_{g}, {schema}.ledger_origins_{g} TO clearing_projector;
GRANT SELECT ON {schema}.ledger_totals_{g}, {schema}.ledger_entries_{g}, {schema}.ledger_origins_{g} TO clearing_reader;

-- name: publish
DROP VIEW IF EXISTS {schema}.ledger_postings, {schema}.ledger_accounts;
CREATE VIEW {schema}.ledger_accounts AS
SELECT account, debit_cents, credit_cents, debit_cents - credit_cents AS cents, postings FROM {schema}.ledger_totals_{g};
CREATE VIEW {schema}.ledger_postings AS
SELECT position, account, cents FROM {schema}.ledger_entries_{g};
GRANT SELECT ON {schema}.ledger_accounts, {schema}.ledger_postings TO clearing_reader;

-- name: drop
DROP TABLE IF EXISTS {schema}.ledger_totals_{g}, {schema}.ledger_entries_{g}, {schema}.ledger_origins_{g};

-- name: origins
SELECT key, value FROM {schema}.ledger_origins_{g} WHERE key = ANY ($1::text[]);

-- name: remember
INSERT INTO {schema}.ledger_origins_{g} (key, value)
SELECT u.key, u.value FROM unnest($1::text[], $2::text[]) AS u (key, value)
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
SELECT 'ledger: postings', COALESCE(sum(postings), 0)::bigint FROM {schema}.ledger_totals_{g}
UNION ALL
SELECT 'ledger: entries', count(*) FROM {schema}.ledger_entries_{g};
