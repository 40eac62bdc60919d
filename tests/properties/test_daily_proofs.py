"""Law: whatever a caisse lives through, the five proofs hold; the same sums by the log are found again from any later place."""

from collections import Counter

from hypothesis import given, strategies as st

from clearing.audit.day_roads import DayRoads, ShownDay
from clearing.audit.findings import Checked
from clearing.audit.shown import purses_of
from clearing.audit.sums import TwoRoads
from clearing.events.proofs import ProofsTaken
from clearing.rules.book import Book
from clearing.rules.ledger.postings import BANK, Ledger
from clearing.rules.treasury.proofs import by_log, decide_take, holds, told
from clearing.values import PersonId, Position
from tests.given_when_then import Story
from tests.lives.life import Life


def as_shown(story: Story) -> ShownDay:
    """What right views show, from the book and a ledger of its own: gross sums of the bank, lines by their payout."""
    ledger, gross = Ledger(), [0, 0]
    for position, event in enumerate(story.history, 1):
        moved = ledger.post(event, Position(position)).get(BANK, 0)
        gross[moved < 0] += abs(moved)
    payouts: Counter[tuple[int, str]] = Counter()
    for number, batch in story.book.settlement.batches.items():
        for line in batch.closed.lines:
            state = batch.payouts[line.producer].state.value if line.paid_cents else "carried"
            payouts[number, state] += line.paid_cents
    accounts = {name: (cents, 0) for name, cents in ledger.balances.items()} | {BANK: (gross[0], gross[1])}
    return ShownDay(
        position=story.book.position, accounts=accounts, payouts=payouts, purses=purses_of(story.book),
        owed={name: owed.net_cents() for name, owed in story.book.settlement.owed.items()},
    )


@given(st.integers(0, 2**32), st.integers(0, 120))
def test_the_five_proofs_hold_after_every_life(seed: int, acts: int) -> None:
    story = Life(seed).to_its_end(acts).story
    roads = DayRoads()
    for position, (event, at_us) in enumerate(zip(story.history, story.instants, strict=True), 1):
        roads.take(event, position, at_us)
    results = roads.results(as_shown(story), {})
    assert all(map(holds, results)), [told(figure) for one in results for figure in one.figures]
    assert roads.broken is None
    calendar, at_us = story.book.caisse.calendar, story.book.at_us
    recorded = decide_take(
        results, calendar=calendar, day=calendar.day(at_us).isoformat(), up_to=Position(story.book.position),
        position=story.book.position, by=PersonId("nightly"), at_us=at_us,
    )  # fmt: skip
    assert isinstance(recorded, ProofsTaken)
    assert recorded.ok
    assert sum(one.compared for one in results) > 10


@given(st.integers(0, 2**32), st.integers(10, 60), st.data())
def test_sums_by_the_log_are_found_again_as_they_were(seed: int, acts: int, data: st.DataObject) -> None:
    story = Life(seed).live(acts).story
    at = data.draw(st.integers(1, len(story.history)))
    roads, book, then = TwoRoads(Checked()), Book(), dict[str, int]()
    for position, (event, at_us) in enumerate(zip(story.history, story.instants, strict=True), 1):
        book.apply(event, position, at_us)
        roads.post(event, position, book)
        if position == at:
            then = dict(roads.ledger.balances)
    found = {name: cents for name, cents in roads.balances_at(at).items() if cents}
    assert found == {name: cents for name, cents in then.items() if cents}
    assert by_log(found, "bank") == then.get("bank", 0)
