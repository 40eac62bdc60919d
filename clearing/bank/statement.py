"""Law: every format of statement becomes one shape, in whole cents; a balance that does not add up is told with its line.

Nothing here is sealed yet: names, accounts and texts are plain, and stay in the memory of who reads the file.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from clearing.values import CENTS_MAX, InvalidValue, money

CURRENCY: Final = "EUR"
TEXT_CHARS_MAX: Final = 500
REFERENCE_CHARS_MAX: Final = 140
YEARS: Final = range(1990, 2200)


class Unreadable(InvalidValue):
    """The file can't be taken; the text says where and why, and what to do. Nothing of it was recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One payment. cents: below zero when money left. end_to_end: the id that its payer gave it. code: ISO reason of what
    came back. kind: "", return, charge, interest. name, iban: of who is on the other side."""

    cents: int
    end_to_end: str = ""
    code: str = ""
    kind: str = ""
    name: str = ""
    iban: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One booking. place: where in the file, for people ("entry 3", "line 12"). reference: the bank's own. balance_cents:
    after it, where the file says so. lines: its payments, which add up to it."""

    place: str
    on: date
    cents: int
    reference: str = ""
    balance_cents: int | None = None
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """source: camt.053, camt.054, csv, ofx, qif. account: IBAN, or what the bank calls it; "" when the file names none.
    Balances: before from_on and at the end of to_on."""

    source: str
    account: str
    from_on: date
    to_on: date
    opening_cents: int | None
    closing_cents: int | None
    entries: tuple[Entry, ...]


def checked(statement: Statement) -> Statement:
    """The statement, if it adds up. Raises Unreadable with the line that does not."""
    if statement.from_on > statement.to_on:
        raise Unreadable(f"The statement ends on {statement.to_on}, before it begins on {statement.from_on}; ask the bank "
                         "for it again.")  # fmt: skip
    for entry in statement.entries:
        _check_entry(entry, statement)
    _check_running(statement)
    if statement.opening_cents is not None and statement.closing_cents is not None:
        expected = statement.opening_cents + sum(entry.cents for entry in statement.entries)
        if expected != statement.closing_cents:
            raise Unreadable(_does_not_add_up(statement, statement.closing_cents - expected))
    return statement


def _check_entry(entry: Entry, statement: Statement) -> None:
    if entry.on.year not in YEARS:
        raise Unreadable(f"{entry.place}: the day {entry.on} can't be right; look at the order of day, month and year.")
    if not statement.from_on <= entry.on <= statement.to_on:
        raise Unreadable(f"{entry.place}: its day {entry.on} is outside of the statement, which goes from {statement.from_on} "
                         f"to {statement.to_on}.")  # fmt: skip
    if abs(entry.cents) > CENTS_MAX:
        raise Unreadable(f"{entry.place}: {money(entry.cents)} is more than a transfer can be; look at its zeros.")
    parts = sum(line.cents for line in entry.lines)
    if not entry.lines or parts != entry.cents:
        raise Unreadable(f"{entry.place}: its parts add up to {money(parts)}, it is {money(entry.cents)}.")


def _check_running(statement: Statement) -> None:
    """A balance beside each line names the very line that is wrong. Files list the newest line first, or the oldest."""
    known = [entry for entry in statement.entries if entry.balance_cents is not None]
    if len(known) != len(statement.entries) or len(known) < 2:
        return
    oldest_first, newest_first = _first_wrong(known), _first_wrong(known[::-1])
    if oldest_first is not None and newest_first is not None:
        raise Unreadable(max(oldest_first, newest_first)[1])


def _first_wrong(entries: list[Entry]) -> tuple[int, str] | None:
    """(how many lines agreed before it, what is wrong with it); None when all agree."""
    before = entries[0].balance_cents or 0
    for place, entry in enumerate(entries[1:], start=1):
        before += entry.cents
        if before != entry.balance_cents:
            return place, (f"{entry.place}: the balance after it is {money(entry.balance_cents or 0)} in the file, "
                           f"{money(before)} by the line before and its {money(entry.cents)}. A line is missing there, or "
                           "one was changed: ask the bank for the file again.")  # fmt: skip
    return None


def _does_not_add_up(statement: Statement, missing: int) -> str:
    said = (
        f"The statement does not add up: from {money(statement.opening_cents or 0)} its {len(statement.entries)} lines lead to "
        f"{money((statement.closing_cents or 0) - missing)}, it says {money(statement.closing_cents or 0)}."
    )
    suspect = next(_suspects(statement, missing), f"{money(missing)} are missing")
    return f"{said} {suspect}. Nothing of it was taken; ask the bank for the file again."


def _suspects(statement: Statement, missing: int) -> Iterator[str]:
    """Lines that alone would explain the difference, the likeliest first."""
    twice = Counter((entry.on, entry.cents, entry.lines) for entry in statement.entries)
    for entry in statement.entries:
        if entry.cents == -missing and twice[entry.on, entry.cents, entry.lines] > 1:
            yield f"{entry.place} ({money(entry.cents)}) stands there twice"
    for entry in statement.entries:
        if entry.cents == -missing:
            yield f"{entry.place} ({money(entry.cents)}) does not belong to it"
    for entry in statement.entries:
        if -2 * entry.cents == missing:
            yield f"{entry.place} ({money(entry.cents)}) has the wrong sign"
