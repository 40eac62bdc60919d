"""Law: a draw names nobody: no card, no member, no time finer than the civil day; a give is cash that a producer owes a fund.

A draw is a reduction that a solidarity fund pays. Its event's instant is the log's last plus one, or the day's beginning,
never the clock's (docs/decisions/0016-draws-without-names.md says what order in the log still reveals).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, NamedTuple

from clearing.events.basket import Line, Share
from clearing.events.recorded import Recorded
from clearing.events.sales import OperationHead
from clearing.values import CategoryId, Cents, DecisionId, FundId, OperationId, PersonId, ProducerId, Rate, TerminalId


class WhenShort(StrEnum):
    """What becomes of a draw that the fund can't carry whole."""

    FIRST_COME = "first-come"  # refused
    LOWER = "lower"  # the highest lower rate that the fund can carry
    PRO_RATA = "pro-rata"  # accepted; at the day's close the fund's cents are shared among the draws of that day


@dataclass(frozen=True, slots=True, kw_only=True)
class SolidarityRuleSet(Recorded):
    """Voted: reductions (rates, ten-thousandths of the price) that `fund` pays; prices above 100 % and coupons that fill it.

    where: producer, convention or structure ids (empty: everywhere); categories (empty: all that the convention covers).
    coupon_cents: price of one coupon, 0: none. The *_day_cents are ceilings per civil day; give_debt_cents: the most a producer
    may come to owe by gives. watch_rate: draws as a share of a producer's card sales above which a person looks.
    """

    TYPE: ClassVar[int] = 160
    rule: str
    fund: FundId
    rates: tuple[Rate, ...]
    when_short: WhenShort
    where: tuple[str, ...]
    categories: tuple[CategoryId, ...]
    terminal_day_cents: Cents
    producer_day_cents: Cents
    fund_day_cents: Cents
    prices: tuple[Rate, ...]
    coupon_cents: Cents
    give_terminal_day_cents: Cents
    give_producer_day_cents: Cents
    give_debt_cents: Cents
    watch_rate: Rate
    decision: DecisionId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponsSold(Recorded):
    """Coupons sold at a desk, to anybody: who bought them is recorded nowhere. means: cash, cheque, transfer."""

    TYPE: ClassVar[int] = 161
    fund: FundId
    number: int
    cents: Cents
    means: str
    reference: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawDecided(Recorded):
    """asked: the reduction asked for, percent. approved_cents: what the fund pays of the lines; day: civil, ISO.

    rate: the one granted, ten-thousandths. claimed: the fund's part is found at the day's close (DrawsShared); shares are then
    claims, and nothing is owed yet.
    """

    TYPE: ClassVar[int] = 162
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"code", "rule", "rate", "shares", "claimed"})
    op: OperationHead
    answer: str
    day: str
    asked: int
    amount_cents: Cents
    lines: tuple[Line, ...]
    approved_cents: Cents
    approved_lines: tuple[Cents, ...]
    code: str
    rule: str
    rate: Rate
    shares: tuple[Share, ...]
    claimed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveDecided(Recorded):
    """asked: the price paid, percent (125: a quarter more goes to the fund); 100: the lines are coupons. approved_cents: what
    the producer took in cash for the fund and owes it; each share's source is "owed:<producer>", its payee "fund:<id>"."""

    TYPE: ClassVar[int] = 163
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"code", "rule", "shares"})
    op: OperationHead
    answer: str
    day: str
    asked: int
    amount_cents: Cents
    lines: tuple[Line, ...]
    approved_cents: Cents
    approved_lines: tuple[Cents, ...]
    code: str
    rule: str
    shares: tuple[Share, ...]


class DrawPart(NamedTuple):
    """What the fund pays of one draw of the day; the draw is named as operations are."""

    terminal: TerminalId
    x: OperationId
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawsShared(Recorded):
    """A day's close of a fund shared pro rata: cents of `claimed_cents` are paid, by largest remainder, in the log's order.

    with_batch: a settlement batch closed before the day was over.
    """

    TYPE: ClassVar[int] = 164
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"draws"})
    fund: FundId
    day: str
    claimed_cents: Cents
    cents: Cents
    draws: tuple[DrawPart, ...]
    with_batch: bool


def producers_paid(event: DrawsShared) -> dict[ProducerId, int]:
    """Cents of a close by the producer who is owed them."""
    paid: dict[ProducerId, int] = {}
    for part in event.draws:
        for share in part.shares:
            paid[share.payee] = paid.get(share.payee, 0) + share.cents
    return paid


Event = SolidarityRuleSet | CouponsSold | DrawDecided | GiveDecided | DrawsShared
"""Every event of this room, for catalogue.py."""
