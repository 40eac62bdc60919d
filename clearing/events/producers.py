"""Law: a producer is paid only under a convention, through an enrolled terminal, on bank details two people accepted."""

from dataclasses import dataclass
from typing import ClassVar

from clearing.events.recorded import Recorded
from clearing.values import CategoryId, ConventionId, MicroTime, PersonId, ProducerId, TerminalId


@dataclass(frozen=True, slots=True, kw_only=True)
class ProducerAdmitted(Recorded):
    """structures: names under which chartes may address it. name: the stall's public name."""

    TYPE: ClassVar[int] = 60
    producer: ProducerId
    name: str
    structures: tuple[str, ...]
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class ConventionSigned(Recorded):
    """from_us <= sale < until_us (None: no end). categories: what it covers, None: all that the charte has."""

    TYPE: ClassVar[int] = 61
    convention: ConventionId
    producer: ProducerId
    from_us: MicroTime
    until_us: MicroTime | None
    categories: tuple[CategoryId, ...] | None
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class ConventionSuspended(Recorded):
    TYPE: ClassVar[int] = 62
    convention: ConventionId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class ConventionResumed(Recorded):
    TYPE: ClassVar[int] = 63
    convention: ConventionId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class BankDetailsProposed(Recorded):
    """details: salted SHA-256 of name, IBAN and BIC, which live encrypted in people.py."""

    TYPE: ClassVar[int] = 64
    producer: ProducerId
    details: bytes
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class BankDetailsApproved(Recorded):
    """usable_us: batches closed from then on pay to these details; until then the old ones are paid."""

    TYPE: ClassVar[int] = 65
    producer: ProducerId
    details: bytes
    usable_us: MicroTime
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalSlotOpened(Recorded):
    """A pairing code was given out. secret_sha256: hash of scrypt(code, slot); the code itself is stored nowhere."""

    TYPE: ClassVar[int] = 66
    slot: str
    producer: ProducerId
    secret_sha256: bytes
    expires_us: MicroTime
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalSlotClosed(Recorded):
    """why: "too many wrong codes"."""

    TYPE: ClassVar[int] = 67
    slot: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalEnrolled(Recorded):
    """key: Ed25519 public key of this epoch. slot: paired by code; by: enrolled by a person who read its key."""

    TYPE: ClassVar[int] = 68
    terminal: TerminalId
    epoch: int
    producer: ProducerId
    key: bytes
    slot: str | None
    by: PersonId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalSuspended(Recorded):
    TYPE: ClassVar[int] = 69
    terminal: TerminalId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalResumed(Recorded):
    TYPE: ClassVar[int] = 70
    terminal: TerminalId
    by: PersonId


Event = (
    ProducerAdmitted
    | ConventionSigned
    | ConventionSuspended
    | ConventionResumed
    | BankDetailsProposed
    | BankDetailsApproved
    | TerminalSlotOpened
    | TerminalSlotClosed
    | TerminalEnrolled
    | TerminalSuspended
    | TerminalResumed
)
"""Every event of this room, for catalogue.py."""
