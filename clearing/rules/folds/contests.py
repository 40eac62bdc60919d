"""Law: what a contest gives back goes to the very lots it came from, as a refund does; who bears it is the event's to say."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from clearing.events import contests as said
from clearing.rules.folds.sold import bring_back
from clearing.rules.selling.returns import pool_surplus
from clearing.rules.stalls import contests
from clearing.rules.stalls.debts import debts
from clearing.rules.treasury.funds import engage

if TYPE_CHECKING:
    from clearing.rules.book import Book


def _decided(book: "Book", event: said.ContestDecided, position: int, at_us: int) -> None:
    contests.evolve_decided(book.contests, event, book.caisse.calendar.day(at_us).isoformat())
    if event.returned:
        key = event.about.terminal, event.about.x
        original = book.operations[key]
        book.operations.change(key, original.state, refunded=event.lines)
        bring_back(book, event.returned, event.member, original, position, event.new_lot_expires_us)
        pool_surplus(event.returned, book.funds, -1)
    if event.cost == contests.FUND:
        engage(book.funds, event.fund, event.card_cents + event.paid_cents)
    for debt in debts(event):
        owed = book.settlement.owed_to(debt.producer)
        owed.refunded_cents += debt.refunded_cents
        owed.adjusted_cents += debt.adjusted_cents


FOLDS: Final[dict[type, Callable[..., None]]] = {
    said.ContestOpened: lambda book, event, _p, _a: contests.evolve_opened(book.contests, event),
    said.ContestAnswered: lambda book, event, _p, _a: contests.evolve_answered(book.contests, event),
    said.ContestDecided: _decided,
    said.ContestAppealed: lambda book, event, _p, _a: contests.evolve_appealed(book.contests, event),
    said.ContestClosed: lambda book, event, _p, _a: contests.evolve_closed(book.contests, event),
}
