"""Law: the plan of accounts is recorded as a whole; a month is closed by one who proposes and another who made the same."""

from typing import Final

from clearing.authoriser.bodies import Body
from clearing.authoriser.verbs.order import Order, Result, Verb, one
from clearing.events.books import PlanRow
from clearing.rules.treasury import books


def _row(b: Body) -> PlanRow:
    row = PlanRow(b.text("section"), b.text("name"), b.text("value"))
    b.end()
    return row


def _set_plan(o: Order) -> Result:
    b = o.body
    siren, year_starts = b.text("siren", shortest=0), b.number("year_starts", lowest=1, highest=12)
    rows = tuple(_row(item) for item in b.bodies("rows"))
    return one(books.decide_set_plan(o.book.books, siren=siren, year_starts=year_starts, rows=rows, by=o.by))


def _propose(o: Order) -> Result:
    b = o.body
    return one(books.decide_propose(
        o.book.books, o.book.caisse.calendar, period=b.text("period"), plan=b.number("plan", lowest=1),
        entries=b.number("entries"), debit_cents=b.cents("debit_cents"), sha256=b.bytes("sha256", 32), by=o.by,
        at_us=o.at_us,
    ))  # fmt: skip


def _confirm(o: Order) -> Result:
    period, sha256 = o.body.text("period"), o.body.bytes("sha256", 32)
    return one(books.decide_confirm(
        o.book.books, o.book.caisse.calendar, period=period, sha256=sha256, by=o.by, at_us=o.at_us
    ))  # fmt: skip


def _drop(o: Order) -> Result:
    return one(books.decide_drop(o.book.books, period=o.body.text("period"), by=o.by))


VERBS: Final[dict[str, Verb]] = {
    "set_account_plan": _set_plan,
    "propose_month_close": _propose,
    "confirm_month_close": _confirm,
    "drop_month_close": _drop,
}
