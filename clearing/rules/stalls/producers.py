"""Law: a sale needs a terminal that is enrolled and a convention in force; a payout needs bank details two people accepted."""

from dataclasses import dataclass, field

from clearing.events.producers import (
    BankDetailsApproved,
    BankDetailsProposed,
    ConventionResumed,
    ConventionSigned,
    ConventionSuspended,
    ProducerAdmitted,
    TerminalEnrolled,
    TerminalResumed,
    TerminalSlotClosed,
    TerminalSlotOpened,
    TerminalSuspended,
)
from clearing.rules.answers import Declined, not_found, not_now
from clearing.values import CategoryId, ConventionId, MicroTime, PersonId, ProducerId, TerminalId


@dataclass(slots=True)
class Convention:
    convention: ConventionId
    producer: ProducerId
    from_us: int
    until_us: int | None
    categories: frozenset[CategoryId] | None
    suspended: bool = False

    def in_force(self, at_us: int) -> bool:
        return not self.suspended and self.from_us <= at_us and (self.until_us is None or at_us < self.until_us)


@dataclass(slots=True)
class Producer:
    """details: digests of accepted bank details with the instant from which they are paid to, oldest first. reported: digest
    of an account that is never paid to again -> closed or stolen."""

    producer: ProducerId
    name: str
    structures: frozenset[str]
    conventions: list[Convention] = field(default_factory=list)
    proposed: BankDetailsProposed | None = None
    details: list[tuple[int, bytes]] = field(default_factory=list)
    reported: dict[bytes, str] = field(default_factory=dict)

    def convention_at(self, at_us: int) -> Convention | None:
        for one in self.conventions:
            if one.in_force(at_us):
                return one
        return None

    def details_at(self, at_us: int) -> bytes:
        """Digest of the bank details to pay to; empty when there are none yet, or the newest were reported."""
        usable = [digest for usable_us, digest in self.details if usable_us <= at_us]
        return usable[-1] if usable and usable[-1] not in self.reported else b""


@dataclass(slots=True)
class Terminal:
    terminal: TerminalId
    producer: ProducerId
    epoch: int
    key: bytes
    suspended: bool = False


@dataclass(slots=True)
class Slot:
    producer: ProducerId
    secret_sha256: bytes
    expires_us: int
    closed: bool = False


@dataclass(slots=True)
class Producers:
    """terminals_of: the terminals that each producer ever enrolled, in that order."""

    producers: dict[ProducerId, Producer] = field(default_factory=dict)
    conventions: dict[ConventionId, Convention] = field(default_factory=dict)
    terminals: dict[TerminalId, Terminal] = field(default_factory=dict)
    slots: dict[str, Slot] = field(default_factory=dict)
    terminals_of: dict[ProducerId, list[TerminalId]] = field(default_factory=dict)


def evolve_admitted(producers: Producers, event: ProducerAdmitted) -> None:
    producers.producers[event.producer] = Producer(event.producer, event.name, frozenset(event.structures))


def evolve_signed(producers: Producers, event: ConventionSigned) -> None:
    categories = None if event.categories is None else frozenset(event.categories)
    convention = Convention(event.convention, event.producer, event.from_us, event.until_us, categories)
    producers.conventions[event.convention] = convention
    producers.producers[event.producer].conventions.append(convention)


def evolve_suspended(producers: Producers, event: ConventionSuspended) -> None:
    producers.conventions[event.convention].suspended = True


def evolve_resumed(producers: Producers, event: ConventionResumed) -> None:
    producers.conventions[event.convention].suspended = False


def evolve_details_proposed(producers: Producers, event: BankDetailsProposed) -> None:
    producers.producers[event.producer].proposed = event


def evolve_details_approved(producers: Producers, event: BankDetailsApproved) -> None:
    producer = producers.producers[event.producer]
    producer.proposed = None
    producer.details.append((event.usable_us, event.details))


def evolve_slot_opened(producers: Producers, event: TerminalSlotOpened) -> None:
    producers.slots[event.slot] = Slot(event.producer, event.secret_sha256, event.expires_us)


def evolve_slot_closed(producers: Producers, event: TerminalSlotClosed) -> None:
    producers.slots[event.slot].closed = True


def evolve_enrolled(producers: Producers, event: TerminalEnrolled) -> None:
    known = producers.terminals.get(event.terminal)
    if known is None or known.producer != event.producer:
        producers.terminals_of.setdefault(event.producer, []).append(event.terminal)
    producers.terminals[event.terminal] = Terminal(event.terminal, event.producer, event.epoch, event.key)
    if event.slot is not None:
        producers.slots[event.slot].closed = True


def evolve_terminal_suspended(producers: Producers, event: TerminalSuspended) -> None:
    producers.terminals[event.terminal].suspended = True


def evolve_terminal_resumed(producers: Producers, event: TerminalResumed) -> None:
    producers.terminals[event.terminal].suspended = False


def decide_admit(producers: Producers, event: ProducerAdmitted) -> ProducerAdmitted | Declined:
    if event.producer in producers.producers:
        return not_now(f"Producer {event.producer} is admitted already.")
    return event


def decide_sign(producers: Producers, event: ConventionSigned) -> ConventionSigned | Declined:
    if event.producer not in producers.producers:
        return not_found(f"There is no producer {event.producer}; admit the producer first.")
    if event.convention in producers.conventions:
        return not_now(f"Convention {event.convention} is signed already; give the new one another id.")
    if event.until_us is not None and event.until_us <= event.from_us:
        return not_now("A convention ends after it begins; check its two dates.")
    return event


def decide_suspend(producers: Producers, *, convention: ConventionId, by: PersonId) -> ConventionSuspended | Declined:
    known = producers.conventions.get(convention)
    if known is None or known.suspended:
        return not_found(f"There is no convention {convention} in force.")
    return ConventionSuspended(convention=convention, by=by)


def decide_resume(producers: Producers, *, convention: ConventionId, by: PersonId) -> ConventionResumed | Declined:
    known = producers.conventions.get(convention)
    if known is None or not known.suspended:
        return not_found(f"There is no suspended convention {convention}.")
    return ConventionResumed(convention=convention, by=by)


def decide_propose_details(
    producers: Producers, *, producer: ProducerId, details: bytes, by: PersonId
) -> BankDetailsProposed | Declined:
    if producer not in producers.producers:
        return not_found(f"There is no producer {producer}; admit the producer first.")
    if len(details) != 32:
        return not_now("Bank details are proposed by their 32-byte digest; use `clearing producer bank`.")
    return BankDetailsProposed(producer=producer, details=details, by=by)


def decide_approve_details(
    producers: Producers, *, producer: ProducerId, details: bytes, wait_us: int, by: PersonId, at_us: int
) -> BankDetailsApproved | Declined:
    """The first bank details of a producer are paid to at once; changed ones only after wait_us.

    details: digest of what the second person saw; details entered anew meanwhile are not what was agreed.
    """
    known = producers.producers.get(producer)
    if known is None or known.proposed is None:
        return not_found(f"No bank details of {producer} wait for approval.")
    if known.proposed.details != details:
        return not_now(f"Other bank details of {producer} were entered meanwhile; look again, then approve.")
    if known.proposed.by == by:
        return not_now("Bank details need two people: somebody else than the one who entered them has to approve.")
    usable_us = at_us + (wait_us if known.details else 0)
    return BankDetailsApproved(
        producer=producer, details=known.proposed.details, usable_us=MicroTime(usable_us), by=by
    )


def decide_open_slot(producers: Producers, event: TerminalSlotOpened) -> TerminalSlotOpened | Declined:
    if event.producer not in producers.producers:
        return not_found(f"There is no producer {event.producer}; admit the producer first.")
    if event.slot in producers.slots:
        return not_now(f"Slot {event.slot} was used before; open another one.")
    return event


def decide_enrol(producers: Producers, event: TerminalEnrolled, *, at_us: int) -> TerminalEnrolled | Declined:
    """Enrol a terminal by a slot (whose code was proved) or by a person who read the key; a known terminal gets epoch + 1."""
    if event.producer not in producers.producers:
        return not_found(f"There is no producer {event.producer}; admit the producer first.")
    slot = producers.slots.get(event.slot) if event.slot is not None else None
    if event.slot is not None and (slot is None or slot.closed or slot.expires_us <= at_us):
        return not_found("This pairing code is no longer valid; ask the treasurer for a new one.")
    known = producers.terminals.get(event.terminal)
    if known is not None and known.producer != event.producer:
        return not_now(f"This terminal is {known.producer}'s, and so is what it sold; enrol it anew, under a new terminal id.")
    if event.epoch != (known.epoch + 1 if known is not None else 1):
        return not_now("This terminal is enrolled already under this key epoch; enrol it with the next epoch.")
    return event


def decide_suspend_terminal(producers: Producers, *, terminal: TerminalId, by: PersonId) -> TerminalSuspended | Declined:
    known = producers.terminals.get(terminal)
    if known is None or known.suspended:
        return not_found(f"There is no active terminal {terminal.hex()}.")
    return TerminalSuspended(terminal=terminal, by=by)


def decide_resume_terminal(producers: Producers, *, terminal: TerminalId, by: PersonId) -> TerminalResumed | Declined:
    known = producers.terminals.get(terminal)
    if known is None or not known.suspended:
        return not_found(f"There is no suspended terminal {terminal.hex()}.")
    return TerminalResumed(terminal=terminal, by=by)
