"""Law: one caisse, one writer: a second process is refused by name while the lease runs; told to take over it fences the first,
which says so, ends, and leaves nothing twice.
"""

import asyncio
import os
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from clearing.postgres import Embedded
from clearing.terminal.transport import HttpTransport
from tests.promises.market import open_market
from tests.promises.tills import Heard, answered, exchanges, tills_of
from tests.promises.verdict import log_agrees
from tests.promises.writer_process import NOT_THE_WRITER
from tests.promises.writers import Refused, WriterProcess, free_port

TAKE_OVERS = {"short": 3, "long": 25}[os.environ.get("CLEARING_PROMISES", "short")]
STALLS, CARDS, CENTS_EACH = 4, 6, 60_000
PATIENCE_S = 120


async def test_a_second_writer_is_refused_by_name_and_the_first_goes_on(server: Embedded, tmp_path: Path) -> None:
    market = await open_market(server, stalls=1, cards=1, cents_each=1_000)
    async with await WriterProcess.start(market, tmp_path, name="anna") as first:
        with pytest.raises(Refused, match=r"written by anna, whose lease runs until .*--take-over") as refused:
            await WriterProcess.start(market, tmp_path, name="bela")
        assert refused.value.code == NOT_THE_WRITER
        assert first.process.poll() is None
        await first.stop()
    async with await WriterProcess.start(market, tmp_path, name="bela") as second:
        await second.stop()


async def test_writers_that_take_over_from_each_other_under_load_write_nothing_twice(
    server: Embedded, tmp_path: Path
) -> None:
    market = await open_market(server, stalls=STALLS, cards=CARDS, cents_each=CENTS_EACH)
    heard, closing, ports = Heard(), asyncio.Event(), (free_port(), free_port())
    async with AsyncExitStack() as stack:
        writer = await WriterProcess.start(market, tmp_path, name="writer-0", port=ports[0])
        await stack.enter_async_context(writer)
        doors = [await stack.enter_async_context(HttpTransport(f"http://127.0.0.1:{port}")) for port in ports]
        tills = tills_of(market, doors, heard, tmp_path, closing=closing, seed=2)
        working = asyncio.gather(*[till.work() for till in tills])
        for turn in range(1, TAKE_OVERS + 1):
            await answered(heard, len(heard.answers) + 25, working)
            old, name = writer, f"writer-{turn}"
            writer = await WriterProcess.start(market, tmp_path, name=name, port=ports[turn % 2], take_over=True)
            await stack.enter_async_context(writer)
            assert await old.ended() == NOT_THE_WRITER
            assert f"{name} took over this caisse" in old.said()
        await answered(heard, len(heard.answers) + 25, working)
        closing.set()
        await asyncio.wait_for(working, PATIENCE_S)
        await writer.stop()
        for till in tills:
            till.close()
    await log_agrees(market, exchanges(heard, market))
