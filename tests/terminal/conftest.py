from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from clearing.terminal.transport import HttpTransport
from tests.stall_world import World
from tests.terminal.links import Till, UncertainLink


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def link(world: World) -> AsyncIterator[UncertainLink]:
    """A till's way to a real door on the loopback, with a small writer behind it."""
    async with world.served() as address, HttpTransport(address, answer_timeout_s=30) as transport:
        yield UncertainLink(transport)


@pytest.fixture
async def till(link: UncertainLink, tmp_path: Path) -> AsyncIterator[Till]:
    till = Till(tmp_path / "till.sqlite", link)
    yield till
    till.switch_off()
