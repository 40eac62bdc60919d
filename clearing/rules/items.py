"""Law: lines of one category, product and payee are added up before any rounding, and funded in the charte's order.

What was decided for a sum is spread back over the terminal's own lines, so that each line's cents stay within the line.
"""

from collections.abc import Mapping, Sequence

from clearing.events.basket import Line
from clearing.values import CategoryId, Cents, PayerId, ProducerId, largest_remainder

UNIT_MILLI = 1_000


class Item:
    """One merged line while it is being funded. unsold, price and rest in cents; qty in thousandths or None."""

    __slots__ = (
        "amount", "category", "eligible", "last", "lines", "payee", "price", "product", "qty", "rates", "rest", "short",
        "surplus", "unsold", "unsold_milli",
    )  # fmt: skip

    def __init__(self, index: int, line: Line, payee: ProducerId, eligible: bool) -> None:
        self.category, self.product, self.payee, self.eligible = line.category, line.product, payee, eligible
        self.lines = [index]
        self.amount: int = line.amount_cents
        self.qty = line.qty_milli
        self.reopen()

    def add(self, index: int, line: Line) -> None:
        """A quantity missing on one line is missing on the sum: a fund pays for no guessed unit."""
        self.lines.append(index)
        self.amount += line.amount_cents
        self.price = self.rest = self.amount
        self.qty = None if self.qty is None or line.qty_milli is None else self.qty + line.qty_milli

    def reopen(self) -> None:
        """Forget what an earlier attempt decided about this line."""
        self.price = self.rest = self.amount
        self.unsold = self.unsold_milli = self.rates = 0
        self.last = -1
        self.short = False
        self.surplus: tuple[PayerId, str, int] | None = None

    def drop(self) -> None:
        """Not sold at all: a payer that must carry it whole can't."""
        self.reopen()
        self.price = self.rest = 0
        self.unsold, self.unsold_milli = self.amount, self.qty or 0

    @property
    def sold(self) -> int:
        return self.amount - self.unsold

    @property
    def sold_milli(self) -> int:
        return (self.qty or 0) - self.unsold_milli


def merge(
    lines: Sequence[Line],
    producer: ProducerId,
    categories: Mapping[CategoryId, int],
    eligible: frozenset[CategoryId] | None,
) -> list[Item]:
    """The basket in funding order: the charte's category, then product, then payee; what is not eligible comes last."""
    found: dict[tuple[CategoryId, str | None, ProducerId], Item] = {}
    for index, line in enumerate(lines):
        payee = line.payee or producer
        key = (line.category, line.product, payee)
        item = found.get(key)
        if item is None:
            covered = line.category in categories and (eligible is None or line.category in eligible)
            found[key] = Item(index, line, payee, covered)
        else:
            item.add(index, line)
    items = list(found.values())
    if len(items) > 1:
        last = len(categories)
        items.sort(key=lambda i: (
            categories.get(i.category, last), i.category, i.product is not None, i.product or "", i.payee,
        ))  # fmt: skip
    return items


def spread(
    items: Sequence[Item], paid: Sequence[int], lines: Sequence[Line]
) -> tuple[tuple[Cents, ...], tuple[Cents, ...]]:
    """Cents paid and cents unsold per line of the request. paid: cents per item.

    What is not sold falls on an item's last lines (whole baskets stay whole); what is paid falls on what is sold by largest
    remainder, first listed first. Never more than the line on any line.
    """
    on_paid, on_unsold = [Cents(0)] * len(lines), [Cents(0)] * len(lines)
    for item, cents in zip(items, paid, strict=True):
        if len(item.lines) == 1:
            on_paid[item.lines[0]], on_unsold[item.lines[0]] = Cents(cents), Cents(item.unsold)
            continue
        left = item.unsold
        for index in reversed(item.lines):
            on_unsold[index] = Cents(min(left, lines[index].amount_cents))
            left -= on_unsold[index]
        sold = [lines[index].amount_cents - on_unsold[index] for index in item.lines]
        for index, part in zip(item.lines, largest_remainder(cents, sold), strict=True):
            on_paid[index] = part
    return tuple(on_paid), tuple(on_unsold)
