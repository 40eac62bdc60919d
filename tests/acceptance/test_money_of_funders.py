"""Law: a treasurer follows a funder's money and begins a closing by the command line alone, with a second person."""

from datetime import UTC, datetime
from pathlib import Path

from tests.acceptance.processes import Town, town

EXAMPLE = "examples/caisse.toml"
VOTE = ("--decision", "ag-2017-11")


def test_a_funders_money_is_followed_and_a_closing_begun_by_the_command_line(tmp_path: Path) -> None:
    with town(tmp_path) as place:
        place.add_people()
        place.ok("found", EXAMPLE, by="camille")
        with place.serving() as served:
            promised_and_received(place)
            moved_and_given_back(place)
            frozen_and_resumed(place)
            closing(place)
            assert served.end() == 0


def promised_and_received(place: Town) -> None:
    place.ok("fund", "open", "region", "--kind", "sponsor", "--name", "Region", "--category", "fruit-veg", by="camille")
    notify = ("subsidy", "notify", "draaf-2026", "300.00", "--fund", "region", "--funder", "DRAAF", "--purpose", "Food for all",
              "--reference", "letter of 3 March")  # fmt: skip
    assert "not bound as the funder asks" in place.refused(*notify, "--place", "market", by="camille")
    assert "DRAAF promised 300.00 EUR for region" in place.ok(*notify, "--category", "fruit-veg", by="camille")
    receive = ("subsidy", "receive", "draaf-2026", "120.00", "--reference", "line 7")
    assert "180.00 EUR are still to come" in place.ok(*receive, by="camille")
    assert "recorded already under 'line 7'" in place.refused(*receive, by="camille")
    assert "to come 180.00" in place.ok("subsidy", "list")
    rule = ("credit-rule", "veg", "5.00", "--fund", "region", *VOTE)
    assert "which is bound: take animal, staple out of its covers" in place.refused(*rule, by="camille")


def moved_and_given_back(place: Town) -> None:
    place.ok("subsidy", "return", "draaf-2026", "20.00", "--reason", "unspent", *VOTE, by="camille")
    assert "second person" in place.refused("subsidy", "return-confirm", "1", by="camille")
    assert "20.00 EUR of draaf-2026 out of region" in place.ok("subsidy", "return-confirm", "1", by="dominique")
    place.ok("subsidy", "paid", "1", "--reference", "line 8", by="camille")
    place.ok("money", "receive", "general", "500.00", "--reference", "line 9", by="camille")
    place.ok("fund", "transfer", "general", "region", "50.00", "--reason", "own part", *VOTE, by="camille")
    assert "went from general to region" in place.ok("fund", "transfer-confirm", "1", by="dominique")
    sheet = place.passphrase_file.parent / "trace.csv"
    said = place.ok("subsidy", "trace", "draaf-2026", "--csv", str(sheet))
    sums = [" ".join(line.split()) for line in said.splitlines()]
    expected = ("received 120.00", "fund region 100.00", "given back to the funder 20.00", "together, as received 120.00")
    for line in expected:
        assert f"{line} EUR" in sums, said
    assert sheet.read_text(encoding="utf-8").count("\ndraaf-2026;") == 2
    said = place.ok("funds")
    assert "bound: only for fruit-veg" in said
    assert "too early to say" in said
    assert "% of the 1 000 000.00 EUR" in said


def frozen_and_resumed(place: Town) -> None:
    place.ok("member", "add", "m-1", by="noor")
    place.ok("credits", "freeze", *VOTE, by="camille")
    month = f"{datetime.now(UTC).astimezone():%Y-%m}"
    assert "frozen by decision ag-2017-11" in place.refused("grant", month, by="camille")
    place.ok("credits", "resume", *VOTE, by="camille")
    assert "1 member has" in place.ok("grant", month, by="camille")


def closing(place: Town) -> None:
    assert "is open" in place.ok("caisse", "status")
    today = f"{datetime.now(UTC).astimezone():%Y-%m-%d}"
    close = ("caisse", "close", "--last-day", today, *VOTE)
    assert "Name the body that gets the rest of each fund" in place.refused(*close, by="camille")
    place.ok(*close, "--rest-of-all", "Caisse de Lille", "--rest", "region=DRAAF", by="camille")
    assert "second officer" in place.refused("caisse", "close-confirm", by="camille")
    assert "the rest of region goes to DRAAF" in place.ok("caisse", "close-confirm", by="dominique")
    assert "is closing by decision ag-2017-11" in place.ok("caisse", "status")
    assert "nothing is put into purses" in place.refused(
        "credit", "m-1", "5.00", "--reference", "line 10", by="noor"
    )
    assert "Cards still pay until the end" in place.refused("caisse", "seal", by="dominique")
