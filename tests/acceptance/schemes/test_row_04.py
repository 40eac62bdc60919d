"""Row 4, baskets and a local unit: 2 + 7 = 9 to the producer, and gemmes that stay gemmes."""

import pytest

from tests.acceptance.schemes.row_04 import saturday

pytestmark = pytest.mark.row(4)


def test_two_and_seven_are_nine_to_the_producer() -> None:
    lived = saturday()
    assert lived.sold.paid_by() == {"household-price": 700, "own-money": 200}
    assert (lived.caisse.free("department"), lived.caisse.free("network")) == (9_600, 9_700)
    assert lived.caisse.account("payable:garden") == 900


def test_gemmes_move_and_no_euro_moves_with_them() -> None:
    lived = saturday()
    assert lived.gemmes == {"member:household": 2, "producer:garden": 4}
    before = dict(lived.caisse.ledger.balances)
    lived.caisse.order("take_back_unit", unit="gemme", pieces=4, holder="producer:garden", reference="end of May")
    assert lived.caisse.ledger.balances == before
    assert lived.caisse.book.units.units["gemme"].issued == 2


def test_no_gemme_can_be_charged_or_called_euro() -> None:
    caisse = saturday().caisse
    assert "holds 2" in caisse.refused("move_units", unit="gemme", moves=[
        {"giver": "member:household", "taker": "producer:garden", "pieces": 3, "reference": "too much"}
    ])  # fmt: skip
    assert "no euro behind it" in caisse.refused("open_unit", unit="eur", name="Euro")


async def test_the_log_of_both_ledgers_is_proved() -> None:
    assert (await saturday().caisse.proved())["payable:garden"] == 900
