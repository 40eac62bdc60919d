-- Where the views of each generation stand. All views of a generation stand at one position: a page and its checkpoint are one
-- transaction. The row lives in the event store's table of projections, under a name that tells the shape of the tables: who
-- changes a table gives it the next one. "views" was the shape of decision 0006, "views of
-- 0008" the one before what orders and sales abroad reserve had a table.

-- name: generations
SELECT version, position, live FROM {schema}.projections WHERE name = 'views of 0037' ORDER BY version;

-- name: highest_generation
-- Of any shape: a number is given once.
SELECT COALESCE(max(version), 0) FROM {schema}.projections WHERE name LIKE 'views%';

-- name: of_other_shapes
SELECT version FROM {schema}.projections WHERE name LIKE 'views%' AND name <> 'views of 0037' ORDER BY version;

-- name: live
SELECT version, position FROM {schema}.projections WHERE name = 'views of 0037' AND live;

-- name: one
SELECT version, position FROM {schema}.projections WHERE name = 'views of 0037' AND version = $1;

-- name: lock_live
SELECT version, position FROM {schema}.projections WHERE name = 'views of 0037' AND live FOR UPDATE;

-- name: begin
INSERT INTO {schema}.projections (name, version, position, live) VALUES ('views of 0037', $1, 0, $2);

-- name: publish
-- A reader that asks for the position first holds on to this generation until its transaction ends.
DROP VIEW IF EXISTS {schema}.views_position;
CREATE VIEW {schema}.views_position AS
SELECT position FROM {schema}.projections WHERE name = 'views of 0037' AND version = {g};
GRANT SELECT ON {schema}.views_position TO clearing_reader;

-- name: advance
-- No row: another runner wrote this page, or this generation is gone or, for one who follows the live one ($4), no longer live.
UPDATE {schema}.projections SET position = $3
WHERE name = 'views of 0037' AND version = $1 AND position = $2 AND (live OR NOT $4)
RETURNING position;

-- name: go_live
UPDATE {schema}.projections SET live = (version = $1) WHERE name = 'views of 0037';

-- name: forget
DELETE FROM {schema}.projections WHERE name LIKE 'views%' AND version = $1;
