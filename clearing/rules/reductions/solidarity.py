"""Law: a fund pays no draw that it can't carry; what a draw may cost is bounded per terminal, producer, fund and civil day.

Draws and gives know lines, a terminal and a day: no card, no member. A fund shared pro rata pays at the day's close, by largest
remainder. Source: domain.md section 3, rows 5 and 21; docs/decisions/0016-draws-without-names.md.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from clearing.events.basket import Line, Share
from clearing.events.sales import OperationHead
from clearing.events.solidarity import (
    CouponsSold,
    DrawDecided,
    DrawPart,
    DrawsShared,
    GiveDecided,
    SolidarityRuleSet,
    WhenShort,
)
from clearing.rules.answers import Declined, not_found, not_now
from clearing.rules.calendar import CivilCalendar, civil_date
from clearing.rules.stalls.settlement import Settlement
from clearing.rules.treasury.funds import Funds, engage
from clearing.values import (
    WHOLE,
    CategoryId,
    Cents,
    FundId,
    OperationId,
    PayerId,
    PersonId,
    ProducerId,
    Rate,
    TerminalId,
    half_up,
    largest_remainder,
)

COUPON: Final = CategoryId("coupon")
"""The category of a line that is coupons, in a give at 100 %."""
MEANS: Final = ("cash", "cheque", "transfer")
COUPONS_MAX: Final = 10_000  # sold at once


@dataclass(frozen=True, slots=True)
class Claim:
    """A draw of a fund that is shared at the day's close. shares: what it asked for."""

    terminal: TerminalId
    x: OperationId
    fund: FundId
    day: str
    shares: tuple[Share, ...]


@dataclass(slots=True)
class Solidarity:
    """used: cents by what a ceiling is on, of `day` only. claims: draws not shared yet. paid: what shared draws were paid."""

    rules: dict[str, SolidarityRuleSet] = field(default_factory=dict)
    day: str = ""
    used: dict[str, int] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)
    paid: dict[bytes, tuple[Share, ...]] = field(default_factory=dict)

    def used_on(self, day: str, what: str) -> int:
        return self.used.get(what, 0) if day == self.day else 0

    def claim_of(self, terminal: TerminalId, x: OperationId) -> Claim | None:
        return next((one for one in self.claims if (one.terminal, one.x) == (terminal, x)), None)

    def paid_for(self, event: DrawDecided | GiveDecided) -> tuple[Share, ...]:
        """What was moved for a draw or a give: of a draw that was shared, what the close gave it."""
        if isinstance(event, DrawDecided) and event.claimed:
            return self.paid.get(event.op.terminal + event.op.x, ())
        return event.shares


def evolve_rule(solidarity: Solidarity, event: SolidarityRuleSet) -> None:
    solidarity.rules[event.rule] = event


def evolve_coupons(funds: Funds, event: CouponsSold) -> None:
    funds[event.fund].received_cents += event.cents


def evolve_draw(solidarity: Solidarity, funds: Funds, settlement: Settlement, event: DrawDecided) -> None:
    rule = solidarity.rules[event.rule]
    count(solidarity, event.day, (name for name, _ in draw_ceilings(rule, event.op)), event.approved_cents)
    if event.claimed:
        solidarity.claims.append(Claim(event.op.terminal, event.op.x, rule.fund, event.day, event.shares))
    else:
        _pay(funds, settlement, rule.fund, event.shares)


def evolve_give(solidarity: Solidarity, funds: Funds, settlement: Settlement, event: GiveDecided) -> None:
    rule = solidarity.rules[event.rule]
    count(solidarity, event.day, (name for name, _ in give_ceilings(rule, event.op)), event.approved_cents)
    funds[rule.fund].received_cents += event.approved_cents
    settlement.owed_to(event.op.producer).given_cents += event.approved_cents


def evolve_shared(solidarity: Solidarity, funds: Funds, settlement: Settlement, event: DrawsShared) -> None:
    solidarity.claims = [one for one in solidarity.claims if (one.fund, one.day) != (event.fund, event.day)]
    for part in event.draws:
        _pay(funds, settlement, event.fund, part.shares)
        solidarity.paid[part.terminal + part.x] = part.shares


def _pay(funds: Funds, settlement: Settlement, fund: FundId, shares: Sequence[Share]) -> None:
    engage(funds, fund, sum(share.cents for share in shares))
    for share in shares:
        settlement.owed_to(share.payee).captured_cents += share.cents


def count(solidarity: Solidarity, day: str, names: Iterable[str], cents: int) -> None:
    """Use ceilings of a day up, or give them back (cents below zero); a new day begins with none used."""
    if day > solidarity.day:
        solidarity.day, solidarity.used = day, {}
    if day == solidarity.day:
        for name in names:
            solidarity.used[name] = solidarity.used.get(name, 0) + cents


def draw_ceilings(rule: SolidarityRuleSet, head: OperationHead) -> tuple[tuple[str, int], ...]:
    """(what is counted, most cents a day)."""
    return (
        (f"{rule.rule} draws of terminal {head.terminal.hex()}", rule.terminal_day_cents),
        (f"{rule.rule} draws of producer {head.producer}", rule.producer_day_cents),
        (f"draws on fund {rule.fund}", rule.fund_day_cents),
    )


def give_ceilings(rule: SolidarityRuleSet, head: OperationHead) -> tuple[tuple[str, int], ...]:
    """The same for gives: invented ones would fill a fund with what nobody ever pays."""
    return (
        (f"{rule.rule} gives of terminal {head.terminal.hex()}", rule.give_terminal_day_cents),
        (f"{rule.rule} gives of producer {head.producer}", rule.give_producer_day_cents),
    )


def split_up(
    lines: Sequence[Line], rate: int, rule: SolidarityRuleSet, producer: ProducerId, eligible: frozenset[CategoryId] | None,
    *, given_by: ProducerId | None = None,
) -> tuple[tuple[Share, ...], tuple[Cents, ...]]:
    """rate of each kind of goods that the rule is for, lines of one kind added up first, half up; and the cents per line.

    given_by None: the rule's fund pays it to the payees; else that producer owes it to the fund.
    """
    kinds: dict[tuple[CategoryId, str | None, ProducerId], list[int]] = {}
    for place, line in enumerate(lines):
        if (not rule.categories or line.category in rule.categories) and (eligible is None or line.category in eligible):
            kinds.setdefault((line.category, line.product, line.payee or producer), []).append(place)
    shares, per_line = list[Share](), [Cents(0)] * len(lines)
    fund = f"fund:{rule.fund}"
    for (_, _, payee), places in kinds.items():
        amounts = [lines[place].amount_cents for place in places]
        cents = half_up(rate, sum(amounts))
        for place, part in zip(places, largest_remainder(cents, amounts), strict=True):
            per_line[place] = part
        if cents:
            paid = Share(
                line=places[0], payer=PayerId(rule.rule), step="tariff", source=fund, rate=Rate(rate), cents=cents, payee=payee
            )
            shares.append(
                paid if given_by is None
                else paid._replace(step="surplus", source=f"owed:{given_by}", payee=ProducerId(fund))
            )
    return tuple(shares), tuple(per_line)


def rules_at(solidarity: Solidarity, places: frozenset[str]) -> Iterator[SolidarityRuleSet]:
    """The rules for a seller of these places, in the order they were first voted."""
    return (rule for rule in solidarity.rules.values() if not rule.where or not places.isdisjoint(rule.where))


def decide_set_rule(rule: SolidarityRuleSet, *, funds: Funds) -> SolidarityRuleSet | Declined:
    """Without rates, prices and coupons the rule offers nothing any more: so one is ended."""
    if rule.fund not in funds:
        return not_found(f"There is no fund {rule.fund}; open it first.")
    if any(not 0 < rate <= WHOLE for rate in rule.rates) or len(set(rule.rates)) != len(rule.rates):
        return not_now("A reduction is above 0 and at most 100 percent, each listed once.")
    if any(not WHOLE < price <= 5 * WHOLE or price % 100 for price in rule.prices):
        return not_now("A price that gives is above 100 and at most 500 percent, in whole percent.")
    if any(rate % 100 for rate in rule.rates):
        return not_now("A reduction is whole percent: tills ask for it in percent.")
    if rule.rates and not min(rule.terminal_day_cents, rule.producer_day_cents, rule.fund_day_cents):
        return not_now("Draws need a ceiling per terminal, per producer and for the fund, each above 0.00 a day.")
    gives = bool(rule.prices or rule.coupon_cents)
    if gives and not min(rule.give_terminal_day_cents, rule.give_producer_day_cents, rule.give_debt_cents):
        return not_now("Gives need a ceiling per terminal and per producer a day, and of what a producer may owe, above 0.00.")
    return rule


def decide_sell_coupons(
    solidarity: Solidarity, *, fund: FundId, number: int, means: str, reference: str, by: PersonId
) -> CouponsSold | Declined:
    rule = next((one for one in solidarity.rules.values() if one.fund == fund and one.coupon_cents), None)
    if rule is None:
        return not_found(f"No voted rule sells coupons for the fund {fund}; set one with its price first.")
    if not 1 <= number <= COUPONS_MAX or means not in MEANS:
        return not_now(f"Sell 1 to {COUPONS_MAX} coupons, paid by {', '.join(MEANS)}.")
    return CouponsSold(
        fund=fund, number=number, cents=Cents(number * rule.coupon_cents), means=means, reference=reference, by=by
    )


def close_due_us(solidarity: Solidarity, calendar: CivilCalendar) -> int | None:
    """When the oldest draws that wait are to be shared: the end of their day."""
    return calendar.end_of_day_us(civil_date(solidarity.claims[0].day)) if solidarity.claims else None


def decide_shared(solidarity: Solidarity, funds: Funds, *, with_batch: bool) -> DrawsShared:
    """The close of the day and fund of the oldest draw that waits."""
    first = solidarity.claims[0]
    claims = [one for one in solidarity.claims if (one.fund, one.day) == (first.fund, first.day)]
    wanted = [sum(share.cents for share in one.shares) for one in claims]
    cents = min(sum(wanted), max(0, funds[first.fund].free_cents()))
    return DrawsShared(
        fund=first.fund, day=first.day, claimed_cents=Cents(sum(wanted)), cents=Cents(cents), with_batch=with_batch,
        draws=tuple(
            DrawPart(one.terminal, one.x, _lowered(one.shares, part))
            for one, part in zip(claims, largest_remainder(cents, wanted), strict=True)
        ),
    )


def decide_shared_with_batch(solidarity: Solidarity, funds: Funds) -> tuple[DrawsShared, ...]:
    """All closes that a settlement batch brings forward, in order, each fund by itself."""
    left, found = Solidarity(claims=list(solidarity.claims)), list[DrawsShared]()
    while left.claims:
        shared = decide_shared(left, funds, with_batch=True)
        if any(one.fund == shared.fund for one in found):
            raise AssertionError("yesterday's draws of a fund are shared before today's batch is closed")
        left.claims = [one for one in left.claims if (one.fund, one.day) != (shared.fund, shared.day)]
        found.append(shared)
    return tuple(found)


def _lowered(shares: Sequence[Share], cents: int) -> tuple[Share, ...]:
    parts = largest_remainder(cents, [share.cents for share in shares])
    return tuple(share._replace(cents=part) for share, part in zip(shares, parts, strict=True) if part)


def lower_rates(rule: SolidarityRuleSet, asked: int) -> list[Rate]:
    """The rates below the one asked for, highest first; none where the vote says first come or pro rata."""
    return sorted((rate for rate in rule.rates if rate < asked), reverse=True) if rule.when_short is WhenShort.LOWER else []
