"""Law: a closing shortens what can be spent, empties what is left over, and ends with a seal."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from clearing.events import closing as events
from clearing.rules.ends import closing
from clearing.rules.stalls.debts import debts

if TYPE_CHECKING:
    from clearing.rules.book import Book


def _proposed(book: "Book", event: events.ClosureProposed, _position: int, _at_us: int) -> None:
    book.closing.proposed = event


def _repaid(book: "Book", event: events.ProducerRepaid, _position: int, _at_us: int) -> None:
    for debt in debts(event):
        book.settlement.owed_to(debt.producer).refunded_cents += debt.refunded_cents


def _sealed(book: "Book", _event: events.CaisseSealed, _position: int, _at_us: int) -> None:
    """Time moves nothing any more: of a child who grows up, or of a contract whose fund would end, the log says no more."""
    book.closing.sealed = True
    for later in (book.members.class_changes, book.allocation.notices, book.households.leaving_at, book.contracts.warnings):
        later.clear()


FOLDS: Final[dict[type, Callable[..., None]]] = {
    events.ClosureProposed: _proposed,
    events.ClosureConfirmed: lambda book, event, _p, _a: closing.evolve_confirmed(book, event),
    events.OwnMoneyReleased: lambda book, event, _p, _a: closing.evolve_own_released(book, event),
    events.OwnMoneyPaid: lambda book, event, _p, _a: closing.evolve_own_paid(book.closing, event),
    events.RestReleased: lambda book, event, _p, _a: closing.evolve_rest_released(book, event),
    events.RestPaid: lambda book, event, _p, _a: closing.evolve_rest_paid(book.closing, event),
    events.ProducerRepaid: _repaid,
    events.CaisseSealed: _sealed,
}
