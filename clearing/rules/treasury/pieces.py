"""Law: money is spent first in, first out within its fund; what is engaged before money came is backed by what comes next.

A piece is cents with the receipt they came by. A fund's pieces are its free money; an advance is a piece without a receipt,
which later receipts of its fund back, oldest advance first. An advance that ends in another fund than its own is that fund's,
to be spent last, and still waits for the money of its own.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

UNTRACED: Final = 0
"""The receipt of money of which the log's reader does not know how it came."""


class Piece(NamedTuple):
    """receipt: position of the event by which the money came; below zero: an advance, by its number."""

    receipt: int
    cents: int


Pieces = list[Piece]


def _age(piece: Piece) -> tuple[bool, int]:
    """Oldest receipt first, then advances in their order."""
    return piece.receipt < 0, abs(piece.receipt)


def cut(pieces: Pieces, cents: int) -> Pieces:
    """Take so many cents off the front; fewer are taken when there are fewer."""
    taken: Pieces = []
    while cents and pieces:
        first = pieces[0]
        part = min(first.cents, cents)
        taken.append(Piece(first.receipt, part))
        cents -= part
        if part == first.cents:
            del pieces[0]
        else:
            pieces[0] = Piece(first.receipt, first.cents - part)
    return taken


def total(pieces: Iterable[Piece]) -> int:
    return sum(piece.cents for piece in pieces)


@dataclass(slots=True)
class Lot:
    """Credit in purses: of one grant, all members' together."""

    pieces: Pieces = field(default_factory=list)

    def put(self, more: Iterable[Piece]) -> None:
        self.pieces.extend(more)
        self.pieces.sort(key=_age)

    def take(self, cents: int) -> Pieces:
        """What is not known to be there is untraced."""
        taken = cut(self.pieces, cents)
        rest = cents - total(taken)
        return [*taken, Piece(UNTRACED, rest)] if rest else taken


@dataclass(slots=True)
class Advance:
    """Cents engaged before money came. fund: whose next money backs them; backing: what came for them since, in order."""

    fund: str
    unbacked_cents: int
    backing: Pieces = field(default_factory=list)


class Pools:
    """The free money of every fund, and its advances."""

    def __init__(self) -> None:
        self.advances: dict[int, Advance] = {}
        self._free: dict[str, dict[int, int]] = {}
        self._order: dict[str, list[tuple[bool, int]]] = {}
        self._open: dict[str, list[int]] = {}

    def free(self, fund: str) -> Iterator[Piece]:
        return (Piece(receipt, cents) for receipt, cents in self._free.get(fund, {}).items() if cents)

    def funds(self) -> Iterable[str]:
        return self._free.keys()

    def unbacked_cents(self, fund: str) -> int:
        return sum(self.advances[number].unbacked_cents for number in self._open.get(fund, ()))

    def put(self, fund: str, pieces: Iterable[Piece]) -> Pieces:
        """Money comes, or comes back; returns what the fund has of it. A returned advance of its own ends as far as nothing
        backed it; what did is free again."""
        come: Pieces = []
        for piece in pieces:
            own = piece.receipt < 0 and self.advances[-piece.receipt].fund == fund
            come += self._undo(piece) if own else [piece]
        for piece in come:
            self._come(fund, piece)
        return come

    def _undo(self, piece: Piece) -> Pieces:
        advance = self.advances[-piece.receipt]
        ended = min(piece.cents, advance.unbacked_cents)
        advance.unbacked_cents -= ended
        advance.backing.reverse()
        last = cut(advance.backing, piece.cents - ended)
        advance.backing.reverse()
        return last

    def _come(self, fund: str, piece: Piece) -> None:
        cents, waiting = piece.cents, self._open.get(fund, [])
        while cents and waiting:
            advance = self.advances[waiting[0]]
            part = min(cents, advance.unbacked_cents)
            if part:
                advance.backing.append(Piece(piece.receipt, part))
                advance.unbacked_cents -= part
                cents -= part
            if not advance.unbacked_cents:
                del waiting[0]
        free = self._free.setdefault(fund, {})
        if cents:
            if not free.get(piece.receipt):
                heapq.heappush(self._order.setdefault(fund, []), _age(piece))
            free[piece.receipt] = free.get(piece.receipt, 0) + cents

    def take(self, fund: str, cents: int) -> Pieces:
        """The oldest money first; beyond what is there, an advance."""
        taken: Pieces = []
        free, order = self._free.setdefault(fund, {}), self._order.setdefault(fund, [])
        while cents and order:
            advanced, number = order[0]
            receipt = -number if advanced else number
            there = free.get(receipt, 0)
            part = min(there, cents)
            if part:
                taken.append(Piece(receipt, part))
                free[receipt] = there - part
                cents -= part
            if not free.get(receipt):
                heapq.heappop(order)
                free.pop(receipt, None)
        if cents:
            number = len(self.advances) + 1
            self.advances[number] = Advance(fund, cents)
            self._open.setdefault(fund, []).append(number)
            taken.append(Piece(-number, cents))
        return taken

    def take_first(self, fund: str, cents: int, wanted: Iterable[int]) -> Pieces:
        """The same, but money of the wanted receipts before all other."""
        taken: Pieces = []
        free = self._free.setdefault(fund, {})
        for receipt in wanted:
            part = min(free.get(receipt, 0), cents - total(taken))
            if part:
                free[receipt] -= part
                taken.append(Piece(receipt, part))
        rest = cents - total(taken)
        return [*taken, *(self.take(fund, rest) if rest else ())]

    def take_newest(self, fund: str, cents: int) -> Pieces:
        """The youngest money first: for what came by mistake and goes at once."""
        return self.take_first(fund, cents, sorted(self._free.get(fund, {}), reverse=True))
