-- How far each projection has read. Its own tables are made by the projections' SQL, run as clearing_owner. The checkpoint moves
-- in the transaction that writes what it counts; `live` marks the version people see.

CREATE TABLE {schema}.projections (
    name text NOT NULL,
    version integer NOT NULL,
    position bigint NOT NULL,
    live boolean NOT NULL DEFAULT false,
    CONSTRAINT projections_pkey PRIMARY KEY (name, version)
) WITH (fillfactor = 50);

GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.projections TO clearing_projector;
GRANT SELECT ON {schema}.projections TO clearing_writer, clearing_reader;
