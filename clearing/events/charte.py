"""Law: a charte is data. Price (tariffs), then payers in order, then surplus; each cent it gives out names a rule of it.

Source: domain.md section 2. Written once in the log, never changed: a new vote is a new version with its own effective time.
"""

from dataclasses import dataclass
from enum import StrEnum

from clearing.values import CategoryId, Cents, DecisionId, FundId, MicroTime, PayerId, PurseKind, Rate


class Short(StrEnum):
    """What happens to a line that a payer or tariff fund cannot fully carry."""

    NEXT = "next"  # the rest goes to the next payer, in the end to the member's other tender
    DECLINE = "decline"  # the line (or unit) is not sold at that price


class Span(StrEnum):
    SALE = "sale"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """At most `cents` per civil span of the caisse's zone; per_purse False: all members together share it."""

    span: Span
    cents: Cents
    per_purse: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """When a tariff or payer applies. Empty or None means no restriction.

    who: names of groups (tier, affiliation); the member must be in one. where: producer, convention or structure ids; the
    producer must carry one. from_us <= time < until_us.
    """

    who: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    from_us: MicroTime | None = None
    until_us: MicroTime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """A rate (of the price to pay) or a fixed amount per whole unit, for one category or for one product of it.

    product beats category when both match a line. Exactly one of rate and unit_cents is set.
    """

    category: CategoryId
    product: str | None = None
    rate: Rate | None = None
    unit_cents: Cents | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FundWeight:
    fund: FundId
    weight: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """Price step. The first tariff whose condition and covers match a line sets its price.

    In `covers`, rate is the share t of the line that is left to pay (7_000: the member pays 70 %, funds carry 30 %; above
    10_000 it is a surplus owed to `surplus_fund` from own money only), unit_cents the fixed price per unit.
    funds carry the difference, one rank, by weight.
    """

    id: PayerId
    covers: tuple[Cover, ...]
    condition: Condition = Condition()
    funds: tuple[FundWeight, ...] = ()
    surplus_fund: FundId | None = None
    short: Short = Short.DECLINE


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """One who pays. Payers are asked in the order listed; neighbours of one `rank` that have weights share one rounded amount.

    Exactly one of purse and fund is set. weight is read only among payers of one rank.
    """

    id: PayerId
    covers: tuple[Cover, ...]
    purse: PurseKind | None = None
    fund: FundId | None = None
    condition: Condition = Condition()
    ceilings: tuple[Ceiling, ...] = ()
    short: Short = Short.NEXT
    rank: int | None = None
    weight: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Charte:
    """The voted rules in force from effective_us until a later version's effective time.

    categories: in the charte's own order; a line of another category is not eligible. hold_days: life of an authorisation.
    refund_lot_days: life of the new lot that a refund to a lapsed lot makes. order_accepted: the vote accepted payers whose
    category sets are not nested narrower first (domain.md section 2, rule 2). capture_tolerance: ten-thousandths of a hold by
    which a capture may exceed it, for weighed goods; payers still give what they hold and no more.
    """

    version: int
    decision: DecisionId
    effective_us: MicroTime
    categories: tuple[CategoryId, ...]
    payers: tuple[Payer, ...]
    tariffs: tuple[Tariff, ...] = ()
    hold_days: int = 7
    refund_lot_days: int = 30
    order_accepted: bool = False
    capture_tolerance: int = 0
