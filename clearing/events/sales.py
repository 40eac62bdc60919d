"""Law: one event per operation of a terminal, approved or declined; the public part is what a receipt may prove.

Public: who sold what for how much and what the card pays. Private (never leaves the caisse): the precise code, the card, the
member, and who paid which cent by which rule.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from clearing.events.basket import Line, Return, Share
from clearing.events.recorded import Recorded
from clearing.values import (
    CardId,
    CategoryId,
    Cents,
    MemberId,
    MicroTime,
    OperationId,
    PayerId,
    ProducerId,
    TerminalId,
)


class OperationHead(NamedTuple):
    """Identity of one message of a terminal: (terminal, epoch, n), and of the operation it is about: (terminal, x)."""

    terminal: TerminalId
    epoch: int
    n: int
    x: OperationId
    producer: ProducerId


class Tap(NamedTuple):
    """A genuine tap of a known card. fresh: this event used its counter up (False: it had been used, code 63)."""

    card: CardId
    key_version: int
    counter: int
    fresh: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleDecided(Recorded):
    """Authorisation and capture in one. approved_lines: cents the card pays per line of the request, same order.

    unsold_lines: cents per line that are not sold, because whoever must carry them was short; empty when all is sold.
    """

    TYPE: ClassVar[int] = 80
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"code", "tap", "member", "charte_version", "shares"})
    op: OperationHead
    answer: str
    amount_cents: Cents
    lines: tuple[Line, ...]
    approved_cents: Cents
    approved_lines: tuple[Cents, ...]
    code: str
    tap: Tap | None
    member: MemberId | None
    charte_version: int
    shares: tuple[Share, ...]
    unsold_lines: tuple[Cents, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorisationDecided(Recorded):
    """A hold until hold_expires_us (0 when declined); shares are reserved, nothing is owed yet.

    applied, eligible, price_choice: what the hold fixes for its capture beside charte and shares (Held in selling/facts.py).
    """

    TYPE: ClassVar[int] = 81
    PRIVATE: ClassVar[frozenset[str]] = frozenset(
        {"code", "tap", "member", "charte_version", "shares", "applied", "eligible", "price_choice"}
    )
    op: OperationHead
    answer: str
    amount_cents: Cents
    lines: tuple[Line, ...]
    approved_cents: Cents
    approved_lines: tuple[Cents, ...]
    hold_expires_us: MicroTime
    code: str
    tap: Tap | None
    member: MemberId | None
    charte_version: int
    shares: tuple[Share, ...]
    applied: tuple[PayerId, ...]
    eligible: tuple[CategoryId, ...] | None
    price_choice: int | None
    unsold_lines: tuple[Cents, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureDecided(Recorded):
    """Turns the hold `original` into debt to the producer: shares are owed, released went back to where it was held from."""

    TYPE: ClassVar[int] = 82
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"code", "member", "charte_version", "shares", "released"})
    op: OperationHead
    answer: str
    original: OperationId
    amount_cents: Cents
    lines: tuple[Line, ...]
    approved_cents: Cents
    approved_lines: tuple[Cents, ...]
    code: str
    member: MemberId | None
    charte_version: int
    shares: tuple[Share, ...]
    released: tuple[Return, ...]
    unsold_lines: tuple[Cents, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalDecided(Recorded):
    """effect: "released" (a hold), "undone" (a captured sale), "tombstone" (original unknown yet), "nothing" (already
    resolved, or settled: then `exception` says what a treasurer has to look at)."""

    TYPE: ClassVar[int] = 83
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"code", "member", "effect", "returned", "exception"})
    op: OperationHead
    answer: str
    original: OperationId
    code: str
    member: MemberId | None
    effect: str
    returned: tuple[Return, ...]
    exception: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundDecided(Recorded):
    """Goods taken back at full price: amount_cents over lines of the original basket; card_cents of it go back to the lots,
    the rest in cash at the stall. new_lot_expires_us: for returns to lots that lapsed."""

    TYPE: ClassVar[int] = 84
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"code", "member", "returned", "new_lot_expires_us"})
    op: OperationHead
    answer: str
    original: OperationId
    amount_cents: Cents
    lines: tuple[Line, ...]
    card_cents: Cents
    card_lines: tuple[Cents, ...]
    code: str
    member: MemberId | None
    returned: tuple[Return, ...]
    new_lot_expires_us: MicroTime


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldExpired(Recorded):
    """Nobody captured the hold in time."""

    TYPE: ClassVar[int] = 85
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"member", "released"})
    terminal: TerminalId
    original: OperationId
    producer: ProducerId
    member: MemberId
    released: tuple[Return, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRepeated(Recorded):
    """The same operation came under another (epoch, n): answered with the stored outcome, nothing else happened."""

    TYPE: ClassVar[int] = 86
    op: OperationHead
    answer: str
    first_position: int


Event = (
    SaleDecided
    | AuthorisationDecided
    | CaptureDecided
    | ReversalDecided
    | RefundDecided
    | HoldExpired
    | OperationRepeated
)
"""Every event of this room, for catalogue.py."""
