"""Two people adjust, with a reason; a member is debited for an error of the system only, told before, never below zero."""

from typing import Any

import pytest

from clearing.audit.sums import book_balances
from clearing.events.adjustments import Adjustment, AdjustmentMade
from clearing.events.catalogue import Event
from clearing.events.funds import PurseCredited
from clearing.events.settlement import BatchClosed
from clearing.rules.answers import Declined
from clearing.rules.ends.closing import leftovers
from clearing.rules.folds.adjustments import rooms_of
from clearing.rules.ledger.tracing import Trace
from clearing.rules.treasury import adjusting
from clearing.values import Cents, FundId, PersonId, PurseKind
from tests.given_when_then import Story, given
from tests.sayings import AMINA, BRUNO, GARDEN, MARKET, Till, close, credit, grant, line, monthly

RICH = (*MARKET, credit(2_000))


def proposal(
    kind: str, who: str, cents: int, *, fund: str = "", purse: str = "", error: str = "", until: int = 0
) -> dict[str, Any]:
    return {"what": Adjustment(kind, who, FundId(fund), PurseKind(purse), Cents(cents), until), "error": error}


def propose(story: Story, said: dict[str, Any], by: PersonId = AMINA) -> Event | Declined:
    decided = adjusting.decide_propose(
        story.book.adjustments, rooms_of(story.book), reason="as agreed", by=by, at_us=story.at_us, **said
    )
    if not isinstance(decided, Declined):
        story.and_given(decided)
    return decided


def make(story: Story, cents: int, number: int = 1, by: PersonId = BRUNO) -> tuple[Event, ...] | Declined:
    decided = adjusting.decide_make(
        story.book.adjustments, rooms_of(story.book), adjustment=number, cents=Cents(cents), by=by, at_us=story.at_us
    )
    if not isinstance(decided, Declined):
        story.and_given(*decided)
    return decided


def why(decided: object) -> str:
    assert isinstance(decided, Declined), decided
    return decided.why


def two_roads(story: Story) -> None:
    posted = {name: -cents for name, cents in story.ledger.balances.items() if cents and name != "bank"}
    assert posted == book_balances(story.book)
    trace = Trace()
    for position, (event, at_us) in enumerate(zip(story.history, story.instants, strict=True), start=1):
        trace.take(event, position, at_us)
    for fund in story.book.funds:
        trace.of_fund(fund).reconcile()


@pytest.mark.parametrize(
    ("kind", "fund", "owed"), [("owe", "general", 1_300), ("owe-less", "general", 700), ("paid-outside", "", 700)]
)
def test_what_a_producer_is_owed_is_adjusted_by_two_and_stands_in_the_next_batch(kind: str, fund: str, owed: int) -> None:
    till, story = Till(), given(*RICH)
    story.when(till.sale(line("veg", 1_000)), till.tap())
    propose(story, proposal(kind, GARDEN, 300, fund=fund))
    assert "another person" in why(make(story, 300, by=AMINA))
    assert "proposed 3.00 EUR, not 2.00 EUR" in why(make(story, 200))
    make(story, 300)
    assert story.account(f"owed:{GARDEN}") == owed
    two_roads(story)
    story.when(close("2026-05-01"))
    assert isinstance(story.last, BatchClosed)
    paid = story.last.lines[0]
    assert (paid.captured_cents, paid.adjusted_cents, paid.paid_cents) == (1_000, owed - 1_000, owed)
    two_roads(story)


def test_what_a_producer_owes_is_written_off_as_far_as_it_is_owed() -> None:
    till, story = Till(), given(*RICH)
    sale = till.sale(line("veg", 1_000))
    story.when(sale, till.tap()).when(close("2026-05-01")).when(till.refund(sale, line("veg", 400)))
    assert "owes 4.00 EUR" in why(propose(story, proposal("write-off", GARDEN, 500, fund="general")))
    propose(story, proposal("write-off", GARDEN, 400, fund="general"))
    assert any("adjustment 1 waits" in one for one in leftovers(story.book))
    make(story, 400)
    assert story.account(f"owed:{GARDEN}") == 0
    two_roads(story)


def test_a_manual_credit_is_given_by_two_people() -> None:
    story = given(*RICH)
    before = story.purse("m-1")
    propose(story, proposal("credit", "m-1", 500, fund="general", purse="credit"))
    events = make(story, 500)
    assert not isinstance(events, Declined)
    assert [type(event) for event in events] == [AdjustmentMade, PurseCredited]
    assert story.purse("m-1") == before + 500
    two_roads(story)


def test_a_member_is_debited_after_notice_at_most_what_is_there_and_once_from_the_next_credit() -> None:
    story = given(*RICH, monthly(1_000, months=2), at="2026-05-10 09:00:00")
    propose(story, proposal("debit", "m-1", 2_700, purse="credit", error="the May credit was given twice"))
    assert "told before" in why(make(story, 2_700))
    story.at("2026-05-20 09:00:00")
    make(story, 2_700)
    assert (story.purse("m-1"), story.book.adjustments.pending[1].rest_cents) == (0, 700)
    two_roads(story)
    assert "credit of 2026-06 only" in why(make(story, 2_700))
    story.at("2026-06-02 09:00:00")
    assert "give that credit first" in why(make(story, 2_700))
    story.when(grant("2026-06")).then("00")
    make(story, 2_700)
    assert (story.purse("m-1"), story.book.adjustments.pending) == (300, {})
    two_roads(story)
    assert "Nothing is proposed" in why(make(story, 2_700))


def test_what_the_next_credit_does_not_bring_is_the_funds_loss() -> None:
    story = given(*RICH, monthly(400, months=2), at="2026-05-20 09:00:00")
    propose(story, proposal("debit", "m-1", 2_700, purse="credit", error="given twice"))
    story.at("2026-05-30 09:00:00")
    make(story, 2_700)
    story.at("2026-06-02 09:00:00").when(grant("2026-06"))
    (made,) = make(story, 2_700)  # type: ignore[misc]
    assert (made.cents, made.rest_cents, story.purse("m-1")) == (400, 0, 0)  # type: ignore[union-attr]
    assert not story.book.adjustments.pending


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (proposal("gift", GARDEN, 1), "one of owe"),
        (proposal("owe", GARDEN, 0, fund="general"), "at least one cent"),
        (proposal("owe", GARDEN, 1), "Name the fund"),
        (proposal("owe", GARDEN, 1, fund="none"), "no fund none"),
        (proposal("owe", "nobody", 1, fund="general"), "no producer nobody"),
        (proposal("owe", GARDEN, 99_999_999, fund="general"), "free"),
        (proposal("paid-outside", GARDEN, 1, fund="general"), "Name the fund"),
        (proposal("credit", "m-1", 1, fund="general"), "Name the purse"),
        (proposal("credit", "m-9", 1, fund="general", purse="credit"), "no member m-9"),
        (proposal("credit", "m-1", 1, fund="general", purse="own"), "clearing correct"),
        (proposal("debit", "m-1", 1, purse="credit"), "for an error of the system only"),
        (proposal("owe", GARDEN, 1, fund="general", error="x"), "for an error of the system only"),
        (proposal("owe", GARDEN, 1, fund="general", until=5), "Only a credit"),
    ],
)
def test_what_cannot_be_adjusted_is_told_with_what_to_do(said: dict[str, Any], told: str) -> None:
    assert told in why(propose(given(*RICH), said))
