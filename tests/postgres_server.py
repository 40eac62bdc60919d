"""Law: database tests run on a real server of their own, below the data folder of whoever runs them, and leave nothing.

running_server() starts one, fresh_caisse() founds a schema in it. Usable from any test that needs a database.
"""

import itertools
import os
import secrets
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import asyncpg

from clearing.event_store.connection import Connection
from clearing.event_store.migrate import PARTITION_POSITIONS, install, make_database, make_roles
from clearing.postgres import ADMIN, Embedded, default_home, find_postgres
from clearing.postgres.server import processes

DATABASE = "clearing"
_numbers = itertools.count(1)


@contextmanager
def running_server(wanted: str = "") -> Iterator[Embedded]:
    """A new server with an empty home; `wanted` as in find_postgres. Stopped and removed at the end."""
    home = default_home(f"test-{secrets.token_hex(6)}")
    try:
        with Embedded.start(home, binaries=find_postgres(wanted)) as server:
            yield server
            if processes(home / "data"):
                os.kill(server.pid, signal.SIGQUIT)  # no last checkpoint of files that go away at once
    finally:
        shutil.rmtree(home)


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCaisse:
    """An empty caisse in a running server."""

    __test__ = False  # not a class of tests

    server: Embedded
    schema: str

    def dsn(self, role: str = "clearing_writer", *, port: int = 0) -> str:
        """The role's URL; `port`: through a proxy on 127.0.0.1."""
        url = self.server.dsn(role, DATABASE, tcp=bool(port))
        return url.replace(f"port={self.server.port}", f"port={port}") if port else url

    @asynccontextmanager
    async def connection(self, role: str = ADMIN) -> AsyncIterator[Connection]:
        """A bare connection as that role."""
        connection = await asyncpg.connect(self.dsn(role))
        try:
            yield connection
        finally:
            await connection.close()


async def fresh_caisse(server: Embedded, *, partition_positions: int = PARTITION_POSITIONS) -> TestCaisse:
    """Found one more caisse; database and roles are made when missing."""
    number = next(_numbers)
    first = await asyncpg.connect(server.dsn(ADMIN, "postgres"))
    try:
        await make_database(first, DATABASE)
        await make_roles(first, server.password_of)
    finally:
        await first.close()
    caisse = TestCaisse(server=server, schema=f"caisse_test_{number}")
    async with caisse.connection() as admin:
        code = f"test-{number}"
        await install(admin, caisse.schema, code=code, at_us=0, partition_positions=partition_positions)
    return caisse
