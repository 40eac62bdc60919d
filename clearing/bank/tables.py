"""Law: a CSV is read by the columns that a person named for this bank, and by nothing else; a line that can't be read is
named.

Banks write lines above the heading; the heading is the first line that has all named columns. Lines below it without a
day and an amount end the table.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final, Protocol

from clearing.bank.statement import Entry, Line, Statement, Unreadable, checked
from clearing.bank.texts import decoded, local_cents, local_day, plain, reference

HEADING_WITHIN: Final = 60  # lines: what banks write above it is an address and a balance
_SHOWN: Final = 6
_SUMS: Final = ("total", "solde")
"""What the text of a line begins with that is no payment but a sum of some."""


class Columns(Protocol):
    """How one bank's CSV is read; "" for a column that it has not."""

    @property
    def delimiter(self) -> str: ...
    @property
    def decimal(self) -> str: ...
    @property
    def days(self) -> str: ...
    @property
    def on(self) -> str: ...
    @property
    def amount(self) -> str: ...
    @property
    def debit(self) -> str: ...
    @property
    def credit(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def iban(self) -> str: ...
    @property
    def reference(self) -> str: ...
    @property
    def balance(self) -> str: ...


@dataclass(frozen=True, slots=True)
class _Row:
    """number: of its line in the file."""

    number: int
    cells: dict[str, str]

    @property
    def place(self) -> str:
        return f"line {self.number}"


def read_table(content: bytes, columns: Columns) -> Statement:
    """Raises Unreadable."""
    rows = list(_rows(decoded(content), columns))
    entries = [entry for row in rows if (entry := _entry(row, columns)) is not None]
    if not entries:
        raise Unreadable("Below the heading there is no line with a day and an amount; is it the right file?")
    opening, closing = _balances(entries)
    days = [entry.on for entry in entries]
    return checked(Statement(
        source="csv", account="", from_on=min(days), to_on=max(days), opening_cents=opening, closing_cents=closing,
        entries=tuple(entries),
    ))  # fmt: skip


def _rows(text: str, columns: Columns) -> Iterator[_Row]:
    reader = csv.reader(text.split("\n"), delimiter=columns.delimiter, strict=False)
    heading: list[str] | None = None
    wanted = [name for name in _named(columns) if name]
    best: list[str] = []
    try:
        for cells in reader:
            trimmed = [plain(cell) for cell in cells]
            if heading is not None:
                if any(trimmed[len(heading) :]):
                    raise Unreadable(f"line {reader.line_num}: it has more columns than the heading; is a text with the "
                                     "delimiter in it not in quotes? Nothing of the file was taken.")  # fmt: skip
                if any(trimmed):
                    yield _Row(reader.line_num, dict(zip(heading, trimmed, strict=False)))
            elif set(wanted) <= set(trimmed):
                heading = trimmed
                if any(trimmed.count(name) > 1 for name in wanted):
                    raise Unreadable("A column that the mapping names stands twice in the heading; rename one in the file.")
            elif reader.line_num > HEADING_WITHIN:
                break
            elif sum(map(bool, trimmed)) > sum(map(bool, best)):
                best = trimmed
    except csv.Error as fault:
        raise Unreadable(f"line {reader.line_num}: the file is no table ({fault}); download it again.") from None
    if heading is None:
        missing = [name for name in wanted if name not in best]
        shown = ", ".join(best[:_SHOWN]) or "none"
        raise Unreadable(f"No line has the columns that the mapping names; missing are {', '.join(missing)}. The file has: "
                         f"{plain(shown, 200)}. Is it another bank's file, or another delimiter?")  # fmt: skip


def _named(columns: Columns) -> tuple[str, ...]:
    return (
        columns.on, columns.amount, columns.debit, columns.credit, columns.text, columns.name, columns.iban,
        columns.reference, columns.balance,
    )


def _entry(row: _Row, columns: Columns) -> Entry | None:
    """None for a line that carries no payment: a total, an empty one."""
    day, about = row.cells.get(columns.on, ""), _cell(row, columns.text).lower()
    if about.startswith(_SUMS) or (day and not any(char.isdigit() for char in day)):
        return None
    cents = _cents(row, columns)
    if cents is None and not day:
        return None
    if cents is None or not day:  # a line that lost something
        lacks = "a day and no amount" if cents is None else "an amount and no day"
        raise Unreadable(f"{row.place}: it has {lacks}; nothing of the file was taken. Download it once more.")
    on: date = local_day(day, columns.days, row.place)
    after = row.cells.get(columns.balance, "") if columns.balance else ""
    line = Line(
        cents=cents, name=_cell(row, columns.name), iban=_cell(row, columns.iban).replace(" ", "").upper(),
        text=_cell(row, columns.text),
    )
    return Entry(
        place=row.place, on=on, cents=cents, reference=reference(_cell(row, columns.reference)),
        balance_cents=local_cents(after, columns.decimal, row.place) if after else None, lines=(line,),
    )


def _cell(row: _Row, column: str) -> str:
    return row.cells.get(column, "") if column else ""


def _cents(row: _Row, columns: Columns) -> int | None:
    if columns.amount:
        said = row.cells.get(columns.amount, "")
        return local_cents(said, columns.decimal, row.place) if said else None
    debit, credit = row.cells.get(columns.debit, ""), row.cells.get(columns.credit, "")
    if debit and credit:
        out, into = local_cents(debit, columns.decimal, row.place), local_cents(credit, columns.decimal, row.place)
        if out and into:
            raise Unreadable(f"{row.place}: it is a debit and a credit at once; is the mapping of this bank another one?")
        return into - abs(out)
    if debit:  # some banks write debits with a minus in their own column, some without
        return -abs(local_cents(debit, columns.decimal, row.place))
    return local_cents(credit, columns.decimal, row.place) if credit else None


def _balances(entries: list[Entry]) -> tuple[int | None, int | None]:
    """Of the file, when each line says the balance after it: the oldest line is first, or last."""
    first, last = entries[0], entries[-1]
    if any(entry.balance_cents is None for entry in entries):
        return None, None
    oldest, newest = (first, last) if _oldest_first(entries) else (last, first)
    return (oldest.balance_cents or 0) - oldest.cents, newest.balance_cents


def _oldest_first(entries: list[Entry]) -> bool:
    if entries[0].on != entries[-1].on:
        return entries[0].on < entries[-1].on
    return all(
        (before.balance_cents or 0) + after.cents == after.balance_cents
        for before, after in pairwise(entries)
    )
