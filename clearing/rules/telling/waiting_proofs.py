"""Law: a proof that does not hold waits for whoever mends it, or for two people who go on all the same."""

from collections.abc import Callable, Iterator
from typing import Final

from clearing.events.proofs import GoingOnProposed, ProofsTaken
from clearing.rules.treasury.proofs import PROOFS, Proofs

SINCE: Final[dict[type, tuple[str, ...]]] = {ProofsTaken: (), GoingOnProposed: ()}
Told = tuple[str, str, tuple[str, ...]]
"""The fields of a Wait: day, what waits, and the commands that end it."""


def waits(proofs: Proofs, since: Callable[[type], str]) -> Iterator[Told]:
    """since: the civil day of the newest event of a type."""
    if proofs.going_on is not None:
        who = proofs.going_on.by
        told = f"batches to be approved in spite of a proof, as {who} says, wait for another person"
        yield since(GoingOnProposed), told, ("proceed confirm",)
    elif proofs.stops():
        which = " and ".join(f"'{PROOFS[one]}'" for one in proofs.failed)
        told = f"the proof {which} of {proofs.day} does not hold ({proofs.told}); no batch is approved"
        yield since(ProofsTaken), told, (f"proofs --day {proofs.day}", "proofs --record")
