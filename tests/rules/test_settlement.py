"""Every captured cent is in exactly one batch, net per producer; the rest is carried, what comes back is owed anew."""

import pytest

from clearing.events.settlement import BatchClosed, BatchLine
from clearing.rules.answers import BrokenBook, Declined
from clearing.rules.stalls import answering
from clearing.values import BatchId, Cents, ProducerId
from clearing.wire.requests import Request
from tests.given_when_then import Story, given
from tests.sayings import (
    AMINA,
    BRUNO,
    DAIRY,
    GARDEN,
    MARKET,
    Decide,
    Till,
    approve,
    close,
    credit,
    export,
    line,
    producer,
    sent_back,
)

RICH = (*MARKET, *producer(DAIRY), credit(50_000))


def confirm(batch: int = 1, owner: ProducerId = GARDEN) -> Decide:
    return lambda book, _at: answering.decide_confirm(
        book.settlement, batch=BatchId(batch), producer=owner, reference="bank line", by=AMINA
    )


def sold(*cents: int) -> tuple[Story, Till, list[Request]]:
    """A story with one sale of vegetables per amount."""
    till, story, sales = Till(), given(*RICH), list[Request]()
    for amount in cents:
        sales.append(till.sale(line("veg", amount)))
        story.when(sales[-1], till.tap()).then("00")
    return story, till, sales


def lines_of(story: Story) -> dict[str, BatchLine]:
    assert isinstance(story.last, BatchClosed), story.last
    return {one.producer: one for one in story.last.lines}


def why(story: Story) -> str:
    assert isinstance(story.last, Declined), story.last
    return story.last.why


def test_a_batch_nets_captures_and_refunds_and_freezes_them() -> None:
    story, till, (first, _) = sold(1_000, 500)
    story.when(till.refund(first, line("veg", 300))).when(close("2026-05-01"))
    garden = lines_of(story)[GARDEN]
    assert (garden.captured_cents, garden.refunded_cents, garden.carried_cents, garden.net_cents, garden.paid_cents) == (
        1_500, 300, 0, 1_200, 1_200)  # fmt: skip
    assert story.account(f"owed:{GARDEN}") == 0
    assert story.account(f"payable:{GARDEN}") == 1_200


def test_an_undone_sale_is_in_no_batch() -> None:
    story, till, (first, _) = sold(1_000, 500)
    story.when(till.reverse(first)).when(close("2026-05-01"))
    assert (lines_of(story)[GARDEN].captured_cents, lines_of(story)[GARDEN].refunded_cents) == (500, 0)


def test_two_batches_share_no_cent() -> None:
    story, till, _ = sold(1_000)
    story.when(close("2026-05-01")).when(till.sale(line("veg", 70)), till.tap()).when(close("2026-05-01"))
    assert (story.last.batch, lines_of(story)[GARDEN].captured_cents) == (2, 70)  # type: ignore[union-attr]
    assert "nothing to settle" in why(story.when(close("2026-05-01")))


def test_refunds_beyond_sales_are_carried_into_the_next_batch() -> None:
    story, till, (first,) = sold(1_000)
    story.when(close("2026-05-01")).when(till.refund(first, line("veg", 400))).when(close("2026-05-01"))
    garden = lines_of(story)[GARDEN]
    assert (garden.net_cents, garden.paid_cents) == (-400, 0)
    assert story.account(f"owed:{GARDEN}") == -400
    story.when(till.sale(line("veg", 1_000)), till.tap()).when(close("2026-05-01"))
    garden = lines_of(story)[GARDEN]
    assert (garden.carried_cents, garden.net_cents, garden.paid_cents) == (-400, 600, 600)


def test_a_producer_without_bank_details_is_carried_until_there_are_some() -> None:
    till = Till()
    bank = producer()[2:]
    story = given(*[event for event in RICH if event not in bank]).when(till.sale(line("veg", 900)), till.tap())
    story.when(close("2026-05-01"))
    assert (lines_of(story)[GARDEN].net_cents, lines_of(story)[GARDEN].paid_cents) == (900, 0)
    story.and_given(*bank).when(close("2026-05-01"))
    garden = lines_of(story)[GARDEN]
    assert (garden.captured_cents, garden.carried_cents, garden.paid_cents) == (0, 900, 900)


def test_a_day_is_closed_when_it_has_come_and_not_before() -> None:
    story, _, _ = sold(100)
    assert "has not come yet" in why(story.when(close("2026-05-02")))
    story.when(close("2026-05-01")).then("00", closed_on="2026-05-01", up_to=story.book.position - 1)


def test_who_closes_a_batch_does_not_approve_it() -> None:
    story, _, _ = sold(100)
    story.when(close("2026-05-01", by=BRUNO))
    assert "ask another person" in why(story.when(approve("2026-05-04", by=BRUNO)))
    story.when(approve("2026-05-04", by=AMINA)).then("00")
    assert "approved already" in why(story.when(approve("2026-05-04", by=AMINA)))


@pytest.mark.parametrize("batch", [2, 3])
def test_a_batch_that_is_not_there_is_neither_approved_nor_exported(batch: int) -> None:
    story, _, _ = sold(100)
    story.when(close("2026-05-01"))
    assert "`clearing batches` lists them" in why(story.when(approve("2026-05-04", batch=batch)))
    assert "`clearing batches` lists them" in why(story.when(export(batch=batch)))


def test_the_bank_does_not_pay_in_the_past() -> None:
    story, _, _ = sold(100)
    story.when(close("2026-05-01"))
    assert "in the past" in why(story.when(approve("2026-04-30")))
    story.when(approve("2026-05-01")).then("00")


def test_a_batch_is_exported_after_approval_once_and_as_the_same_bytes() -> None:
    story, _, _ = sold(100)
    story.when(close("2026-05-01"))
    assert "not approved yet" in why(story.when(export()))
    story.when(approve("2026-05-04")).when(export()).then("00")
    assert "this is the same file" in why(story.when(export()))
    assert "do not send it" in why(story.when(export(b"g" * 32)))


def test_a_payout_is_confirmed_once_and_only_after_export() -> None:
    story, _, _ = sold(100)
    story.when(close("2026-05-01")).when(approve("2026-05-04"))
    assert "not exported yet" in why(story.when(confirm()))
    story.when(export()).when(confirm()).then("00", cents=100)
    assert "already" in why(story.when(confirm()))
    assert "no transfer" in why(story.when(confirm(owner=DAIRY)))
    assert (story.account("bank"), story.account(f"payable:{GARDEN}")) == (-1_000_000 + 100, 0)


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_returned_payout_is_owed_again_and_paid_by_the_next_batch(confirmed: bool) -> None:
    story, _, _ = sold(1_000)
    story.when(close("2026-05-01")).when(approve("2026-05-04")).when(export())
    if confirmed:
        story.when(confirm()).then("00")
    story.when(sent_back()).then("00", cents=1_000)
    assert "came back before" in why(story.when(sent_back()))
    assert (story.account(f"owed:{GARDEN}"), story.account("bank")) == (1_000, -1_000_000)
    story.when(close("2026-05-01"))
    assert (lines_of(story)[GARDEN].carried_cents, lines_of(story)[GARDEN].paid_cents) == (1_000, 1_000)


def test_each_payee_of_one_delivery_has_a_line_of_its_own() -> None:
    till, story = Till(), given(*RICH)
    story.when(till.sale(line("veg", 300), line("veg", 200, payee=DAIRY)), till.tap()).when(close("2026-05-01"))
    assert {name: one.paid_cents for name, one in lines_of(story).items()} == {GARDEN: 300, DAIRY: 200}
    assert list(lines_of(story)) == sorted(lines_of(story))


def test_the_book_itself_refuses_a_batch_that_does_not_hold_what_is_owed() -> None:
    story, _, _ = sold(1_000)
    wrong = BatchLine(
        producer=GARDEN, captured_cents=Cents(999), refunded_cents=Cents(0), carried_cents=0, net_cents=999,
        paid_cents=Cents(999), details=b"",
    )  # fmt: skip
    closed = story.when(close("2026-05-01")).last
    assert isinstance(closed, BatchClosed)
    fresh, _, _ = sold(1_000)
    with pytest.raises(BrokenBook, match="does not hold what is owed"):
        fresh.and_given(BatchClosed(
            batch=BatchId(1), closed_on="2026-05-01", up_to=closed.up_to, lines=(wrong,), total_cents=Cents(999), by=AMINA
        ))
