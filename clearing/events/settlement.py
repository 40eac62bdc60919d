"""Law: every captured cent is in exactly one batch; a batch is frozen at a position, and another person approves it."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from clearing.events.recorded import Recorded
from clearing.values import BatchId, CaisseCode, Cents, DecisionId, OperationId, PersonId, Position, ProducerId


class Link(NamedTuple):
    """Where a part of carried_cents comes from. what: "failed" (a transfer of that batch that came back, was refused or was
    withdrawn) or "carried" (what that batch left, may be below zero)."""

    what: str
    batch: BatchId
    cents: int


class BatchPart(NamedTuple):
    """What another caisse handed over to be paid with ours (events/joint.py). batch, producer: as it calls them there."""

    caisse: CaisseCode
    batch: BatchId
    producer: ProducerId
    cents: Cents
    ref: OperationId


class BatchLine(NamedTuple):
    """net = captured - refunded - given + adjusted + carried (what earlier batches left; links say which, cent by cent) + parts
    of other caisses. given_cents: cash that the producer took for funds and owes them (events/solidarity.py).

    Paid if above zero, less what is contested. details: digest of the bank details this payout goes to
    (events/producers.py), empty when there are none. why: "" when it is paid or nothing is due, else why not: "below zero",
    "account", "held", "contested", "minimum". since: ISO day since when it is below the minimum, "" otherwise. attempt: from 2
    on it pays anew what failed before.
    """

    producer: ProducerId
    captured_cents: Cents
    refunded_cents: Cents
    carried_cents: int
    net_cents: int
    paid_cents: Cents
    details: bytes
    given_cents: Cents = Cents(0)
    adjusted_cents: int = 0
    contested_cents: Cents = Cents(0)
    why: str = ""
    since: str = ""
    attempt: int = 1
    links: tuple[Link, ...] = ()
    parts: tuple[BatchPart, ...] = ()

    def parts_cents(self) -> int:
        return sum(part.cents for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchClosed(Recorded):
    """closed_on: the civil date whose end it closes, ISO. Holds all captures after the previous batch up to up_to; a reissue
    holds none, only transfers that failed. linked: False in logs of before lines had links."""

    TYPE: ClassVar[int] = 100
    SCHEMA: ClassVar[int] = 4
    batch: BatchId
    closed_on: str
    up_to: Position
    lines: tuple[BatchLine, ...]
    total_cents: Cents
    by: PersonId
    reissue: bool = False
    linked: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchApproved(Recorded):
    """execution_on: ISO date on which the bank is to pay."""

    TYPE: ClassVar[int] = 101
    batch: BatchId
    execution_on: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchExported(Recorded):
    """The bank file was written. A rerun gives the same bytes, or is refused."""

    TYPE: ClassVar[int] = 102
    batch: BatchId
    message_id: str
    file_sha256: bytes
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutConfirmed(Recorded):
    TYPE: ClassVar[int] = 103
    batch: BatchId
    producer: ProducerId
    cents: Cents
    reference: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutReturned(Recorded):
    """The bank sent it back: owed to the producer again, for the next batch."""

    TYPE: ClassVar[int] = 104
    batch: BatchId
    producer: ProducerId
    cents: Cents
    reason: str
    by: PersonId


class Withdrawn(NamedTuple):
    producer: ProducerId
    cents: Cents


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutAnswered(Recorded):
    """What the bank said of one transfer. state: accepted, executed, rejected, returned, unknown; code: ISO reason code, or "";
    on: the bank's civil day, ISO; reference: the bank's. became: the payout's state by it, or "question": a person has to ask
    the bank, and no cent moves. cents: of the transfer."""

    TYPE: ClassVar[int] = 105
    batch: BatchId
    producer: ProducerId
    cents: Cents
    state: str
    code: str
    text: str
    on: str
    reference: str
    became: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutQuestionClosed(Recorded):
    """A person asked the bank: the transfer stands as the book has it. found: what the bank said."""

    TYPE: ClassVar[int] = 106
    batch: BatchId
    producer: ProducerId
    found: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutsWithdrawn(Recorded):
    """Taken out of a batch before its file was written: owed again, as the link of a later batch says."""

    TYPE: ClassVar[int] = 107
    batch: BatchId
    payouts: tuple[Withdrawn, ...]
    reason: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchEndorsed(Recorded):
    """The first of two approvers that a voted amount asks for; the second one approves the same day."""

    TYPE: ClassVar[int] = 108
    batch: BatchId
    execution_on: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutRulesSet(Recorded):
    """How a caisse pays. minimum_cents: less than that waits, at most minimum_days after the batch that left it first;
    negative_cap_cents: a producer who owes more is for a person (0: no cap); payout_days: mon to sun, empty: any;
    two_above_cents: a batch above it needs two approvers (0: never)."""

    TYPE: ClassVar[int] = 109
    decision: DecisionId
    minimum_cents: Cents
    minimum_days: int
    negative_cap_cents: Cents
    payout_days: tuple[str, ...]
    two_above_cents: Cents
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutHeld(Recorded):
    """Nothing is paid to the producer from now on, until two people release it."""

    TYPE: ClassVar[int] = 110
    producer: ProducerId
    reason: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseProposed(Recorded):
    TYPE: ClassVar[int] = 111
    producer: ProducerId
    reason: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutReleased(Recorded):
    """Another person than proposed it agreed: the next batch pays."""

    TYPE: ClassVar[int] = 112
    producer: ProducerId
    reason: str
    proposed_by: PersonId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReported(Recorded):
    """what: closed or stolen. Nothing is paid to these details any more, whatever waits to take their place."""

    TYPE: ClassVar[int] = 113
    producer: ProducerId
    details: bytes
    what: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class PayeeChecked(Recorded):
    """Verification of Payee. state: RCVC (match), RVMC (close match), RVNM (no match), RVNA (not applicable), none. details: of
    which account; name: digest of the name as the bank knows it, which lies in people.py; empty when the bank told none."""

    TYPE: ClassVar[int] = 114
    producer: ProducerId
    details: bytes
    state: str
    name: bytes
    on: str
    by: PersonId


Event = (
    BatchClosed
    | BatchApproved
    | BatchExported
    | PayoutConfirmed
    | PayoutReturned
    | PayoutAnswered
    | PayoutQuestionClosed
    | PayoutsWithdrawn
    | BatchEndorsed
    | PayoutRulesSet
    | PayoutHeld
    | ReleaseProposed
    | PayoutReleased
    | AccountReported
    | PayeeChecked
)
"""Every event of this room, for catalogue.py."""
