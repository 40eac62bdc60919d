"""Law: mandates and collections as their events left them; what counts as received is a cotisation like any other."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from clearing.events import debits as events
from clearing.rules.folds import cotisations
from clearing.rules.treasury import debits

if TYPE_CHECKING:
    from clearing.rules.book import Book


def _counted(book: "Book", event: events.DebitCounted, position: int, at_us: int) -> None:
    debits.evolve_counted(book.debits, event)
    cotisations.received(book, event, position, at_us)


FOLDS: Final[dict[type, Callable[..., None]]] = {
    events.CreditorNamed: lambda book, event, _p, _a: debits.evolve_creditor(book.debits, event),
    events.DebitRuleSet: lambda book, event, _p, _a: debits.evolve_rule(book.debits, event),
    events.MandateSigned: lambda book, event, _p, _a: debits.evolve_signed(book.debits, event),
    events.MandateChanged: lambda book, event, _p, _a: debits.evolve_changed(book.debits, event),
    events.MandateRevoked: lambda book, event, _p, _a: debits.evolve_revoked(book.debits, event),
    events.MandateSuspended: lambda book, event, _p, _a: debits.evolve_suspended(book.debits, event),
    events.MandateResumed: lambda book, event, _p, _a: debits.evolve_resumed(book.debits, event),
    events.CollectionProposed: lambda book, event, _p, _a: debits.evolve_proposed(book.debits, event),
    events.CollectionApproved: lambda book, event, _p, _a: debits.evolve_approved(book.debits, event),
    events.CollectionDropped: lambda book, event, _p, _a: debits.evolve_dropped(book.debits, event),
    events.DebitLeftOut: lambda book, event, _p, _a: debits.evolve_left_out(book.debits, event),
    events.CollectionAnnounced: lambda book, event, _p, _a: debits.evolve_announced(book.debits, event),
    events.CollectionExported: lambda book, event, _p, _a: debits.evolve_exported(book.debits, event),
    events.DebitAnswered: lambda book, event, _p, _a: debits.evolve_answered(book.debits, event),
    events.DebitCounted: _counted,
}
