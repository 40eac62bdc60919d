"""A fund that is short, the end of credit, notice and what is carried over: as voted, for everybody alike, to the cent."""

import pytest

from clearing.cli.crediting import told
from clearing.events.crediting import CohortRolled, LapseAnnounced
from clearing.events.funds import AllocationDeclined, AllocationRuleSet, CohortLapsed, MoneyNotified
from clearing.rules.answers import Declined
from clearing.rules.credit.credit_run import CreditRun, work_out
from clearing.rules.treasury.funds import Funds
from clearing.values import Cents, FundId
from tests.given_when_then import Story, given
from tests.household_sayings import home, voted
from tests.sayings import (
    AMINA,
    CADENET,
    FOUNDED,
    Till,
    card,
    grant,
    grant_single,
    line,
    member,
    opened,
    producer,
    received,
    terminal,
)


def late_grant(rule: AllocationRuleSet, *people: object) -> Story:
    """300.00 notified to a fund that may use 100.00 of it early; only 200.00 have arrived, and 300.00 of credit are voted."""
    story = given(*FOUNDED, opened("grant", advance=0), opened("reserve"), received(50_000, "reserve"))
    story.and_given(*(people or (member("m-1"), member("m-2"), member("m-3"))))  # type: ignore[arg-type]
    notified = MoneyNotified(fund=FundId("grant"), cents=Cents(30_000), reference="letter", by=AMINA)
    return story.and_given(notified, received(20_000, "grant"), rule)


def look(story: Story, period: str = "2026-05") -> CreditRun:
    book = story.book
    run = work_out(book.allocation, book.members, book.funds, book.caisse.calendar,
                   cotisations=book.cotisations, rule="monthly", period=period,
                   at_us=max(story.at_us, book.at_us + 1))  # fmt: skip
    assert isinstance(run, CreditRun), run
    return run


def purses(story: Story) -> list[int]:
    return [story.purse(name) for name in ("m-1", "m-2", "m-3")]


def test_a_run_on_a_late_grant_short_by_a_third_waits_when_that_was_voted() -> None:
    story = late_grant(voted(10_000, fund="grant"))
    assert told(look(story)) == [
        "monthly for 2026-05: 300.00 EUR are needed, the fund grant can carry 200.00 EUR.",
        "100.00 EUR are missing; as voted nobody is credited until the money is there.",
    ]
    story.when(grant())
    assert isinstance(story.last, AllocationDeclined)
    assert (purses(story), story.account("fund:grant")) == ([0, 0, 0], 20_000)
    story.and_given(received(10_000, "grant")).when(grant()).then("00", total_cents=30_000)
    assert purses(story) == [10_000] * 3


def test_a_run_on_a_late_grant_short_by_a_third_is_smaller_for_all_alike_when_that_was_voted() -> None:
    story = late_grant(voted(10_000, fund="grant", short="smaller"))
    assert told(look(story))[1] == (
        "100.00 EUR are missing; as voted everybody gets less alike, 66.66 EUR each: 199.98 EUR in all."
    )
    story.when(grant()).then("00", cents_each=6_666, total_cents=19_998, need_cents=30_000)
    assert (purses(story), story.account("fund:grant")) == ([6_666] * 3, 2)
    story.and_given(member("m-4"), received(10_000, "grant")).when(grant_single("m-4")).then("00", cents=6_666)


def test_a_run_on_a_late_grant_short_by_a_third_is_carried_whole_by_the_fund_that_was_voted() -> None:
    story = late_grant(voted(10_000, fund="grant", short="fund", short_fund=FundId("reserve")))
    assert told(look(story))[1] == "100.00 EUR are missing; as voted the fund reserve carries the whole run."
    story.when(grant()).then("00", fund="reserve", total_cents=30_000)
    assert (purses(story), story.account("fund:grant"), story.account("fund:reserve")) == ([10_000] * 3, 20_000, 20_000)


def test_when_the_other_fund_is_short_too_nobody_is_credited() -> None:
    story = late_grant(voted(20_000, fund="grant", short="fund", short_fund=FundId("reserve"))).when(grant())
    assert isinstance(story.last, AllocationDeclined)
    assert (story.last.need_cents, story.last.cover_cents, purses(story)) == (60_000, 20_000, [0, 0, 0])


def test_a_voted_advance_on_the_notified_grant_carries_the_run() -> None:
    story = given(*FOUNDED, opened("grant", advance=10_000), member("m-1"), member("m-2"), member("m-3"))
    story.and_given(MoneyNotified(fund=FundId("grant"), cents=Cents(30_000), reference="letter", by=AMINA))
    story.and_given(received(20_000, "grant"), voted(10_000, fund="grant")).when(grant()).then("00", total_cents=30_000)
    assert (story.account("fund:grant"), _free(story.book.funds, "grant")) == (-10_000, 0)


def _free(funds: Funds, name: str) -> int:
    return funds[FundId(name)].free_cents()


def test_households_get_less_by_one_factor_each_rounded_down() -> None:
    people = (*home("m-1", "adult"), *home("m-2", "adult", "adult"), *home("m-3", "adult", "child", "child"))
    story = late_grant(voted(10_000, further=5_000, fund="grant", short="smaller"), *people)
    run = look(story)
    assert (run.need_cents, run.given_cents) == (45_000, 19_998)
    story.when(grant()).then("00", total_cents=19_998, need_cents=45_000, cover_cents=20_000)
    assert purses(story) == [4_444, 6_666, 8_888]


def test_a_smaller_run_of_less_than_a_cent_each_is_no_run() -> None:
    story = given(*FOUNDED, received(2), member("m-1"), member("m-2"), member("m-3"), voted(10_000, short="smaller"))
    assert isinstance(story.when(grant()).last, AllocationDeclined)


MARKET = (*FOUNDED, received(1_000_000), CADENET, member("m-1"), card("m-1"), member("m-2"), *producer(), terminal())


def market(rule: AllocationRuleSet) -> Story:
    """One of two members spent 40.00 of the month."""
    till = Till()
    return given(*MARKET, opened("next"), rule).when(grant()).when(till.sale(line("veg", 4_000)), till.tap())


def test_what_lapses_goes_to_the_fund_that_was_voted() -> None:
    story = market(voted(15_000, lapse_to=FundId("next"))).at("2026-07-01 00:00:00").sweep()
    [lapsed] = story.swept
    assert isinstance(lapsed, CohortLapsed)
    assert (lapsed.fund, lapsed.cents) == ("next", 26_000)
    assert (story.account("fund:general"), story.account("fund:next")) == (970_000, 26_000)
    assert _free(story.book.funds, "next") == 26_000


def test_a_hold_that_ends_after_the_lapse_goes_to_the_voted_fund_too() -> None:
    till = Till()
    story = given(*MARKET, opened("next"), voted(15_000, months_valid=1, lapse_to=FundId("next"))).when(grant())
    story.at("2026-05-30 09:00:00").when(till.auth(line("veg", 4_000)), till.tap()).at("2026-06-20 00:00:00").sweep()
    assert [type(one).__name__ for one in story.swept] == ["CohortLapsed", "HoldExpired"]
    assert (story.account("fund:next"), story.account("purse:credit"), story.account("held")) == (30_000, 0, 0)
    assert story.book.funds[FundId("next")].received_cents == 30_000


def test_a_lapse_is_announced_before_it_comes_with_heads_and_cents() -> None:
    story = market(voted(15_000, notice_days=14))
    assert story.at("2026-06-16 23:59:00").sweep().swept == []
    [said] = story.at("2026-06-17 00:00:00").sweep().swept
    assert isinstance(said, LapseAnnounced)
    assert (said.lot, said.head_count, said.cents) == ("monthly/2026-05", 2, 26_000)
    assert [type(one).__name__ for one in story.at("2026-07-01 00:00:00").sweep().swept] == ["CohortLapsed"]


def test_a_voted_part_is_carried_over_the_end_once_and_then_lapses() -> None:
    story = market(voted(15_000, months_valid=1, rollover_max_cents=Cents(12_000))).at("2026-06-01 00:00:00").sweep()
    rolled, lapsed = story.swept
    assert isinstance(rolled, CohortRolled)
    assert isinstance(lapsed, CohortLapsed)
    assert (rolled.head_count, rolled.cents, lapsed.cents) == (2, 11_000 + 12_000, 3_000)
    assert (story.purse("m-1"), story.purse("m-2"), story.account("purse:credit")) == (11_000, 12_000, 23_000)
    [end] = story.at("2026-07-01 00:00:00").sweep().swept
    assert isinstance(end, CohortLapsed)
    assert (end.lot, end.cents, story.account("purse:credit")) == ("monthly/2026-05+", 23_000, 0)
    assert story.account("fund:general") == 1_000_000 - 4_000


def test_carried_credit_is_spent_before_the_new_month_and_never_granted_alone() -> None:
    story = market(voted(15_000, months_valid=1, rollover_max_cents=Cents(12_000))).at("2026-06-01 08:00:00")
    till = Till()
    till.n, till.counters["m-1"] = 50, 50
    story.when(grant("2026-06")).when(till.sale(line("veg", 12_000)), till.tap()).then("00")
    assert [(lot.id, lot.cents) for lot in story.book.members.members["m-1"].purses[0].lots] == [("monthly/2026-06", 14_000)]  # type: ignore[index]
    with pytest.raises(ValueError, match="written YYYY-MM"):
        story.when(grant_single("m-1", "2026-05+"))


def test_a_look_at_a_month_that_was_granted_says_so() -> None:
    story = market(voted(15_000))
    book = story.book
    answer = work_out(book.allocation, book.members, book.funds, book.caisse.calendar,
                   cotisations=book.cotisations, rule="monthly", period="2026-05",
                      at_us=book.at_us + 1)  # fmt: skip
    assert isinstance(answer, Declined)
    assert "nobody is credited twice" in answer.why
