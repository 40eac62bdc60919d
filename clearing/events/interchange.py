"""Law: a sale across caisses is two halves that name one ref: the issuer holds and pays, the acquirer sells and is owed.

The acquirer is the terminal's caisse, the issuer the card's. The issuer's half says neither terminal nor producer; the
acquirer's neither member nor payer. ref: 16 bytes made of (acquirer, issuer, terminal, x), so that who sees it learns none of
them.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from clearing.events.basket import Line, Return, Share
from clearing.events.recorded import Recorded
from clearing.events.sales import OperationHead, Tap
from clearing.values import (
    CaisseCode,
    CategoryId,
    Cents,
    DecisionId,
    FundId,
    MemberId,
    MicroTime,
    OperationId,
    PersonId,
    ProducerId,
)


class CategoryPair(NamedTuple):
    """What the other caisse calls a category, and what this one does."""

    theirs: CategoryId
    ours: CategoryId


class PayeeCents(NamedTuple):
    payee: ProducerId
    cents: Cents


class NetLine(NamedTuple):
    """With one other caisse: in_cents it owes us, out_cents we owe it. Below zero: more was reversed than sold."""

    other: CaisseCode
    in_cents: int
    out_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognitionSet(Recorded):
    """The caisse voted to let its cards pay at producers that `other` vouches for, and theirs at its own.

    key: Ed25519 public key of the other's server, 32 bytes. debit_cap_cents: the most that our cards may owe it more than its
    cards owe us, per civil day. categories: only those that are named otherwise there. until_us: None without end; a
    recognition is ended by setting it again with an end.
    """

    TYPE: ClassVar[int] = 230
    other: CaisseCode
    key: bytes
    decision: DecisionId
    debit_cap_cents: Cents
    categories: tuple[CategoryPair, ...]
    from_us: MicroTime
    until_us: MicroTime | None
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class InterchangeHeld(Recorded):
    """Issuer: decided what our card pays at a producer of `acquirer`, and held it until hold_expires_us (0 when declined).

    lines: in our names. asked_sha256: of the acquirer's signed question, 32 bytes. answer: the code the till may see.
    """

    TYPE: ClassVar[int] = 231
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"code", "tap", "member", "charte_version", "shares"})
    acquirer: CaisseCode
    ref: OperationId
    asked_sha256: bytes
    answer: str
    amount_cents: Cents
    lines: tuple[Line, ...]
    approved_cents: Cents
    approved_lines: tuple[Cents, ...]
    unsold_lines: tuple[Cents, ...]
    hold_expires_us: MicroTime
    code: str
    tap: Tap | None
    member: MemberId | None
    charte_version: int
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InterchangeCaptured(Recorded):
    """Issuer: the acquirer sold; what was held is owed to it. day: the acquirer's civil day of the sale, ISO."""

    TYPE: ClassVar[int] = 232
    acquirer: CaisseCode
    ref: OperationId
    cents: Cents
    day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InterchangeReleased(Recorded):
    """Issuer: the acquirer did not sell, or reversed. undone: it had been captured, so the acquirer owes cents again."""

    TYPE: ClassVar[int] = 233
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"member", "returned"})
    acquirer: CaisseCode
    ref: OperationId
    cents: Cents
    day: str
    undone: bool
    member: MemberId
    returned: tuple[Return, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InterchangeExpired(Recorded):
    """Issuer: no word of the acquirer came in time; what was held went back."""

    TYPE: ClassVar[int] = 234
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"member", "returned"})
    acquirer: CaisseCode
    ref: OperationId
    member: MemberId
    returned: tuple[Return, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InterchangeSold(Recorded):
    """Acquirer: what the card of `issuer` pays, owed to our producers and by the issuer to us.

    issued: the issuer's signed answer as received, empty when it was not asked. held: it holds cents for this. day: civil, ISO.
    """

    TYPE: ClassVar[int] = 235
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"code", "ref", "issued", "held"})
    op: OperationHead
    answer: str
    issuer: CaisseCode
    amount_cents: Cents
    lines: tuple[Line, ...]
    approved_cents: Cents
    approved_lines: tuple[Cents, ...]
    unsold_lines: tuple[Cents, ...]
    day: str
    code: str
    ref: OperationId
    issued: bytes
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InterchangeReversed(Recorded):
    """Acquirer: its terminal cancelled a sale with a card of `issuer`. effect: "undone" or "nothing" (then `exception` says
    what a treasurer has to look at, if anything). taken_back: what is no longer owed, per producer."""

    TYPE: ClassVar[int] = 236
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"code", "ref", "effect", "taken_back", "exception"})
    op: OperationHead
    answer: str
    original: OperationId
    issuer: CaisseCode
    day: str
    code: str
    ref: OperationId
    effect: str
    taken_back: tuple[PayeeCents, ...]
    exception: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InterchangeMatched(Recorded):
    """Acquirer: the issuer answered for its half. outcome: "captured", "released", "undone", or "refused" (an exception: it
    knows no open hold of this ref)."""

    TYPE: ClassVar[int] = 237
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"ref"})
    issuer: CaisseCode
    effect: str
    outcome: str
    ref: OperationId


@dataclass(frozen=True, slots=True, kw_only=True)
class InterchangeNetted(Recorded):
    """All that both halves agreed on up to the end of `day`, ISO. net_cents: above zero we receive, below we pay."""

    TYPE: ClassVar[int] = 238
    day: str
    lines: tuple[NetLine, ...]
    net_cents: int
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class InterchangePaid(Recorded):
    """The bank made the one transfer of a netting. cents as in InterchangeNetted.net_cents; reference: the bank line."""

    TYPE: ClassVar[int] = 239
    day: str
    cents: int
    reference: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOffProposed(Recorded):
    """Voted: a half whose twin was refused or never came is given up. cents: what the fund bears; below zero: what it gains."""

    TYPE: ClassVar[int] = 228
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"ref"})
    ref: OperationId
    other: CaisseCode
    cents: int
    fund: FundId
    decision: DecisionId
    reason: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOffDropped(Recorded):
    """It is not given up."""

    TYPE: ClassVar[int] = 229
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"ref"})
    ref: OperationId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class InterchangeWrittenOff(Recorded):
    """Another person confirmed it: what this half said between the two caisses is the fund's."""

    TYPE: ClassVar[int] = 254
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"ref"})
    ref: OperationId
    other: CaisseCode
    cents: int
    fund: FundId
    decision: DecisionId
    reason: str
    proposed_by: PersonId
    by: PersonId


Event = (
    RecognitionSet
    | InterchangeHeld
    | InterchangeCaptured
    | InterchangeReleased
    | InterchangeExpired
    | InterchangeSold
    | InterchangeReversed
    | InterchangeMatched
    | InterchangeNetted
    | InterchangePaid
    | WriteOffProposed
    | WriteOffDropped
    | InterchangeWrittenOff
)
"""Every event of this room, for catalogue.py."""
