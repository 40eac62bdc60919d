"""Law: whatever is done with two units, each keeps its own pieces, no euro moves, and no operation turns one into another."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from clearing.events.codec import decode, encode
from clearing.rules.answers import Declined
from clearing.rules.book import Book
from clearing.rules.collective.units import UnitLedger, unit_balances
from clearing.values import Position
from tests.given_when_then import Story, given
from tests.rules.test_orders import give
from tests.sayings import BRUNO, MARKET, Till, credit, line, member

UNITS = ("gemme", "epi")
HOLDERS = ("member:m-1", "member:m-2", "producer:garden")
units, holders, pieces = st.sampled_from(UNITS), st.sampled_from(HOLDERS), st.integers(1, 12)


class TwoUnits(RuleBasedStateMachine):
    """A caisse with two units and euros, beside plain dicts."""

    story: Story
    till: Till

    @initialize()
    def found(self) -> None:
        self.story, self.till = given(*MARKET, member("m-2"), credit(50_000)), Till()
        self.held = {(unit, holder): 0 for unit in UNITS for holder in HOLDERS}
        self.issued = dict.fromkeys(UNITS, 0)
        for unit in UNITS:
            give(self.story, "open_unit", {"unit": unit, "name": unit.title()})
        self.euros = dict(self.story.ledger.balances)

    @rule(unit=units, holder=holders, pieces=pieces)
    def issue(self, unit: str, holder: str, pieces: int) -> None:
        give(self.story, "issue_unit", {"unit": unit, "holder": holder, "pieces": pieces, "reference": "r"}, BRUNO)
        self.held[unit, holder] += pieces
        self.issued[unit] += pieces

    @rule(unit=units, giver=holders, taker=holders, pieces=pieces)
    def move(self, unit: str, giver: str, taker: str, pieces: int) -> None:
        line = {"giver": giver, "taker": taker, "pieces": pieces, "reference": "r"}
        answer = give(self.story, "move_units", {"unit": unit, "moves": [line]})
        possible = giver != taker and self.held[unit, giver] >= pieces
        assert isinstance(answer, Declined) is not possible
        if possible:
            self.held[unit, giver] -= pieces
            self.held[unit, taker] += pieces

    @rule(unit=units, holder=holders, pieces=pieces)
    def take_back(self, unit: str, holder: str, pieces: int) -> None:
        body = {"unit": unit, "holder": holder, "pieces": pieces, "reference": "r"}
        answer = give(self.story, "take_back_unit", body)
        possible = self.held[unit, holder] >= pieces
        assert isinstance(answer, Declined) is not possible
        if possible:
            self.held[unit, holder] -= pieces
            self.issued[unit] -= pieces

    @rule(cents=st.integers(1, 500))
    def buy_for_euros(self, cents: int) -> None:
        before = unit_balances(self.story.book.units)
        self.story.when(self.till.sale(line("veg", cents)), self.till.tap())
        assert unit_balances(self.story.book.units) == before
        self.euros = dict(self.story.ledger.balances)

    @invariant()
    def each_keeps_its_own(self) -> None:
        if not hasattr(self, "held"):
            return
        found = {
            (unit, holder): self.story.book.units.units[unit].held.get(holder, 0) for unit in UNITS for holder in HOLDERS
        }
        assert found == self.held
        for unit in UNITS:
            total = sum(there for (whose, _), there in self.held.items() if whose == unit)
            assert total == self.issued[unit] == self.story.book.units.units[unit].issued

    @invariant()
    def no_euro_moved(self) -> None:
        if hasattr(self, "euros"):
            assert self.story.ledger.balances == self.euros

    def teardown(self) -> None:
        """Two roads: the ledger of the units, and the book folded again from stored bytes."""
        if not hasattr(self, "held"):
            return
        again, ledger = Book(), UnitLedger()
        for position, (event, at_us) in enumerate(zip(self.story.history, self.story.instants, strict=True), start=1):
            stored = decode(*encode(event))
            again.apply(stored, Position(position), at_us)
            before = dict(ledger.balances)
            ledger.post(stored)
            touched = {key[0] for key, there in ledger.balances.items() if before.get(key, 0) != there}
            assert len(touched) <= 1, "one event moved two units"
        posted = {key: there for key, there in ledger.balances.items() if there}
        assert posted == unit_balances(again.units) == unit_balances(self.story.book.units)


TestTwoUnits = pytest.mark.row(4)(TwoUnits.TestCase)
