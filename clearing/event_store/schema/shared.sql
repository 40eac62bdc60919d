-- What caisses share: one small schema with their directory. Run as clearing_owner; may be run again.

CREATE TABLE IF NOT EXISTS clearing.caisses (
    code text NOT NULL,
    schema text NOT NULL,
    created_at_us bigint NOT NULL,
    CONSTRAINT caisses_pkey PRIMARY KEY (code),
    CONSTRAINT caisses_schema_key UNIQUE (schema)
);

GRANT USAGE ON SCHEMA clearing TO clearing_writer, clearing_projector, clearing_reader;
GRANT SELECT ON clearing.caisses TO clearing_writer, clearing_projector, clearing_reader;
