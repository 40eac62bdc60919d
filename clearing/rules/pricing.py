"""Law: a tariff's funds carry a line's reduction whole or not at all; what is left is the line's price to pay.

A fund that is short carries as many whole units (fixed price) or lines as it can. The others are not sold at that price, or
go on at the full price when the tariff's short is "next". Only goods already delivered take a part of a reduction.
Source: domain.md section 2, Price.
"""

from bisect import bisect_right
from collections.abc import Sequence

from clearing.events.basket import Share
from clearing.events.charte import Cover, Short, Span
from clearing.rules.items import UNIT_MILLI, Item
from clearing.rules.sources import Source, Sources
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
    for item in items:
        for indexed in tariffs:
            cover = indexed.covers.match(item, choice) if item.eligible else None
            if cover is not None:
                _price(run, item, indexed, cover)
                break


def _price(run: Run, item: Item, indexed: IndexedTariff, cover: Cover) -> None:
    if cover.rate is not None and cover.rate >= WHOLE:
        if cover.rate > WHOLE and indexed.tariff.surplus_fund is not None:
            item.surplus = (indexed.tariff.id, f"fund:{indexed.tariff.surplus_fund}", cover.rate - WHOLE)
        return
    funds = [run.sources.of(("tariff", indexed.tariff.id, name)) for name in indexed.funds]
    reduction = _reduction(item, cover, item.qty)
    if not reduction:
        return
    run.eligible = True
    parts = _parts(reduction, indexed)
    if _fits(parts, funds):
        _carry(run, item, indexed, cover, funds, parts)
        return
    run.short = True
    if run.delivered:
        _carry(run, item, indexed, cover, funds, [min(p, f.left_cents) for p, f in zip(parts, funds, strict=True)])
    else:
        _carry_some(run, item, indexed, cover, funds)


def _carry_some(run: Run, item: Item, indexed: IndexedTariff, cover: Cover, funds: Sequence[Source]) -> None:
    """As many whole units as the funds can; of a line at a rate, nothing."""
    milli = 0 if cover.rate is not None else _whole_units(item, indexed, cover, funds)
    if indexed.tariff.short is Short.DECLINE:
        item.unsold = item.amount - _goods(item, milli)
        item.unsold_milli = (item.qty or 0) - milli
        item.price = item.rest = item.sold
    if milli:
        _carry(run, item, indexed, cover, funds, _parts(_reduction(item, cover, milli), indexed))


def _goods(item: Item, milli: int | None) -> int:
    """The part of the line's amount that `milli` thousandths of a unit are; the half cent stays with the first units."""
    return item.amount if milli == item.qty else half_up(milli or 0, item.amount, item.qty or 1)


def _reduction(item: Item, cover: Cover, milli: int | None) -> int:
    """What funds carry of the line, half up to their part; at a fixed price, of its first `milli` thousandths."""
    if cover.rate is not None:
        return half_up(WHOLE - cover.rate, item.amount)
    return max(0, _goods(item, milli) - half_up(cover.unit_cents or 0, milli or 0, UNIT_MILLI))


def _parts(cents: int, indexed: IndexedTariff) -> Sequence[int]:
    return largest_remainder(cents, indexed.weights) if indexed.weights else ()


def _fits(parts: Sequence[int], funds: Sequence[Source]) -> bool:
    """Each fund carries its own weight of it or nothing: no fund pays another's part."""
    return bool(funds) and all(part <= fund.left_cents for part, fund in zip(parts, funds, strict=True))


def _whole_units(item: Item, indexed: IndexedTariff, cover: Cover, funds: Sequence[Source]) -> int:
    """The most whole units (in thousandths) whose reduction the funds carry."""
    if not funds:
        return 0
    weight = sum(indexed.weights)

    def floor_is_too_much(units: int) -> bool:
        reduction = _reduction(item, cover, units * UNIT_MILLI)
        return any(reduction * w // weight > f.left_cents for w, f in zip(indexed.weights, funds, strict=True))

    # Spare cents make "fits" go up and down by a unit or two, its floor only up: search by the floor, then step down.
    units = bisect_right(range((item.qty or 0) // UNIT_MILLI + 1), False, key=floor_is_too_much) - 1
    while units and not _fits(_parts(_reduction(item, cover, units * UNIT_MILLI), indexed), funds):
        units -= 1
    return units * UNIT_MILLI


def _carry(
    run: Run, item: Item, indexed: IndexedTariff, cover: Cover, funds: Sequence[Source], parts: Sequence[int]
) -> None:
    rate = Rate(0 if cover.rate is None else WHOLE - cover.rate)
    for name, fund, part in zip(indexed.funds, funds, parts, strict=True):
        if part:
            fund.take(part)
            run.shares.append(Share(
                line=item.lines[0], payer=indexed.tariff.id, step="tariff", source=name, rate=rate, cents=Cents(part),
                payee=item.payee,
            ))  # fmt: skip
    item.price -= sum(parts)
    item.rest = item.price
