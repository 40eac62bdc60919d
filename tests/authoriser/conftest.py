"""Law: the writer is tested whole, on a real database; one server for all of its tests, a fresh caisse for each."""

from collections.abc import AsyncIterator, Iterator

import pytest

from clearing.audit import audit
from clearing.postgres import Embedded
from tests.living_caisse import SERVER_KEY, Caisse, living_caisse
from tests.postgres_server import running_server


@pytest.fixture(scope="session")
def server() -> Iterator[Embedded]:
    with running_server() as running:
        yield running


@pytest.fixture
async def caisse(server: Embedded) -> AsyncIterator[Caisse]:
    """Founded, furnished, and with 150.00 on its one card. Whatever a test did to it, its log passes the audit afterwards."""
    async with living_caisse(server) as living:
        yield living
        lines: list[str] = []
        report = await audit(living.log, report=lines.append, server_keys=[SERVER_KEY.public])
        assert report.ok, "\n".join(lines)
