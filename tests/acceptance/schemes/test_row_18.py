"""Row 18, producers: the payout is captures less refunds, whatever is run again."""

from typing import Any

import pytest

from clearing.values import BatchId
from tests.acceptance.schemes.page import statement_of
from tests.acceptance.schemes.row_18 import week

pytestmark = pytest.mark.row(18)


def test_the_payout_is_captures_less_refunds_and_the_refunds_are_those_of_the_field() -> None:
    lived = week()
    assert (lived.refund.card_cents, lived.late_refund.card_cents) == (280, 594)
    first, second = (lived.caisse.book.settlement.batches[BatchId(one)].closed.lines[0] for one in lived.batches)
    assert (first.captured_cents, first.refunded_cents, first.paid_cents) == (874 + 1_400 + 830, 280, 2_824)
    assert (second.captured_cents, second.refunded_cents, second.paid_cents) == (2_100, 594, 1_506)
    assert first.paid_cents + second.paid_cents == sum(done.card_cents for done in lived.sold) - 280 - 594


def test_closing_and_exporting_again_pays_nothing_twice() -> None:
    lived = week()
    assert "nothing to settle" in lived.caisse.refused("close_batch", closed_on="2026-05-09")
    batch = lived.batches[1]
    same = lived.caisse.book.settlement.batches[BatchId(batch)].exported
    assert same is not None
    again: dict[str, Any] = {"batch": batch, "message_id": same.message_id, "file_sha256": same.file_sha256}
    assert "this is the same file" in lived.caisse.refused("export_batch", **again)
    assert "do not send it" in lived.caisse.refused("export_batch", **again | {"file_sha256": b"x" * 32})


def test_the_statement_is_at_gross_price_per_market_day_and_the_same_when_made_again() -> None:
    lived = week()
    first, again = (statement_of(lived.caisse, "dairy", lived.batches[0]) for _ in range(2))
    assert first == again
    said = first.decode("utf-8-sig")
    assert "02/05/2026;;Sous-total du jour;32,49;22,74;2,80;19,94" in said
    assert "Montant du virement;;;;28,24" in said


async def test_no_fee_is_taken_anywhere_the_books_hold_every_cent() -> None:
    lived = week()
    for batch in lived.batches:
        lived.caisse.order("confirm_payout", batch=batch, producer="dairy", reference=f"bank line {batch}")
    balances = await lived.caisse.proved()
    assert sum(balances.values()) + 2_824 + 1_506 == 200_000
    assert not any(account.startswith(("owed:", "payable:")) for account in balances)
