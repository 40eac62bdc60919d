-- What the live views show, read in one transaction, to be compared with the log at the same position.

-- name: position
SELECT position FROM {schema}.projections WHERE name = 'views of 0037' AND live

-- name: accounts
SELECT account, credit_cents - debit_cents AS cents FROM {schema}.ledger_accounts

-- name: owed
SELECT producer, owed_cents FROM {schema}.owed

-- name: purses
SELECT member, purse, cents FROM {schema}.purse_balances

-- name: batch_lines
SELECT batch, producer, net_cents, paid_cents FROM {schema}.batch_lines
