"""Row 11, the works council's purse: worked sale 4, and ceilings that count by civil day and year."""

import pytest

from tests.acceptance.schemes.row_11 import council_credit, year

pytestmark = pytest.mark.row(11)


def test_worked_sale_4_council_25_credit_10_own_5_then_own_12() -> None:
    lived = year()
    assert lived.first.paid_by() == {"council": 2_500, "credit": 1_000, "own-money": 500}
    assert lived.second.paid_by() == {"own-money": 1_200}


def test_the_council_purse_pays_baskets_and_nothing_else() -> None:
    lived = year()
    assert "council" not in lived.other_goods.paid_by()
    assert (lived.other_goods.card_cents, lived.other_goods.left_cents) == (300, 200)


def test_the_ceiling_of_the_year_ends_the_purse_before_its_money_does() -> None:
    lived = year()
    council = [done.paid_by().get("council", 0) for done in (lived.first, *lived.days)]
    assert council == [2_500] * 7 + [2_100, 0]
    assert sum(council) == 19_600
    assert lived.caisse.purse("worker", "council") == 30_000 - 19_600


def test_a_new_year_opens_the_ceiling_again() -> None:
    lived = year()
    lived.caisse.at("2027-01-02 09:00:00")
    council_credit(lived.caisse, "worker", 1_000)
    assert lived.caisse.sell("basket-maker", "worker", {"basket": "25.00"}).paid_by() == {"council": 2_500}
