"""Law: what is owed is closed, approved by another, exported, and paid or sent back."""

from typing import Final

from clearing.authoriser.verbs.order import Order, Result, Verb, one
from clearing.events.solidarity import producers_paid
from clearing.rules.answers import Declined
from clearing.rules.reductions import solidarity
from clearing.rules.stalls import settlement
from clearing.values import BatchId, ProducerId


def _close_batch(o: Order) -> Result:
    """Draws that wait for the day's close are shared first: the batch holds them."""
    book = o.book
    before = solidarity.decide_shared_with_batch(book.solidarity, book.funds)
    shared: dict[ProducerId, int] = {}
    for event in before:
        for producer, cents in producers_paid(event).items():
            shared[producer] = shared.get(producer, 0) + cents
    closed = settlement.decide_close(
        book.settlement, producers=book.producers.producers, calendar=book.caisse.calendar, closed_on=o.body.text("closed_on"),
        position=book.position + len(before), by=o.by, at_us=o.at_us, shared=shared,
    )
    return closed if isinstance(closed, Declined) else (*before, closed)


def _approve_batch(o: Order) -> Result:
    batch, execution_on = BatchId(o.body.number("batch", lowest=1)), o.body.text("execution_on")
    return one(settlement.decide_approve(
        o.book.settlement, batch=batch, execution_on=execution_on, calendar=o.book.caisse.calendar, by=o.by, at_us=o.at_us
    ))


def _export_batch(o: Order) -> Result:
    b = o.body
    batch, message_id, digest = BatchId(b.number("batch", lowest=1)), b.text("message_id"), b.bytes("file_sha256", 32)
    return one(settlement.decide_export(
        o.book.settlement, batch=batch, message_id=message_id, file_sha256=digest, by=o.by
    ))


def _confirm_payout(o: Order) -> Result:
    b = o.body
    batch, producer, reference = BatchId(b.number("batch", lowest=1)), ProducerId(b.id("producer")), b.text("reference")
    return one(settlement.decide_confirm(o.book.settlement, batch=batch, producer=producer, reference=reference, by=o.by))


def _return_payout(o: Order) -> Result:
    b = o.body
    batch, producer, reason = BatchId(b.number("batch", lowest=1)), ProducerId(b.id("producer")), b.text("reason")
    return one(settlement.decide_return(o.book.settlement, batch=batch, producer=producer, reason=reason, by=o.by))


VERBS: Final[dict[str, Verb]] = {
    "close_batch": _close_batch,
    "approve_batch": _approve_batch,
    "export_batch": _export_batch,
    "confirm_payout": _confirm_payout,
    "return_payout": _return_payout,
}
