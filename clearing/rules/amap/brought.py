"""Law: a contract that began on paper goes on as if each of its steps had been recorded here; what none could make is refused.

What a row says is laid out as the steps that make it (signed, paid, fetched, skipped, paid over), and each is folded as ever.
"""

from collections.abc import Container, Iterator, Mapping
from typing import Final

from clearing.events.contracts import (
    ContractPaidOver,
    ContractSigned,
    DeliveriesRecorded,
    DeliverySkipped,
    InstalmentReceived,
    Taken,
)
from clearing.events.opening import OpeningArrear, OpeningContract
from clearing.rules.amap import contracts as rules
from clearing.rules.amap.contracts import Contracts, Season
from clearing.rules.amap.deliveries import OUTCOMES
from clearing.rules.amap.schedules import INSTALMENTS_MAX
from clearing.rules.calendar import CivilCalendar, civil_date
from clearing.rules.treasury.cotisations import EVERY, Cotisations, month_index
from clearing.rules.treasury.takings import MEANS
from clearing.values import Cents, FundId, MemberId, PersonId, money

SKIPPED: Final = "skipped"
PAYERS: Final = ("household", "fund")


def evolve_contract(contracts: Contracts, row: OpeningContract, calendar: CivilCalendar, by: PersonId) -> None:
    """Raises BrokenBook when the row says what no steps could have made."""
    season = contracts.seasons[row.season]
    rules.evolve_signed(contracts, _signed(row, by), calendar)
    for paid in row.payments:
        rules.evolve_received(contracts, InstalmentReceived(
            contract=row.contract, instalment=paid.instalment, payer=paid.payer, producer=season.producer,
            fund=row.fund if paid.payer == "fund" else None, cents=paid.cents,
            into="bank" if season.through() and paid.payer == "household" else "", receipt=0, means=paid.means,
            reference=paid.reference, by=by,
        ))  # fmt: skip
    over = row.paid_cents("household") - row.held_cents
    if season.through() and over:
        rules.evolve_paid_over(contracts, ContractPaidOver(
            contract=row.contract, producer=season.producer, cents=Cents(over), up_to_on="", by=by
        ))  # fmt: skip
    _baskets(contracts, row, by)
    if row.price_from:
        contract = contracts.contracts[row.contract]
        contract.stretch_from, contract.settled_cents = row.price_from, row.before_cents


def _signed(row: OpeningContract, by: PersonId) -> ContractSigned:
    total = Cents(sum(one.cents for one in row.instalments))
    return ContractSigned(
        contract=row.contract, number=row.number, season=row.season, member=row.member, portions=row.portions,
        joins_on=row.joins_on, full_cents=total, total_cents=total, instalments=row.instalments, fund=row.fund,
        fund_until=row.fund_until, by=by,
    )


def _baskets(contracts: Contracts, row: OpeningContract, by: PersonId) -> None:
    """In the order of the days: a basket may have moved to a day whose own moved on."""
    for basket in sorted(row.baskets):
        if basket.outcome == SKIPPED:
            rules.evolve_skipped(contracts, DeliverySkipped(contract=row.contract, on=basket.on, to_on=basket.to_on, by=by))
        else:
            _recorded(contracts, row, basket.on, basket.outcome, by)
    contract = contracts.contracts[row.contract]
    for on in [day for day, weight in contract.weights.items() if weight and day <= row.delivered_until]:
        if on not in contract.outcomes:
            _recorded(contracts, row, on, "taken", by)


def _recorded(contracts: Contracts, row: OpeningContract, on: str, outcome: str, by: PersonId) -> None:
    taken = (Taken(row.contract, outcome),)
    rules.evolve_recorded(contracts, DeliveriesRecorded(season=row.season, on=on, taken=taken, by=by))


def arrear_problem(
    row: OpeningArrear, cotisations: Cotisations, *, members: Mapping[MemberId, object], as_of: str
) -> str | None:
    """Why this is no arrear of the day as_of; None when it is one."""
    if row.member not in members:
        return f"there is no member {row.member}; admit the member first."
    if row.rule not in cotisations.rules:
        return f"there is no cotisation rule {row.rule}; set the voted one first."
    if row.months not in EVERY.values():
        return "a cotisation is paid for 1 month, 3 months (quarterly) or 12 months (yearly)."
    if month_index(row.period) > month_index(as_of[:7]):
        return f"{row.period} begins after {as_of}; what is due later is agreed, not brought along."
    if not 0 <= row.paid_cents < row.due_cents:
        return f"{money(row.paid_cents)} were paid of {money(row.due_cents)}: leave out what is paid in full."
    if row.period in cotisations.paid.get(row.member, {}):
        return f"a payment for {row.period} is recorded here already; leave the month out, or bring it along before."
    return None


def contract_problems(
    row: OpeningContract, contracts: Contracts, *, members: Mapping[MemberId, object], funds: Container[FundId], as_of: str
) -> Iterator[str]:
    """Each begins with what of the contract it is about: "instalment 2: ...", "basket 1: ...", or is the contract's."""
    season = contracts.seasons.get(row.season)
    if row.contract in contracts.contracts or row.number in contracts.by_number:
        yield "it is signed here already; leave it out, or give the paper's another name."
    elif season is None:
        yield f"there is no season {row.season}; open it first, with all its days: clearing contract season"
    elif row.member not in members:
        yield f"there is no member {row.member}; admit the member first."
    elif not row.portions or not any(day >= row.joins_on for day in season.days):
        yield f"it would bring nothing: {row.season} has no delivery from {row.joins_on} on, or no portion is named."
    else:
        yield from _schedule(row, funds)
        yield from _payments(row)
        yield from _amounts(row, season)
        yield from _fetched(row, season, as_of)


def _schedule(row: OpeningContract, funds: Container[FundId]) -> Iterator[str]:
    if not 1 <= len(row.instalments) <= INSTALMENTS_MAX:
        yield f"it has {len(row.instalments)} instalments; a contract is paid in 1 to {INSTALMENTS_MAX}."
        return
    before = ""
    for number, due in enumerate(row.instalments, start=1):
        civil_date(due.due_on, what="the day of an instalment")
        if due.due_on <= before:
            yield f"instalment {number}: it is due on {due.due_on}, not after the one before; the earliest stands first."
        if due.cents < 1 or due.fund_cents > due.cents:
            yield f"instalment {number}: of {money(due.cents)} a fund can't pay {money(due.fund_cents)}; none is 0.00."
        if due.fund_cents and row.fund is None:
            yield f"instalment {number}: a fund pays {money(due.fund_cents)}, but the contract names no fund."
        before = due.due_on
    if (row.fund is None) != (not row.fund_until):
        yield "a fund that pays a part needs the last day it pays; without a fund leave both out."
    elif row.fund is not None and row.fund not in funds:
        yield f"there is no fund {row.fund}; open it first."
    elif row.fund is not None and civil_date(row.fund_until, what="fund_until") < civil_date(row.instalments[0].due_on):
        yield f"the part of the fund {row.fund} ends before the first instalment; leave the fund out."


def _payments(row: OpeningContract) -> Iterator[str]:
    paid: dict[tuple[int, str], int] = {}
    seen = set[str]()
    for one in row.payments:
        if not 1 <= one.instalment <= len(row.instalments) or one.payer not in PAYERS:
            yield f"a payment names instalment {one.instalment} and payer {one.payer}; neither may be others than it has."
            continue
        due, key = row.instalments[one.instalment - 1], (one.instalment, one.payer)
        paid[key] = paid.get(key, 0) + one.cents
        part = due.fund_cents if one.payer == "fund" else due.cents - due.fund_cents
        if one.cents < 1 or paid[key] > part:
            yield f"instalment {one.instalment}: the {one.payer} has {money(part)} to pay of it, not {money(paid[key])}."
        if one.payer == "fund" and due.due_on > row.fund_until:
            yield f"instalment {one.instalment}: the fund pays until {row.fund_until}, this is due on {due.due_on}."
        if one.payer == "household" and one.means not in MEANS:
            yield f"instalment {one.instalment}: it is paid by {', '.join(MEANS)}, not by {one.means}."
        if one.reference in seen:
            yield f"instalment {one.instalment}: {one.reference} stands for another payment of it; each has its own."
        seen.add(one.reference)


def _amounts(row: OpeningContract, season: Season) -> Iterator[str]:
    paid, total = row.paid_cents("household"), sum(one.cents for one in row.instalments)
    if row.held_cents and not season.through():
        yield (f"{money(row.held_cents)} of it are said to be at the caisse, but {row.season} is only recorded: its cheques "
               "are the producer's.")  # fmt: skip
    if row.held_cents > paid:
        yield f"{money(row.held_cents)} of it are said to be at the caisse, the household has paid {money(paid)}."
    earlier = any(row.joins_on <= day < row.price_from for day in season.days)
    if earlier != bool(row.before_cents) or row.before_cents > total:
        yield (f"the deliveries before a smaller price are worth more than 0.00 and at most {money(total)}; give the day from "
               "which it holds and that worth, or neither.")  # fmt: skip
    elif row.price_from and not any(day >= max(row.price_from, row.joins_on) for day in season.days):
        yield f"no delivery comes from {row.price_from} on, from which the smaller price is said to hold."


def _fetched(row: OpeningContract, season: Season, as_of: str) -> Iterator[str]:
    if row.delivered_until > as_of:
        yield f"its baskets until {row.delivered_until} can't have been fetched by {as_of}."
    weights = {day: weight for day, weight in season.days.items() if day >= row.joins_on}
    seen = set[str]()
    for place, basket in enumerate(row.baskets, start=1):
        if basket.on not in weights or basket.on in seen:
            yield f"basket {place}: {basket.on} is no delivery day of it, or stands in the list before."
            return
        seen.add(basket.on)
        if basket.outcome != SKIPPED and (basket.outcome not in OUTCOMES or basket.on > as_of):
            yield f"basket {place}: a basket that has been is {', '.join(OUTCOMES)} or {SKIPPED}, not {basket.outcome}."
    for place, basket in sorted(enumerate(row.baskets, start=1), key=lambda one: one[1].on):
        if (why := _move(basket.on, basket.outcome, basket.to_on, weights, season)) is not None:
            yield f"basket {place}: {why}"
            return


def _move(on: str, outcome: str, to_on: str, weights: dict[str, int], season: Season) -> str | None:
    """Moves the weight of a skipped basket, as the season has it; why not, when that can't be."""
    if outcome != SKIPPED:
        return "only a skipped basket moves to another day." if to_on else None if weights[on] else "it moved to another day."
    if season.skip == "none":
        return "this season's baskets can't be skipped."
    if season.skip == "lost":
        return "by this season's rule a skipped basket is lost: leave the other day out." if to_on else None
    if to_on <= on or not weights.get(to_on):
        return f"it moves to a later delivery day of the contract, not to {to_on or 'none'}."
    weights[to_on] += weights[on]
    weights[on] = 0
    return None

