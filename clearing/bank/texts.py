"""Law: bytes become text by what they say they are, and amounts become cents by their own signs; nothing is guessed
twice.

Statements come as UTF-8 (with or without a mark), UTF-16 with its mark, or Windows-1252, and with any ends of lines.
"""

import re
import unicodedata
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from datetime import date
from typing import Final

from clearing.bank.statement import REFERENCE_CHARS_MAX, TEXT_CHARS_MAX, Unreadable
from clearing.values import CENTS_MAX

FILE_BYTES_MAX: Final = 32 << 20
_CAMT_AMOUNT: Final = re.compile(r"[0-9]{1,13}(?:\.([0-9]{1,5}))?")
_GROUPS: Final = str.maketrans("", "", "    ' ")
_EMPTY_REFERENCES: Final = frozenset({"NOTPROVIDED", "NONREF", "NOREF", "N/A", "-", "0"})
_DAY: Final = re.compile(r"([0-9]{1,4})[-/. ]([0-9]{1,2})[-/. ]([0-9]{1,4})")
_COMPACT_DAY: Final = re.compile(r"[0-9]{8}")
_CENTURY: Final = 2000


def decoded(content: bytes) -> str:
    """The text of a statement that is no XML. Raises Unreadable."""
    if len(content) > FILE_BYTES_MAX:
        raise Unreadable(f"The file has more than {FILE_BYTES_MAX >> 20} MiB; ask the bank for a shorter span of days.")
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        name = "utf-16"
    else:
        name = "utf-8-sig" if content.startswith(BOM_UTF8) else "utf-8"
    try:
        text = content.decode(name)
    except UnicodeDecodeError:
        text = _windows(content)
    if "\0" in text:
        raise Unreadable("The file is no text: choose the CSV, OFX, QIF or XML file of the bank, not a spreadsheet or a PDF.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _windows(content: bytes) -> str:
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        raise Unreadable("The file is neither UTF-8 nor Windows text: download it from the bank once more.") from None


def plain(text: str | None, chars_max: int = TEXT_CHARS_MAX) -> str:
    """One line without control characters; too long a text is cut."""
    if not text:
        return ""
    kept = "".join(" " if unicodedata.category(char)[0] == "C" else char for char in text)
    return " ".join(kept.split())[:chars_max]


def reference(text: str | None) -> str:
    """What a bank writes for a reference; "" where it writes that there is none."""
    said = plain(text, REFERENCE_CHARS_MAX)
    return "" if said.upper() in _EMPTY_REFERENCES else said


def camt_cents(text: str, place: str) -> int:
    """ "12.5" -> 1250: XML amounts have a point, no sign and no groups. Raises Unreadable."""
    said = text.strip()
    found = _CAMT_AMOUNT.fullmatch(said)
    if found is None:
        raise Unreadable(f"{place}: {_shown(text)} is no amount of an XML statement, which is written like 12.50.")
    whole, _, part = said.partition(".")
    if part[2:].strip("0"):
        raise Unreadable(f"{place}: {_shown(text)} has parts of a cent; the bank's file is wrong.")
    return _limited(int(whole) * 100 + int(part[:2].ljust(2, "0")), place)


def local_cents(text: str, decimal: str, place: str) -> int:
    """ "-1 234,56", "1.234,56-", "(12,00)", "+5" -> cents, below zero with a minus or in brackets. Raises Unreadable."""
    said = plain(text).translate(_GROUPS).replace("−", "-").removesuffix("€").removesuffix("EUR")
    bracketed = said.startswith("(") and said.endswith(")")
    said = said[1:-1] if bracketed else said
    negative = bracketed or said.startswith("-") or said.endswith("-")
    digits = said.removeprefix("-").removeprefix("+").removesuffix("-").removesuffix("+")
    other = "." if decimal == "," else ","
    grouped, _, rest = digits.partition(decimal)
    if other in digits:
        if other in rest or not re.fullmatch(rf"[0-9]{{1,3}}(\{other}[0-9]{{3}})+", grouped):
            raise Unreadable(f"{place}: {_shown(text)} is no amount with a decimal {_sign(decimal)}; is the mapping of this "
                             "bank another one?")  # fmt: skip
        digits = digits.replace(other, "")
    if not re.fullmatch(rf"[0-9]{{1,13}}(\{decimal}[0-9]{{1,2}})?", digits):
        raise Unreadable(f"{place}: {_shown(text)} is no amount in euros with a decimal {_sign(decimal)}.")
    whole, _, part = digits.partition(decimal)
    cents = _limited(int(whole) * 100 + int(part.ljust(2, "0")), place)
    return -cents if negative else cents


def _sign(decimal: str) -> str:
    return "comma" if decimal == "," else "point"


def _limited(cents: int, place: str) -> int:
    if cents > CENTS_MAX:
        raise Unreadable(f"{place}: the amount is more than a transfer can be (999999999.99 EUR); look at its zeros.")
    return cents


def local_day(text: str, order: str, place: str) -> date:
    """A day in the order of its parts ("dmy", "ymd", "mdy"), parted by - / . or a blank, or eight digits. A year of two
    digits is of this century. Raises Unreadable."""
    said = plain(text).split("T")[0].split(" ")[0] if _DAY.fullmatch(plain(text)) is None else plain(text)
    found = _DAY.fullmatch(said)
    if found is not None:
        parts = list(found.groups())
    elif _COMPACT_DAY.fullmatch(said):
        sizes, parts, at = {"d": 2, "m": 2, "y": 4}, [], 0
        for letter in order:
            parts.append(said[at : at + sizes[letter]])
            at += sizes[letter]
    else:
        raise Unreadable(f"{place}: {_shown(text)} is no day of the calendar.")
    by_letter = dict(zip(order, parts, strict=True))
    year = int(by_letter["y"])
    try:
        return date(year + _CENTURY if len(by_letter["y"]) <= 2 else year, int(by_letter["m"]), int(by_letter["d"]))
    except ValueError:
        raise Unreadable(f"{place}: {_shown(text)} is no day in the order {_order(order)}; is the mapping of this bank another "
                         "one?") from None  # fmt: skip


def _order(order: str) -> str:
    words = {"d": "day", "m": "month", "y": "year"}
    return ", ".join(words[letter] for letter in order)


def _shown(text: str) -> str:
    return repr(plain(text, 40))
