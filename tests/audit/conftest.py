"""Law: the audit is tried on a real server too: one for all of its tests, a fresh caisse with its views for each."""

from collections.abc import AsyncIterator, Iterator

import pytest

from clearing.postgres import Embedded
from clearing.projections.generations import install
from tests.living_caisse import Caisse, living_caisse
from tests.postgres_server import running_server


@pytest.fixture(scope="session")
def server() -> Iterator[Embedded]:
    with running_server() as running:
        yield running


@pytest.fixture
async def caisse(server: Embedded) -> AsyncIterator[Caisse]:
    """Founded, furnished, and with views that stand at the log's beginning."""
    async with living_caisse(server) as living:
        async with living.place.connection() as admin:
            await install(admin, living.schema)
        yield living
