"""What time alone does: holds expire, credit lapses, ceilings begin anew at civil midnight, votes take effect."""

import pytest

from clearing.events.charte import Ceiling, Span
from clearing.events.funds import CohortLapsed, LotLapsed
from clearing.events.sales import CaptureDecided, HoldExpired, RefundDecided
from clearing.rules.answers import Declined
from clearing.rules.calendar import CivilCalendar, civil_date, period_start
from clearing.rules.voted.caisse import decide_adopt
from clearing.values import Cents, InvalidValue
from tests.given_when_then import Story, given, paris
from tests.sayings import (
    AMINA,
    CADENET,
    FOUNDED,
    GARDEN,
    MARKET,
    VOTE,
    Till,
    a_day,
    card,
    charte,
    credit,
    grant,
    line,
    member,
    monthly,
    own_money,
    pays,
    producer,
    received,
    terminal,
)

PEOPLE = (member(), card(), *producer(), terminal())


def test_a_hold_expires_at_the_end_of_its_last_civil_day() -> None:
    till = Till()
    story = given(*MARKET, credit(10_000), at="2026-05-01 00:00:00").when(till.auth(line("veg", 500)), till.tap())
    assert story.at("2026-05-08 23:59:59").sweep().swept == []
    (expired,) = story.at("2026-05-09 00:00:00").sweep().swept
    assert isinstance(expired, HoldExpired)
    assert (story.purse("m-1"), story.account("held")) == (10_000, 0)


def test_a_capture_at_the_instant_of_expiry_comes_too_late() -> None:
    till = Till()
    hold = till.auth(line("veg", 500))
    story = given(*MARKET, credit(10_000)).when(hold, till.tap())
    story.at("2026-05-09 00:00:00").when(till.capture(hold, line("veg", 500))).then("84")
    assert [type(event) for event in story.swept] == [HoldExpired]


def test_the_answer_is_the_same_whether_the_sweep_came_at_once_or_later() -> None:
    ends = []
    for stops in ((), ("2026-05-09 00:00:00", "2026-06-01 00:00:00", "2026-07-01 00:00:00")):
        till = Till()
        story = given(*MARKET, monthly()).when(grant()).when(till.auth(line("veg", 500)), till.tap())
        for stop in stops:
            story.at(stop).sweep()
        story.at("2026-07-02 09:00:00").when(till.sale(line("veg", 100)), till.tap()).then("51")
        ends.append((story.purse("m-1"), story.account("held"), story.account("fund:general")))
    assert ends[0] == ends[1] == (0, 0, 1_000_000)


def test_a_hold_that_outlives_its_credit_gives_it_back_to_the_fund() -> None:
    till = Till()
    story = given(*MARKET, monthly(months=1), at="2026-05-28 09:00:00").when(grant())
    story.when(till.auth(line("veg", 500)), till.tap())
    (lapsed,) = story.at("2026-06-01 00:00:00").sweep().swept
    assert isinstance(lapsed, CohortLapsed)
    assert lapsed.cents == 14_500
    (expired,) = story.at("2026-06-05 00:00:00").sweep().swept
    assert isinstance(expired, HoldExpired)
    assert [lot.outcome for part in expired.released for lot in part.lots] == ["lapsed"]
    assert (story.account("fund:general"), story.account("purse:credit"), story.account("held")) == (1_000_000, 0, 0)


def test_hold_and_credit_that_end_together_end_hold_first() -> None:
    till = Till()
    story = given(*MARKET, monthly(months=1), at="2026-05-24 09:00:00").when(grant())
    story.when(till.auth(line("veg", 500)), till.tap())
    assert [type(event) for event in story.at("2026-06-01 00:00:00").sweep().swept] == [HoldExpired, CohortLapsed]
    assert story.account("fund:general") == 1_000_000


def test_single_lots_lapse_one_by_one_and_spent_ones_leave_no_trace() -> None:
    till = Till()
    soon, late = paris("2026-05-10 00:00:00"), paris("2026-05-20 00:00:00")
    story = given(*MARKET, credit(100, expires_us=soon), credit(300, expires_us=late))
    story.when(till.sale(line("veg", 100)), till.tap()).then("00")
    assert story.at("2026-05-10 00:00:00").sweep().swept == []
    (lapsed,) = story.at("2026-05-20 00:00:00").sweep().swept
    assert isinstance(lapsed, LotLapsed)
    assert lapsed.cents == 300


def test_a_spent_lot_does_not_hide_a_hold_that_is_due() -> None:
    till = Till()
    story = given(*MARKET, credit(100, expires_us=paris("2026-05-05 00:00:00")), credit(1_000))
    story.when(till.sale(line("veg", 100)), till.tap()).when(till.auth(line("veg", 50)), till.tap())
    assert [type(event) for event in story.at("2026-05-30 00:00:00").sweep().swept] == [HoldExpired]


def test_soonest_expiry_is_spent_first_and_own_money_last() -> None:
    till = Till()
    soon, late = paris("2026-05-10 00:00:00"), paris("2026-05-20 00:00:00")
    story = given(*MARKET, credit(100), credit(100, expires_us=late), credit(100, expires_us=soon))
    story.when(till.sale(line("veg", 250)), till.tap()).then("00")
    lots = story.book.members.members[next(iter(story.book.members.members))].purses
    assert [(lot.cents, lot.expires_us) for purse in lots for lot in purse.lots] == [(50, None)]


def council(span: Span, cents: int, *, per_purse: bool = True) -> Story:
    """One member, or two, with 1,000.00 under one ceiling."""
    rules = charte(pays("credit", Ceiling(span=span, cents=Cents(cents), per_purse=per_purse), basket=100))
    people = (*PEOPLE, member("m-2"), card("m-2"))
    story = given(*FOUNDED, received(1_000_000), rules, *people, credit(100_000), at="2025-12-31 12:00:00")
    return story.and_given(credit(100_000, owner="m-2"))


SPANS = [
    (Span.SALE, "2026-05-01 12:00:00", "2026-05-01 12:00:01", 2_500),
    (Span.DAY, "2026-05-01 23:59:59", "2026-05-02 00:00:00", 2_500),
    (Span.DAY, "2026-05-01 00:00:00", "2026-05-01 23:59:59", 0),
    (Span.MONTH, "2026-05-31 23:59:59", "2026-06-01 00:00:00", 2_500),
    (Span.MONTH, "2026-05-01 00:00:00", "2026-05-31 23:59:59", 0),
    (Span.YEAR, "2026-12-31 23:59:59", "2027-01-01 00:00:00", 2_500),
    (Span.YEAR, "2026-01-01 00:00:00", "2026-12-31 23:59:59", 0),
    (Span.DAY, "2026-03-29 01:59:59", "2026-03-29 23:59:59", 0),  # the day that has 23 hours
    (Span.DAY, "2026-03-29 23:59:59", "2026-03-30 00:00:00", 2_500),
    (Span.DAY, "2026-10-25 00:00:00", "2026-10-25 23:59:59", 0),  # the day that has 25
    (Span.DAY, "2026-10-25 23:59:59", "2026-10-26 00:00:00", 2_500),
]


@pytest.mark.parametrize(("span", "first", "second", "room"), SPANS)
def test_a_ceiling_counts_by_civil_span_of_the_caisses_zone(span: Span, first: str, second: str, room: int) -> None:
    till, story = Till(), council(span, 2_500).at(first)
    story.when(till.sale(line("basket", 4_000)), till.tap()).then_pays("10", 2_500)
    story.at(second).when(till.sale(line("basket", 4_000)), till.tap()).then_pays("10" if room else "61", room)


def test_a_ceiling_per_purse_leaves_the_others_alone_and_a_shared_one_does_not() -> None:
    for per_purse, second in ((True, 2_500), (False, 0)):
        till, story = Till(), council(Span.DAY, 2_500, per_purse=per_purse)
        story.when(till.sale(line("basket", 4_000)), till.tap()).then_pays("10", 2_500)
        story.when(till.sale(line("basket", 4_000)), till.tap("m-2")).then_pays("10" if second else "61", second)


def test_what_is_taken_back_gives_its_own_day_its_room_again() -> None:
    till, story = Till(), council(Span.DAY, 2_500).at("2026-05-01 09:00:00")
    sale = till.sale(line("basket", 2_500))
    story.when(sale, till.tap()).then("00")
    story.when(till.refund(sale, line("basket", 1_000))).then("00")
    story.when(till.sale(line("basket", 4_000)), till.tap()).then_pays("10", 1_000)
    story.at("2026-05-02 09:00:00").when(till.refund(sale, line("basket", 1_500))).then("00")
    story.when(till.sale(line("basket", 4_000)), till.tap()).then_pays("10", 2_500)


def test_a_refund_of_captured_goods_gives_room_back_on_the_day_of_the_hold() -> None:
    till, story = Till(), council(Span.MONTH, 2_500).at("2026-05-31 12:00:00")
    hold = till.auth(line("basket", 2_500))
    capture = till.capture(hold, line("basket", 2_000))
    story.when(hold, till.tap()).at("2026-06-02 12:00:00").when(capture).then("00")
    story.when(till.refund(capture, line("basket", 2_000))).then("00")
    assert isinstance(story.last, RefundDecided)
    story.when(till.sale(line("basket", 4_000)), till.tap()).then_pays("10", 2_500)
    assert not [cents for cents in story.book.usage.cents.values() if cents < 0]


def test_sale_4_the_councils_purse_pays_25_a_day_then_credit_then_own_money() -> None:
    both = [pays(purse, basket=100, veg=100) for purse in ("credit", "own")]
    rules = charte(pays("council", a_day(2_500), basket=100), *both)
    till, story = Till(), given(*FOUNDED, received(1_000_000), rules, *PEOPLE)
    story.and_given(credit(19_600, purse="council"), credit(1_000), own_money(2_000))
    story.when(till.sale(line("basket", 4_000)), till.tap()).then_pays("00", 4_000)
    assert [(story.purse("m-1", kind)) for kind in ("council", "credit", "own")] == [17_100, 0, 1_500]
    story.when(till.sale(line("basket", 1_200)), till.tap()).then_pays("00", 1_200)
    assert [(story.purse("m-1", kind)) for kind in ("council", "credit", "own")] == [17_100, 0, 300]


MIDNIGHT = paris("2026-06-01 00:00:00")


def test_a_vote_effective_at_midnight_separates_the_second_before_from_the_second_after() -> None:
    till = Till()
    story = given(*MARKET, charte(pays("credit", cheese=50), version=2, effective_us=MIDNIGHT), credit(10_000))
    story.at("2026-05-31 23:59:59").when(till.sale(line("cheese", 1_000)), till.tap()).then_pays("10", 700)
    story.then("10", charte_version=1)
    story.at("2026-06-01 00:00:00").when(till.sale(line("cheese", 1_000)), till.tap()).then_pays("10", 500)
    story.then("10", charte_version=2)


def test_of_two_chartes_with_one_instant_the_later_version_counts() -> None:
    till = Till()
    rules = (charte(pays("credit", veg=10 * version), version=version, effective_us=MIDNIGHT) for version in (3, 2))
    story = given(*MARKET, *rules, credit(10_000)).at("2026-06-01 00:00:00")
    story.when(till.sale(line("veg", 1_000)), till.tap()).then_pays("10", 300)


def test_a_sale_before_the_first_charte_is_not_possible() -> None:
    till = Till()
    kept = [event for event in MARKET if event is not CADENET]
    later = charte(pays("credit", veg=100), effective_us=MIDNIGHT)
    given(*kept, later, credit(100)).when(till.sale(line("veg", 100)), till.tap()).then("12", charte_version=0)


def test_sale_10_a_hold_keeps_its_charte_and_its_credit_beyond_both() -> None:
    till = Till()
    story = given(*MARKET, monthly(1_000, months=1), charte(pays("credit", cheese=50), version=2, effective_us=MIDNIGHT))
    hold = till.auth(line("cheese", 333))
    story.at("2026-05-31 12:00:00").when(grant()).when(hold, till.tap()).then_pays("10", 233)
    story.at("2026-06-02 10:00:00").when(till.capture(hold, line("cheese", 111))).then_pays("10", 78)
    assert [type(event) for event in story.swept] == [CohortLapsed]
    assert isinstance(story.last, CaptureDecided)
    assert [(lot.cents, lot.outcome) for part in story.last.released for lot in part.lots] == [(155, "lapsed")]
    assert (story.account(f"owed:{GARDEN}"), story.account("fund:general"), story.account("held")) == (78, 1_000_000 - 78, 0)


def test_a_charte_never_takes_effect_in_the_past_but_at_the_founding() -> None:
    story = given(*FOUNDED)
    for founding, declined in ((False, True), (True, False)):
        adopted = decide_adopt(
            story.book.caisse, charte=CADENET.charte, funds=frozenset(), founding=founding, by=AMINA, at_us=story.at_us
        )
        assert isinstance(adopted, Declined) is declined


def test_a_charte_stands_on_a_recorded_vote() -> None:
    assert VOTE in given(*FOUNDED).book.caisse.decisions


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-05-01", 24)])
def test_civil_days_are_as_long_as_they_are(day: str, hours: int) -> None:
    calendar = CivilCalendar("Europe/Paris")
    start = paris(f"{day} 00:00:00")
    assert calendar.end_of_day_us(calendar.day(start)) - start == hours * 3_600_000_000
    assert calendar.day(start) != calendar.day(start - 1)


@pytest.mark.parametrize("text", ["20260501", "2026-W18-5", "2026-5-1", "2026-05-32", ""])
def test_a_day_has_one_spelling(text: str) -> None:
    with pytest.raises(InvalidValue, match="YYYY-MM-DD"):
        civil_date(text)


@pytest.mark.parametrize("text", ["202605", "2026-5", "2026-13", "2026-05-01"])
def test_a_month_has_one_spelling(text: str) -> None:
    with pytest.raises(InvalidValue, match="YYYY-MM"):
        period_start(text)
