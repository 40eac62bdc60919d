-- The same sale as rows: one transaction, a purse locked while it is judged, three payers. As a careful team would write it.

-- name: tables
CREATE TABLE purses (member integer PRIMARY KEY, cents bigint NOT NULL CHECK (cents >= 0));
CREATE TABLE funds (fund text PRIMARY KEY, cents bigint NOT NULL CHECK (cents >= 0));
CREATE TABLE sales (
    sale bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, terminal integer NOT NULL, n bigint NOT NULL, member integer NOT NULL,
    amount_cents bigint NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp(), UNIQUE (terminal, n)
);
CREATE TABLE sale_lines (
    sale bigint NOT NULL, line smallint NOT NULL, category text NOT NULL, cents bigint NOT NULL, PRIMARY KEY (sale, line)
);
CREATE TABLE sale_shares (
    sale bigint NOT NULL, line smallint NOT NULL, payer text NOT NULL, cents bigint NOT NULL, PRIMARY KEY (sale, line, payer)
);
INSERT INTO funds VALUES ('sponsor', 1000000000000), ('solidarity', 1000000000000);

-- name: members
INSERT INTO purses SELECT member, 1000000000 FROM generate_series(0, $1::integer - 1) AS member

-- name: lock_purse
SELECT cents FROM purses WHERE member = $1 FOR UPDATE

-- name: lock_funds
SELECT fund, cents FROM funds ORDER BY fund FOR UPDATE

-- name: take_from_purse
UPDATE purses SET cents = cents - $2 WHERE member = $1

-- name: take_from_fund
UPDATE funds SET cents = cents - $2 WHERE fund = $1

-- name: sale
INSERT INTO sales (terminal, n, member, amount_cents) VALUES ($1, $2, $3, $4) RETURNING sale

-- name: lines
INSERT INTO sale_lines (sale, line, category, cents)
SELECT $1, line, category, cents FROM unnest($2::smallint[], $3::text[], $4::bigint[]) AS one (line, category, cents)

-- name: shares
INSERT INTO sale_shares (sale, line, payer, cents)
SELECT $1, line, payer, cents FROM unnest($2::smallint[], $3::text[], $4::bigint[]) AS one (line, payer, cents)

-- name: counted
SELECT count(*) FROM sales
