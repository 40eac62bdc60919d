"""Law: a vote goes from its record to the rules in force by the command line, and a proposal is tried before it."""

import json
import re
from datetime import date
from pathlib import Path

from tests.acceptance.processes import Town, town
from tests.acceptance.test_whole_life import EXAMPLE, admit, grant, pair_and_sell, take_money_in, this_month

CHARTE = """
[[decisions]]
decision = "ag-2026"
title = "Le fromage à 50 %"
body = "general-meeting"
method = "majority"
taken_on = {today}
ends_on = 2099-01-01
tallies = [
  {{ college = "mangeurs", votes_for = 20, votes_against = 3, abstained = 1 }},
  {{ college = "producteurs", votes_for = 4 }},
]

[charte]
decision = "ag-2026"
effective = 2098-01-01T00:00:00
categories = ["fruit-veg", "animal", "staple"]

[[charte.payers]]
id = "credit"
purse = "credit"
covers = [{{ category = "fruit-veg", rate = 100 }}, {{ category = "animal", rate = 50 }}]
"""
PRODUCTS = "product;label;category;unit\n4011;Bananes;fruit-veg;kg\ntomme;Tomme;animal;piece\n"


def test_a_vote_is_recorded_approved_adopted_suspended_and_told(tmp_path: Path) -> None:
    with town(tmp_path) as place:
        place.add_people()
        place.ok("found", EXAMPLE, by="camille")
        with place.serving():
            take_money_in(place)
            admit(place, tmp_path)
            grant(place)
            pair_and_sell(place, tmp_path)
            proposal = tmp_path / "charte.toml"
            proposal.write_text(CHARTE.format(today=date.today()), encoding="utf-8")  # noqa: DTZ011
            trial(place, proposal)
            adopt(place, proposal)
            rule_on(place)
            lists(place, tmp_path)
            assert "holds up to event" in place.ok("audit")


def trial(place: Town, proposal: Path) -> None:
    said = place.ok("charte", "try", str(proposal), "--month", this_month())
    assert "1 operation decided anew" in said
    assert "1 basket of 1 would have been paid otherwise" in said
    assert re.search(r"sponsor +3\.68 +0\.00 +-3\.68", said)
    assert re.search(r"credit +12\.41 +13\.60 +\+1\.19", said)  # 3.67 + 8.74 now; 7.35 + half up of 6.245 proposed
    assert re.search(r"other tender of members +3\.75 +6\.24 +\+2\.49", said)
    assert "fewer than 5 members" in said
    unknown = proposal.with_name("unknown.toml")
    unknown.write_text(proposal.read_text(encoding="utf-8").replace('purse = "credit"', 'fund = "mill"'), encoding="utf-8")
    assert "--suppose mill=500.00" in place.refused("charte", "try", str(unknown), "--month", this_month())
    supposed = place.ok("charte", "try", str(unknown), "--month", this_month(), "--suppose", "mill=5.00")
    assert re.search(r"mill +0\.00 +5\.00 +\+5\.00", supposed)
    assert "YYYY-MM" in place.refused("charte", "try", str(proposal), "--month", "May")


def adopt(place: Town, proposal: Path) -> None:
    first = place.run("charte", "adopt", str(proposal), by="camille")
    assert (first.code, "clearing decision approve ag-2026" in first.out) == (1, True)
    assert "two people" in place.refused("decision", "approve", "ag-2026", by="camille")
    assert "mangeurs: 20 for, 3 against, 1 abstained" in place.ok("decision", "approve", "ag-2026", by="dominique")
    assert "Charte 2 is adopted" in place.ok("charte", "adopt", str(proposal), by="camille")
    now, then = place.ok("rules"), place.ok("rules", "--on", "2098-01-01")
    assert "70 % of animal" in now
    assert "credit: the purse credit pays 100 % of fruit-veg, 50 % of animal." in then
    assert "Taken by general-meeting (majority): 24 for, 3 against, 1 abstained." in then
    told = json.loads(place.ok("rules", "--on", "2098-01-01", "--json"))
    assert (told["version"], told["decision"]["colleges"][1]["votes_for"]) == (2, 4)
    assert [outlet["producer"] for outlet in told["framework"]["outlets"]] == ["ferme", "fournil"]


def rule_on(place: Town) -> None:
    today = f"{date.today()}"  # noqa: DTZ011 - the day of this machine
    given = ["decision", "record", "ca-1", "--title", "On arrête", "--body", "board", "--method", "consent"]
    given += ["--taken-on", today]
    assert "nobody was against" in place.refused(*given, "--votes", "5", "1", "0", by="camille")
    place.ok(*given, "--college", "bureau", "5", "0", "0", by="camille")
    ruling = ["ag-2026", "--by-decision", "ca-1", "--from", "2098-06-01"]
    assert "not approved yet" in place.refused("decision", "suspend", *ruling, by="camille")
    place.ok("decision", "approve", "ca-1", by="dominique")
    place.ok("decision", "suspend", *ruling, by="camille")
    assert "50 % of animal" in place.ok("rules", "--on", "2098-05-31")
    assert "70 % of animal" in place.ok("rules", "--on", "2098-06-01")
    place.ok("decision", "resume", "ag-2026", "--by-decision", "ca-1", "--from", "2098-07-01", by="camille")
    place.ok("decision", "annul", "ag-2026", "--by-decision", "ca-1", "--from", "2098-08-01", by="camille")
    said = place.ok("decision", "list")
    assert "annulled from 2098-08-01 00:00:00 CEST by decision ca-1" in said
    assert "3 decisions" in said


def lists(place: Town, folder: Path) -> None:
    products, prices = folder / "products.csv", folder / "prices.csv"
    products.write_text(PRODUCTS + "401;Poires;fruit-veg;kg\n12345678;Pain;staple;piece\n", encoding="utf-8")
    refused = place.refused("product", "import", str(products), by="noor")
    assert "line 4: 401 has 3 digits" in refused
    assert "line 5: 12345678 is no GTIN" in refused
    products.write_text(PRODUCTS + "savon;Savon;soap;piece\n", encoding="utf-8")
    said = place.ok("product", "import", str(products), by="noor")
    assert "3 products listed; 0 were so already" in said
    assert "no charte names the category soap" in said
    assert "0 products listed; 3 were so already" in place.ok("product", "import", str(products), by="noor")
    assert "3 products" in place.ok("product", "list")
    prices.write_text("product,unit_price\n4011,2.5\nkiwi,1.00\n", encoding="utf-8")
    refused = place.refused("prices", "import", "ferme-1", str(prices), by="noor")
    assert "line 2: unit_price is written in euros with two decimals" in refused
    assert "line 3: product kiwi is not in the caisse's list" in refused
    assert "No convention has a price list yet" in place.ok("prices", "differences")
    prices.write_text("product,unit_price\n4011,2.50\n", encoding="utf-8")
    convention = re.search(r"(\S+) from 2017-12-01", place.ok("producer", "list"))
    assert convention is not None
    assert "Price list 1" in place.ok("prices", "import", convention[1], str(prices), by="noor")
    assert "is the price list of" in place.ok("prices", "import", convention[1], str(prices), by="noor")
    assert "Everything that has a listed price was sold at it" in place.ok("prices", "differences", "--month", this_month())
