"""Law: one installation serves all tests of the console; each test makes the things it looks at."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.console.open_house import House, open_house


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("till")) as opened:
        yield opened
