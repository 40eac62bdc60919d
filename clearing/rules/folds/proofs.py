"""Law: the newest proofs count, and whether two people go on from them."""

from collections.abc import Callable
from typing import Final

from clearing.events import proofs as events
from clearing.rules.treasury import proofs

FOLDS: Final[dict[type, Callable[..., None]]] = {
    events.ProofsTaken: lambda book, event, position, _a: proofs.evolve_taken(book.proofs, event, position),
    events.GoingOnProposed: lambda book, event, _p, _a: proofs.evolve_proposed(book.proofs, event),
    events.GoingOnConfirmed: lambda book, event, _p, _a: proofs.evolve_confirmed(book.proofs, event),
}
