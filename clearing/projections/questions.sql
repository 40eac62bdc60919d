-- What people ask, answered from the live views alone, by the reader's role.

-- name: position
SELECT position FROM {schema}.views_position;

-- name: answers
-- Operations of a period by kind and code; approved and asked cents.
SELECT kind, code, count(*) AS operations, sum(amount_cents)::bigint AS amount_cents, sum(approved_cents)::bigint AS approved_cents
FROM {schema}.sales
WHERE day BETWEEN $1 AND $2
GROUP BY kind, code
ORDER BY kind, code;

-- name: payers
-- Who paid the goods that were captured in a period, and what surplus came in; given back later is not taken off here.
SELECT step, payer, source, sum(cents)::bigint AS cents
FROM {schema}.sale_shares
WHERE day BETWEEN $1 AND $2 AND kind IN ('sale', 'capture')
GROUP BY step, payer, source
ORDER BY step, payer, source;

-- name: categories
SELECT category, sum(cents)::bigint AS cents
FROM {schema}.sale_shares
WHERE day BETWEEN $1 AND $2 AND kind IN ('sale', 'capture') AND step <> 'surplus'
GROUP BY category
ORDER BY category;

-- name: taken
-- Per producer, in a period: what its entries add up to.
SELECT producer, COALESCE(sum(card_cents) FILTER (WHERE kind = 'capture'), 0)::bigint AS captured_cents,
    COALESCE(-sum(card_cents) FILTER (WHERE kind <> 'capture'), 0)::bigint AS given_back_cents,
    count(*) FILTER (WHERE kind = 'capture') AS captures
FROM {schema}.owed_entries
WHERE day BETWEEN $1 AND $2
GROUP BY producer
ORDER BY producer;

-- name: owed
SELECT producer, captured_cents, refunded_cents, settled_cents, returned_cents, confirmed_cents, owed_cents
FROM {schema}.owed
ORDER BY producer;

-- name: plan_for_these_values
-- A plan made once for any filter would read the whole table for a producer who sold little.
SET LOCAL plan_cache_mode = force_custom_plan;

-- name: find_sales
-- Each filter is left out when null. The newest first.
SELECT position, at_us, day, local_time, kind, terminal, x, original_position, producer, member, card, code, answer, state,
    amount_cents, approved_cents, captured_cents, released_cents, given_back_cents, refunded_goods_cents, charte_version, note
FROM {schema}.sales
WHERE ($1::text IS NULL OR producer = $1)
    AND ($2::bytea IS NULL OR card = $2)
    AND ($3::date IS NULL OR day = $3)
    AND ($4::text IS NULL OR code = $4)
ORDER BY position DESC
LIMIT $5;

-- name: sale_at
SELECT position, at_us, day, local_time, kind, terminal, x, original_position, producer, member, card, code, answer, state,
    amount_cents, approved_cents, captured_cents, released_cents, given_back_cents, refunded_goods_cents, charte_version, note
FROM {schema}.sales
WHERE position = $1;

-- name: sales_with_x
-- An operation id from its first bytes on: from $1 up to, not including, $2 (null: to the end).
SELECT position, at_us, day, local_time, kind, terminal, x, original_position, producer, member, card, code, answer, state,
    amount_cents, approved_cents, captured_cents, released_cents, given_back_cents, refunded_goods_cents, charte_version, note
FROM {schema}.sales
WHERE x >= $1 AND ($2::bytea IS NULL OR x < $2)
ORDER BY position
LIMIT $3;

-- name: later
SELECT position, at_us, day, local_time, kind, terminal, x, original_position, producer, member, card, code, answer, state,
    amount_cents, approved_cents, captured_cents, released_cents, given_back_cents, refunded_goods_cents, charte_version, note
FROM {schema}.sales
WHERE original_position = $1
ORDER BY position;

-- name: shares
SELECT line, category, payer, step, source, payee, rate, cents
FROM {schema}.sale_shares
WHERE position = $1
ORDER BY ordinal;

-- name: purses
SELECT purse, lot, cents, expires_us FROM {schema}.purse_lots WHERE member = $1 ORDER BY purse, expires_us NULLS LAST, lot;

-- name: purse_totals
SELECT purse, sum(cents)::bigint AS cents, count(DISTINCT member) AS members FROM {schema}.purse_lots GROUP BY purse ORDER BY purse;

-- name: accounts
SELECT account, debit_cents, credit_cents, cents, postings FROM {schema}.ledger_accounts ORDER BY account;

-- name: postings_of_account
SELECT position, cents FROM {schema}.ledger_postings WHERE account = $1 AND position > $2 ORDER BY position LIMIT $3;

-- name: postings_at
SELECT account, cents FROM {schema}.ledger_postings WHERE position = $1 ORDER BY account;

-- name: batches
SELECT batch, closed_on, after_position, up_to, total_cents, state, closed_us, closed_by, approved_us, approved_by,
    execution_on, exported_us, exported_by, message_id, file_sha256
FROM {schema}.batches
ORDER BY batch;

-- name: batch_lines
SELECT producer, captured_cents, refunded_cents, carried_cents, net_cents, paid_cents, details, payout, payout_us, reference
FROM {schema}.batch_lines
WHERE batch = $1
ORDER BY producer;

-- name: statement
-- What one producer sold and gave back within a batch: its entries after the batch before, up to this one.
SELECT e.day, e.local_time, e.position, e.sale_position, e.kind, e.gross_cents, e.card_cents
FROM {schema}.batches AS b
JOIN {schema}.owed_entries AS e ON e.producer = $2 AND e.position > b.after_position AND e.position <= b.up_to
WHERE b.batch = $1
ORDER BY e.position;

-- name: oldest_capture_after
SELECT at_us FROM {schema}.sales WHERE position > $1 AND captured_cents > 0 ORDER BY position LIMIT 1;

-- name: captured_by_day
SELECT day, sum(card_cents)::bigint AS cents
FROM {schema}.owed_entries
WHERE day BETWEEN $1 AND $2 AND kind = 'capture'
GROUP BY day
ORDER BY day;

-- name: terminals_of
SELECT DISTINCT terminal FROM {schema}.sales WHERE day = $1 AND local_time < $2;

-- name: statements
-- The same of several producers at once: a batch of ten thousand is not asked for one by one.
SELECT e.producer, e.day, e.local_time, e.position, e.sale_position, e.kind, e.gross_cents, e.card_cents
FROM {schema}.batches AS b
JOIN {schema}.owed_entries AS e ON e.producer = ANY ($2::text[]) AND e.position > b.after_position AND e.position <= b.up_to
WHERE b.batch = $1
ORDER BY e.position;
