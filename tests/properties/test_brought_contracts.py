"""A contract that ran here from the start, and the same one opened in the middle, end with the same cents for everybody."""

from collections.abc import Iterable
from dataclasses import asdict
from random import Random
from typing import Any

from hypothesis import assume, given, strategies as st

from clearing.authoriser.verbs.opening import known_of
from clearing.events.catalogue import Event
from clearing.events.contracts import (
    CropLossDeclared,
    DeliverySkipped,
    Instalment,
    InstalmentReceived,
    InstalmentReturned,
)
from clearing.events.funds import FundOpened
from clearing.events.opening import (
    OpeningBasket,
    OpeningContract,
    OpeningDebt,
    OpeningFund,
    OpeningPayment,
)
from clearing.rules.amap.contracts import Contract
from clearing.rules.ends import opening
from clearing.rules.ends.opening import Balances
from clearing.values import Cents, ContractId, FundId, Rate
from tests.given_when_then import Story, given as story_of
from tests.properties.test_contracts import WEEKS, Season, agreed
from tests.rules.contract_sayings import GARDEN, VEG, season, through, weeks
from tests.sayings import AMINA, BRUNO, MARKET, card, member

PANIER = FundId("panier")


class Running(Season):
    """The same people; before the opening nobody ends a contract or swaps a basket."""

    before = True

    def _end(self, name: str) -> None:
        if not self.before:
            super()._end(name)

    def skip_swaps(self) -> None:
        for contract in self.story.book.contracts.contracts.values():
            contract.swaps.clear()  # no cent hangs on them, and paper knows them no more


def payments(history: Iterable[Event], name: ContractId) -> tuple[OpeningPayment, ...]:
    """What was paid and did not come back."""
    back = {one.reference for one in history if isinstance(one, InstalmentReturned) and one.contract == name}
    return tuple(
        OpeningPayment(one.instalment, one.payer, one.cents, one.means, one.reference) for one in history
        if isinstance(one, InstalmentReceived) and one.contract == name and one.reference not in back
    )  # fmt: skip


def row_of(name: ContractId, contract: Contract, history: list[Event]) -> OpeningContract:
    """The contract as its papers say it."""
    moved = {one.on: one.to_on for one in history if isinstance(one, DeliverySkipped) and one.contract == name}
    return OpeningContract(
        contract=name, number=contract.number, season=contract.season, member=contract.member, portions=contract.portions,
        joins_on=min(contract.weights),
        instalments=tuple(
            Instalment(due.due_on, Cents(due.household_cents + due.fund_cents), Cents(due.fund_cents)) for due in contract.dues
        ),
        fund=contract.fund, fund_until=contract.fund_until, payments=payments(history, name), delivered_until="",
        baskets=tuple(OpeningBasket(on, outcome, moved.get(on, "")) for on, outcome in contract.outcomes.items()),
        held_cents=Cents(contract.held_cents), price_from=contract.stretch_from, before_cents=Cents(contract.settled_cents),
    )  # fmt: skip


def balances(lived: Season) -> Balances:
    book, today = lived.story.book, lived.story.book.caisse.calendar.day(lived.story.at_us)
    fund, owed = book.funds[PANIER], book.settlement.owed_to(GARDEN).net_cents()
    rows = tuple(row_of(name, one, lived.story.history) for name, one in book.contracts.contracts.items())
    found = Balances(
        as_of=today.isoformat(), bank_cents=0, lots=(), digest=bytes(32), contracts=rows,
        funds=(OpeningFund(PANIER, Cents(0), Cents(fund.received_cents), Cents(fund.engaged_cents)),),
        debts=(OpeningDebt(GARDEN, Cents(owed)),) if owed else (),
    )  # fmt: skip
    return Balances(**{name: getattr(found, name) for name in Balances.__slots__} | {"bank_cents": found.totals().bank_cents})


def opened(lived: Season, *, through_caisse: bool, skips: str) -> Season:
    """A caisse that begins today with what the other one has, and the same people from now on."""
    listed = balances(lived)
    fund = FundOpened(fund=PANIER, kind="sponsor", name="Panier", advance_cents=Cents(0), by=AMINA)
    losses = [one for one in lived.story.history if isinstance(one, CropLossDeclared)]
    held = through(WEEKS) if through_caisse else season(WEEKS, skip=skips)
    story = story_of(*MARKET, fund, member("m-2"), card("m-2"), held, *losses)
    story.at_us = lived.story.at_us
    story.when(lambda book, at_us: opening.decide_propose(
        book.opening, listed, known=known_of(book, at_us), by=AMINA, at_us=at_us
    )).then("00")  # fmt: skip
    story.when(lambda book, at_us: opening.decide_accept(
        book.opening, listed, known=known_of(book, at_us), by=BRUNO, at_us=at_us
    )).then("00")  # fmt: skip
    other = Running.__new__(Running)
    other.before = False
    other.story, other.names, other.paid = story, lived.names, dict(lived.paid)
    other.week, other.steps = lived.week, lived.steps
    other.dice = Random()
    other.dice.setstate(lived.dice.getstate())
    return other


def of_everybody(story: Story) -> dict[str, Any]:
    """Cents of households, funds and the producer; whether money lies at the bank or in a box is one."""
    book = story.book
    accounts = {name: -cents for name, cents in story.ledger.balances.items() if cents}
    at_hand = sum(accounts.pop(name, 0) for name in ("bank", "cash", "cheques"))
    contracts = {
        name: {key: value for key, value in asdict(one).items() if key not in ("references", "paid_for", "outcomes", "swaps")}
        | {"worth": one.values() if one.stretch() else {}}
        for name, one in book.contracts.contracts.items()
    }  # fmt: skip
    return {"accounts": accounts, "at hand": at_hand, "contracts": contracts, "free": book.funds[PANIER].free_cents()}


@given(st.integers(0, 2**32), st.integers(0, 40), st.integers(0, 40), st.booleans())
def test_a_contract_opened_in_the_middle_ends_with_the_cents_of_one_that_ran_here(
    seed: int, steps: int, more: int, through_caisse: bool
) -> None:
    lived = Running(seed, through_caisse=through_caisse)
    lived.live(steps)
    lived.skip_swaps()
    known = lived.story.book.contracts
    assume(all(due.household_cents + due.fund_cents for one in known.contracts.values() for due in one.dues))
    assume(all(bool(one.settled_cents) == any(day < one.stretch_from for day in one.weights)
               for one in known.contracts.values()))  # fmt: skip
    assume(lived.story.book.settlement.owed_to(GARDEN).net_cents() >= 0)
    lived.before = False
    other = opened(lived, through_caisse=through_caisse, skips=known.seasons[VEG].skip)
    assert of_everybody(other.story) == of_everybody(lived.story)
    lived.story.last = other.story.last = None
    for _ in range(more):
        lived.step()
        other.step()
        assert type(lived.story.last) is type(other.story.last)
        assert of_everybody(other.story) == of_everybody(lived.story)
        agreed(other.story)


@given(st.integers(0, 2**32), st.integers(0, 30), st.integers(0, WEEKS - 1), st.sampled_from([0, 5_000, 10_000]))
def test_when_the_producer_leaves_after_a_lost_crop_everybody_gets_the_same_back(
    seed: int, steps: int, last: int, kept: int
) -> None:
    lived = Running(seed, through_caisse=True)
    lived.story.and_given(CropLossDeclared(season=VEG, on=weeks(WEEKS)[2], kept_rate=Rate(kept), reason="hail", by=BRUNO))
    lived.live(steps)
    known = lived.story.book.contracts
    assume(all(due.household_cents + due.fund_cents for one in known.contracts.values() for due in one.dues))
    assume(all(bool(one.settled_cents) == any(day < one.stretch_from for day in one.weights)
               for one in known.contracts.values()))  # fmt: skip
    assume(lived.story.book.settlement.owed_to(GARDEN).net_cents() >= 0)
    lived.skip_swaps()
    lived.before = False
    other = opened(lived, through_caisse=True, skips="moved")
    for one in (lived, other):
        one.story.at(f"{weeks(WEEKS)[-1]} 12:00:00")
        one.week = last
        for name in one.names:
            one._end(name)  # the step that a random walk takes seldom
    assert of_everybody(other.story) == of_everybody(lived.story)
    agreed(other.story)
