"""Law: funding decides on these facts alone; whoever looks them up passes the time in and adds nothing later.

Source: domain.md section 2.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from clearing.events.basket import Share
from clearing.events.charte import Charte, Condition, Span
from clearing.values import CategoryId, FundId, MicroTime, PayerId, ProducerId, PurseKind

OWN_PURSE: Final = PurseKind("own")


class Spendable(Protocol):
    """A lot as funding reads it: a Lot, or the book's own open lot."""

    @property
    def id(self) -> str: ...
    @property
    def expires_us(self) -> int | None: ...
    @property
    def cents(self) -> int: ...


class Lot(NamedTuple):
    """Spendable cents of one source in a purse. From expires_us on it has lapsed; None never lapses."""

    id: str
    fund: FundId | None
    expires_us: MicroTime | None
    cents: int


def nothing_used(_payer: PayerId, _span: Span, _per_purse: bool) -> int:
    """No ceiling has been used yet."""
    return 0


class Facts(NamedTuple):
    """What is true at the moment of the sale. (A named tuple: one is made per sale, for 0.5 us against 1.7.)

    groups: the member's. places: producer, convention and structure ids of the seller. producer: payee of a line that names
    none. purses: lots in the order listed (funding sorts by expiry). funds: free cents; both are read by `get`, for those
    payers only that are asked. used: cents a payer has already
    paid in the civil day, month or year of the sale, from this member's purse (True) or in all (False). eligible: the
    convention's categories, None for all. price_choice: the percent of the price that the member chose to pay.
    card_room_cents: what the card may take from all purses together; None: no limit.
    """

    at_us: MicroTime
    producer: ProducerId
    purses: Mapping[PurseKind, Sequence[Spendable]]
    funds: Mapping[FundId, int]
    groups: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    used: Callable[[PayerId, Span, bool], int] = nothing_used
    eligible: frozenset[CategoryId] | None = None
    price_choice: int | None = None
    own_purse: PurseKind = OWN_PURSE
    card_room_cents: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What an authorisation fixed: the charte's version, who pays by which rates, and the cents and lots each one holds.

    shares: what is held now. applied: ids of the tariffs and payers whose conditions were met (Funding.applied of the hold);
    None means those that hold a cent. eligible, price_choice, own_purse: as they were in the hold's facts.
    """

    charte: Charte
    producer: ProducerId
    shares: tuple[Share, ...]
    applied: frozenset[PayerId] | None = None
    eligible: frozenset[CategoryId] | None = None
    price_choice: int | None = None
    own_purse: PurseKind = OWN_PURSE


def is_met(condition: Condition, facts: Facts) -> bool:
    """Who, where and when of a tariff or payer; from_us counts, until_us no longer does."""
    if condition.from_us is not None and facts.at_us < condition.from_us:
        return False
    if condition.until_us is not None and facts.at_us >= condition.until_us:
        return False
    if condition.who and facts.groups.isdisjoint(condition.who):
        return False
    return not condition.where or not facts.places.isdisjoint(condition.where)
