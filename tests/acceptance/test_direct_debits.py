"""Law: a treasurer collects a month's cotisations by direct debit from the command line alone, and a bank takes the file."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from clearing.rules.treasury.target_days import next_target_day
from tests.acceptance.processes import Town, town
from tests.settlement.batches import PRODUCER_IBAN
from tests.settlement.collections import CREDITOR_ID, assert_valid, texts

EXAMPLE = "examples/caisse.toml"


def today() -> date:
    return datetime.now(UTC).astimezone().date()


def test_a_month_is_collected_told_sent_answered_and_proved_from_the_command_line(tmp_path: Path) -> None:
    with town(tmp_path) as place:
        place.add_people()
        place.ok("found", EXAMPLE, by="camille")
        with place.serving() as served:
            mandates(place, tmp_path)
            collected(place, tmp_path)
            answered(place, tmp_path)
            assert "holds up to event" in place.ok("audit")
            assert served.end() == 0


def mandates(place: Town, folder: Path) -> None:
    for member in ("m-1", "m-2", "m-3"):
        place.ok("member", "add", member, by="noor")
    place.ok("cotisation", "rule", "--fund", "general", "--decision", "ag-2017-11", "--minimum", "10.00", by="camille")
    for member in ("m-1", "m-2", "m-3"):
        place.ok("cotisation", "agree", member, "25.00", by="noor")
    refused = place.refused("mandate", "sign", "m-1", "--name", "Zoé Petit", "--iban", PRODUCER_IBAN, by="noor")
    assert "clearing mandate creditor ICS" in refused
    assert "check digits" in place.refused("mandate", "creditor", "FR73ZZZ123456", by="camille")
    place.ok("mandate", "creditor", CREDITOR_ID, by="camille")
    assert "type it again" in place.refused("mandate", "sign", "m-1", "--name", "Zoé", "--iban", "FR76", by="noor")
    said = place.ok("mandate", "sign", "m-1", "--name", "Zoé Petit & Fils", "--iban", PRODUCER_IBAN, by="noor")
    assert "-M000001 of m-1 is recorded" in said
    listed = folder / "mandates.csv"
    listed.write_text(
        f"member;mandate;signed_on;name;iban;used_on\nm-2;OLD-2;{today() - timedelta(days=400)};Ève Roy;DE89370400440532013000;"
        f"{today() - timedelta(days=40)}\n",
        encoding="utf-8",
    )
    assert "1 mandate recorded, 0 in the book before" in place.ok("mandate", "import", str(listed), by="noor")
    assert "0 mandates recorded, 1 in the book before" in place.ok("mandate", "import", str(listed), by="noor")
    assert "OLD-2" in place.ok("mandate", "list")


def collected(place: Town, folder: Path) -> None:
    on = next_target_day(today() + timedelta(days=20))
    month = f"{today():%Y-%m}"
    said = place.ok("collection", "propose", month, "--on", f"{on}", by="camille")
    assert "2 debits, 50.00 EUR" in said
    assert "not asked: m-3, 25.00 EUR: m-3 has signed no mandate" in said
    assert "not approved yet" in place.refused("collection", "announce", "1", by="noor")
    assert "ask another person" in place.refused("collection", "approve", "1", by="camille")
    place.ok("collection", "approve", "1", by="dominique")
    assert "have not been told" in place.refused("collection", "export", "1", by="camille")
    told = place.ok("collection", "announce", "1", by="noor")
    notices = Path(re.search(r"in (\S+)\. Send", told)[1])  # type: ignore[index]
    assert "25,00 EUR" in (notices / "m-1.txt").read_text(encoding="utf-8")
    assert "the same as before" in place.ok("collection", "announce", "1", by="noor")
    path = Path(re.search(r"Written: (\S+)", place.ok("collection", "export", "1", by="camille"))[1])  # type: ignore[index]
    first = path.read_bytes()
    assert_valid(first)
    assert texts(first, "SeqTp") == ["FRST", "RCUR"]
    path.unlink()
    assert "the same bytes" in place.ok("collection", "export", "1", by="camille")
    assert path.read_bytes() == first


def answered(place: Town, folder: Path) -> None:
    listed = folder / "answers.csv"
    rows = [one.split()[6] for one in place.ok("collections", "1").splitlines()[:2]]
    listed.write_text(
        "debit;state;code;on\n" + "".join(f"{one};executed;;{today()}\n" for one in rows), encoding="utf-8"
    )
    assert "2 executed" in place.ok("collection", "answers", "1", str(listed), by="camille")
    assert "nothing changed" in place.ok("collection", "answers", "1", str(listed), by="camille")
    refused = place.refused("cotisation", "returned", rows[0], "--reason", "AM04", by="camille")
    assert "clearing collection answer 1 m-1" in refused
    said = place.ok("collection", "answer", "1", "m-2", "returned", "--code", "AC04", by="camille")
    assert "The mandate OLD-2 is suspended: AC04: the account is closed" in said
    statement = place.ok("cotisation", "statement", "m-2")
    assert "came back on" in statement
    assert "open      25.00" in statement
    assert "the mandate OLD-2 of m-2 is suspended" in place.ok("status")
    place.ok("mandate", "account", "OLD-2", "--name", "Ève Roy", "--iban", "BE68539007547034", by="noor")
    on = next_target_day(today() + timedelta(days=25))
    again = place.ok("collection", "propose", f"{today():%Y-%m}", "--on", f"{on}", "--arrears", by="camille")
    assert "1 debit, 25.00 EUR" in again
    place.ok("collection", "drop", "2", "--reason", "a test", by="camille")
    doubted(place)


def doubted(place: Town) -> None:
    """What a person does by hand around a collection."""
    voted = place.ok("mandate", "rule", "--notice-days", "7", "--counts-on", "window", "--decision", "ag-2017-11", by="camille")
    assert "when its eight weeks are over" in voted
    place.ok("mandate", "sign", "m-3", "--name", "Li Na", "--iban", "NL91ABNA0417164300", "--mandate", "LI-3", by="noor")
    said = place.ok("collection", "propose", f"{today():%Y-%m}", "--arrears", by="camille")
    assert "2 debits, 50.00 EUR" in said
    place.ok("mandate", "suspend", "LI-3", "--reason", "she asked", by="noor")
    refused = place.refused("collection", "approve", "3", by="dominique")
    assert "m-3: the mandate LI-3 is suspended (she asked). Take it out: clearing collection leave-out 3 m-3" in refused
    assert "25.00 EUR of m-3 are not collected" in place.ok(
        "collection", "leave-out", "3", "m-3", "--reason", "asked", by="camille"
    )
    place.ok("mandate", "resume", "LI-3", "--reason", "sorted out", by="noor")
    place.ok("mandate", "revoke", "LI-3", "--reason", "pays in cash", by="noor")
    assert "revoked from" in place.ok("mandate", "list")
    place.ok("collection", "approve", "3", by="dominique")
    place.ok("collection", "announce", "3", by="noor")
    place.ok("collection", "export", "3", by="camille")
    assert "is instructed" in place.ok("collection", "answer", "3", "m-2", "unknown", "--code", "NOAS", by="camille")
    assert "is executed. Its money waits at the bank" in place.ok(
        "collection", "answer", "3", "m-2", "executed", "--sure", by="camille"
    )
    assert "may still come back" in place.refused("collection", "count", "3", by="camille")
    assert "1 executed" in place.ok("collections")
