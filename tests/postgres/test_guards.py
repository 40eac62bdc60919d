"""Law: what was recorded is never changed: not by any role a process logs in as, not through a partition, not by the owner."""

from pathlib import Path

import asyncpg
import pytest

from clearing.event_store.connection import Connection
from clearing.sql import named_blocks
from tests.postgres.groups import append, open_log
from tests.postgres_server import TestCaisse

CATALOGUE = named_blocks((Path(__file__).parent / "catalogue.sql").read_text(encoding="utf-8"))
ROLES = ("clearing_writer", "clearing_projector", "clearing_reader")
RECORDED = {
    "events": "at_us = 0", "heads": "at_us = 0", "replies": "position = 0", "taps": "position = 0",
    "batch_frames": "frame = ''",
}  # fmt: skip


async def tables_of(connection: Connection, schema: str) -> dict[str, str]:
    """Each recorded table and each of its partitions -> the parent's name."""
    rows = await connection.fetch(CATALOGUE["recorded"], schema)
    return {row["name"]: row["parent"] for row in rows if row["parent"] in RECORDED}


def changes(schema: str, table: str, parent: str) -> list[str]:
    name = f"{schema}.{table}"
    return [f"UPDATE {name} SET {RECORDED[parent]}", f"DELETE FROM {name}", f"TRUNCATE {name}"]


def takeovers(schema: str, table: str, parent: str) -> list[str]:
    """What only an owner may do, and nobody who logs in is one."""
    name = f"{schema}.{table}"
    statements = [f"DROP TABLE {name}", f"ALTER TABLE {name} DISABLE TRIGGER ALL", f"ALTER TABLE {name} ADD x int"]
    return statements + ([f"ALTER TABLE {schema}.{parent} DETACH PARTITION {name}"] if table != parent else [])


@pytest.mark.parametrize("role", ROLES)
async def test_no_process_may_change_what_was_recorded(caisse: TestCaisse, role: str) -> None:
    log = await open_log(caisse.dsn(), caisse.schema)
    events = await append(log, 4)
    async with caisse.connection(role) as connection:
        tables = await tables_of(connection, caisse.schema)
        assert len(tables) == 5 + 3  # events, heads, replies, taps, batch_frames; and three partitions of events
        for table, parent in tables.items():
            for statement in changes(caisse.schema, table, parent) + takeovers(caisse.schema, table, parent):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)
    assert await log.read(0, 10) == events
    await log.release()


async def test_even_the_owner_meets_a_guard_on_each_partition(caisse: TestCaisse) -> None:
    async with caisse.connection() as admin:
        await admin.execute("SET ROLE clearing_owner")
        for table, parent in (await tables_of(admin, caisse.schema)).items():
            for statement in changes(caisse.schema, table, parent):
                with pytest.raises(asyncpg.InsufficientPrivilegeError, match="is refused: what was recorded"):
                    await admin.execute(statement)
        for statement in ("DELETE FROM {}.log_head", "TRUNCATE {}.log_head"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="is refused"):
                await admin.execute(statement.format(caisse.schema))


async def test_only_the_writer_appends_and_only_through_the_log(caisse: TestCaisse) -> None:
    tap = "INSERT INTO {}.{} (card, key_version, counter, position) VALUES ('\\x01', 1, 1, 1)"
    for role in ("clearing_projector", "clearing_reader"):
        async with caisse.connection(role) as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(tap.format(caisse.schema, "taps"))
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"UPDATE {caisse.schema}.log_head SET epoch = 9")
    async with caisse.connection("clearing_writer") as writer:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await writer.execute(f"INSERT INTO {caisse.schema}.log_head SELECT * FROM {caisse.schema}.log_head")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await writer.execute(f"SELECT * FROM {caisse.schema}.events_from_1")


@pytest.mark.parametrize("role", ROLES)
async def test_no_process_makes_tables_or_takes_a_role(caisse: TestCaisse, role: str) -> None:
    async with caisse.connection(role) as connection:
        for statement in (
            f"CREATE TABLE {caisse.schema}.mine (a int)",
            "CREATE TABLE clearing.mine (a int)",
            "CREATE TABLE public.mine (a int)",
            "CREATE SCHEMA mine",
            "SET ROLE clearing_owner",
            "SET session_replication_role = replica",
            f"DROP SCHEMA {caisse.schema} CASCADE",
            "INSERT INTO clearing.caisses VALUES ('x', 'caisse_x', 0)",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)


async def test_the_projector_moves_checkpoints_and_the_others_do_not(caisse: TestCaisse) -> None:
    statement = f"INSERT INTO {caisse.schema}.projections (name, version, position) VALUES ('owed', 1, 0)"
    for role in ("clearing_writer", "clearing_reader"):
        async with caisse.connection(role) as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    async with caisse.connection("clearing_projector") as projector:
        await projector.execute(statement)
        moved = await projector.execute(f"UPDATE {caisse.schema}.projections SET position = 5 WHERE position = 0")
        assert moved == "UPDATE 1"
        assert await projector.fetchval(f"SELECT head FROM {caisse.schema}.log_head") == 0


async def test_a_password_of_another_role_opens_nothing(caisse: TestCaisse) -> None:
    url = caisse.dsn("clearing_writer").replace(caisse.server.password_of("clearing_writer"), "wrong")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(url)
