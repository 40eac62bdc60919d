"""Law: OFX 1 (SGML without closing tags) and OFX 2 (XML) say the same in the same words; both are read by their words
alone.

Source: OFX 1.6 and 2.2, bank statement download (STMTTRN: DTPOSTED, TRNAMT, FITID, NAME, MEMO; LEDGERBAL: BALAMT,
DTASOF).
"""

import html
import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from clearing.bank.statement import CURRENCY, Entry, Line, Statement, Unreadable, checked
from clearing.bank.texts import decoded, local_cents, local_day, plain, reference

_TAG: Final = re.compile(r"<(/?)([A-Za-z0-9.]{1,40})>([^<]*)")
_CHARGES: Final = frozenset({"SRVCHG", "FEE"})
_FIELDS: Final = ("DTPOSTED", "TRNAMT", "FITID")


def looks_like_ofx(content: bytes) -> bool:
    head = content[:2_000].upper()
    return b"OFXHEADER" in head or b"<OFX>" in head


def read_ofx(content: bytes) -> Statement:
    """Raises Unreadable."""
    text = decoded(content)
    if re.search(r"<!(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise Unreadable("The file declares a document type or entities, which no bank's file does: it was not opened.")
    words = [(bool(slash), name.upper(), html.unescape(value).strip()) for slash, name, value in _TAG.findall(text)]
    if (True, "OFX", "") not in [(closing, name, "") for closing, name, _ in words]:
        raise Unreadable("The OFX file breaks off before its end: download it from the bank once more.")
    currencies = {value for _, name, value in words if name == "CURDEF" and value}
    if currencies - {CURRENCY}:
        raise Unreadable(f"The statement is in {', '.join(sorted(currencies))}, not in euros; choose that of the caisse.")
    accounts = {value for _, name, value in words if name == "ACCTID" and value}
    if len(accounts) > 1:
        raise Unreadable("The OFX file holds several accounts: download that of the caisse alone.")
    entries = [_entry(fields, place) for place, fields in enumerate(_blocks(words, "STMTTRN"), start=1)]
    closing, closed_on = _closing(words)
    days = [entry.on for entry in entries] + ([closed_on] if closed_on is not None and not entries else [])
    if not days:
        raise Unreadable("The OFX file holds no line and no balance; choose another span of days.")
    to_on = max(days) if closed_on is None else max(closed_on, *days)
    return checked(Statement(
        source="ofx", account="", from_on=min(days), to_on=to_on, opening_cents=None, closing_cents=closing,
        entries=tuple(entries),
    ))  # fmt: skip


def _blocks(words: list[tuple[bool, str, str]], name: str) -> Iterator[dict[str, str]]:
    """The fields of every aggregate of that name."""
    fields: dict[str, str] | None = None
    for closing, word, value in words:
        if word == name:
            if not closing and fields is not None:
                raise Unreadable(f"The OFX file is damaged: a {name} is not closed. Download it once more.")
            if closing and fields is not None:
                yield fields
            fields = None if closing else {}
        elif fields is not None and not closing and value:
            fields.setdefault(word, value)
    if fields is not None:
        raise Unreadable(f"The OFX file breaks off within a {name}: download it once more.")


def _entry(fields: dict[str, str], place: int) -> Entry:
    where = f"transaction {place}"
    missing = [name for name in _FIELDS if name not in fields]
    if missing:
        raise Unreadable(f"{where}: it lacks {', '.join(missing)}; download the file once more.")
    if fields.get("CURSYM", CURRENCY) != CURRENCY:
        raise Unreadable(f"{where}: it is in {plain(fields['CURSYM'], 8)}, not in euros.")
    cents = _cents(fields["TRNAMT"], where)
    memo, name = fields.get("MEMO", ""), fields.get("NAME", "")
    kind = "charge" if fields.get("TRNTYPE", "").upper() in _CHARGES and cents < 0 else ""
    kind = "interest" if fields.get("TRNTYPE", "").upper() == "INT" else kind
    line = Line(cents=cents, kind=kind, name=plain(name), text=plain(memo or name))
    on = _day(fields["DTPOSTED"], where)
    return Entry(place=where, on=on, cents=cents, reference=reference(fields["FITID"]), lines=(line,))


def _cents(text: str, where: str) -> int:
    """The standard allows a point and a comma."""
    return local_cents(text, "," if "," in text else ".", where)


def _day(text: str, where: str) -> date:
    """ "20260321", "20260321120000[+1:CET]": the day as the bank wrote it."""
    return local_day(text[:8], "ymd", where)


def _closing(words: list[tuple[bool, str, str]]) -> tuple[int | None, date | None]:
    for fields in _blocks(words, "LEDGERBAL"):
        if "BALAMT" in fields and "DTASOF" in fields:
            return _cents(fields["BALAMT"], "the balance"), _day(fields["DTASOF"], "the balance")
    return None, None
