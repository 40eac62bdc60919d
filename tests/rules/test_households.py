"""Parting at the word of one, leaving, and what is owed then; cards with limits; a card that lay ready for an emergency."""

from dataclasses import replace

import pytest

from clearing.events.funds import CohortLapsed, LotLapsed
from clearing.events.households import CardBound, HouseholdRulesSet, HouseholdSeparated, PurseEmptied
from clearing.events.members import MemberAdmitted, MemberGroupsChanged
from clearing.rules.answers import Declined
from clearing.rules.people import members
from clearing.rules.people.emergency import decide_bind
from clearing.rules.people.households import decide_class, decide_eater_leaves
from clearing.rules.voted.offices import ALLOWED_ROLES, Person, may
from clearing.values import Cents, EaterId, MemberId, PayerId, PersonId, TerminalId
from tests.given_when_then import Story, given
from tests.household_sayings import (
    emergency_rule,
    give,
    home,
    joins,
    leave,
    limit,
    paid_back,
    part,
    pay_back,
    spare,
    voted,
)
from tests.sayings import (
    AMINA,
    BRUNO,
    FOUNDED,
    VOTE,
    Till,
    card,
    card_of,
    charte,
    credit,
    grant,
    grant_single,
    granted,
    line,
    member,
    monthly,
    own_money,
    pays,
    producer,
    received,
    terminal,
)

PAYS = charte(pays("credit", veg=100, cheese=70), pays("own", veg=100, cheese=100))
STALLS = (*FOUNDED, received(1_000_000), PAYS, *producer(), terminal())


def shared(*rules: object) -> Story:
    """m-1 is two adults and two children, with a card; 150.01 of the month, 20.01 of their own."""
    story = given(*STALLS, *home("m-1", "adult", "adult", "child", "child"), card("m-1"), *rules)  # type: ignore[arg-type]
    return story.and_given(voted(15_001)).when(grant()).and_given(own_money(2_001))


def why(story: Story) -> str:
    assert isinstance(story.last, Declined), story.last
    return story.last.why


def admitted(name: str) -> MemberAdmitted:
    return member(name)


def separated(story: Story, *names: str) -> Story:
    """The events of one command, in its order."""
    story.sweep()
    decided = part("m-1", "m-9", *names)(story.book, story.book.at_us + 1)
    assert isinstance(decided, HouseholdSeparated), decided
    return story.and_given(admitted("m-9"), decided)


def test_one_adult_parts_at_once_and_every_lot_is_split_by_heads() -> None:
    story = separated(shared(), "m-1.1", "m-1.2", "m-1.3")
    assert (story.purse("m-1"), story.purse("m-9")) == (3_750, 11_251)
    assert (story.purse("m-1", "own"), story.purse("m-9", "own")) == (500, 1_501)
    assert (story.account("purse:credit"), story.account("purse:own")) == (15_001, 2_001)
    assert story.book.members.persons(MemberId("m-9")) == ["adult", "child", "child"]


def test_when_it_was_voted_that_all_stays_the_new_purse_begins_empty() -> None:
    rules = HouseholdRulesSet(separation="stay", leaving="at-once", decision=VOTE, by=AMINA)
    story = separated(shared(rules), "m-1.1")
    assert (story.purse("m-1"), story.purse("m-9")) == (15_001, 0)


def test_who_parted_does_not_get_the_month_a_second_time_and_gets_the_next() -> None:
    story = separated(shared(), "m-1.1")
    assert "given once" in why(story.when(grant_single("m-9")))
    story.at("2026-06-01 09:00:00").when(grant("2026-06")).then("00", head_count=2)


def test_her_part_of_a_single_credit_lapses_by_itself() -> None:
    story = given(*STALLS, *home("m-1", "adult", "adult"), credit(1_001, expires_us=2 * 10**15))
    separated(story, "m-1.1")
    assert (story.purse("m-1"), story.purse("m-9")) == (501, 500)
    story.at("2033-06-01 09:00:00").sweep()
    lapsed = [one for one in story.swept if isinstance(one, LotLapsed)]
    assert sorted((one.member, one.cents) for one in lapsed) == [("m-1", 501), ("m-9", 500)]
    assert story.account("fund:general") == 1_000_000


@pytest.mark.parametrize("names", [(), ("m-1.0", "m-1.1", "m-1.2", "m-1.3"), ("stranger",), ("m-1.0", "m-1.0")])
def test_parting_names_who_goes_and_leaves_somebody(names: tuple[str, ...]) -> None:
    assert "Name who goes" in why(shared().when(part("m-1", "m-9", *names)))


def test_who_leaves_gives_credit_back_and_is_owed_her_own_money() -> None:
    story = shared().when(leave("m-1", "moved")).sweep()
    [emptied] = story.swept
    assert isinstance(emptied, PurseEmptied)
    assert (story.account("fund:general"), story.account("payable:member:m-1")) == (1_000_000, 2_001)
    assert (story.account("purse:credit"), story.account("purse:own")) == (0, 0)
    till = Till()
    story.when(till.sale(line("veg", 100)), till.tap()).then("62")
    assert "has left" in why(story.when(lambda book, _: members.decide_unblock(book.members, alias="card of m-1", by=BRUNO)))
    assert "has left" in why(story.when(leave("m-1")))
    story.at("2026-06-01 09:00:00").when(grant("2026-06"))
    assert "no member that this rule is for" in why(story)


def test_own_money_is_paid_back_when_two_people_say_so() -> None:
    story = shared().when(leave("m-1", "died")).sweep()
    assert "Nobody said" in why(story.when(paid_back("m-1", 2_001)))
    story.when(pay_back("m-1")).then("00", cents=2_001)
    assert "another person confirms" in why(story.when(paid_back("m-1", 2_001, BRUNO)))
    assert "Nobody said" in why(story.when(paid_back("m-1", 2_000)))
    story.when(paid_back("m-1", 2_001)).then("00", how="transfer")
    assert (story.account("payable:member:m-1"), story.account("bank")) == (0, -1_000_000)
    assert "Nothing is owed" in why(story.when(pay_back("m-1")))


def test_when_it_was_voted_the_purses_end_with_the_month() -> None:
    rules = HouseholdRulesSet(separation="split", leaving="month-end", decision=VOTE, by=AMINA)
    story, till = shared(rules).when(leave("m-1")), Till()
    story.when(till.sale(line("veg", 1_000)), till.tap()).then("00")
    assert story.at("2026-05-31 23:59:00").sweep().swept == []
    assert len(story.at("2026-06-01 00:00:00").sweep().swept) == 1
    assert story.account("fund:general") == 1_000_000 - 1_000
    story.when(till.sale(line("veg", 100)), till.tap()).then("62")


def test_what_was_held_when_she_left_goes_on_to_the_fund_when_it_is_released() -> None:
    story, till = shared(), Till()
    hold = till.auth(line("veg", 3_000))
    story.when(hold, till.tap()).when(leave("m-1")).sweep()
    assert (story.account("held"), story.account("fund:general")) == (3_000, 997_000)
    story.when(till.reverse(hold)).then("00").sweep()
    assert [type(one).__name__ for one in story.swept] == ["PurseEmptied"]
    assert (story.account("held"), story.account("fund:general"), story.account("purse:credit")) == (0, 1_000_000, 0)


def test_the_last_person_of_a_purse_does_not_go_without_the_member() -> None:
    story = given(*FOUNDED, *home("m-1", "adult"))
    last = decide_eater_leaves(story.book.members, member=MemberId("m-1"), eater=EaterId("m-1.0"), by=BRUNO)
    assert isinstance(last, Declined)
    assert "the last of m-1" in last.why
    again = decide_class(story.book.members, story.book.caisse.calendar, joins("m-1", "m-1.0"), at_us=story.at_us)
    assert isinstance(again, Declined)
    begun = joins("m-1", "x", then="adult", month="2026-05")
    late = decide_class(story.book.members, story.book.caisse.calendar, begun, at_us=story.at_us)
    assert isinstance(late, Declined)
    assert "has begun" in late.why


def two_cards() -> Story:
    """m-1 with 100.00 of credit, 50.00 of her own, and a card."""
    return given(*STALLS, member("m-1"), card("m-1"), credit(10_000), own_money(5_000))


def test_a_limited_card_takes_what_its_day_leaves_and_then_61() -> None:
    till = Till()
    story = two_cards().when(limit(day=2_500))
    story.when(till.sale(line("veg", 2_000)), till.tap()).then_pays("00", 2_000)
    story.when(till.sale(line("veg", 2_000)), till.tap()).then_pays("10", 500)
    story.when(till.sale(line("veg", 2_000)), till.tap()).then("61", answer="05")
    story.at("2026-05-02 09:00:00").when(till.sale(line("veg", 3_000)), till.tap()).then_pays("10", 2_500)


def test_a_limit_counts_all_purses_together_and_a_month_of_days() -> None:
    till = Till()
    story = two_cards().when(limit(sale=4_000, month=6_000))
    story.when(till.sale(line("cheese", 5_000)), till.tap()).then_pays("10", 4_000)
    story.at("2026-05-20 09:00:00").when(till.sale(line("veg", 4_000)), till.tap()).then_pays("10", 2_000)
    story.at("2026-06-01 09:00:00").when(till.sale(line("veg", 4_000)), till.tap()).then_pays("00", 4_000)


def test_what_is_refunded_or_released_is_the_cards_again() -> None:
    till = Till()
    story = two_cards().when(limit(day=2_500))
    sale, hold = till.sale(line("veg", 2_000)), till.auth(line("veg", 500))
    story.when(sale, till.tap()).when(hold, till.tap()).when(till.refund(sale, line("veg", 1_500))).then("00")
    story.when(till.sale(line("veg", 2_000)), till.tap()).then_pays("10", 1_500)
    story.when(till.capture(hold, line("veg", 200))).then_pays("00", 200)
    story.when(till.sale(line("veg", 2_000)), till.tap()).then_pays("10", 300)


def test_the_refund_of_a_captured_hold_is_the_cards_again_too() -> None:
    till = Till()
    story = two_cards().when(limit(day=2_000))
    hold = till.auth(line("veg", 2_000))
    capture = till.capture(hold, line("veg", 2_000))
    story.when(hold, till.tap()).when(capture).when(till.refund(capture, line("veg", 800))).then("00")
    story.when(till.sale(line("veg", 2_000)), till.tap()).then_pays("10", 800)


def test_a_limit_that_is_taken_away_limits_nothing_more() -> None:
    till = Till()
    story = two_cards().when(limit(day=100)).when(limit()).when(till.sale(line("veg", 9_000)), till.tap()).then("00")
    assert (story.book.card_limits.limits, story.book.card_limits.used) == ({}, {})


def test_a_card_without_money_is_not_told_of_a_limit() -> None:
    till = Till()
    story = given(*STALLS, member("m-1"), card("m-1")).when(limit(day=2_500))
    story.when(till.sale(line("veg", 2_000)), till.tap()).then("51")


def stocked(money: int = 1_000_000) -> Story:
    return given(*FOUNDED, received(money), PAYS, *producer(), terminal(), emergency_rule(), spare("e-1"), spare("e-2"))


def test_an_emergency_credit_on_a_card_that_lay_ready_pays_at_once() -> None:
    story, till = stocked(), Till()
    story.when(till.sale(line("veg", 2_000)), till.tap("e-1")).then("14")
    assert give(story, 3_000) == ""
    story.when(till.sale(line("veg", 2_000)), till.tap("e-1")).then_pays("00", 2_000)
    story.at("2026-05-09 00:00:00").sweep()
    assert [one.cents for one in story.swept if isinstance(one, LotLapsed)] == [1_000]


@pytest.mark.parametrize("further", [0, 5_000], ids=["all alike", "by household"])
def test_a_purse_of_emergency_credit_is_no_head_of_the_months_credit(further: int) -> None:
    rule = replace(monthly(15_000, months=1), further_cents=Cents(further), short="smaller")
    story = stocked(30_000 + 3_000).and_given(member("m-1"), member("m-2"), rule)
    assert give(story, 3_000) == ""
    event = granted(story.when(grant()).last)
    assert (event.head_count, event.total_cents, event.cover_cents) == (2, 30_000, 0)
    assert (story.purse("m-1"), story.purse("m-2"), story.purse("e-1")) == (15_000, 15_000, 3_000)
    assert "clearing member groups e-1 GROUP" in why(story.when(grant_single("e-1")))
    assert [one.cents for one in story.at("2026-06-01 00:00:00").sweep().swept if isinstance(one, CohortLapsed)] == [30_000]


def test_a_household_that_keeps_the_emergency_card_is_credited_from_then_on() -> None:
    story = stocked().and_given(member("m-1"), monthly(15_000, months=1))
    assert give(story, 3_000) == ""
    assert granted(story.when(grant()).last).head_count == 1
    story.and_given(MemberGroupsChanged(member=MemberId("e-1"), groups=(), by=BRUNO))
    assert story.when(grant_single("e-1")).then("00", cents=15_000).purse("e-1") == 18_000
    assert granted(story.at("2026-06-01 08:00:00").when(grant("2026-06")).last).head_count == 2


def test_a_credit_that_names_emergency_purses_reaches_them() -> None:
    story = stocked().and_given(member("m-1"), monthly(15_000, "emergency-credit", months=1))
    assert give(story, 3_000) == ""
    assert granted(story.when(grant()).last).head_count == 1
    assert (story.purse("m-1"), story.purse("e-1")) == (0, 18_000)


def test_emergency_credit_stays_within_what_was_voted_each_time_and_each_day() -> None:
    story = stocked()
    assert "up to 50.00 EUR at a time, not 50.01 EUR" in give(story, 5_001)
    assert give(story, 5_000) == ""
    assert "no spare card called" in give(story, 1_000) or "admitted already" in give(story, 1_000)
    assert "80.00 EUR a day 30.00 EUR are left today" in give(story, 3_001, "e-2")
    story.at("2026-05-02 00:00:00")
    assert give(story, 5_000, "e-2") == ""
    assert "has 0.01 EUR free" in give(stocked(1), 100)


def test_who_gives_emergency_credit_may_do_nothing_else() -> None:
    allowed = [verb for verb, roles in ALLOWED_ROLES.items() if "helper" in roles]
    own = {"add_passkey", "remove_passkey", "pair_new_factor"}  # of everybody's own second factor
    assert [verb for verb in allowed if verb not in own] == ["give_emergency"]
    giver = Person(person=PersonId("sam"), number=TerminalId(b"12345678"), epoch=1, key=b"k" * 32, roles=("helper",))
    assert may(giver, "give_emergency") is None
    assert all(may(giver, verb) is not None for verb in ALLOWED_ROLES if verb not in {"give_emergency", *own})


def test_a_spare_card_is_bound_once_and_its_alias_is_taken() -> None:
    story = stocked().and_given(member("m-1"))
    bound = decide_bind(story.book.members, alias="spare e-1", member=MemberId("m-1"), by=BRUNO)
    assert isinstance(bound, CardBound)
    story.and_given(bound)
    again = decide_bind(story.book.members, alias="spare e-1", member=MemberId("m-1"), by=BRUNO)
    assert isinstance(again, Declined)
    for alias in ("spare e-1", "spare e-2"):
        issued = members.decide_issue_card(
            story.book.members, card=card_of("other"), key_version=1, member=MemberId("m-1"), alias=alias, by=BRUNO
        )
        assert isinstance(issued, Declined)


def test_two_payers_of_one_rank_share_what_the_card_may_take() -> None:
    ranked = charte(
        replace(pays("credit", veg=50), id=PayerId("half"), rank=1), replace(pays("own", veg=50), id=PayerId("other"), rank=1)
    )
    story, till = given(*FOUNDED, received(100_000), ranked, *producer(), terminal(), member("m-1"), card("m-1")), Till()
    story.and_given(credit(10_000), own_money(10_000)).when(limit(sale=1_000))
    story.when(till.sale(line("veg", 3_000)), till.tap()).then_pays("10", 1_000)
