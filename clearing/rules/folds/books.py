"""Law: the books of a caisse know their plan and which months are closed; what moves money knows nothing of them."""

from collections.abc import Callable
from typing import Final

from clearing.events import books as events
from clearing.rules.treasury import books

FOLDS: Final[dict[type, Callable[..., None]]] = {
    events.AccountPlanSet: lambda book, event, _p, _a: books.evolve_plan(book.books, event),
    events.MonthProposed: lambda book, event, _p, _a: books.evolve_proposed(book.books, event),
    events.MonthClosed: lambda book, event, _p, _a: books.evolve_closed(book.books, event),
    events.MonthDropped: lambda book, event, _p, _a: books.evolve_dropped(book.books, event),
}
