"""Whatever happens to a contract, its cents are exact: against fractions, against a naive count, and by two roads."""

from fractions import Fraction
from random import Random

from hypothesis import given, strategies as st

from clearing.audit.sums import book_balances, in_books
from clearing.events.contracts import ContractEnded, Taken
from clearing.events.funds import FundOpened
from clearing.rules.amap import contract_money, contracting, deliveries
from clearing.rules.amap.schedules import before_and_after, in_order, instalments, spread
from clearing.rules.answers import Declined
from clearing.values import Cents, ContractId, FundId, Rate
from tests.given_when_then import Story, given as story_of
from tests.rules.contract_sayings import (
    VEG,
    end,
    fund_parts,
    pay,
    pay_over,
    season,
    several,
    sign,
    skip,
    through,
    weeks,
)
from tests.sayings import AMINA, BRUNO, MARKET, card, member, received

CENTS = st.integers(1, 500_000)
WEEKS = 12


@given(CENTS, st.integers(1, 12), st.integers(0, 10_000))
def test_instalments_sum_to_the_total_and_none_is_nothing(total: int, number: int, rate: int) -> None:
    due_on = [f"2026-{month:02d}-01" for month in range(1, number + 1)]
    parts = [one.cents for one in instalments(total, due_on, Rate(rate))]
    assert sum(parts) == total
    assert parts == sorted(parts, reverse=True)
    assert max(parts) - min(parts) <= 1
    assert (min(parts) > 0) == (total >= number)
    assert all(0 <= one.fund_cents <= one.cents for one in instalments(total, due_on, Rate(rate)))


@given(CENTS, st.lists(st.integers(0, 3), min_size=1, max_size=60).filter(any), st.data())
def test_pro_rata_is_the_exact_fraction_rounded_once(total: int, weights: list[int], data: st.DataObject) -> None:
    days = {f"{place:03d}": weight for place, weight in enumerate(weights)}
    last = data.draw(st.sampled_from([*days, ""]))
    before, after = before_and_after(total, days, last)
    exact = Fraction(total * sum(weight for day, weight in days.items() if day <= last), sum(weights))
    assert before + after == total
    assert abs(before - exact) <= Fraction(1, 2)
    assert sum(spread(total, list(days.items())).values()) == total


@given(st.integers(0, 1_000), st.lists(st.integers(0, 300), max_size=12))
def test_what_is_laid_in_order_fills_the_first_rooms_first(cents: int, rooms: list[int]) -> None:
    laid = in_order(cents, rooms)
    assert sum(laid) == min(cents, sum(rooms))
    full = [have == most for have, most in zip(laid, rooms, strict=True)]
    first_open = full.index(False) if False in full else len(full)
    assert not any(laid[first_open + 1 :])


class Season:
    """Random things that people do with three contracts, and what a naive count of each household's money says."""

    def __init__(self, seed: int, *, through_caisse: bool) -> None:
        self.dice = Random(seed)
        fund = FundOpened(fund=FundId("panier"), kind="sponsor", name="Panier", advance_cents=Cents(0), by=AMINA)
        opened = through(WEEKS) if through_caisse else season(WEEKS, skip=self.dice.choice(["moved", "lost"]))
        self.story = story_of(*MARKET, fund, received(30_000, "panier"), member("m-2"), card("m-2"), opened)
        self.names = ["c-1", "c-2", "c-3"]
        self.paid = dict.fromkeys(self.names, 0)
        for name, owner in zip(self.names, ("m-1", "m-2", "m-1"), strict=True):
            number = self.dice.randint(1, 6)
            self.story.when(sign(
                self.dice.randint(100, 40_000), number, name=name, owner=owner,
                joins_on=self.dice.choice(["", weeks(WEEKS)[3]]), **self._fund(),  # type: ignore[arg-type]
            ))  # fmt: skip
        self.week = 0
        self.steps = 0

    def _fund(self) -> dict[str, object]:
        if self.dice.random() < 0.4:
            return {}
        until = self.dice.choice(["2026-05-31", "2026-08-31"])
        return {"fund": "panier", "percent": self.dice.randint(1, 100), "fund_until": until}

    def live(self, steps: int) -> Story:
        for _ in range(steps):
            self.step()
            agreed(self.story)
        return self.story

    def step(self) -> None:
        self.steps += 1
        name, story = self.dice.choice(self.names), self.story
        match self.dice.randrange(12):
            case 0 | 1 | 2:
                cents = self.dice.choice([None, 1, 100])
                story.when(pay(
                    self.dice.randint(1, 6), cents=cents, name=name, means=self.dice.choice(["cash", "cheque", "transfer"]),
                    reference=f"r{self.steps}",
                ))  # fmt: skip
                if not isinstance(story.last, Declined):
                    self.paid[name] += getattr(story.last, "cents", 0)
            case 3:
                several(story, fund_parts(self._day(), f"run {self.steps}"))
            case 4:
                several(story, pay_over(self._day()))
            case 5:
                self.week = min(WEEKS - 1, self.week + 1)
                story.at(f"{weeks(WEEKS)[self.week]} 12:00:00").sweep()
            case 6:
                story.when(skip(self._day(), self.dice.choice(["", self._day()]), name))
            case 7:
                taken = (Taken(ContractId(name), self.dice.choice(["taken", "absent", "reduced"])),)
                story.when(lambda book, at_us: deliveries.decide_record(
                    book.contracts, season=VEG, on=self._day(), taken=taken, by=BRUNO, today=book.caisse.calendar.day(at_us)
                ))  # fmt: skip
            case 8:
                self._unfunded(name)
            case 9:
                self._returned(name)
            case 10:
                story.when(lambda book, at_us: deliveries.decide_swap(
                    book.contracts, contract=ContractId(name), on=self._day(), other=ContractId(self.dice.choice(self.names)),
                    other_on=self._day(), by=BRUNO, today=book.caisse.calendar.day(at_us),
                ))  # fmt: skip
            case _:
                if self.dice.random() < 0.3:
                    self._end(name)

    def _day(self) -> str:
        return self.dice.choice(weeks(WEEKS))

    def _unfunded(self, name: str) -> None:
        if self.dice.random() < 0.5:
            self.story.when(lambda book, _: contracting.decide_take_over(
                book.contracts, contract=ContractId(name), agreed="yes", by=BRUNO
            ))  # fmt: skip
            return
        self.story.when(lambda book, at_us: contracting.decide_shrink(
            book.contracts, contract=ContractId(name), from_on=self._day(), by=BRUNO, today=book.caisse.calendar.day(at_us)
        ))  # fmt: skip

    def _returned(self, name: str) -> None:
        contract = self.story.book.contracts.contracts[ContractId(name)]
        references = [one for one, cents in contract.references.items() if cents]
        if not references:
            return
        reference, number = self.dice.choice(references), self.dice.randint(1, 6)
        if self.dice.random() < 0.7:
            paid = contract.paid_for.get(reference)
            number = number if paid is None else paid.instalment
        self.story.when(lambda book, _: contract_money.decide_return(
            book.contracts, contract=ContractId(name), instalment=number, reference=reference, reason="no cover", by=AMINA
        ))  # fmt: skip
        if not isinstance(self.story.last, Declined):
            self.paid[name] -= getattr(self.story.last, "cents", 0)

    def _end(self, name: str) -> None:
        contract = self.story.book.contracts.contracts[ContractId(name)]
        fund_paid = contract.fund_paid()
        self.story.when(end(self.dice.choice([*weeks(self.week + 1), ""]), name=name))
        event = self.story.last
        if isinstance(event, ContractEnded):
            kept = self.paid[name] - event.back_household_cents + event.due_household_cents
            funds_part = fund_paid - event.back_fund_cents + event.due_fund_cents
            assert kept + funds_part + event.unfunded_cents == event.consumed_cents
            self.paid[name] -= event.back_household_cents
            self._give_back(name)

    def _give_back(self, name: str) -> None:
        left = self.story.book.contracts.contracts[ContractId(name)].refundable_cents
        if left and self.dice.random() < 0.7:
            self.story.when(lambda book, _: contract_money.decide_refund(
                book.contracts, contract=ContractId(name), cents=Cents(left), reference="back", by=AMINA
            )).then("00")  # fmt: skip


def agreed(story: Story) -> None:
    """Book and double entry hold the same cents, and all of them sum to nothing."""
    posted = {name: -cents for name, cents in story.ledger.balances.items() if cents and in_books(name)}
    assert book_balances(story.book) == posted
    assert sum(story.ledger.balances.values()) == 0
    for contract in story.book.contracts.contracts.values():
        owed = sum(due.household_cents + due.fund_cents for due in contract.dues)
        assert owed <= contract.total_cents
        assert contract.ended_on is not None or owed == contract.total_cents
        assert sum(contract.values().values()) == contract.total_cents - contract.settled_cents or not contract.stretch()
        assert all(0 <= due.household_paid <= due.household_cents for due in contract.dues)


@given(st.integers(0, 2**32), st.integers(0, 60))
def test_money_of_contracts_through_the_caisse_is_conserved_by_two_roads(seed: int, steps: int) -> None:
    lived = Season(seed, through_caisse=True)
    lived.live(steps)
    for name, paid in lived.paid.items():
        contract = lived.story.book.contracts.contracts[ContractId(name)]
        assert contract.held_cents + contract.paid_over_cents == paid + contract.refundable_cents
        assert contract.household_paid() == paid


@given(st.integers(0, 2**32), st.integers(0, 60))
def test_a_contract_that_is_only_recorded_moves_no_household_money(seed: int, steps: int) -> None:
    lived = Season(seed, through_caisse=False)
    story = lived.live(steps)
    touched = {account for account, cents in story.ledger.balances.items() if cents}
    assert touched <= {"bank", "fund:general", "fund:panier", "owed:garden"}
    assert story.account("owed:garden") == sum(one.fund_paid() for one in story.book.contracts.contracts.values())
