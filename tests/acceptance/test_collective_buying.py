"""Law: a group buys, orders and pays in its own unit by the command line alone; what it is told is what its log proves."""

import re
from pathlib import Path

from tests.acceptance.processes import Town, town

EXAMPLE = "examples/caisse.toml"
ORDER = "category;euros;payee;product;quantity\nfruit-veg;100.00;ferme;leek;10\nfruit-veg;30,00;fournil;kale;\n"
STALL = "member;pieces;reference\ngout;3;saturday\ngout;2;saturday\n"


def test_a_group_orders_above_its_limit_and_each_payee_is_shown(tmp_path: Path) -> None:
    with town(tmp_path) as place:
        place.add_people()
        place.ok("found", EXAMPLE, by="camille")
        with place.serving():
            furnish(place)
            account(place)
            order(place, tmp_path)
            unit(place, tmp_path)
            receipt(place, tmp_path)
            assert "0 exceptions open" in place.ok("exceptions")
            assert "no open exception 3" in place.refused(
                "exception", "propose", "3", "--how", "noted", "--reason", "r", by="noor"
            )
            assert "holds up to event" in place.ok("audit")


def furnish(place: Town) -> None:
    place.ok("money", "receive", "general", "1000.00", "--reference", "line 1", by="camille")
    place.ok("member", "add", "gout", by="noor")
    place.ok("credit", "gout", "600.00", "--purse", "credit", "--fund", "general", "--reference", "subsidy", by="noor")
    for producer in ("ferme", "fournil"):
        place.ok("producer", "add", producer, "--name", producer.title(), "--from", "2017-12-01", by="camille")


def account(place: Town) -> None:
    assert "another person" in place.ok("collective", "propose", "gout", "--two-person", "120.00", by="camille")
    assert "two people" in place.refused("collective", "open", "gout", by="camille")
    assert "above 120.00 EUR two mandataries" in place.ok("collective", "open", "gout", by="dominique")
    for mandatary in ("aline", "boris"):
        place.ok("card", "issue", "gout", "--alias", f"carte-{mandatary}", by="noor")
        limits = ("--purchase", "200.00", "--month", "500.00")
        place.ok("collective", "mandatary", "gout", mandatary, "--card", f"carte-{mandatary}", *limits, by="camille")
        assert f"{mandatary} buys for gout" in place.ok("collective", "name", "gout", mandatary, by="dominique")
    assert "200.00 EUR a purchase" in place.ok("collective", "list")


def order(place: Town, folder: Path) -> None:
    lines = folder / "order.csv"
    lines.write_text(ORDER, encoding="utf-8")
    whose = ("--account", "gout", "--mandatary", "aline", "--seller", "ferme")
    said = place.ok("order", "place", str(lines), "--order", "o-1", *whose, by="camille")
    assert "130.00 EUR are reserved" in said
    assert "confirms it first" in place.refused("order", "deliver", "o-1", "--document", "bl-1", by="camille")
    assert "takes two" in place.refused("order", "confirm", "o-1", "--mandatary", "aline", by="dominique")
    place.ok("order", "confirm", "o-1", "--mandatary", "boris", by="dominique")
    place.ok("order", "dispute", "o-1", "2", "--reason", "wilted", by="noor")
    assert "1 disputed" in place.ok("order", "list")
    said = place.ok("order", "deliver", "o-1", "--document", "bl-1", "--line", "1=9.5", by="noor")
    assert re.search(r"leek x 10 +95\.00 EUR +delivered", said)
    assert re.search(r"Invoice, 1 payee +95\.00 EUR", said)
    place.ok("order", "settle", "o-1", "2", "12.50", "--reason", "half was good", by="noor")
    assert "12.50 EUR are owed" in place.ok("order", "agree", "o-1", "2", by="camille")
    assert re.search(r"Invoice, 2 payees +107\.50 EUR", place.ok("order", "show", "o-1"))
    said = place.ok("order", "show", "o-1", "--payers")
    assert re.search(r"decision ag-\S+:", said)
    assert re.search(r"line +2 .* from purse:credit .* EUR to fournil", said)
    assert "Nothing of order o-1 is open" in place.refused("order", "cancel", "o-1", by="camille")
    assert re.search(r"0\.75 +7\.50 EUR\n +0\.25 +2\.50 EUR", place.ok("order", "split", "10.00", "0.750", "0.250"))


def unit(place: Town, folder: Path) -> None:
    stall = folder / "stall.csv"
    stall.write_text(STALL, encoding="utf-8")
    place.ok("unit", "open", "gemme", "--name", "Gemme", by="camille")
    place.ok("unit", "issue", "gemme", "gout", "9", "--for", "garden", by="noor")
    place.ok("unit", "pay", "gemme", "gout", "ferme", "1", "--for", "market", by="noor")
    assert "2 payments to ferme entered, 5 gemme" in place.ok("unit", "evening", "gemme", "ferme", str(stall), by="noor")
    place.ok("unit", "move", "gemme", "producer:ferme", "gout", "2", "--for", "seeds", by="noor")
    place.ok("unit", "take-back", "gemme", "producer:ferme", "4", "--for", "June", by="noor")
    assert "5 in circulation" in place.ok("unit", "list")
    assert "gout holds 5 gemme" in place.ok("unit", "statement", "gemme", "gout")
    assert "no unit ducat" in place.refused("unit", "statement", "ducat", "gout")


def receipt(place: Town, folder: Path) -> None:
    slot = re.search(r"Slot (\S+), code (\S+)", place.ok("terminal", "slot", "ferme", by="noor"))
    assert slot is not None
    code = folder / "code"
    code.write_text(slot[2], encoding="utf-8")
    place.ok("till", "ferme", "--pair", slot[1], "--code-file", str(code))
    said = place.ok("till", "ferme", "--card", "carte-aline", "--lines", "fruit-veg=7.35", "--language", "en")
    assert "7.35" in said
    position = re.search(r"^ *(\d+) ", place.ok("sales", "--card", "carte-aline"), re.MULTILINE)
    assert position is not None
    said = place.ok("receipt", "text", position[1])
    assert re.search(r"Paid by card +7\.35", said)
    assert "no sale that was paid" in place.refused("receipt", "text", "1")
    place.ok("collective", "revoke", "gout", "boris", by="camille")
    assert "buys nothing for gout" in place.ok("collective", "revoke", "gout", "boris", by="dominique")
    assert "0.00" in place.ok("till", "ferme", "--card", "carte-aline", "--lines", "fruit-veg=1.00", "--language", "en")
