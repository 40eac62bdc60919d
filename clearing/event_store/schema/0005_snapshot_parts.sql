-- Snapshots in parts: a million cards do not fit into one message. What was there before is thrown away, as it may be at any
-- time. The row of `snapshots` is written last: parts without it are no snapshot. Not compressed: that cost the server more than
-- the disk. Run as clearing_owner.

DROP TABLE {schema}.snapshots;

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

GRANT SELECT, INSERT, DELETE ON {schema}.snapshots, {schema}.snapshot_parts TO clearing_writer;
GRANT SELECT ON {schema}.snapshots, {schema}.snapshot_parts TO clearing_reader;
