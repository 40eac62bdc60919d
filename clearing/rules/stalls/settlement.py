"""Law: every captured cent is in exactly one batch; who closes does not approve; what the bank returned is owed again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from clearing.events.settlement import (
    BatchApproved,
    BatchClosed,
    BatchEndorsed,
    BatchExported,
    BatchLine,
    BatchPart,
    Link,
    PayeeChecked,
    PayoutHeld,
    PayoutRulesSet,
    ReleaseProposed,
)
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now
from clearing.rules.calendar import CivilCalendar, civil_date
from clearing.rules.stalls.payouts import FAILED, NOT_OURS, UNDER_WAY, Failure, Payout, PayoutState, failed_cents
from clearing.rules.stalls.producers import Producer
from clearing.values import BatchId, Cents, PersonId, Position, ProducerId, money

_NOTHING: Final[Mapping[ProducerId, int]] = MappingProxyType({})
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class BatchState(StrEnum):
    CLOSED = "closed"
    APPROVED = "approved"
    EXPORTED = "exported"


@dataclass(slots=True)
class Owed:
    """Since the last batch: captured and refunded cents, given: cash taken for funds, adjusted: by two people; carried: what
    earlier batches left, may be below zero: failed transfers one by one, the rest as the batch carried_from left it. since: ISO
    day since when it is below the minimum. parts: what other caisses handed over."""

    captured_cents: int = 0
    refunded_cents: int = 0
    carried_cents: int = 0
    given_cents: int = 0
    adjusted_cents: int = 0
    carried_from: int = 0
    failed: list[Failure] = field(default_factory=list)
    since: str = ""
    parts: list[BatchPart] = field(default_factory=list)

    def net_cents(self) -> int:
        own = self.captured_cents - self.refunded_cents - self.given_cents + self.adjusted_cents + self.carried_cents
        return own + sum(part.cents for part in self.parts)

    def moved(self) -> bool:
        """Whether a batch has to name the producer."""
        return bool(
            self.captured_cents or self.refunded_cents or self.carried_cents or self.given_cents or self.adjusted_cents
            or self.parts
        )  # fmt: skip

    def links(self) -> tuple[Link, ...]:
        rest = self.carried_cents - failed_cents(self.failed)
        found = [Link("failed", one.batch, one.cents) for one in self.failed]
        return (*found, Link("carried", BatchId(self.carried_from), rest)) if rest else tuple(found)


@dataclass(slots=True)
class Batch:
    """payouts: of the lines that pay."""

    closed: BatchClosed
    state: BatchState = BatchState.CLOSED
    endorsed: BatchEndorsed | None = None
    approved: BatchApproved | None = None
    exported: BatchExported | None = None
    payouts: dict[ProducerId, Payout] = field(default_factory=dict)

    def to_pay_cents(self) -> int:
        """What leaves by it: without what was withdrawn or handed over."""
        return sum(one.cents for one in self.payouts.values() if one.state not in NOT_OURS)

    def waits_for_file(self) -> bool:
        return any(one.state is PayoutState.WAITING for one in self.payouts.values())

    def under_way(self) -> bool:
        return any(one.state in UNDER_WAY for one in self.payouts.values())


@dataclass(slots=True)
class Settlement:
    """held, releasing, checks: by producer. rules: as voted; who pays asks standing.payout_rules_in_force."""

    owed: dict[ProducerId, Owed] = field(default_factory=dict)
    batches: dict[BatchId, Batch] = field(default_factory=dict)
    settled_up_to: int = 0
    rules: PayoutRulesSet | None = None
    held: dict[ProducerId, PayoutHeld] = field(default_factory=dict)
    releasing: dict[ProducerId, ReleaseProposed] = field(default_factory=dict)
    checks: dict[ProducerId, PayeeChecked] = field(default_factory=dict)

    def owed_to(self, producer: ProducerId) -> Owed:
        return self.owed.setdefault(producer, Owed())


def evolve_closed(settlement: Settlement, event: BatchClosed) -> None:
    batch = settlement.batches[event.batch] = Batch(closed=event)
    for line in event.lines:
        owed = settlement.owed_to(line.producer)
        if line.paid_cents:
            batch.payouts[line.producer] = Payout(line.paid_cents, line.details, attempt=line.attempt)
        if event.reissue:
            _reissued(settlement, owed, line, event.batch)
            continue
        if (
            owed.captured_cents, owed.refunded_cents, owed.carried_cents, owed.given_cents, owed.adjusted_cents,
            tuple(owed.parts),
        ) != (
            line.captured_cents, line.refunded_cents, line.carried_cents, line.given_cents, line.adjusted_cents, line.parts,
        ):  # fmt: skip
            raise BrokenBook(f"batch {event.batch} does not hold what is owed to {line.producer}")
        owed.captured_cents = owed.refunded_cents = owed.given_cents = owed.adjusted_cents = 0
        owed.parts = []
        owed.carried_cents, owed.carried_from, owed.since = line.net_cents - line.paid_cents, event.batch, line.since
        if line.paid_cents:
            _paid_anew(settlement, line.producer, owed.failed, event.batch)
            owed.failed = []
    settlement.settled_up_to = event.up_to


def _reissued(settlement: Settlement, owed: Owed, line: BatchLine, batch: BatchId) -> None:
    anew = [Failure(link.batch, Cents(link.cents)) for link in line.links]
    if failed_cents(anew) != line.paid_cents or not all(one in owed.failed for one in anew):
        raise BrokenBook(f"batch {batch} pays {line.producer} anew what did not fail")
    _paid_anew(settlement, line.producer, anew, batch)
    owed.failed = [one for one in owed.failed if one not in anew]
    owed.carried_cents -= line.paid_cents


def _paid_anew(settlement: Settlement, producer: ProducerId, failed: Iterable[Failure], batch: BatchId) -> None:
    for one in failed:
        settlement.batches[one.batch].payouts[producer].paid_in = batch


def fail(settlement: Settlement, batch: BatchId, producer: ProducerId, cents: Cents) -> None:
    """Owed again, and remembered where it failed."""
    owed = settlement.owed_to(producer)
    owed.carried_cents += cents
    owed.failed.append(Failure(batch, cents))


def evolve_endorsed(settlement: Settlement, event: BatchEndorsed) -> None:
    settlement.batches[event.batch].endorsed = event


def evolve_approved(settlement: Settlement, event: BatchApproved) -> None:
    batch = settlement.batches[event.batch]
    batch.state, batch.approved = BatchState.APPROVED, event


def evolve_exported(settlement: Settlement, event: BatchExported) -> None:
    batch = settlement.batches[event.batch]
    batch.state, batch.exported = BatchState.EXPORTED, event
    for payout in batch.payouts.values():
        if payout.state is PayoutState.WAITING:
            payout.state = PayoutState.INSTRUCTED


def line_of(
    producer: ProducerId, owed: Owed, details: bytes, *, held: bool, contested_cents: int, rules: PayoutRulesSet | None,
    closed_on: str,
) -> BatchLine:
    """What a batch pays a producer, and why not more. Contested cents and what is below the minimum stay owed."""
    net = owed.net_cents()
    contested = max(0, min(contested_cents, net))
    why, since = "", ""
    if held and net > 0:
        why = "held"
    elif net < 0:
        why = "below zero"
    elif net and not details:
        why = "account"
    elif net and contested == net:
        why = "contested"
    elif net and rules is not None and net - contested < rules.minimum_cents:
        since = owed.since or closed_on
        waited = (civil_date(closed_on) - civil_date(since)).days
        why, since = ("minimum", since) if waited < rules.minimum_days else ("", "")
    return BatchLine(
        producer=producer, captured_cents=Cents(owed.captured_cents), refunded_cents=Cents(owed.refunded_cents),
        carried_cents=owed.carried_cents, net_cents=net, paid_cents=Cents(0 if why or net <= 0 else net - contested),
        details=details, given_cents=Cents(owed.given_cents), adjusted_cents=owed.adjusted_cents,
        contested_cents=Cents(contested), why=why, since=since, links=owed.links(), parts=tuple(owed.parts),
    )


def decide_close(
    settlement: Settlement, *, producers: Mapping[ProducerId, Producer], calendar: CivilCalendar, closed_on: str,
    position: int, by: PersonId, at_us: int, shared: Mapping[ProducerId, int] = _NOTHING,
    contested: Mapping[ProducerId, int] = _NOTHING, rules: PayoutRulesSet | None = None,
) -> BatchClosed | Declined:
    """Everything captured up to `position`, net per producer. A producer without usable bank details is carried over.

    shared: cents that the draws of the day bring each producer, in events just before this one. contested: cents of each that
    members contest and no batch holds yet. rules: those in force.
    """
    if civil_date(closed_on) > calendar.day(at_us):
        return not_now(f"{closed_on} has not come yet; close a day when it is over.")
    waiting = dict(settlement.owed)
    for producer, cents in shared.items():
        waiting[producer] = replace(waiting.get(producer, Owed()))
        waiting[producer].captured_cents += cents
    lines = [
        line_of(
            producer, owed, producers[producer].details_at(at_us) if producer in producers else b"",
            held=producer in settlement.held, contested_cents=contested.get(producer, 0), rules=rules, closed_on=closed_on,
        )
        for producer, owed in sorted(waiting.items())
        if owed.moved()
    ]
    if not lines:
        return not_now("Nothing was sold since the last batch, so there is nothing to settle.")
    return BatchClosed(
        batch=BatchId(len(settlement.batches) + 1), closed_on=closed_on, up_to=Position(position), lines=tuple(lines),
        total_cents=Cents(sum(line.paid_cents for line in lines)), by=by,
    )


def decide_reissue(
    settlement: Settlement, *, payouts: Iterable[tuple[BatchId, ProducerId]], producers: Mapping[ProducerId, Producer],
    calendar: CivilCalendar, contested: Mapping[ProducerId, int], by: PersonId, at_us: int,
) -> BatchClosed | Declined:
    """A batch of its own that pays failed transfers anew, to the account that is accepted now; approved like any other."""
    asked: dict[ProducerId, list[Failure]] = {}
    for batch, producer in payouts:
        known = settlement.batches.get(batch)
        payout = known.payouts.get(producer) if known is not None else None
        if payout is None:
            return not_found(f"Batch {batch} has no transfer to {producer}; `clearing batches {batch}` lists them.")
        if payout.state not in FAILED:
            return not_now(f"The transfer of batch {batch} to {producer} is {payout.state}: only one that was rejected, came "
                           "back, was withdrawn or not taken by another caisse is paid anew.")  # fmt: skip
        if payout.paid_in:
            return not_now(f"Batch {payout.paid_in} pays {producer} what batch {batch} did not; nothing is paid twice.")
        failure = Failure(batch, payout.cents)
        if failure in asked.get(producer, ()):
            return not_now(f"The transfer of batch {batch} to {producer} is named twice; name it once.")
        asked.setdefault(producer, []).append(failure)
    if not asked:
        return not_now("Name at least one transfer that failed: its batch and its producer.")
    lines = []
    for producer, failures in sorted(asked.items()):
        line = _anew(settlement, producer, failures, producers, contested.get(producer, 0), at_us)
        if isinstance(line, Declined):
            return line
        lines.append(line)
    return BatchClosed(
        batch=BatchId(len(settlement.batches) + 1), closed_on=calendar.day(at_us).isoformat(),
        up_to=Position(settlement.settled_up_to), lines=tuple(lines),
        total_cents=Cents(sum(line.paid_cents for line in lines)), by=by, reissue=True,
    )


def _anew(
    settlement: Settlement, producer: ProducerId, failures: list[Failure], producers: Mapping[ProducerId, Producer],
    contested_cents: int, at_us: int,
) -> BatchLine | Declined:
    cents, owed = failed_cents(failures), settlement.owed_to(producer)
    details = producers[producer].details_at(at_us) if producer in producers else b""
    if producer in settlement.held:
        return not_now(f"Payments to {producer} are held ({settlement.held[producer].reason}); two people release them first.")
    if not details:
        return not_now(f"{producer} has no account to pay to: enter and approve one first (clearing producer bank).")
    if owed.net_cents() - contested_cents < cents:
        return not_now(f"Since then {producer} is owed {money(owed.net_cents() - contested_cents)} in all, less than the "
                       f"{money(cents)} that failed: the next batch pays what is left (clearing close).")  # fmt: skip
    attempt = 1 + max(settlement.batches[one.batch].payouts[producer].attempt for one in failures)
    return BatchLine(
        producer=producer, captured_cents=Cents(0), refunded_cents=Cents(0), carried_cents=cents, net_cents=cents,
        paid_cents=Cents(cents), details=details, attempt=attempt,
        links=tuple(Link("failed", one.batch, one.cents) for one in failures),
    )
