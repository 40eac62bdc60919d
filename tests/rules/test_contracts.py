"""A contract's money told as stories: exact instalments, who pays them, and what goes back when somebody leaves."""

from dataclasses import replace

import pytest

from clearing.events.contracts import ContractPaidOver
from clearing.events.funds import FundOpened
from clearing.rules.amap import contract_money, contracting
from clearing.rules.answers import Declined
from clearing.values import (
    Cents,
    ContractId,
    FundId,
)
from clearing.wire.commands import contract_number
from tests.given_when_then import Story, given
from tests.rules.contract_sayings import (
    agreed,
    end,
    ended,
    fund_parts,
    pay,
    pay_over,
    season,
    several,
    sign,
    signed,
    through,
    weeks,
)
from tests.sayings import (
    AMINA,
    BRUNO,
    MARKET,
    Decide,
    received,
)


@pytest.mark.row(8)
@pytest.mark.parametrize(
    ("cents", "number", "parts"),
    [(12_850, 10, [1_285] * 10), (10_000, 3, [3_334, 3_333, 3_333]), (12, 12, [1] * 12), (2_050, 1, [2_050])],
)
def test_instalments_are_exact_and_the_earlier_get_the_odd_cents(cents: int, number: int, parts: list[int]) -> None:
    story = given(*MARKET, season()).when(sign(cents, number))
    assert [one.cents for one in signed(story).instalments] == parts


@pytest.mark.row(8)
def test_an_instalment_of_nothing_is_refused_with_what_is_possible() -> None:
    story = given(*MARKET, season()).when(sign(5, 12)).then("12")
    assert isinstance(story.last, Declined)
    assert "at most 5 instalments" in story.last.why


def test_more_than_twelve_instalments_are_refused() -> None:
    given(*MARKET, season()).when(sign(100_000, 8)).then("00")
    given(*MARKET, season()).when(sign(100_000, 0)).then("12")


@pytest.mark.row(8)
def test_a_producer_stops_at_week_30_of_50_and_eight_of_ten_are_paid() -> None:
    story = given(*MARKET, season()).when(sign(12_850, 10))
    for number in range(1, 9):
        story.when(pay(number)).then("00", cents=1_285)
    last = weeks(50)[29]
    story.at(f"{last} 20:00:00").when(end(last))
    event = ended(story)
    assert (event.consumed_cents, event.back_household_cents, event.due_household_cents) == (7_710, 2_570, 0)
    assert (event.cancelled, event.cancelled_cents) == ((9, 10), 2_570)
    assert event.back_household_cents + event.cancelled_cents == 12_850 * 20 // 50
    assert story.ledger.balances.get("contract:c-1", 0) == 0  # recorded only: cheques went to the producer


@pytest.mark.row(8)
def test_a_producer_stops_at_week_30_of_50_and_only_five_are_paid() -> None:
    story = given(*MARKET, season()).when(sign(12_850, 10))
    for number in range(1, 6):
        story.when(pay(number))
    last = weeks(50)[29]
    event = ended(story.at(f"{last} 20:00:00").when(end(last)))
    assert (event.back_household_cents, event.due_household_cents) == (0, 1_285)
    assert event.cancelled == (7, 8, 9, 10)
    story.when(pay(6)).then("00", cents=1_285)
    story.when(pay(7)).then("12")


@pytest.mark.row(8)
def test_a_late_joiner_pays_the_exact_part_of_the_deliveries_that_are_left() -> None:
    story = given(*MARKET, season()).when(sign(12_850, 3, joins_on=weeks(50)[30]))
    assert signed(story).total_cents == 5_140  # 20 of 50 weeks
    assert [one.cents for one in signed(story).instalments] == [1_714, 1_713, 1_713]
    assert len(story.book.contracts.contracts[ContractId("c-1")].weights) == 20


def funded() -> Story:
    """Ten instalments of 12.85, half of each by a fund until 31 August (four instalments)."""
    solidarity = FundOpened(fund=FundId("panier"), kind="sponsor", name="Panier", advance_cents=Cents(0), by=AMINA)
    story = given(*MARKET, solidarity, received(20_000, "panier"), season())
    return story.when(sign(12_850, 10, fund="panier", percent=50, fund_until="2026-08-31")).then("00")


@pytest.mark.row(9)
def test_a_fund_stops_on_its_end_date_and_never_bills_the_household_silently() -> None:
    story = several(funded(), fund_parts("2027-12-31"))
    assert story.account("owed:garden") == 4 * 643
    assert story.account("fund:panier") == 20_000 - 4 * 643
    contract = story.book.contracts.contracts[ContractId("c-1")]
    assert [due.household_cents for due in contract.dues] == [642] * 10
    assert contract.unfunded_cents() == 6 * 643
    several(story, fund_parts("2027-12-31", "run 2")).then("12")
    agreed(story)


@pytest.mark.row(9)
def test_the_end_of_a_fund_part_is_told_thirty_days_before_by_time_alone() -> None:
    story = funded().at("2026-07-31 23:59:59").sweep()
    assert not story.swept
    story.at("2026-08-01 00:00:00").sweep()
    assert [(type(event).__name__, getattr(event, "unfunded_cents", 0)) for event in story.swept] == [("FundPartWarned", 3_858)]
    assert not story.at("2026-09-01 00:00:00").sweep().swept


@pytest.mark.row(9)
def test_the_household_says_yes_and_then_pays_the_whole_instalment() -> None:
    story = funded().when(lambda book, _: contracting.decide_take_over(
        book.contracts, contract=ContractId("c-1"), agreed="letter of 3 August", by=BRUNO
    )).then("00", cents=3_858)
    story.when(pay(5)).then("00", cents=1_285)
    assert not story.at("2026-08-15 00:00:00").sweep().swept


def test_the_contract_shrinks_by_what_no_fund_pays() -> None:
    days = weeks(50)
    story = funded().at("2026-08-20 09:00:00").when(lambda book, at_us: contracting.decide_shrink(
        book.contracts, contract=ContractId("c-1"), from_on=days[18], by=BRUNO, today=book.caisse.calendar.day(at_us)
    )).then("00", cents=3_858)
    contract = story.book.contracts.contracts[ContractId("c-1")]
    assert contract.total_cents == 12_850 - 3_858
    assert contract.consumed_cents(days[17]) == 18 * 257
    assert contract.consumed_cents(days[49]) == contract.total_cents
    assert sum(contract.values().values()) == contract.total_cents - 18 * 257


def test_what_a_fund_paid_for_deliveries_that_never_came_is_the_funds_again() -> None:
    story = several(funded(), fund_parts("2027-12-31"))
    story.at(f"{weeks(5)[4]} 20:00:00").when(end(weeks(5)[4]))
    event = ended(story)
    assert event.consumed_cents == 5 * 257
    assert (event.back_fund_cents, event.due_household_cents) == (4 * 643 - 643, 642)
    assert story.account("owed:garden") == 643
    agreed(story)


def test_money_through_the_caisse_needs_a_recorded_vote() -> None:
    book = given(*MARKET).book
    asked = replace(season(), mode="through-caisse")
    answer = contracting.decide_open(book.contracts, book.producers, asked)
    assert isinstance(answer, Declined)
    assert "recorded vote" in answer.why


@pytest.mark.row(8)
def test_money_through_the_caisse_waits_is_paid_over_and_goes_back_exactly() -> None:
    story = given(*MARKET, through()).when(sign(12_850, 10))
    for number in range(1, 9):
        story.when(pay(number, means="transfer")).then("00", into="bank")
    assert story.account("contract:c-1") == 10_280
    several(story, pay_over("2026-08-01"))  # four instalments are due by then
    assert isinstance(story.last, ContractPaidOver)
    assert (story.account("contract:c-1"), story.account("owed:garden")) == (5_140, 5_140)
    last = weeks(50)[29]
    event = ended(story.at(f"{last} 20:00:00").when(end(last)))
    assert (event.back_household_cents, event.from_producer_cents) == (2_570, 0)
    several(story, pay_over("2027-12-31"))
    assert (story.account("contract:c-1"), story.account("owed:garden")) == (2_570, 7_710)
    story.when(refund(2_571)).then("12").when(refund(2_570)).then("00")
    assert story.account("contract:c-1") == 0
    agreed(story)


def refund(cents: int) -> Decide:
    return lambda book, _: contract_money.decide_refund(
        book.contracts, contract=ContractId("c-1"), cents=Cents(cents), reference="transfer back", by=AMINA
    )


def test_a_producer_who_was_paid_already_owes_back_what_was_not_delivered() -> None:
    story = given(*MARKET, through()).when(sign(12_850, 2))
    story.when(pay(1, means="cash", reference="r1")).then("00", receipt=1).when(pay(2, means="cheque", reference="r2"))
    several(story, pay_over("2027-12-31"))
    last = weeks(1)[0]
    event = ended(story.at(f"{last} 20:00:00").when(end(last)))
    assert event.from_producer_cents == event.back_household_cents == 12_850 - 257
    assert story.account("owed:garden") == 257
    agreed(story)


def test_a_cheque_that_comes_back_makes_its_instalment_due_again() -> None:
    story = given(*MARKET, through()).when(sign(12_850, 10)).when(pay(1, reference="c1"))
    several(story, pay_over("2027-12-31"))
    story.when(lambda book, _: contract_money.decide_return(
        book.contracts, contract=ContractId("c-1"), instalment=1, reference="c1", reason="no cover", by=AMINA
    )).then("00", cents=1_285, from_producer_cents=1_285)
    assert story.account("owed:garden") == 0
    agreed(story)
    story.when(pay(1, reference="c1")).then("12")  # a reference serves once
    story.when(pay(1, reference="c1 again")).then("00")


def test_a_payment_is_never_more_than_what_is_open() -> None:
    story = given(*MARKET, season()).when(sign(10_000, 3)).when(pay(1, cents=3_335)).then("12").when(pay(1, cents=1_000))
    story.when(pay(1, reference="the rest")).then("00", cents=2_334).when(pay(4)).then("25")


def test_a_contract_has_one_name_for_ever() -> None:
    story = funded()
    assert story.book.contracts.by_number[contract_number(ContractId("c-1"))] == "c-1"
    story.when(sign(12_850, 10)).then("12")
