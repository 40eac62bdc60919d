"""Baskets told as stories: fetched by a tap or a sheet, skipped, swapped, lost; the money stays as it was agreed."""

from dataclasses import replace

import pytest

from clearing.rules.amap import deliveries
from clearing.values import (
    Cents,
    ContractId,
    OperationId,
    Rate,
    TerminalId,
)
from tests.given_when_then import Story, given
from tests.rules.contract_sayings import (
    VEG,
    end,
    fetch,
    record,
    season,
    sign,
    skip,
    weeks,
)
from tests.sayings import (
    BRUNO,
    DAIRY,
    MARKET,
    Till,
    card,
    line,
    member,
    producer,
    terminal,
)


@pytest.mark.row(8)
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


@pytest.mark.row(8)
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


DAY_ONE = f"{weeks(1)[0]} 18:00:00"


def at_the_distribution() -> Story:
    return given(*MARKET, season(), at="2026-05-02 09:00:00").when(sign(12_850, 10)).at(DAY_ONE)


@pytest.mark.row(8)
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
