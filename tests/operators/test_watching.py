"""Law: what operators see of money is what the views hold, to the cent and the second, and nothing of a person."""

import asyncio
import math
import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from clearing.exposition import read_exposition
from clearing.installation import watching
from clearing.installation.home import Home
from clearing.installation.watching import BookWatch, instant_us, keep_proof, proved
from clearing.telemetry import ALARMS, Telemetry
from clearing.values import CaisseCode
from tests.house.sources import python_files, text
from tests.projections.recording import ViewedCaisse
from tests.projections.test_questions import DAY, HOUR_US, JULY_1, TEN_US

CODE = CaisseCode("brume")
PARIS = ZoneInfo("Europe/Paris")


def shown(telemetry: Telemetry) -> dict[str, float]:
    """Name, with the state of a batch behind it, -> value."""
    return {
        name + (f" {labels['state']}" if "state" in labels else ""): value
        for name, labels, value in read_exposition(telemetry.exposition())
        if labels.get("caisse") == CODE
    }


async def test_money_that_waits_is_shown_with_its_age_and_the_ledger_is_zero(day: ViewedCaisse) -> None:
    telemetry = Telemetry()
    now_us = TEN_US + 400 * HOUR_US
    async with day.asked() as views:
        owed = sum(one.owed_cents for one in await views.owed())
        batches = await views.batches()
        await BookWatch(CODE, telemetry).show_money(views, now_us)
        first_us = await views.oldest_capture_after(batches[-1].up_to if batches else 0)
    said = shown(telemetry)
    assert said["clearing_unsettled_cents"] == owed
    assert said["clearing_ledger_imbalance_cents"] == 0
    assert said["clearing_oldest_unsettled_seconds"] == (0 if first_us is None else (now_us - first_us) // 1_000_000)
    assert sum(said[f"clearing_batches {state}"] for state in ("closed", "approved", "exported")) == len(batches)


async def test_the_oldest_capture_is_the_first_one_after_a_position(day: ViewedCaisse) -> None:
    async with day.asked() as views:
        sales = [row for row in reversed(await views.find_sales()) if row.captured_cents]
        assert len(sales) > 1
        assert await views.oldest_capture_after(0) == sales[0].at_us
        assert await views.oldest_capture_after(sales[0].position) == sales[1].at_us
        assert await views.oldest_capture_after(len(DAY)) is None


async def test_the_volume_is_what_a_summary_of_the_year_says_and_asks_for_new_days_only(day: ViewedCaisse) -> None:
    telemetry, today = Telemetry(), JULY_1 + timedelta(days=2)
    watch = BookWatch(CODE, telemetry)
    async with day.asked() as views:
        year = await views.summary(today - timedelta(days=364), today)
        for _ in range(2):
            await watch.show_volume(views, today)
            assert shown(telemetry)["clearing_volume_12_months_cents"] == year.captured_cents > 0
        await watch.show_volume(views, today + timedelta(days=365))
    assert shown(telemetry)["clearing_volume_12_months_cents"] == 0


@pytest.mark.parametrize(
    ("now", "expected", "silent"),
    [
        (datetime(2017, 7, 8, 23, 30, tzinfo=PARIS), 1, 1),  # a week later, nothing came
        (datetime(2017, 7, 8, 9, 0, tzinfo=PARIS), 0, 0),  # last week nobody had sold by this hour
        (datetime(2017, 7, 8, 0, 30, tzinfo=PARIS), 0, 0),  # an hour ago was yesterday
        (datetime(2017, 7, 7, 23, 30, tzinfo=PARIS), 0, 0),  # another weekday
    ],
)
async def test_a_terminal_is_silent_against_the_same_weekday(
    day: ViewedCaisse, now: datetime, expected: int, silent: int
) -> None:
    telemetry = Telemetry()
    async with day.asked() as views:
        await BookWatch(CODE, telemetry).show_terminals(views, now)
    said = shown(telemetry)
    assert (said["clearing_expected_terminals"], said["clearing_silent_terminals"]) == (expected, silent)


async def test_who_sold_today_is_not_silent(day: ViewedCaisse) -> None:
    async with day.asked() as views:
        late = datetime(2017, 7, 1, 23, 59, tzinfo=PARIS)
        assert len(await views.terminals_of(late.date(), instant_us(late))) == 1
        assert not await views.terminals_of(late.date(), instant_us(datetime(2017, 7, 1, 9, tzinfo=PARIS)))


def test_a_proof_is_remembered_and_a_broken_memory_is_none(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").make()
    assert proved(home, CODE) == (0, 0)
    keep_proof(home, CODE, 812, 1_700_000_000_000_000)
    assert proved(home, CODE) == (812, 1_700_000_000_000_000)
    home.proof(CODE).write_text("{}", encoding="utf-8")
    assert proved(home, CODE) == (0, 0)


def test_every_alarm_that_is_raised_is_one_that_begins_at_zero() -> None:
    raise_one = re.compile(r'(?:_alarm\(\s*|alarms\.labels\([\w.]+, )"(\w+)"')
    raised = {alarm for path in python_files("clearing/") for alarm in raise_one.findall(text(path))}
    assert raised == set(ALARMS), "name each alarm in telemetry.ALARMS, and what to do in docs/runbooks/AlarmRaised.md"


async def test_a_question_that_takes_too_long_is_given_up_and_its_figure_is_not_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watching, "DEAR_S", 0.01)
    telemetry, never = Telemetry(), asyncio.Event()

    async def endless() -> None:
        await never.wait()

    await BookWatch(CODE, telemetry)._within_reason(endless(), telemetry.silent_terminals)
    assert math.isnan(shown(telemetry)["clearing_silent_terminals"])
