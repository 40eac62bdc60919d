-- Who may log in to the console, and the log-ins that are open: one schema for all caisses of an installation.
-- Keys are sealed with the person's password, in an open log-in with its cookie; second factors with the home's own key.

-- name: make_role
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'clearing_console') THEN
        CREATE ROLE clearing_console LOGIN;
    END IF;
END
$$

-- name: password_statement
SELECT format('ALTER ROLE clearing_console PASSWORD %L', $1::text)

-- name: make_schema
CREATE SCHEMA IF NOT EXISTS clearing_console AUTHORIZATION clearing_owner

-- name: become_owner
SET LOCAL ROLE clearing_owner

-- name: create
CREATE TABLE IF NOT EXISTS clearing_console.accounts (
    person text NOT NULL,
    epoch integer NOT NULL,
    public bytea NOT NULL,
    salt bytea NOT NULL,
    passes integer NOT NULL,
    memory integer NOT NULL,
    sealed bytea NOT NULL,
    factor bytea,
    factor_step bigint NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    closed_until_us bigint NOT NULL DEFAULT 0,
    language text NOT NULL DEFAULT 'fr',
    CONSTRAINT accounts_pkey PRIMARY KEY (person),
    CONSTRAINT accounts_public CHECK (octet_length(public) = 32)
);
CREATE TABLE IF NOT EXISTS clearing_console.logins (
    name bytea NOT NULL,
    person text NOT NULL REFERENCES clearing_console.accounts (person) ON DELETE CASCADE,
    sealed bytea NOT NULL,
    opened_us bigint NOT NULL,
    seen_us bigint NOT NULL,
    proved_us bigint NOT NULL,
    device text NOT NULL,
    notice text NOT NULL DEFAULT '',
    CONSTRAINT logins_pkey PRIMARY KEY (name),
    CONSTRAINT logins_name CHECK (octet_length(name) = 32)
);
CREATE INDEX IF NOT EXISTS logins_person ON clearing_console.logins (person);
CREATE TABLE IF NOT EXISTS clearing_console.tokens (
    name bytea NOT NULL,
    person text NOT NULL REFERENCES clearing_console.accounts (person) ON DELETE CASCADE,
    sealed bytea NOT NULL,
    label text NOT NULL,
    roles text[] NOT NULL,
    made_us bigint NOT NULL,
    until_us bigint NOT NULL,
    CONSTRAINT tokens_pkey PRIMARY KEY (name),
    CONSTRAINT tokens_name CHECK (octet_length(name) = 32)
);
CREATE INDEX IF NOT EXISTS tokens_person ON clearing_console.tokens (person);
CREATE TABLE IF NOT EXISTS clearing_console.asked (
    name bytea NOT NULL,
    said bytea NOT NULL,
    envelope bytea NOT NULL,
    at_us bigint NOT NULL,
    CONSTRAINT asked_pkey PRIMARY KEY (name),
    CONSTRAINT asked_name CHECK (octet_length(name) = 32)
);
CREATE INDEX IF NOT EXISTS asked_at ON clearing_console.asked (at_us);
CREATE TABLE IF NOT EXISTS clearing_console.invitations (
    name bytea NOT NULL,
    purpose text NOT NULL,
    caisse text NOT NULL,
    roles text[] NOT NULL,
    invited_by text NOT NULL,
    label text NOT NULL,
    made_us bigint NOT NULL,
    until_us bigint NOT NULL,
    used_us bigint NOT NULL DEFAULT 0,
    person text NOT NULL DEFAULT '',
    public bytea,
    draft bytea,
    CONSTRAINT invitations_pkey PRIMARY KEY (name),
    CONSTRAINT invitations_name CHECK (octet_length(name) = 32)
);
CREATE TABLE IF NOT EXISTS clearing_console.foundings (
    founder text NOT NULL REFERENCES clearing_console.accounts (person) ON DELETE CASCADE,
    until_us bigint NOT NULL,
    typed bytea,
    CONSTRAINT foundings_pkey PRIMARY KEY (founder)
);
CREATE TABLE IF NOT EXISTS clearing_console.leaving (
    caisse text NOT NULL,
    person text NOT NULL REFERENCES clearing_console.accounts (person) ON DELETE CASCADE,
    at_us bigint NOT NULL,
    CONSTRAINT leaving_pkey PRIMARY KEY (caisse, person)
);
CREATE TABLE IF NOT EXISTS clearing_console.passkeys (
    credential bytea NOT NULL,
    person text NOT NULL REFERENCES clearing_console.accounts (person) ON DELETE CASCADE,
    algorithm text NOT NULL,
    key bytea NOT NULL,
    site text NOT NULL,
    label text NOT NULL,
    signed bigint NOT NULL,
    made_us bigint NOT NULL,
    used_us bigint NOT NULL DEFAULT 0,
    CONSTRAINT passkeys_pkey PRIMARY KEY (credential)
);
CREATE INDEX IF NOT EXISTS passkeys_person ON clearing_console.passkeys (person);
CREATE TABLE IF NOT EXISTS clearing_console.challenges (
    name bytea NOT NULL,
    person text NOT NULL REFERENCES clearing_console.accounts (person) ON DELETE CASCADE,
    purpose text NOT NULL,
    login bytea NOT NULL,
    held bytea NOT NULL,
    made_us bigint NOT NULL,
    CONSTRAINT challenges_pkey PRIMARY KEY (name),
    CONSTRAINT challenges_name CHECK (octet_length(name) = 32)
);
CREATE INDEX IF NOT EXISTS challenges_made ON clearing_console.challenges (made_us);
GRANT USAGE ON SCHEMA clearing_console TO clearing_console;
GRANT SELECT, INSERT, UPDATE, DELETE
    ON clearing_console.accounts, clearing_console.logins, clearing_console.tokens, clearing_console.asked,
    clearing_console.passkeys, clearing_console.challenges, clearing_console.invitations,
    clearing_console.foundings, clearing_console.leaving TO clearing_console

-- name: keep_account
INSERT INTO clearing_console.accounts (person, epoch, public, salt, passes, memory, sealed, factor, language)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (person) DO UPDATE
SET epoch = $2, public = $3, salt = $4, passes = $5, memory = $6, sealed = $7, factor = $8, language = $9, factor_step = 0,
    failures = 0, closed_until_us = 0

-- name: make_account
-- Of somebody who is new here: nobody's account is ever replaced by an invitation.
INSERT INTO clearing_console.accounts (person, epoch, public, salt, passes, memory, sealed, factor, factor_step, language)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (person) DO NOTHING
RETURNING person

-- name: lose_factor
-- Whoever holds the lost one gets in no more: code, passkeys and open log-ins end together.
WITH logins AS (DELETE FROM clearing_console.logins WHERE person = $1),
passkeys AS (DELETE FROM clearing_console.passkeys WHERE person = $1),
challenges AS (DELETE FROM clearing_console.challenges WHERE person = $1)
UPDATE clearing_console.accounts SET factor = NULL WHERE person = $1

-- name: pair_factor
UPDATE clearing_console.accounts
SET factor = $2, factor_step = $3, failures = 0, closed_until_us = 0
WHERE person = $1

-- name: came_in
UPDATE clearing_console.accounts SET failures = 0, closed_until_us = 0 WHERE person = $1

-- name: forget_passkeys
DELETE FROM clearing_console.passkeys WHERE person = $1

-- name: keep_passkey
INSERT INTO clearing_console.passkeys (credential, person, algorithm, key, site, label, signed, made_us)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: passkeys_of
SELECT credential, person, algorithm, key, site, label, signed, made_us, used_us FROM clearing_console.passkeys
WHERE person = $1 ORDER BY made_us

-- name: forget_passkey
DELETE FROM clearing_console.passkeys WHERE person = $1 AND credential = $2

-- name: use_passkey
-- A count that does not rise is that of a copy; an authenticator that keeps none always says 0.
UPDATE clearing_console.passkeys SET signed = $2, used_us = $3
WHERE credential = $1 AND (signed < $2 OR (signed = 0 AND $2 = 0))
RETURNING credential

-- name: hold_challenge
INSERT INTO clearing_console.challenges (name, person, purpose, login, held, made_us) VALUES ($1, $2, $3, $4, $5, $6)

-- name: see_challenge
SELECT person, held FROM clearing_console.challenges
WHERE name = $1 AND purpose = $2 AND login = $3 AND made_us > $4

-- name: take_challenge
DELETE FROM clearing_console.challenges
WHERE name = $1 AND purpose = $2 AND login = $3 AND made_us > $4
RETURNING person, held

-- name: forget_challenges
DELETE FROM clearing_console.challenges WHERE made_us <= $1

-- name: account
SELECT person, epoch, public, salt, passes, memory, sealed, factor, factor_step, failures, closed_until_us, language
FROM clearing_console.accounts
WHERE person = $1

-- name: accounts
SELECT person, epoch, public, factor IS NOT NULL AS has_factor FROM clearing_console.accounts ORDER BY person

-- name: failed
UPDATE clearing_console.accounts
SET failures = failures + 1, closed_until_us = $2
WHERE person = $1

-- name: use_step
UPDATE clearing_console.accounts
SET factor_step = $2, failures = 0, closed_until_us = 0
WHERE person = $1 AND factor_step < $2
RETURNING person

-- name: set_language
UPDATE clearing_console.accounts SET language = $2 WHERE person = $1

-- name: set_password
WITH others AS (DELETE FROM clearing_console.logins WHERE person = $1 AND name <> $6)
UPDATE clearing_console.accounts SET salt = $2, passes = $3, memory = $4, sealed = $5, failures = 0 WHERE person = $1

-- name: drop_account
DELETE FROM clearing_console.accounts WHERE person = $1

-- name: open_login
INSERT INTO clearing_console.logins (name, person, sealed, opened_us, seen_us, proved_us, device)
VALUES ($1, $2, $3, $4, $4, $4, $5)

-- name: see_login
UPDATE clearing_console.logins AS l
SET seen_us = $2
FROM clearing_console.accounts AS a
WHERE l.name = $1 AND a.person = l.person AND l.seen_us > $3 AND l.opened_us > $4
RETURNING l.person, l.sealed, l.opened_us, l.proved_us, l.notice, a.epoch, a.public, a.language, a.factor IS NOT NULL AS has_factor

-- name: prove_login
UPDATE clearing_console.logins SET proved_us = $2 WHERE name = $1

-- name: leave_notice
UPDATE clearing_console.logins SET notice = $2 WHERE name = $1

-- name: close_login
DELETE FROM clearing_console.logins WHERE name = $1

-- name: close_login_of
DELETE FROM clearing_console.logins WHERE person = $1 AND encode(name, 'hex') LIKE $2 || '%' AND length($2) = 16

-- name: close_all_of
DELETE FROM clearing_console.logins WHERE person = $1

-- name: logins_of
SELECT name, opened_us, seen_us, device FROM clearing_console.logins
WHERE person = $1 AND seen_us > $2 AND opened_us > $3
ORDER BY opened_us

-- name: forget_old
DELETE FROM clearing_console.logins WHERE seen_us <= $1 OR opened_us <= $2

-- name: make_token
INSERT INTO clearing_console.tokens (name, person, sealed, label, roles, made_us, until_us) VALUES ($1, $2, $3, $4, $5, $6, $7)

-- name: token
SELECT t.person, t.sealed, t.roles, a.epoch
FROM clearing_console.tokens AS t JOIN clearing_console.accounts AS a ON a.person = t.person
WHERE t.name = $1 AND t.until_us > $2

-- name: tokens_of
SELECT name, label, roles, made_us, until_us FROM clearing_console.tokens WHERE person = $1 ORDER BY made_us

-- name: end_token
DELETE FROM clearing_console.tokens WHERE person = $1 AND encode(name, 'hex') LIKE $2 || '%' AND length($2) = 16

-- name: ask_first
-- What was signed under this key first: ours, or what somebody sent a moment before.
INSERT INTO clearing_console.asked AS a (name, said, envelope, at_us) VALUES ($1, $2, $3, $4)
ON CONFLICT (name) DO UPDATE SET at_us = a.at_us
RETURNING a.said, a.envelope

-- name: forget_asked
DELETE FROM clearing_console.asked WHERE at_us < $1

-- name: end_tokens_of
DELETE FROM clearing_console.tokens WHERE person = $1

-- name: invite
INSERT INTO clearing_console.invitations (name, purpose, caisse, roles, invited_by, label, made_us, until_us)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: invitation
SELECT name, purpose, caisse, roles, invited_by, label, made_us, until_us, used_us, person, public, draft
FROM clearing_console.invitations
WHERE name = $1

-- name: draft_invitation
UPDATE clearing_console.invitations SET draft = $2 WHERE name = $1 AND used_us = 0

-- name: use_invitation
UPDATE clearing_console.invitations
SET used_us = $2, person = $3, public = $4, draft = NULL
WHERE name = $1 AND used_us = 0 AND until_us > $2
RETURNING name

-- name: invitations_to
SELECT name, purpose, caisse, roles, invited_by, label, made_us, until_us, used_us, person, public, draft
FROM clearing_console.invitations
WHERE purpose = 'office' AND caisse = $1 AND (caisse <> '' OR invited_by = $2) AND (used_us > 0 OR until_us > $3)
ORDER BY made_us

-- name: withdraw_invitation
DELETE FROM clearing_console.invitations
WHERE caisse = $1 AND (caisse <> '' OR invited_by = $2) AND encode(name, 'hex') LIKE $3 || '%' AND length($3) = 16

-- name: forget_invitations
DELETE FROM clearing_console.invitations WHERE until_us < $1

-- name: may_found
INSERT INTO clearing_console.foundings (founder, until_us) VALUES ($1, $2)
ON CONFLICT (founder) DO UPDATE SET until_us = $2

-- name: founding
SELECT founder, until_us, typed FROM clearing_console.foundings WHERE founder = $1 AND until_us > $2

-- name: keep_founding
UPDATE clearing_console.foundings SET typed = $2 WHERE founder = $1

-- name: founded
WITH gone AS (DELETE FROM clearing_console.invitations WHERE caisse = '' AND purpose = 'office' AND invited_by = $1)
DELETE FROM clearing_console.foundings WHERE founder = $1

-- name: leave
INSERT INTO clearing_console.leaving (caisse, person, at_us) VALUES ($1, $2, $3)
ON CONFLICT (caisse, person) DO UPDATE SET at_us = $3

-- name: stay
DELETE FROM clearing_console.leaving WHERE caisse = $1 AND person = $2

-- name: leaving
SELECT person, at_us FROM clearing_console.leaving WHERE caisse = $1 ORDER BY at_us
