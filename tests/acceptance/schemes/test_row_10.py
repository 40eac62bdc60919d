"""Row 10, Collab Solidaire: a sponsor's euro is never spent outside its earmark, and each sponsor has a report that adds up."""

import random

import pytest
from hypothesis import given, settings, strategies as st

from clearing.cli.tracing import trace_text
from clearing.events.sales import SaleDecided
from clearing.rules.ledger.traced import State
from clearing.rules.voted.earmarks import allowed
from tests.acceptance.schemes.row_10 import SPONSORS, Spring, baskets, opened, reports, spring
from tests.acceptance.schemes.tracing import earmark
from tests.acceptance.schemes.village import Code, Village, line

pytestmark = pytest.mark.row(10)
STALLS = {"basket-farm": "social-center", "basket-garden": "residence"}
DAYS = ("2026-03-05 10:00:00", "2026-06-30 23:59:00", "2026-07-01 00:00:00", "2026-12-31 23:59:00", "2027-01-01 00:00:00")


def spent_inside(caisse: Village) -> int:
    """Shares of sponsors' funds in the log, each of which has to be inside its earmark as it is said directly."""
    found = 0
    for row, sale in zip(caisse.log.rows, caisse.log.events(), strict=True):
        if not isinstance(sale, SaleDecided):
            continue
        for share in sale.shares:
            if share.source.startswith("fund:"):
                bound, where = earmark(caisse, share.source[5:]), STALLS[sale.op.producer]
                category = sale.lines[share.line].category
                assert allowed(bound, category=category, places=[where], at_us=row.at_us), (share, bound)
                found += 1
    return found


def any_sale(caisse: Village, dice: random.Random) -> None:
    """Any goods at either structure, under or over what the sponsors have."""
    lines = [*baskets(dice.randint(1, 3))] if dice.random() < 0.7 else []
    lines += [line("vegetables", f"{dice.randint(1, 9)}.{dice.randint(0, 99):02}")] if dice.random() < 0.5 or not lines else []
    caisse.sell(dice.choice(list(STALLS)), dice.choice(("household-1", "household-2")), lines)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_sponsors_euro_is_never_spent_outside_its_structure_its_goods_and_its_months(seed: int) -> None:
    caisse, dice = opened(), random.Random(seed)
    caisse.sell("basket-farm", "household-1", baskets(1))
    caisse.sell("basket-garden", "household-2", baskets(1))
    for day in DAYS:
        caisse.at(day)
        for _ in range(dice.randint(1, 3)):
            any_sale(caisse, dice)
    assert spent_inside(caisse) >= 2
    for grant, found in reports(caisse).items():
        found.reconcile()
        assert found.spent_cents + found.cents(State.FREE) == found.received_cents
        assert found.cents(State.FREE) == caisse.free(SPONSORS[grant])


def test_no_charte_no_credit_and_no_transfer_leads_around_the_earmark() -> None:
    refused = spring().refused
    charte = refused["a charte that pays vegetables everywhere"]
    assert "take vegetables out of its covers (inside are basket)" in charte
    assert 'write where = ["social-center"]' in charte
    assert "write until = 2026-07-01T00:00:00" in charte
    assert "until 2026-07-01T00:00:00) and fund sponsor-bank is not" in refused["a transfer to the other sponsor's fund"]
    assert "binds this fund" in refused["loosening what binds it"]
    assert "what members added themselves" in refused["a credit among what a member added"]


def test_each_structure_has_its_own_price_and_the_producer_gets_all_of_it() -> None:
    lived = spring()
    assert lived.residence.paid_by() == {"residence": 600, "household-residence": 600}
    assert lived.other_goods.paid_by() == {"household-center": 350}
    assert lived.caisse.book.settlement.batches[lived.batch].closed.total_cents == 6_750  # type: ignore[index]


def test_worked_sale_5_two_baskets_at_12_00_with_a_household_price_of_4_00() -> None:
    lived = spring()
    assert lived.two.paid_by() == {"social-center": 1_600, "household-center": 800}
    assert (lived.two.card_cents, lived.two.left_cents) == (2_400, 0)


def test_a_sponsor_fund_with_9_50_carries_one_basket_and_the_till_says_so_before_capture() -> None:
    lived = spring()
    held = lived.asked.reply
    assert (held.rc, held.aa, held.al) == (Code.PARTIAL, 1_200, (1_200,))
    assert lived.asked.event.unsold_lines == (1_200,)
    assert lived.short.paid_by() == {"social-center": 800, "household-center": 400}


def test_after_the_sponsors_last_day_the_household_is_not_asked_for_its_part() -> None:
    lived = spring()
    assert lived.last.paid_by() == {"social-center": 800, "household-center": 400}
    assert lived.after.paid_by() == {"household-center": 400}
    assert (lived.after.card_cents, lived.after.left_cents) == (400, 800)


def test_the_report_of_each_sponsor_sums_from_what_was_promised_to_who_was_paid() -> None:
    lived: Spring = spring()
    found = reports(lived.caisse)
    mill, bank = found["mill-2026"], found["bank-2026"]
    assert (mill.promised_cents, mill.received_cents, mill.to_come_cents) == (6_000, 5_550, 450)
    assert (mill.cents(State.PAID), mill.cents(State.RETURNED), mill.cents(State.FREE)) == (3_200, 2_350, 0)
    assert (bank.received_cents, bank.cents(State.IN_BATCH), bank.cents(State.FREE)) == (4_000, 600, 3_400)
    told = trace_text(mill) + trace_text(bank)
    assert {row.producer for row in mill.rows() if row.sale} == {"basket-farm"}
    assert {row.category for one in found.values() for row in one.rows() if row.sale} == {"basket"}
    assert not any("household" in text for text in told)


async def test_the_log_of_the_sponsors_is_proved() -> None:
    lived = spring()
    assert (await lived.caisse.proved())["payable:grantor:mill-2026"] == 2_350
