"""Row 7, VRAC: one producer amount, three customer amounts, and a statement per landlord."""

import pytest

from tests.acceptance.schemes.row_02 import seen
from tests.acceptance.schemes.row_07 import landlords, saturday

pytestmark = pytest.mark.row(7)


def test_the_same_basket_at_three_tiers_is_three_customer_amounts_and_one_producer_amount() -> None:
    lived = saturday()
    paid = {member: 2_000 - lived.caisse.purse(member, "own") for member in lived.sold}
    assert paid == {"low": 502, "middle": 754, "full": 1_005, "south": 502}
    assert {done.card_cents for done in lived.sold.values()} == {1_005}
    line = lived.caisse.book.settlement.batches[lived.batch].closed.lines[0]  # type: ignore[index]
    assert (line.producer, line.captured_cents, line.paid_cents) == ("pop-up-grocery", 4_020, 4_020)


def test_the_tier_is_absent_from_what_the_terminal_gets() -> None:
    lived = saturday()
    assert len({seen(done) for done in lived.sold.values()}) == 1
    answers = b"".join(done.answer for done in lived.sold.values())
    assert not any(word in answers for word in (b"low", b"middle", b"landlord", b"tier"))


def test_each_landlord_has_a_statement_of_what_its_fund_carried() -> None:
    lived = saturday()
    assert landlords(lived.caisse) == {"fund:landlord-north": (2, 503 + 251), "fund:landlord-south": (1, 503)}
    assert lived.caisse.free("landlord-north") == 20_000 - 754
    assert lived.caisse.free("landlord-south") == 10_000 - 503


async def test_the_log_of_the_grocery_is_proved() -> None:
    lived = saturday()
    assert (await lived.caisse.proved())["payable:pop-up-grocery"] == 4_020
