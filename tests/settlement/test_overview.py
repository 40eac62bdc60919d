"""Law: the page approved, the file sent and the list typed by hand pay the same sum."""

import csv
import io
from datetime import date

import pytest

from clearing.settlement.overview import (
    OverviewHead,
    OverviewLine,
    OverviewMismatch,
    in_fours,
    render_overview,
    render_transfer_list,
)
from clearing.settlement.pain001 import render
from clearing.values import BatchId, Cents
from tests.settlement.batches import PRODUCER_IBAN, a_file, a_payout, texts


def a_line(reference: str, captures: int, refunds: int = 0, **changed: object) -> OverviewLine:
    facts: dict[str, object] = {
        "producer_name": "Ferme des Trois Chênes",
        "captures_cents": Cents(captures),
        "refunds_cents": Cents(refunds),
        "iban": PRODUCER_IBAN,
        "reference": reference,
    }
    return OverviewLine(**(facts | changed))  # type: ignore[arg-type]


def a_head(total_cents: int) -> OverviewHead:
    return OverviewHead(
        caisse_name="Caisse de Loos",
        batch_id=BatchId(7),
        execution_date=date(2026, 12, 1),
        total_cents=Cents(total_cents),
    )


LINES = [
    a_line("P-7-1", 2014, 280),
    a_line("P-7-2", 500, adjustments_cents=-100),
    a_line("P-7-3", 100, 350, carried=True),
]


def cells(sheet: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(sheet.decode("utf-8-sig"), newline=""), delimiter=";"))


def test_the_overview_shows_the_batch_with_four_characters_of_each_account() -> None:
    sheet = render_overview(a_head(2134), LINES)
    assert cells(sheet) == [
        ["Lot de règlement", "n° 7"],
        ["Caisse", "Caisse de Loos"],
        ["Virement du", "01/12/2026"],
        [],
        [
            "Producteur",
            "Ventes (EUR)",
            "Remboursements (EUR)",
            "Ajustements (EUR)",
            "Net (EUR)",
            "À virer (EUR)",
            "IBAN",
            "Référence",
        ],
        ["Ferme des Trois Chênes", "20,14", "2,80", "0,00", "17,34", "17,34", "…2606", "P-7-1"],
        ["Ferme des Trois Chênes", "5,00", "0,00", "-1,00", "4,00", "4,00", "…2606", "P-7-2"],
        ["Ferme des Trois Chênes", "1,00", "3,50", "0,00", "-2,50", "0,00", "…2606", "P-7-3"],
        ["Total", "26,14", "6,30", "-1,00", "18,84", "21,34", "", ""],
    ]
    assert b"M02606" not in sheet
    assert sheet == render_overview(a_head(2134), LINES)


def test_the_transfer_list_has_all_that_is_typed_a_tick_each_and_the_total() -> None:
    assert cells(render_transfer_list(a_head(2134), LINES))[4:] == [
        ["Fait", "Bénéficiaire", "IBAN", "Montant (EUR)", "Référence"],
        ["[  ]", "Ferme des Trois Chênes", "FR14 2004 1010 0505 0001 3M02 606", "17,34", "P-7-1"],
        ["[  ]", "Ferme des Trois Chênes", "FR14 2004 1010 0505 0001 3M02 606", "4,00", "P-7-2"],
        ["", "Total : 2 virements", "", "21,34", ""],
    ]


def test_the_list_and_the_file_pay_the_same_amounts_to_the_same_references() -> None:
    paid = [line for line in LINES if not line.carried]
    xml = render(a_file(*(a_payout(end_to_end_id=line.reference, amount_cents=line.paid_cents) for line in paid)))
    typed = cells(render_transfer_list(a_head(2134), LINES))[5:-1]
    assert [row[4] for row in typed] == texts(xml, "EndToEndId")
    assert [row[3].replace(",", ".") for row in typed] == texts(xml, "InstdAmt")


@pytest.mark.parametrize("make", [render_overview, render_transfer_list])
def test_nothing_is_printed_when_the_lines_are_not_the_batch(make: type) -> None:
    with pytest.raises(OverviewMismatch, match="batch 7 is 21,35 EUR but its lines pay 21,34 EUR; do not pay it"):
        make(a_head(2135), LINES)


@pytest.mark.parametrize(("captures", "refunds"), [(0, 0), (100, 350)])
def test_a_line_that_pays_nothing_must_be_carried_over(captures: int, refunds: int) -> None:
    with pytest.raises(OverviewMismatch, match="carry it over to the next batch"):
        render_overview(a_head(0), [a_line("P-7-1", captures, refunds)])


def test_an_empty_batch_prints_a_total_of_nothing() -> None:
    assert cells(render_transfer_list(a_head(0), []))[-1] == ["", "Total : 0 virements", "", "0,00", ""]


def test_an_account_number_is_grouped_as_it_is_typed() -> None:
    assert in_fours("fr7630006000011234567890189") == "FR76 3000 6000 0112 3456 7890 189"


def test_a_transfer_is_typed_under_the_name_that_the_bank_compares() -> None:
    line = a_line("P-7-1", 2014, holder="EARL DU VAL")
    assert cells(render_transfer_list(a_head(2014), [line]))[5][1] == "EARL DU VAL"
    assert cells(render_overview(a_head(2014), [line]))[5][0] == "Ferme des Trois Chênes"
