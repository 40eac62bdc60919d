"""Law: what sales don't explain is adjusted by one who proposes it with a reason and another one who makes it, forward only."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from clearing.events.recorded import Recorded
from clearing.values import Cents, FundId, PersonId, PurseKind


class Adjustment(NamedTuple):
    """kind: "owe" (a fund pays the producer more), "owe-less" (the producer's cents go to a fund), "paid-outside" (the caisse
    paid the producer by hand), "write-off" (a fund bears what a producer owes), "credit" (a fund's cents into a purse), "debit"
    (out of a purse again, into the funds they came from). who: producer or member; fund, purse: "" where there is none;
    expires_us: of a credit, 0: never."""

    kind: str
    who: str
    fund: FundId
    purse: PurseKind
    cents: Cents
    expires_us: int


class Taken(NamedTuple):
    lot: str
    fund: FundId
    cents: Cents


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentProposed(Recorded):
    """error: what the system did wrong, of a debit, else "". from_on: ISO day from which it may be made: a member is told of a
    debit before."""

    TYPE: ClassVar[int] = 260
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"what"})
    adjustment: int
    what: Adjustment
    error: str
    reason: str
    from_on: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentMade(Recorded):
    """cents: that moved now; taken: by a debit, from which lots; rest_cents: of a debit, what was not there: it may be taken
    from the next month's credit, once. A credit itself is the PurseCredited beside it."""

    TYPE: ClassVar[int] = 261
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"what", "taken"})
    adjustment: int
    what: Adjustment
    cents: Cents
    taken: tuple[Taken, ...]
    rest_cents: Cents
    reason: str
    proposed_by: PersonId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentDropped(Recorded):
    """Not made after all; or the rest of a debit is given up."""

    TYPE: ClassVar[int] = 262
    adjustment: int
    by: PersonId


Event = AdjustmentProposed | AdjustmentMade | AdjustmentDropped
"""Every event of this room, for catalogue.py."""
