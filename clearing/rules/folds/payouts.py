"""Law: batches and payouts as their events left them."""

from collections.abc import Callable
from typing import Final

from clearing.events import settlement as settlement_events
from clearing.rules.stalls import settlement

FOLDS: Final[dict[type, Callable[..., None]]] = {
    settlement_events.BatchClosed: lambda book, event, _p, _a: settlement.evolve_closed(book.settlement, event),
    settlement_events.BatchApproved: lambda book, event, _p, _a: settlement.evolve_approved(book.settlement, event),
    settlement_events.BatchExported: lambda book, event, _p, _a: settlement.evolve_exported(book.settlement, event),
    settlement_events.PayoutConfirmed: lambda book, event, _p, _a: settlement.evolve_confirmed(book.settlement, event),
    settlement_events.PayoutReturned: lambda book, event, _p, _a: settlement.evolve_returned(book.settlement, event),
}
