"""Law: what binds the people who command: two for what leaves and for who commands, credit once, batches complete.

Checked against the book before the event; the fold itself refuses the rest.
"""

from typing import Final

from clearing.audit.findings import BadEvent, Checked
from clearing.events.caisse import CharteAdopted, PersonNamed
from clearing.events.catalogue import Event
from clearing.events.funds import AllocationDeclined, AllocationGranted, CohortLapsed, LotLapsed, SingleGranted
from clearing.events.opening import OpeningAccepted
from clearing.events.producers import BankDetailsApproved
from clearing.events.settlement import BatchApproved, BatchClosed, BatchExported, PayoutConfirmed, PayoutReturned
from clearing.rules.book import Book
from clearing.rules.settlement import BatchState, PayoutState


def check_office(event: Event, position: int, at_us: int, book: Book, checked: Checked) -> None:
    """Raises BadEvent. book: before the event."""
    promise = _PROMISES.get(type(event))
    if promise is None:  # nearly every event of a log is a sale
        return
    match event:
        case PersonNamed():
            _named(event, position, book)
        case BankDetailsApproved():
            proposed = book.producers.producers[event.producer].proposed
            if proposed is None or proposed.by == event.by or proposed.details != event.details:
                raise BadEvent(position, "bank details need two people, and the approved ones must be those proposed")
        case CharteAdopted():
            if event.charte.decision not in book.caisse.decisions:
                raise BadEvent(position, f"charte {event.charte.version} stands on no recorded decision")
        case AllocationGranted() | AllocationDeclined() | SingleGranted() | CohortLapsed() | LotLapsed():
            _credit(event, position, at_us, book)
        case OpeningAccepted():
            _opened(event, position, book)
        case BatchClosed():
            _closed(event, position, at_us, book)
        case BatchApproved() | BatchExported():
            _approved(event, position, book)
        case PayoutConfirmed() | PayoutReturned():
            _paid(event, position, book)
        case _:
            raise AssertionError(f"{type(event).__name__} has a promise and nothing that checks it")
    checked.add(promise)


_PROMISES: Final[dict[type, str]] = {
    PersonNamed: "officers named by two people, or at the founding",
    BankDetailsApproved: "bank details accepted by two people",
    CharteAdopted: "chartes that stand on a recorded vote",
    AllocationGranted: "grants, each once, with head count and total recounted",
    AllocationDeclined: "grants that their fund could not carry, given to nobody",
    SingleGranted: "single grants that fill a gap once",
    CohortLapsed: "lapses, each at its time",
    LotLapsed: "lapses, each at its time",
    OpeningAccepted: "opening balances that two people read alike and that the bank explains",
    BatchClosed: "batches that hold all that was owed",
    BatchApproved: "batches approved by another person than closed them",
    BatchExported: "batches exported after their approval",
    PayoutConfirmed: "payouts that the bank made or sent back, in full",
    PayoutReturned: "payouts that the bank made or sent back, in full",
}


def _named(event: PersonNamed, position: int, book: Book) -> None:
    if not event.named_by:
        if position != len(book.caisse.persons) + 2:  # the founding's first event is the caisse itself, then come the persons
            raise BadEvent(position, f"{event.person} was named by nobody, which only the founding may do")
        return
    proposal = book.caisse.proposed.get(event.person)
    proposer, confirmer = event.named_by[0], event.named_by[-1]
    if confirmer in (proposer, event.person) or proposal is None or proposal.by != proposer:
        raise BadEvent(position, f"naming {event.person} needs one who proposes and another one who confirms")
    if (proposal.key, proposal.roles) != (event.key, event.roles):
        raise BadEvent(position, f"{event.person} was named with another key or other roles than proposed")


Credit = AllocationGranted | AllocationDeclined | SingleGranted | CohortLapsed | LotLapsed


def _credit(event: Credit, position: int, at_us: int, book: Book) -> None:
    match event:
        case AllocationGranted():
            heads = book.members.head_count(event.who)
            if heads != event.head_count or heads * event.cents_each != event.total_cents:
                raise BadEvent(position, f"it credits {event.head_count} heads with {event.total_cents} cents, not {heads}")
        case AllocationDeclined():
            if event.need_cents <= event.cover_cents:
                raise BadEvent(position, "the fund could have carried it")
        case SingleGranted():
            cohort = book.allocation.cohorts.get(f"{event.rule}/{event.period}")
            member = book.members.members[event.member]
            if cohort is None or cohort.reached(member) or event.member in cohort.had or event.cents != cohort.cents_each:
                raise BadEvent(position, f"{event.member} had this credit before, or another amount was granted")
        case CohortLapsed() | LotLapsed():
            expires_us = book.allocation.lot_expires_us(event.lot)
            if expires_us is None or expires_us > at_us:
                raise BadEvent(position, f"lot {event.lot} lapsed before its time")


def _opened(event: OpeningAccepted, position: int, book: Book) -> None:
    proposed = book.opening.proposed
    if proposed is None or proposed.by == event.by or (proposed.digest, proposed.totals) != (event.digest, event.totals):
        raise BadEvent(position, "opening balances need two people, and the accepted ones must be those proposed")
    purses, owed = sum(lot.cents for lot in event.lots), sum(debt.cents for debt in event.debts)
    free = sum(fund.received_cents - fund.engaged_cents for fund in event.funds)
    if event.totals != (free, purses, owed, free + purses + owed):
        raise BadEvent(position, "its rows do not add up to the totals that two people compared")
    if book.operations.kept:
        raise BadEvent(position, "opening balances came after the first sale")


def _closed(event: BatchClosed, position: int, at_us: int, book: Book) -> None:
    owed = sorted(
        producer for producer, one in book.settlement.owed.items()
        if one.captured_cents or one.refunded_cents or one.carried_cents
    )
    if [line.producer for line in event.lines] != owed or event.up_to != position - 1:
        raise BadEvent(position, "it leaves out a producer to whom something is owed, or names one twice")
    if event.batch != len(book.settlement.batches) + 1 or sum(line.paid_cents for line in event.lines) != event.total_cents:
        raise BadEvent(position, "its number or its total is wrong")
    for line in event.lines:
        known = book.producers.producers.get(line.producer)
        details = known.details_at(at_us) if known is not None else b""
        net = line.captured_cents - line.refunded_cents + line.carried_cents
        if line.net_cents != net or line.details != details or line.paid_cents != (net if net > 0 and details else 0):
            raise BadEvent(position, f"the line of {line.producer} does not net, or goes to other bank details")


def _approved(event: BatchApproved | BatchExported, position: int, book: Book) -> None:
    batch = book.settlement.batches.get(event.batch)
    wanted = BatchState.CLOSED if isinstance(event, BatchApproved) else BatchState.APPROVED
    if batch is None or batch.state is not wanted:
        raise BadEvent(position, f"batch {event.batch} is not {wanted}")
    if isinstance(event, BatchApproved) and event.by == batch.closed.by:
        raise BadEvent(position, f"{event.by} closed batch {event.batch} and approved it too")


def _paid(event: PayoutConfirmed | PayoutReturned, position: int, book: Book) -> None:
    batch = book.settlement.batches.get(event.batch)
    line = next((one for one in batch.closed.lines if one.producer == event.producer), None) if batch is not None else None
    state = batch.payouts.get(event.producer) if batch is not None else None
    once = state is PayoutState.INSTRUCTED if isinstance(event, PayoutConfirmed) else state in (
        PayoutState.INSTRUCTED, PayoutState.CONFIRMED)  # fmt: skip
    if line is None or not once or event.cents != line.paid_cents:
        raise BadEvent(position, f"batch {event.batch} has no such transfer to {event.producer} under way")
