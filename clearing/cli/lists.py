"""Law: a list is read whole before anything is done with it; every line that can't be used is named with what it needs.

CSV with a header, commas or semicolons, UTF-8 (with or without a mark): what a French spreadsheet saves.
"""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from clearing.cli.desk import Misused
from clearing.installation.slips import Slips
from clearing.values import InvalidValue

_ROWS_MAX: Final = 20_000
_HEADER_SHOWN: Final = 80
_MEGABYTES_MAX: Final = 8


class Row(dict[str, str]):
    """Cells by column name. line: where it stands in its file, from 1."""

    __slots__ = ("line",)

    def __init__(self, cells: Mapping[str, str], line: int = 0) -> None:
        super().__init__(cells)
        self.line = line


def read_list(path: Path, *, needs: tuple[str, ...], may: tuple[str, ...] = ()) -> list[Row]:
    """Rows by column name, cells stripped. Raises Misused naming each line that can't be used."""
    slips = Slips()
    rows = collect_list(path, slips, needs=needs, may=may)
    try:
        slips.end()
    except InvalidValue as fault:
        raise Misused(str(fault)) from None
    return rows


def read_numbered(path: Path, *, needs: tuple[str, ...], may: tuple[str, ...] = ()) -> list[tuple[int, Row]]:
    """The same, each row with the number of its line, for who has more to say of it."""
    return [(row.line, row) for row in read_list(path, needs=needs, may=may)]


def collect_list(path: Path, slips: Slips, *, needs: tuple[str, ...], may: tuple[str, ...] = ()) -> list[Row]:
    """The rows that can be used; the others are among the slips. Raises Misused for what is no such list at all."""
    try:
        if path.stat().st_size > _MEGABYTES_MAX << 20:
            raise Misused(f"{path} is larger than {_MEGABYTES_MAX} MB; split the list")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as fault:
        raise Misused(f"{path} can't be read: {fault.strerror}") from None
    except UnicodeDecodeError:
        raise Misused(f"{path} is not UTF-8; save it from the spreadsheet as CSV UTF-8") from None
    header = text.split("\n", 1)[0]
    reader = csv.DictReader(text.splitlines(), delimiter=";" if ";" in header else ",")
    columns = [column.strip().lower() for column in reader.fieldnames or []]
    missing = [column for column in needs if column not in columns]
    unknown = [column for column in columns if column not in needs + may]
    if missing or unknown:
        if not columns:
            raise Misused(f"{path} is empty; its first line names the columns {', '.join(needs + may)}")
        raise Misused(f"The first line of {path} names the columns {', '.join(needs + may)}; "
                      + (f"{', '.join(missing)} is missing" if missing else f"{unknown[0]!r} is not one of them")
                      + f" (it says: {', '.join(columns)[:_HEADER_SHOWN]})")  # fmt: skip
    reader.fieldnames = columns
    return _rows(path, reader, needs, slips)


def _rows(path: Path, reader: "csv.DictReader[str]", needs: tuple[str, ...], slips: Slips) -> list[Row]:
    rows: list[Row] = []
    before = len(slips.found)
    for row in reader:
        if len(rows) >= _ROWS_MAX:
            raise Misused(f"{path}, line {reader.line_num}: more than {_ROWS_MAX} lines; split the list")
        if None in row:
            slips.add(path, reader.line_num, "more cells than columns")
            continue
        cells = {name: (value or "").strip() for name, value in row.items()}
        if not any(cells.values()):
            continue
        empty = [name for name in needs if not cells[name]]
        if empty:
            slips.add(path, reader.line_num, f"'{empty[0]}' is empty")
            continue
        rows.append(Row(cells, reader.line_num))
    if not rows and len(slips.found) == before:
        raise Misused(f"{path} has no line below its header")
    return rows
