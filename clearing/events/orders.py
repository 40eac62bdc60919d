"""Law: an order reserves what the charte gives; what is delivered is owed per payee, what is disputed stays reserved.

Orders are above card limits: a collective account places them by a mandatary. Exceptions are what came too late at a till.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from clearing.events.basket import Line, Return, Share
from clearing.events.recorded import Recorded
from clearing.values import CategoryId, Cents, MemberId, PayerId, PersonId, Position, ProducerId


class Delivered(NamedTuple):
    """What came of one line. line: index into the order's lines. qty_milli: thousandths of the product's unit."""

    line: int
    amount_cents: Cents
    qty_milli: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlaced(Recorded):
    """shares are reserved until delivery. seller: payee of lines that name none. joint: the joint purchase it is a part of, or
    empty. two_people: another mandatary has to confirm it first. applied, eligible: as in AuthorisationDecided."""

    TYPE: ClassVar[int] = 187
    PRIVATE: ClassVar[frozenset[str]] = frozenset(
        {"account", "mandatary", "charte_version", "shares", "applied", "eligible", "by"}
    )
    order: str
    joint: str
    seller: ProducerId
    amount_cents: Cents
    lines: tuple[Line, ...]
    approved_cents: Cents
    approved_lines: tuple[Cents, ...]
    two_people: bool
    account: MemberId
    mandatary: str
    charte_version: int
    shares: tuple[Share, ...]
    applied: tuple[PayerId, ...]
    eligible: tuple[CategoryId, ...] | None
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderConfirmed(Recorded):
    """The second mandatary, entered by another officer than the first."""

    TYPE: ClassVar[int] = 188
    order: str
    mandatary: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryNoted(Recorded):
    """A delivery note: these lines are owed from now on, with what came; the rest of their reserve is released.

    side: producer or buyer. document: number of the paper. shares, released: `line` into the order's lines.
    """

    TYPE: ClassVar[int] = 189
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"account", "shares", "released", "by"})
    order: str
    side: str
    document: str
    lines: tuple[Delivered, ...]
    account: MemberId
    shares: tuple[Share, ...]
    released: tuple[Return, ...]
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDisputed(Recorded):
    """Only this line waits; what is reserved for it stays reserved."""

    TYPE: ClassVar[int] = 190
    order: str
    line: int
    reason: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeProposed(Recorded):
    """One person proposes what of a disputed line is accepted, from 0 to the whole line."""

    TYPE: ClassVar[int] = 191
    order: str
    line: int
    amount_cents: Cents
    reason: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeResolved(Recorded):
    """The accepted part is owed, the rest of the reserve is released. resolved_by: two people."""

    TYPE: ClassVar[int] = 192
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"account", "shares", "released", "resolved_by"})
    order: str
    line: int
    amount_cents: Cents
    reason: str
    account: MemberId
    shares: tuple[Share, ...]
    released: tuple[Return, ...]
    resolved_by: tuple[PersonId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled(Recorded):
    """What was neither delivered nor disputed is released."""

    TYPE: ClassVar[int] = 193
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"account", "released", "by"})
    order: str
    account: MemberId
    released: tuple[Return, ...]
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionProposed(Recorded):
    """exception: position of the event that stands in the list. how: noted, refused or accepted. consent: the member agreed
    that her purses pay what they can. reason: for whoever reads it in a year."""

    TYPE: ClassVar[int] = 194
    exception: Position
    how: str
    consent: bool
    reason: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionResolved(Recorded):
    """shares: an accepted late capture is owed: from the member's purses by consent, else from the guarantee fund.

    producer: whose till it came from. lines: the goods of an accepted late capture, at full price; else empty.
    """

    TYPE: ClassVar[int] = 195
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"member", "shares", "resolved_by", "consent"})
    exception: Position
    how: str
    consent: bool
    reason: str
    producer: ProducerId
    lines: tuple[Line, ...]
    member: MemberId | None
    shares: tuple[Share, ...]
    resolved_by: tuple[PersonId, ...]


Event = (
    OrderPlaced
    | OrderConfirmed
    | DeliveryNoted
    | LineDisputed
    | DisputeProposed
    | DisputeResolved
    | OrderCancelled
    | ResolutionProposed
    | ExceptionResolved
)
"""Every event of this room, for catalogue.py."""
