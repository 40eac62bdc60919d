"""Law: a caisse founded beside one that sells is served at once, by the processes that run; nobody's sale waits for it."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from clearing.events.codes import Code
from clearing.installation.adopting import NobodyServes, NotTakenIn, ask_to_take_in
from clearing.terminal.transport import HttpTransport
from clearing.values import CaisseCode
from tests.promises.installed import found_in, installed, spread
from tests.promises.test_spread_over_processes import sold
from tests.promises.tills import Heard, answered, exchanges, tills_of
from tests.promises.verdict import log_agrees

NEW = CaisseCode("val")
SILENCE_MAX_S = 5.0  # between two answers while a caisse is founded on the same cores; without a restart it is well below one


async def test_tills_go_on_selling_while_another_caisse_is_founded_and_taken_in(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    heard, closing = Heard(), asyncio.Event()
    async with installed(stalls=3, cards=4, cents_each=2_000_000) as place:
        async with spread(place.home) as running, AsyncExitStack() as stack:
            doors = [await stack.enter_async_context(HttpTransport(running.url)) for _ in range(2)]
            tills = tills_of(place.market, doors, heard, tmp_path, closing=closing, seed=5)
            working = asyncio.gather(*[till.work() for till in tills])
            await answered(heard, 30, working)
            before = running.pids()
            watching = asyncio.create_task(longest_silence_s(heard, closing))
            new = await found_in(place.installation, stalls=1, cards=1, cents_each=1_000, code=NEW, first_stall=50)
            began_s = time.monotonic()
            await ask_to_take_in(place.home, NEW)
            taken_s = time.monotonic() - began_s
            assert await sold(running, new, 1) is Code.APPROVED
            await answered(heard, len(heard.answers) + 30, working)
            closing.set()
            await working
            silence_s = await watching
            for till in tills:
                till.close()
            assert running.pids() == before, "no process was started again for it"
            await running.ready()
            os.kill(before["writer-1"], signal.SIGKILL)
            await running.ready()
            assert await sold(running, new, 2) is Code.APPROVED, "the writer's next life serves it too"
        await log_agrees(place.market, exchanges(heard, place.market))
    record_property("taken_in_s", round(taken_s, 2))
    record_property("longest_silence_s", round(silence_s, 2))
    assert silence_s < SILENCE_MAX_S


async def longest_silence_s(heard: Heard, closing: asyncio.Event) -> float:
    """Between two answers to any till."""
    longest_s, known, since_s = 0.0, len(heard.answers), time.monotonic()
    while not closing.is_set():
        await asyncio.sleep(0.002)
        longest_s = max(longest_s, time.monotonic() - since_s)
        if len(heard.answers) != known:
            known, since_s = len(heard.answers), time.monotonic()
    return longest_s


async def test_everything_in_one_process_takes_a_caisse_in_too() -> None:
    async with (
        installed(stalls=1, cards=1, cents_each=1_000) as place,
        spread(place.home, CLEARING_GATEWAY_PROCESSES="0") as running,
    ):
        new = await found_in(place.installation, stalls=1, cards=1, cents_each=1_000, code=NEW, first_stall=50)
        await ask_to_take_in(place.home, NEW)
        assert await sold(running, new, 1) is Code.APPROVED
        assert await sold(running, place.market, 1) is Code.APPROVED
        await ask_to_take_in(place.home, NEW)
        assert await sold(running, new, 2) is Code.APPROVED, "asked twice it is served once"


async def test_what_can_not_be_taken_in_harms_nobody_and_is_said() -> None:
    async with installed(stalls=1, cards=1, cents_each=1_000) as place:
        with pytest.raises(NobodyServes, match="start it with: clearing serve"):
            await ask_to_take_in(place.home, NEW)
        async with spread(place.home, CLEARING_DATABASE_CONNECTIONS="20") as running:
            await found_in(place.installation, stalls=1, cards=1, cents_each=1_000, code=NEW, first_stall=50)
            with pytest.raises(NotTakenIn, match="2 caisses need 24 connections"):
                await ask_to_take_in(place.home, NEW)
            with pytest.raises(NotTakenIn, match="must be 1 to 40 of a-z"):
                await ask_to_take_in(place.home, CaisseCode("No Such"))
            assert await sold(running, place.market, 1) is Code.APPROVED
