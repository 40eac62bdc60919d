"""Law: five proofs of a day stand in the log with the figures of every road, whether they hold or not.

Who takes them is a person with a key, most often a technical one; a proof that fails stops payouts, never a sale.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from clearing.events.recorded import Recorded
from clearing.values import PersonId, Position


class ProofFigure(NamedTuple):
    """One sum by up to three roads, None where a road does not lead to it. log: double entry over the events; book: the rules'
    own count; shown: views, bank file, bank. name: an account of the ledger, a kind of accounts, or as rules/treasury/proofs.py
    says."""

    name: str
    log_cents: int | None
    book_cents: int | None
    shown_cents: int | None


class ProofResult(NamedTuple):
    """compared: how many sums were held against each other; figures: the totals, and each sum that differs (20 at most)."""

    proof: str
    compared: int
    figures: tuple[ProofFigure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofsTaken(Recorded):
    """day: civil, ISO, whose close they prove. up_to: the position at which all roads stood. ok: every figure is one sum."""

    TYPE: ClassVar[int] = 340
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"results"})
    day: str
    up_to: Position
    results: tuple[ProofResult, ...]
    ok: bool
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class GoingOnProposed(Recorded):
    """taken: position of the proofs that failed; reason: why payouts are approved all the same."""

    TYPE: ClassVar[int] = 341
    taken: Position
    reason: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class GoingOnConfirmed(Recorded):
    """A second person says so too: these proofs stop nothing any more; the next ones that fail do."""

    TYPE: ClassVar[int] = 342
    taken: Position
    reason: str
    proposed_by: PersonId
    by: PersonId


Event = ProofsTaken | GoingOnProposed | GoingOnConfirmed
"""Every event of this room, for catalogue.py."""
