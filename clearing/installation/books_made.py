"""Law: beside a month's books stands what they come to, so that who reads them later need not read the log again; made again
it is the same bytes.

Of a closed month it is the bytes that two people agreed on, or nothing was written (cli/bookkeeping.py).
"""

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from clearing.books.kept import Span
from clearing.installation.home import Home
from clearing.values import CaisseCode

MADE: Final = "made.json"
FILES: Final = ("journal.csv", "paheko.csv", "balance.csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class BooksMade:
    """at_us: when; nowhere: accounts of the ledger that the plan did not know. sha256: of the journal."""

    period: str
    plan: int
    entries: int
    debit_cents: int
    sha256: bytes
    nowhere: tuple[str, ...]
    at_us: int


def as_made(span: Span) -> bytes:
    return json.dumps({
        "period": span.period, "plan": span.plan, "entries": span.entries, "debit_cents": span.debit_cents,
        "sha256": span.sha256.hex(), "nowhere": span.nowhere,
    }).encode()  # fmt: skip


def folder_of(home: Home, code: CaisseCode, period: str) -> Path:
    return home.files / code / "books" / period


def books_made(home: Home, code: CaisseCode, period: str) -> BooksMade | None:
    """None when they were not made here, or what stands there can't be read."""
    path = folder_of(home, code, period) / MADE
    try:
        said: Any = json.loads(path.read_bytes())
        return BooksMade(
            period=str(said["period"]), plan=int(said["plan"]), entries=int(said["entries"]),
            at_us=path.stat().st_mtime_ns // 1_000, debit_cents=int(said["debit_cents"]), sha256=bytes.fromhex(said["sha256"]),
            nowhere=tuple(str(name) for name in said["nowhere"]),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError):
        return None


def sheet_rows(content: bytes) -> list[list[str]]:
    """The cells of a sheet of the house, without the apostrophe that keeps a text a text."""
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";")
    return [[cell.removeprefix("'") for cell in row] for row in rows]
