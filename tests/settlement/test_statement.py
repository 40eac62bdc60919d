"""Law: a statement adds up to its transfer, and opens in a spreadsheet as the same figures and nothing that runs."""

import csv
import io
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from clearing.settlement.calendar import cutoff_us
from clearing.settlement.statement import Adjustment, StatementHead, StatementMismatch, StatementRow, render_statement
from clearing.values import BatchId, Cents, MicroTime

PARIS = ZoneInfo("Europe/Paris")
SATURDAY_EVENING = cutoff_us(date(2026, 11, 28), PARIS)


def a_head(payout_cents: int, **changed: object) -> StatementHead:
    facts: dict[str, object] = {
        "caisse_name": "Caisse de Loos",
        "producer_name": "Ferme des Trois Chênes",
        "batch_id": BatchId(7),
        "reference": "P-7-1",
        "execution_date": date(2026, 12, 1),
        "zone": PARIS,
        "payout_cents": Cents(payout_cents),
    }
    return StatementHead(**(facts | changed))  # type: ignore[arg-type]


def a_row(at_us: int, sale_id: str, goods: int, card: int, refunded: int = 0) -> StatementRow:
    return StatementRow(
        at_us=MicroTime(at_us),
        sale_id=sale_id,
        goods_cents=Cents(goods),
        card_cents=Cents(card),
        refunded_cents=Cents(refunded),
    )


def cells(sheet: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(sheet.decode("utf-8-sig"), newline=""), delimiter=";"))


def cents(cell: str) -> int:
    return int(cell.replace(",", ""))


def test_a_statement_shows_each_market_day_at_full_price_and_ends_in_the_transfer() -> None:
    rows = [
        a_row(SATURDAY_EVENING + 1, "s-c", 1000, 700),
        a_row(SATURDAY_EVENING, "s-b", 2689, 1734, 280),
        a_row(SATURDAY_EVENING - 3_600_000_000, "s-a", 5, 5),
    ]
    assert render_statement(a_head(2159), rows).decode("utf-8-sig") == (
        "Relevé;Ferme des Trois Chênes\r\n"
        "Caisse;Caisse de Loos\r\n"
        "Lot;n° 7\r\n"
        "Virement du;01/12/2026\r\n"
        "Référence;P-7-1\r\n"
        "\r\n"
        "Date;Heure;Vente;Marchandises (EUR);Part carte (EUR);Remboursé (EUR);Dû (EUR)\r\n"
        "28/11/2026;22:59:59;s-a;0,05;0,05;0,00;0,05\r\n"
        "28/11/2026;23:59:59;s-b;26,89;17,34;2,80;14,54\r\n"
        "28/11/2026;;Sous-total du jour;26,94;17,39;2,80;14,59\r\n"
        "29/11/2026;00:00:00;s-c;10,00;7,00;0,00;7,00\r\n"
        "29/11/2026;;Sous-total du jour;10,00;7,00;0,00;7,00\r\n"
        ";;Total des ventes;36,94;24,39;2,80;21,59\r\n"
        ";;Montant du virement;;;;21,59\r\n"
    )


def test_a_french_spreadsheet_recognises_the_accents_by_the_byte_order_mark() -> None:
    assert render_statement(a_head(0), []).startswith(b"\xef\xbb\xbfRelev\xc3\xa9")


def test_a_refund_of_an_earlier_batch_and_a_carried_balance_lower_the_transfer() -> None:
    head = a_head(100, adjustments=(Adjustment(label="Report du lot 6", amount_cents=-320),))
    table = cells(
        render_statement(head, [a_row(SATURDAY_EVENING, "s-a", 1000, 700), a_row(SATURDAY_EVENING, "s-0", 0, 0, 280)])
    )
    assert table[7] == ["28/11/2026", "23:59:59", "s-0", "0,00", "0,00", "2,80", "-2,80"]
    assert table[-2:] == [
        ["", "", "Report du lot 6", "", "", "", "-3,20"],
        ["", "", "Montant du virement", "", "", "", "1,00"],
    ]


def test_a_statement_that_does_not_add_up_is_not_printed() -> None:
    with pytest.raises(
        StatementMismatch, match=r"'P-7-1' is 7,01 EUR but .* are 7,00 EUR; do not send it, run the audit"
    ):
        render_statement(a_head(701), [a_row(SATURDAY_EVENING, "s-a", 1000, 700)])


def test_the_hour_that_comes_twice_says_which_one_it_was() -> None:
    first = cutoff_us(date(2026, 10, 24), PARIS) + 1 + 2 * 3_600_000_000
    table = cells(render_statement(a_head(2), [a_row(first, "s-a", 1, 1), a_row(first + 3_600_000_000, "s-b", 1, 1)]))
    assert [row[1] for row in table[7:9]] == ["02:00:00 (UTC+0200)", "02:00:00 (UTC+0100)"]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+33 6", "'+33 6"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "'=1"),
        ("\t=1", "'=1"),
        ("\r=1", "'=1"),
        ("\x00=1", "'=1"),
        ("＝1+1", "'＝1+1"),
        ("12e45", "'12e45"),
        ("0042", "'0042"),
        ("3/4", "'3/4"),
        ("a;b", "a;b"),
        ('dit "Jo"', 'dit "Jo"'),
        ("deux\nlignes", "deux lignes"),
        ("🌱 Jardin", "🌱 Jardin"),
        ("\ud800", "\\ud800"),
        ("", ""),
    ],
)
def test_a_nasty_text_stays_one_harmless_cell(typed: str, shown: str) -> None:
    table = cells(render_statement(a_head(5, producer_name=typed), [a_row(SATURDAY_EVENING, typed, 5, 5)]))
    assert table[0] == ["Relevé", shown]
    assert table[7][2] == shown


sales = st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**7), st.integers(0, 10**5)), max_size=30)


@given(sales)
def test_days_sales_and_transfer_add_up_and_the_order_of_rows_does_not_matter(
    drawn: list[tuple[int, int, int]],
) -> None:
    rows = [
        a_row(SATURDAY_EVENING + n * 9_000_000_000, f"s-{n}", goods + card, card, back)
        for n, (goods, card, back) in enumerate(drawn)
    ]
    owed = sum(card - back for _, card, back in drawn)
    sheet = render_statement(a_head(owed), rows)
    assert sheet == render_statement(a_head(owed), rows[::-1])
    table = cells(sheet)
    assert sum(cents(row[6]) for row in table[7:] if row[2] == "Sous-total du jour") == owed
    assert sum(cents(row[6]) for row in table[7:] if row[2].startswith("s-")) == owed
    assert cents(table[-1][6]) == owed
