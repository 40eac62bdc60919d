"""Law: a person's passkeys are facts of the log, so that what they signed is judged offline; a lost factor takes two others.

Why a factor was lost may tell of the person, so it is private.
"""

from dataclasses import dataclass
from typing import ClassVar

from clearing.events.recorded import Recorded
from clearing.values import MicroTime, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyAdded(Recorded):
    """The person registered a passkey. passkey: SHA-256 of its credential id. key: of its algorithm, "ES256" (a compressed
    point of P-256, 33 bytes) or "Ed25519" (32 bytes). site: the host's name that it answers to (the relying party's id)."""

    TYPE: ClassVar[int] = 364
    person: PersonId
    passkey: bytes
    algorithm: str
    key: bytes
    site: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyRemoved(Recorded):
    """From here on nothing is approved with it."""

    TYPE: ClassVar[int] = 365
    person: PersonId
    passkey: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFactorProposed(Recorded):
    """An officer says that another one has lost her second factor."""

    TYPE: ClassVar[int] = 366
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"reason"})
    person: PersonId
    reason: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFactorAllowed(Recorded):
    """A third officer agreed: her passkeys end, and until until_us the address whose secret hashes to address_sha256 lets her
    pair a new factor, with her password, once. allowed_by: who proposed, who agreed."""

    TYPE: ClassVar[int] = 367
    person: PersonId
    address_sha256: bytes
    until_us: MicroTime
    allowed_by: tuple[PersonId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFactorPaired(Recorded):
    """She paired it: the address is used up."""

    TYPE: ClassVar[int] = 368
    person: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFactorDropped(Recorded):
    """The proposal was refused by another officer, or taken back: her factor stands as it was."""

    TYPE: ClassVar[int] = 369
    person: PersonId
    by: PersonId


Event = PasskeyAdded | PasskeyRemoved | NewFactorProposed | NewFactorAllowed | NewFactorPaired | NewFactorDropped
"""Every event of this room, for catalogue.py."""
