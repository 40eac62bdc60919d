"""Law: from a founding file to the bank and to the proof, by the command line alone, with real processes and real refusals."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from tests.acceptance.processes import Served, Town, database_runs, town

EXAMPLE = "examples/caisse.toml"
MEMBERS = "member;groups;name\nm-1;;Ada Martin\nm-2;;\n"
PRODUCERS = (
    "producer;name;from;account_name;iban\n"
    "ferme;La ferme du Val;2017-12-01;EARL DU VAL;DE89 3704 0044 0532 0130 00\n"
    "fournil;Le fournil;2017-12-01;LE FOURNIL;FR14 2004 1010 0505 0001 3M02 606\n"
)


def this_month() -> str:
    return f"{datetime.now(UTC).astimezone():%Y-%m}"


def test_a_caisse_lives_from_its_founding_to_its_proof(tmp_path: Path) -> None:
    with town(tmp_path, apart=True) as place:
        found(place)
        with place.serving() as served:
            take_money_in(place)
            admit(place, tmp_path)
            grant(place)
            card = pair_and_sell(place, tmp_path)
            settle(place)
            prove(place, card)
            assert served.end() == 0
        assert "start it with" in place.refused("grant", this_month(), by="camille")
        assert not database_runs(place.home)


def found(place: Town) -> None:
    assert "clearing found FILE" in place.refused("grant", "2026-01", by="camille")
    assert "clearing person add camille" in place.refused("found", EXAMPLE, by="camille")
    place.add_people()
    said = place.ok("found", EXAMPLE, by="camille")
    assert "val-exemple" in said
    assert "clearing serve" in said
    assert "founded already" in place.refused("found", EXAMPLE, by="camille")


def take_money_in(place: Town) -> None:
    assert "two decimals" in place.refused("money", "receive", "general", "1000", "--reference", "line 1", by="camille")
    assert "1 000.00 EUR" in place.ok("money", "receive", "general", "1000.00", "--reference", "line 1", by="camille")
    assert "recorded already under 'line 1'" in place.refused(
        "money", "receive", "general", "1000,00", "--reference", "line 1", by="camille"
    )
    place.ok("money", "receive", "fruits-legumes", "50.00", "--reference", "line 2", by="camille")
    assert "needs one of: treasurer" in place.refused("money", "receive", "general", "1.00", "--reference", "x", by="noor")


def admit(place: Town, folder: Path) -> None:
    members, producers = folder / "members.csv", folder / "producers.csv"
    members.write_text(MEMBERS, encoding="utf-8-sig")
    assert "no member that this rule is for" in place.refused("grant", this_month(), by="camille")
    place.ok("member", "import", str(members), by="noor")
    own = PRODUCERS.replace("DE89 3704 0044 0532 0130 00", "FR76 3000 6000 0112 3456 7890 189")
    producers.write_text(own, encoding="utf-8")
    assert "the caisse's own" in place.refused("producer", "import", str(producers), by="camille")
    producers.write_text(PRODUCERS, encoding="utf-8")
    place.ok("producer", "import", str(producers), by="camille")
    assert "two people" in place.refused("producer", "bank-approve", "ferme", "fournil", by="camille")
    place.ok("producer", "bank-approve", "ferme", "fournil", by="dominique")


def grant(place: Town) -> None:
    assert "2 members have 150.00 EUR each" in place.ok("grant", this_month(), by="camille")
    assert "nobody is credited twice" in place.refused("grant", this_month(), by="camille")


def pair_and_sell(place: Town, folder: Path) -> str:
    issued = place.ok("card", "issue", "m-1", "--alias", "carte-1", by="noor")
    assert "carte-1" in issued
    slot = re.search(r"Slot (\S+), code (\S+)", place.ok("terminal", "slot", "ferme", by="noor"))
    assert slot is not None
    code = folder / "code"
    code.write_text(slot[2], encoding="utf-8")
    digits = re.search(r"\d{4} \d{4}", place.ok("till", "ferme", "--pair", slot[1], "--code-file", str(code)))
    assert digits is not None
    assert digits[0] in place.ok("terminal", "list")
    assert "account approved" in place.ok("producer", "list")
    assert "carte-1" in place.ok("member", "list")
    assert "noor" in place.ok("person", "list")
    sold = place.ok("till", "ferme", "--card", "carte-1", "--lines", "fruit-veg=7.35", "animal=12.49")
    assert sold.strip() == "la carte règle 16,09 EUR, reste 3,75 EUR"  # 3.68 + 3.67, then 70 % of 12.49
    return "carte-1"


def settle(place: Town) -> None:
    assert "Batch 1 is closed: 16.09 EUR" in place.ok("close", by="camille")
    assert "not approved" in place.refused("export", "1", by="camille")
    assert "ask another person" in place.refused("approve", "1", by="camille")
    saturday = date.today() + timedelta(days=(5 - date.today().weekday()) % 7)  # noqa: DTZ011 - the day of this machine
    assert "Banks are closed" in place.refused("approve", "1", "--pay-on", f"{saturday}", by="dominique")
    place.ok("approve", "1", by="dominique")
    first = place.ok("export", "1", by="camille")
    path = Path(re.search(r"Written: (\S+)", first)[1])  # type: ignore[index]
    content = path.read_bytes()
    assert "the same bytes as before" in place.ok("export", "1", by="dominique")
    assert path.read_bytes() == content
    assert b"<CtrlSum>16.09</CtrlSum>" in content
    assert (path.parent / "statements" / "ferme.csv").exists()
    assert "16.09 EUR  exported" in place.ok("batches")
    assert "no batch 2" in place.refused("batches", "2")
    place.ok("paid", "1", "ferme", "--reference", "bank line 9", by="camille")
    assert "executed" in place.ok("batches", "1")


def prove(place: Town, card: str) -> None:
    sales = place.ok("sales", "--card", card, "--producer", "ferme")
    position = re.search(r"^ *(\d+) ", sales, re.MULTILINE)
    assert position is not None
    assert "ag-2017-11" in place.ok("why", position[1])
    place.ok("card", "block", card, "--why", "lost", by="noor")
    assert "the card pays 0.00" in place.ok("till", "ferme", "--card", card, "--lines", "staple=1.00", "--language", "en")
    assert "it is served" in place.ok("status")
    assert "holds up to event" in place.ok("audit")
    assert "generation 2 is shown now" in place.ok("rebuild")


def test_a_second_writer_waits_or_takes_over(tmp_path: Path) -> None:
    with town(tmp_path) as place:
        place.add_people()
        place.ok("found", EXAMPLE, by="camille")
        with place.serving() as first:
            refused = place.refused("serve", "--port", "0")
            assert f"process {first.process.pid}" in refused
            assert "--take-over" in refused
            with place.serving("--take-over") as second:
                said = first.until("took over this caisse")
                assert first.process.wait(60) == 1
                assert "Traceback" not in said
                place.ok("money", "receive", "general", "5.00", "--reference", "line 1", by="camille")
                assert ended_well(second)


def ended_well(served: Served) -> bool:
    return served.end() == 0 and "nothing was left behind" in served.until("Stopped")
