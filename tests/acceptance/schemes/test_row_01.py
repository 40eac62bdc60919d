"""Row 1, the SSA card: what domain.md section 3 says that one sees."""

import pytest

from clearing.audit.sums import book_balances
from clearing.events.funds import AllocationGranted, MoneyReceived
from clearing.events.settlement import PayoutConfirmed
from clearing.rules.book import Book
from tests.acceptance.schemes.row_01 import month
from tests.acceptance.schemes.village import village

pytestmark = pytest.mark.row(1)


def test_the_monthly_credit_run_three_times_credits_each_member_once() -> None:
    caisse = village("01-ssa-card", "2026-05-02 08:00:00")
    caisse.receive("general", "3000.00")
    caisse.admit("m-1", "m-2", "m-3")
    caisse.order("grant", rule="monthly", period="2026-05")
    for _ in range(2):
        assert "nobody is credited twice" in caisse.refused("grant", rule="monthly", period="2026-05")
    assert "once" in caisse.refused("grant_single", rule="monthly", period="2026-05", member="m-2")
    assert [caisse.purse(one) for one in ("m-1", "m-2", "m-3")] == [15_000, 15_000, 15_000]
    assert len(caisse.events(AllocationGranted)) == 1


def test_a_vote_effective_on_1_june_separates_the_sale_of_23_59_from_that_of_midnight() -> None:
    lived = month()
    assert (lived.before.card_cents, lived.after.card_cents) == (700, 500)
    assert (lived.before.event.charte_version, lived.after.event.charte_version) == (1, 2)


def test_only_what_the_caisse_voted_is_paid_by_product_class_and_producer() -> None:
    lived = month()
    assert lived.basket.reply.al == (735, 874, 125, 0)
    assert (lived.basket.card_cents, lived.basket.left_cents) == (1_734, 955)
    lived.caisse.stall("soap-maker", categories=())
    assert lived.caisse.sell("soap-maker", "m-1", {"vegetables": "5.00"}).card_cents == 0


async def test_purses_funds_owed_and_paid_out_are_the_money_in_after_every_event() -> None:
    lived = month()
    lived.caisse.order("confirm_payout", batch=lived.batch, producer="market-garden", reference="bank line 7")
    book, money_in, paid_out = Book(), 0, 0
    for row, event in zip(lived.caisse.log.rows, lived.caisse.log.events(), strict=True):
        book.apply(event, row.position, row.at_us)
        money_in += event.cents if isinstance(event, MoneyReceived) else 0
        paid_out += event.cents if isinstance(event, PayoutConfirmed) else 0
        assert sum(book_balances(book).values()) + paid_out == money_in
    assert (money_in, paid_out) == (300_000, 2_934)
    assert sum((await lived.caisse.proved()).values()) == money_in - paid_out
