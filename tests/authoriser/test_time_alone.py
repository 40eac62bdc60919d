"""Law: what time alone makes due happens without anybody asking, and no answer depends on whether it had happened yet."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date

import pytest

from clearing.events.codes import Code
from clearing.events.funds import CohortLapsed
from clearing.events.sales import HoldExpired, SaleDecided
from clearing.postgres import Embedded
from clearing.rules.calendar import CivilCalendar
from clearing.values import OperationId
from clearing.wire.replies import Reply
from clearing.wire.requests import Op
from tests.authoriser.asking import MEMBER, credit_cents, logged, logged_of, restart
from tests.living_caisse import AMINA, BRUNO, MAY_1, RATES, Caisse, charte_body, decision_body, living_caisse

PARIS = CivilCalendar("Europe/Paris")
JULY_1 = PARIS.start_us(date(2026, 7, 1))  # the credit of May can be spent until 30 June 23:59:59
MAY_9 = PARIS.start_us(date(2026, 5, 9))  # a hold of 1 May lasts until 8 May 23:59:59
SECOND_US = 1_000_000


Sweep = Callable[[], Awaitable[None]]


@pytest.fixture(params=[True, False], ids=["swept", "not swept"])
def sweep(request: pytest.FixtureRequest, caisse: Caisse) -> Sweep:
    """What the idle writer does by itself twice a second; in half of the tests it had no time to."""

    async def swept() -> None:
        if request.param:
            await caisse.writer.look_at_the_time()

    return swept


async def hold(caisse: Caisse) -> OperationId:
    request, reply = await caisse.sell({"fruit-veg": 2_000}, Op.AUTH)
    assert reply.rc is Code.APPROVED
    return request.x


async def capture(caisse: Caisse, x: OperationId, cents: int = 2_000) -> Reply:
    return (await caisse.sell({"fruit-veg": cents}, Op.CAP, original=x))[1]


async def test_credit_lapses_and_holds_expire_while_nobody_asks(caisse: Caisse) -> None:
    await hold(caisse)
    caisse.clock.us = JULY_1
    before = caisse.log.head.position
    await caisse.writer.look_at_the_time()
    assert [type(event) for event in await logged(caisse, before)] == [HoldExpired, CohortLapsed]
    assert credit_cents(caisse) == 0
    await caisse.writer.look_at_the_time()
    assert (await caisse.log.stored_head()).position == before + 2


async def test_the_idle_writer_sweeps_by_itself(caisse: Caisse) -> None:
    """Its own loop, woken by nobody: the end of the wait is the event in the log."""
    caisse.clock.us = JULY_1
    reader, head = await caisse.reader(), caisse.log.head.position
    async with asyncio.timeout(60):
        while (await reader.stored_head()).position == head:
            await asyncio.sleep(0)
    await reader.close()
    assert len(await logged_of(caisse, CohortLapsed)) == 1


async def test_credit_can_be_spent_until_its_last_second_and_no_longer(
    caisse: Caisse, sweep: Sweep
) -> None:
    caisse.clock.us = JULY_1 - SECOND_US
    await sweep()
    assert (await caisse.sell({"fruit-veg": 500}))[1].rc is Code.APPROVED
    caisse.clock.us = JULY_1
    await sweep()
    assert (await caisse.sell({"fruit-veg": 500}))[1].rc is Code.DECLINED
    assert (await logged_of(caisse, SaleDecided))[-1].code == Code.INSUFFICIENT_CREDIT
    [lapsed] = await logged_of(caisse, CohortLapsed)
    assert lapsed.cents == 14_500


async def test_a_hold_is_captured_until_its_last_second_and_no_longer(
    caisse: Caisse, sweep: Sweep
) -> None:
    in_time, late = await hold(caisse), await hold(caisse)
    caisse.clock.us = MAY_9 - SECOND_US
    await sweep()
    assert (await capture(caisse, in_time)).rc is Code.APPROVED
    caisse.clock.us = MAY_9
    await sweep()
    assert (await capture(caisse, late)).rc is Code.EXPIRED_OR_RESOLVED
    assert len(await logged_of(caisse, HoldExpired)) == 1
    assert credit_cents(caisse) == 15_000 - 2_000


async def test_the_cents_of_an_expired_hold_can_be_spent_at_once(
    caisse: Caisse, sweep: Sweep
) -> None:
    await caisse.sell({"fruit-veg": 15_000}, Op.AUTH)
    assert (await caisse.sell({"fruit-veg": 1}))[1].rc is Code.DECLINED
    caisse.clock.us = MAY_9
    await sweep()
    assert (await caisse.sell({"fruit-veg": 15_000}))[1].rc is Code.APPROVED


async def test_a_hold_whose_credit_lapsed_meanwhile_gives_nothing_back(
    caisse: Caisse, sweep: Sweep
) -> None:
    caisse.clock.us = JULY_1 - SECOND_US
    x = await hold(caisse)
    caisse.clock.us = JULY_1 + SECOND_US
    await sweep()
    assert (await caisse.sell({}, Op.REV, original=x))[1].rc is Code.APPROVED
    assert credit_cents(caisse) == 0
    assert caisse.writer.book.allocation.cohorts["monthly/2026-05"].left == 0


async def test_the_log_is_folded_to_the_same_book_with_and_without_a_sweep(server: Embedded) -> None:
    left = []
    for swept in (True, False):
        async with living_caisse(server) as caisse:
            await hold(caisse)
            for us in (MAY_9, JULY_1):
                caisse.clock.us = us
                if swept:
                    await caisse.writer.look_at_the_time()
            answers = [(await caisse.sell({"fruit-veg": 100}))[1].rc]
            running = caisse.writer.book
            await restart(caisse)
            folded = caisse.writer.book
            assert folded.position == running.position
            assert folded.funds == running.funds
            assert folded.members.members[MEMBER].purses == running.members.members[MEMBER].purses
            left.append((answers, folded.funds))
    assert left[0] == left[1]


async def test_a_charte_effective_at_midnight_separates_the_last_second_from_the_first(caisse: Caisse) -> None:
    midnight = PARIS.start_us(date(2026, 5, 2))
    assert (await caisse.command(AMINA, "record_decision", decision_body("ag-2026-05"))).rc is Code.APPROVED
    assert (await caisse.command(BRUNO, "approve_decision", {"decision": "ag-2026-05"})).rc is Code.APPROVED
    half = charte_body(2, "ag-2026-05", midnight, RATES | {"fruit-veg": 5_000})
    caisse.clock.us = MAY_1 + SECOND_US
    assert (await caisse.command(AMINA, "adopt_charte", half)).rc is Code.APPROVED
    caisse.clock.us = midnight - SECOND_US
    assert (await caisse.sell({"fruit-veg": 1_000}))[1].aa == 1_000
    caisse.clock.us = midnight
    assert (await caisse.sell({"fruit-veg": 1_000}))[1].aa == 500
    assert [event.charte_version for event in await logged_of(caisse, SaleDecided)] == [1, 2]
    late = await caisse.command(AMINA, "adopt_charte", charte_body(3, "ag-2026-05", midnight - SECOND_US, RATES))
    assert "can't take effect in the past" in late.why


async def test_a_hold_keeps_the_charte_that_decided_it(caisse: Caisse) -> None:
    midnight = PARIS.start_us(date(2026, 5, 2))
    await caisse.command(AMINA, "record_decision", decision_body("ag-2026-05"))
    await caisse.command(BRUNO, "approve_decision", {"decision": "ag-2026-05"})
    caisse.clock.us = MAY_1 + SECOND_US
    half = charte_body(2, "ag-2026-05", midnight, RATES | {"fruit-veg": 5_000})
    assert (await caisse.command(AMINA, "adopt_charte", half)).rc is Code.APPROVED
    x = await hold(caisse)
    caisse.clock.us = midnight + SECOND_US
    assert (await capture(caisse, x)).aa == 2_000


async def test_a_month_is_granted_once(caisse: Caisse) -> None:
    again = await caisse.command(AMINA, "grant", {"rule": "monthly", "period": "2026-05"})
    assert (again.rc, "nobody is credited twice" in again.why) == (Code.EXPIRED_OR_RESOLVED, True)
    await caisse.command(BRUNO, "admit_members", {"members": [{"member": "m-2", "groups": []}]})
    single: dict[str, object] = {"rule": "monthly", "period": "2026-05", "member": "m-2"}
    assert (await caisse.command(BRUNO, "grant_single", single)).rc is Code.APPROVED
    assert (await caisse.command(BRUNO, "grant_single", single)).rc is Code.EXPIRED_OR_RESOLVED
    assert (await caisse.command(BRUNO, "grant_single", single | {"member": "m-1"})).rc is Code.EXPIRED_OR_RESOLVED
