"""Law: a tariff's funds carry a line's reduction whole or not at all; what is left is the line's price to pay.

A fund that is short carries as many whole units (fixed price) or lines as it can. The others are not sold at that price, or
go on at the full price when the tariff's short is "next". Only goods already delivered get a part of a reduction, out of what
is still held once every whole unit and line has been carried (their weight may have grown since the hold).
Source: domain.md section 2, Price.
"""

from bisect import bisect_right
from collections.abc import Sequence

from clearing.events.basket import Share
from clearing.events.charte import Cover, Short
from clearing.rules.selling.lines import UNIT_MILLI, FundedLine
from clearing.rules.selling.run import Run
from clearing.rules.selling.terms import IndexedTariff
from clearing.values import WHOLE, Cents, Rate, half_up, largest_remainder


def price_lines(run: Run, lines: Sequence[FundedLine], tariffs: Sequence[IndexedTariff], choice: int | None) -> None:
    """Set price, rest and what is not sold of each line, by the first tariff that covers it."""
    lacking: list[Reduction] = []
    for line in lines:
        for each in tariffs:
            cover = _cover(each, line, choice) if line.eligible else None
            if cover is not None:
                lacking += _price(run, line, each, cover)
                break
    if run.delivered:
        for reduction in lacking:
            reduction.carry_a_part(run)


def _cover(tariff: IndexedTariff, line: FundedLine, choice: int | None) -> Cover | None:
    return tariff.covers.match(line.category, line.product, counted=bool(line.qty_milli), choice=choice)


def _price(run: Run, line: FundedLine, indexed: IndexedTariff, cover: Cover) -> "list[Reduction]":
    """Set one line's price; returns the reduction that its funds could not carry whole, if any."""
    if cover.rate is not None and cover.rate >= WHOLE:
        if cover.rate > WHOLE and indexed.tariff.surplus_fund is not None:
            line.surplus = (indexed.tariff.id, f"fund:{indexed.tariff.surplus_fund}", cover.rate - WHOLE)
        return []
    reduction = Reduction(run, line, indexed, cover)
    if not reduction.of(line.qty_milli):
        return []
    run.eligible = True
    if reduction.fits(line.qty_milli):
        reduction.carry(run, reduction.parts(line.qty_milli))
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

    __slots__ = ("_cover", "_funds", "_given", "_indexed", "_line")

    def __init__(self, run: Run, line: FundedLine, indexed: IndexedTariff, cover: Cover) -> None:
        self._line, self._indexed, self._cover = line, indexed, cover
        self._funds = [run.sources.of(("tariff", indexed.tariff.id, name)) for name in indexed.funds]
        self._given = [0] * len(self._funds)

    def of(self, milli: int | None) -> int:
        """Cents, half up to the funds' part."""
        if self._cover.rate is not None:
            return half_up(WHOLE - self._cover.rate, self._line.amount_cents)
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
        units = bisect_right(range((self._line.qty_milli or 0) // UNIT_MILLI + 1), False, key=floor_is_too_much) - 1
        while units and not self.fits(units * UNIT_MILLI):
            units -= 1
        return units * UNIT_MILLI

    def sell_only(self, milli: int) -> None:
        """The other units (or the line) are not sold at this price."""
        line = self._line
        line.unsold_cents, line.unsold_milli = line.amount_cents - self._goods(milli), (line.qty_milli or 0) - milli
        line.price_to_pay_cents = line.rest_cents = line.sold_cents

    def carry(self, run: Run, parts: Sequence[int]) -> None:
        line, rate = self._line, Rate(0 if self._cover.rate is None else WHOLE - self._cover.rate)
        for place, part in enumerate(parts):
            if part:
                self._funds[place].take(part)
                self._given[place] += part
                run.shares.append(Share(
                    line=line.request_lines[0], payer=self._indexed.tariff.id, step="tariff", source=self._indexed.funds[place],
                    rate=rate, cents=Cents(part), payee=line.payee,
                ))  # fmt: skip
        line.paid_cents += sum(parts)
        line.price_to_pay_cents -= sum(parts)
        line.rest_cents = line.price_to_pay_cents

    def carry_a_part(self, run: Run) -> None:
        """What the funds still hold, up to their parts of the whole reduction."""
        due = zip(self.parts(self._line.qty_milli), self._given, self._funds, strict=True)
        self.carry(run, [max(0, min(part - given, fund.left_cents)) for part, given, fund in due])

    def _goods(self, milli: int | None) -> int:
        """The part of the line's amount that so many thousandths are; the half cent stays with the first units."""
        line = self._line
        return line.amount_cents if milli == line.qty_milli else half_up(milli or 0, line.amount_cents, line.qty_milli or 1)
