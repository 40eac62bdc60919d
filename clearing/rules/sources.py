"""Law: a source never gives more than it has left, and a purse gives its lots soonest expiry first.

At a sale two payers of one purse share what is in it; at a capture each payer has only the cents it holds itself.
"""

from collections.abc import Mapping
from typing import Protocol

from clearing.events.basket import LotUse, Share
from clearing.rules.facts import Facts, Lot
from clearing.values import Cents, FundId, PayerId, PurseKind

Holder = tuple[str, PayerId, str]  # step, payer, source: who takes, and from where

NEVER = 1 << 63  # later than any expiry


class Source:
    """A purse (with lots) or a fund (without), while a basket is being funded."""

    __slots__ = ("_lots", "left_cents")

    def __init__(self, left_cents: int, lots: list[tuple[str, int]]) -> None:
        self.left_cents = left_cents
        self._lots = lots[::-1]  # a stack: the next lot to spend is the last

    def take(self, cents: int) -> tuple[LotUse, ...]:
        """Spend exactly `cents`, which must be there; returns the lots they came from, in the order spent."""
        assert 0 <= cents <= self.left_cents, "a payer was asked for more than its source has left"
        self.left_cents -= cents
        lots = self._lots
        if not lots:
            return ()
        lot, there = lots[-1]
        if there > cents:  # nearly always: the first lot is enough
            lots[-1] = (lot, there - cents)
            return (LotUse(lot=lot, cents=Cents(cents)),)
        uses: list[LotUse] = []
        while cents and lots:
            lot, there = lots.pop()
            if there > cents:
                lots.append((lot, there - cents))
                there = cents
            uses.append(LotUse(lot=lot, cents=Cents(there)))
            cents -= there
        return tuple(uses)


class Sources(Protocol):
    """Where the payer of a step finds its money: open balances at a sale, held cents at a capture."""

    def of(self, holder: Holder) -> Source: ...


class OpenSources:
    """Purses and funds as they stand; one balance per source, whoever asks."""

    __slots__ = ("_facts", "_found")

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._found: dict[str, Source] = {}

    def of(self, holder: Holder) -> Source:
        source = holder[2]
        found = self._found.get(source)
        if found is None:
            kind, _, name = source.partition(":")
            if kind == "fund":
                found = Source(max(0, self._facts.funds.get(FundId(name), 0)), [])
            else:
                found = purse(self._facts.purses, PurseKind(name), self._facts.at_us)
            self._found[source] = found
        return found


def purse(purses: Mapping[PurseKind, tuple[Lot, ...]], kind: PurseKind, at_us: int) -> Source:
    """The spendable lots of one purse: soonest expiry first, never-lapsing last, equal expiry in the order listed."""
    lots = purses.get(kind, ())
    alive = [
        (NEVER if lot.expires_us is None else lot.expires_us, place, lot.id, lot.cents)
        for place, lot in enumerate(lots)
        if lot.cents > 0 and (lot.expires_us is None or lot.expires_us > at_us)
    ]
    alive.sort()
    return Source(sum([lot[3] for lot in alive]), [lot[2:] for lot in alive])


class HeldSources:
    """The cents and lots each (step, payer, source) holds; lapsed lots too, in the order they were taken."""

    __slots__ = ("_held",)

    def __init__(self, shares: tuple[Share, ...]) -> None:
        cents: dict[Holder, int] = {}
        lots: dict[Holder, dict[str, int]] = {}
        for share in shares:
            key = (share.step, share.payer, share.source)
            cents[key] = cents.get(key, 0) + share.cents
            kept = lots.setdefault(key, {})
            for use in share.lots:
                kept[use.lot] = kept.get(use.lot, 0) + use.cents
        self._held = {key: Source(total, list(lots[key].items())) for key, total in cents.items()}

    def of(self, holder: Holder) -> Source:
        return self._held.get(holder) or Source(0, [])
