-- The durable queue of one terminal (SQLite). `{schema}` does not occur here: a terminal has one file of its own.

-- name: open
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
CREATE TABLE IF NOT EXISTS terminal (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    terminal    BLOB NOT NULL CHECK (length(terminal) = 8),
    epoch       INTEGER NOT NULL,
    n           INTEGER NOT NULL,
    previous    BLOB NOT NULL CHECK (length(previous) = 32),
    seed        BLOB NOT NULL CHECK (length(seed) = 32),
    next_seed   BLOB CHECK (length(next_seed) = 32),
    server_keys BLOB NOT NULL,
    last_head   BLOB,
    locked      TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS messages (
    written    INTEGER PRIMARY KEY,
    terminal   BLOB NOT NULL CHECK (length(terminal) = 8),
    epoch      INTEGER NOT NULL,
    n          INTEGER NOT NULL,
    op         TEXT NOT NULL,
    x          BLOB NOT NULL CHECK (length(x) = 16),
    cents      INTEGER NOT NULL,
    written_ms INTEGER NOT NULL,
    digest     BLOB NOT NULL CHECK (length(digest) = 32),
    raw        BLOB NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('pending', 'answered', 'given_up', 'refused')),
    reply      BLOB,
    UNIQUE (terminal, epoch, n)
) STRICT;
CREATE INDEX IF NOT EXISTS messages_pending ON messages (written) WHERE state = 'pending';

-- name: begin
BEGIN IMMEDIATE;

-- name: commit
COMMIT;

-- name: rollback
ROLLBACK;

-- name: terminal
SELECT terminal, epoch, n, previous, seed, next_seed, server_keys, last_head, locked
  FROM terminal
 WHERE one = 1;

-- name: adopt
INSERT INTO terminal (one, terminal, epoch, n, previous, seed, next_seed, server_keys, last_head, locked)
VALUES (1, :terminal, :epoch, 0, zeroblob(32), :seed, NULL, :server_keys, NULL, NULL)
    ON CONFLICT (one) DO UPDATE
   SET terminal = excluded.terminal, epoch = excluded.epoch, n = 0, previous = zeroblob(32), seed = excluded.seed,
       next_seed = NULL, server_keys = excluded.server_keys, last_head = NULL, locked = NULL;

-- name: go_on_counting
UPDATE terminal
   SET n = last.n, previous = last.digest
  FROM (SELECT m.n, m.digest
          FROM messages AS m
         WHERE m.terminal = :terminal AND m.epoch = :epoch
         ORDER BY m.n DESC
         LIMIT 1) AS last
 WHERE one = 1;

-- name: append
INSERT INTO messages (terminal, epoch, n, op, x, cents, written_ms, digest, raw, state, reply)
VALUES (:terminal, :epoch, :n, :op, :x, :cents, :written_ms, :digest, :raw, 'pending', NULL);

-- name: count_on
UPDATE terminal
   SET n = :n, previous = :digest
 WHERE one = 1 AND epoch = :epoch AND n = :n - 1;

-- name: keep_next_seed
UPDATE terminal
   SET next_seed = :next_seed
 WHERE one = 1;

-- name: settle
UPDATE messages
   SET state = :state, reply = :reply
 WHERE terminal = :terminal AND epoch = :epoch AND n = :n AND state = 'pending';

-- name: keep_head
UPDATE terminal
   SET last_head = :last_head
 WHERE one = 1;

-- name: rotate
UPDATE terminal
   SET epoch = epoch + 1, n = 0, previous = zeroblob(32), seed = next_seed, next_seed = NULL
 WHERE one = 1 AND epoch = :epoch AND next_seed IS NOT NULL;

-- name: lock
UPDATE terminal
   SET locked = :why
 WHERE one = 1;

-- name: pending
SELECT terminal, epoch, n, op, x, cents, written_ms, digest, raw, state, reply
  FROM messages
 WHERE state = 'pending'
 ORDER BY written;

-- name: last_of_ops
SELECT terminal, epoch, n, op, x, cents, written_ms, digest, raw, state, reply
  FROM messages
 WHERE op IN ('sale', 'auth', 'draw', 'give')
 ORDER BY written DESC
 LIMIT 1;

-- name: holds
SELECT written, terminal, epoch, n, op, x, cents, written_ms, digest, raw, state, reply
  FROM messages
 WHERE op = 'auth' AND state = 'answered'
 ORDER BY written;

-- name: ends
SELECT terminal, epoch, n, op, x, cents, written_ms, digest, raw, state, reply
  FROM messages
 WHERE op IN ('cap', 'rev') AND state IN ('answered', 'pending')
 ORDER BY written;
