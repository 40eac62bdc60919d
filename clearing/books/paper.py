"""Law: a paper is the same bytes for the same facts: its date is that of what it tells, never of the day it was printed.

A4, one font in two weights, embedded; tables break over pages with their head repeated; numbers stand right.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Final

from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos
from fpdf.fonts import FontFace

from clearing.books.layout import Column, Fonts
from clearing.books.words import Words

_FAMILY: Final = "DejaVu"
_SMALL, _PLAIN, _LARGE = 8.0, 9.5, 15.0
_LINE_MM: Final = 5.2
_GREY: Final = (245, 245, 242)


class Paper:
    """Say things from top to bottom, then take the bytes."""

    def __init__(self, fonts: Fonts, words: Words, *, title: str, caisse: str, dated: date) -> None:
        self._words = words
        self._pdf = _Page(words, caisse)
        self._pdf.set_creation_date(datetime(dated.year, dated.month, dated.day, tzinfo=UTC))
        self._pdf.set_lang(words.language)
        self._pdf.set_title(title)
        self._pdf.set_author(caisse)
        self._pdf.set_producer("clearing")
        self._pdf.add_font(_FAMILY, "", fonts.regular)
        self._pdf.add_font(_FAMILY, "B", fonts.bold)
        self._pdf.set_auto_page_break(auto=True, margin=20)
        self._pdf.add_page()
        self._say(caisse, size=_PLAIN)
        self._say(title, size=_LARGE, bold=True)
        self._pdf.ln(2)

    def _say(self, text: str, *, size: float = _PLAIN, bold: bool = False) -> None:
        self._pdf.set_font(_FAMILY, "B" if bold else "", size)
        self._pdf.multi_cell(0, _LINE_MM * size / _PLAIN, text, align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def heading(self, text: str) -> None:
        self._pdf.ln(3)
        self._say(text, size=11, bold=True)

    def text(self, text: str, *, small: bool = False) -> None:
        self._say(text, size=_SMALL if small else _PLAIN)
        self._pdf.ln(1.5)

    def pairs(self, pairs: Sequence[tuple[str, str]]) -> None:
        """What stands above a paper: a word and what it is."""
        for name, value in pairs:
            self._pdf.set_font(_FAMILY, "", _PLAIN)
            self._pdf.cell(52, _LINE_MM, name)
            self._pdf.set_font(_FAMILY, "B", _PLAIN)
            self._pdf.multi_cell(0, _LINE_MM, value or "-", align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._pdf.ln(2)

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]], *, sums: Sequence[str] = ()) -> None:
        """sums: a last row in bold; "" where there is none."""
        self._pdf.set_font(_FAMILY, "", _SMALL)
        with self._pdf.table(
            col_widths=tuple(column.share for column in columns), line_height=_LINE_MM, borders_layout="HORIZONTAL_LINES",
            text_align=tuple("RIGHT" if column.right else "LEFT" for column in columns), first_row_as_headings=True,
            headings_style=FontFace(emphasis="BOLD", fill_color=_GREY),
        ) as table:  # fmt: skip
            table.row([column.title for column in columns])
            for row in rows:
                table.row(list(row))
            if sums:
                self._pdf.set_font(_FAMILY, "B", _SMALL)
                table.row(list(sums))
                self._pdf.set_font(_FAMILY, "", _SMALL)
        self._pdf.ln(2)

    def pdf(self) -> bytes:
        return bytes(self._pdf.output())


class _Page(FPDF):
    """A foot on every page: whose paper it is, and which page of how many."""

    def __init__(self, words: Words, caisse: str) -> None:
        super().__init__(format="A4")
        self._words, self._caisse = words, caisse

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font(_FAMILY, "", 7)
        self.cell(0, 5, self._words.said("page", caisse=self._caisse, page=self.page_no(), pages="{nb}"), align="R")
