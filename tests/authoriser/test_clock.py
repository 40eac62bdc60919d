"""Law: the log's time never follows a clock that jumped; until a person confirms the clock, nothing new is decided."""

import asyncio
from dataclasses import dataclass

import pytest

from clearing.authoriser.clock import STEP_MAX_US, WatchedClock
from clearing.authoriser.loop import Writer
from clearing.config import Settings
from clearing.event_store.log import Log
from clearing.events.caisse import ClockConfirmed
from clearing.events.codes import Code
from clearing.events.funds import CohortLapsed
from clearing.telemetry import Telemetry
from clearing.wire.requests import Op
from tests.authoriser.asking import ask, count, logged_of
from tests.living_caisse import AMINA, BRUNO, CODE, DAY_US, ROOT, SERVER_KEY, Caisse

APPLES = {"fruit-veg": 500}
HOUR_US = 3_600_000_000


@dataclass
class TwoClocks:
    """A wall clock that an administrator can set, beside one that nobody can."""

    wall_us: int
    monotonic: int = 77

    def now_us(self) -> int:
        return self.wall_us

    def monotonic_us(self) -> int:
        return self.monotonic

    def pass_us(self, us: int) -> None:
        self.wall_us += us
        self.monotonic += us


@pytest.fixture
async def clocks(caisse: Caisse) -> TwoClocks:
    """The caisse's writer, started anew under a clock whose two faces can disagree."""
    clocks = TwoClocks(caisse.clock.us + 1_000_000)
    await start_anew(caisse, clocks)
    return clocks


async def start_anew(caisse: Caisse, clocks: TwoClocks) -> None:
    caisse.writer.stop()
    await caisse.running
    await caisse.log.release()
    caisse.log = await Log.open(caisse.dsn, caisse.schema, writer="test", lease_s=60, now_us=clocks.now_us)
    caisse.writer = Writer(
        code=CODE, log=caisse.log, key=SERVER_KEY, root=ROOT, clock=clocks, directory=caisse.directory,
        telemetry=Telemetry(), settings=Settings(),
    )
    await caisse.writer.start()
    caisse.running = asyncio.create_task(caisse.writer.run())


async def log_time_us(caisse: Caisse) -> int:
    return (await caisse.log.stored_head()).at_us


@pytest.mark.parametrize("step_us", [HOUR_US, -HOUR_US, STEP_MAX_US + 1, -STEP_MAX_US - 1])
async def test_a_step_of_the_clock_is_answered_91_until_an_operator_confirms(
    caisse: Caisse, clocks: TwoClocks, step_us: int
) -> None:
    before, sale = clocks.wall_us, caisse.asked(Op.SALE, APPLES)
    clocks.wall_us += step_us
    head = caisse.log.head
    answer = await ask(caisse, sale)
    assert (answer.rc, answer.sq) == (Code.LEDGER_UNAVAILABLE, 0)
    assert answer.st == before // 1_000
    refused = await caisse.command(BRUNO, "admit_members", {"members": [{"member": "m-2", "groups": []}]})
    assert (refused.rc, "clock confirm" in refused.why) == (Code.LEDGER_UNAVAILABLE, True)
    assert await caisse.log.stored_head() == head
    assert count(caisse.writer._telemetry, "clearing_alarms_total", alarm="clock") == 1
    confirmed = await caisse.command(AMINA, "confirm_clock", {})
    assert (confirmed.rc, confirmed.out["step_us"]) == (Code.APPROVED, step_us)
    assert (await ask(caisse, sale)).rc is Code.APPROVED
    assert [event.step_us for event in await logged_of(caisse, ClockConfirmed)] == [step_us]


async def test_the_logs_time_goes_on_without_the_step_and_with_it_after_the_confirmation(
    caisse: Caisse, clocks: TwoClocks
) -> None:
    await caisse.sell(APPLES)
    before = await log_time_us(caisse)
    clocks.pass_us(1_000_000)
    clocks.wall_us += HOUR_US
    await caisse.command(AMINA, "confirm_clock", {})
    assert await log_time_us(caisse) == before + 1_000_000
    clocks.pass_us(1_000_000)
    await caisse.sell(APPLES)
    assert await log_time_us(caisse) == before + HOUR_US + 2_000_000


async def test_after_a_step_back_the_logs_time_still_rises(caisse: Caisse, clocks: TwoClocks) -> None:
    await caisse.sell(APPLES)
    before = await log_time_us(caisse)
    clocks.wall_us -= HOUR_US
    await caisse.command(AMINA, "confirm_clock", {})
    await caisse.sell(APPLES)
    assert await log_time_us(caisse) == before + 2


async def test_a_repeat_is_answered_from_the_store_while_the_clock_is_wrong(caisse: Caisse, clocks: TwoClocks) -> None:
    sale = caisse.asked(Op.SALE, APPLES)
    first = await caisse.writer.submit(sale)
    clocks.wall_us += HOUR_US
    assert await caisse.writer.submit(sale) == first


async def test_nothing_lapses_while_the_clock_is_wrong(caisse: Caisse, clocks: TwoClocks) -> None:
    clocks.wall_us += 90 * DAY_US
    assert (await caisse.sell(APPLES))[1].rc is Code.LEDGER_UNAVAILABLE
    await caisse.writer.look_at_the_time()
    assert not await logged_of(caisse, CohortLapsed)
    clocks.wall_us -= 90 * DAY_US
    assert (await caisse.command(AMINA, "confirm_clock", {})).rc is Code.APPROVED
    assert (await caisse.sell(APPLES))[1].rc is Code.APPROVED


async def test_nothing_lapses_by_the_other_clock_either_until_a_person_said_what_time_it_is(
    caisse: Caisse, clocks: TwoClocks
) -> None:
    clocks.wall_us += HOUR_US
    assert (await caisse.sell(APPLES))[1].rc is Code.LEDGER_UNAVAILABLE
    clocks.pass_us(90 * DAY_US)
    await caisse.writer.look_at_the_time()
    assert not await logged_of(caisse, CohortLapsed)
    assert (await caisse.command(AMINA, "confirm_clock", {})).rc is Code.APPROVED
    assert (await caisse.sell(APPLES))[1].rc is Code.DECLINED
    assert len(await logged_of(caisse, CohortLapsed)) == 1


async def test_only_an_operator_confirms_and_only_a_clock_that_stepped(caisse: Caisse, clocks: TwoClocks) -> None:
    idle = await caisse.command(AMINA, "confirm_clock", {})
    assert (idle.rc, "nothing to confirm" in idle.why) == (Code.NOT_ALLOWED_NOW, True)
    clocks.wall_us += HOUR_US
    assert (await caisse.command(BRUNO, "confirm_clock", {})).rc is Code.NOT_ALLOWED_NOW
    assert (await caisse.sell(APPLES))[1].rc is Code.LEDGER_UNAVAILABLE


def test_a_clock_that_drifts_is_followed() -> None:
    clocks = TwoClocks(1_000_000_000)
    watched = WatchedClock(clocks)
    for _ in range(10):
        clocks.pass_us(1_000_000)
        clocks.wall_us += STEP_MAX_US
        assert watched.now_us() == clocks.wall_us
    assert watched.step_us == 0


def test_a_clock_that_stepped_and_came_back_still_waits_for_a_person() -> None:
    clocks = TwoClocks(1_000_000_000)
    watched = WatchedClock(clocks)
    clocks.wall_us += HOUR_US
    assert watched.now_us() == 1_000_000_000
    clocks.wall_us -= HOUR_US
    assert watched.now_us() == 1_000_000_000
    assert watched.step_us != 0
    watched.confirm()
    assert watched.step_us == 0


async def test_a_clock_that_was_set_back_while_no_writer_ran_is_found_at_the_start(caisse: Caisse, clocks: TwoClocks) -> None:
    await caisse.sell(APPLES)
    before = await log_time_us(caisse)
    clocks.wall_us -= HOUR_US
    await start_anew(caisse, clocks)
    assert (await caisse.sell(APPLES))[1].rc is Code.LEDGER_UNAVAILABLE
    confirmed = await caisse.command(AMINA, "confirm_clock", {})
    assert (confirmed.rc, confirmed.out["step_us"]) == (Code.APPROVED, -HOUR_US)
    assert (await caisse.sell(APPLES))[1].rc is Code.APPROVED
    assert await log_time_us(caisse) == before + 2
