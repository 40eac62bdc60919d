"""A contested line waits and nothing else; another person decides; the lots come back from the producer or from the fund."""

from datetime import date, timedelta

import pytest

from clearing.audit.sums import book_balances
from clearing.authoriser.operations import new_lot_expires_us
from clearing.events.closing import CaisseSealed
from clearing.events.contests import ContestOpened, Purchase
from clearing.events.funds import FundOpened
from clearing.events.settlement import BatchClosed
from clearing.rules.answers import Declined
from clearing.rules.ends.closing import leftovers
from clearing.rules.ledger.tracing import Trace
from clearing.rules.stalls import contests
from clearing.rules.stalls.contests import ContestState
from clearing.rules.stalls.working_days import after_working_days, easter, is_working_day
from clearing.values import Cents, FundId, OperationId, PersonId
from clearing.wire.requests import Request
from tests.given_when_then import Story, given
from tests.sayings import AMINA, BRUNO, CHLOE, GARDEN, MARKET, STALL, Decide, Till, close, credit, line, received

SAFETY = FundId("safety")
GUARANTEE = FundOpened(fund=SAFETY, kind="guarantee", name="Guarantee", advance_cents=Cents(0), by=AMINA)
RICH = (*MARKET, credit(50_000), GUARANTEE, received(5_000, SAFETY))


def opened(sale: Request, place: int = 0, by: PersonId = BRUNO) -> Decide:
    about = Purchase(STALL, OperationId(sale.x), place)
    return lambda book, at_us: contests.decide_open(
        book.contests, about=about, original=book.operations.get((about.terminal, about.x)), allocation=book.allocation,
        funds=book.funds, settled_up_to=book.settlement.settled_up_to, calendar=book.caisse.calendar, reason="not fresh",
        by=by, at_us=at_us,
    )


def answered(agrees: bool = True) -> Decide:
    return lambda book, _: contests.decide_answer(book.contests, contest=1, agrees=agrees, text="they were", by=BRUNO)


def decided(outcome: str, cost: str = "", fund: str = "", by: PersonId = AMINA) -> Decide:
    def decide(book, at_us):  # type: ignore[no-untyped-def]
        about = book.contests.contests[1].opened.about
        return contests.decide_end(
            book.contests, contest=1, outcome=outcome, cost=cost, fund=FundId(fund), reason="we looked at it",
            original=book.operations.get((about.terminal, about.x)), allocation=book.allocation, funds=book.funds,
            new_lot_expires_us=new_lot_expires_us(book, at_us), calendar=book.caisse.calendar, by=by, at_us=at_us,
        )

    return decide


def appealed(of: str) -> Decide:
    return lambda book, at_us: contests.decide_appeal(
        book.contests, contest=1, body="committee", of=of, reason="unfair", calendar=book.caisse.calendar, by=BRUNO, at_us=at_us
    )


def ended() -> Decide:
    return lambda book, at_us: contests.decide_close(
        book.contests, contest=1, reason="all is said", calendar=book.caisse.calendar, by=BRUNO, at_us=at_us
    )


def sold() -> tuple[Story, Till, Request]:
    till, story = Till(), given(*RICH)
    sale = till.sale(line("veg", 1_000), line("cheese", 500))
    return story.when(sale, till.tap()).then("10"), till, sale


def why(story: Story) -> str:
    assert isinstance(story.last, Declined), story.last
    return story.last.why


def two_roads(story: Story) -> None:
    posted = {name: -cents for name, cents in story.ledger.balances.items() if cents and name != "bank"}
    assert posted == book_balances(story.book)
    trace = Trace()
    for position, (event, at_us) in enumerate(zip(story.history, story.instants, strict=True), start=1):
        trace.take(event, position, at_us)
    for fund in story.book.funds:
        trace.of_fund(fund).reconcile()


def lines(story: Story) -> dict[str, tuple[int, int, str]]:
    assert isinstance(story.last, BatchClosed), story.last
    return {one.producer: (one.paid_cents, one.contested_cents, one.why) for one in story.last.lines}


def test_only_the_contested_line_waits_and_is_paid_once_the_producer_is_right() -> None:
    story, _, sale = sold()
    story.when(opened(sale, 1)).then("00", cents=350, unpaid=True, payee=GARDEN)
    story.when(close("2026-05-01"))
    assert lines(story) == {GARDEN: (1_000, 350, "")}
    story.when(answered(agrees=False)).when(decided("producer")).then("00", card_cents=0)
    story.when(close("2026-05-01"))
    assert lines(story) == {GARDEN: (350, 0, "")}
    two_roads(story)


def test_a_line_that_a_batch_holds_already_is_not_held_back() -> None:
    story, till, sale = sold()
    story.when(close("2026-05-01")).when(opened(sale)).then("00", unpaid=False)
    story.when(till.sale(line("veg", 200)), till.tap()).when(close("2026-05-01"))
    assert lines(story) == {GARDEN: (200, 0, "")}


def test_a_producer_of_whom_all_is_contested_gets_nothing_and_the_batch_says_why() -> None:
    till, story = Till(), given(*RICH)
    sale = till.sale(line("veg", 1_000))
    story.when(sale, till.tap()).when(opened(sale)).when(close("2026-05-01"))
    assert lines(story) == {GARDEN: (0, 1_000, "contested")}


def test_for_the_member_the_lots_come_back_from_the_producer() -> None:
    story, till, sale = sold()
    before = story.purse("m-1")
    story.when(opened(sale, 1)).when(answered()).when(decided("member", "producer")).then("00", card_cents=350)
    assert story.purse("m-1") == before + 350
    assert story.account(f"owed:{GARDEN}") == 1_000
    story.when(till.refund(sale, line("cheese", 500))).then("61")
    story.when(close("2026-05-01"))
    assert lines(story) == {GARDEN: (1_000, 0, "")}
    two_roads(story)


def test_when_nobody_is_at_fault_the_guarantee_fund_bears_it() -> None:
    story, _, sale = sold()
    before = story.purse("m-1")
    story.when(opened(sale, 1)).when(answered()).when(decided("member", "fund", SAFETY)).then("00", card_cents=350)
    assert story.purse("m-1") == before + 350
    assert (story.account(f"fund:{SAFETY}"), story.account(f"owed:{GARDEN}")) == (4_650, 1_350)
    two_roads(story)


def test_an_appeal_of_the_producer_is_paid_by_the_fund_and_never_taken_from_the_member() -> None:
    story, _, sale = sold()
    story.when(opened(sale, 1)).when(answered()).when(decided("member", "producer"))
    had = story.purse("m-1")
    story.when(appealed("producer")).when(decided("producer", by=AMINA))
    assert "heard by others" in why(story)
    story.when(decided("producer", by=CHLOE)).then("00", paid_cents=350, fund=SAFETY, appeal=True)
    assert (story.purse("m-1"), story.account(f"owed:{GARDEN}"), story.account(f"fund:{SAFETY}")) == (had, 1_350, 4_650)
    two_roads(story)
    story.when(close("2026-05-01"))
    assert story.last.lines[0].adjusted_cents == 350  # type: ignore[union-attr]
    story.when(ended()).then("00")


def test_an_appeal_of_the_member_gives_her_what_the_first_did_not_and_one_that_fails_moves_nothing() -> None:
    story, _, sale = sold()
    before = story.purse("m-1")
    story.when(opened(sale, 1)).when(answered(agrees=False)).when(decided("producer")).when(appealed("member"))
    story.when(decided("member", "fund", SAFETY, by=CHLOE)).then("00", card_cents=350, appeal=True)
    assert story.purse("m-1") == before + 350
    two_roads(story)
    other, _, sale = sold()
    other.when(opened(sale, 1)).when(answered()).when(decided("producer")).when(appealed("member"))
    other.when(decided("producer", by=CHLOE)).then("00", card_cents=0, paid_cents=0, cost="")
    two_roads(other)


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (decided("member", "producer"), "has until 2026-05-19 to answer"),
        (decided("member", "producer", by=BRUNO), "another person decides it"),
        (appealed("member"), "not yet"),
    ],
)
def test_each_step_waits_for_the_one_before_it(step: Decide, told: str) -> None:
    story, _, sale = sold()
    story.when(opened(sale, 1)).when(step)
    assert told in why(story)


def test_a_line_is_contested_once_at_a_time() -> None:
    story, _, sale = sold()
    story.when(opened(sale, 1)).when(opened(sale, 1))
    assert "contested already" in why(story)


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (decided("nobody"), "for the member or the producer"),
        (decided("member"), "Say who bears it"),
        (decided("producer", "producer"), "leave the cost out"),
        (decided("member", "fund"), "Name the fund"),
        (decided("member", "fund", "general"), "borne by a guarantee fund"),
        (decided("member", "fund", "none"), "There is no fund"),
    ],
)
def test_a_decision_says_who_is_right_and_who_bears_it(step: Decide, told: str) -> None:
    story, _, sale = sold()
    story.when(opened(sale, 1)).when(answered()).when(step)
    assert told in why(story)


def test_who_does_not_answer_in_time_is_decided_about_without_an_answer() -> None:
    story, _, sale = sold()
    story.when(opened(sale, 1)).at("2026-05-20 09:00:00").when(decided("member", "producer")).then("00", card_cents=350)
    assert story.book.contests.contests[1].state is ContestState.DECIDED


def test_a_contest_is_closed_when_nobody_can_appeal_any_more() -> None:
    story, _, sale = sold()
    story.when(opened(sale, 1)).when(answered()).when(decided("producer")).when(ended())
    assert "may appeal until 2026-05-31" in why(story)
    assert any("contest 1 is decided" in one for one in leftovers(story.book))
    story.at("2026-06-01 09:00:00").when(appealed("member"))
    assert "within 30 days" in why(story)
    story.when(ended()).then("00")
    assert not any("contest" in one for one in leftovers(story.book))
    assert CaisseSealed not in map(type, story.history)


def test_ninety_days_on_a_purchase_is_no_longer_contested() -> None:
    story, _, sale = sold()
    story.at("2026-07-30 09:00:00").when(opened(sale, 1)).then("00")
    late, _, sale = sold()
    late.at("2026-07-31 09:00:00").when(opened(sale, 1))
    assert "within 90 days" in why(late)


def test_what_is_not_there_is_not_contested() -> None:
    story, till, sale = sold()
    story.when(opened(till.sale(line("veg", 1))))
    assert "no such sale" in why(story)
    story.when(opened(sale, 2))
    assert "2 lines" in why(story)
    story.when(till.refund(sale, line("cheese", 500))).then("00").when(opened(sale, 1))
    assert "given back already" in why(story)
    story.when(till.reverse(sale)).when(opened(sale))
    assert "reversed" in why(story)


def test_an_open_contest_is_withdrawn_by_closing_it() -> None:
    story, _, sale = sold()
    story.when(opened(sale, 1)).when(ended()).then("00").when(opened(sale, 1)).then("00", contest=2)
    assert isinstance(story.last, ContestOpened)


def test_working_days_leave_out_weekends_and_the_public_holidays_of_france() -> None:
    assert [easter(year) for year in (2024, 2025, 2026, 2027)] == [
        date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5), date(2027, 3, 28)]  # fmt: skip
    closed = [day for day in (date(2026, 5, 1) + timedelta(days=n) for n in range(31)) if not is_working_day(day)]
    assert [day.day for day in closed] == [1, 2, 3, 8, 9, 10, 14, 16, 17, 23, 24, 25, 30, 31]
    assert after_working_days(date(2026, 5, 1), 10) == date(2026, 5, 19)
