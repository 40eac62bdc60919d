"""Law: coupons, draws and gives from the founding file to the statement, by the command line alone."""

import re
from pathlib import Path

import pytest

from tests.acceptance.processes import Town, town
from tests.acceptance.test_whole_life import EXAMPLE, admit, pair_and_sell, take_money_in, this_month
from tests.house.sources import CLONE

pytestmark = pytest.mark.row(5)
VOTED = """
[[funds]]
fund = "solidaire"
kind = "solidarity"
name = "Caisse solidaire"

[[solidarity_rules]]
rule = "tizote"
fund = "solidaire"
rates = [10, 20, 30]
when_short = "lower"
terminal_day = "50.00"
producer_day = "80.00"
fund_day = "200.00"
prices = [125]
coupon = "1.00"
give_terminal_day = "100.00"
give_producer_day = "100.00"
give_debt = "100.00"
watch = 50
decision = "ag-2017-11"

[[bonus_rules]]
rule = "durable"
fund = "general"
purse = "bonus"
covers = [{ category = "fruit-veg", rate = 50 }]
month = "25.00"
months_valid = 2
decision = "ag-2017-11"
"""


def test_a_solidarity_fund_lives_from_its_vote_to_the_statement(tmp_path: Path) -> None:
    file = tmp_path / "caisse.toml"
    file.write_text((CLONE / EXAMPLE).read_text(encoding="utf-8") + VOTED, encoding="utf-8")
    with town(tmp_path) as place:
        place.add_people()
        place.ok("found", str(file), by="camille")
        with place.serving():
            take_money_in(place)
            admit(place, tmp_path)
            place.ok("grant", this_month(), by="camille")
            pair_and_sell(place, tmp_path)
            assert "10 coupons sold: 10.00 EUR are in solidaire" in place.ok(
                "coupons", "sell", "10", "--fund", "solidaire", "--means", "cash", "--reference", "stand 1", by="noor"
            )
            assert "No voted rule sells coupons" in place.refused(
                "coupons", "sell", "1", "--fund", "general", "--means", "cash", "--reference", "x", by="noor"
            )
            draw_and_give(place)
            report(place)
            vote_anew(place)
            settle(place)


def draw_and_give(place: Town) -> None:
    for _ in range(5):
        said = place.ok("till", "ferme", "--draw", "20", "--lines", "fruit-veg=5.00")
        assert said.strip() == "réduction 1,00 EUR, reste à régler 4,00 EUR"
    said = place.ok("till", "ferme", "--give", "125", "--lines", "animal=10.00", "--language", "en")
    assert said.strip() == "take 12.50 EUR, 2.50 EUR of it for the fund"
    said = place.ok("till", "ferme", "--give", "100", "--lines", "coupon=3.00", "--language", "en")
    assert said.strip() == "take 3.00 EUR, 3.00 EUR of it for the fund"
    assert "no card" in place.refused("till", "ferme", "--draw", "20", "--card", "carte-1", "--lines", "fruit-veg=5.00")


def report(place: Town) -> None:
    said = place.ok("solidarity")
    assert re.search(r"coupons sold +10\.00 EUR  10 coupons", said)
    assert re.search(r"given at tills +5\.50 EUR", said)
    assert re.search(r"coupons \+ gives - draws +10\.50 EUR", said)
    assert re.search(r"20 % +5 draws +5\.00 EUR", said)


def vote_anew(place: Town) -> None:
    assert "offers 15 %" in place.ok(
        "solidarity-rule", "tizote", "--fund", "solidaire", "--decision", "ag-2017-11", "--reduce", "15", "--terminal-day",
        "50.00", "--producer-day", "50.00", "--fund-day", "100.00", by="camille",
    )  # fmt: skip
    assert "like fruit-veg=50" in place.refused(
        "bonus-rule", "durable", "--fund", "general", "--decision", "ag-2017-11", "--on", "fruit-veg", "--month", "25.00",
        by="camille",
    )  # fmt: skip
    assert "at most 30.00 EUR" in place.ok(
        "bonus-rule", "durable", "--fund", "general", "--decision", "ag-2017-11", "--on", "fruit-veg=50", "--month",
        "30.00", by="camille",
    )  # fmt: skip


def settle(place: Town) -> None:
    assert "Batch 1 is closed: 15.59 EUR" in place.ok("close", by="camille")  # 16.09 by card + 5.00 drawn - 5.50 given
    assert "5.50 taken for funds" in place.ok("batches", "1")
    place.ok("approve", "1", by="dominique")
    said = place.ok("export", "1", by="camille")
    path = Path(re.search(r"Written: (\S+)", said)[1])  # type: ignore[index]
    statement = (path.parent / "statements" / "ferme.csv").read_text(encoding="utf-8-sig")
    assert re.search(r"00:00:00;Réductions solidaires;25,00;5,00;0,00;5,00", statement)
    assert re.search(r"00:00:00;Reçu pour le fonds;0,00;0,00;5,50;-5,50", statement)
    assert "holds up to event" in place.ok("audit")
