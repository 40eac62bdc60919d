"""Law: a contested purchase is opened, answered, decided by another person, may be heard by a second body, and is closed.

Who the member is stands in the sale; nothing here says it but what goes back to her purse.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from clearing.events.basket import Line, Return
from clearing.events.recorded import Recorded
from clearing.values import Cents, FundId, MemberId, MicroTime, OperationId, PersonId, Position, ProducerId, TerminalId


class Purchase(NamedTuple):
    """One line of a captured sale. line: its index in the basket."""

    terminal: TerminalId
    x: OperationId
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestOpened(Recorded):
    """sale: position of the capture; payee: whose goods; cents: what the card paid of the line and no refund gave back; unpaid:
    no batch holds the sale yet, so that so much of it waits; answer_by: ISO day by which the producer answers."""

    TYPE: ClassVar[int] = 264
    contest: int
    about: Purchase
    sale: Position
    payee: ProducerId
    cents: Cents
    unpaid: bool
    reason: str
    answer_by: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestAnswered(Recorded):
    """The producer's word, as an officer heard it. agrees: the goods are to be given back."""

    TYPE: ClassVar[int] = 265
    contest: int
    about: Purchase
    agrees: bool
    text: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestDecided(Recorded):
    """outcome: member or producer. cost: who bears what the member gets back: producer, fund (then fund names it), or "" when
    nothing goes back. lines: the goods, as in a refund; returned: to which lots. paid_cents: to the producer out of the fund,
    when an appeal finds that it should not have borne it. appeal: decided by the second body."""

    TYPE: ClassVar[int] = 266
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"member", "returned", "new_lot_expires_us"})
    contest: int
    about: Purchase
    sale: Position
    payee: ProducerId
    appeal: bool
    outcome: str
    cost: str
    fund: FundId
    lines: tuple[Line, ...]
    card_cents: Cents
    paid_cents: Cents
    reason: str
    by: PersonId
    member: MemberId | None
    returned: tuple[Return, ...]
    new_lot_expires_us: MicroTime


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestAppealed(Recorded):
    """body: which second body hears it. of: member or producer, who appeals."""

    TYPE: ClassVar[int] = 267
    contest: int
    about: Purchase
    body: str
    of: str
    reason: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestClosed(Recorded):
    """Withdrawn by the member when nothing was decided; else nobody appealed, or the second body has decided."""

    TYPE: ClassVar[int] = 268
    contest: int
    about: Purchase
    reason: str
    by: PersonId


Event = ContestOpened | ContestAnswered | ContestDecided | ContestAppealed | ContestClosed
"""Every event of this room, for catalogue.py."""
