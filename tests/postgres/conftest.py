"""Law: every database test passes on the embedded PostgreSQL and on a distribution's 15."""

from collections.abc import Iterator

import pytest

from clearing.postgres import Embedded
from tests.postgres_server import TestCaisse, fresh_caisse, running_server

SERVERS = ["embedded", pytest.param("debian15", marks=pytest.mark.debian("postgresql-15"))]


@pytest.fixture(scope="session", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Embedded]:
    with running_server(request.param) as running:
        yield running


@pytest.fixture
async def caisse(server: Embedded) -> TestCaisse:
    return await fresh_caisse(server)
