"""Law: a new caisse and a migrated one have the same catalogue; installing twice changes nothing; partitions stay ahead."""

from pathlib import Path

import pytest

from clearing.event_store import migrate as migrations
from clearing.event_store.connection import Connection
from clearing.event_store.migrate import (
    PARTITIONS_AHEAD,
    CaisseTaken,
    MigrationEdited,
    caisses,
    ensure_partitions,
    install,
    migrate,
    partitions_ahead,
    run_as_owner,
)
from clearing.postgres import Embedded
from clearing.sql import named_blocks
from clearing.values import InvalidValue
from tests.postgres.groups import append, open_log
from tests.postgres_server import TestCaisse, fresh_caisse

CATALOGUE = named_blocks((Path(__file__).parent / "catalogue.sql").read_text(encoding="utf-8"))


async def catalogue(admin: Connection, schema: str) -> list[list[str]]:
    """Everything PostgreSQL knows about a schema, its own name taken out."""
    pages = [await admin.fetch(query, schema) for query in CATALOGUE.values()]
    assert all(pages), "a question that finds nothing compares nothing"
    return [sorted(str(tuple(row)).replace(schema, "caisse_") for row in page) for page in pages]


async def test_the_whole_schema_equals_its_migrations(caisse: TestCaisse) -> None:
    migrated = f"{caisse.schema}_migrated"
    async with caisse.connection() as admin:
        numbers = await migrate(admin, migrated)
        await ensure_partitions(admin, migrated)
        assert numbers == [step.number for step in migrations.migrations()]
        for installed, stepped in zip(
            await catalogue(admin, caisse.schema), await catalogue(admin, migrated), strict=True
        ):
            assert installed == stepped
        recorded = "SELECT number, name, sha256 FROM {}.migrations ORDER BY number"
        assert await admin.fetch(recorded.format(migrated)) == await admin.fetch(recorded.format(caisse.schema))
        first_head = "SELECT * FROM {}.log_head"
        assert await admin.fetch(first_head.format(migrated)) == await admin.fetch(first_head.format(caisse.schema))


async def test_installing_twice_changes_nothing(caisse: TestCaisse) -> None:
    log = await open_log(caisse.dsn(), caisse.schema)
    events = await append(log, 3)
    async with caisse.connection() as admin:
        before = await catalogue(admin, caisse.schema)
        listed = await caisses(admin)
        [code] = [line.code for line in listed if line.schema == caisse.schema]
        await install(admin, caisse.schema, code=code, at_us=99)
        assert await catalogue(admin, caisse.schema) == before
        assert await caisses(admin) == listed
        assert await migrate(admin, caisse.schema) == []
    assert await log.read(0, 10) == events
    await log.release()


async def test_a_code_keeps_its_schema_and_a_schema_its_code(caisse: TestCaisse) -> None:
    async with caisse.connection() as admin:
        [code] = [line.code for line in await caisses(admin) if line.schema == caisse.schema]
        with pytest.raises(CaisseTaken, match="lives in the schema"):
            await install(admin, f"{caisse.schema}_b", code=code, at_us=0)
        with pytest.raises(CaisseTaken, match="choose another code"):
            await install(admin, caisse.schema, code=f"{code}-b", at_us=0)
        with pytest.raises(InvalidValue, match="named caisse_"):
            await migrate(admin, 'caisse_x"; DROP SCHEMA clearing')


async def test_an_edited_migration_is_refused(caisse: TestCaisse) -> None:
    async with caisse.connection() as admin:
        await admin.execute(f"UPDATE {caisse.schema}.migrations SET sha256 = '\\x00' WHERE number = 2")
        with pytest.raises(MigrationEdited, match="0002_replies_and_taps"):
            await migrate(admin, caisse.schema)
        await admin.execute(f"DELETE FROM {caisse.schema}.migrations WHERE number = 2")
        await admin.execute(f"INSERT INTO {caisse.schema}.migrations VALUES (77, '0077_later.sql', '\\x00')")
        with pytest.raises(MigrationEdited, match=r"\[77\].*newer version"):
            await migrate(admin, caisse.schema)


async def test_two_partitions_are_ahead_and_more_follow_the_head(server: Embedded) -> None:
    caisse = await fresh_caisse(server, partition_positions=10)
    log = await open_log(caisse.dsn(), caisse.schema)
    async with caisse.connection() as admin:
        assert await partitions_ahead(admin, caisse.schema) == PARTITIONS_AHEAD == 2
        await append(log, 10)
        assert await partitions_ahead(admin, caisse.schema) == 1
        await append(log, 20)
        assert await partitions_ahead(admin, caisse.schema) == -1
        assert await ensure_partitions(admin, caisse.schema, positions=100) == 3
        assert await ensure_partitions(admin, caisse.schema, positions=100) == 0
    await append(log, 150)
    assert [event.position for event in await log.read(0, 1_000)] == list(range(1, 181))
    await log.release()


async def test_partitions_are_attached_while_appends_are_under_way(server: Embedded) -> None:
    caisse = await fresh_caisse(server, partition_positions=10)
    async with caisse.connection("clearing_writer") as writer, caisse.connection() as admin:
        await admin.execute("SET lock_timeout = '2s'")
        async with writer.transaction():
            insert = f"INSERT INTO {caisse.schema}.events VALUES (1, 's', 1, 1, 1, 1, $1, $1, $1, $1, $1, $1)"
            await writer.execute(insert, b"")  # an append that has not committed yet
            await admin.execute(f"UPDATE {caisse.schema}.log_head SET head = 20")
            assert await ensure_partitions(admin, caisse.schema, positions=10) == 2


async def test_projections_make_their_tables_as_the_owner(caisse: TestCaisse) -> None:
    made = (
        "CREATE TABLE {schema}.owed_1 (producer text PRIMARY KEY); GRANT SELECT ON {schema}.owed_1 TO clearing_reader"
    )
    async with caisse.connection() as admin:
        await run_as_owner(admin, caisse.schema, made)
        owner = "SELECT tableowner FROM pg_tables WHERE schemaname = $1 AND tablename = 'owed_1'"
        assert await admin.fetchval(owner, caisse.schema) == "clearing_owner"
        assert await admin.fetchval("SELECT current_user") == "clearing_admin"
    async with caisse.connection("clearing_reader") as reader:
        assert await reader.fetch(f"SELECT producer FROM {caisse.schema}.owed_1") == []
