"""A contract's two schedules, told as stories: what is paid, what is delivered, and what goes back when somebody leaves."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from clearing.events.contracts import ContractEnded, ContractPaidOver, ContractSigned, Day, Portion, SeasonOpened, Taken
from clearing.events.funds import FundOpened
from clearing.rules import contract_money, contracting, deliveries
from clearing.rules.answers import Declined
from clearing.values import (
    Cents,
    ContractId,
    DecisionId,
    FundId,
    MemberId,
    OperationId,
    ProducerId,
    Rate,
    SeasonId,
    TerminalId,
)
from clearing.wire.commands import contract_number
from clearing.wire.requests import Op, Request
from tests.given_when_then import Story, given
from tests.sayings import (
    AMINA,
    BRUNO,
    DAIRY,
    MARKET,
    VOTE,
    Decide,
    Till,
    card,
    line,
    member,
    producer,
    received,
    terminal,
)

VEG = SeasonId("veg-2026")
GARDEN = ProducerId("garden")
FIRST = date(2026, 5, 7)  # a Thursday
NO_VOTE = DecisionId("")


def weeks(number: int) -> list[str]:
    return [(FIRST + timedelta(weeks=week)).isoformat() for week in range(number)]


def season(number: int = 50, *, mode: str = "recorded", skip: str = "moved", decision: DecisionId = NO_VOTE) -> SeasonOpened:
    return SeasonOpened(
        season=VEG, title="Vegetables", producer=GARDEN, days=tuple(Day(day, 1) for day in weeks(number)), mode=mode, skip=skip,
        skip_days=3, decision=decision, by=AMINA,
    )


def through(number: int = 50) -> SeasonOpened:
    return season(number, mode="through-caisse", decision=VOTE)


def months(number: int) -> tuple[str, ...]:
    return tuple(f"2026-{5 + month:02d}-01" if month < 8 else f"2027-{month - 7:02d}-01" for month in range(number))


def sign(
    cents: int, instalments: int, *, name: str = "c-1", owner: str = "m-1", joins_on: str = "", fund: str | None = None,
    percent: int = 0, fund_until: str = "",
) -> Decide:
    return lambda book, _at_us: contracting.decide_sign(
        book.contracts, book.members, book.funds, contract=ContractId(name), number=contract_number(ContractId(name)),
        season=VEG, member=MemberId(owner), portions=(Portion("basket", 1_000),), joins_on=joins_on, full_cents=Cents(cents),
        due_on=months(instalments), fund=None if fund is None else FundId(fund), fund_rate=Rate(percent * 100),
        fund_until=fund_until, by=AMINA,
    )


def pay(instalment: int, *, cents: int | None = None, name: str = "c-1", means: str = "cheque", reference: str = "") -> Decide:
    return lambda book, _at_us: contract_money.decide_pay(
        book.contracts, book.takings, contract=ContractId(name), instalment=instalment,
        cents=None if cents is None else Cents(cents), means=means, reference=reference or f"cheque {instalment}", by=AMINA,
    )


def end(last_on: str, *, name: str = "c-1", leaving: str = "producer") -> Decide:
    return lambda book, at_us: contract_money.decide_end(
        book.contracts, contract=ContractId(name), leaving=leaving, last_on=last_on, reason="stops", by=AMINA,
        today=book.caisse.calendar.day(at_us),
    )


def skip(on: str, to_on: str = "", name: str = "c-1") -> Decide:
    return lambda book, at_us: deliveries.decide_skip(
        book.contracts, contract=ContractId(name), on=on, to_on=to_on, by=BRUNO, today=book.caisse.calendar.day(at_us)
    )


def record(on: str, **outcomes: str) -> Decide:
    taken = tuple(Taken(ContractId(name.replace("_", "-")), outcome) for name, outcome in outcomes.items())
    return lambda book, at_us: deliveries.decide_record(
        book.contracts, season=VEG, on=on, taken=taken, by=BRUNO, today=book.caisse.calendar.day(at_us)
    )



def several(story: Story, decide: object) -> Story:
    """A command with several events, as the reception takes it: all of them, or the decline."""
    story.sweep()
    result = decide(story.book, story._next_us())  # type: ignore[operator]
    if isinstance(result, Declined):
        story.last = result
        return story
    story.and_given(*result)
    story.last = result[-1]
    return story


def fund_parts(up_to_on: str, reference: str = "run 1") -> object:
    return lambda book, _at_us: contract_money.decide_pay_fund_parts(
        book.contracts, book.funds, season=VEG, up_to_on=up_to_on, reference=reference, by=AMINA
    )


def pay_over(up_to_on: str) -> object:
    return lambda book, _at_us: contract_money.decide_pay_over(book.contracts, season=VEG, up_to_on=up_to_on, by=AMINA)


def signed(story: Story) -> ContractSigned:
    event = story.last
    assert isinstance(event, ContractSigned), event
    return event


def ended(story: Story) -> ContractEnded:
    event = story.last
    assert isinstance(event, ContractEnded), event
    return event


def agreed(story: Story) -> None:
    """Book and double entry hold the same cents."""
    from clearing.audit.sums import book_balances, in_books

    posted = {name: -cents for name, cents in story.ledger.balances.items() if cents and in_books(name)}
    assert book_balances(story.book) == posted


@pytest.mark.parametrize(
    ("cents", "number", "parts"),
    [(12_850, 10, [1_285] * 10), (10_000, 3, [3_334, 3_333, 3_333]), (12, 12, [1] * 12), (2_050, 1, [2_050])],
)
def test_instalments_are_exact_and_the_earlier_get_the_odd_cents(cents: int, number: int, parts: list[int]) -> None:
    story = given(*MARKET, season()).when(sign(cents, number))
    assert [one.cents for one in signed(story).instalments] == parts


def test_an_instalment_of_nothing_is_refused_with_what_is_possible() -> None:
    story = given(*MARKET, season()).when(sign(5, 12)).then("12")
    assert isinstance(story.last, Declined)
    assert "at most 5 instalments" in story.last.why


def test_more_than_twelve_instalments_are_refused() -> None:
    given(*MARKET, season()).when(sign(100_000, 8)).then("00")
    given(*MARKET, season()).when(sign(100_000, 0)).then("12")


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


def test_a_late_joiner_pays_the_exact_part_of_the_deliveries_that_are_left() -> None:
    story = given(*MARKET, season()).when(sign(12_850, 3, joins_on=weeks(50)[30]))
    assert signed(story).total_cents == 5_140  # 20 of 50 weeks
    assert [one.cents for one in signed(story).instalments] == [1_714, 1_713, 1_713]
    assert len(story.book.contracts.contracts[ContractId("c-1")].weights) == 20


def test_a_lost_crop_moves_no_money_and_the_basket_may_be_empty() -> None:
    story = given(*MARKET, season()).when(sign(12_850, 10))
    before = dict(story.ledger.balances)
    on = weeks(1)[0]
    story.when(lambda book, _: deliveries.decide_loss(
        book.contracts, season=VEG, on=on, kept_rate=Rate(0), reason="hail", by=BRUNO
    )).then("00")
    story.at(f"{on} 18:00:00").when(record(on, c_1="reduced")).then("00")
    assert story.ledger.balances == before
    assert story.book.contracts.contracts[ContractId("c-1")].total_cents == 12_850


def test_a_skipped_basket_moves_with_its_value_to_a_later_day() -> None:
    days = weeks(50)
    story = given(*MARKET, season()).when(sign(12_850, 10)).when(skip(days[4], days[9])).then("00")
    contract = story.book.contracts.contracts[ContractId("c-1")]
    assert (contract.values()[days[4]], contract.values()[days[9]]) == (0, 514)
    assert sum(contract.values().values()) == 12_850
    assert contract.consumed_cents(days[4]) == 4 * 257
    story.when(skip(days[4], days[9])).then("12")


def test_a_skip_comes_before_its_deadline_and_a_lost_one_keeps_its_price() -> None:
    days = weeks(50)
    story = given(*MARKET, season(skip="lost"), at=f"{days[1]} 08:00:00").when(sign(12_850, 10))
    story.at("2026-05-19 08:00:00").when(skip(days[2])).then("12")  # two days before: three are asked for
    story.when(skip(days[3])).then("00", to_on="")
    assert story.book.contracts.contracts[ContractId("c-1")].consumed_cents(days[3]) == 4 * 257


def test_two_households_swap_their_days_and_each_fetches_the_others_basket() -> None:
    days, till = weeks(50), Till()
    story = given(*MARKET, season(), member("m-2"), card("m-2"))
    story.when(sign(12_850, 10)).when(sign(12_850, 10, name="c-2", owner="m-2"))
    story.when(lambda book, at_us: deliveries.decide_swap(
        book.contracts, contract=ContractId("c-1"), on=days[0], other=ContractId("c-2"), other_on=days[1], by=BRUNO,
        today=book.caisse.calendar.day(at_us),
    )).then("00")
    story.at(f"{days[0]} 18:00:00").when(fetch(till, "c-1"), till.tap("m-1")).then("05")
    story.when(fetch(till, "c-1"), till.tap("m-2")).then("00", on=days[0])
    story.at(f"{days[1]} 18:00:00").when(fetch(till, "c-2"), till.tap("m-1")).then("00")


def fetch(till: Till, name: str = "c-1", *lines: object, **more: object) -> Request:
    return till.ask(Op.DLV, *lines, **{"original": contract_number(ContractId(name)), **more})  # type: ignore[arg-type]


DAY_ONE = f"{weeks(1)[0]} 18:00:00"


def at_the_distribution() -> Story:
    return given(*MARKET, season(), at="2026-05-02 09:00:00").when(sign(12_850, 10)).at(DAY_ONE)


def test_a_tap_at_the_distribution_records_what_was_taken_and_costs_nothing() -> None:
    till = Till()
    story = at_the_distribution().when(fetch(till, "c-1", line("veg", 257)), till.tap()).then("00", answer="00", on=weeks(1)[0])
    assert story.book.contracts.contracts[ContractId("c-1")].outcomes == {weeks(1)[0]: "taken"}
    assert story.purse("m-1") == 0
    story.when(fetch(till, "c-1", line("veg", 257)), till.tap()).then("84")


def test_a_tap_is_used_once_for_a_basket_too() -> None:
    till = Till()
    tap = till.tap()
    at_the_distribution().when(fetch(till, "c-9"), tap).then("25").when(fetch(till), tap).then("63")


def test_the_first_reason_in_the_order_of_precedence_answers_a_delivery() -> None:
    till, other = Till(), Till(TerminalId(b"stall-02"))
    story = at_the_distribution().and_given(*producer(DAIRY), terminal(TerminalId(b"stall-02"), DAIRY))
    story.when(fetch(other), other.tap()).then("25")  # another producer's terminal
    story.when(fetch(till, original=None), till.tap()).then("25")
    story.when(fetch(till, amount_cents=Cents(9)), till.tap()).then("13")
    story.when(fetch(till), till.tap("nobody")).then("14")
    story.when(fetch(till), None).then("63")
    story.at("2026-05-08 18:00:00").when(fetch(till), till.tap()).then("12", on="")  # no delivery on a Friday


def test_a_delivery_is_not_undone_by_a_reversal_and_one_cancelled_before_never_happens() -> None:
    till = Till()
    done = fetch(till)
    story = at_the_distribution().when(done, till.tap()).then("00").when(till.reverse(done)).then("12")
    late = fetch(till, "c-1", x=OperationId(b"l" * 16))
    story.when(till.reverse(late)).when(late, till.tap()).then("68")


def test_the_same_delivery_under_another_number_is_a_repeat() -> None:
    till = Till()
    asked, tap = fetch(till), till.tap()
    story = at_the_distribution().when(asked, tap)
    position = story.book.position
    story.when(replace(asked, n=99), tap)
    assert getattr(story.last, "first_position", 0) == position


def test_an_attendance_sheet_is_taken_whole_or_not_at_all() -> None:
    on = weeks(1)[0]
    story = given(*MARKET, season()).when(sign(12_850, 10)).when(record(on, c_1="taken")).then("12")  # the day has not come
    story.at(f"{on} 20:00:00").when(record(on, c_1="taken", c_9="taken")).then("25")
    assert not story.book.contracts.contracts[ContractId("c-1")].outcomes
    story.when(record(on, c_1="absent")).then("00").when(record(on, c_1="taken")).then("00")
    story.when(end("")).then("12")  # a basket was fetched


def funded() -> Story:
    """Ten instalments of 12.85, half of each by a fund until 31 August (four instalments)."""
    solidarity = FundOpened(fund=FundId("panier"), kind="sponsor", name="Panier", advance_cents=Cents(0), by=AMINA)
    story = given(*MARKET, solidarity, received(20_000, "panier"), season())
    return story.when(sign(12_850, 10, fund="panier", percent=50, fund_until="2026-08-31")).then("00")


def test_a_fund_stops_on_its_end_date_and_never_bills_the_household_silently() -> None:
    story = several(funded(), fund_parts("2027-12-31"))
    assert story.account("owed:garden") == 4 * 643
    assert story.account("fund:panier") == 20_000 - 4 * 643
    contract = story.book.contracts.contracts[ContractId("c-1")]
    assert [due.household_cents for due in contract.dues] == [642] * 10
    assert contract.unfunded_cents() == 6 * 643
    several(story, fund_parts("2027-12-31", "run 2")).then("12")
    agreed(story)


def test_the_end_of_a_fund_part_is_told_thirty_days_before_by_time_alone() -> None:
    story = funded().at("2026-07-31 23:59:59").sweep()
    assert not story.swept
    story.at("2026-08-01 00:00:00").sweep()
    assert [(type(event).__name__, getattr(event, "unfunded_cents", 0)) for event in story.swept] == [("FundPartWarned", 3_858)]
    assert not story.at("2026-09-01 00:00:00").sweep().swept


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
    answer = contracting.decide_open(book.contracts, book.producers, book.caisse.decisions, asked)
    assert isinstance(answer, Declined)
    assert "recorded vote" in answer.why


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
