"""What a purse is credited: by its persons, their classes, what it paid in, and in which months; each month once."""

from typing import Any

import pytest

from clearing.events.cotisations import CotisationAgreed
from clearing.events.funds import AllocationGranted
from clearing.events.households import EaterClassChanged, EaterClassSet
from clearing.rules.answers import Declined
from clearing.rules.credit.allocation import decide_grant, decide_set_rule, missing_cents
from clearing.rules.treasury.cotisations import asked_cents
from clearing.values import Cents, EaterId, FundId, MemberId, PurseKind
from tests.given_when_then import Story, given
from tests.household_sayings import dues, home, joins, pay, voted
from tests.sayings import AMINA, BRUNO, FOUNDED, Decide, grant, grant_single, granted, member, opened, received

CHILD = "child"


def caisse(*rules: object, money: int = 1_000_000) -> Story:
    """m-1: one adult, not named; m-2: two adults and two children; m-3: a child alone with one adult."""
    people = (member("m-1"), *home("m-2", "adult", "adult", CHILD, CHILD), *home("m-3", "adult", CHILD))
    return given(*FOUNDED, opened("caf"), received(money), *people, *rules)  # type: ignore[arg-type]


def purses(story: Story) -> list[int]:
    return [story.purse(name) for name in ("m-1", "m-2", "m-3")]


def why(story: Story) -> str:
    assert isinstance(story.last, Declined), story.last
    return story.last.why


@pytest.mark.parametrize(
    ("rule", "cents"),
    [
        (voted(15_000), [15_000, 15_000, 15_000]),
        (voted(10_000, further=10_000), [10_000, 40_000, 20_000]),
        (voted(15_000, further=7_500), [15_000, 37_500, 22_500]),
        (voted(10_000, further=5_000), [10_000, 25_000, 15_000]),
        (voted(15_000, each={CHILD: 4_500}), [15_000, 24_000, 19_500]),
        (voted(10_000, further=10_000, each={CHILD: 0}), [10_000, 20_000, 10_000]),
    ],
)
def test_the_amount_follows_the_persons_of_the_purse(rule: object, cents: list[int]) -> None:
    story = caisse(rule).when(grant()).then("00", total_cents=sum(cents), head_count=3)
    assert purses(story) == cents
    assert story.account("purse:credit") == sum(cents)


def test_a_household_run_credits_once_whoever_joins_afterwards() -> None:
    story = caisse(voted(10_000, further=5_000)).when(grant()).and_given(joins("m-1", "late"), joins("m-1", "later"))
    assert purses(story) == [10_000, 25_000, 15_000]
    assert "given once" in why(story.when(grant_single("m-1")))
    story.when(grant()).then("84").at("2026-06-01 09:00:00").when(grant("2026-06"))
    assert purses(story) == [25_000, 50_000, 30_000]


def test_who_joins_the_caisse_after_a_household_run_gets_her_own_amount_once() -> None:
    story = caisse(voted(10_000, further=5_000)).when(grant()).and_given(*home("m-4", "adult", CHILD, CHILD))
    story.when(grant_single("m-4")).then("00", cents=20_000)
    assert "given once" in why(story.when(grant_single("m-4")))


def test_the_mean_of_the_pot_goes_to_every_person_alike_and_the_spare_cents_stay() -> None:
    story = caisse(voted(0, form="mean"))
    for owner, cents in (("m-1", 5_000), ("m-2", 1_000), ("m-3", 2_005)):
        assert pay(story, owner, cents) == ()
    story.when(grant()).then("00", cents_each=1_143, total_cents=7 * 1_143)
    assert purses(story) == [1_143, 4 * 1_143, 2 * 1_143]


def test_a_top_up_gives_the_target_less_what_was_paid_in_and_never_less_than_nothing() -> None:
    story = caisse(voted(10_000, further=5_000, form="top-up"))
    pay(story, "m-1", 3_000)
    pay(story, "m-2", 30_000)
    story.when(grant()).then("00", head_count=2, total_cents=7_000 + 15_000)
    assert purses(story) == [7_000, 0, 15_000]
    pay(story, "m-3", 4_000)
    assert purses(story) == [7_000, 0, 15_000]


def test_two_affiliations_are_topped_up_each_by_its_own_fund() -> None:
    rules = (voted(10_000, form="top-up", who=("caf",), rule="caf", fund="caf"),
             voted(10_000, form="top-up", who=("msa",), rule="msa"))
    people = (member("m-1", "caf"), member("m-2", "msa"))
    story = given(*FOUNDED, opened("caf"), received(20_000, "caf"), received(20_000), *people, *rules)
    pay(story, "m-1", 1_000)
    pay(story, "m-2", 2_500)
    for rule in ("caf", "msa"):
        story.when(by_rule(rule)).then("00")
    assert (story.account("fund:caf"), story.account("fund:general")) == (11_000, 12_500)
    assert (story.purse("m-1"), story.purse("m-2")) == (9_000, 7_500)


def by_rule(rule: str, period: str = "2026-05") -> Decide:
    return lambda book, at_us: decide_grant(
        book.allocation, book.members, book.funds, book.caisse.calendar,
        cotisations=book.cotisations, rule=rule, period=period, by=AMINA, at_us=at_us
    )


def test_who_paid_before_the_run_is_credited_by_it_and_the_others_the_moment_they_pay() -> None:
    story = caisse(voted(15_000, after_cotisation=True))
    assert pay(story, "m-1", 1_000) == ()
    story.when(grant()).then("00", head_count=1, total_cents=15_000)
    assert purses(story) == [15_000, 0, 0]
    assert "m-2 paid 0.00 EUR of the 0.01 EUR for 2026-05" in why(story.when(grant_single("m-2")))
    assert pay(story, "m-2", 500) == (15_000,)
    assert pay(story, "m-2", 500) == pay(story, "m-1", 500) == ()
    assert purses(story) == [15_000, 15_000, 0]
    assert "given once" in why(story.when(grant_single("m-2")))


def test_a_run_before_any_cotisation_gives_nothing_and_everybody_who_pays_later_once() -> None:
    story = caisse(voted(15_000, after_cotisation=True), money=20_000).when(grant()).then("00", head_count=0, total_cents=0)
    assert pay(story, "m-1", 1_000) == (15_000,)
    assert pay(story, "m-2", 1_000) == ()
    story.and_given(received(10_000)).when(grant_single("m-2")).then("00", cents=15_000)
    assert purses(story) == [15_000, 15_000, 0]


def agreed(owner: str, cents: int, every: int = 1, start: str = "2026-05") -> CotisationAgreed:
    return CotisationAgreed(
        member=MemberId(owner), rule="dues", cents=Cents(cents), every_months=every, from_period=start, means="cash", by=BRUNO
    )


def test_a_part_of_the_cotisation_brings_no_credit_until_what_the_member_chose_is_there() -> None:
    story = caisse(voted(15_000, after_cotisation=True), dues(), agreed("m-1", 3_000))
    pay(story, "m-1", 1)
    story.when(grant()).then("00", head_count=0)
    assert pay(story, "m-1", 1_999) == ()
    assert why(story.when(grant_single("m-1"))) == (
        "m-1 paid 20.00 EUR of the 30.00 EUR for 2026-05: 10.00 EUR are missing, and the credit follows by itself when they "
        "arrive."
    )
    assert pay(story, "m-1", 999) == ()
    assert pay(story, "m-1", 1) == (15_000,)
    assert purses(story) == [15_000, 0, 0]


def test_who_chose_no_amount_pays_the_voted_minimum_before_the_credit_comes() -> None:
    story = caisse(voted(15_000, after_cotisation=True), dues())
    pay(story, "m-1", 1_000)
    pay(story, "m-2", 999)
    story.when(grant()).then("00", head_count=1)
    assert "0.01 EUR are missing" in why(story.when(grant_single("m-2")))
    assert pay(story, "m-2", 1) == (15_000,)


def test_a_quarters_cotisation_counts_for_each_of_its_months_by_the_part_that_it_brings() -> None:
    story = caisse(dues(), agreed("m-1", 3_001, every=3, start="2026-04"))
    asked = [asked_cents(story.book.cotisations, MemberId("m-1"), month) for month in ("2026-04", "2026-05", "2026-06")]
    assert asked == [1_001, 1_000, 1_000]


def test_nothing_is_missing_of_a_month_for_which_no_credit_waits() -> None:
    story = caisse(voted(15_000), dues()).when(grant())
    book = story.book
    assert missing_cents(book.allocation, book.members, book.cotisations, MemberId("m-1"), "2026-05") == 0
    waits = caisse(voted(15_000, after_cotisation=True), dues()).when(grant()).book
    assert missing_cents(waits.allocation, waits.members, waits.cotisations, MemberId("m-1"), "2026-05") == 1_000
    assert missing_cents(waits.allocation, waits.members, waits.cotisations, MemberId("m-1"), "2026-04") == 0


def test_a_cotisation_of_another_month_or_after_the_end_brings_no_credit() -> None:
    story = caisse(voted(15_000, after_cotisation=True, months_valid=1)).when(grant())
    assert pay(story, "m-1", 1_000, "2026-06") == ()
    story.at("2026-06-01 00:00:00").sweep()
    assert pay(story, "m-1", 1_000) == ()


def test_a_programme_runs_from_its_first_month_to_its_last_for_its_group() -> None:
    rule = voted(9_000, first_period="2026-06", last_period="2026-07", who=("wave-2",))
    story = given(*FOUNDED, received(100_000), member("m-1", "wave-2"), member("m-2", "wave-1"), rule)
    assert "is not part of it" in why(story.when(grant()))
    for month in ("2026-06", "2026-07"):
        story.at(f"{month}-01 09:00:00").when(grant(month)).then("00", head_count=1)
    assert "is not part of it" in why(story.at("2026-08-01 09:00:00").when(grant("2026-08")))
    assert (story.purse("m-1"), story.purse("m-2")) == (9_000, 0)


def test_a_class_changes_with_its_month_and_the_grant_before_it_stays() -> None:
    rule = voted(10_000, further=10_000, each={CHILD: 4_500})
    story = given(*FOUNDED, received(1_000_000), member("m-1"), joins("m-1", "a"), rule)
    story.and_given(joins("m-1", "b", CHILD, then="adult", month="2026-06")).when(grant())
    assert story.purse("m-1") == 14_500
    assert story.at("2026-05-31 23:59:59").sweep().swept == []
    story.at("2026-06-01 00:00:00").sweep()
    assert story.swept == [EaterClassChanged(member=MemberId("m-1"), eater=EaterId("b"), credit_class="adult")]
    assert story.purse("m-1") == 14_500
    assert story.when(grant("2026-06")).purse("m-1") == 34_500


def test_a_corrected_month_of_change_is_the_one_that_counts() -> None:
    story = given(*FOUNDED, member("m-1"), joins("m-1", "b", CHILD, then="adult", month="2026-06"))
    story.and_given(EaterClassSet(
        member=MemberId("m-1"), eater=EaterId("b"), credit_class=CHILD, next_class="teen", next_period="2026-07", by=BRUNO
    ))  # fmt: skip
    assert story.at("2026-06-30 23:00:00").sweep().swept == []
    assert len(story.at("2026-07-01 00:00:00").sweep().swept) == 1
    assert story.book.members.persons(MemberId("m-1")) == ["teen"]
    assert story.at("2027-07-01 00:00:00").sweep().swept == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"form": "guess"}, "one of fixed"),
        ({"short": "fund"}, "Name the other fund"),
        ({"short_fund": "caf"}, "Name the other fund"),
        ({"short": "fund", "short_fund": "none"}, "no fund none"),
        ({"lapse_to": "none"}, "no fund none"),
        ({"form": "mean"}, "needs no amounts"),
        ({"first_period": "2026-07", "last_period": "2026-06"}, "before its first"),
        ({"notice_days": 91}, "1 to 90 days"),
        ({"purse": PurseKind("own")}, "added themselves"),
    ],
)
def test_a_vote_that_does_not_fit_together_is_declined_with_what_to_write(fields: dict[str, Any], words: str) -> None:
    rule = voted(15_000, **fields)
    answer = decide_set_rule(rule, funds=(FundId("general"), FundId("caf")))
    assert isinstance(answer, Declined)
    assert words in answer.why


def test_a_million_alike_are_counted_and_not_looked_at() -> None:
    story = given(*FOUNDED, received(10_000_000), *(member(f"m-{i}") for i in range(300)), voted(15_000)).when(grant())
    event = granted(story.last)
    assert isinstance(event, AllocationGranted)
    assert (event.amounts, event.head_count) == ((), 300)
    assert all(not one.purses for one in story.book.members.members.values())
