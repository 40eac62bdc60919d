-- Replies and taps in plain tables: partitioned by hash, each group of 64 opened 16 tables and their indexes, which cost a third of
-- the append's time (35 us a sale against 23). And the batch frames that events' evidence stands in. Run as clearing_owner.
-- The rows wait in a table without constraints, so that the new tables' constraints get the names they have in schema.sql.

CREATE TABLE {schema}.replies_hashed AS TABLE {schema}.replies;
DROP TABLE {schema}.replies;
CREATE TABLE {schema}.replies (
    terminal bytea NOT NULL,
    key_epoch integer NOT NULL,
    n bigint NOT NULL,
    digest bytea NOT NULL,
    position bigint NOT NULL,
    reply bytea NOT NULL,
    CONSTRAINT replies_pkey PRIMARY KEY (terminal, key_epoch, n)
);
INSERT INTO {schema}.replies (terminal, key_epoch, n, digest, position, reply)
SELECT terminal, key_epoch, n, digest, position, reply FROM {schema}.replies_hashed ORDER BY position;
DROP TABLE {schema}.replies_hashed;

CREATE TABLE {schema}.taps_hashed AS TABLE {schema}.taps;
DROP TABLE {schema}.taps;
CREATE TABLE {schema}.taps (
    card bytea NOT NULL,
    key_version integer NOT NULL,
    counter integer NOT NULL,
    position bigint NOT NULL,
    CONSTRAINT taps_pkey PRIMARY KEY (card, key_version, counter)
);
INSERT INTO {schema}.taps (card, key_version, counter, position)
SELECT card, key_version, counter, position FROM {schema}.taps_hashed ORDER BY position;
DROP TABLE {schema}.taps_hashed;

CREATE TABLE {schema}.batch_frames (
    digest bytea NOT NULL,
    frame bytea NOT NULL,
    CONSTRAINT batch_frames_pkey PRIMARY KEY (digest)
);

CREATE INDEX replies_position ON {schema}.replies USING brin (position)
    WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX taps_position ON {schema}.taps USING brin (position) WITH (pages_per_range = 16, autosummarize = on);

CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.replies
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.taps
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.batch_frames
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();

GRANT SELECT ON {schema}.replies, {schema}.taps, {schema}.batch_frames TO clearing_writer, clearing_projector, clearing_reader;
GRANT INSERT ON {schema}.replies, {schema}.taps, {schema}.batch_frames TO clearing_writer;
