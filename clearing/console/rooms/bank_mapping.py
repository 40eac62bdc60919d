"""Law: how a bank's CSV is read is said once, and looked at on its own first lines before it is kept."""

import csv
from collections.abc import Mapping, Sequence
from typing import Final

from clearing.authoriser.forms.fields import Choice, Form, Id, Text
from clearing.bank.statement import Unreadable
from clearing.bank.tables import read_table
from clearing.bank.texts import decoded
from clearing.console.pages import Answer, Shows, Visit, page
from clearing.console.rooms.cards import give, notice
from clearing.console.sheets import sheet
from clearing.events.bank import ColumnMapping
from clearing.rules.treasury.bank import mapping_problem

SAMPLE_LINES: Final = 20
SAMPLE_CHARS_MAX: Final = 20_000
SHOWN_MAX: Final = 8
_COLUMNS: Final = ColumnMapping._fields[3:]
_NEEDED: Final = ("on",)
_DELIMITERS: Final = ((";", "A semicolon"), (",", "A comma"), ("tab", "A tabulator"), ("|", "A vertical bar"))
_DECIMALS: Final = ((",", "A comma: 12,50"), (".", "A point: 12.50"))
_DAYS: Final = (("dmy", "Day, month, year"), ("ymd", "Year, month, day"), ("mdy", "Month, day, year"))
_WORDS: Final = {"delimiter": _DELIMITERS, "decimal": _DECIMALS, "days": _DAYS}
_LABELS: Final = {
    "name-of-it": "Short name of this way of reading, like the bank's", "delimiter": "Between two columns stands",
    "decimal": "Before the cents stands", "days": "A day is written as", "on": "Column of the day on which the bank booked",
    "amount": "Column of signed amounts, if there is one", "debit": "Column of what went out, if there are two",
    "credit": "Column of what came in, if there are two", "text": "Column of what the line is about",
    "name": "Column of who is on the other side", "iban": "Column of the account of the other side",
    "reference": "Column of the bank's own number of the line", "balance": "Column of the balance after the line",
}  # fmt: skip
_HINTS: Final[Mapping[str, Sequence[str]]] = {
    "on": ("comptab", "date"), "debit": ("débit", "debit"), "credit": ("crédit", "credit"),
    "amount": ("montant", "amount"), "text": ("libell", "text", "label", "détail", "detail"),
    "name": ("nom", "tiers", "name", "contrepartie"), "iban": ("iban",), "reference": ("référence", "reference", "numéro"),
    "balance": ("solde", "balance"),
}  # fmt: skip


_FORM: Final[Form] = {
    "name-of-it": Id(new=True),
    **{name: Choice(words=tuple(value for value, _ in pairs)) for name, pairs in _WORDS.items()},
    **{name: Text(of="column", optional=name not in _NEEDED) for name in _COLUMNS},
}  # fmt: skip
MAPPING: Final = sheet(_FORM, _LABELS, _WORDS)
"""Columns are chosen from the heading of the file."""


async def act(visit: Visit) -> Answer:
    """The file's first lines; then, as often as one likes, how they would be read; then it is kept."""
    file = visit.files.get("file")
    if file is not None and file.content:
        return _first(visit, file.content)
    sample = visit.given("sample")[:SAMPLE_CHARS_MAX]
    if not sample:
        return _shown(visit, why="Choose the file that the bank's page gave.")
    body, problems = MAPPING.read(visit)
    if problems:
        return _shown(visit, sample=sample, problems=problems)
    columns = _mapping(body)
    wrong = mapping_problem(columns) or _unread(sample, columns)
    if wrong or visit.given("act") != "save":
        return _shown(visit, sample=sample, why=wrong, columns=None if wrong else columns)
    name = str(body["name-of-it"])
    mapping = {field: value for field, value in columns._asdict().items() if value}
    mapping["delimiter"] = "tab" if columns.delimiter == "\t" else columns.delimiter
    told = await give(visit, "save_column_mapping", {"name": name, "mapping": mapping})
    if not told.done:
        return _shown(visit, sample=sample, why=told.why, columns=columns)
    await notice(visit, "It is saved. Now import the file, and choose {name} for its columns.", name=name)
    return Answer(go_to=visit.path("bank"))


@page("bank/mapping", "How a CSV is read", roles=("treasurer",), shows=Shows.PERSONS, post=act, takes_file=True)
async def mapping(visit: Visit) -> Answer:
    return _shown(visit)


def _first(visit: Visit, content: bytes) -> Answer:
    """The first lines of a file, with a guess at its columns."""
    if content[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF") or content.lstrip()[:1] == b"<":
        return _shown(visit, why="This is no CSV: choose a text file with columns, or import XML, OFX and QIF as they are.")
    try:
        lines = decoded(content).split("\n")
    except Unreadable as fault:
        return _shown(visit, why=str(fault))
    start = next((place for place, line in enumerate(lines[:60]) if len(_cells(line, _delimiter(lines))) > 2), 0)
    sample = "\n".join(line.rstrip("\r") for line in lines[start : start + SAMPLE_LINES])[:SAMPLE_CHARS_MAX]
    return _shown(visit, sample=sample, guess=_guess(sample))


def _delimiter(lines: Sequence[str]) -> str:
    return max((";", ",", "\t", "|"), key=lambda sign: sum(line.count(sign) for line in lines[:60]))


def _cells(line: str, delimiter: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]


def _heading(sample: str, delimiter: str) -> list[str]:
    sign = {"tab": "\t"}.get(delimiter, delimiter) or _delimiter(sample.split("\n"))
    return [cell for cell in _cells(sample.partition("\n")[0], sign) if cell]


def _guess(sample: str) -> dict[str, str]:
    """Which column may be which, by its name; a person looks at it before it is kept."""
    sign = _delimiter(sample.split("\n"))
    heading, found = _heading(sample, sign), dict[str, str]()
    for field, hints in _HINTS.items():
        name = next((cell for hint in hints for cell in heading if hint in cell.lower() and cell not in found.values()), "")
        if name:
            found[field] = name
    if "debit" in found and "credit" in found:
        found.pop("amount", None)
    else:
        found.pop("debit", None)
        found.pop("credit", None)
    return found | {"delimiter": "tab" if sign == "\t" else sign, "decimal": "." if sign == "," else ",", "days": "dmy"}


def _mapping(body: Mapping[str, object]) -> ColumnMapping:
    delimiter = str(body["delimiter"])
    columns = {name: str(body.get(name) or "") for name in _COLUMNS}
    return ColumnMapping("\t" if delimiter == "tab" else delimiter, str(body["decimal"]), str(body["days"]), **columns)


def _unread(sample: str, columns: ColumnMapping) -> str:
    """Why its first lines can't be read like this; "" when they can."""
    try:
        read_table(sample.encode(), columns)
    except Unreadable as fault:
        return str(fault)
    return ""


def _read(visit: Visit, sample: str, columns: ColumnMapping) -> list[dict[str, str]]:
    statement, words = read_table(sample.encode(), columns), visit.words
    return [
        {"day": words.day(entry.on), "cents": words.euros(entry.cents), "name": entry.lines[0].name,
         "text": entry.lines[0].text, "balance": "" if entry.balance_cents is None else words.euros(entry.balance_cents)}
        for entry in statement.entries[:SHOWN_MAX]
    ]  # fmt: skip


def _shown(
    visit: Visit, *, sample: str = "", guess: Mapping[str, str] | None = None, problems: dict[str, str] | None = None,
    why: str = "", columns: ColumnMapping | None = None,
) -> Answer:
    words = visit.words
    sign = visit.given("delimiter") or (guess or {}).get("delimiter", "")
    heading = _heading(sample, sign) if sample else []
    named = [(cell, cell) for cell in dict.fromkeys(heading)]
    fields = MAPPING.drawn(
        visit, problems=problems, first=guess, choices_of=lambda _, of: named if of == "column" else None
    ) if sample else ()  # fmt: skip
    delimiter = {"tab": "\t"}.get(sign, sign) or ";"
    return Answer("bank_mapping.html", {
        "why": words.refusal(words.say(why)) if why else "", "sample": sample, "fields": fields,
        "lines": [_cells(line, delimiter) for line in sample.split("\n")[:SHOWN_MAX] if line] if sample else [],
        "read": _read(visit, sample, columns) if columns is not None else [],
        "saved": [(name, one.on, one.amount or f"{one.debit}, {one.credit}") for name, one in visit.book.bank.mappings.items()],
    }, status=422 if why or problems else 200)  # fmt: skip
