"""Operations that cross each other: late after their own reversal, from another terminal, or under an x used twice."""

from dataclasses import replace

import pytest

from clearing.events.codes import Code
from clearing.events.producers import TerminalEnrolled
from clearing.events.sales import CaptureDecided, OperationRepeated, RefundDecided
from clearing.rules.answers import Declined
from clearing.rules.stalls.producers import decide_enrol
from clearing.values import OperationId, TerminalId
from clearing.wire.requests import Request
from tests.given_when_then import Story, given
from tests.sayings import AMINA, DAIRY, GARDEN, MARKET, STALL, Till, card, credit, line, member, producer, terminal

OTHER = TerminalId(b"stall-02")
RICH = (*MARKET, credit(10_000), member("m-2"), card("m-2"), credit(10_000, owner="m-2"), terminal(OTHER))


def held(*lines: tuple[str, int]) -> tuple[Story, Till, Request]:
    till = Till()
    hold = till.auth(*(line(*one) for one in lines))
    return given(*RICH).when(hold, till.tap()).then("00"), till, hold


def test_a_capture_that_comes_after_its_own_reversal_is_declined() -> None:
    story, till, hold = held(("veg", 500))
    capture = till.capture(hold, line("veg", 500))
    story.when(till.reverse(capture)).then("00", effect="tombstone")
    story.when(capture).then("68", approved_cents=0, shares=(), released=())
    assert (story.account("held"), story.account(f"owed:{GARDEN}")) == (500, 0)
    story.when(till.reverse(capture)).then("00", effect="nothing")


def test_a_refund_that_comes_after_its_own_reversal_is_declined() -> None:
    till = Till()
    sale = till.sale(line("veg", 500))
    refund = till.refund(sale, line("veg", 200))
    story = given(*RICH).when(sale, till.tap()).when(till.reverse(refund)).then("00", effect="tombstone")
    story.when(refund).then("68", card_cents=0, returned=())
    assert (story.purse("m-1"), story.account(f"owed:{GARDEN}")) == (9_500, 500)


def test_two_terminals_with_one_x_each_take_back_their_own_sale() -> None:
    first, second = Till(), Till(OTHER)
    x = OperationId(b"x" * 16)
    story = given(*RICH).when(replace(first.sale(line("veg", 300)), x=x), first.tap("m-1"))
    mine = replace(second.sale(line("veg", 500)), x=x)
    story.when(mine, second.tap("m-2")).when(second.refund(mine, line("veg", 500))).then_pays("00", 500)
    assert isinstance(story.last, RefundDecided)
    assert (story.last.member, story.purse("m-1"), story.purse("m-2")) == ("m-2", 9_700, 10_000)


def test_a_capture_under_an_x_of_another_terminal_leads_to_its_own_hold() -> None:
    first, second = Till(), Till(OTHER)
    x = OperationId(b"x" * 16)
    story = given(*RICH).when(replace(first.sale(line("veg", 300)), x=x), first.tap("m-1"))
    hold = second.auth(line("veg", 500))
    story.when(hold, second.tap("m-2")).when(replace(second.capture(hold, line("veg", 500)), x=x)).then("00")
    story.when(second.refund(hold, line("veg", 100))).then_pays("00", 100)
    assert isinstance(story.last, RefundDecided)
    assert story.last.member == "m-2"


def test_a_hold_is_captured_once_whichever_terminal_asks_again() -> None:
    story, till, hold = held(("veg", 500))
    story.when(till.capture(hold, line("veg", 200))).then("00")
    story.when(Till(OTHER).capture(hold, line("veg", 200))).then("84")


@pytest.mark.parametrize(("back", "code"), [(("soap", 600), "57"), (("veg", 600), "61")])
def test_a_capture_answers_the_first_reason_in_the_order_of_precedence(back: tuple[str, int], code: str) -> None:
    story, till, hold = held(("veg", 500))
    story.when(till.capture(hold, line(*back))).then(code)
    assert isinstance(story.last, CaptureDecided)


def test_a_terminal_stays_with_its_producer() -> None:
    story = given(*RICH, *producer(DAIRY))
    moved = TerminalEnrolled(terminal=STALL, epoch=2, producer=DAIRY, key=b"n" * 32, slot=None, by=AMINA)
    refused = decide_enrol(story.book.producers, moved, at_us=story.at_us)
    assert isinstance(refused, Declined)
    assert "new terminal id" in refused.why


def test_a_repeated_operation_tells_the_first_ones_position() -> None:
    till = Till()
    sale, tap = till.sale(line("veg", 500)), till.tap()
    story = given(*RICH).when(sale, tap)
    first = story.book.position
    story.when(replace(sale, n=98), tap).when(replace(sale, n=99), tap)
    assert isinstance(story.last, OperationRepeated)
    assert (story.last.first_position, story.last.answer) == (first, Code.APPROVED)
