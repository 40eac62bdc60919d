"""Law: rows become a page in the order of their positions, without a hole; sales as sums, everything else as events."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, Final

from clearing.events.caisse import CaisseFounded
from clearing.events.codec import decode
from clearing.projections.page import QUARTER_US, CivilTime, Page, Recorded
from clearing.projections.sold import SALE, SaleBody, Sold

BREATH_EVENTS: Final = 128  # about 1 ms

Row = Any
"""(position, type, schema_version, at_us, public, private), as the log hands it out."""


class LogHole(Exception):
    """The log lacks a position: nothing after it may be shown. Run `clearing audit`; restore the log before you go on."""


class PageReader:
    """Makes pages of one caisse's log. civil: None until its founding was read or told."""

    def __init__(self, schema: str) -> None:
        self._schema = schema
        self.civil: CivilTime | None = None
        self._quarter = -1
        self._day = date.min

    def read(self, rows: Sequence[Row], page: Page) -> Iterator[None]:
        """Fill an empty page with these rows, some at a time: who shares a loop may breathe in between.

        Raises LogHole when they do not follow its beginning one by one, UnreadableEvent.
        """
        if rows:
            page.first_us, page.last_us = rows[0][3], rows[-1][3]
        for start in range(0, len(rows), BREATH_EVENTS):
            self._take(page, rows[start : start + BREATH_EVENTS])
            yield

    def _take(self, page: Page, rows: Iterable[Row]) -> None:
        sales: list[SaleBody] = []
        for row in rows:
            position, kind, version, at_us, public, private = row
            if position != page.last + 1:
                raise LogHole(
                    f"{self._schema} has no event {page.last + 1}: after {page.last} comes {position}. The views stop here, "
                    "the log is damaged: run `clearing audit` and restore the log, then start again"
                )
            page.last = position
            event = None
            if kind != SALE:
                event = decode(kind, version, public, private)
                if isinstance(event, CaisseFounded):
                    self.civil, self._quarter = CivilTime(event.zone), -1
            if at_us // QUARTER_US != self._quarter:
                self._sell(page, sales)
                self._turn(at_us)
            if event is None:
                sales.append((position, version, public, private))
            else:
                page.recorded.append(Recorded(position, at_us, self._day, event))
        self._sell(page, sales)

    def _turn(self, at_us: int) -> None:
        """A new quarter of an hour, which may be another day."""
        if self.civil is None:
            raise LogHole(f"{self._schema} does not begin with the founding of its caisse; run `clearing audit`")
        self._quarter, self._day = at_us // QUARTER_US, self.civil.at(at_us).date()

    def _sell(self, page: Page, sales: list[SaleBody]) -> None:
        """The sales so far, which are of the day that is about to end."""
        if not sales:
            return
        if not page.sold or page.sold[-1].day != self._day:
            page.sold.append(Sold(self._day))
        try:
            page.sold[-1].take(sales)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            for _, version, public, private in sales:
                decode(SALE, version, public, private)  # says which field is not what it must be
            raise
        sales.clear()
