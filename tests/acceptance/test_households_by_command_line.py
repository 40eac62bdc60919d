"""Law: persons, credits, parting, leaving, spare cards and emergencies are led from the command line, in sentences."""

import re
from datetime import UTC, datetime
from pathlib import Path

from tests.acceptance.processes import Town, town
from tests.acceptance.test_whole_life import EXAMPLE

RULE = ("credit-rule", "monthly", "100.00", "--further", "50.00", "--each", "child=45.00", "--fund", "general", "--decision",
        "ag-2017-11", "--short", "smaller", "--rollover", "20.00", "--notice", "10")  # fmt: skip


def test_a_household_from_its_first_credit_to_parting_and_leaving(tmp_path: Path) -> None:
    with town(tmp_path) as place:
        place.add_people()
        place.ok("found", EXAMPLE, by="camille")
        with place.serving() as served:
            credit(place)
            part_and_leave(place)
            help_at_once(place)
            assert "holds up to event" in place.ok("audit")
            assert served.end() == 0


def credit(place: Town) -> None:
    month = f"{datetime.now(UTC).astimezone():%Y-%m}"
    place.ok("money", "receive", "general", "200.00", "--reference", "line 1", by="camille")
    for member in ("m-1", "m-2"):
        place.ok("member", "add", member, by="noor")
    said = [
        place.ok("household", "add", "m-1", person, "--class", kind, by="noor")
        for person, kind in (("anna", "adult"), ("ben", "adult"), ("cleo", "child"))
    ]
    assert ["adults too" in one for one in said] == [True, False, False]
    assert "both" in place.refused("household", "change", "m-1", "cleo", "--class", "child", "--then", "adult", by="noor")
    place.ok("household", "change", "m-1", "cleo", "--class", "child", "--then", "adult", "--month", "2099-09", by="noor")
    assert "cleo                     child, adult from 2099-09" in place.ok("household", "list", "m-1")
    assert "100.00 EUR a month and 50.00 EUR for each further person" in place.ok(*RULE, by="camille")
    look = place.ok("grant", month, "--look", by="camille")
    assert "295.00 EUR are needed, the fund general can carry 200.00 EUR" in look
    assert "95.00 EUR are missing; as voted everybody gets less alike: 199.99 EUR in all" in look
    assert "132.20 EUR for 1 purse" in look
    assert "2 members have what the vote gives each of them" in place.ok("grant", month, by="camille")
    assert "nobody is credited twice" in place.refused("grant", month, "--look", by="camille")
    assert re.search(r"m-1 +132\.20 EUR", place.ok("lapses", "--days", "70"))


def part_and_leave(place: Town) -> None:
    place.ok("credit", "m-1", "30.00", "--reference", "at the desk", by="noor")
    place.ok("card", "issue", "m-1", "--alias", "old-1", by="noor")
    alias = spare(place)
    assert "Name who goes" in place.refused("member", "separate", "m-1", "m-9", "--person", "zoe", by="noor")
    parted = ("member", "separate", "m-1", "m-9", "--person", "anna", "--person", "cleo", "--card", "old-1", "--spare", alias)
    assert f"the card {alias} is bound to it" in place.ok(*parted, by="noor")
    listed = place.ok("member", "list")
    assert "old-1 (blocked)" in listed
    assert alias in listed
    assert "at most 10.00 EUR a day" in place.ok("card", "limit", alias, "--day", "10.00", by="noor")
    place.ok("member", "leave", "m-9", "--why", "moved", by="noor")
    assert re.search(r"m-9 +20\.00 EUR  not paid yet", place.ok("member", "owed"))
    said = place.ok("member", "pay-back", "m-9", "--reference", "line 8", by="noor")
    assert "clearing member paid-back m-9 20.00" in said
    place.ok("member", "paid-back", "m-9", "20.00", by="camille")
    assert "Nothing is owed" in place.ok("member", "owed")


def help_at_once(place: Town) -> None:
    rule = ("emergency-rule", "emergency", "50.00", "80.00", "--fund", "general", "--decision", "ag-2017-11")
    assert "up to 50.00 EUR at a time" in place.ok(*rule, by="camille")
    alias = spare(place)
    assert "which pays at once" in place.ok("emergency", "30.00", "--card", alias, by="noor")
    assert "no spare card called" in place.refused("emergency", "30.00", "--card", alias, by="noor")
    other = spare(place)
    place.ok("card", "bind", other, "m-2", by="noor")
    assert other in place.ok("member", "list")


def spare(place: Town) -> str:
    found = re.search(r"^(\S{9}): ", place.ok("card", "spare", "1", by="noor"), re.MULTILINE)
    assert found is not None
    return found[1]
