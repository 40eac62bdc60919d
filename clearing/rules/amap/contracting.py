"""Law: a contract is signed whole: its days, its exact instalments, and until when a fund pays its part; a fund's end is told
before, and what it then leaves is nobody's until the household says yes or the contract shrinks.
"""

from datetime import date
from typing import Final

from clearing.events.contracts import (
    ContractShrunk,
    ContractSigned,
    FundPartTakenOver,
    FundPartWarned,
    Portion,
    SeasonOpened,
)
from clearing.rules.amap.contracts import THROUGH, Contract, Contracts
from clearing.rules.amap.schedules import INSTALMENTS_MAX, before_and_after, instalments
from clearing.rules.answers import Declined, not_found, not_now
from clearing.rules.calendar import civil_date
from clearing.rules.people.members import Members
from clearing.rules.stalls.producers import Producers
from clearing.rules.treasury.funds import Funds
from clearing.values import (
    Cents,
    ContractId,
    FundId,
    MemberId,
    OperationId,
    PersonId,
    Rate,
    SeasonId,
    money,
)

MODES: Final = ("recorded", THROUGH)
SKIPS: Final = ("moved", "lost", "none")
DAYS_MAX: Final = 400
WEIGHT_MAX: Final = 1_000


def running(contracts: Contracts, name: ContractId) -> Contract | Declined:
    """A contract that has not ended."""
    contract = contracts.contracts.get(name)
    if contract is None:
        return not_found(f"There is no contract {name}; `clearing contract list` shows them.")
    if contract.ended_on is not None:
        return not_now(f"Contract {name} has ended{f' on {contract.ended_on}' if contract.ended_on else ''}.")
    return contract


def decide_open(contracts: Contracts, producers: Producers, opened: SeasonOpened) -> SeasonOpened | Declined:
    """Days must be rising ISO dates. Money through the caisse needs a vote; whether the one named stands: standing.py."""
    if opened.season in contracts.seasons:
        return not_now(f"Season {opened.season} is open already; give the new one another name.")
    if opened.producer not in producers.producers:
        return not_found(f"There is no producer {opened.producer}; admit them first.")
    if opened.mode not in MODES or opened.skip not in SKIPS:
        return not_now(f"The mode is one of {', '.join(MODES)}; a skipped basket is one of {', '.join(SKIPS)}.")
    if opened.mode == THROUGH and not opened.decision:
        return not_found("Money of contracts goes through the caisse only by a recorded vote: record it, and name it.")
    days = [civil_date(day.on, what="a delivery day") for day in opened.days]
    if not 1 <= len(days) <= DAYS_MAX or days != sorted(set(days)):
        return not_now(f"A season has 1 to {DAYS_MAX} delivery days, each once, the earliest first.")
    if any(not 1 <= day.weight <= WEIGHT_MAX for day in opened.days):
        return not_now(f"The weight of a delivery day is 1 (one basket) to {WEIGHT_MAX}.")
    return opened


def decide_sign(
    contracts: Contracts, members: Members, funds: Funds, *, contract: ContractId, number: OperationId, season: SeasonId,
    member: MemberId, portions: tuple[Portion, ...], joins_on: str, full_cents: Cents, due_on: tuple[str, ...],
    fund: FundId | None, fund_rate: Rate, fund_until: str, by: PersonId,
) -> ContractSigned | Declined:
    """full_cents: price of the whole season; a late joiner pays the exact part of the days that are left."""
    known = contracts.seasons.get(season)
    if contract in contracts.contracts or number in contracts.by_number:
        return not_now(f"Contract {contract} is signed already; give the new one another name.")
    if known is None:
        return not_found(f"There is no season {season}; open it first.")
    if member not in members.members:
        return not_found(f"There is no member {member}; admit them first.")
    if joins_on:
        civil_date(joins_on, what="joins_on")
    left = [day for day in known.days if day >= joins_on]
    if not left or not portions:
        return not_now(f"It would bring nothing: {season} has no delivery from {joins_on} on, or no portion is named.")
    total = before_and_after(full_cents, known.days, max((day for day in known.days if day < joins_on), default=""))[1]
    dates = [civil_date(day, what="the day of an instalment") for day in due_on]
    if not 1 <= len(dates) <= INSTALMENTS_MAX or dates != sorted(set(dates)):
        return not_now(f"A contract is paid in 1 to {INSTALMENTS_MAX} instalments, each on its own day, the earliest first.")
    if total < len(due_on):
        return not_now(f"{money(total)} in {len(due_on)} would make an instalment of 0.00: choose at most {total} instalments.")
    if (fund is None) != (not fund_rate) or (fund is None) != (not fund_until):
        return not_now("A fund that pays a part needs its rate and the last day it pays; without a fund leave both out.")
    if fund is not None and (fund not in funds or civil_date(fund_until, what="fund_until") < dates[0]):
        return not_now(f"The fund {fund} does not exist, or its part ends before the first instalment.")
    return ContractSigned(
        contract=contract, number=number, season=season, member=member, portions=portions, joins_on=joins_on or left[0],
        full_cents=full_cents, total_cents=total, instalments=instalments(total, due_on, fund_rate), fund=fund,
        fund_until=fund_until, by=by,
    )


def decide_warn(contracts: Contracts, *, at_us: int) -> FundPartWarned | None:
    """The next fund part whose end is near; None when none is."""
    if not contracts.warnings or contracts.warnings[0][0] > at_us:
        return None
    name = contracts.warnings[0][1]
    contract = contracts.contracts[name]
    return FundPartWarned(contract=name, until_on=contract.fund_until, unfunded_cents=Cents(contract.unfunded_cents()))


def decide_take_over(contracts: Contracts, *, contract: ContractId, agreed: str, by: PersonId) -> FundPartTakenOver | Declined:
    """agreed: how the household said yes: a letter, a visit at the desk."""
    known = running(contracts, contract)
    if isinstance(known, Declined):
        return known
    cents = known.unfunded_cents()
    if not cents:
        return not_now(f"Every part of {contract} is paid by somebody already; nothing is to be taken over.")
    return FundPartTakenOver(contract=contract, cents=Cents(cents), agreed=agreed, by=by)


def decide_shrink(
    contracts: Contracts, *, contract: ContractId, from_on: str, by: PersonId, today: date
) -> ContractShrunk | Declined:
    """The deliveries from from_on on become worth less by what no fund pays."""
    known = running(contracts, contract)
    if isinstance(known, Declined):
        return known
    cents = known.unfunded_cents()
    if not cents:
        return not_now(f"Every part of {contract} is paid by somebody already; it need not shrink.")
    if civil_date(from_on, what="from_on") < max(today, date.fromisoformat(known.stretch_from or "0001-01-01")):
        return not_now("A contract shrinks from today on, or later; what was delivered stays as it was.")
    before = max((day for day in known.weights if day < from_on), default="")
    ahead = known.total_cents - known.consumed_cents(before)
    if ahead < cents:
        return not_now(f"From {from_on} on only {money(ahead)} are to be delivered, {money(cents)} would have to go: choose "
                       "an earlier day, or end the contract.")  # fmt: skip
    return ContractShrunk(contract=contract, from_on=from_on, cents=Cents(cents), by=by)
