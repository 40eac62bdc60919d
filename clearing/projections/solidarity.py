"""Law: coupons + gives - draws is what a solidarity fund has of its own; draws are told by day and rate, never fewer than five
by themselves, nor so that fewer than five could be worked out by taking the rest off a total.

Read from the log: it is asked for once a week, not at a till.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from clearing.events.catalogue import Event
from clearing.events.sales import CaptureDecided, RefundDecided, ReversalDecided, SaleDecided
from clearing.events.settlement import BatchClosed
from clearing.events.solidarity import CouponsSold, DrawDecided, DrawsShared, GiveDecided, SolidarityRuleSet
from clearing.projections.owed import per_payee
from clearing.rules.book import Book
from clearing.rules.reductions.drawing import names_nobody
from clearing.values import WHOLE, FundId, half_up

DRAWS_MIN: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawLine:
    """named: "2026-05-01, 20 %", or the rest together."""

    named: str
    draws: int
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FundReport:
    """own: coupons + gives - draws. other: what came or went otherwise. lines: draws by day and rate; hidden: why not all."""

    fund: str
    name: str
    coupons: int
    coupons_cents: int
    given_cents: int
    drawn_cents: int
    other_cents: int
    balance_cents: int
    lines: tuple[DrawLine, ...]
    hidden: str

    @property
    def own_cents(self) -> int:
        return self.coupons_cents + self.given_cents - self.drawn_cents


@dataclass(slots=True)
class _Sums:
    coupons: int = 0
    coupons_cents: int = 0
    given_cents: int = 0
    drawn_cents: int = 0
    cells: dict[tuple[str, int], list[int]] = field(default_factory=dict)  # (day, rate) -> [draws, cents]


@dataclass(slots=True)
class Solidarities:
    """The solidarity funds of one caisse, from its events in order. All days always: two ranges of days, one taken off the
    other, would tell of a day with a single draw."""

    book: Book = field(default_factory=Book)
    _sums: dict[str, _Sums] = field(default_factory=dict)
    _cells: dict[tuple[bytes, bytes], tuple[str, tuple[str, int]]] = field(default_factory=dict)
    _card: dict[str, int] = field(default_factory=dict)
    _draws: dict[str, int] = field(default_factory=dict)

    def take(self, event: Event, position: int, at_us: int) -> None:
        self.book.apply(event, position, at_us)
        match event:
            case SolidarityRuleSet():
                self._fund(event.fund)
            case CouponsSold():
                sums = self._fund(event.fund)
                sums.coupons += event.number
                sums.coupons_cents += event.cents
            case DrawDecided() if event.shares:
                self._draw(event)
            case DrawsShared():
                for part in event.draws:
                    self._move(event.fund, (part.terminal, part.x), sum(share.cents for share in part.shares))
                    self._per_producer(self._draws, per_payee(part.shares))
            case GiveDecided() if event.shares:
                self._fund(event.shares[0].payee.removeprefix("fund:")).given_cents += event.approved_cents
            case ReversalDecided() | RefundDecided() if names_nobody(event):
                self._back(event)
            case SaleDecided() | CaptureDecided():
                self._per_producer(self._card, per_payee(event.shares))
            case BatchClosed():
                self._card, self._draws = {}, {}
            case _:
                pass

    def _fund(self, fund: str) -> _Sums:
        return self._sums.setdefault(fund, _Sums())

    def _draw(self, event: DrawDecided) -> None:
        fund, key, cell = event.shares[0].source.removeprefix("fund:"), (event.op.terminal, event.op.x), (event.day, event.rate)
        self._cells[key] = fund, cell
        self._fund(fund).cells.setdefault(cell, [0, 0])[0] += 1
        if not event.claimed:
            self._move(fund, key, event.approved_cents)
            self._per_producer(self._draws, per_payee(event.shares))

    def _move(self, fund: str, key: tuple[bytes, bytes], cents: int) -> None:
        sums = self._fund(fund)
        sums.drawn_cents += cents
        sums.cells[self._cells[key][1]][1] += cents

    def _back(self, event: ReversalDecided | RefundDecided) -> None:
        key = event.op.terminal, event.original
        known = self._cells.get(key)
        if known is None:
            others = self.book.producers.terminals_of.get(event.op.producer, ())
            known = next((self._cells[one, event.original] for one in others if (one, event.original) in self._cells), None)
        for part in event.returned:
            if part.step == "surplus":
                self._fund(part.payee.removeprefix("fund:")).given_cents -= part.cents
            elif known is not None:
                self._fund(known[0]).drawn_cents -= part.cents
                self._fund(known[0]).cells[known[1]][1] -= part.cents
                self._draws[part.payee] = self._draws.get(part.payee, 0) - part.cents
        if known is not None and isinstance(event, ReversalDecided):
            self._fund(known[0]).cells[known[1]][0] -= 1

    @staticmethod
    def _per_producer(sums: dict[str, int], more: dict[str, int]) -> None:
        for producer, cents in more.items():
            sums[producer] = sums.get(producer, 0) + cents

    def reports(self) -> list[FundReport]:
        return [self._report(fund, sums) for fund, sums in sorted(self._sums.items())]

    def _report(self, fund: str, sums: _Sums) -> FundReport:
        state = self.book.funds[FundId(fund)]
        balance = state.received_cents - state.engaged_cents
        lines, hidden = suppressed({cell: (one[0], one[1]) for cell, one in sums.cells.items() if one[0]})
        return FundReport(
            fund=fund, name=state.name, coupons=sums.coupons, coupons_cents=sums.coupons_cents, given_cents=sums.given_cents,
            drawn_cents=sums.drawn_cents, balance_cents=balance, lines=lines, hidden=hidden,
            other_cents=balance - (sums.coupons_cents + sums.given_cents - sums.drawn_cents),
        )

    def watched(self) -> Iterator[tuple[str, int]]:
        """(producer, draws as percent of its card sales) since the last batch, where that is above the lowest voted share."""
        rates = [rule.watch_rate for rule in self.book.solidarity.rules.values() if rule.rates]
        for producer, cents in sorted(self._draws.items()):
            card = self._card.get(producer, 0)
            if rates and cents * WHOLE > min(rates) * card:
                yield producer, half_up(100, cents, card) if card else 100


def suppressed(cells: dict[tuple[str, int], tuple[int, int]]) -> tuple[tuple[DrawLine, ...], str]:
    """Lines of at least five draws each; smaller ones go together, with the smallest other one when that is still too few."""
    shown = {cell: one for cell, one in cells.items() if one[0] >= DRAWS_MIN}
    rest = [one for one in cells.values() if one[0] < DRAWS_MIN]
    if rest and sum(draws for draws, _ in rest) < DRAWS_MIN and shown:
        smallest = min(shown, key=lambda cell: (shown[cell][0], cell))
        rest.append(shown.pop(smallest))
    lines = [
        DrawLine(named=f"{day}, {rate // 100} %", draws=draws, cents=cents)
        for (day, rate), (draws, cents) in sorted(shown.items())
    ]
    together = sum(draws for draws, _ in rest)
    if together >= DRAWS_MIN:
        cents = sum(one for _, one in rest)
        lines.append(DrawLine(named="other days and reductions together", draws=together, cents=cents))
        return tuple(lines), f"Days and reductions with fewer than {DRAWS_MIN} draws are shown together."
    hidden = f"Fewer than {DRAWS_MIN} draws are not listed: nobody is to be found by them." if together else ""
    return tuple(lines), hidden
