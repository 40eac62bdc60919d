"""Two hundred files that no bank should send, and some that banks do send: a clear error each, or just what is in them.

An error is one sentence or two that say where and what to do; it is never another exception, and never half of a file.
"""

import re
from typing import NamedTuple

import pytest

from clearing.bank.pain002 import StatusReport
from clearing.bank.reading import read_file
from clearing.bank.statement import Statement, Unreadable
from clearing.events.bank import ColumnMapping
from tests.bank.samples import (
    COLUMNS,
    SIGNED,
    Booking,
    camt,
    ofx,
    ofx_entry,
    pain002,
    qif,
    qif_entry,
    table,
)

CASES_MIN = 200


class Case(NamedTuple):
    """said: a part of the error. cents: what the file's lines add up to, where it can be read."""

    name: str
    content: bytes
    said: str = ""
    cents: int | None = None
    columns: ColumnMapping | None = None


GOOD = camt(Booking(1_000, ref="R1", e2e="E1", text="a"), Booking(-300, ref="R2"), opening=500)
REPORT = pain002(("brume-B000001-0001", "RJCT", "AC04"))
CSV = table("04/05/2026;a;;12,50;A1;112,50", "05/05/2026;b;2,50;;A2;110,00")
OFX = ofx(ofx_entry(), ofx_entry("-2.50", fitid="F2"))
QIF = qif(qif_entry(), qif_entry("-2,50"))


def cut(name: str, content: bytes, columns: ColumnMapping | None = None) -> list[Case]:
    """Broken off at twenty places. A table has no end, so a broken line is all that can be seen; QIF and XML have one."""
    size = len(content)
    return [Case(f"{name} cut at {part}/20", content[: size * part // 20], "?", None, columns) for part in range(20)]


def in_xml(name: str, *changes: tuple[bytes, bytes, str]) -> list[Case]:
    return [Case(f"{name} {old.decode()[:30]} -> {new.decode(errors='replace')[:30]}", GOOD.replace(old, new, 1), said)
            for old, new, said in changes]  # fmt: skip


def amounts() -> list[Case]:
    wrong = ("", " ", "abc", "-5.00", "+5.00", "1,00", "1 000.00", "1.005", "1e3", "0x10", "1.2.3", "NaN", "Infinity", "½",
             "٣.٠٠", "99999999999999.00", "9999999999.99", "1.00€", "--1", "1.")  # fmt: skip
    cases = [Case(f"camt amount {said!r}", camt(Booking(1, amount=said)), "?") for said in wrong]
    right = (("5", 500), ("5.1", 510), ("0.01", 1), ("999999999.99", 99_999_999_999), ("5.10000", 510), ("0", 0))
    cases += [Case(f"camt amount {said}", camt(Booking(1, amount=said)), "", cents) for said, cents in right]
    for said in ("1.250,5.0", "12,505", "abc", "--5,00", "1e3", "12;50", "1,2,3", "1.23,45", "12.50,", ",", "NaN",
                 "999999999999,00", "5,00 USD", "0,001", "५,००"):  # fmt: skip
        content = table(f"04/05/2026;x;{said}", heading="Date;Libelle;Montant")
        cases.append(Case(f"csv amount {said!r}", content, "line 2", None, SIGNED))
    return cases


def days() -> list[Case]:
    cases = []
    for said in ("2026-13-01", "2026-02-30", "04.05.2026", "yesterday", "2026-5-4", "20260504", "0001-01-01", "9999-12-31"):
        ok = said == "20260504"  # python's own reading of ISO; a schema would refuse it
        cases.append(Case(f"camt day {said}", camt(Booking(1, on=said)), "" if ok else "?", 1 if ok else None))
    for said in ("31/02/2026", "13/13/2026", "2026/05/04", "4 mai 2026", "00/05/2026", "04/05/0001", "04//2026", "04/05/3026",
                 "1"):  # fmt: skip
        content = table(f"{said};x;1,00", heading="Date;Libelle;Montant")
        cases.append(Case(f"csv day {said}", content, "line 2", None, SIGNED))
    content = table("05/30/2026;x;1,00", heading="Date;Libelle;Montant")
    cases.append(Case("csv day of another order", content, "is the mapping of this bank another one", None, SIGNED))
    return cases


XML = [
    *in_xml(
        "camt",
        (b"camt.053.001.08", b"camt.052.001.08", "is not read here"),
        (b"camt.053.001.08", b"camt.999.001.08", "is not read here"),
        (b"camt.053.001.08", b"pain.001.001.09", "a file for the bank, not from it"),
        (b"camt.053.001.08", b"pacs.004.001.09", "is not read here"),
        (b"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08", b"http://example.org/", "no message of a bank that is known"),
        (b' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"', b"", "no message of a bank that is known"),
        (b"<Document", b"<!DOCTYPE Document><Document", "document type"),
        (b"<Document", b'<!DOCTYPE d [<!ENTITY a "b">]><Document', "document type or entities"),
        (b"<Document", b'<!DOCTYPE d SYSTEM "file:///etc/passwd"><Document', "document type or entities"),
        (b"<Document", b"<!DoCtYpE d><Document", "document type or entities"),
        (b"<MsgId>M-1", b"<MsgId>&xxe;", "breaks off, or is no XML"),
        (b"<MsgId>M-1", b"<MsgId>&#0;", "breaks off, or is no XML"),
        (b"<MsgId>M-1", b"<MsgId>\xff\xfe", "breaks off, or is no XML"),
        (b"</Stmt>", b"", "breaks off, or is no XML"),
        (b"CRDT", b"crdt", "neither CRDT nor DBIT"),
        (b"<CdtDbtInd>DBIT</CdtDbtInd><Sts>", b"<Sts>", "neither CRDT nor DBIT"),
        (b'<Ntry><Amt Ccy="EUR">', b'<Ntry><Amt Ccy="CHF">', "it is in CHF, not in euros"),
        (b"<Ccy>EUR</Ccy>", b"<Ccy>USD</Ccy>", "an account in USD"),
        (b"<Acct><Id><IBAN>FR7630006000011234567890189</IBAN></Id>", b"<Acct>", "names no account"),
        (b'<Amt Ccy="EUR">10.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>', b"<CdtDbtInd>CRDT</CdtDbtInd><Sts>", "has no amount"),
        (b"<BookgDt><Dt>2026-05-04</Dt></BookgDt>", b"", "it has no day"),
        (b'<Amt Ccy="EUR">12.00</Amt>', b'<Amt Ccy="EUR">12.01</Amt>', "does not add up"),
        (b'<Amt Ccy="EUR">5.00</Amt>', b'<Amt Ccy="EUR">5,00</Amt>', "is no amount of an XML statement"),
        (b"<Stmt>", b"<Stmt>" + b"<a>" * 60 + b"</a>" * 60, "nested deeper"),
        (b"<BkToCstmrStmt>", b"<!-- -->" * 3 + b"<BkToCstmrStmt>", ""),
        (b'<?xml version="1.0" encoding="UTF-8"?>\n', b"", ""),
        (b'<?xml version="1.0" encoding="UTF-8"?>\n', b"\xef\xbb\xbf", ""),
        (b"\n", b"\r\n\r\n", ""),
    ),
    Case("camt of two statements", re.sub(rb"(<Stmt>.*</Stmt>)", rb"\1\1", GOOD), "", 1_400),
    Case("camt as utf-16", GOOD.decode().replace("UTF-8", "UTF-16").encode("utf-16"), "", 700),
    Case("camt as latin-1", GOOD.decode().replace("UTF-8", "ISO-8859-1").replace(">a<", ">é<").encode("latin-1"), "", 700),
    Case("camt with half a prefix",
         GOOD.replace(b"<Document xmlns=", b"<n:Document xmlns:n=").replace(b"</Document>", b"</n:Document>"), "?"),
    Case("camt without a statement", re.sub(rb"<Stmt>.*</Stmt>", b"", GOOD), "holds no statement"),
    Case("camt without a line", camt(opening=500), "", 0),
    Case("camt overdrawn", camt(Booking(-700), opening=500), "", -700),
    Case("camt notification", camt(Booking(5), kind="054"), "", 5),
    Case("camt reversal", camt(Booking(-5, code="MS03")), "", -5),
    Case("camt twins", camt(Booking(5, text="a"), Booking(5, text="a"), opening=0), "", 10),
    Case("camt long texts", camt(Booking(5, text="a" * 5_000, name="b" * 5_000)), "", 5),
    Case("camt many", camt(*[Booking(1, text=str(n)) for n in range(3_000)], opening=0), "", 3_000),
    Case("laughs", b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><l>&b;</l>', "document type"),
    Case("html", b"<html><body>Connexion</body></html>", "no message of a bank that is known"),
    Case("svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "no message of a bank that is known"),
    Case("empty document", b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"/>', "no message of a bank"),
    Case("report for nobody", REPORT.replace(b"<OrgnlMsgId>brume-B000001</OrgnlMsgId>", b""), "which file it answers"),
    Case("report of nothing", pain002(group=""), "says nothing of the file"),
    Case("report of a payment without a name", REPORT.replace(b"<OrgnlEndToEndId>brume-B000001-0001</OrgnlEndToEndId>", b""),
         "without naming it"),
    Case("report that says it twice", pain002(("E1", "ACCP", ""), ("E1", "RJCT", "AC04")), "speaks twice of E1"),
    Case("report without a reason", pain002(("E1", "RJCT", "")), "", 0),
    Case("report of an unknown word", pain002(("E1", "ZZZZ", "")), "", 0),
    Case("report partly", pain002(("E1", "PART", ""), group="PART"), "says nothing of the file"),
]  # fmt: skip

TEXTS = [
    Case("nothing", b"", "The file is empty"), Case("blanks", b" \r\n\t ", "The file is empty"),
    Case("a mark alone", b"\xef\xbb\xbf", "?", None, COLUMNS),
    Case("a PDF", b"%PDF-1.7\n", "a spreadsheet or a PDF"), Case("a sheet", b"PK\x03\x04abc", "a spreadsheet or a PDF"),
    Case("an old sheet", b"\xd0\xcf\x11\xe0abc", "a spreadsheet or a PDF"),
    Case("a picture", b"\x89PNG\r\n\x1a\n\x00\x00", "is no text", None, COLUMNS),
    Case("zeros", b"\0" * 50, "is no text", None, COLUMNS),
    Case("no windows text", b"Date;\x81\x8d\x8f", "neither UTF-8 nor Windows", None, COLUMNS),
    Case("csv without a mapping", CSV, "--mapping NAME"),
    Case("csv of another bank", table("a;b", heading="Datum;Betrag"), "missing are Date", None, COLUMNS),
    Case("csv with another delimiter", CSV.replace(b";", b","), "another delimiter", None, COLUMNS),
    Case("csv heading alone", table(), "no line with a day and an amount", None, COLUMNS),
    Case("csv without a heading", b"04/05/2026;a;;12,50;A1;112,50\r\n", "No line has the columns", None, COLUMNS),
    Case("csv heading twice", table("04/05/2026;1;2;;;;", heading="Date;Date;Libelle;Debit;Credit;Reference;Solde"),
         "stands twice", None, COLUMNS),
    Case("csv day without an amount", table("04/05/2026;a;;;A1;1,00"), "a day and no amount", None, COLUMNS),
    Case("csv amount without a day", table(";a;;5,00;A1;1,00"), "an amount and no day", None, COLUMNS),
    Case("csv both sides", table("04/05/2026;a;5,00;5,00;A1;1,00"), "a debit and a credit at once", None, COLUMNS),
    Case("csv both sides, one nothing", table("04/05/2026;a;0,00;5,00;;"), "", 500, COLUMNS),
    Case("csv wrong balance", table("04/05/2026;a;;5,00;A1;5,00", "05/05/2026;b;;5,00;A2;11,00", "06/05/2026;c;;1,00;A3;11,00"),
         "the balance after it", None, COLUMNS),
    Case("csv short lines", table("04/05/2026;a", "05/05/2026;b;2,50;;A2;110,00"), "line 2", None, COLUMNS),
    Case("csv long lines", table("04/05/2026;a;;12,50;A1;12,50;x;y;z"), "more columns than the heading", None, COLUMNS),
    Case("csv empty columns", table("04/05/2026;a;;12,50;A1;12,50;;;"), "", 1_250, COLUMNS),
    Case("csv open quote", table('04/05/2026;"a;;12,50;A1;112,50'), "?", None, COLUMNS),
    Case("csv formulas", table("04/05/2026;=cmd|'/c calc'!A0;;12,50;A1;12,50"), "", 1_250, COLUMNS),
    Case("csv control characters", table("04/05/2026;a\x07\x1b[2Jb;;12,50;A1;12,50"), "", 1_250, COLUMNS),
    Case("csv right to left", table("04/05/2026;\u202eabc\u202c;;12,50;A1;12,50"), "", 1_250, COLUMNS),
    Case("csv emoji", table("04/05/2026;🥕🐐;;12,50;A1;12,50"), "", 1_250, COLUMNS),
    Case("csv nothing moved", table("04/05/2026;a;;0,00;A1;12,50"), "", 0, COLUMNS),
    Case("ofx in dollars", ofx(ofx_entry(), currency="USD"), "in USD, not in euros"),
    Case("ofx of two accounts", OFX.replace(b"</STMTRS>", b"<ACCTID>999</STMTRS>"), "several accounts"),
    Case("ofx without an amount", ofx(ofx_entry().replace("<TRNAMT>12.50", "")), "it lacks TRNAMT"),
    Case("ofx without an id", ofx(ofx_entry().replace("<FITID>F1", "")), "it lacks FITID"),
    Case("ofx without a day", ofx(ofx_entry().replace("<DTPOSTED>20260504", "")), "it lacks DTPOSTED"),
    Case("ofx wrong day", ofx(ofx_entry(on="20261304")), "is no day"),
    Case("ofx wrong amount", ofx(ofx_entry("12.5.0")), "is no amount"),
    Case("ofx entry not closed", OFX.replace(b"</STMTTRN>", b"", 1), "is not closed"),
    Case("ofx last entry not closed", ofx(ofx_entry().replace("</STMTTRN>", "")), "breaks off within a STMTTRN"),
    Case("ofx empty", ofx(balance=""), "no line and no balance"),
    Case("ofx balance alone", ofx(), "", 0),
    Case("ofx comma", ofx(ofx_entry("12,50")), "", 1_250),
    Case("ofx entities", OFX.replace(b"<OFX>", b"<!DOCTYPE x><OFX>"), "document type or entities"),
    Case("ofx foreign entry", ofx(ofx_entry().replace("<FITID>", "<CURSYM>CHF<FITID>")), "it is in CHF"),
    Case("ofx lower case", OFX.replace(b"STMTTRN", b"stmttrn"), "", 1_000),
    Case("ofx windows", ofx(ofx_entry(name="CAF\xc9")).decode().encode("cp1252"), "", 1_250),
    Case("qif of investments", qif(qif_entry(), kind="Invst"), "not of a bank account"),
    Case("qif without an end", QIF[:-2], "breaks off before its last entry"),
    Case("qif without a separator", QIF.replace(b"^\n", b"", 1), "the ^ between two entries is missing"),
    Case("qif without an amount", qif("D04/05/2026\nPx\n^"), "no day or no amount"),
    Case("qif without a day", qif("T5,00\nPx\n^"), "no day or no amount"),
    Case("qif empty", qif(), "holds no entry"),
    Case("qif wrong day", qif(qif_entry(on="30/30/2026")), "is no day"),
    Case("qif American", qif(qif_entry("1,234.56")), "", 123_456),
    Case("qif crlf and mark", b"\xef\xbb\xbf" + QIF.replace(b"\n", b"\r\n"), "", 1_000),
    Case("qif short year", qif(qif_entry(on="04/05'26")), "", 1_250),
    Case("xml cut to its heading", GOOD[:45], "breaks off, or is no XML"),
    Case("xml after text", b"Releve\n" + GOOD, "--mapping NAME"),
    Case("twice the same file in one", GOOD + GOOD, "breaks off, or is no XML"),
]  # fmt: skip
CASES = [
    *XML, *TEXTS, *amounts(), *days(), *cut("camt", GOOD), *cut("report", REPORT), *cut("ofx", OFX), *cut("qif", QIF),
    *cut("csv", CSV, COLUMNS),
]  # fmt: skip


def test_there_are_two_hundred_of_them() -> None:
    assert len(CASES) >= CASES_MIN
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_nasty_file_is_a_clear_error_or_just_what_is_in_it(case: Case) -> None:
    try:
        read = read_file(case.content, case.columns)
    except Unreadable as error:
        said = str(error)
        assert case.cents is None, f"it can be read: {said}"
        assert case.said, f"it can be read: {said}"
        assert case.said == "?" or case.said in said, said
        assert 20 < len(said) < 500, said
        assert said.isprintable(), said
        return
    assert case.said in ("", "?"), f"it was read as {read}"
    assert case.said != "?" or "cut" in case.name or case.cents is None
    statements: list[Statement] = read if isinstance(read, list) else []
    sums = [entry.cents for one in statements for entry in one.entries]
    assert isinstance(read, StatusReport) or case.cents in (None, sum(sums))
    assert all(type(cents) is int for cents in sums)
