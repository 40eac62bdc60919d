"""Law: the caisse itself, its officers, decisions and chartes."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from clearing.events import caisse as caisse_events
from clearing.rules.voted import caisse, decisions, factors

if TYPE_CHECKING:
    from clearing.rules.book import Book


def _alerted(book: "Book", event: caisse_events.SecurityAlerted, _position: int, _at_us: int) -> None:
    book.alerted.add((event.terminal, event.epoch, event.n))


def _removed(book: "Book", event: caisse_events.PersonRemoved, _position: int, _at_us: int) -> None:
    caisse.evolve_person_removed(book.caisse, event)
    factors.evolve_left(book.factors, event.person)


FOLDS: Final[dict[type, Callable[..., None]]] = {
    caisse_events.CaisseFounded: lambda book, event, _p, _a: caisse.evolve_founded(book.caisse, event),
    caisse_events.PersonProposed: lambda book, event, _p, _a: caisse.evolve_person_proposed(book.caisse, event),
    caisse_events.PersonNamed: lambda book, event, _p, _a: caisse.evolve_person_named(book.caisse, event),
    caisse_events.PersonRemoved: _removed,
    caisse_events.DecisionRecorded: lambda book, event, _p, _a: decisions.evolve_recorded(book.caisse, event),
    caisse_events.DecisionApproved: lambda book, event, _p, _a: decisions.evolve_approved(book.caisse, event),
    caisse_events.DecisionSuspended: lambda book, event, _p, _a: decisions.evolve_ruled(book.caisse, event),
    caisse_events.DecisionResumed: lambda book, event, _p, _a: decisions.evolve_ruled(book.caisse, event),
    caisse_events.DecisionAnnulled: lambda book, event, _p, _a: decisions.evolve_ruled(book.caisse, event),
    caisse_events.CharteAdopted: lambda book, event, _p, _a: caisse.evolve_charte(book.caisse, event),
    caisse_events.SecurityAlerted: _alerted,
}
