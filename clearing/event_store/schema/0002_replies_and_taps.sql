-- Replies and taps: what a repeated request is answered with, and which taps are used up. Uniqueness cannot be enforced on a
-- table partitioned by position, so both are partitioned by hash of their own key. Run as clearing_owner.

CREATE TABLE {schema}.replies (
    terminal bytea NOT NULL,
    key_epoch integer NOT NULL,
    n bigint NOT NULL,
    digest bytea NOT NULL,
    position bigint NOT NULL,
    reply bytea NOT NULL,
    CONSTRAINT replies_pkey PRIMARY KEY (terminal, key_epoch, n)
) PARTITION BY HASH (terminal, key_epoch, n);

CREATE TABLE {schema}.taps (
    card bytea NOT NULL,
    key_version integer NOT NULL,
    counter integer NOT NULL,
    position bigint NOT NULL,
    CONSTRAINT taps_pkey PRIMARY KEY (card, key_version, counter)
) PARTITION BY HASH (card, key_version, counter);

CREATE TABLE {schema}.replies_0 PARTITION OF {schema}.replies FOR VALUES WITH (MODULUS 8, REMAINDER 0);
CREATE TABLE {schema}.replies_1 PARTITION OF {schema}.replies FOR VALUES WITH (MODULUS 8, REMAINDER 1);
CREATE TABLE {schema}.replies_2 PARTITION OF {schema}.replies FOR VALUES WITH (MODULUS 8, REMAINDER 2);
CREATE TABLE {schema}.replies_3 PARTITION OF {schema}.replies FOR VALUES WITH (MODULUS 8, REMAINDER 3);
CREATE TABLE {schema}.replies_4 PARTITION OF {schema}.replies FOR VALUES WITH (MODULUS 8, REMAINDER 4);
CREATE TABLE {schema}.replies_5 PARTITION OF {schema}.replies FOR VALUES WITH (MODULUS 8, REMAINDER 5);
CREATE TABLE {schema}.replies_6 PARTITION OF {schema}.replies FOR VALUES WITH (MODULUS 8, REMAINDER 6);
CREATE TABLE {schema}.replies_7 PARTITION OF {schema}.replies FOR VALUES WITH (MODULUS 8, REMAINDER 7);
CREATE TABLE {schema}.taps_0 PARTITION OF {schema}.taps FOR VALUES WITH (MODULUS 8, REMAINDER 0);
CREATE TABLE {schema}.taps_1 PARTITION OF {schema}.taps FOR VALUES WITH (MODULUS 8, REMAINDER 1);
CREATE TABLE {schema}.taps_2 PARTITION OF {schema}.taps FOR VALUES WITH (MODULUS 8, REMAINDER 2);
CREATE TABLE {schema}.taps_3 PARTITION OF {schema}.taps FOR VALUES WITH (MODULUS 8, REMAINDER 3);
CREATE TABLE {schema}.taps_4 PARTITION OF {schema}.taps FOR VALUES WITH (MODULUS 8, REMAINDER 4);
CREATE TABLE {schema}.taps_5 PARTITION OF {schema}.taps FOR VALUES WITH (MODULUS 8, REMAINDER 5);
CREATE TABLE {schema}.taps_6 PARTITION OF {schema}.taps FOR VALUES WITH (MODULUS 8, REMAINDER 6);
CREATE TABLE {schema}.taps_7 PARTITION OF {schema}.taps FOR VALUES WITH (MODULUS 8, REMAINDER 7);

-- rows arrive in the order of their position: a block range index finds a page of the log's rows for a fraction of a B-tree
CREATE INDEX replies_position ON {schema}.replies USING brin (position)
    WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX taps_position ON {schema}.taps USING brin (position) WITH (pages_per_range = 16, autosummarize = on);

CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.replies
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.replies_0
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.replies_1
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.replies_2
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.replies_3
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.replies_4
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.replies_5
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.replies_6
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.replies_7
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.taps
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.taps_0
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.taps_1
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.taps_2
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.taps_3
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.taps_4
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.taps_5
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.taps_6
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.taps_7
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();

GRANT SELECT ON {schema}.replies, {schema}.taps TO clearing_writer, clearing_projector, clearing_reader;
GRANT INSERT ON {schema}.replies, {schema}.taps TO clearing_writer;
