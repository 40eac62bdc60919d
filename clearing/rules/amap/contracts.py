"""Law: a contract holds what its events say: days with weights, instalments with who pays them, and what was taken.

What a delivery is worth is derived, never stored: the cents of the present stretch of days, spread by their weights.
"""

import heapq
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, NamedTuple

from clearing.events.codes import Code
from clearing.events.contracts import (
    ContractEnded,
    ContractPaidOver,
    ContractRefunded,
    ContractShrunk,
    ContractSigned,
    CropLossDeclared,
    DeliveriesRecorded,
    DeliveriesSwapped,
    DeliveryDecided,
    DeliverySkipped,
    FundPartTakenOver,
    FundPartWarned,
    InstalmentReceived,
    InstalmentReturned,
    Portion,
    SeasonOpened,
)
from clearing.rules.amap.schedules import before_and_after, in_order, spread
from clearing.rules.answers import BrokenBook
from clearing.rules.calendar import CivilCalendar, civil_date
from clearing.values import Cents, ContractId, DecisionId, FundId, MemberId, OperationId, ProducerId, SeasonId

WARN_DAYS: Final = 30  # before a fund stops paying its part
THROUGH: Final = "through-caisse"


@dataclass(slots=True)
class Season:
    """days: weight by ISO day, rising. losses: kept rate by day."""

    title: str
    producer: ProducerId
    days: dict[str, int]
    mode: str
    skip: str
    skip_days: int
    decision: DecisionId
    losses: dict[str, int] = field(default_factory=dict)

    def through(self) -> bool:
        return self.mode == THROUGH


@dataclass(slots=True)
class Due:
    """One instalment: who owes what of it, and what came of that."""

    due_on: str
    household_cents: int
    fund_cents: int
    household_paid: int = 0
    fund_paid: int = 0


class PaidFor(NamedTuple):
    """A household's payment. into: the account that it came into, "" when it went to the producer."""

    instalment: int
    into: str


@dataclass(slots=True)
class Contract:
    """weights: by ISO day, of the days that are left to it. settled_cents: worth of the days before stretch_from, where the
    price changed. swaps: day -> whose member fetches that basket. paid_for: a household's payments by reference.
    held_cents: the household's money at the caisse; of it refundable_cents go back. paid_over_cents: what the producer got of
    the household's money. ended_on: None while it runs."""

    season: SeasonId
    member: MemberId
    number: OperationId
    portions: tuple[Portion, ...]
    fund: FundId | None
    fund_until: str
    total_cents: int
    weights: dict[str, int]
    dues: list[Due]
    settled_cents: int = 0
    stretch_from: str = ""
    outcomes: dict[str, str] = field(default_factory=dict)
    swaps: dict[str, ContractId] = field(default_factory=dict)
    references: dict[str, int] = field(default_factory=dict)
    paid_for: dict[str, PaidFor] = field(default_factory=dict)
    held_cents: int = 0
    refundable_cents: int = 0
    paid_over_cents: int = 0
    ended_on: str | None = None

    def values(self) -> dict[str, Cents]:
        """What each delivery of the present stretch is worth."""
        return spread(self.total_cents - self.settled_cents, self.stretch())

    def stretch(self) -> list[tuple[str, int]]:
        return sorted((day, weight) for day, weight in self.weights.items() if day >= self.stretch_from)

    def consumed_cents(self, last_on: str) -> Cents:
        """Exact pro rata of the deliveries up to a day, taken or not."""
        if not last_on:
            return Cents(0)
        if last_on < self.stretch_from:
            weights = {day: weight for day, weight in self.weights.items() if day < self.stretch_from}
            return before_and_after(self.settled_cents, weights, last_on)[0]
        return Cents(self.settled_cents + before_and_after(
            self.total_cents - self.settled_cents, dict(self.stretch()), last_on
        )[0])  # fmt: skip

    def is_funded(self, due: Due) -> bool:
        """Whether the fund pays its part of this instalment, or its part is nobody's."""
        return due.due_on <= self.fund_until

    def unfunded_cents(self) -> int:
        return sum(due.fund_cents - due.fund_paid for due in self.dues if not self.is_funded(due))

    def household_paid(self) -> int:
        return sum(due.household_paid for due in self.dues)

    def fund_paid(self) -> int:
        return sum(due.fund_paid for due in self.dues)


@dataclass(slots=True)
class Contracts:
    """warnings: (instant, contract), a heap of fund parts that end."""

    seasons: dict[SeasonId, Season] = field(default_factory=dict)
    contracts: dict[ContractId, Contract] = field(default_factory=dict)
    by_number: dict[OperationId, ContractId] = field(default_factory=dict)
    warnings: list[tuple[int, ContractId]] = field(default_factory=list)

    def season_of(self, contract: Contract) -> Season:
        return self.seasons[contract.season]


def evolve_opened(contracts: Contracts, event: SeasonOpened) -> None:
    contracts.seasons[event.season] = Season(
        title=event.title, producer=event.producer, days=dict(event.days), mode=event.mode, skip=event.skip,
        skip_days=event.skip_days, decision=event.decision,
    )


def evolve_signed(contracts: Contracts, event: ContractSigned, calendar: CivilCalendar) -> None:
    season = contracts.seasons[event.season]
    contract = contracts.contracts[event.contract] = Contract(
        season=event.season, member=event.member, number=event.number, portions=event.portions, fund=event.fund,
        fund_until=event.fund_until, total_cents=event.total_cents,
        weights={day: weight for day, weight in season.days.items() if day >= event.joins_on},
        dues=[Due(one.due_on, one.cents - one.fund_cents, one.fund_cents) for one in event.instalments],
    )
    if sum(one.cents for one in event.instalments) != event.total_cents or event.number in contracts.by_number:
        raise BrokenBook(f"the instalments of {event.contract} do not sum to its total, or its number is another's")
    contracts.by_number[event.number] = event.contract
    if contract.unfunded_cents():
        warn_on = civil_date(event.fund_until) - timedelta(days=WARN_DAYS)
        heapq.heappush(contracts.warnings, (calendar.start_us(warn_on), event.contract))


def evolve_received(contracts: Contracts, event: InstalmentReceived) -> None:
    contract = contracts.contracts[event.contract]
    if event.reference in contract.references:
        raise BrokenBook(f"{event.reference} was received before for {event.contract}")
    due = contract.dues[event.instalment - 1]
    contract.references[event.reference] = event.cents
    if event.payer == "fund":
        due.fund_paid += event.cents
        return
    due.household_paid += event.cents
    contract.paid_for[event.reference] = PaidFor(event.instalment, event.into)
    if event.into:
        contract.held_cents += event.cents


def evolve_returned(contracts: Contracts, event: InstalmentReturned) -> None:
    contract = contracts.contracts[event.contract]
    contract.dues[event.instalment - 1].household_paid -= event.cents
    contract.references[event.reference] -= event.cents
    if event.through:
        contract.held_cents += event.from_producer_cents - event.cents
        contract.paid_over_cents -= event.from_producer_cents
    _not_negative(contract, event.contract)


def evolve_tapped(contracts: Contracts, event: DeliveryDecided) -> None:
    if event.code == Code.APPROVED:
        worth = contracts.contracts[event.contract].values().get(event.on, 0)
        _take(contracts, event.contract, event.on, "reduced" if event.lines and event.amount_cents < worth else "taken")


def evolve_recorded(contracts: Contracts, event: DeliveriesRecorded) -> None:
    for contract, outcome in event.taken:
        _take(contracts, contract, event.on, outcome)


def _take(contracts: Contracts, name: ContractId, on: str, outcome: str) -> None:
    contract = contracts.contracts[name]
    if not contract.weights.get(on):
        raise BrokenBook(f"{name} has no delivery on {on}")
    contract.outcomes[on] = outcome


def evolve_skipped(contracts: Contracts, event: DeliverySkipped) -> None:
    contract = contracts.contracts[event.contract]
    contract.outcomes[event.on] = "skipped"
    if event.to_on:
        contract.weights[event.to_on] += contract.weights[event.on]
        contract.weights[event.on] = 0


def evolve_swapped(contracts: Contracts, event: DeliveriesSwapped) -> None:
    contracts.contracts[event.contract].swaps[event.on] = event.other
    contracts.contracts[event.other].swaps[event.other_on] = event.contract


def evolve_lost(contracts: Contracts, event: CropLossDeclared) -> None:
    contracts.seasons[event.season].losses[event.on] = event.kept_rate


def evolve_ended(contracts: Contracts, event: ContractEnded) -> None:
    """What is left are the instalments that what was consumed still needs; payments count for the earliest of them."""
    contract = contracts.contracts[event.contract]
    household = contract.household_paid() - event.back_household_cents
    fund = contract.fund_paid() - event.back_fund_cents
    owed_household = in_order(household + event.due_household_cents, [due.household_cents for due in contract.dues])
    owed_fund = in_order(fund + event.due_fund_cents, [due.fund_cents for due in contract.dues])
    if sum(owed_household) != household + event.due_household_cents:
        raise BrokenBook(f"{event.contract} ends with more due than it had instalments for")
    for due, cents, paid in zip(contract.dues, owed_household, in_order(household, owed_household), strict=True):
        due.household_cents, due.household_paid = cents, paid
    for due, cents, paid in zip(contract.dues, owed_fund, in_order(fund, owed_fund), strict=True):
        due.fund_cents, due.fund_paid = cents, paid
    contract.weights = {day: weight for day, weight in contract.weights.items() if day <= event.last_on}
    contract.total_cents = event.consumed_cents
    contract.settled_cents = min(contract.settled_cents, event.consumed_cents)
    contract.ended_on = event.last_on
    if contracts.seasons[contract.season].through():
        contract.held_cents += event.from_producer_cents
        contract.paid_over_cents -= event.from_producer_cents
        contract.refundable_cents = event.back_household_cents
    _forget_warning(contracts, event.contract)
    _not_negative(contract, event.contract)


def evolve_warned(contracts: Contracts, event: FundPartWarned) -> None:
    if not contracts.warnings or heapq.heappop(contracts.warnings)[1] != event.contract:
        raise BrokenBook(f"no warning for {event.contract} was due")


def evolve_taken_over(contracts: Contracts, event: FundPartTakenOver) -> None:
    contract = contracts.contracts[event.contract]
    for due in contract.dues:
        if not contract.is_funded(due):
            due.household_cents += due.fund_cents - due.fund_paid
            due.fund_cents = due.fund_paid
    _forget_warning(contracts, event.contract)


def evolve_shrunk(contracts: Contracts, event: ContractShrunk) -> None:
    contract = contracts.contracts[event.contract]
    before = max((day for day in contract.weights if day < event.from_on), default="")
    contract.settled_cents = contract.consumed_cents(before)
    contract.stretch_from = event.from_on
    contract.total_cents -= event.cents
    for due in contract.dues:
        if not contract.is_funded(due):
            due.fund_cents = due.fund_paid
    _forget_warning(contracts, event.contract)


def evolve_paid_over(contracts: Contracts, event: ContractPaidOver) -> None:
    contract = contracts.contracts[event.contract]
    contract.held_cents -= event.cents
    contract.paid_over_cents += event.cents
    _not_negative(contract, event.contract)


def evolve_refunded(contracts: Contracts, event: ContractRefunded) -> None:
    contract = contracts.contracts[event.contract]
    contract.held_cents -= event.cents
    contract.refundable_cents -= event.cents
    _not_negative(contract, event.contract)


def _forget_warning(contracts: Contracts, name: ContractId) -> None:
    contracts.warnings = [one for one in contracts.warnings if one[1] != name]
    heapq.heapify(contracts.warnings)


def _not_negative(contract: Contract, name: ContractId) -> None:
    if min(contract.held_cents, contract.refundable_cents, contract.paid_over_cents) < 0:
        raise BrokenBook(f"{name} would give more than it holds")
    if contract.held_cents < contract.refundable_cents:
        raise BrokenBook(f"{name} promised the household more than it holds")
