"""Law: operators' figures are tested on a real database; where a served caisse is needed, it is the one of the other rooms."""

from collections.abc import AsyncIterator, Iterator

import pytest

from clearing.postgres import Embedded
from tests.postgres_server import fresh_caisse, running_server
from tests.projections.recording import ViewedCaisse
from tests.projections.test_questions import DAY, HOUR_US, TEN_US


@pytest.fixture(scope="session")
def server() -> Iterator[Embedded]:
    with running_server("embedded") as running:
        yield running


@pytest.fixture
async def viewed(server: Embedded) -> AsyncIterator[ViewedCaisse]:
    """An empty caisse with its views set up."""
    caisse = await ViewedCaisse.founded(await fresh_caisse(server))
    yield caisse
    await caisse.close()


@pytest.fixture
async def day(viewed: ViewedCaisse) -> ViewedCaisse:
    """The worked day of the questions' tests: an event an hour from 10:00 on 1 July 2017."""
    await viewed.record(DAY, [TEN_US + i * HOUR_US for i in range(len(DAY))])
    await viewed.project()
    return viewed
