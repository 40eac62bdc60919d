"""Law: a contested purchase goes from the desk to the producer, to another person, and to a second body if somebody appeals."""

from typing import Final

from clearing.authoriser.bodies import Body
from clearing.authoriser.operations import new_lot_expires_us
from clearing.authoriser.verbs.order import Order, Result, Verb, one
from clearing.events.contests import Purchase
from clearing.rules.selling.operations import Operation
from clearing.rules.stalls import contests
from clearing.values import FundId, OperationId, TerminalId

_TERMINAL_BYTES: Final = 8
_OPERATION_BYTES: Final = 16


def _number(b: Body) -> int:
    return b.number("contest", lowest=1)


def _original(o: Order, about: Purchase) -> Operation | None:
    return o.book.operations.get((about.terminal, about.x))


def _open(o: Order) -> Result:
    """line: from 0, as the basket has it."""
    b, book = o.body, o.book
    about = Purchase(
        TerminalId(b.bytes("terminal", _TERMINAL_BYTES)), OperationId(b.bytes("x", _OPERATION_BYTES)), b.number("line")
    )
    return one(contests.decide_open(
        book.contests, about=about, original=_original(o, about), allocation=book.allocation, funds=book.funds,
        settled_up_to=book.settlement.settled_up_to, calendar=book.caisse.calendar, reason=b.text("reason"), by=o.by,
        at_us=o.at_us,
    ))  # fmt: skip


def _answer(o: Order) -> Result:
    number, agrees, text = _number(o.body), o.body.flag("agrees"), o.body.text("text")
    return one(contests.decide_answer(o.book.contests, contest=number, agrees=agrees, text=text, by=o.by))


def _decide(o: Order) -> Result:
    b, book, number = o.body, o.book, _number(o.body)
    known = book.contests.contests.get(number)
    return one(contests.decide_end(
        book.contests, contest=number, outcome=b.id("outcome"), cost=b.optional("cost", b.id) or "",
        fund=FundId(b.optional("fund", b.id) or ""), reason=b.text("reason"),
        original=None if known is None else _original(o, known.opened.about), allocation=book.allocation, funds=book.funds,
        new_lot_expires_us=new_lot_expires_us(book, o.at_us), calendar=book.caisse.calendar, by=o.by, at_us=o.at_us,
    ))  # fmt: skip


def _appeal(o: Order) -> Result:
    b, number = o.body, _number(o.body)
    return one(contests.decide_appeal(
        o.book.contests, contest=number, body=b.text("body"), of=b.id("of"), reason=b.text("reason"),
        calendar=o.book.caisse.calendar, by=o.by, at_us=o.at_us,
    ))  # fmt: skip


def _close(o: Order) -> Result:
    number, reason = _number(o.body), o.body.text("reason")
    return one(contests.decide_close(
        o.book.contests, contest=number, reason=reason, calendar=o.book.caisse.calendar, by=o.by, at_us=o.at_us
    ))


VERBS: Final[dict[str, Verb]] = {
    "open_contest": _open,
    "answer_contest": _answer,
    "decide_contest": _decide,
    "appeal_contest": _appeal,
    "close_contest": _close,
}
