"""Law: who may look at whom as the events left it; no cent is touched."""

from collections.abc import Callable
from typing import Final

from clearing.events import joining as events
from clearing.rules.people import joining

FOLDS: Final[dict[type, Callable[..., None]]] = {
    events.JoinAsked: lambda book, event, _p, _a: joining.evolve_asked(book.joining, event),
    events.JoinProposed: lambda book, event, _p, _a: joining.evolve_proposed(book.joining, event),
    events.JoinAllowed: lambda book, event, _p, _a: joining.evolve_allowed(book.joining, event),
    events.JoinDropped: lambda book, event, _p, _a: joining.evolve_dropped(book.joining, event),
}
