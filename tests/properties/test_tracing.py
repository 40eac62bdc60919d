"""Law: whatever a caisse lives through, the trace finds all money, subsidy by subsidy, where double entry has it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from random import Random

import pytest
from hypothesis import given, strategies as st

from clearing.events.catalogue import Event
from clearing.events.funds import UNBOUND, FundOpened, MoneyReceived, PurseCredited
from clearing.events.grants import RepaymentConfirmed, SubsidyNotified, TransferConfirmed
from clearing.rules.ledger.postings import Ledger
from clearing.rules.ledger.traced import State
from clearing.rules.ledger.tracing import Trace
from clearing.rules.treasury.pieces import Lot, Piece, Pools, cut, total
from clearing.values import Cents, FundId, GrantId, MemberId, Position, PurseKind
from tests.projections.random_caisse import RandomCaisse
from tests.projections.random_money import BY, GENERAL, POOL, TIER

SEEDS = st.integers(0, 2**32)


def with_subsidies(seed: int, length: int) -> Iterator[tuple[Event, int, int]]:
    """(event, position, at_us) of a random life whose funds are paid by two funders, with transfers and repayments in between;
    credit is given before the money came where the dice say so. What is put in has positions of its own: lots keep theirs."""
    story, dice, late, more = RandomCaisse(seed).live(length), Random(seed), list[Event](), count(1_000_000)
    for position, (event, at_us) in enumerate(zip(story.events, story.at_us, strict=True), 1):
        put_in: list[Event] = []
        if isinstance(event, MoneyReceived):
            first, second = Cents(event.cents // 3), Cents(event.cents - event.cents // 3)
            put_in = [
                replace(event, cents=first, grant=GrantId(f"a-{event.fund}"), clears_cents=first),
                replace(event, cents=second, grant=GrantId(f"b-{event.fund}"), clears_cents=second),
            ]
            if dice.random() < 0.5:
                late += put_in
                put_in = []
        else:
            yield event, position, at_us
            if isinstance(event, FundOpened):
                put_in = [promise(f"{which}-{event.fund}", event.fund) for which in "ab"]
            elif position > 20 and not late and dice.random() < 0.2:
                put_in = [leaving(dice, next(more))]
            elif dice.random() < 0.05:
                put_in, late = late, []
        for one in put_in:
            yield one, next(more), at_us
    for one in late:
        yield one, next(more), at_us


def leaving(dice: Random, number: int) -> Event:
    cents = Cents(dice.randint(1, 900))
    return dice.choice((
        TransferConfirmed(transfer=number, fund=POOL, to=TIER, cents=cents, by=BY),
        TransferConfirmed(transfer=number, fund=TIER, to=GENERAL, cents=cents, by=BY),
        RepaymentConfirmed(repayment=number, grant=GrantId("b-general"), fund=GENERAL, cents=cents, by=BY),
    ))  # fmt: skip


def promise(grant: str, fund: FundId) -> SubsidyNotified:
    return SubsidyNotified(
        grant=GrantId(grant), funder="F", fund=fund, cents=Cents(10**9), purpose="p", earmark=UNBOUND, reference="r", by=BY
    )


@pytest.mark.row(14)
@given(SEEDS, st.integers(0, 150))
def test_each_subsidy_adds_up_and_all_together_is_what_double_entry_says(seed: int, length: int) -> None:
    trace, ledger, came = Trace(), Ledger(), 0
    for event, position, at_us in with_subsidies(seed, length):
        trace.take(event, position, at_us)
        moved = ledger.post(event, Position(position))
        came += moved.get("bank", 0) if isinstance(event, MoneyReceived | PurseCredited) else 0
    for grant in trace.subsidies:
        trace.of(grant).reconcile()
    found: dict[str, int] = defaultdict(int)
    for row in trace.rows():
        found[row.state] += row.cents
    assert found[State.IN_PURSES] == credit_of(ledger, "purse:")
    assert found[State.HELD] == credit_of(ledger, "held")
    assert found[State.RETURNED] == credit_of(ledger, "payable:grantor:")
    unbacked = sum(trace.pools.unbacked_cents(fund) for fund in (GENERAL, TIER, POOL))
    assert found[State.FREE] - unbacked == credit_of(ledger, "fund:")
    instructed = credit_of(ledger, "payable:p")
    paid = came - ledger.balances.get("bank", 0)
    assert found[State.OWED] + found[State.IN_BATCH] + found[State.PAID] == credit_of(ledger, "owed:") + instructed + paid
    assert not found[State.LEFT]


def credit_of(ledger: Ledger, prefix: str) -> int:
    return -sum(cents for account, cents in ledger.balances.items() if account.startswith(prefix))


pieces = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 500)), max_size=12)


@given(pieces, st.lists(st.integers(1, 700), max_size=12), st.randoms())
def test_first_in_is_first_out_and_an_advance_is_backed_by_what_comes_next(
    come: list[tuple[int, int]], taken: list[int], dice: Random
) -> None:
    """Against the naive view: receipts in a row, uses in a row, cent by cent."""
    pools, receipts, used = Pools(), list[int](), list[Piece]()
    waiting, wanted = list(enumerate(come, 1)), list(taken)
    while waiting or wanted:
        if waiting and (not wanted or dice.random() < 0.5):
            position, (_, cents) = waiting.pop(0)
            receipts += [position] * cents
            pools.put("f", [Piece(position, cents)])
        else:
            used += pools.take("f", wanted.pop(0))
    by_cent: list[int] = []
    for piece in used:
        backing = [piece] if piece.receipt > 0 else pools.advances[-piece.receipt].backing
        by_cent += [one.receipt for one in backing for _ in range(one.cents)]
    assert by_cent == receipts[: len(by_cent)]
    assert len(by_cent) == min(len(receipts), sum(taken))
    assert total(pools.free("f")) - pools.unbacked_cents("f") == len(receipts) - sum(taken)


@given(pieces, st.integers(0, 4_000))
def test_a_lot_gives_its_oldest_money_first_and_says_what_it_does_not_know(come: list[tuple[int, int]], cents: int) -> None:
    lot = Lot()
    for receipt, there in come:
        lot.put([Piece(receipt, there)])
    before = total(lot.pieces)
    taken = lot.take(cents)
    assert total(taken) == cents
    assert total(piece for piece in taken if not piece.receipt) == max(0, cents - before)
    known = [piece.receipt for piece in taken if piece.receipt]
    assert known == sorted(known)
    assert all(piece.receipt >= max(known, default=0) for piece in lot.pieces)
    assert cut([], 5) == []


def test_money_of_events_that_the_reader_has_no_road_for_is_still_somewhere() -> None:
    trace = Trace()
    trace.take(promise("a-general", GENERAL), 1, 1)
    grant = GrantId("a-general")
    trace.take(
        MoneyReceived(fund=GENERAL, cents=Cents(900), reference="r", by=BY, grant=grant, clears_cents=Cents(900)), 2, 2
    )
    bonus = PurseCredited(
        member=MemberId("m"), purse=PurseKind("credit"), fund=GENERAL, cents=Cents(200), expires_us=None, reference="", by=BY
    )
    trace.otherwise(bonus, 3, "2026-05-01")
    trace.otherwise(RepaymentConfirmed(repayment=1, grant=grant, fund=GENERAL, cents=Cents(50), by=BY), 4, "2026-05-02")
    trace.otherwise(MoneyReceived(fund=GENERAL, cents=Cents(70), reference="r", by=BY), 5, "2026-05-03")
    found = trace.of("a-general")
    found.reconcile()
    assert found.by_credit_and_producer() == {
        ("PurseCredited", "(in purses)"): 200, ("RepaymentConfirmed", "(left otherwise)"): 50,
        ("fund general", "(free)"): 650,
    }
    assert trace.lot("x3").take(250) == [Piece(1, 200), Piece(0, 50)]
