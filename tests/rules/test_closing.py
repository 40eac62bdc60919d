"""A caisse that closes: two officers, the last day, what lapses, what is given back, what stands in the way of a seal."""

from dataclasses import replace

import pytest

from clearing.audit.sums import book_balances
from clearing.authoriser.commands import allowed
from clearing.authoriser.plain_form import form_of
from clearing.events.catalogue import Event
from clearing.events.closing import CaisseSealed, ClosureConfirmed, Heir, OwnMoneyReleased, ProducerRepaid
from clearing.events.cotisations import CotisationReceived, CotisationReturned
from clearing.events.crediting import LapseAnnounced
from clearing.events.funds import CohortLapsed, LotLapsed
from clearing.events.sales import RefundDecided
from clearing.rules.answers import BrokenBook, Declined
from clearing.rules.book import Book
from clearing.rules.ends import closing
from clearing.rules.stalls import answering
from clearing.rules.stalls.debts import debts
from clearing.values import BatchId, Cents, DecisionId, FundId, MemberId, ProducerId, PurseKind
from tests.given_when_then import Story, given, paris
from tests.household_sayings import joins
from tests.sayings import (
    AMINA,
    BRUNO,
    GARDEN,
    MARKET,
    VOTE,
    Decide,
    Till,
    approve,
    close,
    credit,
    export,
    grant,
    line,
    monthly,
    opened,
    own_money,
    producer,
)

HEIRS = (Heir(FundId("general"), "Caisse de Lille"),)
LAST_DAY = "2026-05-20"


def propose(day: str = LAST_DAY, heirs: tuple[Heir, ...] = HEIRS) -> Decide:
    return lambda book, at_us: closing.decide_propose(
        book, last_day=day, heirs=heirs, decision=VOTE, by=AMINA, at_us=at_us
    )


def confirm(by: str = BRUNO, day: str = LAST_DAY, decision: str = VOTE, heirs: tuple[Heir, ...] = HEIRS) -> Decide:
    return lambda book, at_us: closing.decide_confirm(
        book, last_day=day, heirs=heirs, decision=DecisionId(decision), by=by, at_us=at_us  # type: ignore[arg-type]
    )


def first(events: tuple[Event, ...] | Declined) -> Event | Declined:
    return events if isinstance(events, Declined) else events[0]


def own(book: Book, at_us: int) -> Event | Declined:
    return first(closing.decide_release_own(book, by=AMINA, at_us=at_us))


def rest(book: Book, at_us: int) -> Event | Declined:
    return first(closing.decide_release_rests(book, by=AMINA, at_us=at_us))


def seal(book: Book, at_us: int) -> Event | Declined:
    return closing.decide_seal(book, by=BRUNO, at_us=at_us)


def why(story: Story) -> str:
    assert isinstance(story.last, Declined), story.last
    return story.last.why


def closing_caisse(*more: Event) -> Story:
    return given(*MARKET, monthly(10_000), *more).when(grant()).when(propose()).when(confirm())


def test_a_closing_takes_two_officers_who_saw_the_same() -> None:
    story = given(*MARKET).when(propose()).then("00", last_day=LAST_DAY)
    assert "needs a second officer" in why(story.when(confirm(AMINA)))
    assert "No closing on 2026-05-21" in why(story.when(confirm(day="2026-05-21")))
    assert "No closing on" in why(story.when(confirm(decision="other")))
    story.when(confirm()).then("00", ends_us=paris("2026-05-21 00:00:00"))
    assert "closing already" in why(story.when(propose()))


def test_who_proposes_other_heirs_meanwhile_does_not_get_the_first_officer_to_agree_to_them() -> None:
    own_club = (Heir(FundId("general"), "Bruno's own club"),)
    again: Decide = lambda book, at_us: closing.decide_propose(  # noqa: E731
        book, last_day=LAST_DAY, heirs=own_club, decision=VOTE, by=BRUNO, at_us=at_us
    )
    story = given(*MARKET).when(propose()).when(again)
    assert "others get the rest" in why(story.when(confirm(AMINA)))
    story.when(confirm(AMINA, heirs=own_club)).then("00", heirs=own_club)


@pytest.mark.parametrize(
    ("day", "heirs", "said"),
    [
        ("2026-04-30", HEIRS, "today or later"),
        ("2027-08-01", HEIRS, "within 400 days"),
        (LAST_DAY, (), "general has none"),
        (LAST_DAY, (*HEIRS, Heir(FundId("none"), "x")), "none does not exist"),
        (LAST_DAY, (*HEIRS, *HEIRS), "one is named twice"),
    ],
)
def test_a_closing_names_a_day_to_come_and_who_gets_each_fund(day: str, heirs: tuple[Heir, ...], said: str) -> None:
    assert said in why(given(*MARKET).when(propose(day, heirs)))


def test_a_fund_opened_between_the_two_officers_needs_an_heir_first() -> None:
    story = given(*MARKET).when(propose()).and_given(opened("tier"))
    assert "tier has none" in why(story.when(confirm()))
    late = given(*MARKET).when(propose()).at("2026-05-21 00:00:01")
    assert "over by now" in why(late.when(confirm()))


def test_cards_pay_until_the_end_of_the_last_day_and_not_a_second_longer() -> None:
    till, story = Till(), closing_caisse()
    story.at("2026-05-20 23:59:58").when(till.sale(line("veg", 500)), till.tap()).then_pays("00", 500)
    story.at("2026-05-21 00:00:00").when(till.sale(line("veg", 500)), till.tap()).then("12", charte_version=0)
    assert [type(event) for event in story.swept] == [CohortLapsed]
    assert story.purse("m-1") == 0
    story.when(till.auth(line("veg", 500)), till.tap()).then("12")


def test_nothing_is_carried_over_the_last_day() -> None:
    rolls = replace(monthly(10_000, months=1), rollover_max_cents=Cents(4_000))
    story = given(*MARKET, rolls).when(grant()).when(propose()).when(confirm()).at("2026-05-21 00:00:01").sweep()
    assert [type(event) for event in story.swept] == [CohortLapsed]
    assert (story.purse("m-1"), story.account("fund:general")) == (0, 1_000_000)


def test_the_voted_notice_is_given_before_the_last_day_too() -> None:
    noticed = replace(monthly(10_000), notice_days=10)
    story = given(*MARKET, noticed).when(grant()).when(propose()).when(confirm()).at("2026-05-11 00:00:00").sweep()
    assert [(type(event), getattr(event, "expires_us", 0)) for event in story.swept] == [
        (LapseAnnounced, paris("2026-05-21 00:00:00")),
    ]
    assert [type(event) for event in story.at("2026-08-01 08:00:00").sweep().swept] == [CohortLapsed]


def test_a_log_is_not_sealed_while_money_lies_in_the_box_or_a_debit_that_came_back_is_open() -> None:
    paid = CotisationReceived(
        member=MemberId("m-1"), rule="c", fund=FundId("general"), period="2026-05", cents=Cents(1_000), cleared_cents=Cents(0),
        gift_cents=Cents(0), means="cash", reference="page 1", receipt=1, by=AMINA,
    )
    debit = replace(paid, means="debit", reference="line 2", receipt=0)
    back = CotisationReturned(
        member=paid.member, fund=paid.fund, period=paid.period, cents=paid.cents, gift_cents=Cents(0), reference="line 2",
        reason="AM04", by=AMINA,
    )
    story = given(*MARKET, monthly(10_000), paid, debit, back).when(grant()).when(propose()).when(confirm())
    story.at("2026-05-21 00:00:01").when(rest)
    story.when(lambda book, _: closing.decide_rest_paid(book.closing, fund=FundId("general"), reference="line", by=AMINA))
    assert story.account("cash") == -1_000
    told = why(story.when(seal))
    assert "10.00 EUR of cash are in the box" in told
    assert "10.00 EUR that m-1 paid for 2026-05 came back" in told


def test_behind_the_seal_time_says_nothing_more_of_a_child_who_grows_up() -> None:
    child = joins("m-1", "a", "child", then="adult", month="2027-03")
    story = given(*MARKET, child, monthly(10_000)).when(grant()).when(propose()).when(confirm()).at("2026-05-21 00:00:01")
    story.when(rest)
    story.when(lambda book, _: closing.decide_rest_paid(book.closing, fund=FundId("general"), reference="line", by=AMINA))
    story.when(seal).then("00").at("2027-03-02 08:00:00").sweep()
    assert story.swept == []


def test_every_credit_of_a_fund_ends_with_the_last_day_and_own_money_stays() -> None:
    soon, late = paris("2026-05-10 00:00:00"), paris("2026-09-01 00:00:00")
    story = closing_caisse(credit(100, expires_us=soon), credit(200, expires_us=late), credit(300), own_money(400))
    assert story.purse("m-1") == 10_600
    assert story.book.members.members[MemberId("m-1")].purse(PurseKind("credit")).lots[0].cents == 100
    story.at("2026-05-11 08:00:00").sweep()
    assert [type(event) for event in story.swept] == [LotLapsed]
    story.at("2026-05-21 08:00:00").sweep()
    assert sorted(event.cents for event in story.swept) == [200, 300, 10_000]  # type: ignore[attr-defined]
    assert (story.purse("m-1"), story.purse("m-1", "own")) == (0, 400)
    assert story.account("fund:general") == 1_000_000


def test_nothing_is_credited_any_more_not_even_own_money() -> None:
    story = closing_caisse()
    for wanted in (credit(100), own_money(100), opened("new")):
        found = allowed((wanted,), story.book, story.book.at_us + 1)
        assert isinstance(found, Declined)
        assert "closing" in found.why


def test_a_hold_can_be_captured_after_the_end_and_what_it_releases_lapses() -> None:
    till, story = Till(), closing_caisse()
    held = till.auth(line("veg", 1_000))
    story.at("2026-05-18 10:00:00").when(held, till.tap()).at("2026-05-22 10:00:00")
    story.when(till.capture(held, line("veg", 700))).then_pays("00", 700)
    assert (story.account("owed:garden"), story.account("fund:general")) == (700, 1_000_000 - 700)


def test_goods_that_come_back_after_the_end_give_their_credit_to_the_fund() -> None:
    till, story = Till(), closing_caisse()
    sold = till.sale(line("veg", 1_000))
    story.when(sold, till.tap()).at("2026-05-22 10:00:00").when(till.refund(sold, line("veg", 400)))
    assert isinstance(story.last, RefundDecided)
    assert story.last.returned[0].lots[0].outcome == "new"
    story.at("2026-05-22 10:00:01").sweep()
    assert [type(event) for event in story.swept] == [LotLapsed]
    assert story.account("fund:general") == 1_000_000 - 600


def test_a_refund_before_the_end_makes_no_lot_that_outlives_it() -> None:
    till = Till()
    story = closing_caisse(credit(500, expires_us=paris("2026-05-05 00:00:00")))
    sold = till.sale(line("veg", 500))
    story.when(sold, till.tap()).at("2026-05-10 10:00:00").when(till.refund(sold, line("veg", 500)))
    story.then("00", new_lot_expires_us=story.book.closing.ends_us)


def test_members_get_their_own_money_back_after_the_end_once() -> None:
    story = closing_caisse(own_money(400), own_money(100))
    assert f"until the end of {LAST_DAY}" in why(story.when(own))
    story.at("2026-05-21 08:00:00").when(own).then("00", member="m-1", cents=500)
    assert book_balances(story.book)["payable:member:m-1"] == 500
    assert "No purse holds" in why(story.when(own))
    pay: Decide = lambda book, _: closing.decide_own_paid(  # noqa: E731
        book.closing, member=MemberId("m-1"), reference="line", by=AMINA
    )
    story.when(pay).then("00", cents=500)
    assert "Nothing is payable" in why(story.when(pay))


def test_released_money_that_is_not_the_members_own_breaks_the_book() -> None:
    story = closing_caisse(own_money(400))
    story.at("2026-05-21 08:00:00").when(own)
    assert isinstance(story.last, OwnMoneyReleased)
    with pytest.raises(BrokenBook, match="do not sum"):
        story.book.apply(replace(story.last, cents=Cents(1)), story.book.position + 1, story.book.at_us + 1)


def test_a_producer_who_owes_the_caisse_pays_it_back_and_the_seal_waits_for_it() -> None:
    till, story = Till(), closing_caisse()
    sold = till.sale(line("veg", 1_000))
    story.when(sold, till.tap()).when(close("2026-05-01")).when(approve("2026-05-02")).when(export())
    paid: Decide = lambda book, _: answering.decide_confirm(  # noqa: E731
        book.settlement, batch=BatchId(1), producer=GARDEN, reference="line", by=AMINA
    )
    story.when(paid).at("2026-05-20 20:00:00").when(till.refund(sold, line("veg", 300))).at("2026-05-21 08:00:00")
    assert "garden owes 3.00 EUR" in " ".join(closing.leftovers(story.sweep().book))
    back: Decide = lambda book, _: closing.decide_producer_repaid(  # noqa: E731
        book, producer=GARDEN, cents=Cents(300), reference="line", by=AMINA
    )
    story.when(back).then("00", cents=300)
    assert isinstance(story.last, ProducerRepaid)
    assert debts(story.last)[0].refunded_cents == -300
    assert story.account("owed:garden") == 0 == story.book.settlement.owed[GARDEN].net_cents()
    assert "owes the caisse 0.00 EUR" in why(story.when(back))
    story.when(rest).then("00", body="Caisse de Lille", cents=999_300)
    assert "payable" in why(story.when(seal))
    story.when(lambda book, _: closing.decide_rest_paid(book.closing, fund=FundId("general"), reference="l", by=AMINA))
    story.when(seal).then("00")
    assert isinstance(story.history[-1], CaisseSealed)
    assert not any(story.ledger.balances.values())


def test_what_stands_in_the_way_of_a_seal_is_named_with_what_to_do() -> None:
    till, story = Till(), closing_caisse(own_money(400), *producer(ProducerId("other")))
    story.when(till.auth(line("veg", 100)), till.tap()).when(till.sale(line("veg", 900)), till.tap())
    assert "not closing" in why(given(*MARKET).when(seal))
    assert "Cards still pay" in why(story.when(seal))
    story.at("2026-05-21 08:00:00").sweep()
    left = " ".join(closing.leftovers(story.book))
    for said in ("caisse rest)", "1 purses hold", "9.00 EUR are owed to garden"):
        assert said in left
    assert "And" in why(story.when(seal)) or "can't be sealed yet" in why(story)
    story.book.funds[FundId("general")].received_cents -= 2_000_000
    assert "short (transfer it" in " ".join(closing.leftovers(story.book))


def test_the_state_of_a_closing_is_said_whole_in_a_snapshot() -> None:
    story = closing_caisse(own_money(400)).at("2026-05-21 08:00:00").when(own)
    for section in (story.book.closing, story.book.subsidies):
        form = form_of(type(section))
        assert form.say is not None
        assert form.make is not None
        assert form.make(form.say(section)) == section
    assert isinstance(story.book.closing.confirmed, ClosureConfirmed)
