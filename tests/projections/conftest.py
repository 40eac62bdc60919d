"""Law: the views pass on the embedded PostgreSQL and on a distribution's 15, by the roles of real life."""

from collections.abc import AsyncIterator, Iterator

import pytest

from clearing.postgres import Embedded
from tests.postgres_server import fresh_caisse, running_server
from tests.projections.recording import ViewedCaisse

SERVERS = ["embedded", pytest.param("debian15", marks=pytest.mark.debian("postgresql-15"))]


@pytest.fixture(scope="session", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Embedded]:
    with running_server(request.param) as running:
        yield running


@pytest.fixture
async def viewed(server: Embedded) -> AsyncIterator[ViewedCaisse]:
    """An empty caisse with its views set up."""
    caisse = await ViewedCaisse.founded(await fresh_caisse(server))
    yield caisse
    await caisse.close()
