-- A caisse's whole schema as it is today, for a new caisse: equal to running every numbered migration (a test compares the two
-- catalogues). Run as clearing_owner. Partitions of events are made and attached by migrate.ensure_partitions.

CREATE FUNCTION {schema}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: what was recorded is never changed; record a correction as a new event',
        TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;

-- one row, updated by every append: half-empty pages keep each update on its page
CREATE TABLE {schema}.log_head (
    one boolean NOT NULL DEFAULT true,
    epoch bigint NOT NULL,
    head bigint NOT NULL,
    head_hash bytea NOT NULL,
    at_us bigint NOT NULL,
    writer text NOT NULL,
    lease_until_us bigint NOT NULL,
    CONSTRAINT log_head_pkey PRIMARY KEY (one),
    CONSTRAINT log_head_one CHECK (one),
    CONSTRAINT log_head_hash CHECK (octet_length(head_hash) = 32)
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);
INSERT INTO {schema}.log_head (epoch, head, head_hash, at_us, writer, lease_until_us)
VALUES (0, 0, decode(repeat('00', 32), 'hex'), 0, '', 0);

CREATE TABLE {schema}.events (
    position bigint NOT NULL,
    stream text NOT NULL,
    version integer NOT NULL,
    type smallint NOT NULL,
    schema_version smallint NOT NULL,
    at_us bigint NOT NULL,
    public bytea NOT NULL,
    private bytea NOT NULL,
    salt bytea NOT NULL,
    evidence bytea NOT NULL,
    leaf bytea NOT NULL,
    chain bytea NOT NULL,
    CONSTRAINT events_pkey PRIMARY KEY (position)
) PARTITION BY RANGE (position);
CREATE INDEX events_stream ON {schema}.events (stream, version);

CREATE TABLE {schema}.heads (
    size bigint NOT NULL,
    root bytea NOT NULL,
    signature bytea NOT NULL,
    at_us bigint NOT NULL,
    CONSTRAINT heads_pkey PRIMARY KEY (size)
);

-- disposable: a start without them replays from the first event; the row of `snapshots` is written after all its parts
CREATE TABLE {schema}.snapshots (
    position bigint NOT NULL,
    code_version text NOT NULL,
    chain bytea NOT NULL,
    parts integer NOT NULL,
    sha256 bytea NOT NULL,
    CONSTRAINT snapshots_pkey PRIMARY KEY (position, code_version)
);

CREATE TABLE {schema}.snapshot_parts (
    position bigint NOT NULL,
    code_version text NOT NULL,
    part integer NOT NULL,
    state bytea NOT NULL,
    CONSTRAINT snapshot_parts_pkey PRIMARY KEY (position, code_version, part)
);
ALTER TABLE {schema}.snapshot_parts ALTER COLUMN state SET STORAGE EXTERNAL;

CREATE TABLE {schema}.replies (
    terminal bytea NOT NULL,
    key_epoch integer NOT NULL,
    n bigint NOT NULL,
    digest bytea NOT NULL,
    position bigint NOT NULL,
    reply bytea NOT NULL,
    CONSTRAINT replies_pkey PRIMARY KEY (terminal, key_epoch, n)
);

CREATE TABLE {schema}.taps (
    card bytea NOT NULL,
    key_version integer NOT NULL,
    counter integer NOT NULL,
    position bigint NOT NULL,
    CONSTRAINT taps_pkey PRIMARY KEY (card, key_version, counter)
);

-- signed frames of batches: the evidence of an event that came in one says which frame, and which item of it
CREATE TABLE {schema}.batch_frames (
    digest bytea NOT NULL,
    frame bytea NOT NULL,
    CONSTRAINT batch_frames_pkey PRIMARY KEY (digest)
);

-- rows arrive in the order of their position: a block range index finds a page of the log's rows for a fraction of a B-tree
CREATE INDEX replies_position ON {schema}.replies USING brin (position)
    WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX taps_position ON {schema}.taps USING brin (position) WITH (pages_per_range = 16, autosummarize = on);

CREATE TABLE {schema}.projections (
    name text NOT NULL,
    version integer NOT NULL,
    position bigint NOT NULL,
    live boolean NOT NULL DEFAULT false,
    CONSTRAINT projections_pkey PRIMARY KEY (name, version)
) WITH (fillfactor = 50);

-- a guard on each table; each partition of events gets its own when it is made: the parent's does not see its TRUNCATE
DO $$
DECLARE
    guarded text;
BEGIN
    FOR guarded IN
        SELECT relation.relname
        FROM pg_class AS relation
        WHERE relation.relnamespace = '{schema}'::regnamespace
            AND relation.relkind IN ('r', 'p')
            AND relation.relname ~ '^(events|heads|replies|taps|batch_frames)$'
    LOOP
        EXECUTE format('CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.%I'
            ' FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change()', guarded);
    END LOOP;
END
$$;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON {schema}.log_head
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();

GRANT USAGE ON SCHEMA {schema} TO clearing_writer, clearing_projector, clearing_reader;
GRANT SELECT ON {schema}.log_head, {schema}.events, {schema}.heads, {schema}.replies, {schema}.taps,
    {schema}.batch_frames TO clearing_writer, clearing_projector, clearing_reader;
GRANT UPDATE ON {schema}.log_head TO clearing_writer;
GRANT INSERT ON {schema}.events, {schema}.heads, {schema}.replies, {schema}.taps, {schema}.batch_frames TO clearing_writer;
GRANT SELECT, INSERT, DELETE ON {schema}.snapshots, {schema}.snapshot_parts TO clearing_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.projections TO clearing_projector;
GRANT SELECT ON {schema}.snapshots, {schema}.snapshot_parts TO clearing_reader;
GRANT SELECT ON {schema}.projections TO clearing_writer, clearing_reader;
