"""Law: a caisse's tables belong to clearing_owner, whom no process logs in as; each process logs in with the role of its kind.

A new caisse gets schema.sql, an older one the numbered migrations it lacks; both end in the same catalogue. An applied
migration is never edited: its hash is kept.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Final, NamedTuple

import asyncpg

from clearing.event_store.connection import Connection
from clearing.sql import Queries, for_schema, named_blocks, sql_text

PACKAGE: Final = "clearing.event_store"
LOGIN_ROLES: Final = ("clearing_writer", "clearing_projector", "clearing_reader")
PARTITION_POSITIONS: Final = 1_000_000
PARTITIONS_AHEAD: Final = 2
MIGRATION_NAME: Final = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
SHARED: Final = named_blocks(sql_text(PACKAGE, "migrate.sql"))  # those that name no caisse


class MigrationEdited(RuntimeError):
    """The database ran another text under this number: write a new migration instead of editing one."""


class CaisseTaken(RuntimeError):
    """The code of a caisse is already entered with another schema, or the schema with another code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One numbered step; `text` still holds {schema}."""

    number: int
    name: str
    text: str

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.text.encode()).digest()


class Caisse(NamedTuple):
    """One line of the directory of caisses."""

    code: str
    schema: str
    created_at_us: int


def migrations() -> list[Migration]:
    """All numbered migrations in order. Raises MigrationEdited when a number is missing or given twice."""
    found = [
        file.name for file in (resources.files(PACKAGE) / "schema").iterdir() if MIGRATION_NAME.fullmatch(file.name)
    ]
    steps = [
        Migration(number=int(name[:4]), name=name, text=sql_text(PACKAGE, f"schema/{name}")) for name in sorted(found)
    ]
    if [step.number for step in steps] != list(range(1, len(steps) + 1)):
        raise MigrationEdited(
            f"migrations are numbered 0001, 0002 ... without gaps, not {[step.name for step in steps]}"
        )
    return steps


async def make_database(admin: Connection, name: str) -> None:
    """Create the database unless it exists."""
    if not await admin.fetchval(SHARED["database_exists"], name):
        await admin.execute(await admin.fetchval(SHARED["database_statement"], name))


async def make_roles(admin: Connection, password_of: Callable[[str], str] | None = None) -> None:
    """Create the four roles unless they exist; set the three log-ins' passwords when told them (embedded server)."""
    await admin.execute(SHARED["make_roles"])
    for role in LOGIN_ROLES if password_of is not None else ():
        assert password_of is not None
        await admin.execute(await admin.fetchval(SHARED["password_statement"], role, password_of(role)))


async def install(
    admin: Connection, schema: str, *, code: str, at_us: int, partition_positions: int = PARTITION_POSITIONS
) -> None:
    """Found a caisse's schema or bring it up to date, make its partitions, enter it in the directory. May be run again.

    Needs make_roles first. Raises CaisseTaken, MigrationEdited.
    """
    async with admin.transaction():
        await admin.execute(SHARED["make_shared_schema"])
        await admin.execute(SHARED["become_owner"])
        await admin.execute(sql_text(PACKAGE, "schema/shared.sql"))
    await _enter(admin, schema, code, at_us)
    await migrate(admin, schema, whole=for_schema(sql_text(PACKAGE, "schema/schema.sql"), schema))
    await ensure_partitions(admin, schema, positions=partition_positions)


async def _enter(admin: Connection, schema: str, code: str, at_us: int) -> None:
    try:
        await admin.execute(SHARED["enter_caisse"], code, schema, at_us)
    except asyncpg.UniqueViolationError:
        raise CaisseTaken(f"the schema {schema} belongs to another caisse than {code}: choose another code") from None
    entered = await admin.fetchval(SHARED["schema_of_caisse"], code)
    if entered != schema:
        raise CaisseTaken(f"the caisse {code} lives in the schema {entered}, not in {schema}: use that one")


async def migrate(admin: Connection, schema: str, *, whole: str = "") -> list[int]:
    """Run the migrations that `schema` lacks, all or none; returns their numbers. `whole`: what an empty schema gets instead.

    Raises MigrationEdited when an applied one has another text today.
    """
    queries = Queries.load(PACKAGE, "migrate.sql", schema)
    async with admin.transaction():
        await admin.execute(queries["make_schema"])
        await admin.execute(queries["become_owner"])
        await admin.execute(queries["make_migrations"])
        steps = migrations()
        applied = {row["number"]: row for row in await admin.fetch(queries["applied"])}
        _refuse_edited(steps, applied)
        pending = [step for step in steps if step.number not in applied]
        texts = [whole] if whole and not applied else [for_schema(step.text, schema) for step in pending]
        for text in texts:
            await admin.execute(text)
        for step in pending:
            await admin.execute(queries["record_migration"], step.number, step.name, step.sha256)
    return [step.number for step in pending]


def _refuse_edited(steps: Sequence[Migration], applied: dict[int, asyncpg.Record]) -> None:
    for step in steps:
        row = applied.get(step.number)
        if row is not None and row["sha256"] != step.sha256:
            raise MigrationEdited(
                f"{step.name} is not the text that the database ran as {row['name']}: take the edit back and write a new "
                f"migration numbered {len(steps) + 1:04}"
            )
    if newer := sorted(set(applied) - {step.number for step in steps}):
        raise MigrationEdited(
            f"the database ran migrations {newer} that this program does not have: install its newer version"
        )


async def ensure_partitions(admin: Connection, schema: str, *, positions: int = PARTITION_POSITIONS) -> int:
    """Make partitions of `positions` rows until PARTITIONS_AHEAD empty ones follow the one in use; returns how many it made.

    Each is made as a table and attached: appends go on meanwhile (CREATE ... PARTITION OF would wait behind them).
    """
    queries = Queries.load(PACKAGE, "migrate.sql", schema)
    made = 0
    while await partitions_ahead(admin, schema) < PARTITIONS_AHEAD:
        rows = await admin.fetch(queries["partitions"])
        first = rows[-1]["past"] if rows else 1
        async with admin.transaction():
            await admin.execute(queries["become_owner"])
            await admin.execute(await admin.fetchval(queries["partition_statements"], first, first + positions))
        made += 1
    return made


async def partitions_ahead(connection: Connection, schema: str) -> int:
    """How many whole partitions lie beyond the next position; -1 when the next position itself has none (appends fail)."""
    queries = Queries.load(PACKAGE, "migrate.sql", schema)
    upcoming = await connection.fetchval(queries["head"]) + 1
    rows = await connection.fetch(queries["partitions"])
    return sum(1 for row in rows if row["past"] > upcoming) - 1


async def run_as_owner(admin: Connection, schema: str, text: str) -> None:
    """Run SQL that makes a caisse's further tables (projections'): {schema} is filled in, clearing_owner owns what it makes.

    The text grants what the projector and the reader need, and nothing to the writer.
    """
    async with admin.transaction():
        await admin.execute(SHARED["become_owner"])
        await admin.execute(for_schema(text, schema))


async def caisses(connection: Connection) -> list[Caisse]:
    """The directory of caisses, by code."""
    return [Caisse(*row) for row in await connection.fetch(SHARED["caisses"])]
