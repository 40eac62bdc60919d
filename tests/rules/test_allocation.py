"""The monthly credit: each member and month once, for all or for nobody, gaps filled once, no cent beyond the fund."""

from dataclasses import replace

import pytest

from clearing.events.funds import AllocationDeclined, CohortLapsed, SingleGranted
from clearing.events.members import MemberGroupsChanged
from clearing.rules.answers import BrokenBook, Declined
from clearing.rules.credit.allocation import decide_credit, decide_set_rule
from clearing.values import MemberId, PurseKind
from tests.given_when_then import Story, given
from tests.sayings import (
    BRUNO,
    CADENET,
    FOUNDED,
    MARKET,
    Till,
    credit,
    grant,
    grant_single,
    granted,
    line,
    member,
    monthly,
    received,
)


def caisse(*who: str, money: int = 100_000, at: str = "2026-05-01 09:00:00") -> Story:
    """Three members: m-1 without a group, m-2 young, m-3 young and far; 150.00 a month for `who`."""
    people = (member("m-1"), member("m-2", "young"), member("m-3", "young", "far"))
    return given(*FOUNDED, CADENET, received(money), *people, monthly(15_000, *who), at=at)


def regroup(name: str, *groups: str) -> MemberGroupsChanged:
    return MemberGroupsChanged(member=MemberId(name), groups=groups, by=BRUNO)


def test_one_event_credits_everybody_and_freezes_count_and_total() -> None:
    story = caisse().when(grant()).then("00", head_count=3, total_cents=45_000, who=())
    assert [story.purse(name) for name in ("m-1", "m-2", "m-3")] == [15_000] * 3
    assert (story.account("fund:general"), story.account("purse:credit")) == (55_000, 45_000)


def test_three_runs_of_one_month_credit_once() -> None:
    story = caisse().when(grant()).when(grant()).then("84").when(grant()).then("84")
    assert [story.purse(name) for name in ("m-1", "m-2", "m-3")] == [15_000] * 3
    assert story.account("purse:credit") == 45_000


def test_a_grant_for_a_group_reaches_only_the_group() -> None:
    story = caisse("young").when(grant()).then("00", head_count=2, total_cents=30_000)
    assert [story.purse(name) for name in ("m-1", "m-2", "m-3")] == [0, 15_000, 15_000]


def test_who_is_in_two_of_the_groups_is_credited_once() -> None:
    story = caisse("young", "far").when(grant()).then("00", head_count=2)
    assert story.purse("m-3") == 15_000


def test_a_fund_that_cannot_carry_all_credits_nobody() -> None:
    story = caisse(money=44_999).when(grant())
    assert isinstance(story.last, AllocationDeclined)
    assert (story.last.need_cents, story.last.cover_cents) == (45_000, 44_999)
    assert story.account("purse:credit") == 0
    story.and_given(received(1)).when(grant()).then("00", total_cents=45_000)
    assert story.account("fund:general") == 0


@pytest.mark.parametrize(
    ("at", "period", "words"),
    [
        ("2026-04-30 23:59:59", "2026-05", "has not begun"),
        ("2026-07-01 00:00:00", "2026-05", "would have lapsed already"),
    ],
)
def test_a_month_is_granted_from_its_first_day_until_its_credit_would_lapse(at: str, period: str, words: str) -> None:
    story = caisse(at="2026-01-01 00:00:00").at(at).when(grant(period))
    assert isinstance(story.last, Declined)
    assert words in story.last.why


def test_a_grant_for_nobody_or_by_no_rule_is_declined_with_what_to_do() -> None:
    assert "no member" in declined(given(*FOUNDED, received(100), monthly(100)).when(grant()))
    assert "set it by a decision first" in declined(given(*FOUNDED, received(100)).when(grant()))


def declined(story: Story) -> str:
    assert isinstance(story.last, Declined)
    return story.last.why


def test_who_came_after_the_grant_gets_it_once_by_a_single_grant() -> None:
    story = caisse().when(grant()).and_given(member("m-4"))
    assert story.purse("m-4") == 0
    story.when(grant_single("m-4"))
    assert isinstance(story.last, SingleGranted)
    assert story.purse("m-4") == 15_000
    assert "given once" in declined(story.when(grant_single("m-4")))
    assert "given once" in declined(story.when(grant_single("m-1")))
    assert (story.purse("m-4"), story.account("purse:credit"), story.account("fund:general")) == (15_000, 60_000, 40_000)


def test_a_single_grant_that_the_fund_cannot_carry_is_declined() -> None:
    story = caisse(money=45_000).when(grant()).and_given(member("m-4"))
    assert "can't carry it" in declined(story.when(grant_single("m-4")))


def test_a_single_grant_needs_the_month_to_be_granted_and_not_lapsed() -> None:
    story = caisse().and_given(member("m-4"))
    assert "was not granted" in declined(story.when(grant_single("m-4")))
    story = caisse().when(grant()).and_given(member("m-4")).at("2026-07-01 00:00:00")
    assert "has lapsed for everybody" in declined(story.when(grant_single("m-4")))


def test_a_change_of_groups_settles_the_grants_before_it() -> None:
    story = caisse("young").when(grant()).and_given(regroup("m-2"), regroup("m-1", "young"))
    assert [story.purse("m-1"), story.purse("m-2")] == [0, 15_000]
    assert "given once" in declined(story.when(grant_single("m-2")))
    story.at("2026-06-01 09:00:00").when(grant("2026-06")).then("00", head_count=2)
    assert [story.purse("m-1"), story.purse("m-2")] == [15_000, 15_000]


def test_changing_groups_to_and_fro_credits_nobody_twice() -> None:
    story = caisse("young").when(grant()).and_given(regroup("m-2"), regroup("m-2", "young"))
    assert story.purse("m-2") == 15_000
    assert "given once" in declined(story.when(grant_single("m-2")))


def test_what_lapses_of_a_month_is_one_event_with_its_total() -> None:
    till = Till()
    story = given(*MARKET, member("m-2"), monthly()).when(grant()).when(till.sale(line("veg", 4_000)), till.tap())
    assert story.at("2026-06-30 23:59:59").sweep().swept == []
    (lapsed,) = story.at("2026-07-01 00:00:00").sweep().swept
    assert isinstance(lapsed, CohortLapsed)
    assert (lapsed.lot, lapsed.cents) == ("monthly/2026-05", 26_000)
    assert (story.purse("m-1"), story.purse("m-2"), story.account("fund:general")) == (0, 0, 996_000)


def test_two_months_lie_side_by_side_and_the_older_is_spent_first() -> None:
    till = Till()
    story = given(*MARKET, monthly()).when(grant()).at("2026-06-01 09:00:00").when(grant("2026-06"))
    story.when(till.sale(line("veg", 16_000)), till.tap()).then("00")
    (lapsed,) = story.at("2026-07-01 00:00:00").sweep().swept
    assert isinstance(lapsed, CohortLapsed)
    assert (lapsed.cents, story.purse("m-1")) == (0, 14_000)


def test_the_book_itself_refuses_a_month_granted_twice() -> None:
    story = caisse().when(grant())
    again = granted(story.last)
    with pytest.raises(BrokenBook, match="granted before"):
        story.and_given(again)


def test_the_book_itself_refuses_to_engage_more_than_a_fund_holds() -> None:
    story = caisse(money=100)
    with pytest.raises(BrokenBook, match="fund general"):
        story.and_given(credit(101))


def test_the_book_itself_refuses_a_lapse_of_another_sum() -> None:
    story = caisse().when(grant()).at("2026-07-01 00:00:00")
    lapse = story.book.due(story.at_us)
    assert isinstance(lapse, CohortLapsed)
    with pytest.raises(BrokenBook, match="lapsed"):
        story.and_given(replace(lapse, cents=type(lapse.cents)(1)))


def test_only_what_members_added_themselves_is_in_their_own_purse() -> None:
    story = caisse()
    added = decide_credit(story.book.members, story.book.funds, credit(100, purse="own"), at_us=story.at_us)
    assert isinstance(added, Declined)
    assert "added themselves" in added.why
    rule = replace(monthly(), purse=PurseKind("own"))
    voted = decide_set_rule(rule, funds=story.book.funds)
    assert isinstance(voted, Declined)
    assert "added themselves" in voted.why
