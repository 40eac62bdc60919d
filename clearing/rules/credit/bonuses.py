"""Law: a bonus is reckoned on goods sold at full price, bounded per purse and civil month; it goes back with its goods, pro
rata and cumulatively, and what was spent meanwhile is kept from later bonuses of the same rule: never a debt, never more.

Source: domain.md section 2 (bonus on sustainable products), rule 7.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from clearing.events.basket import Line
from clearing.events.bonus import (
    BonusCover,
    BonusCredited,
    BonusPart,
    BonusRuleSet,
    BonusTakenBack,
    ShortBonus,
)
from clearing.events.sales import CaptureDecided, SaleDecided
from clearing.rules.answers import Declined, not_found, not_now
from clearing.rules.calendar import CivilCalendar
from clearing.rules.credit.allocation import Allocation, SingleLot
from clearing.rules.people.members import Member
from clearing.rules.selling.facts import OWN_PURSE, Facts, is_met
from clearing.rules.selling.sale import goods
from clearing.rules.treasury.funds import Funds, engage
from clearing.values import (
    CategoryId,
    Cents,
    FundId,
    MemberId,
    OperationId,
    ProducerId,
    PurseKind,
    Rate,
    TerminalId,
    half_up,
)

K = TypeVar("K")
Kind = tuple[CategoryId, str | None, ProducerId]
MONTHS_MAX = 24


@dataclass(slots=True)
class Given:
    """A bonus and what became of it. cents: credited or kept; back_cents: of it taken back, or to be kept from later ones."""

    rule: str
    member: MemberId
    fund: FundId
    purse: PurseKind
    period: str
    lot: str
    expires_us: int
    parts: tuple[BonusPart, ...]
    cents: int
    back_cents: int = 0


@dataclass(slots=True)
class Bonuses:
    """given: by terminal + x of the sale or capture. used: cents by (rule, member, month). owing: spent bonuses whose goods
    went back, by (rule, member): kept from later ones."""

    rules: dict[str, BonusRuleSet] = field(default_factory=dict)
    given: dict[bytes, list[Given]] = field(default_factory=dict)
    used: dict[tuple[str, MemberId, str], int] = field(default_factory=dict)
    owing: dict[tuple[str, MemberId], int] = field(default_factory=dict)


def evolve_rule(bonuses: Bonuses, event: BonusRuleSet) -> None:
    bonuses.rules[event.rule] = event


def evolve_credited(
    bonuses: Bonuses, allocation: Allocation, funds: Funds, member: Member, event: BonusCredited, position: int
) -> None:
    lot, cents = f"x{position}", event.cents + event.kept_cents
    bonuses.given.setdefault(event.terminal + event.x, []).append(Given(
        rule=event.rule, member=event.member, fund=event.fund, purse=event.purse, period=event.period, lot=lot,
        expires_us=event.expires_us, parts=event.parts, cents=cents,
    ))
    _add(bonuses.used, (event.rule, event.member, event.period), cents)
    _add(bonuses.owing, (event.rule, event.member), -event.kept_cents)
    if event.cents:
        engage(funds, event.fund, event.cents)
        single = SingleLot(member=event.member, purse=event.purse, fund=event.fund, expires_us=event.expires_us)
        allocation.new_lot(lot, member, single, event.cents)


def evolve_taken_back(
    bonuses: Bonuses, allocation: Allocation, funds: Funds, member: Member, event: BonusTakenBack
) -> None:
    given = next(one for one in bonuses.given[event.terminal + event.x] if one.lot == event.lot)
    cents = event.cents + event.later_cents
    given.back_cents += cents
    _add(bonuses.used, (event.rule, event.member, given.period), -cents)
    _add(bonuses.owing, (event.rule, event.member), event.later_cents)
    if event.cents:
        allocation.open_purse(member, event.purse).take(event.lot, event.cents)
        engage(funds, event.fund, -event.cents)


def _add(sums: dict[K, int], key: K, cents: int) -> None:
    left = sums.get(key, 0) + cents
    if left:
        sums[key] = left
    else:
        sums.pop(key, None)


def decide_set_rule(rule: BonusRuleSet, *, funds: Funds) -> BonusRuleSet | Declined:
    """A month's ceiling of 0 ends the rule."""
    if rule.fund not in funds:
        return not_found(f"There is no fund {rule.fund}; open it first.")
    if rule.purse == OWN_PURSE:
        return not_now(f"The purse {OWN_PURSE} holds what members added themselves; name another purse for the bonus.")
    if not rule.covers or any(cover.rate < 1 for cover in rule.covers):
        return not_now("A bonus has a rate above 0 percent for at least one category or product.")
    if len({(cover.category, cover.product) for cover in rule.covers}) != len(rule.covers):
        return not_now("A category or product stands twice in the bonus; leave one of the two out.")
    if not 1 <= rule.months_valid <= MONTHS_MAX:
        return not_now(f"A bonus can be spent for 1 to {MONTHS_MAX} months, the month of the sale included.")
    return rule


def decide_credits(
    bonuses: Bonuses, event: SaleDecided | CaptureDecided, *, member: Member, places: frozenset[str], funds: Funds,
    calendar: CivilCalendar, at_us: int,
) -> tuple[BonusCredited, ...]:
    """What an approved sale or capture brings, rule by rule. funds: before it; places: of the seller."""
    facts = Facts(at_us=at_us, producer=event.op.producer, purses={}, funds={}, groups=member.groups, places=places)  # type: ignore[arg-type]  # an instant
    period = f"{calendar.day(at_us):%Y-%m}"
    free, found = _free_after(event, funds), list[BonusCredited]()
    sold = _kinds(goods(event), event.op.producer)
    for rule in bonuses.rules.values():
        parts = _parts(rule, sold) if rule.month_cents and is_met(rule.condition, facts) else ()
        room = rule.month_cents - bonuses.used.get((rule.rule, member.member, period), 0)
        gross = min(sum(part.bonus_cents for part in parts), max(0, room))
        kept = min(gross, bonuses.owing.get((rule.rule, member.member), 0))
        cents, most = gross - kept, max(0, free.get(rule.fund, 0))
        if cents > most and rule.short is ShortBonus.NONE:
            continue
        cents = min(cents, most)
        if cents + kept:
            free[rule.fund] -= cents
            found.append(BonusCredited(
                terminal=event.op.terminal, x=event.op.x, member=member.member, rule=rule.rule, fund=rule.fund,
                purse=rule.purse, period=period, parts=parts, cents=Cents(cents), kept_cents=Cents(kept),
                expires_us=calendar.period_end_us(period, rule.months_valid),
            ))
    return tuple(found)


def _free_after(event: SaleDecided | CaptureDecided, funds: Funds) -> dict[FundId, int]:
    """Free cents of all funds once the sale has taken its own; what a capture takes was taken by its hold."""
    free = {name: fund.free_cents() for name, fund in funds.items()}
    if isinstance(event, SaleDecided):
        for share in event.shares:
            if share.source.startswith("fund:"):
                free[FundId(share.source[5:])] -= share.cents
    return free


def _kinds(lines: Sequence[Line], producer: ProducerId) -> dict[Kind, int]:
    sums: dict[Kind, int] = {}
    for line in lines:
        key = (line.category, line.product, line.payee or producer)
        sums[key] = sums.get(key, 0) + line.amount_cents
    return sums


def _parts(rule: BonusRuleSet, sold: Mapping[Kind, int]) -> tuple[BonusPart, ...]:
    found = []
    for (category, product, payee), cents in sold.items():
        rate = _rate(rule.covers, category, product)
        if rate and cents:
            found.append(BonusPart(category, product, payee, Cents(cents), half_up(rate, cents)))
    return tuple(found)


def _rate(covers: Sequence[BonusCover], category: CategoryId, product: str | None) -> Rate | None:
    same = [cover for cover in covers if cover.category == category]
    own = next((cover.rate for cover in same if product is not None and cover.product == product), None)
    return own if own is not None else next((cover.rate for cover in same if cover.product is None), None)


def decide_taken_back(
    bonuses: Bonuses, allocation: Allocation, member: Member, *, terminal: TerminalId, x: OperationId,
    back: Sequence[Line] | None, producer: ProducerId, at_us: int,
) -> tuple[BonusTakenBack, ...]:
    """back: all goods taken back of the sale so far; None: the sale was undone. A lapsed bonus is its fund's again already."""
    found = []
    gone = None if back is None else _kinds(back, producer)
    for given in bonuses.given.get(terminal + x, ()):
        due = (given.cents if gone is None else _due(given, gone)) - given.back_cents
        if due <= 0 or given.expires_us <= at_us:
            continue
        lot = allocation.open_purse(member, given.purse).lot(given.lot)
        cents = min(due, 0 if lot is None else lot.cents)
        found.append(BonusTakenBack(
            terminal=terminal, x=x, member=given.member, rule=given.rule, fund=given.fund, purse=given.purse, lot=given.lot,
            cents=Cents(cents), later_cents=Cents(due - cents),
        ))
    return tuple(found)


def _due(given: Given, gone: Mapping[Kind, int]) -> int:
    """Of the bonus, the share that its goods taken back so far stand for: all of it when all of them are back."""
    brought = sum(part.bonus_cents for part in given.parts)
    lost = 0
    for category, product, payee, goods_cents, bonus_cents in given.parts:
        back = min(goods_cents, gone.get((category, product, payee), 0))
        lost += half_up(back, bonus_cents, goods_cents)
    return half_up(lost, given.cents, brought) if brought else 0
