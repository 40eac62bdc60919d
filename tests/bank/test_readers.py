"""Statements of every kind become one shape in cents; makers and bank are judged by schemas that nobody here wrote."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from lxml import etree

from clearing.bank.pain002 import StatusReport
from clearing.bank.reading import read_file
from clearing.bank.statement import Statement, Unreadable
from clearing.settlement.pain001 import render
from clearing.values import Cents
from tests.bank.samples import (
    COLUMNS,
    OTHER_IBAN,
    SIGNED,
    Booking,
    camt,
    ofx,
    ofx_entry,
    pain002,
    qif,
    qif_entry,
    schema,
    table,
)
from tests.bank_process import a_bank
from tests.settlement.batches import CAISSE_IBAN, PRODUCER_IBAN, a_file, a_payout

A_WEEK = (
    Booking(12_345, ref="R1", e2e="DURAND-05", name="DURAND MARIE", iban=OTHER_IBAN, text="Cotisation de mai"),
    Booking(-2_000, ref="R2", e2e="brume-B000001-0001", name="EARL DU VAL", iban=OTHER_IBAN),
    Booking(2_000, on="2026-05-05", ref="R3", e2e="brume-B000001-0001", code="AC04"),
    Booking(-250, on="2026-05-05", sub="CHRG"),
)


def only(content: bytes) -> Statement:
    read = read_file(content)
    assert isinstance(read, list)
    assert len(read) == 1
    return read[0]


@pytest.mark.parametrize("version", ["08", "02"])
@pytest.mark.parametrize("kind", ["053", "054"])
def test_a_statement_of_either_version_is_valid_and_says_the_same(kind: str, version: str) -> None:
    content = camt(*A_WEEK, kind=kind, version=version, opening=100 if kind == "053" else None)
    schema(f"camt.{kind}.001.{version}").assertValid(etree.fromstring(content))
    read = only(content)
    assert [entry.cents for entry in read.entries] == [12_345, -2_000, 2_000, -250]
    assert [entry.reference for entry in read.entries] == ["R1", "R2", "R3", ""]
    lines = [entry.lines[0] for entry in read.entries]
    assert [line.kind for line in lines] == ["", "", "return", "charge"]
    assert (lines[0].name, lines[0].iban, lines[0].text) == ("DURAND MARIE", OTHER_IBAN, "Cotisation de mai")
    assert (lines[1].end_to_end, lines[2].end_to_end, lines[2].code) == ("brume-B000001-0001", "brume-B000001-0001", "AC04")
    assert (read.opening_cents, read.closing_cents) == ((100, 12_195) if kind == "053" else (None, None))
    assert (read.from_on, read.to_on) == (date(2026, 5, 4), date(2026, 5, 5))


@pytest.mark.parametrize("version", ["10", "03"])
def test_a_status_report_says_of_each_payment_what_becomes_of_it(version: str) -> None:
    content = pain002(
        ("brume-B000001-0001", "ACCP", ""), ("brume-B000001-0002", "RJCT", "AC04"), ("brume-B000001-0003", "ACSC", ""),
        ("brume-B000001-0004", "ABCD", ""), version=version,
    )  # fmt: skip
    if version == "03":  # the wheels carry no schema of .10; the bank of the tests writes it
        schema("pain.002.001.03").assertValid(etree.fromstring(content.replace(b"ABCD", b"PDNG")))
    read = read_file(content)
    assert isinstance(read, StatusReport)
    assert read.message_id == "brume-B000001"
    assert [(one.state, one.code) for one in read.statuses] == [
        ("accepted", ""), ("rejected", "AC04"), ("executed", ""), ("unknown", "")
    ]
    assert "ABCD" in read.statuses[3].text


def test_a_report_of_the_whole_file_speaks_of_all_its_payments() -> None:
    read = read_file(pain002(group="RJCT", reason="FF01"))
    assert isinstance(read, StatusReport)
    assert [(one.end_to_end, one.state, one.code) for one in read.statuses] == [("", "rejected", "FF01")]


def test_every_message_of_the_bank_is_valid_and_read(tmp_path: Path) -> None:
    with a_bank(CAISSE_IBAN, clock="2026-11-30T09:00", cents=1_000_000) as bank:
        bank.becomes("CAISSE", behaviour="return-later", parameters={"days": 1, "reason": "MD07"})
        bank.send(render(a_file(a_payout(), a_payout(end_to_end_id="P-7-2", amount_cents=Cents(99)))))
        bank.pass_days(6)
        paths = bank.collect(tmp_path)
    kinds = {path.name.split("-", 1)[1] for path in paths}
    assert kinds == {f"{name}.xml" for name in (
        "pain.002.001.10", "camt.054.001.08", "camt.053.001.08", "pacs.004.001.09",
    )}  # fmt: skip
    statements: list[Statement] = []
    for path in paths:
        content = path.read_bytes()
        name = path.name.split("-", 1)[1].removesuffix(".xml")
        if name.startswith("camt"):
            schema(name).assertValid(etree.fromstring(content))
        if name.startswith("pacs"):
            with pytest.raises(Unreadable, match=r"take the statement \(camt.053\)"):
                read_file(content)
            continue
        read = read_file(content)
        statements += read if isinstance(read, list) else []
    returned = [line for one in statements for entry in one.entries for line in entry.lines if line.kind == "return"]
    assert {(line.end_to_end, line.code) for line in returned} == {("P-7-1", "MD07"), ("P-7-2", "MD07")}
    paid = [line for one in statements for entry in one.entries for line in entry.lines if line.cents < 0]
    assert PRODUCER_IBAN in {line.iban for line in paid}
    assert sum(e.cents for one in statements if one.source == "camt.053" for e in one.entries) == 0


def test_a_collective_booking_is_its_payments_when_they_add_up() -> None:
    parts = "".join(
        f'<TxDtls><Refs><EndToEndId>E{n}</EndToEndId></Refs><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd></TxDtls>'
        for n, amount in ((1, "10.00"), (2, "5.50"))
    )
    whole = camt(Booking(1_550, ref="R1", text="x"), opening=0).replace(
        b"<TxDtls><RmtInf><Ustrd>x</Ustrd></RmtInf></TxDtls>", parts.encode()
    )
    schema("camt.053.001.08").assertValid(etree.fromstring(whole))
    assert [(line.cents, line.end_to_end) for line in only(whole).entries[0].lines] == [(1_000, "E1"), (550, "E2")]
    odd = whole.replace(b">5.50<", b">5.40<")
    assert [(line.cents, line.end_to_end) for line in only(odd).entries[0].lines] == [(1_550, "")]


def test_what_is_only_announced_is_no_line() -> None:
    read = only(camt(Booking(100), Booking(900, status="PDNG"), opening=0))
    assert [entry.cents for entry in read.entries] == [100]


TABLE_ROWS = (
    "04/05/2026;COTIS DURAND;;12,50;A1;112,50", "05/05/2026;FRAIS;2,50;;A2;110,00",
)  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        table(*TABLE_ROWS),
        table(*TABLE_ROWS[::-1]),
        table(*TABLE_ROWS, above=("Compte;FR76", "", "Solde au 05/05/2026;110,00")),
        b"\xef\xbb\xbf" + table(*TABLE_ROWS),
        table(*TABLE_ROWS).replace(b"\r\n", b"\n"),
        table(*TABLE_ROWS).replace(b"\r\n", b"\r"),
        table(*TABLE_ROWS).decode().encode("utf-16"),
        table(*TABLE_ROWS).decode().replace("FRAIS", "FRAIS ÉTÉ €").encode("cp1252"),
        table('04/05/2026;"COTIS; DURAND";;12,50;A1;112,50', TABLE_ROWS[1]),
        table(*TABLE_ROWS, ";;;;;", "Total;;2,50;12,50;;"),
        table(TABLE_ROWS[0].replace("04/05/2026", "4/5/26"), TABLE_ROWS[1]),
        table(TABLE_ROWS[0], TABLE_ROWS[1].replace("2,50;;", "-2,50;;")),
    ],
    ids=[
        "as it is", "newest first", "lines above", "mark", "lf", "cr", "utf-16", "windows", "quotes", "total", "short", "minus",
    ],
)
def test_a_csv_is_read_by_its_saved_columns(content: bytes) -> None:
    read = read_file(content, COLUMNS)
    assert isinstance(read, list)
    assert sorted(entry.cents for entry in read[0].entries) == [-250, 1_250]
    assert (read[0].opening_cents, read[0].closing_cents) == (10_000, 11_000)


@pytest.mark.parametrize(
    ("said", "cents"),
    [
        ("12,50", 1_250), ("-12,50", -1_250), ("+12,5", 1_250), ("1 234,56", 123_456), ("1.234,56", 123_456),
        ("1\u202f234,56", 123_456), ("(7,00)", -700), ("12,50-", -1_250), ("12", 1_200), ("12,50 €", 1_250),
        ("12,50 EUR", 1_250), ("−3,00", -300), ("1'234,56", 123_456), ("999999999,99", 99_999_999_999),
    ],
)  # fmt: skip
def test_amounts_are_read_as_people_and_banks_write_them(said: str, cents: int) -> None:
    read = read_file(table(f"04/05/2026;x;{said}", heading="Date;Libelle;Montant"), SIGNED)
    assert isinstance(read, list)
    assert read[0].entries[0].cents == cents


@pytest.mark.parametrize("version", [1, 2])
def test_ofx_of_both_kinds_says_the_same(version: int) -> None:
    entries = (ofx_entry("12.50"), ofx_entry("-2,50", "20260505120000[+1:CET]", "F2", "FRAIS &amp; CO", "SRVCHG"))
    balance = "<LEDGERBAL><BALAMT>110.00<DTASOF>20260505</LEDGERBAL>"
    read = only(ofx(*entries, version=version, balance=balance))
    assert [(entry.cents, entry.reference) for entry in read.entries] == [(1_250, "F1"), (-250, "F2")]
    assert (read.entries[1].lines[0].kind, read.entries[1].lines[0].name) == ("charge", "FRAIS & CO")
    assert (read.closing_cents, read.to_on) == (11_000, date(2026, 5, 5))


def test_qif_is_read_in_the_order_that_french_banks_write_days() -> None:
    read = only(qif(qif_entry("1.234,56"), qif_entry("-2,50", "05/05'26", "FRAIS")))
    assert [(entry.on, entry.cents) for entry in read.entries] == [(date(2026, 5, 4), 123_456), (date(2026, 5, 5), -250)]


Change = Callable[[bytes], bytes]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (camt(Booking(100), Booking(250, text="a"), Booking(250, text="a"), opening=0, closing=350), "entry 2 (2.50 EUR)"),
        (camt(Booking(100), Booking(300), opening=0, closing=100), "entry 2 (3.00 EUR) does not belong to it"),
        (camt(Booking(100), Booking(300), opening=0, closing=-200), "entry 2 (3.00 EUR) has the wrong sign"),
        (camt(Booking(100), opening=0, closing=777), "6.77 EUR are missing"),
    ],
    ids=["twice", "foreign", "sign", "missing"],
)
def test_a_balance_that_does_not_add_up_is_told_with_its_line(content: bytes, line: str) -> None:
    with pytest.raises(Unreadable) as said:
        read_file(content)
    assert line in str(said.value)
    assert "Nothing of it was taken" in str(said.value)


def test_a_balance_beside_each_line_names_the_very_line_that_is_wrong() -> None:
    rows = [*TABLE_ROWS, "06/05/2026;x;;1,00;A3;111,00", "07/05/2026;y;;2,00;A4;112,00", "08/05/2026;z;;1,00;A5;113,00"]
    with pytest.raises(Unreadable) as said:
        read_file(table(*rows), COLUMNS)
    assert "line 5: the balance after it is 112.00 EUR in the file, 113.00 EUR by the line before" in str(said.value)
