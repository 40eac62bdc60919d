"""Law: a tariff's funds carry a line's reduction whole or not at all; what is left is the line's price to pay.

A fund that is short carries as many whole units (fixed price) or lines as it can. The others are not sold at that price, or
go on at the full price when the tariff's short is "next". Only goods already delivered get a part of a reduction, out of what
is still held once every whole unit and line has been carried (their weight may have grown since the hold).
Source: domain.md section 2, Price.
"""

from bisect import bisect_right
from collections.abc import Sequence

from clearing.events.basket import Share
from clearing.events.charte import Cover, Short, Span
from clearing.rules.items import UNIT_MILLI, Item
from clearing.rules.sources import Sources
from clearing.rules.terms import IndexedTariff
from clearing.values import WHOLE, Cents, Rate, half_up, largest_remainder


class Run:
    """One attempt at funding a basket. eligible: a rate would give a cent. short, limited: money or a ceiling was in the way.

    delivered: the goods are gone (capture, advice), so whoever is short gives the part it has and nothing is left unsold.
    """

    __slots__ = ("delivered", "eligible", "limited", "shares", "short", "sources")

    def __init__(self, sources: Sources, *, delivered: bool) -> None:
        self.sources = sources
        self.delivered = delivered
        self.shares: list[Share] = []
        self.eligible = self.short = False
        self.limited: Span | None = None

    def anew(self, sources: Sources) -> "Run":
        """Another attempt; what was in the way of an earlier one is not forgotten."""
        run = Run(sources, delivered=self.delivered)
        run.eligible, run.short, run.limited = self.eligible, self.short, self.limited
        return run


def price_items(run: Run, items: Sequence[Item], tariffs: Sequence[IndexedTariff], choice: int | None) -> None:
    """Set price, rest and what is not sold of each line, by the first tariff that covers it."""
    lacking: list[Reduction] = []
    for item in items:
        for indexed in tariffs:
            cover = indexed.covers.match(item, choice) if item.eligible else None
            if cover is not None:
                lacking += _price(run, item, indexed, cover)
                break
    if run.delivered:
        for reduction in lacking:
            reduction.carry_a_part(run)


def _price(run: Run, item: Item, indexed: IndexedTariff, cover: Cover) -> "list[Reduction]":
    """Set one line's price; returns the reduction that its funds could not carry whole, if any."""
    if cover.rate is not None and cover.rate >= WHOLE:
        if cover.rate > WHOLE and indexed.tariff.surplus_fund is not None:
            item.surplus = (indexed.tariff.id, f"fund:{indexed.tariff.surplus_fund}", cover.rate - WHOLE)
        return []
    reduction = Reduction(run, item, indexed, cover)
    if not reduction.of(item.qty):
        return []
    run.eligible = True
    if reduction.fits(item.qty):
        reduction.carry(run, reduction.parts(item.qty))
        return []
    run.short = True
    milli = 0 if cover.rate is not None else reduction.whole_units()
    if indexed.tariff.short is Short.DECLINE and not run.delivered:
        reduction.sell_only(milli)
    if milli:
        reduction.carry(run, reduction.parts(milli))
    return [reduction]


class Reduction:
    """What a tariff's funds carry of one line: all of it, or at a fixed price of its first thousandths of units."""

    __slots__ = ("_cover", "_funds", "_given", "_indexed", "_item")

    def __init__(self, run: Run, item: Item, indexed: IndexedTariff, cover: Cover) -> None:
        self._item, self._indexed, self._cover = item, indexed, cover
        self._funds = [run.sources.of(("tariff", indexed.tariff.id, name)) for name in indexed.funds]
        self._given = [0] * len(self._funds)

    def of(self, milli: int | None) -> int:
        """Cents, half up to the funds' part."""
        if self._cover.rate is not None:
            return half_up(WHOLE - self._cover.rate, self._item.amount)
        return max(0, self._goods(milli) - half_up(self._cover.unit_cents or 0, milli or 0, UNIT_MILLI))

    def parts(self, milli: int | None) -> Sequence[int]:
        return largest_remainder(self.of(milli), self._indexed.weights) if self._funds else ()

    def fits(self, milli: int | None) -> bool:
        """Each fund carries its own weight of it or nothing: no fund pays another's part."""
        parts = self.parts(milli)
        return bool(parts) and all(part <= fund.left_cents for part, fund in zip(parts, self._funds, strict=True))

    def whole_units(self) -> int:
        """The most whole units (in thousandths) whose reduction the funds carry."""
        if not self._funds:
            return 0
        weights, whole = self._indexed.weights, sum(self._indexed.weights)

        def floor_is_too_much(units: int) -> bool:
            cents = self.of(units * UNIT_MILLI)
            return any(cents * w // whole > f.left_cents for w, f in zip(weights, self._funds, strict=True))

        # Spare cents make "fits" go up and down by a unit or two, its floor only up: search by the floor, then step down.
        units = bisect_right(range((self._item.qty or 0) // UNIT_MILLI + 1), False, key=floor_is_too_much) - 1
        while units and not self.fits(units * UNIT_MILLI):
            units -= 1
        return units * UNIT_MILLI

    def sell_only(self, milli: int) -> None:
        """The other units (or the line) are not sold at this price."""
        item = self._item
        item.unsold, item.unsold_milli = item.amount - self._goods(milli), (item.qty or 0) - milli
        item.price = item.rest = item.sold

    def carry(self, run: Run, parts: Sequence[int]) -> None:
        item, rate = self._item, Rate(0 if self._cover.rate is None else WHOLE - self._cover.rate)
        for place, part in enumerate(parts):
            if part:
                self._funds[place].take(part)
                self._given[place] += part
                run.shares.append(Share(
                    line=item.lines[0], payer=self._indexed.tariff.id, step="tariff", source=self._indexed.funds[place],
                    rate=rate, cents=Cents(part), payee=item.payee,
                ))  # fmt: skip
        item.price -= sum(parts)
        item.rest = item.price

    def carry_a_part(self, run: Run) -> None:
        """What the funds still hold, up to their parts of the whole reduction."""
        due = zip(self.parts(self._item.qty), self._given, self._funds, strict=True)
        self.carry(run, [max(0, min(part - given, fund.left_cents)) for part, given, fund in due])

    def _goods(self, milli: int | None) -> int:
        """The part of the line's amount that so many thousandths are; the half cent stays with the first units."""
        item = self._item
        return item.amount if milli == item.qty else half_up(milli or 0, item.amount, item.qty or 1)
