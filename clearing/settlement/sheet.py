"""Law: a sheet opens by double click in a French spreadsheet, shows what the log says, and runs nothing.

Semicolons, decimal commas and CRLF, because that is what a French spreadsheet reads and writes. UTF-8 *with* a byte
order mark: without it Excel reads accents as Windows-1252, and LibreOffice and Python ("utf-8-sig") take both.
"""

import csv
import io
import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Final, TypeAlias

Row: TypeAlias = tuple[str, ...]

_BLANKS: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
# A cell that starts so is run as a formula by one spreadsheet or another (the last four are full-width forms).
_FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_LOOKS_LIKE_A_NUMBER: Final = re.compile(r"[\d\s.,:/eE+-]*\d[\d\s.,:/eE+-]*")


def text_cell(text: str) -> str:
    """Text that stays text: on one line, and behind an apostrophe where a spreadsheet would calculate or renumber it.

    An id such as 12e45 or 0042 would otherwise come back as another number.
    """
    line = _BLANKS.sub(" ", text).strip()
    if line.startswith(_FORMULA) or _LOOKS_LIKE_A_NUMBER.fullmatch(line):
        return f"'{line}"
    return line


def money_cell(amount_cents: int) -> str:
    """Euros with a decimal comma and no thousands separator: 1249 is 12,49 and -280 is -2,80."""
    euros, cents = divmod(abs(amount_cents), 100)
    return f"{'-' if amount_cents < 0 else ''}{euros},{cents:02d}"


def date_cell(day: date) -> str:
    """JJ/MM/AAAA."""
    return f"{day.day:02d}/{day.month:02d}/{day.year:04d}"


def time_cell(moment: datetime) -> str:
    """HH:MM:SS on that moment's own clock, with the offset on the one night when an hour comes twice."""
    clock = f"{moment.hour:02d}:{moment.minute:02d}:{moment.second:02d}"
    other = moment.replace(fold=1 - moment.fold)
    return clock if other.utcoffset() == moment.utcoffset() else f"{clock} (UTC{moment.strftime('%z')})"


def render_sheet(rows: Iterable[Row]) -> bytes:
    """The rows as a file, in their order. Cells come from the four functions above or are fixed texts."""
    page = io.StringIO()
    csv.writer(page, delimiter=";", lineterminator="\r\n").writerows(rows)
    return page.getvalue().encode("utf-8-sig", errors="backslashreplace")
