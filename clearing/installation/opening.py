"""Law: an installation is opened whole: its database runs, each role has its own password, each caisse lacks nothing.

Opening joins a server that already runs for this home; the last one to leave stops it. Preparing a caisse may be repeated.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Self, TypeAlias

import asyncpg

from clearing import people
from clearing.config import Settings
from clearing.event_store import migrate
from clearing.event_store.reader import Reader
from clearing.installation.home import Home
from clearing.people import People
from clearing.postgres import ADMIN, Embedded
from clearing.projections import generations
from clearing.projections.questions import Questions
from clearing.sql import Queries, schema_of
from clearing.values import CaisseCode
from clearing.vault import Vault

DATABASE: Final = "clearing"
_MAINTENANCE: Final = "postgres"
_CLERK: Final = "clearing_clerk"

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@dataclass(slots=True)
class Installation:
    """A home whose database runs. Close it, or the server stays."""

    home: Home
    settings: Settings
    database: Embedded

    @classmethod
    def open(cls, home: Home, settings: Settings) -> Self:
        """Make the folder if need be and start or join its database. Raises HomeUnusable, PostgresUnavailable."""
        home.make()
        if not (home.postgres / "data").exists():  # later a lost key is put back from its copy, never replaced
            people.make_key(home.people_key)
        return cls(home, settings, Embedded.start(home.postgres, connections=settings.database_connections))

    def close(self) -> None:
        self.database.stop()

    def dsn(self, role: str = "clearing_reader") -> str:
        return self.database.dsn(role, DATABASE)

    @asynccontextmanager
    async def connected(self, role: str, database: str = DATABASE) -> AsyncIterator[Connection]:
        connection = await asyncpg.connect(self.database.dsn(role, database))
        try:
            yield connection
        finally:
            await connection.close()

    async def set_up(self) -> None:
        """The database and its roles; harmless when they are there."""
        async with self.connected(ADMIN, _MAINTENANCE) as admin:
            await migrate.make_database(admin, DATABASE)
        async with self.connected(ADMIN) as admin:
            await migrate.make_roles(admin, self.database.password_of)

    async def prepare(self, code: CaisseCode, *, at_us: int) -> Vault:
        """Schema, personal data's tables, views and vault of a caisse; what is there already stays.

        Raises CaisseTaken, and VaultClosed when the vault of a caisse that has a log is missing: it is never replaced.
        """
        schema = schema_of(code)
        async with self.connected(ADMIN) as admin:
            await migrate.install(admin, schema, code=code, at_us=at_us)
            await people.install(admin, schema)
            clerk = Queries.load("clearing", "people.sql", schema)["password_statement"]
            await admin.execute(await admin.fetchval(clerk, self.database.password_of(_CLERK)))
            await generations.install(admin, schema)
        folder = self.home.vault(code)
        async with self.reading(code) as log:
            empty = (await log.stored_head()).position == 0
        return Vault.create(folder) if empty and not folder.exists() else Vault.open(folder)

    async def codes(self) -> list[CaisseCode]:
        """Every caisse of this database, founded or being founded; none before the first set-up."""
        try:
            async with self.connected(ADMIN) as admin:
                return [CaisseCode(one.code) for one in await migrate.caisses(admin)]
        except (asyncpg.InvalidCatalogNameError, asyncpg.UndefinedTableError):
            return []

    @asynccontextmanager
    async def reading(self, code: CaisseCode) -> AsyncIterator[Reader]:
        """The log of a caisse, read only."""
        reader = await Reader.open(self.dsn(), schema_of(code))
        try:
            yield reader
        finally:
            await reader.close()

    @asynccontextmanager
    async def asking(self, code: CaisseCode) -> AsyncIterator[Questions]:
        """What the views show of a caisse."""
        async with self.connected("clearing_reader") as connection:
            yield Questions(connection, schema_of(code))

    @asynccontextmanager
    async def people_of(self, code: CaisseCode) -> AsyncIterator[People]:
        """The personal data of a caisse, unsealed with this home's key. Raises PeopleClosed."""
        async with self.connected(_CLERK) as connection:
            yield People(connection, schema_of(code), people.open_key(self.home.people_key))
