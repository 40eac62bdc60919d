"""Money of a subsidy stays known through what rooms do to credit: opened, carried over, parted, emptied, a bonus taken back."""

from dataclasses import replace

from clearing.events.bonus import BonusTakenBack
from clearing.events.catalogue import Event
from clearing.events.crediting import CohortRolled
from clearing.events.funds import UNBOUND, MoneyReceived, PurseCredited
from clearing.events.grants import SubsidyNotified
from clearing.events.households import HouseholdSeparated, LotEnded, LotMoved, PurseEmptied
from clearing.events.opening import OpeningAccepted, OpeningDebt, OpeningFund, OpeningLot, OpeningTotals
from clearing.rules.ledger.traced import State
from clearing.rules.ledger.tracing import Trace
from clearing.values import Cents, FundId, GrantId, MemberId, MicroTime, OperationId, PurseKind, TerminalId
from tests.sayings import AMINA, BRUNO, GARDEN, credit, received

GENERAL, CREDIT, ONE, TWO = FundId("general"), PurseKind("credit"), MemberId("m-1"), MemberId("m-2")


def funded() -> Trace:
    """900 cents of a subsidy came; 500 are credited in the lot x3."""
    trace, grant = Trace(), GrantId("draaf")
    promise = SubsidyNotified(
        grant=grant, funder="F", fund=GENERAL, cents=Cents(900), purpose="p", earmark=UNBOUND, reference="r", by=AMINA
    )
    money: MoneyReceived = replace(received(900), grant=grant, clears_cents=Cents(900))
    given: PurseCredited = credit(500)
    events: tuple[Event, ...] = (promise, money, given)
    for position, event in enumerate(events, 1):
        trace.take(event, position, position)
    return trace


def states(trace: Trace) -> dict[State, int]:
    found = trace.of("draaf")
    found.reconcile()
    return {state: found.cents(state) for state in State if found.cents(state)}


def test_what_is_carried_over_is_found_in_the_lot_that_is_spent_later() -> None:
    trace = funded()
    trace.take(CohortRolled(
        lot="x3", purse=CREDIT, fund=GENERAL, each_max_cents=Cents(200), head_count=1, cents=Cents(200), expires_us=MicroTime(9)
    ), 4, 4)  # fmt: skip
    assert [sum(piece.cents for piece in trace.lot(name).pieces) for name in ("x3", "x3+")] == [300, 200]
    assert states(trace) == {State.IN_PURSES: 500, State.FREE: 400}


def test_each_part_of_a_household_that_parted_is_traced_and_goes_back_to_its_fund() -> None:
    trace = funded()
    moved = LotMoved(CREDIT, "x3", "x3~m-2", Cents(200), GENERAL, None, None)
    trace.take(HouseholdSeparated(member=ONE, new_member=TWO, eaters=(), lots=(moved,), by=AMINA), 4, 4)
    assert states(trace) == {State.IN_PURSES: 500, State.FREE: 400}
    trace.take(PurseEmptied(member=TWO, lots=(LotEnded(CREDIT, "x3~m-2", GENERAL, Cents(200)),)), 5, 5)
    assert states(trace) == {State.IN_PURSES: 300, State.FREE: 600}


def test_a_bonus_that_is_taken_back_is_its_funds_again() -> None:
    trace = funded()
    trace.take(BonusTakenBack(
        terminal=TerminalId(b"stall-01"), x=OperationId(b"x" * 16), member=ONE, rule="green", fund=GENERAL, purse=CREDIT,
        lot="x3", cents=Cents(150), later_cents=Cents(0),
    ), 4, 4)  # fmt: skip
    assert states(trace) == {State.IN_PURSES: 350, State.FREE: 550}


def test_an_opening_brings_each_fund_its_own_money_and_says_what_was_spent_on_paper() -> None:
    opening = OpeningAccepted(
        as_of="2026-04-30", digest=b"d" * 32, totals=OpeningTotals(600, Cents(900), Cents(50), 1_550),
        lots=(OpeningLot(ONE, CREDIT, GENERAL, Cents(700), None), OpeningLot(ONE, PurseKind("own"), None, Cents(200), None)),
        funds=(
            OpeningFund(GENERAL, Cents(0), Cents(1_500), Cents(1_000)),
            OpeningFund(FundId("tier"), Cents(0), Cents(100), Cents(0)),
        ),
        debts=(OpeningDebt(GARDEN, Cents(50)),), by=BRUNO,
    )  # fmt: skip
    trace = Trace()
    trace.take(opening, 7, 7)
    general, tier = trace.of_fund("general"), trace.of_fund("tier")
    general.reconcile()
    tier.reconcile()
    assert (general.received_cents, tier.received_cents) == (1_500, 100)
    assert general.came == {"opening balance": 1_500}
    assert [general.cents(state) for state in (State.BEFORE, State.IN_PURSES, State.FREE)] == [300, 700, 500]
    assert tier.cents(State.FREE) == 100
    assert [row.producer for row in trace.rows() if row.state is State.OWED] == [GARDEN]
    assert {row.credit for row in general.all_rows} == {"before the opening", "opening credit", "fund general"}
