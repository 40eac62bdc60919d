"""Law: second units as their events left them; no cent is touched."""

from collections.abc import Callable
from typing import Final

from clearing.events import units as unit_events
from clearing.rules.collective import units

FOLDS: Final[dict[type, Callable[..., None]]] = {
    unit_events.UnitOpened: lambda book, event, _p, _a: units.evolve_opened(book.units, event),
    unit_events.UnitIssued: lambda book, event, _p, _a: units.evolve_issued(book.units, event),
    unit_events.UnitMoved: lambda book, event, _p, _a: units.evolve_moved(book.units, event),
    unit_events.UnitTakenBack: lambda book, event, _p, _a: units.evolve_taken_back(book.units, event),
}
