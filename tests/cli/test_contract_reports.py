"""What people read of contracts, gifts and cotisations: sentences and tables from the book, without a database."""

from dataclasses import asdict
from datetime import date

import pytest

from clearing.cli.contract_reports import seasons, sheet, shown, statement, told_end
from clearing.cli.contracts import _portion, monthly
from clearing.cli.cotisations import as_csv, as_text, table
from clearing.cli.desk import Misused
from clearing.cli.gifts import Paper, new_papers, receipt_text
from clearing.people import Record
from clearing.rules.amap import deliveries
from clearing.values import ContractId, MemberId, ProducerId, Rate
from tests.given_when_then import Story, given
from tests.rules.contract_sayings import (
    GARDEN,
    VEG,
    end,
    fund_parts,
    pay,
    pay_over,
    season,
    several,
    sign,
    through,
    weeks,
)
from tests.rules.test_cotisations import CLUB, RULE, agree, basis, gift, give_back, receive
from tests.sayings import BRUNO, MARKET, opened, received

ON = weeks(1)[0]


def half_funded() -> Story:
    story = given(*MARKET, opened("panier"), received(20_000, "panier"), season())
    return story.when(sign(12_850, 10, fund="panier", percent=50, fund_until="2026-08-31"))


def test_a_contract_shows_who_pays_what_and_what_to_do_when_a_fund_stops() -> None:
    story = several(half_funded(), fund_parts("2026-06-30")).when(pay(1))
    said = "\n".join(shown(story.book, ContractId("c-1"), "2026-06-15"))
    assert "m-1 with garden, 1 basket, 128.50 EUR (recorded only" in said
    assert "instalment  1 on 2026-05-01       12.85 EUR  household 6.42, panier 6.43  paid" in said
    assert "instalment  2 on 2026-06-01       12.85 EUR  household 6.42, panier 6.43  6.42 overdue" in said
    assert "instalment  5 on 2026-09-01       12.85 EUR  household 6.42, nobody 6.43  6.42 to come" in said
    assert "After 2026-08-31 the fund pays no more: 38.58 EUR are nobody's" in said
    assert "contract takeover c-1" in said


def test_a_season_lists_its_contracts_with_what_is_overdue() -> None:
    story = half_funded().when(pay(1))
    first, second = seasons(story.book, "2026-06-15")
    assert first == f"veg-2026: Vegetables, garden, 50 deliveries until {weeks(50)[49]}, recorded"
    assert "128.50 EUR, paid" in second
    assert "6.42 overdue" in second
    assert "38.58 that nobody pays" in second
    assert "No season yet" in seasons(given(*MARKET).book, ON)[0]


def test_an_attendance_sheet_has_names_only_when_they_are_given() -> None:
    story = half_funded().when(lambda book, _: deliveries.decide_loss(
        book.contracts, season=VEG, on=ON, kept_rate=Rate(5_000), reason="hail", by=BRUNO
    ))  # fmt: skip
    head, row = sheet(story.book, VEG, ON, {})
    assert head == "contract;fetched by;portion;crop;taken"
    assert row == "c-1;m-1;1 basket;50 %;"
    assert sheet(story.book, VEG, ON, {MemberId("m-1"): "Ada"})[1].startswith("c-1;Ada;")


def test_a_producers_statement_adds_up_contracted_delivered_received_and_to_come() -> None:
    story = given(*MARKET, through()).when(sign(12_850, 10))
    for number in (1, 2, 3):
        story.when(pay(number, means="transfer"))
    several(story, pay_over("2026-06-30"))
    said = [" ".join(line.split()) for line in statement(story.book, GARDEN, weeks(50)[29])]
    assert said[1:] == [
        "contracted 128.50 EUR", "delivered 77.10 EUR", "received 25.70 EUR", "to come 102.80 EUR",
        "at the caisse 12.85 EUR, to be paid over when due",
    ]  # fmt: skip
    assert "has no season" in statement(story.book, ProducerId("dairy"), ON)[0]


def test_who_leaves_is_told_what_goes_back_and_what_is_cancelled() -> None:
    story = given(*MARKET, season()).when(sign(12_850, 10))
    for number in range(1, 9):
        story.when(pay(number))
    story.at(f"{weeks(50)[29]} 20:00:00").when(end(weeks(50)[29]))
    said = told_end(asdict(story.last), False)  # type: ignore[arg-type]
    assert said == ("Consumed 77.10 EUR. 25.70 EUR the producer gives back to the household. Instalments of 25.70 EUR are "
                    "cancelled: give the cheques back.")  # fmt: skip


def test_months_are_counted_from_the_first_day_and_a_short_month_has_its_last() -> None:
    assert monthly(date(2026, 11, 30), 4) == ["2026-11-30", "2026-12-30", "2027-01-30", "2027-02-28"]


@pytest.mark.parametrize(("text", "milli"), [("basket", 1_000), ("eggs=0.5", 500), ("eggs=12", 12_000), ("bread=1,25", 1_250)])
def test_a_portion_is_a_name_and_a_quantity(text: str, milli: int) -> None:
    assert _portion(text)["qty_milli"] == milli


@pytest.mark.parametrize("text", ["=2", "eggs=x", "eggs=1.2345", "eggs=1.", "eggs=0"])
def test_a_mistyped_portion_says_how_it_is_written(text: str) -> None:
    with pytest.raises(Misused, match="NAME=QUANTITY"):
        _portion(text)


def test_arrears_are_listed_by_member_and_month_with_what_came_back() -> None:
    story = given(*CLUB, RULE).when(agree(2_000)).when(receive(2_000)).when(give_back()).when(agree(1_500, owner="m-2"))
    story.when(receive(1_500, reference="line 2", owner="m-2"))
    found = table(story.book, until="2026-05", only=None, arrears=True)
    assert as_csv(found) == ["member;month;due;paid;returned;given up;open", "m-1;2026-05;20.00;0.00;20.00;0.00;20.00"]
    text = as_text(table(story.book, until="2026-05", only="2026-05", arrears=False))
    assert "20.00 open, 20.00 came back from the bank" in text[0]
    assert text[-1] == "2 lines: 35.00 EUR due, 15.00 EUR paid, 20.00 EUR open"
    assert "clearing cotisation agree" in as_text(table(story.book, until="2026-04", only=None, arrears=False))[0]


def test_a_tax_receipt_is_the_same_bytes_for_the_same_facts_and_none_is_made_without_a_name() -> None:
    story = basis(given(*CLUB, RULE)).when(gift(5_000)).when(gift(700, "donor:d-2", reference="g 2"))
    zoe = Record(subject="donor:d-1", kind="donor", fields={"name": "Zoé Petit", "address": "1 place du Marché"})
    papers, unnamed = new_papers(story.book, 2026, {"donor:d-1": zoe, "donor:d-2": None}, "2026-12-31")
    assert (papers, unnamed) == ([Paper(1, "donor:d-1", 5_000, "2026-12-31")], ["donor:d-2"])
    text = receipt_text(story.book, 2026, papers[0], zoe)
    assert text == receipt_text(story.book, 2026, papers[0], zoe)
    for word in ("n° 2026-0001", "Zoé Petit", "50.00 EUR", "200 and 238 bis", "Fait le 2026-12-31"):
        assert word in text.decode()

