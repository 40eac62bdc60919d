"""Law: a producer of two caisses gets one transfer where both voted it: one hands its payout over, the other takes it once.

The handing caisse's batch names the part, the paying one answers it for ever alike. Neither log says of the other more than
producer, batch and cents.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from clearing.events.recorded import Recorded
from clearing.values import BatchId, CaisseCode, Cents, DecisionId, OperationId, PersonId, ProducerId


class JointProducer(NamedTuple):
    """ours, theirs: what each caisse calls the producer. details: digest of the account that we pay to (events/producers.py);
    account: 16 bytes that are the same for the same account wherever this installation keeps it, and tell nothing else;
    consent: where the producer's own agreement is kept."""

    ours: ProducerId
    theirs: ProducerId
    details: bytes
    account: bytes
    consent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JointProposed(Recorded):
    """role: "pays" (we pay for the other) or "hands-over" (it pays for us). cap_cents: the most that we advance for it, 0 when
    we hand over; from_on: first civil day, ISO. Takes the place of a proposal before it."""

    TYPE: ClassVar[int] = 370
    other: CaisseCode
    role: str
    decision: DecisionId
    cap_cents: Cents
    from_on: str
    producers: tuple[JointProducer, ...]
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class JointAgreed(Recorded):
    """Another person agreed to what was proposed; in place of an agreement before it with the same caisse in the same role."""

    TYPE: ClassVar[int] = 371
    other: CaisseCode
    role: str
    decision: DecisionId
    cap_cents: Cents
    from_on: str
    producers: tuple[JointProducer, ...]
    proposed_by: PersonId
    by: PersonId

    @property
    def called(self) -> str:
        """Its name among all rules: one caisse may pay some producers of another, and have it pay others."""
        return f"{self.other} {self.role}"


@dataclass(frozen=True, slots=True, kw_only=True)
class JointEnded(Recorded):
    """No payout is handed over or taken any more; what waits for the other's word still gets it. A proposal ends by it too."""

    TYPE: ClassVar[int] = 372
    other: CaisseCode
    role: str
    reason: str
    by: PersonId


class HandedPart(NamedTuple):
    """producer: ours; theirs, account: as in JointProducer."""

    producer: ProducerId
    theirs: ProducerId
    cents: Cents
    account: bytes
    ref: OperationId


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutsHandedOver(Recorded):
    """With its approval: these payouts of a batch are not for our bank; `to` is asked to pay them. day: civil, ISO."""

    TYPE: ClassVar[int] = 373
    batch: BatchId
    to: CaisseCode
    day: str
    parts: tuple[HandedPart, ...]
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class PartAnswered(Recorded):
    """Paying caisse: what it answers to a part, for ever. reason: "" when it is taken, else why not (rules/between/joint.py).
    batch, theirs: the other's; producer: ours. Taken: owed to the producer, and by the other to us."""

    TYPE: ClassVar[int] = 374
    other: CaisseCode
    ref: OperationId
    batch: BatchId
    producer: ProducerId
    theirs: ProducerId
    cents: Cents
    account: bytes
    day: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverEnded(Recorded):
    """Handing caisse: the other's word. Taken: the payout is owed to it instead; else it is owed to the producer again."""

    TYPE: ClassVar[int] = 375
    other: CaisseCode
    ref: OperationId
    batch: BatchId
    producer: ProducerId
    cents: Cents
    day: str
    reason: str


Event = JointProposed | JointAgreed | JointEnded | PayoutsHandedOver | PartAnswered | HandoverEnded
"""Every event of this room, for catalogue.py."""
