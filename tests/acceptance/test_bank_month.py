"""Law: a treasurer's month at a bank that nobody here wrote: paid, refused, sent back days later, charged, and told twice."""

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.acceptance.processes import Town, town
from tests.bank_process import Bank, a_bank

EXAMPLE = "examples/caisse.toml"
OWN_IBAN = "FR7630006000011234567890189"
ACCOUNTS = {
    "ferme": "DE89370400440532013000", "fournil": "FR1420041010050500013M02606", "rucher": "NL91ABNA0417164300",
}  # fmt: skip
OPENING_CENTS = 500_000
SALES = {"ferme": "10.00", "fournil": "20.00", "rucher": "30.00"}


def today() -> str:
    return f"{datetime.now(ZoneInfo('Europe/Paris')):%Y-%m-%d}"


def test_a_month_at_the_bank_is_led_by_the_command_line(tmp_path: Path) -> None:
    with town(tmp_path) as place, a_bank(OWN_IBAN, clock=f"{today()}T07:00", cents=OPENING_CENTS) as bank:
        bank.holds("FOURNIL", ACCOUNTS["fournil"], closed=True)
        place.add_people()
        place.ok("found", EXAMPLE, by="camille")
        with place.serving() as served:
            sold(place, tmp_path)
            content = exported(place)
            sent_to_the_bank(place, bank, content, tmp_path / "inbox")
            paid_and_told_twice(place, bank, tmp_path / "inbox")
            sent_back_days_later(place, bank, tmp_path / "inbox")
            by_hand(place, tmp_path)
            assert "holds up to event" in place.ok("audit")
            assert served.end() == 0


def sold(place: Town, folder: Path) -> None:
    place.ok("money", "receive", "general", "1000.00", "--reference", "line 1", by="camille")
    rows = "".join(f"{name};{name.title()};2017-12-01;{name.upper()};{iban}\n" for name, iban in ACCOUNTS.items())
    (folder / "producers.csv").write_text(f"producer;name;from;account_name;iban\n{rows}", encoding="utf-8")
    (folder / "members.csv").write_text("member;groups;name\nm-1;;Ada Martin\nm-2;;\n", encoding="utf-8")
    place.ok("member", "import", str(folder / "members.csv"), by="noor")
    place.ok("producer", "import", str(folder / "producers.csv"), by="camille")
    place.ok("producer", "bank-approve", *ACCOUNTS, by="dominique")
    place.ok("grant", today()[:7], by="camille")
    place.ok("card", "issue", "m-1", "--alias", "carte-1", by="noor")
    for name, euros in SALES.items():
        slot = re.search(r"Slot (\S+), code (\S+)", place.ok("terminal", "slot", name, by="noor"))
        assert slot is not None
        (folder / "code").write_text(slot[2], encoding="utf-8")
        place.ok("till", name, "--pair", slot[1], "--code-file", str(folder / "code"))
        assert "la carte" in place.ok("till", name, "--card", "carte-1", "--lines", f"fruit-veg={euros}")


def exported(place: Town) -> bytes:
    assert "Batch 1 is closed: 60.00 EUR" in place.ok("close", by="camille")
    place.ok("approve", "1", by="dominique")
    written = re.search(r"Written: (\S+)", place.ok("export", "1", by="camille"))
    assert written is not None
    return Path(written[1]).read_bytes()


def sent_to_the_bank(place: Town, bank: Bank, content: bytes, inbox: Path) -> None:
    """The bank refuses one account at once; its answer is taken in, twice."""
    ids = re.findall(rb"<EndToEndId>([^<]+)</EndToEndId>", content)
    assert len(ids) == 3
    bank.becomes("CAISSE", behaviour="return-later", parameters={"days": 3, "reason": "AC04", "end_to_end_id": ids[2].decode()})
    answer = bank.send(content)
    assert (answer["status"], answer["accepted"], answer["rejected"]) == ("PART", 2, 1)
    assert bank.send(content)["reason"] == "DUPL"
    first, duplicate = [str(path) for path in bank.collect(inbox)]
    said = place.ok("bank", "import", first, by="camille")
    assert "2 accepted" in said
    assert "fournil: rejected AC04" in said
    assert "0 payouts changed" in place.ok("bank", "import", first, by="camille")
    assert re.search(r"fournil .* rejected", place.ok("batches", "1"))
    assert "came twice" in place.ok("bank", "import", duplicate, by="camille")
    assert not re.search(r"ferme .* (rejected|returned)", place.ok("batches", "1"))


def paid_and_told_twice(place: Town, bank: Bank, inbox: Path) -> None:
    bank.pass_days(4)
    files = [str(path) for path in bank.collect(inbox) if "camt" in path.name]
    place.ok("bank", "import", *files, by="camille")
    told = place.ok("bank", "lines")
    assert "-10.00 EUR" in told
    assert "-30.00 EUR" in told
    assert "names payout 1/ferme" in told
    assert "all of it was here already" in place.ok("bank", "import", *files, by="camille")
    confirmed = place.ok("bank", "match", "--all", by="camille")
    assert "2 lines confirmed" in confirmed
    assert "No line of the bank waits." in place.ok("bank", "lines")
    assert re.search(r"ferme .* executed", place.ok("batches", "1"))
    assert "At the end of" in place.ok("bank", "balance")
    assert "4 960.00 EUR" in place.ok("bank", "balance")


def sent_back_days_later(place: Town, bank: Bank, inbox: Path) -> None:
    bank.pass_days(7)
    files = [str(path) for path in bank.collect(inbox) if "camt" in path.name]
    place.ok("bank", "import", *files, by="camille")
    told = place.ok("bank", "lines")
    assert "30.00 EUR  AC04" in told
    assert "names payout returned 1/rucher" in told
    place.ok("bank", "match", "--all", by="camille")
    assert re.search(r"rucher .* returned", place.ok("batches", "1"))
    assert "4 990.00 EUR" in place.ok("bank", "balance")
    waits = place.ok("status")
    assert "lines of the bank" not in waits
    assert "No line that waits names what it is" in place.ok("bank", "match", "--all", by="camille")


def by_hand(place: Town, folder: Path) -> None:
    """What a bank without files of its own kind gives: a CSV, by a mapping that is saved once."""
    path = folder / "releve.csv"
    path.write_bytes(
        "Relevé de compte\r\nDate;Libellé;Débit;Crédit\r\n"
        "05/01/2026;VIR DRAAF SUBVENTION;;200,00\r\n06/01/2026;FRAIS TENUE DE COMPTE;2,50;\r\n".encode("cp1252")
    )
    assert "--mapping NAME" in place.refused("bank", "import", str(path), by="camille")
    place.ok("bank", "mapping", "credit-coop", "--date", "Date", "--debit", "Débit", "--credit", "Crédit", "--text", "Libellé",
             by="camille")  # fmt: skip
    assert "credit-coop" in place.ok("bank", "mapping", by="camille")
    said = place.ok("bank", "import", str(path), "--mapping", "credit-coop", by="camille")
    assert "2 bookings, all new" in said
    numbers = [int(number) for number in re.findall(r"^ *(\d+)  2026", place.ok("bank", "lines"), re.MULTILINE)]
    assert len(numbers) == 2
    came, charge = numbers
    assert "Line" in place.refused("money", "receive", "general", "200.00", "--reference", "DRAAF", by="camille")
    assert "No rule says" in place.refused("bank", "match", str(charge), "--charge", by="camille")
    place.ok("bank", "match", str(came), "--fund", "general", by="camille")
    place.ok("bank", "match", str(charge), "--charge", "--fund", "general", by="camille")
    assert "is a charge" in place.ok("bank", "lines", str(charge))
    place.ok("bank", "unmatch", "5", by="camille")
    assert f"bank match {charge} --with" in place.ok("bank", "lines")
