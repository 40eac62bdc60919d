"""Row 8, AMAP: two schedules, exact to the cent, whoever leaves; a lost crop moves no money."""

import pytest

from clearing.events.codes import Code
from clearing.events.contracts import FundPartWarned
from clearing.values import ContractId
from tests.acceptance.schemes.row_08 import DAYS, year

pytestmark = pytest.mark.row(8)


def test_instalments_are_exact_and_none_is_nothing() -> None:
    lived = year()
    assert sum("12.85 EUR" in one for one in lived.before) == 10
    assert "at most 5 instalments" in lived.refused


def test_the_producer_stops_at_week_30_of_50_and_each_household_is_even_to_the_cent() -> None:
    lived = year()
    ada, bela = lived.ends["c-ada"], lived.ends["c-bela"]
    assert (ada.consumed_cents, ada.back_household_cents, ada.cancelled) == (7_710, 2_570, (9, 10))
    assert (bela.back_household_cents, bela.due_household_cents) == (0, 1_285)
    assert lived.ends["c-chloe"].back_household_cents == 10_000 - 6_000


def test_a_tap_fetches_the_basket_and_a_lost_crop_moves_no_money() -> None:
    lived = year()
    assert (lived.fetched.reply.rc, lived.fetched.reply.aa) == (Code.APPROVED, None)
    assert "c-bela;bela;2 basket;50 %;" in lived.attendance
    assert lived.caisse.book.contracts.contracts[ContractId("c-ada")].outcomes == {DAYS[0]: "taken"}
    assert lived.caisse.account("purse:credit") == 0


def test_the_funds_part_stops_and_its_end_was_told() -> None:
    lived = year()
    [warned] = lived.caisse.events(FundPartWarned)
    assert (warned.until_on, warned.unfunded_cents) == ("2026-06-30", 4 * 643)
    assert lived.caisse.owed("hill-farm") == 6 * 643 - lived.ends["c-dora"].back_fund_cents


async def test_the_log_of_the_season_is_proved() -> None:
    lived = year()
    balances = await lived.caisse.proved()
    assert balances["owed:hill-farm"] == lived.caisse.owed("hill-farm")
