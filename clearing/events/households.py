"""Law: persons share a purse by pseudonyms and credit classes; who goes takes her part along; no name, no birth date, ever."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from clearing.events.recorded import Recorded
from clearing.values import CardId, Cents, DecisionId, EaterId, FundId, MemberId, MicroTime, PersonId, PurseKind


@dataclass(frozen=True, slots=True, kw_only=True)
class EaterJoined(Recorded):
    """A person belongs to a purse. credit_class: "adult", "child" ... next_class holds from the first day of next_period
    ("2027-03") on; both "": it does not change."""

    TYPE: ClassVar[int] = 45
    member: MemberId
    eater: EaterId
    credit_class: str
    next_class: str
    next_period: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class EaterLeft(Recorded):
    """A person no longer belongs to the purse; what is in it stays."""

    TYPE: ClassVar[int] = 46
    member: MemberId
    eater: EaterId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class EaterClassSet(Recorded):
    """The class, or the month of its next change, was corrected."""

    TYPE: ClassVar[int] = 47
    member: MemberId
    eater: EaterId
    credit_class: str
    next_class: str
    next_period: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class EaterClassChanged(Recorded):
    """The month of the change has begun."""

    TYPE: ClassVar[int] = 48
    member: MemberId
    eater: EaterId
    credit_class: str


class LotMoved(NamedTuple):
    """cents of `lot` became `new_lot` in the other purse. fund None: own money. lapse_to: as voted for the lot."""

    purse: PurseKind
    lot: str
    new_lot: str
    cents: Cents
    fund: FundId | None
    lapse_to: FundId | None
    expires_us: MicroTime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdSeparated(Recorded):
    """At the request of one adult: these persons and their part of every lot belong to new_member, a purse of its own."""

    TYPE: ClassVar[int] = 49
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"lots"})
    member: MemberId
    new_member: MemberId
    eaters: tuple[EaterId, ...]
    lots: tuple[LotMoved, ...]
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLeft(Recorded):
    """reason: "left", "moved", "died". From here on no new credit; from ends_us on nothing is spent."""

    TYPE: ClassVar[int] = 50
    member: MemberId
    reason: str
    ends_us: MicroTime
    by: PersonId


class LotEnded(NamedTuple):
    """cents of a lot that went back to `fund`. fund None: own money, which is owed to the person."""

    purse: PurseKind
    lot: str
    fund: FundId | None
    cents: Cents


@dataclass(frozen=True, slots=True, kw_only=True)
class PurseEmptied(Recorded):
    """The purses of one who left: credit is its funds' again, own money is owed, the cards are blocked. Again, for what comes
    back later (a hold that is released)."""

    TYPE: ClassVar[int] = 51
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"lots"})
    member: MemberId
    lots: tuple[LotEnded, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyBackProposed(Recorded):
    """Own money is to be paid back, all that is owed. how: "transfer" or "cash". reference: of the transfer or the receipt."""

    TYPE: ClassVar[int] = 52
    member: MemberId
    cents: Cents
    how: str
    reference: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyBackConfirmed(Recorded):
    """It was paid: said by another person than who proposed it."""

    TYPE: ClassVar[int] = 53
    member: MemberId
    cents: Cents
    how: str
    reference: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLimitSet(Recorded):
    """What one card may take from its purses per sale, civil day and civil month, in all; None: no limit of that kind."""

    TYPE: ClassVar[int] = 54
    card: CardId
    sale_cents: Cents | None
    day_cents: Cents | None
    month_cents: Cents | None
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class SpareCardMade(Recorded):
    """Personalised ahead and nobody's yet: it pays nothing until it is bound."""

    TYPE: ClassVar[int] = 55
    card: CardId
    key_version: int
    alias: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CardBound(Recorded):
    """A spare card is this member's from now on."""

    TYPE: ClassVar[int] = 56
    card: CardId
    key_version: int
    member: MemberId
    alias: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdRulesSet(Recorded):
    """Voted. separation: "split" (lots by heads) or "stay" (all stays where it is). leaving: "at-once" or "month-end"."""

    TYPE: ClassVar[int] = 57
    separation: str
    leaving: str
    decision: DecisionId
    by: PersonId


Event = (
    EaterJoined
    | EaterLeft
    | EaterClassSet
    | EaterClassChanged
    | HouseholdSeparated
    | MemberLeft
    | PurseEmptied
    | MoneyBackProposed
    | MoneyBackConfirmed
    | CardLimitSet
    | SpareCardMade
    | CardBound
    | HouseholdRulesSet
)
"""Every event of this room, for catalogue.py."""
