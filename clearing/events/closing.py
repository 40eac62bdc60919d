"""Law: a caisse ends by a vote, on a named day, with every cent gone to whom it belongs; then nothing is written any more."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from clearing.events.basket import LotUse
from clearing.events.recorded import Recorded
from clearing.values import Cents, DecisionId, FundId, MemberId, MicroTime, PersonId, ProducerId, PurseKind


class Heir(NamedTuple):
    """The body that gets what is left of a fund: an organisation."""

    fund: FundId
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureProposed(Recorded):
    """last_day: ISO, the last civil day on which a card pays. ends_us: the first instant after it. heirs: one per fund."""

    TYPE: ClassVar[int] = 220
    last_day: str
    ends_us: MicroTime
    heirs: tuple[Heir, ...]
    decision: DecisionId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureConfirmed(Recorded):
    """Another officer confirmed it: no credit from now on, and all credit ends at ends_us."""

    TYPE: ClassVar[int] = 221
    last_day: str
    ends_us: MicroTime
    heirs: tuple[Heir, ...]
    decision: DecisionId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMoneyReleased(Recorded):
    """A member's own money, out of the purse with the last day over: payable to the member. lots: all of them."""

    TYPE: ClassVar[int] = 222
    member: MemberId
    purse: PurseKind
    lots: tuple[LotUse, ...]
    cents: Cents
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMoneyPaid(Recorded):
    """All that was payable to the member. reference: the bank line or the receipt."""

    TYPE: ClassVar[int] = 223
    member: MemberId
    cents: Cents
    reference: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class RestReleased(Recorded):
    """What is left of a fund, payable to its heir."""

    TYPE: ClassVar[int] = 224
    fund: FundId
    body: str
    cents: Cents
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class RestPaid(Recorded):
    """All that was payable of a fund. reference: the bank line."""

    TYPE: ClassVar[int] = 225
    fund: FundId
    cents: Cents
    reference: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class ProducerRepaid(Recorded):
    """A producer that owed the caisse more than it had to get paid it back. reference: the bank line."""

    TYPE: ClassVar[int] = 226
    producer: ProducerId
    cents: Cents
    reference: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CaisseSealed(Recorded):
    """Every account is empty; nothing is taken in any more."""

    TYPE: ClassVar[int] = 227
    by: PersonId


Event = (
    ClosureProposed
    | ClosureConfirmed
    | OwnMoneyReleased
    | OwnMoneyPaid
    | RestReleased
    | RestPaid
    | ProducerRepaid
    | CaisseSealed
)
"""Every event of this room, for catalogue.py."""
