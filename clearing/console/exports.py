"""Law: whatever a page shows in tables can be taken away as a sheet, and the sheet has the page's own cells, no other.

So no export can tell more than its page: it is read out of the page that this very person would see.
"""

import re
from html.parser import HTMLParser
from typing import Final

from clearing.settlement.sheet import Row, render_sheet, text_cell

_FRENCH: Final = re.compile(r"(-?)([0-9][0-9\u00a0\u202f ]*),([0-9]{2})[\u00a0\u202f ]?€")
_ENGLISH: Final = re.compile(r"(-?)€([0-9][0-9,]*)\.([0-9]{2})")
_COUNT: Final = re.compile(r"-?[0-9]{1,15}")
_HEADINGS: Final = ("h1", "h2", "h3", "caption")
_CELLS: Final = ("td", "th")
_APART: Final = frozenset({"br", "li", "p", "div", "a", "dd", "dt"})


class _Tables(HTMLParser):
    """rows: of all tables of a page, each below the heading it stands under."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.heading = ""
        self._row: list[str] = []
        self._text: list[str] | None = None
        self._span = 1
        self._sum = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "table":
            self.rows += [(), (text_cell(self.heading),)] if self.rows else [(text_cell(self.heading),)]
        elif tag == "tr":
            self._row = []
        elif tag in _CELLS or tag in _HEADINGS:
            self._text, self._span = [], int(named.get("colspan") or 1)
            self._sum = "sum" in (named.get("class") or "").split()
        elif tag in _APART and self._text:
            self._text.append(" ")

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        text = " ".join("".join(self._text or ()).split())
        if tag in _CELLS:
            self._row += [cell(text, counts=self._sum), *("" for _ in range(self._span - 1))]
            self._text = None
        elif tag in _HEADINGS:
            self.heading, self._text = text, None
            if tag == "caption":
                self.rows[-1] = (text_cell(text),)
        elif tag == "tr":
            self.rows.append(tuple(self._row))


def cell(text: str, *, counts: bool = False) -> str:
    """An amount to calculate with, "1 234,50 €" -> "1234,50"; a number of a column of numbers; else text that stays text."""
    for amount in (_FRENCH, _ENGLISH):
        found = amount.fullmatch(text)
        if found is not None:
            return f"{found[1]}{re.sub(r'[^0-9]', '', found[2])},{found[3]}"
    return text if counts and _COUNT.fullmatch(text) else text_cell(text)


def sheet_of(html: str) -> bytes | None:
    """The tables of a page below each other; None when it has none."""
    tables = _Tables()
    tables.feed(html)
    tables.close()
    return render_sheet(tables.rows) if tables.rows else None
