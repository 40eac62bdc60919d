"""Law: an adjustment moves what two people agreed on, in the rooms where it lies."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from clearing.events import adjustments as said
from clearing.rules.treasury import adjusting

if TYPE_CHECKING:
    from clearing.rules.book import Book


def rooms_of(book: "Book") -> adjusting.Rooms:
    return adjusting.Rooms(
        settlement=book.settlement, producers=book.producers.producers, members=book.members, allocation=book.allocation,
        funds=book.funds, calendar=book.caisse.calendar,
    )


def _made(book: "Book", event: said.AdjustmentMade, _position: int, at_us: int) -> None:
    month = book.caisse.calendar.day(at_us).isoformat()[:7]
    adjusting.evolve_made(book.adjustments, rooms_of(book), event, month)


FOLDS: Final[dict[type, Callable[..., None]]] = {
    said.AdjustmentProposed: lambda book, event, _p, _a: adjusting.evolve_proposed(book.adjustments, event),
    said.AdjustmentMade: _made,
    said.AdjustmentDropped: lambda book, event, _p, _a: adjusting.evolve_dropped(book.adjustments, event),
}
