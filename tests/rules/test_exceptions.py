"""A capture that comes too late is answered 84 and stands in a list; two people say what becomes of it, and who pays."""

from typing import Any

import pytest

from clearing.events.catalogue import Event
from clearing.events.funds import FundOpened
from clearing.events.orders import ExceptionResolved
from clearing.rules.answers import Declined
from clearing.values import Cents, FundId, InvalidValue
from clearing.wire.requests import Request
from tests.given_when_then import Story, given
from tests.rules.test_orders import give
from tests.sayings import AMINA, BRUNO, MARKET, Till, approve, card, close, credit, line, member, received

GUARANTEE: tuple[Event, ...] = (
    FundOpened(fund=FundId("safety"), kind="guarantee", name="Guarantee", advance_cents=Cents(0), by=AMINA),
    received(2_000, "safety"),
)  # fmt: skip
LATE = "2026-05-20 09:00:00"


def late_capture(till: Till, *more: Event, cents: int = 1_000) -> tuple[Story, Request]:
    """A hold of 10.00 of cheese at 70 % that was captured after it had expired."""
    hold = till.auth(line("cheese", 1_000))
    story = given(*MARKET, credit(3_000), *more).when(hold, till.tap()).at(LATE)
    story.when(till.capture(hold, line("cheese", cents))).then("84", answer="84")
    return story, hold


def number(story: Story) -> int:
    return max(story.book.exceptions.open)


def end(story: Story, how: str, *, consent: bool = False, at: int | None = None) -> Event | Declined:
    """One proposes, another agrees."""
    body: dict[str, Any] = {"exception": at or number(story), "how": how, "consent": consent}
    proposed = give(story, "propose_exception_end", {**body, "reason": "goods had left"}, BRUNO)
    return proposed if isinstance(proposed, Declined) else give(story, "resolve_exception", body, AMINA)


@pytest.mark.row(6)
def test_a_capture_after_expiry_is_never_lost() -> None:
    story, hold = late_capture(Till())
    item = story.book.exceptions.open[number(story)]
    assert (item.kind, item.original, item.amount_cents, item.member) == ("late capture", hold.x, 1_000, "m-1")
    assert (story.account("owed:garden"), story.purse("m-1")) == (0, 3_000)


def test_an_accepted_late_capture_is_paid_by_the_purse_when_the_member_agreed() -> None:
    story, _ = late_capture(Till(), *GUARANTEE)
    resolved = end(story, "accepted", consent=True)
    assert isinstance(resolved, ExceptionResolved)
    assert resolved.resolved_by == (BRUNO, AMINA)
    assert (story.account("owed:garden"), story.purse("m-1"), story.account("fund:safety")) == (700, 2_300, 2_000)
    assert not story.book.exceptions.open


def test_without_her_consent_the_guarantee_fund_pays() -> None:
    story, _ = late_capture(Till(), *GUARANTEE)
    assert isinstance(end(story, "accepted"), ExceptionResolved)
    assert (story.account("owed:garden"), story.purse("m-1"), story.account("fund:safety")) == (700, 3_000, 1_300)


def test_what_her_purse_lacks_falls_on_the_guarantee_fund() -> None:
    till = Till()
    story, _ = late_capture(till, *GUARANTEE)
    story.when(till.sale(line("veg", 2_800)), till.tap())
    assert isinstance(end(story, "accepted", consent=True, at=number(story)), ExceptionResolved)
    assert (story.account("owed:garden"), story.purse("m-1"), story.account("fund:safety")) == (3_500, 0, 1_500)


def test_a_guarantee_fund_that_is_not_there_or_too_small_is_said() -> None:
    without, _ = late_capture(Till())
    answer = end(without, "accepted")
    assert isinstance(answer, Declined)
    assert "there is none" in answer.why
    poor, _ = late_capture(Till(), GUARANTEE[0], received(699, "safety"))
    answer = end(poor, "accepted")
    assert isinstance(answer, Declined)
    assert "has less than the 7.00 EUR" in answer.why


def test_a_late_capture_never_owes_more_than_its_hold_held() -> None:
    story, _ = late_capture(Till(), *GUARANTEE, cents=4_000)
    end(story, "accepted", consent=True)
    assert story.account("owed:garden") == 700


def test_a_late_capture_of_one_hold_is_accepted_once() -> None:
    till = Till()
    story, hold = late_capture(till, *GUARANTEE)
    story.when(till.capture(hold, line("cheese", 1_000))).then("84")
    first, second = sorted(story.book.exceptions.open)
    assert isinstance(end(story, "accepted", at=first), ExceptionResolved)
    assert isinstance(end(story, "accepted", at=second), Declined)
    assert isinstance(end(story, "refused", at=second), ExceptionResolved)
    assert story.account("owed:garden") == 700


def test_a_second_capture_of_delivered_goods_can_only_be_refused() -> None:
    till = Till()
    hold = till.auth(line("cheese", 1_000))
    story = given(*MARKET, credit(3_000), *GUARANTEE).when(hold, till.tap()).when(till.capture(hold, line("cheese", 1_000)))
    story.when(till.capture(hold, line("cheese", 1_000))).then("84")
    assert isinstance(end(story, "accepted"), Declined)
    assert isinstance(end(story, "refused"), ExceptionResolved)


def test_a_reversal_after_settlement_stands_in_the_list_and_is_noted() -> None:
    till = Till()
    sale = till.sale(line("veg", 500))
    story = given(*MARKET, credit(3_000)).when(sale, till.tap()).at("2026-05-03 10:00:00").when(close("2026-05-02"))
    story.when(approve("2026-05-05")).when(till.reverse(sale)).then("00", effect="nothing")
    item = story.book.exceptions.open[number(story)]
    assert (item.kind, "after its batch had closed" in item.told) == ("reversal", True)
    assert isinstance(end(story, "accepted"), Declined)
    assert isinstance(end(story, "noted"), ExceptionResolved)
    assert story.account("payable:garden") == 500


def test_one_person_alone_resolves_nothing() -> None:
    story, _ = late_capture(Till(), *GUARANTEE)
    body: dict[str, Any] = {"exception": number(story), "how": "accepted", "consent": True}
    assert isinstance(give(story, "resolve_exception", body), Declined)
    give(story, "propose_exception_end", {**body, "reason": "r"}, BRUNO)
    assert isinstance(give(story, "resolve_exception", body, BRUNO), Declined)
    assert isinstance(give(story, "resolve_exception", {**body, "consent": False}), Declined)
    assert story.account("owed:garden") == 0


@pytest.mark.parametrize(("how", "consent", "words"), [
    ("noted", False, "accepted or refused"), ("refused", True, "leave it out"),
])  # fmt: skip
def test_what_makes_no_sense_is_said_in_a_sentence(how: str, consent: bool, words: str) -> None:
    story, _ = late_capture(Till())
    answer = end(story, how, consent=consent)
    assert isinstance(answer, Declined)
    assert words in answer.why


def test_an_end_that_nobody_knows_is_refused_with_those_that_there_are() -> None:
    story, _ = late_capture(Till())
    with pytest.raises(InvalidValue, match="noted, refused, accepted"):
        end(story, "kept")


def test_a_capture_of_what_never_was_is_no_exception() -> None:
    till = Till()
    story = given(*MARKET, member("m-2"), card("m-2")).when(till.capture(till.auth(line("veg", 100)), line("veg", 100)))
    story.then("25")
    assert not story.book.exceptions.open
