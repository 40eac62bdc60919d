"""Law: who may approve with which passkey as the events left it; no cent is touched."""

from collections.abc import Callable
from typing import Final

from clearing.events import factors as events
from clearing.rules.voted import factors

FOLDS: Final[dict[type, Callable[..., None]]] = {
    events.PasskeyAdded: lambda book, event, _p, _a: factors.evolve_added(book.factors, event),
    events.PasskeyRemoved: lambda book, event, _p, _a: factors.evolve_removed(book.factors, event),
    events.NewFactorProposed: lambda book, event, _p, _a: factors.evolve_proposed(book.factors, event),
    events.NewFactorAllowed: lambda book, event, _p, _a: factors.evolve_allowed(book.factors, event),
    events.NewFactorPaired: lambda book, event, _p, _a: factors.evolve_paired(book.factors, event),
    events.NewFactorDropped: lambda book, event, _p, _a: factors.evolve_dropped(book.factors, event),
}
