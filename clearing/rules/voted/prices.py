"""Law: a listed price is compared in integers with what was sold, and shown to the committee; nobody is declined by it.

A line differs when its amount is a whole cent or more away from listed price x quantity: no scale prints less than a cent.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from clearing.events.basket import Line
from clearing.events.codes import Code
from clearing.events.sales import CaptureDecided, SaleDecided
from clearing.rules.selling.sale import goods
from clearing.rules.stalls.producers import Producer
from clearing.rules.voted.products import Products
from clearing.values import CategoryId, Cents, ConventionId, ProducerId, half_up

MILLI = 1_000  # thousandths of a unit in one unit


class Difference(NamedTuple):
    """One product of one convention sold otherwise than listed. sold_unit_cents: half up; None when no quantity was typed.

    difference_cents per unit, ten_thousandths of the listed price: above 0 it was dearer than listed. category: as sold.
    """

    convention: ConventionId
    producer: ProducerId
    product: str
    category: CategoryId
    listed_category: CategoryId
    listed_unit_cents: int
    sold_unit_cents: int | None
    difference_cents: int
    ten_thousandths: int


class Found(NamedTuple):
    """How often it was so: lines and their cents."""

    difference: Difference
    lines: int
    amount_cents: int


def differences_of(
    event: object, products: Products, producers: Mapping[ProducerId, Producer], at_us: int
) -> Iterator[tuple[Difference, Line]]:
    """What a sale or capture sold otherwise than the price list that its convention had then."""
    if not products.prices or not isinstance(event, SaleDecided | CaptureDecided):
        return
    if event.code not in (Code.APPROVED, Code.PARTIAL):
        return
    for line in goods(event):
        seller = producers.get(line.payee or event.op.producer)
        convention = seller.convention_at(at_us) if seller is not None else None
        if convention is not None and line.product is not None and line.amount_cents:
            found = difference(line, convention.convention, convention.producer, products)
            if found is not None:
                yield found, line


def difference(line: Line, convention: ConventionId, producer: ProducerId, products: Products) -> Difference | None:
    """None for a product without a listed price, and for one sold as listed."""
    unit_cents = products.prices.get(convention, {}).get(line.product or "")
    if unit_cents is None or line.product is None:
        return None
    listed = products.listed[line.product]
    sold, less, share = None, 0, 0
    if line.qty_milli:
        off = line.amount_cents * MILLI - unit_cents * line.qty_milli  # thousandths of a cent
        if abs(off) >= MILLI:
            sold = int(half_up(MILLI, line.amount_cents, line.qty_milli))
            less = sold - unit_cents
            sign, wanted = (1 if off > 0 else -1), unit_cents * line.qty_milli
            share = sign * half_up(10_000, abs(off), wanted) if wanted else 0
    if sold is None and line.category == listed.category:
        return None
    return Difference(
        convention, producer, line.product, line.category, listed.category, unit_cents, sold, less, share,
    )


def summed(found: Iterable[tuple[Difference, Line]]) -> list[Found]:
    """Equal differences together, by convention and product, the dearest first."""
    sums: dict[Difference, tuple[int, int]] = {}
    for one, line in found:
        lines, cents = sums.get(one, (0, 0))
        sums[one] = lines + 1, cents + line.amount_cents
    order = sorted(sums, key=lambda one: (one.convention, one.product, -one.difference_cents, one.category))
    return [Found(one, sums[one][0], Cents(sums[one][1])) for one in order]
