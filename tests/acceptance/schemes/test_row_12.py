"""Row 12, El Cagette: what domain.md section 3 says that one sees. From one file in processes: test_founded_from_files.py."""

import pytest

from clearing.audit.sums import book_balances
from clearing.cli.opening import checked
from clearing.events.opening import OpeningAccepted
from clearing.values import InvalidValue
from tests.acceptance.schemes.page import statement_of
from tests.acceptance.schemes.row_12 import LIST, begun, opening_file
from tests.acceptance.schemes.village import village

pytestmark = pytest.mark.row(12)


async def test_a_running_caisse_goes_on_with_its_opening_balances_and_every_cent_is_proved() -> None:
    lived = begun()
    assert [done.card_cents for done in lived.sold] == [3_400, 2_000]
    assert lived.sold[1].paid_by() == {"reduced": 400, "credit": 1_600}
    balances = await lived.caisse.proved()
    assert balances == book_balances(lived.caisse.book)
    assert sum(balances.values()) == 121_000
    assert balances["purse:credit"] == 4_500 + 1_850 - 3_400 - 1_600
    assert balances["fund:tariffs"] == 20_000 - 400


def test_two_people_see_the_same_totals_and_only_one_of_them_is_not_enough() -> None:
    lived = begun()
    [accepted] = lived.caisse.events(OpeningAccepted)
    assert accepted.totals == (110_000, 6_350, 4_650, 121_000, 0, 0)
    assert any("in all, as at the bank" in line and "1 210.00 EUR" in line for line in lived.shown)


def test_a_list_that_the_bank_does_not_explain_names_the_line_and_what_is_missing() -> None:
    caisse = village("12-new-caisse", "2026-05-01 18:00:00")
    with pytest.raises(InvalidValue) as mistakes:
        checked(opening_file(caisse, LIST), caisse.book, caisse.clock.us)
    told = str(mistakes.value).splitlines()
    assert told[0] == "3 mistakes, so nothing was recorded:"
    assert [line.split(": ")[0].rsplit(" ", 1)[1] for line in told[1:]] == ["7", "13", "29"]
    assert "there is no member m-1" in told[1]


def test_the_shops_first_statement_has_what_was_sold_on_paper_and_here() -> None:
    lived = begun()
    said = statement_of(lived.caisse, "shop", lived.batch).decode("utf-8-sig")
    assert "46,50" in said
    assert "100,50" in said
