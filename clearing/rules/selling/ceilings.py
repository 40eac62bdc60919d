"""Law: a ceiling counts what a payer paid in the civil day, month or year of the sale; what comes back, comes back there."""

from collections.abc import Iterable
from datetime import date

from clearing.events.basket import Return, Share
from clearing.events.charte import Charte, Payer, Span
from clearing.rules.selling.terms import indexed
from clearing.values import MemberId, PayerId


def _period(span: Span, day: date) -> int:
    if span is Span.YEAR:
        return day.year
    if span is Span.MONTH:
        return day.year * 12 + day.month
    return day.toordinal()


class Usage:
    """Cents used per (payer, span, period, member or all). Holds only payers that have a ceiling over more than one sale."""

    def __init__(self) -> None:
        self.cents: dict[tuple[PayerId, Span, int, MemberId | None], int] = {}

    def used(self, payer: PayerId, span: Span, day: date, member: MemberId | None) -> int:
        """Cents used so far in the span that holds `day`; member None: by all together."""
        return self.cents.get((payer, span, _period(span, day), member), 0)

    def count(self, charte: Charte, parts: Iterable[Share | Return], day: date, member: MemberId | None, sign: int) -> None:
        """Add (sign 1) or give back (sign -1) shares of a sale made on `day` under `charte`."""
        limited = indexed(charte).limited
        if not limited:
            return
        for part in parts:
            payer = limited.get(part.payer)
            if payer is not None and part.step == "payer":
                self._count(payer, part.cents * sign, day, member)

    def _count(self, payer: Payer, cents: int, day: date, member: MemberId | None) -> None:
        for ceiling in payer.ceilings:
            if ceiling.span is Span.SALE:
                continue
            key = (payer.id, ceiling.span, _period(ceiling.span, day), member if ceiling.per_purse else None)
            left = self.cents.get(key, 0) + cents
            if left:
                self.cents[key] = left
            else:
                self.cents.pop(key, None)
