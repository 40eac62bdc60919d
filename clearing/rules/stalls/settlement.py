"""Law: every captured cent is in exactly one batch; who closes does not approve; what the bank returned is owed again."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from clearing.events.settlement import (
    BatchApproved,
    BatchClosed,
    BatchExported,
    BatchLine,
    PayoutConfirmed,
    PayoutReturned,
)
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now
from clearing.rules.calendar import CivilCalendar, civil_date
from clearing.rules.stalls.producers import Producer
from clearing.values import BatchId, Cents, PersonId, Position, ProducerId

_NOTHING_SHARED: Final[Mapping[ProducerId, int]] = MappingProxyType({})


class BatchState(StrEnum):
    CLOSED = "closed"
    APPROVED = "approved"
    EXPORTED = "exported"


class PayoutState(StrEnum):
    INSTRUCTED = "instructed"
    CONFIRMED = "confirmed"
    RETURNED = "returned"


@dataclass(slots=True)
class Owed:
    """Since the last batch: captured and refunded cents, given: cash taken for funds; carried: what earlier batches left, may
    be below zero."""

    captured_cents: int = 0
    refunded_cents: int = 0
    carried_cents: int = 0
    given_cents: int = 0

    def net_cents(self) -> int:
        return self.captured_cents - self.refunded_cents - self.given_cents + self.carried_cents


@dataclass(slots=True)
class Batch:
    closed: BatchClosed
    state: BatchState = BatchState.CLOSED
    approved: BatchApproved | None = None
    exported: BatchExported | None = None
    payouts: dict[ProducerId, PayoutState] = field(default_factory=dict)


@dataclass(slots=True)
class Settlement:
    owed: dict[ProducerId, Owed] = field(default_factory=dict)
    batches: dict[BatchId, Batch] = field(default_factory=dict)
    settled_up_to: int = 0

    def owed_to(self, producer: ProducerId) -> Owed:
        return self.owed.setdefault(producer, Owed())


def evolve_closed(settlement: Settlement, event: BatchClosed) -> None:
    for line in event.lines:
        owed = settlement.owed_to(line.producer)
        if (owed.captured_cents, owed.refunded_cents, owed.carried_cents, owed.given_cents) != (
            line.captured_cents, line.refunded_cents, line.carried_cents, line.given_cents,
        ):
            raise BrokenBook(f"batch {event.batch} does not hold what is owed to {line.producer}")
        owed.captured_cents = owed.refunded_cents = owed.given_cents = 0
        owed.carried_cents = line.net_cents - line.paid_cents
    settlement.batches[event.batch] = Batch(closed=event)
    settlement.settled_up_to = event.up_to


def evolve_approved(settlement: Settlement, event: BatchApproved) -> None:
    batch = settlement.batches[event.batch]
    batch.state, batch.approved = BatchState.APPROVED, event


def evolve_exported(settlement: Settlement, event: BatchExported) -> None:
    batch = settlement.batches[event.batch]
    batch.state, batch.exported = BatchState.EXPORTED, event
    batch.payouts = {line.producer: PayoutState.INSTRUCTED for line in batch.closed.lines if line.paid_cents}


def evolve_confirmed(settlement: Settlement, event: PayoutConfirmed) -> None:
    settlement.batches[event.batch].payouts[event.producer] = PayoutState.CONFIRMED


def evolve_returned(settlement: Settlement, event: PayoutReturned) -> None:
    settlement.batches[event.batch].payouts[event.producer] = PayoutState.RETURNED
    settlement.owed_to(event.producer).carried_cents += event.cents


def _line(producer: ProducerId, owed: Owed, details: bytes) -> BatchLine:
    net = owed.net_cents()
    return BatchLine(
        producer=producer, captured_cents=Cents(owed.captured_cents), refunded_cents=Cents(owed.refunded_cents),
        carried_cents=owed.carried_cents, net_cents=net, paid_cents=Cents(net if net > 0 and details else 0), details=details,
        given_cents=Cents(owed.given_cents),
    )


def decide_close(
    settlement: Settlement, *, producers: dict[ProducerId, Producer], calendar: CivilCalendar, closed_on: str,
    position: int, by: PersonId, at_us: int, shared: Mapping[ProducerId, int] = _NOTHING_SHARED,
) -> BatchClosed | Declined:
    """Everything captured up to `position`, net per producer. A producer without usable bank details is carried over.

    shared: cents that the draws of the day bring each producer, in events just before this one.
    """
    if civil_date(closed_on) > calendar.day(at_us):
        return not_now(f"{closed_on} has not come yet; close a day when it is over.")
    waiting = dict(settlement.owed)
    for producer, cents in shared.items():
        waiting[producer] = replace(waiting.get(producer, Owed()))
        waiting[producer].captured_cents += cents
    lines = [
        _line(producer, owed, producers[producer].details_at(at_us) if producer in producers else b"")
        for producer, owed in sorted(waiting.items())
        if owed.captured_cents or owed.refunded_cents or owed.carried_cents or owed.given_cents
    ]
    if not lines:
        return not_now("Nothing was sold since the last batch, so there is nothing to settle.")
    return BatchClosed(
        batch=BatchId(len(settlement.batches) + 1), closed_on=closed_on, up_to=Position(position), lines=tuple(lines),
        total_cents=Cents(sum(line.paid_cents for line in lines)), by=by,
    )


def decide_approve(
    settlement: Settlement, *, batch: BatchId, execution_on: str, calendar: CivilCalendar, by: PersonId, at_us: int
) -> BatchApproved | Declined:
    known = settlement.batches.get(batch)
    if known is None:
        return not_found(f"There is no batch {batch}; `clearing batches` lists them.")
    if known.state is not BatchState.CLOSED:
        return not_now(f"Batch {batch} is approved already.")
    if known.closed.by == by:
        return not_now("Who closed a batch can't approve it: ask another person with the role approver.")
    if civil_date(execution_on) < calendar.day(at_us):
        return not_now("The bank can't pay in the past; choose today or a later day.")
    return BatchApproved(batch=batch, execution_on=execution_on, by=by)


def decide_export(
    settlement: Settlement, *, batch: BatchId, message_id: str, file_sha256: bytes, by: PersonId
) -> BatchExported | Declined:
    """The file of an approved batch was written; a second file must be the same bytes, and is then not recorded again."""
    known = settlement.batches.get(batch)
    if known is None:
        return not_found(f"There is no batch {batch}; `clearing batches` lists them.")
    if known.state is BatchState.CLOSED:
        return not_now(f"Batch {batch} is not approved yet; another person than {known.closed.by} has to approve it.")
    if known.exported is not None and known.exported.file_sha256 != file_sha256:
        return not_now(f"The file of batch {batch} is not the one written before: do not send it; run `clearing audit`.")
    if known.exported is not None:
        return not_now(f"Batch {batch} was exported before; this is the same file. Send only one of them to the bank.")
    return BatchExported(batch=batch, message_id=message_id, file_sha256=file_sha256, by=by)


def _payout(settlement: Settlement, batch: BatchId, producer: ProducerId) -> tuple[Cents, PayoutState] | Declined:
    known = settlement.batches.get(batch)
    if known is None or producer not in known.payouts:
        return not_found(f"Batch {batch} has no transfer to {producer} that was sent to the bank.")
    paid = next(line.paid_cents for line in known.closed.lines if line.producer == producer)
    return paid, known.payouts[producer]


def decide_confirm(
    settlement: Settlement, *, batch: BatchId, producer: ProducerId, reference: str, by: PersonId
) -> PayoutConfirmed | Declined:
    payout = _payout(settlement, batch, producer)
    if isinstance(payout, Declined):
        return payout
    if payout[1] is not PayoutState.INSTRUCTED:
        return not_now(f"The transfer to {producer} is {payout[1]} already.")
    return PayoutConfirmed(batch=batch, producer=producer, cents=payout[0], reference=reference, by=by)


def decide_return(
    settlement: Settlement, *, batch: BatchId, producer: ProducerId, reason: str, by: PersonId
) -> PayoutReturned | Declined:
    payout = _payout(settlement, batch, producer)
    if isinstance(payout, Declined):
        return payout
    if payout[1] is PayoutState.RETURNED:
        return not_now(f"The transfer to {producer} came back before; it is owed again since then.")
    return PayoutReturned(batch=batch, producer=producer, cents=payout[0], reason=reason, by=by)
