"""Law: who comes alone never waits for company; under load a group waits for the pace, and no longer."""

import asyncio

from clearing.authoriser.loop import Writer
from clearing.authoriser.pace import BUSY, Pace
from clearing.events.codes import Code
from clearing.wire.requests import Op
from tests.authoriser.asking import codes
from tests.authoriser.test_pipeline import APPLES, post, until
from tests.living_caisse import Caisse

SLOW_MS = 400


async def test_a_busy_group_holds_the_next_one_back_once() -> None:
    woken = asyncio.Event()
    pace = Pace(1, woken.set)
    pace.sent(BUSY)
    assert pace.holds
    await woken.wait()
    assert not pace.holds


async def test_small_groups_hold_nobody_back() -> None:
    pace = Pace(SLOW_MS, lambda: None)
    for requests in range(BUSY):
        pace.sent(requests)
        assert not pace.holds


async def test_no_pace_holds_nobody_back() -> None:
    pace = Pace(0, lambda: None)
    pace.sent(BUSY)
    assert not pace.holds


def slow(caisse: Caisse) -> Writer:
    """The same writer at a pace that a test can see."""
    caisse.writer._pace = Pace(SLOW_MS, caisse.writer._arrived.set)
    return caisse.writer


async def test_after_a_busy_group_the_next_waits_for_company_and_for_the_pace(caisse: Caisse) -> None:
    writer = slow(caisse)
    busy = await asyncio.gather(*post(caisse, *(caisse.asked(Op.SALE, APPLES) for _ in range(BUSY))))
    assert writer._pace.holds
    behind = post(caisse, caisse.asked(Op.SALE, APPLES))
    await until(lambda: len(writer._open) == 1)
    behind += post(caisse, caisse.asked(Op.SALE, APPLES))
    await until(lambda: len(writer._open) == 2)
    assert writer._pace.holds
    assert not writer._flies()
    assert codes([*busy, *await asyncio.gather(*behind)]) == [Code.APPROVED] * (BUSY + 2)
    assert not writer._pace.holds, "two are no busy group"


async def test_a_stop_loses_nobody_who_waits_for_the_pace(caisse: Caisse) -> None:
    slow(caisse)
    await asyncio.gather(*post(caisse, *(caisse.asked(Op.SALE, APPLES) for _ in range(BUSY))))
    behind = post(caisse, caisse.asked(Op.SALE, APPLES))
    await until(lambda: len(caisse.writer._open) == 1)
    caisse.writer.stop()
    assert codes(await asyncio.gather(*behind)) == [Code.APPROVED]
