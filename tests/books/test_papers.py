"""PDF papers: the same bytes for the same facts, in both languages, adding up to the transfer."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from clearing.books.papers import producer_statement, remittance_advice, tax_receipt
from clearing.books.words import LANGUAGES, Words
from clearing.installation.fonts import FontMissing, find_fonts
from clearing.settlement.statement import Adjustment, Section, StatementHead, StatementMismatch, StatementRow
from clearing.values import BatchId, Cents, MicroTime
from tests.books.reading_pdf import words_of
from tests.given_when_then import paris
from tests.house.sources import CLONE

FONTS = find_fonts()
HEAD = StatementHead(
    caisse_name="Caisse de la Brume — cœur du Léon", producer_name="Ferme d'Ève & fils", batch_id=BatchId(3),
    reference="BRUME-B000003-0001", execution_date=date(2026, 6, 4), zone=ZoneInfo("Europe/Paris"),
    payout_cents=Cents(123_456), adjustments=(Adjustment(label="Report des lots précédents", amount_cents=-250),),
)  # fmt: skip
ROWS = tuple(
    StatementRow(
        at_us=MicroTime(paris(at)), sale_id=f"V{number}", goods_cents=Cents(goods), card_cents=Cents(card),
        refunded_cents=Cents(back),
    )
    for number, (at, goods, card, back) in enumerate((
        ("2026-05-02 09:00:00", 100_000, 90_000, 0), ("2026-05-02 11:30:00", 40_000, 34_000, 500),
        ("2026-05-09 10:00:00", 300, 206, 0),
    ), 11)
)  # fmt: skip


@pytest.mark.row(18)
def test_an_advice_names_the_transfer_and_its_market_days() -> None:
    said = words_of(remittance_advice(HEAD, ROWS, FONTS, Words("fr"))).splitlines()
    assert said[:2] == ["Caisse de la Brume — cœur du Léon", "Avis de virement"]
    assert "1\u202f234,56 €" in said
    assert "BRUME-B000003-0001" in said
    days = [(said[place], said[place + 1], said[place + 5]) for place, text in enumerate(said) if text[2:3] == "/" and
            said[place + 1].isdecimal()]  # fmt: skip
    assert days == [("02/05/2026", "2", "1\u202f235,00 €"), ("09/05/2026", "1", "2,06 €")]
    assert "-2,50 €" in said


@pytest.mark.row(18)
def test_a_statement_shows_each_sale_at_full_price_below_its_day() -> None:
    said = words_of(producer_statement(HEAD, ROWS, FONTS, Words("en"))).splitlines()
    assert said[1] == "Statement by market day"
    assert {"V11", "V12", "V13", "€1,000.00", "€900.00", "2 May 2026", "11:30"} <= set(said)
    assert "· page 1 of 1" in "".join(said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_facts_give_the_same_bytes_in_another_process_and_zone(language: str) -> None:
    program = f"from tests.books.test_papers import both; print(both({language!r}))"
    environment = os.environ | {"TZ": "Pacific/Auckland", "PYTHONHASHSEED": "7", "PYTHONPATH": str(CLONE)}
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=CLONE, env=environment
    )
    assert done.stdout.strip() == both(language)


def both(language: str) -> str:
    """The digest of both papers."""
    makes = (remittance_advice, producer_statement)
    return sha256(b"".join(make(HEAD, ROWS, FONTS, Words(language)) for make in makes)).hexdigest()


def test_a_paper_that_does_not_add_up_is_not_printed() -> None:
    for make in (remittance_advice, producer_statement):
        with pytest.raises(StatementMismatch, match="do not send it"):
            make(replace(HEAD, payout_cents=Cents(1)), ROWS, FONTS, Words("fr"))


def test_a_payout_of_nothing_but_what_was_carried_over_has_its_advice_too() -> None:
    head = replace(HEAD, payout_cents=Cents(700), adjustments=(Adjustment(label="Report", amount_cents=700),))
    assert "7,00 €" in words_of(remittance_advice(head, (), FONTS, Words("fr")))


def test_a_long_statement_breaks_over_pages_and_repeats_its_head() -> None:
    rows = [replace(ROWS[0], sale_id=f"V{number}", at_us=MicroTime(ROWS[0].at_us + number)) for number in range(150)]
    head = replace(HEAD, payout_cents=Cents(150 * 90_000), adjustments=())
    said = words_of(producer_statement(head, rows, FONTS, Words("fr")))
    assert "page 4 sur " in said
    assert said.count("Marchandises") >= 4
    assert all(f"V{number}\n" in said for number in range(150))


def test_a_tax_receipt_says_its_text_line_by_line() -> None:
    text = "Reçu n° 2026-0007 au titre des dons\n\nCaisse\n\nDonateur : Zoé Petit\nFait le 2026-12-01\n"
    made = tax_receipt(text, caisse="Caisse", year=2026, number=7, issued="2026-12-01", fonts=FONTS, words=Words("fr"))
    said = words_of(made)
    assert "Reçu au titre des dons n° 2026-0007" in said
    assert "Donateur : Zoé Petit" in said


def test_a_machine_without_the_font_is_told_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(FontMissing, match="apt install fonts-dejavu-core"):
        find_fonts((str(tmp_path),))


SECTION = Section(
    caisse_name="Caisse d'Aval", batch_id=BatchId(7), cents=Cents(880), rows=(
        StatementRow(at_us=MicroTime(paris("2026-05-02 10:15:00")), sale_id="V41", goods_cents=Cents(1_000),
                     card_cents=Cents(900), refunded_cents=Cents(0)),
    ), adjustments=(Adjustment(label="Report du lot n° 6", amount_cents=-20),),
)  # fmt: skip
BOTH = replace(
    HEAD, payout_cents=Cents(123_456 + 880 + 500),
    sections=(SECTION, Section(caisse_name="loin", batch_id=BatchId(2), cents=Cents(500))),
)  # fmt: skip


def test_a_paper_for_several_caisses_has_a_section_for_each_and_one_transfer() -> None:
    said = words_of(remittance_advice(BOTH, ROWS, FONTS, Words("fr"))).splitlines()
    heads = [line for line in said if line.startswith("Pour la caisse")]
    assert heads == ["Pour la caisse Caisse d'Aval, lot n° 7", "Pour la caisse loin, lot n° 2"]
    sums = [said[place + 1] for place, line in enumerate(said) if line == "Total"]
    assert sums == ["1\u202f234,56 €", "8,80 €", "5,00 €"]
    assert said.count("1\u202f248,36 €") >= 2, "above and below: the transfer"
    english = words_of(producer_statement(BOTH, ROWS, FONTS, Words("en"))).splitlines()
    assert "For Caisse d'Aval, batch 7" in english
    assert {"V11", "V41"} <= set(english), "each sale of each caisse that is at hand"


@pytest.mark.parametrize("changed", [
    (replace(SECTION, cents=Cents(881)),), (replace(SECTION, adjustments=()),), (),
])  # fmt: skip
def test_a_section_that_does_not_add_up_stops_the_paper(changed: tuple[Section, ...]) -> None:
    head = replace(BOTH, sections=(*changed, *BOTH.sections[1:]))
    for make in (remittance_advice, producer_statement):
        with pytest.raises(StatementMismatch, match="do not send it"):
            make(head, ROWS, FONTS, Words("fr"))
