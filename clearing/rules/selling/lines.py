"""Law: lines of one category, product and payee are added up before any rounding, and funded in the charte's order.

What was decided for a sum is spread back over the terminal's own lines, so that each line's cents stay within the line.
"""

from collections.abc import Mapping, Sequence
from operator import attrgetter

from clearing.events.basket import Line
from clearing.values import CategoryId, Cents, PayerId, ProducerId, largest_remainder

UNIT_MILLI = 1_000


class FundedLine:
    """Lines of one category, product and payee, added up. Changed while it is being funded, read afterwards.

    request_lines: indexes into the request, in its order. rest_cents: of the price to pay, what no payer has taken. paid_cents:
    by tariff funds and payers. unsold_cents, unsold_milli: not sold at its price, because whoever must carry it was short.
    short: a payer of it was cut short. surplus: (tariff, "fund:<id>", ten-thousandths above the price).
    A frozen copy of it in the answer cost 2 of the 20 microseconds that a line may take.
    """

    __slots__ = (
        "amount_cents", "category", "eligible", "paid_cents", "payee", "place", "price_to_pay_cents", "product", "qty_milli",
        "request_lines", "rest_cents", "short", "surplus", "unsold_cents", "unsold_milli",
    )  # fmt: skip

    amount_cents: int
    price_to_pay_cents: int
    rest_cents: int
    surplus: tuple[PayerId, str, int] | None

    def __init__(self, index: int, line: Line, payee: ProducerId, place: int | None, last: int) -> None:
        self.category, cents, self.product, _, self.qty_milli = line
        self.payee = payee
        self.eligible = place is not None
        self.place = last if place is None else place
        self.request_lines = [index]
        self.amount_cents = self.price_to_pay_cents = self.rest_cents = cents
        self.paid_cents = self.unsold_cents = self.unsold_milli = 0
        self.short = False
        self.surplus = None

    @property
    def order(self) -> tuple[int, str, bool, str, str]:
        """Where it stands in the funding order."""
        return self.place, self.category, self.product is not None, self.product or "", self.payee

    def add(self, index: int, line: Line) -> None:
        """A quantity missing on one line is missing on the sum: a fund pays for no guessed unit."""
        self.request_lines.append(index)
        self.amount_cents += line.amount_cents
        self.price_to_pay_cents = self.rest_cents = self.amount_cents
        self.qty_milli = None if self.qty_milli is None or line.qty_milli is None else self.qty_milli + line.qty_milli

    def reopen(self) -> None:
        """Forget what an earlier attempt decided about this line."""
        self.price_to_pay_cents = self.rest_cents = self.amount_cents
        self.paid_cents = self.unsold_cents = self.unsold_milli = 0
        self.short = False
        self.surplus = None

    def drop(self) -> None:
        """Not sold at all: a payer that must carry it whole can't."""
        self.reopen()
        self.price_to_pay_cents = self.rest_cents = 0
        self.unsold_cents, self.unsold_milli = self.amount_cents, self.qty_milli or 0

    @property
    def sold_cents(self) -> int:
        return self.amount_cents - self.unsold_cents

    @property
    def sold_units(self) -> int:
        """Whole ones; 0 where the line is not counted in units."""
        return ((self.qty_milli or 0) - self.unsold_milli) // UNIT_MILLI


def merge(
    lines: Sequence[Line],
    producer: ProducerId,
    categories: Mapping[CategoryId, int],
    eligible: frozenset[CategoryId] | None,
) -> list[FundedLine]:
    """The basket in funding order: the charte's category, then product, then payee; what is not eligible comes last."""
    found: dict[tuple[CategoryId, str | None, ProducerId], FundedLine] = {}
    last, before, ordered = len(categories), -1, True
    for index, line in enumerate(lines):
        payee = line.payee or producer
        key = (line.category, line.product, payee)
        merged = found.get(key)
        if merged is None:
            place = categories.get(line.category) if eligible is None or line.category in eligible else None
            found[key] = one = FundedLine(index, line, payee, place, last)
            ordered = ordered and one.place > before  # tills list the categories in the charte's order
            before = one.place
        else:
            merged.add(index, line)
    return list(found.values()) if ordered else sorted(found.values(), key=_ORDER)


_ORDER = attrgetter("order")
_NOTHING = Cents(0)


def spread(funded: Sequence[FundedLine], lines: Sequence[Line]) -> tuple[tuple[Cents, ...], tuple[Cents, ...]]:
    """Cents paid and cents unsold per line of the request.

    What is not sold falls on a sum's last lines (whole baskets stay whole); what is paid falls on what is sold by largest
    remainder, first listed first. Never more than the line on any line.
    """
    paid: list[Cents] = [_NOTHING] * len(lines)
    unsold: list[Cents] = [_NOTHING] * len(lines)
    for each in funded:
        if len(each.request_lines) == 1:
            index = each.request_lines[0]
            paid[index], unsold[index] = each.paid_cents, each.unsold_cents  # type: ignore[call-overload]  # cents they are
            continue
        left = each.unsold_cents
        for index in reversed(each.request_lines):
            unsold[index] = Cents(min(left, lines[index].amount_cents))
            left -= unsold[index]
        sold = [lines[index].amount_cents - unsold[index] for index in each.request_lines]
        for index, part in zip(each.request_lines, largest_remainder(each.paid_cents, sold), strict=True):
            paid[index] = part
    return tuple(paid), tuple(unsold)
