"""Money that was promised long ago waits for a person; so does each step of a closing, one after the other until the seal."""

import pytest

from clearing.events.closing import OwnMoneyPaid, RestPaid
from clearing.values import Cents, FundId, MemberId
from tests.given_when_then import Story, given
from tests.rules.debit_sayings import answer, said
from tests.rules.test_closing import LAST_DAY, confirm, own, propose, rest
from tests.rules.test_debits import made
from tests.rules.test_subsidies import cancelled, part, promise
from tests.rules.test_waiting import commands_are_given_as_they_stand, of, only
from tests.sayings import AMINA, BRUNO, MARKET, own_money, received

CLOSED = "2026-05-21 09:00:00"


def told(story: Story, at: str = "") -> list[str]:
    found = of(story, at)
    commands_are_given_as_they_stand(found)
    return [one.told for one in found]


@pytest.mark.parametrize(("day", "waits"), [("2026-06-30", False), ("2026-07-03", True)])
def test_a_subsidy_is_asked_for_when_it_has_not_come_after_sixty_days(day: str, waits: bool) -> None:
    story = given(*MARKET, at="2026-05-02 09:00:00").when(promise(30_000))
    assert bool(of(story, f"{day} 10:00:00")) is waits


def test_what_came_or_never_will_is_asked_for_no_more() -> None:
    story = given(*MARKET, at="2026-05-02 09:00:00").when(promise(30_000)).when(part(12_000))
    late = only(of(story, "2026-08-01 10:00:00"))
    assert late.told == "180.00 EUR of the subsidy draaf, notified by DRAAF on 2026-05-02, have not come"
    assert late.day == "2026-05-02"
    assert told(story.when(cancelled()), "2026-08-01 10:00:00") == []


def test_debits_that_came_back_wait_as_one_until_they_are_paid_otherwise() -> None:
    story = answer(made().at("2026-06-03 09:00:00"), said("returned", code="MD06", on="2026-06-02"))
    [back] = [one for one in of(story) if "came back" in one.told]
    assert (back.told, back.day) == ("20.00 EUR of 1 debit that came back are owed", "2026-06-02")
    assert back.commands[0] == "cotisation receive m-1 EUROS --month 2026-05 --means transfer --reference LINE"
    commands_are_given_as_they_stand([back])


def test_a_confirmed_closing_waits_to_be_told_to_everybody_until_its_last_day() -> None:
    story = given(*MARKET, at="2026-05-04 09:00:00").when(propose()).when(confirm())
    assert told(story, "2026-05-20 23:00:00") == [
        f"the caisse closes: members and producers are to be told that cards pay until {LAST_DAY}"
    ]
    assert only(of(story, "2026-05-19 09:00:00")).day == "2026-05-04"


def test_after_the_last_day_own_money_then_what_funds_have_left_then_the_seal_wait() -> None:
    story = given(*MARKET, received(5_000), own_money(1_500)).when(propose()).when(confirm()).at(CLOSED)
    assert told(story.sweep(), CLOSED) == [
        "own money is left in 1 purse of the closed caisse", "what the funds have left goes to who was voted"
    ]
    story.when(own).when(rest)
    assert any(one == "15.00 EUR of their own go back to m-1, since the caisse closed" for one in told(story)), told(story)
    assert any("of fund general are to be paid to who was voted" in one for one in told(story)), told(story)
    cents = story.book.closing.rests[FundId("general")]
    story.and_given(OwnMoneyPaid(member=MemberId("m-1"), cents=Cents(1_500), reference="line 1", by=AMINA))
    story.and_given(RestPaid(fund=FundId("general"), cents=Cents(cents), reference="line 2", by=BRUNO))
    assert only(of(story)).told == "nothing is left: the log of the closed caisse can be sealed"
