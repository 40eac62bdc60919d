"""Law: QIF says little (day, amount, payee, memo) and no order of days: the caisse's mapping, or French order, says that.

Source: Quicken Interchange Format as banks write it: one field a line by its first letter, ^ ends an entry.
"""

from typing import Final

from clearing.bank.statement import Entry, Line, Statement, Unreadable, checked
from clearing.bank.texts import decoded, local_cents, local_day, plain

_TYPES: Final = ("!TYPE:BANK", "!TYPE:CASH", "!TYPE:CCARD", "!TYPE:OTH A")


def looks_like_qif(content: bytes) -> bool:
    return content.lstrip(b"\xef\xbb\xbf \r\n\t")[:6].upper() in (b"!TYPE:", b"!ACCOU", b"!OPTIO")


def read_qif(content: bytes, days: str = "dmy", decimal: str = "") -> Statement:
    """days: order of day, month and year. decimal: "" to read each amount by its own last sign. Raises Unreadable."""
    entries: list[Entry] = []
    fields: dict[str, str] = {}
    started = 0
    for number, said in enumerate(decoded(content).split("\n"), start=1):
        line = said.strip()
        if line.startswith("!"):
            if line.upper().startswith("!TYPE:") and not line.upper().startswith(_TYPES):
                raise Unreadable(f"line {number}: this is a QIF of {plain(line[6:], 30)}, not of a bank account.")
        elif line.startswith("^"):
            if fields:
                entries.append(_entry(fields, started, days, decimal))
            fields = {}
        elif line:
            started = started if fields else number
            if line[0] in fields and line[0] in "DTPM":
                raise Unreadable(f"line {number}: two fields {line[0]} in one entry: the ^ between two entries is missing.")
            fields[line[0]] = line[1:]
    if fields:
        raise Unreadable("The QIF file breaks off before its last entry ends (^): download it from the bank once more.")
    if not entries:
        raise Unreadable("The QIF file holds no entry; choose another span of days.")
    on = [entry.on for entry in entries]
    return checked(Statement(
        source="qif", account="", from_on=min(on), to_on=max(on), opening_cents=None, closing_cents=None,
        entries=tuple(entries),
    ))  # fmt: skip


def _entry(fields: dict[str, str], number: int, days: str, decimal: str) -> Entry:
    place = f"the entry from line {number}"
    if "D" not in fields or not (fields.get("T") or fields.get("U")):
        raise Unreadable(f"{place}: it has no day or no amount; download the file once more.")
    amount = fields.get("T") or fields["U"]
    cents = local_cents(amount, decimal or ("," if amount.rfind(",") > amount.rfind(".") else "."), place)
    on = local_day(fields["D"].replace("'", "/").replace(" ", ""), days, place)
    line = Line(cents=cents, name=plain(fields.get("P")), text=plain(fields.get("M") or fields.get("P")))
    return Entry(place=place, on=on, cents=cents, lines=(line,))
