"""What still happens to an operation: captured once, reversed in any order, taken back never beyond what was handed over."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from clearing.events.basket import Line
from clearing.events.charte import FundWeight, Tariff
from clearing.events.codes import Code
from clearing.events.producers import TerminalSuspended
from clearing.events.sales import CaptureDecided, OperationRepeated, RefundDecided, ReversalDecided
from clearing.rules.selling.afterwards import TOMBSTONES_MAX
from clearing.values import FundId, OperationId, PayerId, TerminalId
from clearing.wire.requests import Op, Request
from tests.given_when_then import Story, given
from tests.sayings import (
    AMINA,
    DAIRY,
    FOUNDED,
    GARDEN,
    MARKET,
    STALL,
    Till,
    approve,
    charte,
    close,
    covers,
    credit,
    line,
    opened,
    own_money,
    pays,
    producer,
    received,
    terminal,
)

RICH = (*MARKET, credit(10_000))
SALE_1 = (line("veg", 735), line("cheese", 1249), line("flour", 415), line("soap", 290))


def held(*lines: Line) -> tuple[Story, Till, Request]:
    """A story in which these lines are reserved."""
    till = Till()
    request = till.auth(*lines)
    return given(*RICH).when(request, till.tap()), till, request


def sold(*lines: Line) -> tuple[Story, Till, Request]:
    till = Till()
    request = till.sale(*lines)
    return given(*RICH).when(request, till.tap()), till, request


def test_a_hold_reserves_and_owes_nothing_yet() -> None:
    story, _, _ = held(line("cheese", 1_000))
    assert (story.purse("m-1"), story.account("held"), story.account(f"owed:{GARDEN}")) == (9_300, 700, 0)


def test_a_capture_owes_what_was_delivered_and_releases_the_rest() -> None:
    story, till, hold = held(line("cheese", 999))
    story.when(till.capture(hold, line("cheese", 333))).then_pays("10", 233)
    assert (story.purse("m-1"), story.account("held"), story.account(f"owed:{GARDEN}")) == (9_767, 0, 233)


def test_a_capture_of_nothing_releases_the_whole_hold() -> None:
    story, till, hold = held(line("cheese", 999))
    story.when(till.capture(hold)).then_pays("00")
    assert (story.purse("m-1"), story.account("held"), story.account(f"owed:{GARDEN}")) == (10_000, 0, 0)


def test_a_hold_is_captured_once() -> None:
    story, till, hold = held(line("veg", 500))
    story.when(till.capture(hold, line("veg", 200))).then("00")
    story.when(till.capture(hold, line("veg", 200))).then("84")
    assert story.account(f"owed:{GARDEN}") == 200


CAPTURES_DECLINED: dict[str, tuple[Callable[[Till, Request], Request], str]] = {
    "more than was asked": (lambda till, hold: till.capture(hold, line("veg", 501)), "61"),
    "of an operation nobody made": (lambda till, _: till.capture(till.auth(line("veg", 1)), line("veg", 1)), "25"),
    "of goods that no payer covers": (lambda till, hold: till.capture(hold, line("soap", 100)), "57"),
    "for somebody else than the hold was for": (lambda till, hold: till.capture(hold, line("veg", 100, payee=DAIRY)), "12"),
}


@pytest.mark.parametrize("name", CAPTURES_DECLINED)
def test_a_declined_capture_leaves_the_hold_as_it_was(name: str) -> None:
    ask, code = CAPTURES_DECLINED[name]
    story, till, hold = held(line("veg", 500))
    story.and_given(*producer(DAIRY)).when(ask(till, hold)).then(code, approved_cents=0, shares=(), released=())
    story.when(till.capture(hold, line("veg", 500))).then_pays("00", 500)


def test_a_sale_cannot_be_captured() -> None:
    story, till, sale = sold(line("veg", 500))
    story.when(till.capture(sale, line("veg", 500))).then("25")


def test_a_suspended_terminal_captures_and_refunds_nothing_but_still_reverses() -> None:
    story, till, hold = held(line("veg", 500))
    story.and_given(TerminalSuspended(terminal=STALL, by=AMINA))
    story.when(till.capture(hold, line("veg", 500))).then("58")
    story.when(till.refund(hold, line("veg", 500))).then("58")
    story.when(till.reverse(hold)).then("00", effect="released")


def test_another_terminal_of_the_producer_captures_and_takes_back() -> None:
    story, _, hold = held(line("veg", 500))
    other = Till(TerminalId(b"stall-02"))
    story.and_given(terminal(other.number)).when(other.capture(hold, line("veg", 400))).then_pays("00", 400)
    story.when(other.refund(hold, line("veg", 400))).then_pays("00", 400)
    assert story.account(f"owed:{GARDEN}") == 0


def test_a_terminal_of_another_producer_neither_captures_nor_takes_back() -> None:
    story, till, hold = held(line("veg", 500))
    stranger = Till(TerminalId(b"stall-03"))
    story.and_given(*producer(DAIRY), terminal(stranger.number, DAIRY))
    story.when(stranger.capture(hold, line("veg", 400))).then("25")
    sale = till.sale(line("veg", 100))
    story.when(sale, till.tap()).when(stranger.refund(sale, line("veg", 100))).then("25")


def test_a_reversed_hold_is_given_back_once() -> None:
    story, till, hold = held(line("veg", 500))
    story.when(till.reverse(hold)).then("00", effect="released")
    story.when(till.reverse(hold)).then("00", effect="nothing", returned=())
    assert (story.purse("m-1"), story.account("held")) == (10_000, 0)
    story.when(till.capture(hold, line("veg", 500))).then("84")


def test_a_reversed_sale_is_owed_no_more() -> None:
    story, till, sale = sold(*SALE_1)
    story.when(till.reverse(sale)).then("00", effect="undone")
    assert (story.purse("m-1"), story.account(f"owed:{GARDEN}")) == (10_000, 0)
    story.when(till.refund(sale, line("veg", 1))).then("84")


def test_only_what_was_not_yet_taken_back_is_reversed() -> None:
    story, till, sale = sold(*SALE_1)
    story.when(till.refund(sale, line("cheese", 400))).then_pays("00", 280)
    story.when(till.reverse(sale)).then("00", effect="undone")
    assert (story.purse("m-1"), story.account(f"owed:{GARDEN}")) == (10_000, 0)


def test_a_capture_is_reversed_like_a_sale() -> None:
    story, till, hold = held(line("cheese", 999))
    capture = till.capture(hold, line("cheese", 333))
    story.when(capture).when(till.reverse(capture)).then("00", effect="undone")
    assert (story.purse("m-1"), story.account(f"owed:{GARDEN}"), story.account("held")) == (10_000, 0, 0)


def test_reversing_a_delivered_hold_changes_nothing_and_tells_a_treasurer() -> None:
    story, till, hold = held(line("veg", 500))
    story.when(till.capture(hold, line("veg", 500))).when(till.reverse(hold)).then("00", effect="nothing", returned=())
    assert isinstance(story.last, ReversalDecided)
    assert "reverse the capture instead" in story.last.exception
    assert story.account(f"owed:{GARDEN}") == 500


def test_after_its_batch_has_closed_a_reversal_changes_nothing_and_tells_a_treasurer() -> None:
    story, till, sale = sold(line("veg", 500))
    story.at("2026-05-03 09:00:00").when(close("2026-05-02")).when(approve("2026-05-05"))
    story.when(till.reverse(sale)).then("00", effect="nothing", returned=())
    assert isinstance(story.last, ReversalDecided)
    assert "its batch had closed" in story.last.exception
    assert story.purse("m-1") == 9_500


def test_a_reversal_that_comes_first_declines_its_late_original() -> None:
    till = Till()
    sale = till.sale(line("veg", 500))
    story = given(*RICH).when(till.reverse(sale)).then("00", effect="tombstone")
    story.when(sale, till.tap()).then("68", approved_cents=0)
    story.when(till.reverse(sale)).then("00", effect="nothing")
    assert story.purse("m-1") == 10_000


def test_a_tombstone_waits_seven_days() -> None:
    till = Till()
    sale = till.sale(line("veg", 500))
    story = given(*RICH).when(till.reverse(sale))
    story.at("2026-05-08 08:59:59").when(replace(sale, x=OperationId(b"other-operation.")), till.tap()).then("00")
    story.at("2026-05-08 09:00:01").when(sale, till.tap()).then("00")


def test_a_terminal_has_a_hundred_open_tombstones_and_may_repeat_each() -> None:
    till = Till()
    story = given(*RICH)
    for number in range(TOMBSTONES_MAX):
        story.when(till.reverse(number.to_bytes(16, "big"))).then("00", effect="tombstone")
    story.when(till.reverse(b"one more than it")).then("65", effect="nothing")
    story.when(till.reverse((5).to_bytes(16, "big"))).then("00", effect="tombstone")
    story.at("2026-05-08 09:01:00").when(till.reverse(b"one more than it")).then("00", effect="tombstone")


def test_no_terminal_reverses_the_operation_of_another() -> None:
    story, _, sale = sold(line("veg", 500))
    other = Till(TerminalId(b"stall-02"))
    story.and_given(terminal(other.number)).when(other.reverse(sale)).then("00", effect="tombstone")
    assert (story.purse("m-1"), story.account(f"owed:{GARDEN}")) == (9_500, 500)


def test_neither_refund_nor_reversal_is_reversed() -> None:
    story, till, sale = sold(line("veg", 500))
    refund = till.refund(sale, line("veg", 100))
    story.when(refund).when(till.reverse(refund)).then("12", effect="nothing")
    assert story.purse("m-1") == 9_600


def test_sale_7_a_refund_is_pro_rata_and_odd_cents_add_up() -> None:
    story, till, sale = sold(*SALE_1)
    story.when(till.refund(sale, line("cheese", 400))).then_pays("00", 280)
    story.when(till.refund(sale, line("cheese", 849))).then_pays("00", 594)
    assert story.purse("m-1") == 10_000 - 1_734 + 874


@pytest.mark.parametrize("back", [line("cheese", 1_250), line("bread", 1), line("cheese", 100, payee=DAIRY)])
def test_never_more_comes_back_than_was_handed_over(back: Line) -> None:
    story, till, sale = sold(*SALE_1)
    story.when(till.refund(sale, back)).then("61", card_cents=0, returned=())


def test_two_refunds_together_never_exceed_the_capture() -> None:
    story, till, sale = sold(line("veg", 500))
    story.when(till.refund(sale, line("veg", 300))).then("00").when(till.refund(sale, line("veg", 201))).then("61")
    story.when(till.refund(sale, line("veg", 200))).then_pays("00", 200)
    story.when(till.refund(sale, line("veg", 1))).then("61")


def test_goods_that_the_card_did_not_pay_come_back_without_a_cent_of_it() -> None:
    story, till, sale = sold(*SALE_1)
    story.when(till.refund(sale, line("soap", 290))).then_pays("00", 0)


def test_a_declined_sale_has_nothing_to_take_back() -> None:
    till = Till()
    sale = till.sale(line("soap", 500))
    given(*RICH).when(sale, till.tap()).then("57").when(till.refund(sale, line("soap", 500))).then("25")


def test_the_same_operation_under_another_number_is_a_repeat_that_moves_nothing() -> None:
    till = Till()
    sale, tap = till.sale(line("veg", 500)), till.tap()
    story = given(*RICH).when(sale, tap)
    first = story.book.position
    story.when(replace(sale, n=99), tap)
    assert isinstance(story.last, OperationRepeated)
    assert (story.last.first_position, story.last.answer, story.purse("m-1")) == (first, Code.APPROVED, 9_500)


DIEULEFIT = charte(
    pays("own", veg=100), tariffs=(Tariff(id=PayerId("high"), covers=covers(veg=125), surplus_fund=FundId("pool")),)
)


def surplus_story() -> tuple[Story, Till]:
    """The caisse of sale 8: 125 % on vegetables, the surplus into the pool."""
    kept = [event for event in MARKET if event not in FOUNDED and type(event) is not type(DIEULEFIT)]
    return given(*FOUNDED, opened("pool"), DIEULEFIT, *kept, own_money(1_100)), Till()


def test_sale_8_a_surplus_goes_to_its_fund_as_far_as_own_money_goes() -> None:
    story, till = surplus_story()
    sale = till.sale(line("veg", 1_000))
    story.when(sale, till.tap()).then_pays("00", 1_000)
    assert (story.account("fund:pool"), story.account(f"owed:{GARDEN}"), story.purse("m-1", "own")) == (100, 1_000, 0)
    story.when(till.reverse(sale)).then("00", effect="undone", exception="")
    assert (story.account("fund:pool"), story.purse("m-1", "own")) == (0, 1_100)


def test_a_held_surplus_is_in_no_fund_until_it_is_captured() -> None:
    story, till = surplus_story()
    hold = till.auth(line("veg", 1_000))
    story.when(hold, till.tap())
    assert (story.account("fund:pool"), story.account("held"), story.book.funds[FundId("pool")].free_cents()) == (0, 1_100, 0)
    story.when(till.capture(hold, line("veg", 200))).then_pays("00", 200)
    assert isinstance(story.last, CaptureDecided)
    assert (story.account("fund:pool"), story.account("held"), story.purse("m-1", "own")) == (50, 0, 850)


def test_a_surplus_that_its_fund_has_spent_stays_spent_and_a_treasurer_is_told() -> None:
    story, till = surplus_story()
    sale = till.sale(line("veg", 1_000))
    story.when(sale, till.tap()).and_given(replace(credit(60), fund=FundId("pool")))
    story.when(till.reverse(sale)).then("00", effect="undone")
    assert isinstance(story.last, ReversalDecided)
    assert "stays in its fund" in story.last.exception
    assert (story.account("fund:pool"), story.purse("m-1", "own")) == (0, 1_040)


def test_a_refund_to_credit_that_has_lapsed_makes_new_credit_for_thirty_days() -> None:
    till = Till()
    until = "2026-06-01 00:00:00"
    story = given(*MARKET).at(until)
    expires_us, story.at_us = story.at_us, story.at_us - 40_000_000_000
    story.and_given(credit(1_000, expires_us=expires_us))
    sale = till.sale(line("veg", 800))
    story.when(sale, till.tap()).then("00")
    story.at("2026-06-02 10:00:00").when(till.refund(sale, line("veg", 300))).then_pays("00", 300)
    assert [type(event).__name__ for event in story.swept] == ["LotLapsed"]
    assert isinstance(story.last, RefundDecided)
    assert [lot.outcome for part in story.last.returned for lot in part.lots] == ["new"]
    assert story.at("2026-07-02 23:59:59").sweep().purse("m-1") == 300
    assert story.at("2026-07-03 00:00:00").sweep().purse("m-1") == 0
    assert story.account("fund:general") == 1_000_000 - 500


def test_every_op_of_the_wire_that_is_decided_here_has_its_own_event() -> None:
    story, till, sale = sold(line("veg", 500))
    kinds = {Op.CAP: CaptureDecided, Op.REV: ReversalDecided, Op.REF: RefundDecided}
    for op, kind in kinds.items():
        story.when(till.ask(op, *([] if op is Op.REV else [line("veg", 1)]), original=sale.x))
        assert isinstance(story.last, kind)


def test_the_fund_that_paid_a_tier_gets_its_part_back() -> None:
    till = Till()
    tier = Tariff(id=PayerId("tier"), covers=covers(veg=70), funds=(FundWeight(fund=FundId("tier")),))
    kept = [event for event in MARKET if event not in FOUNDED and type(event) is not type(DIEULEFIT)]
    rules = charte(pays("credit", veg=100), tariffs=(tier,))
    story = given(*FOUNDED, opened("tier"), rules, *kept, received(5_000, "tier"), credit(10_000))
    sale = till.sale(line("veg", 1_000))
    story.when(sale, till.tap()).then_pays("00", 1_000)
    assert (story.account("fund:tier"), story.purse("m-1")) == (4_700, 9_300)
    story.when(till.refund(sale, line("veg", 500))).then_pays("00", 500)
    assert (story.account("fund:tier"), story.purse("m-1")) == (4_850, 9_650)
