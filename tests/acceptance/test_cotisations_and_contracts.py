"""Law: a treasurer takes cotisations in and leads an AMAP's contracts by the command line alone; a member fetches by a tap."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.acceptance.processes import Town, town

EXAMPLE = "examples/caisse.toml"


def today() -> date:
    return datetime.now(UTC).astimezone().date()


def week(number: int) -> str:
    return f"{today() + timedelta(weeks=number)}"


@pytest.mark.row(8)
def test_a_treasurer_leads_cotisations_gifts_and_contracts_from_the_command_line(tmp_path: Path) -> None:
    with town(tmp_path) as place:
        place.add_people()
        place.ok("found", EXAMPLE, by="camille")
        with place.serving() as served:
            cotisations(place, tmp_path)
            tax_receipts(place)
            contracts(place, tmp_path)
            fetched(place, tmp_path)
            leaving(place)
            assert "holds up to event" in place.ok("audit")
            assert served.end() == 0


def cotisations(place: Town, folder: Path) -> None:
    place.ok("member", "add", "m-1", "--name", "Ada Martin", by="noor")
    place.ok("member", "add", "m-2", by="noor")
    place.ok("cotisation", "rule", "--fund", "general", "--decision", "ag-2017-11", "--minimum", "10.00", "--step", "5.00",
             "--over-is-gift", by="camille")  # fmt: skip
    refused = place.refused("cotisation", "agree", "m-1", "12.00", by="noor")
    assert "at least 10.00 EUR a month in steps of 5.00 EUR; 12.00 EUR a month is not that" in refused
    assert "from" in place.ok("cotisation", "agree", "m-1", "25.00", by="noor")
    month = f"{today():%Y-%m}"
    assert "receipt number 1" in place.ok(
        "cotisation", "receive", "m-1", "15.00", "--means", "cash", "--reference", "book 1", by="noor"
    )
    assert "10.00 open" in place.ok("cotisations", "--arrears")
    said = place.ok("correct", "propose", "cotisation", "book 1", "--euros", "20.00", "--reason", "typed 15 for 20", by="noor")
    assert "The books say: 15.00 EUR of m-1 for" in said
    assert "It should be: 20.00 EUR of m-1 for" in said
    said = place.ok("correct", "confirm", "cotisation", "book 1", by="camille")
    assert "noor says, because typed 15 for 20, it should be: 20.00 EUR" in said
    assert "Give the receipt number 2" in said
    place.ok("correct", "propose", "cotisation", "book 1", "--euros", "15.00", "--reason", "it was 15", by="noor")
    assert "stays as it was" in place.ok("correct", "drop", "cotisation", "book 1", by="camille")
    place.ok("correct", "propose", "cotisation", "book 1", "--euros", "15.00", "--reason", "it was 15", by="noor")
    place.ok("correct", "confirm", "cotisation", "book 1", by="camille")
    listed = folder / "bank.csv"
    listed.write_text(
        f"member;month;euros;means;reference\nm-1;{month};10,00;debit;line 1\nm-9;{month};10,00;debit;line 2\n",
        encoding="utf-8",
    )
    once = place.run("cotisation", "import", str(listed), by="noor")
    assert (once.code, "line 2 (m-9): There is no member m-9" in once.out) == (1, True)
    assert "1 payment recorded, 0 in the book before, 1 refused" in once.out
    assert "0 payments recorded, 1 in the book before" in place.run("cotisation", "import", str(listed), by="noor").out
    assert "no card goes below zero" in place.ok("cotisation", "returned", "line 1", "--reason", "AM04", by="camille")
    assert f"m-1;{month};25.00;15.00;10.00;0.00;10.00" in place.ok("cotisations", "--csv", "--period", month)
    assert "another person" in place.refused("cotisation", "writeoff", "m-1", month, "--reason", "x", by="camille")
    place.ok("deposit", "count", "cash", "15.00", by="noor")
    assert "ask another person" in place.refused("deposit", "confirm", "1", "15.00", "--reference", "slip", by="noor")
    place.ok("deposit", "confirm", "1", "15.00", "--reference", "slip", by="camille")


def tax_receipts(place: Town) -> None:
    year = f"{today().year}"
    place.ok("gift", "receive", "50.00", "d-1", "--fund", "general", "--means", "cheque", "--reference", "q 1", by="noor")
    assert "Tax receipts are off" in place.refused("taxreceipt", "issue", year, by="camille")
    place.ok("taxreceipt", "basis", "Association d'intérêt général", "--articles", "200", by="camille")
    place.ok("taxreceipt", "enter", by="dominique")
    assert "0 new receipts" in place.run("taxreceipt", "issue", year, by="camille").out  # nobody has a name yet
    place.ok("gift", "donor", "d-1", "--name", "Zoé Petit", "--address", "1 place du Marché, 26220 Dieulefit")
    said = place.ok("taxreceipt", "issue", year, by="camille")
    path = Path(re.search(r"in (\S+)$", said.strip())[1]) / "0001.txt"  # type: ignore[index]
    first = path.read_bytes()
    assert "Zoé Petit" in first.decode()
    assert "50.00 EUR" in first.decode()
    path.unlink()
    assert "0 new receipts" in place.ok("taxreceipt", "issue", year, by="camille")
    assert path.read_bytes() == first
    place.ok("taxreceipt", "cancel", year, "1", "--reason", "wrong name", by="camille")
    assert "1 new receipt of" in place.ok("taxreceipt", "issue", year, by="camille")


def contracts(place: Town, folder: Path) -> None:
    place.ok("producer", "add", "ferme", "--name", "La ferme du Val", "--from", "2017-12-01", by="camille")
    place.ok("contract", "season", "veg", "--producer", "ferme", "--first", f"{today()}", "--number", "50", "--skip-days", "3",
             by="camille")  # fmt: skip
    refused = place.refused("contract", "add", "c-0", "--season", "veg", "--member", "m-1", "--euros", "0.05", "--portion",
                            "basket", "--instalments", "12", by="noor")  # fmt: skip
    assert "at most 5 instalments" in refused
    said = place.ok("contract", "add", "c-1", "--season", "veg", "--member", "m-1", "--euros", "128.50", "--portion", "basket",
                    "--instalments", "10", "--first-due", f"{today()}", by="noor")  # fmt: skip
    assert said.count("12.85 EUR") == 10
    listed = folder / "contracts.csv"
    listed.write_text(
        "contract;season;member;euros;instalments;first_due;portion;joins\n"
        f"c-2;veg;m-2;128,50;3;{today()};basket=1+eggs=0.5;{week(30)}\nc-3;veg;m-9;100,00;3;{today()};basket;\n",
        encoding="utf-8",
    )
    once = place.run("contract", "import", str(listed), by="noor")
    assert "c-3: There is no member m-9" in once.out
    assert "1 contract signed, 0 signed before, 1 refused" in once.out
    assert "51.40 EUR" in place.ok("contract", "list")  # 20 of 50 weeks
    place.ok("contract", "pay", "c-1", "1", "--reference", "cheque 1", by="noor")
    assert "is recorded already" in place.refused("contract", "pay", "c-1", "1", "--reference", "cheque 1", by="noor")
    place.ok("contract", "skip", "c-1", week(4), "--to", week(5), by="noor")
    place.ok("contract", "loss", "veg", f"{today()}", "--kept", "50", "--reason", "hail", by="noor")
    assert "Ada Martin;1 basket;50 %" in place.ok("contract", "sheet", "veg", f"{today()}", "--names")
    assert "c-1;m-1;1 basket" in place.ok("contract", "sheet", "veg", f"{today()}")


def fetched(place: Town, folder: Path) -> None:
    place.ok("card", "issue", "m-1", "--alias", "carte-1", by="noor")
    slot = re.search(r"Slot (\S+), code (\S+)", place.ok("terminal", "slot", "ferme", by="noor"))
    assert slot is not None
    code = folder / "code"
    code.write_text(slot[2], encoding="utf-8")
    place.ok("till", "ferme", "--pair", slot[1], "--code-file", str(code))
    said = place.ok("till", "ferme", "--card", "carte-1", "--deliver", "c-1")
    assert said.strip() == "panier du contrat c-1 : remis"
    again = place.run("till", "ferme", "--card", "carte-1", "--deliver", "c-1", "--language", "en")
    assert (again.code, "not to be handed over today" in again.out) == (1, True)
    assert f"delivery on {today()}" in place.ok("contract", "show", "c-1")
    sheet = folder / "sheet.csv"
    sheet.write_text("contract;taken\nc-1;taken\n", encoding="utf-8")
    assert "1 basket of veg fetched" in place.ok("contract", "deliver", "veg", f"{today()}", str(sheet), by="noor")


def leaving(place: Town) -> None:
    said = place.ok("contract", "end", "c-1", "--last", f"{today()}", "--reason", "moves away", by="noor")
    assert "c-1: Consumed 2.57 EUR. 10.28 EUR the producer gives back to the household." in said
    assert "Instalments of 115.65 EUR are cancelled" in said
    statement = place.ok("contract", "statement", "ferme")
    assert re.search(r"contracted +53\.97 EUR", statement)
    assert re.search(r"received +2\.57 EUR", statement)
