"""Law: a FEC is judged by what stands in its bytes, not by what its writer meant: each breach is named with its line.

Source: article A.47 A-1 of the livre des procédures fiscales. Knows nothing of the writer but the 18 names.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

from clearing.books.fec import COLUMNS
from clearing.rules.treasury.account_plan import siren_holds

_NAME: Final = re.compile(r"([0-9]{9})FEC([0-9]{8})\.txt")
_AMOUNT: Final = re.compile(r"[0-9]+,[0-9]{2}")
_NUMBER: Final = re.compile(r"(.*?)([0-9]+)")
_DAYS: Final = ("EcritureDate", "PieceDate", "ValidDate")
_OPTIONAL: Final = frozenset({"CompAuxNum", "CompAuxLib", "EcritureLet", "DateLet", "Montantdevise", "Idevise"})
_PAIRS: Final = (("CompAuxNum", "CompAuxLib"), ("EcritureLet", "DateLet"), ("Montantdevise", "Idevise"))
Fields = dict[str, str]


class Judged(NamedTuple):
    """problems: sentences, none when the file holds. Sums in cents."""

    problems: tuple[str, ...]
    lines: int
    entries: int
    debit_cents: int
    credit_cents: int


def judge(name: str, content: bytes) -> Judged:
    """What is wrong with this file."""
    problems = list(_named(name))
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        return Judged((*problems, f"byte {error.start} is no UTF-8"), 0, 0, 0, 0)
    if not text.endswith("\r\n"):
        problems.append("the last line has no end")
    header, *rows = text.removesuffix("\r\n").split("\r\n")
    if tuple(header.split("\t")) != COLUMNS:
        return Judged((*problems, "line 1: the header is not that of the 18 columns"), 0, 0, 0, 0)
    found: list[tuple[int, Fields]] = []
    for number, row in enumerate(rows, start=2):
        cells = row.split("\t")
        if len(cells) != len(COLUMNS):
            problems.append(f"line {number}: {len(cells)} cells instead of {len(COLUMNS)}")
            continue
        fields = dict(zip(COLUMNS, cells, strict=True))
        problems += (f"line {number}: {why}" for why in _row(fields))
        found.append((number, fields))
    problems += _entries(found)
    problems += _order(found)
    entries = {(fields["JournalCode"], fields["EcritureNum"]) for _, fields in found}
    debit, credit = (sum(cents(fields[side]) for _, fields in found) for side in ("Debit", "Credit"))
    if debit != credit:
        problems.append(f"debits are {debit} cents, credits {credit}")
    return Judged(tuple(problems), len(found), len(entries), debit, credit)


def cents(cell: str) -> int:
    """ "12,50" -> 1250; 0 for what is no amount, which has been named."""
    return int(cell.replace(",", "")) if _AMOUNT.fullmatch(cell) else 0


def _named(name: str) -> Iterator[str]:
    found = _NAME.fullmatch(name)
    if found is None:
        yield f"{name} is not named <SIREN>FEC<AAAAMMJJ>.txt"
    elif not siren_holds(found[1]):
        yield f"{found[1]} in the name is no SIREN"
    elif not _is_day(found[2]):
        yield f"{found[2]} in the name is no day"


def _row(fields: Fields) -> Iterator[str]:
    for column, cell in fields.items():
        if not cell and column not in _OPTIONAL:
            yield f"{column} is empty"
        if "|" in cell or cell != cell.strip() or not cell.isprintable():
            yield f"{column} has a bar, a blank at its end or a control character"
    for column in _DAYS:
        if fields[column] and not _is_day(fields[column]):
            yield f"{column} {fields[column]} is no day"
    for column in ("Debit", "Credit"):
        if not _AMOUNT.fullmatch(fields[column]):
            yield f"{column} {fields[column]!r} is no amount like 12,50"
    if (cents(fields["Debit"]) > 0) == (cents(fields["Credit"]) > 0):
        yield "a line is either a debit or a credit"
    if not re.fullmatch(r"[1-8][0-9A-Z]{2,}", fields["CompteNum"]):
        yield f"CompteNum {fields['CompteNum']!r} is in no class from 1 to 8"
    for one, other in _PAIRS:
        if bool(fields[one]) != bool(fields[other]):
            yield f"{one} and {other} go together"
    if fields["ValidDate"] < fields["EcritureDate"]:
        yield "the entry was valid before its day"


def _entries(found: list[tuple[int, Fields]]) -> Iterator[str]:
    sums: dict[tuple[str, str], int] = {}
    heads: dict[tuple[str, str], tuple[str, ...]] = {}
    last: tuple[str, str] | None = None
    names: dict[tuple[str, str], str] = {}
    for number, fields in found:
        key = fields["JournalCode"], fields["EcritureNum"]
        if key != last and key in sums:
            yield f"line {number}: the lines of entry {key[1]} do not follow each other"
        last = key
        head = tuple(fields[column] for column in ("JournalLib", "EcritureDate", "PieceRef", "PieceDate", "ValidDate"))
        if heads.setdefault(key, head) != head:
            yield f"line {number}: entry {key[1]} has two days, papers or journals"
        sums[key] = sums.get(key, 0) + cents(fields["Debit"]) - cents(fields["Credit"])
        for code, label in (("JournalCode", "JournalLib"), ("CompteNum", "CompteLib"), ("CompAuxNum", "CompAuxLib")):
            if names.setdefault((code, fields[code]), fields[label]) != fields[label]:
                yield f"line {number}: {code} {fields[code]} has two names"
    yield from (f"entry {number} of {code} does not balance" for (code, number), left in sums.items() if left)


def _order(found: list[tuple[int, Fields]]) -> Iterator[str]:
    """Numbers run on from the first without a gap and follow the days, per journal; validations never go back."""
    newest: dict[str, tuple[int, str]] = {}
    seen: set[tuple[str, str]] = set()
    valid = ""
    for line, fields in found:
        if fields["ValidDate"] < valid:
            yield f"line {line}: valid before the line above"
        valid = max(valid, fields["ValidDate"])
        code, said, day = fields["JournalCode"], fields["EcritureNum"], fields["EcritureDate"]
        if (code, said) in seen:
            continue
        seen.add((code, said))
        matched = _NUMBER.fullmatch(said)
        number = int(matched[2]) if matched else 0
        before, last_day = newest.get(code, (0, ""))
        if number != before + 1:
            yield f"line {line}: number {said} of journal {code} does not follow {before}"
        if day < last_day:
            yield f"line {line}: entry {said} is of a day before the one above it"
        newest[code] = number, day


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(f"{text[:4]}-{text[4:6]}-{text[6:]}")
    except ValueError:
        return False
    return len(text) == 8 and text.isdecimal()
