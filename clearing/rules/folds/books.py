"""Law: the books of a caisse know their plan and which months are closed; what moves money knows nothing of them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from clearing.events import books as events
from clearing.rules.treasury import books

if TYPE_CHECKING:
    from clearing.rules.book import Book

def _planned(book: "Book", event: events.AccountPlanSet, _position: int, at_us: int) -> None:
    books.evolve_plan(book.books, event, f"{book.caisse.calendar.day(at_us):%Y-%m}")


FOLDS: Final[dict[type, Callable[..., None]]] = {
    events.AccountPlanSet: _planned,
    events.MonthProposed: lambda book, event, _p, _a: books.evolve_proposed(book.books, event),
    events.MonthClosed: lambda book, event, _p, _a: books.evolve_closed(book.books, event),
    events.MonthDropped: lambda book, event, _p, _a: books.evolve_dropped(book.books, event),
}
