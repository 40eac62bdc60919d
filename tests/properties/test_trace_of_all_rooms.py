"""Law: through every room, after every event, each grant and fund adds up, and each producer got what double entry says."""

from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest
from hypothesis import given, strategies as st

from clearing.events.catalogue import Event
from clearing.events.closing import ProducerRepaid
from clearing.events.grants import RepaymentConfirmed
from clearing.events.interchange import InterchangeCaptured, InterchangeReleased
from clearing.events.sales import ReversalDecided
from clearing.events.settlement import PayoutConfirmed, PayoutReturned
from clearing.events.solidarity import GiveDecided
from clearing.rules.ledger.postings import Ledger
from clearing.rules.ledger.traced import SPENT, State
from clearing.rules.ledger.tracing import Trace
from clearing.values import Position
from tests.lives.life import Life
from tests.lives.world import FUNDS, PRODUCERS
from tests.properties.naive_trace import NaiveTrace

SEEDS = st.integers(0, 2**32)


class Watched:
    """A trace beside double entry. paid: what the bank paid each producer; given: cash that each took for funds;
    confirmed: what funders get back; abroad: what another caisse got."""

    def __init__(self) -> None:
        self.trace, self.ledger, self.position = Trace(), Ledger(), 0
        self.paid: dict[str, int] = defaultdict(int)
        self.given: dict[str, int] = defaultdict(int)
        self.abroad = self.confirmed = 0

    def take(self, event: Event, at_us: int) -> None:
        self.position += 1
        self.trace.take(event, self.position, at_us)
        moved = self.ledger.post(event, Position(self.position))
        match event:
            case PayoutConfirmed() | PayoutReturned() | ProducerRepaid():
                self.paid[event.producer] -= moved.get("bank", 0)
            case GiveDecided():
                self.given[event.op.producer] += event.approved_cents
            case ReversalDecided():
                self.given[event.op.producer] -= sum(part.cents for part in event.returned if part.source[:5] == "owed:")
            case RepaymentConfirmed():
                self.confirmed += event.cents
            case InterchangeCaptured():
                self.abroad += event.cents
            case InterchangeReleased() if event.undone:
                self.abroad -= event.cents
            case _:
                pass

    def check(self) -> None:
        found: Counter[str] = Counter()
        spent: Counter[str] = Counter()
        for row in self.trace.rows():
            found[row.state] += row.cents
            spent[row.producer] += row.cents if row.state in SPENT else 0
        for fund, _ in FUNDS:
            free = sum(piece.cents for piece in self.trace.pools.free(fund)) - self.trace.pools.unbacked_cents(fund)
            assert free == self.credit(f"fund:{fund}"), fund
        for producer in PRODUCERS:
            net = self.credit(f"owed:{producer}") + self.credit(f"payable:{producer}") + self.paid[producer]
            assert spent[producer] == net + self.given[producer], producer
        assert spent["caisse aval"] == self.abroad
        assert found[State.IN_PURSES] == self.all("purse:")
        assert found[State.HELD] == self.credit("held") + self.credit("held-abroad")
        assert found[State.IN_CONTRACTS] == self.all("contract:")
        assert found[State.RETURNED] == self.confirmed
        for grant in self.trace.subsidies:
            self.trace.of(grant).reconcile()
        for fund, _ in FUNDS:
            self.trace.of_fund(fund).reconcile()

    def credit(self, account: str) -> int:
        return -self.ledger.balances.get(account, 0)

    def all(self, prefix: str) -> int:
        return -sum(cents for account, cents in self.ledger.balances.items() if account.startswith(prefix))


def watched(life: Life) -> Iterator[Watched]:
    """After each event."""
    watching = Watched()
    for event, at_us in zip(life.story.history, life.story.instants, strict=True):
        watching.take(event, at_us)
        yield watching


@pytest.mark.row(14)
@given(SEEDS, st.integers(0, 60))
def test_after_every_event_each_grant_fund_and_producer_adds_up_to_what_double_entry_says(seed: int, acts: int) -> None:
    life, last = Life(seed).to_its_end(acts), None
    for last in watched(life):
        last.check()
    assert last is not None
    for grant, subsidy in life.story.book.subsidies.known.items():
        assert last.trace.of(grant).received_cents == subsidy.received_cents


@pytest.mark.row(14)
@given(SEEDS, st.integers(0, 120))
def test_every_single_cent_is_where_a_list_of_cents_has_it(seed: int, acts: int) -> None:
    life = Life(seed).to_its_end(acts)
    trace, naive = Trace(), NaiveTrace()
    for position, (event, at_us) in enumerate(zip(life.story.history, life.story.instants, strict=True), 1):
        trace.take(event, position, at_us)
        naive.take_in(event, position)
        if position % 97 == 0 or position == len(life.story.history):
            found: Counter[tuple[int, str, str]] = Counter()
            for row in trace.rows():
                found[row.receipt, row.state, row.producer] += row.cents
            assert {key: cents for key, cents in found.items() if cents} == naive.found()
    backing = {number: [one.receipt for one in advance.backing for _ in range(one.cents)] for number, advance in
               trace.pools.advances.items()}  # fmt: skip
    assert backing == naive.backing
    assert {number: one.unbacked_cents for number, one in trace.pools.advances.items()} == naive.unbacked
    assert [(one.fund, one.grant) for one in trace.receipts.values()] == naive.receipts[1:]
