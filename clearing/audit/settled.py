"""Law: a batch holds all that was owed and nobody approves their own; a transfer is what the bank said of it, in full.

Checked against the book before the event, by the rules that its command was decided by.
"""

from collections.abc import Callable
from typing import Any, Final

from clearing.audit.findings import BadEvent
from clearing.events.joint import JointAgreed, PayoutsHandedOver
from clearing.events.settlement import (
    BatchApproved,
    BatchClosed,
    BatchEndorsed,
    BatchExported,
    PayoutAnswered,
    PayoutConfirmed,
    PayoutReleased,
    PayoutReturned,
    PayoutsWithdrawn,
)
from clearing.rules.answers import Declined
from clearing.rules.between import joint
from clearing.rules.book import Book
from clearing.rules.stalls.approving import decide_approve, stopped
from clearing.rules.stalls.payouts import Answer, PayoutState, Row, became, obstacle
from clearing.rules.stalls.settlement import BatchState, decide_reissue, line_of
from clearing.rules.voted.standing import joint_in_force, not_carried, payout_rules_in_force
from clearing.values import BatchId, CaisseCode


def _closed(event: BatchClosed, position: int, at_us: int, book: Book) -> None:
    if event.batch != len(book.settlement.batches) + 1 or sum(line.paid_cents for line in event.lines) != event.total_cents:
        raise BadEvent(position, "its number or its total is wrong")
    if event.reissue:
        _reissued(event, position, at_us, book)
        return
    owed = sorted(producer for producer, one in book.settlement.owed.items() if one.moved())
    if [line.producer for line in event.lines] != owed or event.up_to != position - 1:
        raise BadEvent(position, "it leaves out a producer to whom something is owed, or names one twice")
    rules, contested = payout_rules_in_force(book, at_us), book.contested()
    for line in event.lines:
        known = book.producers.producers.get(line.producer)
        right = line_of(
            line.producer, book.settlement.owed[line.producer], known.details_at(at_us) if known is not None else b"",
            held=line.producer in book.settlement.held, contested_cents=contested.get(line.producer, 0), rules=rules,
            closed_on=event.closed_on,
        )
        if line != (right if event.linked else right._replace(links=())):
            raise BadEvent(position, f"the line of {line.producer} does not net, or goes to other bank details")


def _reissued(event: BatchClosed, position: int, at_us: int, book: Book) -> None:
    again = decide_reissue(
        book.settlement, payouts=[(BatchId(link.batch), line.producer) for line in event.lines for link in line.links],
        producers=book.producers.producers, calendar=book.caisse.calendar, contested=book.contested(), by=event.by,
        at_us=at_us,
    )
    if again != event:
        why = again.why if isinstance(again, Declined) else "its lines are not what failed"
        raise BadEvent(position, f"it pays anew what it may not: {why}")


def _approved(event: BatchApproved | BatchEndorsed, position: int, at_us: int, book: Book) -> None:
    batch = book.settlement.batches.get(event.batch)
    if batch is None or batch.state is not BatchState.CLOSED:
        raise BadEvent(position, f"batch {event.batch} is not {BatchState.CLOSED}")
    if event.by == batch.closed.by:
        raise BadEvent(position, f"{event.by} closed batch {event.batch} and approved it too")
    again = decide_approve(
        book.settlement, batch=event.batch, execution_on=event.execution_on, calendar=book.caisse.calendar, by=event.by,
        at_us=at_us, producers=book.producers.producers, rules=payout_rules_in_force(book, at_us),
    )
    if again != event:
        why = again.why if isinstance(again, Declined) else "one approver was not enough, or two were not needed"
        raise BadEvent(position, f"batch {event.batch} could not be approved so: {why}")


def _exported(event: BatchExported, position: int, _at_us: int, book: Book) -> None:
    batch = book.settlement.batches.get(event.batch)
    if batch is None or batch.state is not BatchState.APPROVED:
        raise BadEvent(position, f"batch {event.batch} is not {BatchState.APPROVED}")
    declined = stopped(book.settlement, batch, book.producers.producers)
    if declined is not None:
        raise BadEvent(position, f"batch {event.batch} could not leave: {declined.why}")


def _paid(event: PayoutConfirmed | PayoutReturned, position: int, _at_us: int, book: Book) -> None:
    batch = book.settlement.batches.get(event.batch)
    payout = batch.payouts.get(event.producer) if batch is not None else None
    what = PayoutState.EXECUTED if isinstance(event, PayoutConfirmed) else PayoutState.RETURNED
    if payout is None or event.cents != payout.cents or obstacle(payout, what) is not None:
        raise BadEvent(position, f"batch {event.batch} has no such transfer to {event.producer} under way")


def _answered(event: PayoutAnswered, position: int, _at_us: int, book: Book) -> None:
    batch = book.settlement.batches.get(event.batch)
    payout = batch.payouts.get(event.producer) if batch is not None else None
    if batch is None or payout is None or batch.state is not BatchState.EXPORTED or event.cents != payout.cents:
        raise BadEvent(position, f"batch {event.batch} has no such transfer to {event.producer} under way")
    row = Row(event.producer, Answer(event.state), event.code, event.text, event.on, event.reference)
    if became(payout, row) != event.became:
        raise BadEvent(position, f"'{event.state}' does not make a transfer that is {payout.state} {event.became}")


def _withdrawn(event: PayoutsWithdrawn, position: int, _at_us: int, book: Book) -> None:
    batch = book.settlement.batches.get(event.batch)
    for one in event.payouts:
        payout = batch.payouts.get(one.producer) if batch is not None else None
        if payout is None or payout.state is not PayoutState.WAITING or payout.cents != one.cents:
            raise BadEvent(position, f"batch {event.batch} has no transfer to {one.producer} that waits")


def _handed_over(event: PayoutsHandedOver, position: int, at_us: int, book: Book) -> None:
    again = joint.decide_hand_over(
        joint_in_force(book, joint.HANDS_OVER, at_us), book.settlement, own=CaisseCode(book.caisse.code), batch=event.batch,
        today=book.caisse.calendar.day(at_us).isoformat(), by=event.by,
    )
    if event not in again:
        raise BadEvent(position, f"batch {event.batch} hands over what no agreement with {event.to} names")


def _joint_agreed(event: JointAgreed, position: int, at_us: int, book: Book) -> None:
    known = book.interchange.joint_proposed.get((event.other, event.role))
    agreed = None if known is None else joint.decide_agree(
        book.interchange, other=event.other, role=event.role, proposed=known.position, by=event.by
    )
    if agreed != event or not_carried(event, book.caisse, at_us) is not None:
        raise BadEvent(position, f"paying together with {event.other} needs two people who agree on the same")


def _released(event: PayoutReleased, position: int, _at_us: int, book: Book) -> None:
    proposed = book.settlement.releasing.get(event.producer)
    if proposed is None or event.by == proposed.by or proposed.by != event.proposed_by:
        raise BadEvent(position, f"releasing payments to {event.producer} needs two people")


Check = Callable[[Any, int, int, Book], None]
PROMISES: Final[dict[type, tuple[str, Check]]] = {
    BatchClosed: ("batches that hold all that was owed, or pay anew what failed", _closed),
    BatchEndorsed: ("batches approved by other people than closed them", _approved),
    BatchApproved: ("batches approved by other people than closed them", _approved),
    BatchExported: ("batches exported after their approval", _exported),
    PayoutConfirmed: ("payouts that the bank made or sent back, in full", _paid),
    PayoutReturned: ("payouts that the bank made or sent back, in full", _paid),
    PayoutAnswered: ("answers of the bank, by the written table", _answered),
    PayoutsWithdrawn: ("transfers withdrawn before they left", _withdrawn),
    PayoutsHandedOver: ("payouts handed over to another caisse under an agreement", _handed_over),
    JointAgreed: ("agreements to pay together, by two people", _joint_agreed),
    PayoutReleased: ("held payments released by two people", _released),
}
"""As in audit/offices.py."""
