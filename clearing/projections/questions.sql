-- What people ask, answered from the live views alone, by the reader's role.

-- name: position
SELECT position FROM {schema}.views_position;

-- name: answers
-- Operations of a period by kind and code; approved and asked cents.
SELECT kind, code, sum(operations)::bigint AS operations, sum(amount_cents)::bigint AS amount_cents,
    sum(approved_cents)::bigint AS approved_cents
FROM {schema}.day_answers
WHERE day BETWEEN $1 AND $2
GROUP BY kind, code
ORDER BY kind, code;

-- name: payers
-- Who paid the goods that were captured in a period, and what surplus came in; given back later is not taken off here.
SELECT step, payer, source, sum(cents)::bigint AS cents
FROM {schema}.day_paid
WHERE day BETWEEN $1 AND $2
GROUP BY step, payer, source
ORDER BY step, payer, source;

-- name: categories
SELECT category, sum(cents)::bigint AS cents
FROM {schema}.day_paid
WHERE day BETWEEN $1 AND $2 AND step <> 'surplus'
GROUP BY category
ORDER BY category;

-- name: taken
-- Per producer, in a period; who sold and gave back nothing is left out.
SELECT producer, sum(captured_cents)::bigint AS captured_cents, sum(given_back_cents)::bigint AS given_back_cents,
    sum(captures)::bigint AS captures
FROM {schema}.producer_pages
WHERE day BETWEEN $1 AND $2 AND (captures > 0 OR given_back_cents > 0)
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
SELECT position
FROM {schema}.sales
WHERE ($1::text IS NULL OR producer = $1)
    AND ($2::bytea IS NULL OR card = $2)
    AND ($3::date IS NULL OR day = $3)
    AND ($4::text IS NULL OR code = $4)
    AND ($6::bigint IS NULL OR position < $6)
ORDER BY position DESC
LIMIT $5;

-- name: find_sales_of_producer
-- The same by way of the pages that concern the producer ($1), newest first.
SELECT s.position
FROM {schema}.producer_pages AS p
CROSS JOIN unnest(p.positions) AS o (position)
JOIN {schema}.sales AS s ON s.position = o.position AND s.producer = p.producer
WHERE p.producer = $1
    AND ($2::date IS NULL OR p.day = $2)
    AND ($3::text IS NULL OR s.code = $3)
    AND ($5::bigint IS NULL OR s.position < $5)
ORDER BY p.last DESC, s.position DESC
LIMIT $4;

-- name: sales_with_x
-- An operation id from its first bytes on: from $1 up to, not including, $2 (null: to the end).
SELECT found.position
FROM (
    -- in the order of the index: in the order of positions the plan read the whole table for the first ten
    SELECT position FROM {schema}.sales WHERE x >= $1 AND ($2::bytea IS NULL OR x < $2) ORDER BY x LIMIT $3
) AS found
ORDER BY found.position;

-- name: events_at
SELECT position, type, schema_version, at_us, public, private
FROM {schema}.events
WHERE position = ANY ($1::bigint[])
ORDER BY position;

-- name: changed
-- What later operations did to these, in all; the last word on the state, or null.
SELECT a.position, (array_agg(l.state ORDER BY l.position DESC) FILTER (WHERE l.state <> ''))[1] AS state,
    sum(l.released_cents)::bigint AS released_cents, sum(l.given_back_cents)::bigint AS given_back_cents,
    sum(l.goods_cents)::bigint AS refunded_goods_cents
FROM (
    SELECT s.position, s.x AS original FROM {schema}.sales AS s WHERE s.position = ANY ($1::bigint[])
    UNION
    SELECT l.position, l.original FROM {schema}.sale_links AS l WHERE l.position = ANY ($1::bigint[]) AND l.kind = 'capture'
) AS a
CROSS JOIN LATERAL (
    -- OFFSET 0: else the plan may work out what every change of the table is about, to join them all
    SELECT w.position, w.kind, w.state, w.released_cents, w.given_back_cents, w.goods_cents, w.original_position
    FROM {schema}.sale_links AS w
    WHERE w.original = a.original
    OFFSET 0
) AS l
WHERE l.original_position = a.position
GROUP BY a.position;

-- name: originals
SELECT position, original_position FROM {schema}.sale_links WHERE position = ANY ($1::bigint[]);

-- name: later
-- The operations that are about these: (sale, operation); a refund may name the hold that a capture used up.
SELECT a.position AS sale_position, l.position
FROM (
    SELECT s.position, s.x AS original FROM {schema}.sales AS s WHERE s.position = ANY ($1::bigint[])
    UNION
    SELECT l.position, l.original FROM {schema}.sale_links AS l WHERE l.position = ANY ($1::bigint[]) AND l.kind = 'capture'
) AS a
CROSS JOIN LATERAL (
    -- OFFSET 0: else the plan may work out what every change of the table is about, to join them all
    SELECT w.position, w.kind, w.state, w.released_cents, w.given_back_cents, w.goods_cents, w.original_position
    FROM {schema}.sale_links AS w
    WHERE w.original = a.original
    OFFSET 0
) AS l
WHERE l.original_position = a.position AND l.kind <> 'expiry'
ORDER BY a.position, l.position;

-- name: purses
SELECT purse, lot, cents, expires_us FROM {schema}.purse_lots WHERE member = $1 ORDER BY purse, expires_us NULLS LAST, lot;

-- name: purse_totals
SELECT purse, sum(cents)::bigint AS cents, count(DISTINCT member) AS members FROM {schema}.purse_lots GROUP BY purse ORDER BY purse;

-- name: accounts
SELECT account, debit_cents, credit_cents, cents, postings FROM {schema}.ledger_accounts ORDER BY account;

-- name: pages_of_account
SELECT first, last, by_sales, positions FROM {schema}.ledger_pages WHERE account = $1 AND last > $2 ORDER BY last LIMIT $3;

-- name: concerns
-- Every operation that concerns a producer, oldest first.
SELECT o.position
FROM {schema}.producer_pages AS p
CROSS JOIN unnest(p.positions) AS o (position)
WHERE p.producer = $1 AND p.last > $2 AND o.position > $2
ORDER BY p.last, o.position
LIMIT $3;

-- name: proofs
-- The newest first.
SELECT position, type, schema_version, at_us, public, private
FROM {schema}.events
WHERE stream = 'proofs' AND position <= $1
ORDER BY version DESC
LIMIT $2;

-- name: origins
SELECT key, value, position FROM {schema}.ledger_origins WHERE key = ANY ($1::text[]);

-- name: batches
SELECT batch, closed_on, after_position, up_to, total_cents, state, closed_us, closed_by, endorsed_by, approved_us,
    approved_by, execution_on, exported_us, exported_by, message_id, file_sha256
FROM {schema}.batches
ORDER BY batch;

-- name: batch_lines
SELECT producer, captured_cents, refunded_cents, given_cents, carried_cents, net_cents, paid_cents, details, adjusted_cents,
    contested_cents, why, attempt, payout, payout_us, reference, code, question, paid_in, parts_cents
FROM {schema}.batch_lines
WHERE batch = $1
ORDER BY producer;

-- name: concerns_in_batch
-- The same within a batch, of several producers: after the batch before, up to this one.
SELECT p.producer, o.position
FROM {schema}.batches AS b
JOIN {schema}.producer_pages AS p ON p.producer = ANY ($2::text[]) AND p.last > b.after_position
CROSS JOIN unnest(p.positions) AS o (position)
WHERE b.batch = $1 AND o.position > b.after_position AND o.position <= b.up_to
ORDER BY o.position;

-- name: oldest_capture_after
-- The first sale (80) or capture (82) after a position that somebody is owed for.
SELECT e.at_us
FROM {schema}.sales AS s
JOIN {schema}.events AS e ON e.position = s.position
WHERE s.position > $1 AND s.code IN ('00', '10') AND e.type IN (80, 82)
ORDER BY s.position
LIMIT 1;

-- name: captured_by_day
SELECT day, sum(approved_cents)::bigint AS cents
FROM {schema}.day_answers
WHERE day BETWEEN $1 AND $2 AND kind IN ('sale', 'capture')
GROUP BY day
HAVING sum(approved_cents) <> 0
ORDER BY day;

-- name: terminals_of
SELECT DISTINCT s.terminal
FROM {schema}.sales AS s
JOIN {schema}.events AS e ON e.position = s.position
WHERE s.day = $1 AND e.at_us < $2;
