"""Law: a payout is handed over once and answered once, for ever alike; only what is taken is owed between the caisses.

Two caisses that vote it and whose people agree: one pays the producers of both. Each keeps its own agreement, decides on its
own book, and trusts of the other only what it signed. docs/decisions/0037-one-transfer-for-several-caisses.md says why.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from hashlib import blake2b
from typing import Final, NamedTuple

from clearing.events.joint import (
    HandedPart,
    HandoverEnded,
    JointAgreed,
    JointEnded,
    JointProducer,
    JointProposed,
    PartAnswered,
    PayoutsHandedOver,
)
from clearing.events.settlement import BatchLine, BatchPart
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now
from clearing.rules.between.interchange import TAKEN, Handed, Interchange, Proposal
from clearing.rules.stalls.payouts import PayoutState
from clearing.rules.stalls.producers import Producer
from clearing.rules.stalls.settlement import Batch, Settlement, fail
from clearing.values import BatchId, CaisseCode, Cents, OperationId, PersonId, ProducerId

PAYS: Final = "pays"
HANDS_OVER: Final = "hands-over"
ROLES: Final = (PAYS, HANDS_OVER)
PRODUCERS_MAX: Final = 500  # of one agreement; a word of each part is carried alone


class Refusal(StrEnum):
    """Why a part is not taken, in the order in which it is looked at."""

    CLOSED = "closed"
    NO_AGREEMENT = "no-agreement"
    PRODUCER = "producer"
    ACCOUNT = "account"
    HELD = "held"
    OWES = "owes"
    CAP = "cap"


class AskedPart(NamedTuple):
    """What the handing caisse signed. producer: as we call it, theirs: as it does; day: civil, of its approval."""

    other: CaisseCode
    ref: OperationId
    batch: BatchId
    producer: ProducerId
    theirs: ProducerId
    cents: int
    account: bytes
    day: str


def part_ref(handing: CaisseCode, paying: CaisseCode, batch: BatchId, producer: ProducerId) -> OperationId:
    """16 bytes that name the part to both: a batch has one payout of a producer."""
    named = f"{handing}\n{paying}\n{batch}\n{producer}".encode()
    return OperationId(blake2b(named, digest_size=16, person=b"joint-payout").digest())


def evolve_proposed(interchange: Interchange, event: JointProposed, position: int) -> None:
    interchange.joint_proposed[event.other, event.role] = Proposal(event, position)


def evolve_agreed(interchange: Interchange, event: JointAgreed) -> None:
    del interchange.joint_proposed[event.other, event.role]
    interchange.joint[event.other, event.role] = event


def evolve_ended(interchange: Interchange, event: JointEnded) -> None:
    interchange.joint_proposed.pop((event.other, event.role), None)
    interchange.joint.pop((event.other, event.role), None)


def evolve_handed(interchange: Interchange, event: PayoutsHandedOver, position: int) -> None:
    for part in event.parts:
        if part.ref in interchange.parts:
            raise BrokenBook(f"batch {event.batch} hands the payout of {part.producer} over twice")
        interchange.parts[part.ref] = Handed(event.to, event.batch, part, event.day)
        interchange.open_parts[part.ref] = position


def evolve_leaving(settlement: Settlement, event: PayoutsHandedOver) -> None:
    for part in event.parts:
        payout = settlement.batches[event.batch].payouts[part.producer]
        if payout.state is not PayoutState.WAITING or payout.cents != part.cents:
            raise BrokenBook(f"batch {event.batch} hands over what it does not pay to {part.producer}")
        payout.state = PayoutState.HANDED_OVER


def evolve_handover_ended(interchange: Interchange, event: HandoverEnded) -> None:
    del interchange.open_parts[event.ref]
    interchange.parts[event.ref].outcome = event.reason or TAKEN
    if not event.reason:
        interchange.sums(event.other, event.day).joint_out_cents += event.cents
        interchange.owe_us(event.other, -event.cents)


def evolve_left(settlement: Settlement, event: HandoverEnded) -> None:
    payout = settlement.batches[event.batch].payouts[event.producer]
    payout.on, payout.reference = event.day, event.reason
    payout.state = PayoutState.NOT_TAKEN if event.reason else PayoutState.TAKEN
    if event.reason:
        fail(settlement, event.batch, event.producer, event.cents)


def evolve_answered(interchange: Interchange, event: PartAnswered) -> None:
    if event.ref in interchange.answered:
        raise BrokenBook(f"{event.other} handed {event.ref.hex()} over twice")
    interchange.answered[event.ref] = event
    if not event.reason:
        interchange.sums(event.other, event.day).joint_in_cents += event.cents
        interchange.owe_us(event.other, event.cents)
        key = event.other, event.day
        interchange.advanced[key] = interchange.advanced.get(key, 0) + event.cents


def evolve_owed(settlement: Settlement, event: PartAnswered) -> None:
    if not event.reason:
        part = BatchPart(event.other, event.batch, event.theirs, event.cents, event.ref)
        settlement.owed_to(event.producer).parts.append(part)


def decide_propose(
    interchange: Interchange, producers: Mapping[ProducerId, Producer], wanted: JointProposed, *, own: CaisseCode, at_us: int
) -> JointProposed | Declined:
    """Each account is the one that we pay to now: who pays to another one later agrees anew."""
    if wanted.other == own:
        return not_now("A caisse agrees with another one; name that one.")
    if wanted.other not in interchange.recognised:
        return not_now(f"{wanted.other} is not recognised here, so its words can't be told from anybody's: first, by a vote, "
                       "clearing interchange recognise (a cap of 0 lets no card pay).")  # fmt: skip
    if wanted.role == PAYS and not wanted.cap_cents:
        return not_now("Say the most that this caisse advances for the other one: nothing is paid for it above that.")
    if wanted.role == HANDS_OVER and wanted.cap_cents:
        return not_now("The caisse that pays says how much it advances; leave the amount out here.")
    if not wanted.producers:
        return not_now("Name at least one producer that sells at both caisses.")
    if len({one.ours for one in wanted.producers}) != len(wanted.producers):
        return not_now("A producer of this caisse is named twice; name each once, with its name at the other caisse.")
    if len({one.theirs for one in wanted.producers}) != len(wanted.producers):
        return not_now("Two producers of this caisse are named as one of the other caisse; each is one producer of both.")
    for one in wanted.producers:
        if (declined := _unlike(producers.get(one.ours), one, at_us)) is not None:
            return declined
    return wanted


def _unlike(known: Producer | None, said: JointProducer, at_us: int) -> Declined | None:
    if known is None:
        return not_found(f"There is no producer {said.ours}; `clearing producer list` shows them.")
    if not said.details or known.details_at(at_us) != said.details:
        return not_now(f"{said.ours} is not paid to that account here: enter and approve it first (clearing producer bank), "
                       "then propose again.")  # fmt: skip
    return None


def decide_agree(
    interchange: Interchange, *, other: CaisseCode, role: str, proposed: int, by: PersonId
) -> JointAgreed | Declined:
    """proposed: position of the proposal that the second person looked at."""
    known = interchange.joint_proposed.get((other, role))
    if known is None:
        return not_found(f"Nobody proposed that; first: clearing joint propose {other} {role}")
    said = known.said
    if said.by == by:
        return not_now(f"{by} proposed it; another person has to look at it and agree.")
    if proposed != known.position:
        return not_now(f"It was proposed anew meanwhile; look again: clearing joint agree {other} {role}")
    return JointAgreed(
        other=other, role=role, decision=said.decision, cap_cents=said.cap_cents, from_on=said.from_on,
        producers=said.producers, proposed_by=said.by, by=by,
    )


def decide_end(
    interchange: Interchange, *, other: CaisseCode, role: str, reason: str, by: PersonId
) -> JointEnded | Declined:
    """One person is enough: each caisse then pays its own producers, as without it."""
    if (other, role) not in interchange.joint and (other, role) not in interchange.joint_proposed:
        return not_found(f"There is no such agreement with {other}; `clearing joint list` shows them.")
    return JointEnded(other=other, role=role, reason=reason, by=by)


def decide_hand_over(
    agreed: Iterable[JointAgreed], settlement: Settlement, *, own: CaisseCode, batch: BatchId, today: str, by: PersonId
) -> tuple[PayoutsHandedOver, ...]:
    """What of an approved batch another caisse is asked to pay. agreed: agreements in force by which we hand over.

    What another caisse did not take is paid by ourselves: a line that pays it anew stays here, whole. So does one to an account
    that the agreement does not name.
    """
    known, found = settlement.batches[batch], list[PayoutsHandedOver]()
    free = {line.producer: line for line in known.closed.lines if _may_leave(settlement, known, line)}
    for one in sorted(agreed, key=lambda one: one.other):
        parts = []
        for named in one.producers:
            line = free.get(named.ours)
            if line is not None and line.details == named.details and one.from_on <= today:
                del free[named.ours]
                ref = part_ref(own, one.other, batch, named.ours)
                parts.append(HandedPart(named.ours, named.theirs, line.paid_cents, named.account, ref))
        if parts:
            found.append(PayoutsHandedOver(batch=batch, to=one.other, day=today, parts=tuple(parts), by=by))
    return tuple(found)


def _may_leave(settlement: Settlement, batch: Batch, line: BatchLine) -> bool:
    payout = batch.payouts.get(line.producer)
    if payout is None or payout.state is not PayoutState.WAITING or line.parts:
        return False  # what was handed over to us is not handed on
    return not any(
        link.what == "failed" and settlement.batches[link.batch].payouts[line.producer].state is PayoutState.NOT_TAKEN
        for link in line.links
    )


def decide_answer(
    asked: AskedPart, interchange: Interchange, settlement: Settlement, *, agreed: JointAgreed | None,
    producer: Producer | None, closed: bool, today: str, at_us: int,
) -> PartAnswered:
    """agreed: in force, by which we pay. Nothing of ours is looked at but whether the producer can be paid."""
    reason = _refusal(
        asked, interchange, settlement, agreed=agreed, producer=producer, closed=closed, today=today, at_us=at_us
    )
    return PartAnswered(
        other=asked.other, ref=asked.ref, batch=asked.batch, producer=asked.producer, theirs=asked.theirs,
        cents=Cents(asked.cents), account=asked.account, day=asked.day, reason="" if reason is None else str(reason),
    )


def _refusal(
    asked: AskedPart, interchange: Interchange, settlement: Settlement, *, agreed: JointAgreed | None,
    producer: Producer | None, closed: bool, today: str, at_us: int,
) -> Refusal | None:
    if closed:
        return Refusal.CLOSED
    if agreed is None or today < agreed.from_on:
        return Refusal.NO_AGREEMENT
    named = next((one for one in agreed.producers if (one.ours, one.theirs) == (asked.producer, asked.theirs)), None)
    if named is None or producer is None:
        return Refusal.PRODUCER
    if named.account != asked.account or producer.details_at(at_us) != named.details:
        return Refusal.ACCOUNT
    if asked.producer in settlement.held:
        return Refusal.HELD
    owed = settlement.owed.get(asked.producer)
    if owed is not None and owed.net_cents() < 0:
        return Refusal.OWES  # what the other caisse owes her is not for her debt to us
    if advanced_cents(interchange, asked.other) + asked.cents > agreed.cap_cents:
        return Refusal.CAP
    return None


def advanced_cents(interchange: Interchange, other: CaisseCode) -> int:
    """What we pay for another caisse and no netting has brought back."""
    return sum(cents for (of, _), cents in interchange.advanced.items() if of == other)


