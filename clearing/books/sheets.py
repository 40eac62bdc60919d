"""Law: what a treasurer opens by double click, and what Paheko imports as it is: the same entries, each file in its own words.

The journal is a sheet of the house (semicolons, decimal commas, byte order mark: settlement/sheet.py says why). Paheko's
file is its import layout "groupé": lines of one entry follow each other, only the first says label, date and piece; no
number, because Paheko gives its own; no type, because an empty one is refused. No byte order mark there: a header must be
read as it stands.
Source: Paheko's help on imports, and its own export of this layout.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from clearing.books.journal import Entry, Line, Month
from clearing.books.plan import Plan
from clearing.settlement.sheet import Row, date_cell, money_cell, render_sheet, text_cell

JOURNAL_COLUMNS: Final = (
    "Journal", "Écriture", "Date", "Compte", "Libellé du compte", "Tiers", "Nom du tiers", "Pièce", "Libellé", "Débit",
    "Crédit",
)  # fmt: skip
PAHEKO_COLUMNS: Final = (
    "Numéro d'écriture", "Libellé", "Date", "Remarques", "Numéro pièce comptable", "Numéro compte", "Libellé compte", "Débit",
    "Crédit", "Référence ligne", "Libellé ligne",
)  # fmt: skip
BALANCE_COLUMNS: Final = ("Compte", "Libellé", "Tiers", "Nom du tiers", "Débit", "Crédit", "Solde débiteur", "Solde créditeur")


def journal_sheet(months: Iterable[Month], plan: Plan, names: Mapping[str, str]) -> bytes:
    """Every line of these months: what two people agree on when a month is closed."""

    def rows() -> Iterator[Row]:
        yield JOURNAL_COLUMNS
        for entry in (entry for month in months for entry in month.entries):
            for line in entry.lines:
                number, third = line.place
                yield (
                    entry.code, number_of(entry), date_cell(entry.day), number, text_cell(plan.label(number)),
                    text_cell(third), text_cell(names.get(third, third)), text_cell(entry.reference),
                    text_cell(entry.label), *_amounts(line),
                )  # fmt: skip

    return render_sheet(rows())


def paheko_sheet(months: Iterable[Month], plan: Plan, names: Mapping[str, str]) -> bytes:
    """For Paheko: Comptabilité, exercice, Import, format "Groupé"."""
    page = io.StringIO()
    out = csv.writer(page, delimiter=";", lineterminator="\r\n")
    out.writerow(PAHEKO_COLUMNS)
    for entry in (entry for month in months for entry in month.entries):
        head: Row = ("", plain(entry.label), date_cell(entry.day), f"Journal {number_of(entry)}", plain(entry.reference))
        for line in entry.lines:
            number, third = line.place
            out.writerow((*head, number, plain(plan.label(number)), *_amounts(line), third, plain(names.get(third, third))))
            head = ("", "", "", "", "")
    return page.getvalue().encode("utf-8", errors="backslashreplace")


def balance_sheet(months: Iterable[Month], plan: Plan, names: Mapping[str, str]) -> bytes:
    """The sums of every account over these months (balance générale)."""
    debited, credited = dict[tuple[str, str], int](), dict[tuple[str, str], int]()
    for line in (line for month in months for entry in month.entries for line in entry.lines):
        sums = debited if line.cents > 0 else credited
        sums[line.place] = sums.get(line.place, 0) + abs(line.cents)
    rows: list[Row] = [BALANCE_COLUMNS]
    for place in sorted(debited.keys() | credited.keys()):
        number, third = place
        debit, credit = debited.get(place, 0), credited.get(place, 0)
        rows.append((
            number, text_cell(plan.label(number)), text_cell(third), text_cell(names.get(third, third)), money_cell(debit),
            money_cell(credit), money_cell(max(0, debit - credit)), money_cell(max(0, credit - debit)),
        ))  # fmt: skip
    total = money_cell(sum(debited.values())), money_cell(sum(credited.values()))
    return render_sheet([*rows, ("", "Total", "", "", *total, "", "")])


def number_of(entry: Entry) -> str:
    """BQ000012: unique in its accounting year."""
    return f"{entry.code}{entry.number:06d}"


def plain(text: str) -> str:
    """One line without what separates cells anywhere: neither tab nor bar nor line end."""
    return " ".join("".join(" " if char in "\t|" or not char.isprintable() else char for char in text).split())


def _amounts(line: Line) -> Row:
    return money_cell(max(0, line.cents)), money_cell(max(0, -line.cents))
