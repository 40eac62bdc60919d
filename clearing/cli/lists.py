"""Law: a list is read whole before anything is done with it; the first line that can't be used is named with what it needs.

CSV with a header, commas or semicolons, UTF-8 (with or without a mark): what a French spreadsheet saves.
"""

import csv
from pathlib import Path
from typing import Final

from clearing.cli.desk import Misused

Row = dict[str, str]
_ROWS_MAX: Final = 20_000
_MEGABYTES_MAX: Final = 8


def read_list(path: Path, *, needs: tuple[str, ...], may: tuple[str, ...] = ()) -> list[Row]:
    """Rows by column name, cells stripped. Raises Misused naming the file's line."""
    return [row for _, row in read_numbered(path, needs=needs, may=may)]


def read_numbered(path: Path, *, needs: tuple[str, ...], may: tuple[str, ...] = ()) -> list[tuple[int, Row]]:
    """The same, each row with the number of its line, for who has more to say of it."""
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
        raise Misused(f"The first line of {path} names the columns {', '.join(needs + may)}; "
                      + (f"{', '.join(missing)} is missing" if missing else f"{unknown[0]!r} is not one of them"))  # fmt: skip
    reader.fieldnames = columns
    return _rows(path, reader, needs)


def _rows(path: Path, reader: "csv.DictReader[str]", needs: tuple[str, ...]) -> list[tuple[int, Row]]:
    rows: list[tuple[int, Row]] = []
    for row in reader:
        if None in row or len(rows) >= _ROWS_MAX:
            raise Misused(f"{path}, line {reader.line_num}: more cells than columns, or more than {_ROWS_MAX} lines")
        cells = {name: (value or "").strip() for name, value in row.items()}
        if not any(cells.values()):
            continue
        empty = [name for name in needs if not cells[name]]
        if empty:
            raise Misused(f"{path}, line {reader.line_num}: '{empty[0]}' is empty")
        rows.append((reader.line_num, cells))
    if not rows:
        raise Misused(f"{path} has no line below its header")
    return rows
