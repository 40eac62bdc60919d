-- The log of one caisse: its head, its events, its signed heads. Run as clearing_owner, a role no process logs in as.

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

-- disposable: a start without them replays from the first event
CREATE TABLE {schema}.snapshots (
    position bigint NOT NULL,
    code_version text NOT NULL,
    state bytea NOT NULL,
    sha256 bytea NOT NULL,
    CONSTRAINT snapshots_pkey PRIMARY KEY (position, code_version)
);

CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON {schema}.log_head
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.events
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.heads
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();

GRANT USAGE ON SCHEMA {schema} TO clearing_writer, clearing_projector, clearing_reader;
GRANT SELECT ON {schema}.log_head, {schema}.events, {schema}.heads TO clearing_writer, clearing_projector, clearing_reader;
GRANT UPDATE ON {schema}.log_head TO clearing_writer;
GRANT INSERT ON {schema}.events, {schema}.heads TO clearing_writer;
GRANT SELECT, INSERT, DELETE ON {schema}.snapshots TO clearing_writer;
GRANT SELECT ON {schema}.snapshots TO clearing_reader;
