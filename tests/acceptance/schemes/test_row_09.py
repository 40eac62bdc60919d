"""Row 9, P.A.N.I.E.R.S.: the fund's part stops on its end date and is never silently billed to the household."""

import pytest

from tests.acceptance.schemes.row_09 import season

pytestmark = pytest.mark.row(9)


def test_the_fund_part_stops_on_its_end_date_and_is_never_silently_billed_to_the_household() -> None:
    lived = season()
    assert lived.last.paid_by() == {"departement": 800, "household": 400}
    assert lived.after.paid_by() == {"household": 400}
    assert (lived.after.card_cents, lived.after.left_cents) == (400, 800)


def test_a_basket_that_the_fund_cannot_carry_is_not_sold_at_this_price() -> None:
    lived = season()
    assert lived.short.event.unsold_lines == (0, 1_200) or lived.short.event.unsold_lines == (1_200, 0)
    assert lived.short.paid_by() == {"departement": 800, "household": 400}


async def test_the_log_of_the_season_is_proved() -> None:
    lived = season()
    balances = await lived.caisse.proved()
    assert balances["payable:basket-farm"] == 3 * 1_200 + 400
