"""Law: the file of accounting entries has its 18 columns, numbers without a gap, and holds what can't change.

Source: article A.47 A-1 of the livre des procédures fiscales. A month that is open stands in a draft only, as valid on the
day of its entry, or of the last closing if that is later: so the file stays in the order of its validations.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from clearing.books.journal import Entry, Month
from clearing.books.kept import Kept
from clearing.books.plan import Plan
from clearing.books.sheets import number_of, plain
from clearing.settlement.sheet import money_cell

COLUMNS: Final = (
    "JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum", "CompAuxLib",
    "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet", "ValidDate", "Montantdevise",
    "Idevise",
)  # fmt: skip


class NoFec(Exception):
    """No such file can be made yet; the text says what is missing."""


def fec(kept: Kept, ends_in: int, *, draft: bool = False) -> tuple[str, bytes]:
    """(name, content) of the accounting year that ends in this civil year. draft: with open months. Raises NoFec, NoPlan."""
    siren = kept.newest().said.siren
    if not siren:
        raise NoFec('A FEC is named by the SIREN: write siren = "..." into the plan of accounts, and record it again.')
    year = kept.year(ends_in)
    held = [month for month in year if draft or kept.valid_on(month.period) is not None]
    if not any(month.entries for month in held):
        raise NoFec(f"No month of the year {ends_in} is closed yet: `clearing books propose MONTH`, or add --draft.")
    lines = ["\t".join(COLUMNS), *_lines(kept, held)]
    return f"{siren}FEC{kept.year_ends(ends_in):%Y%m%d}.txt", "".join(f"{line}\r\n" for line in lines).encode()


def _lines(kept: Kept, months: Iterable[Month]) -> Iterator[str]:
    """A journal or an account keeps the name it first has in the whole file, whatever later plans say."""
    latest, called = date.min, dict[str, str]()
    for month in months:
        valid_on, plan = kept.valid_on(month.period), kept.plan_of(month.period)
        for entry in sorted(month.entries, key=lambda entry: (entry.day, entry.code, entry.number)):
            latest = max(latest, valid_on or entry.day, entry.day)
            yield from _entry(kept, entry, plan, latest, called)


def _entry(kept: Kept, entry: Entry, plan: Plan, valid_on: date, called: dict[str, str]) -> Iterator[str]:
    label = plain(entry.label) or number_of(entry)
    piece = plain(entry.reference) or number_of(entry)
    journal = called.setdefault(f"journal {entry.code}", plain(entry.journal))
    for line in entry.lines:
        number, third = line.place
        name = plain(kept.gathered.names.get(third, third)) or third
        yield "\t".join((
            entry.code, journal, number_of(entry), _day(entry.day), number,
            called.setdefault(number, plain(plan.label(number))), third, name, piece,
            _day(entry.day), label, money_cell(max(0, line.cents)), money_cell(max(0, -line.cents)), "", "",
            _day(valid_on), "", "",
        ))  # fmt: skip


def _day(day: date) -> str:
    return f"{day:%Y%m%d}"
