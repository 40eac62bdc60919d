"""Law: whatever is killed, and whenever: what a terminal was told is in the log, once, in the very bytes it was told.

The writer's process dies by SIGKILL under load from several tills, now and then PostgreSQL with it or without it; what is
left is compared with the answers, with a naive model, with the log folded anew, and audited.
"""

import asyncio
import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from clearing.postgres import Embedded
from clearing.terminal.transport import HttpTransport
from tests.postgres_server import running_server
from tests.promises.book_digest import differing, digest_of
from tests.promises.market import Market, open_market
from tests.promises.tills import Heard, answered, exchanges, tills_of
from tests.promises.verdict import log_agrees
from tests.promises.writers import WriterProcess

KILLS = {"short": 6, "long": 50}[os.environ.get("CLEARING_PROMISES", "short")]
SEED = 9
STALLS, CARDS, CENTS_EACH = 6, 8, 2_500 * KILLS  # so that purses run dry before the end
ANSWERS_BETWEEN = (1, 60)
PATIENCE_S = 60


@pytest.fixture
def mortal_server() -> Iterator[Embedded]:
    """A server of its own: the others' tests must not see it die."""
    with running_server() as running:
        yield running


async def test_what_was_acknowledged_survives_kill_nine(
    mortal_server: Embedded, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    market = await open_market(mortal_server, stalls=STALLS, cards=CARDS, cents_each=CENTS_EACH)
    async with AsyncExitStack() as stack:
        round_of = Rounds(market=market, server=mortal_server, folder=tmp_path, stack=stack)
        writer = await round_of.start("first", 0)
        door = await stack.enter_async_context(HttpTransport(writer.url))
        closing = asyncio.Event()
        tills = tills_of(market, [door], round_of.heard, tmp_path, closing=closing, seed=SEED)
        working = asyncio.gather(*[till.work() for till in tills])
        for number in range(KILLS):
            writer = await round_of.kill(number, writer, working)
        await answered(round_of.heard, len(round_of.heard.answers) + 10, working)
        closing.set()
        decided = sum(await asyncio.wait_for(working, PATIENCE_S))
        told = await writer.stop()
        for till in tills:
            till.close()
    done = exchanges(round_of.heard, market)
    record_property("kills", KILLS)
    record_property("decided", decided)
    record_property("sent", round_of.heard.sent)
    assert len(done) == decided
    book = await log_agrees(market, done)
    assert told["position"] == book.position
    assert differing(told["book"], digest_of(book)) == []


@dataclass(kw_only=True)
class Rounds:
    """In each round the writer dies at a random moment of its work and another one takes its place on the same port."""

    market: Market
    server: Embedded
    folder: Path
    stack: AsyncExitStack
    heard: Heard = field(default_factory=Heard)
    dice: random.Random = field(default_factory=lambda: random.Random(SEED))

    async def start(self, name: str, port: int) -> WriterProcess:
        writer = await WriterProcess.start(self.market, self.folder, name=name, port=port, take_over=True)
        return await self.stack.enter_async_context(writer)

    async def kill(self, number: int, writer: WriterProcess, working: "asyncio.Future[list[int]]") -> WriterProcess:
        """SIGKILL for the writer; every third time PostgreSQL dies with it, and once in a while before it."""
        if number % 6 == 4:
            await self._at_some_moment(working)
            os.kill(self.server.pid, signal.SIGKILL)
            await asyncio.to_thread(_revive, self.server)
        await self._at_some_moment(working)
        if number % 3 == 2:
            os.kill(self.server.pid, signal.SIGKILL)
        await writer.kill()
        if number % 3 == 2:
            await asyncio.to_thread(_revive, self.server)
        return await self.start(f"writer-{number}", writer.port)

    async def _at_some_moment(self, working: "asyncio.Future[list[int]]") -> None:
        await answered(self.heard, len(self.heard.answers) + self.dice.randint(*ANSWERS_BETWEEN), working)
        await asyncio.sleep(0.01 * self.dice.random())  # else it would always die just after an answer


def _revive(server: Embedded) -> None:
    assert server.process is not None
    server.process.wait(PATIENCE_S)
    server.revive()
