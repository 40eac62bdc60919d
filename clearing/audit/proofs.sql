-- The third road to the sums of a day: what the live views show, read in one transaction.

-- name: position
SELECT position FROM {schema}.views_position

-- name: accounts
SELECT account, debit_cents, credit_cents FROM {schema}.ledger_accounts

-- name: owed
SELECT producer, owed_cents FROM {schema}.owed

-- name: purses
SELECT member, purse, cents FROM {schema}.purse_balances

-- name: batch_lines
SELECT batch, payout, sum(paid_cents)::bigint AS cents FROM {schema}.batch_lines GROUP BY batch, payout
