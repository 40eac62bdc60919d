"""Two caisses of one home: a card of one at a stall of the other, by the command line alone, down to both proofs."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.acceptance.processes import Town, town
from tests.house.sources import CLONE

pytestmark = pytest.mark.row(19)
HERE, THERE = "val-exemple", "aval"
CAMILLE = "camille"


def furnish(place: Town, code: str, folder: Path) -> None:
    """Money, a member with a card and the month's credit, a producer."""
    place.ok("money", "receive", "general", "1000.00", "--reference", "line 1", "--caisse", code, by=CAMILLE)
    members = folder / "members.csv"
    members.write_text("member;groups;name\nm-1;;\n", encoding="utf-8")
    place.ok("member", "import", str(members), "--caisse", code, by="noor")
    place.ok("grant", f"{datetime.now(UTC).astimezone():%Y-%m}", "--caisse", code, by=CAMILLE)
    place.ok("card", "issue", "m-1", "--alias", f"card-{code}", "--caisse", code, by="noor")
    place.ok("producer", "add", f"farm-{code}", "--name", "A farm", "--from", "2017-12-01", "--caisse", code, by=CAMILLE)


def pair(place: Town, code: str, folder: Path) -> None:
    slot = re.search(r"Slot (\S+), code (\S+)", place.ok("terminal", "slot", f"farm-{code}", "--caisse", code, by="noor"))
    assert slot is not None
    written = folder / "code"
    written.write_text(slot[2], encoding="utf-8")
    place.ok("till", f"till-{code}", "--pair", slot[1], "--code-file", str(written), "--caisse", code)


def test_a_card_pays_at_another_caisse_and_both_logs_prove_it(tmp_path: Path) -> None:
    other = tmp_path / "aval.toml"
    founding = (CLONE / "examples/caisse.toml").read_text(encoding="utf-8")
    other.write_text(founding.replace(f'code = "{HERE}"', f'code = "{THERE}"'), encoding="utf-8")
    with town(tmp_path) as place:
        place.add_people()
        place.ok("found", "examples/caisse.toml", by=CAMILLE)
        place.ok("found", str(other), by=CAMILLE)
        with place.serving() as served:
            for code in (HERE, THERE):
                furnish(place, code, tmp_path)
            pair(place, HERE, tmp_path)
            sell = ("till", f"till-{HERE}", "--card", f"{THERE}/card-{THERE}", "--caisse", HERE, "--language", "en", "--lines")
            assert "the card pays 0.00" in place.ok(*sell, "fruit-veg=1.00"), "nobody voted for it yet"
            assert "Decision ag-2099 is not recorded; record the vote first" in place.refused(
                "interchange", "recognise", THERE, "--decision", "ag-2099", "--cap", "500.00", "--caisse", HERE, by=CAMILLE
            )
            for code, partner in ((HERE, THERE), (THERE, HERE)):
                place.ok("interchange", "recognise", partner, "--decision", "ag-2017-11", "--cap", "500.00", "--caisse", code,
                         by=CAMILLE)  # fmt: skip
            assert "the card pays 7.35" in place.ok(*sell, "fruit-veg=7.35")
            matched(place)
            look(place)
            assert served.end() == 0


def matched(place: Town) -> None:
    """The issuer hears of it within a sweep; then each caisse says the same of the other."""
    place.until("found its twin", "interchange", "exceptions")
    assert "both halves of each agree, and every netting sums to zero" in place.ok("interchange", "check")
    assert "owes us 7.35 EUR not netted" in place.ok("interchange", "report", "--caisse", HERE)
    assert "is owed 7.35 EUR not netted" in place.ok("interchange", "report", "--caisse", THERE)


def look(place: Town) -> None:
    today = f"{datetime.now(UTC).astimezone():%Y-%m-%d}"
    said = place.run("interchange", "net", today, by=CAMILLE)
    assert said.code == 1
    assert "is not over yet" in said.out
    assert re.search(r"all +sum +0\.00 EUR", said.out)
    for code in (HERE, THERE):
        assert "holds up to event" in place.ok("audit", "--caisse", code), "its views show what its log says"
    sales = place.ok("sales", "--caisse", HERE)
    assert "7.35" in sales
    assert "m-1" not in sales
    abroad = place.ok("sales", "--card", f"card-{THERE}", "--caisse", THERE)
    assert re.search(r"partner\.val-exemple +abroad.*captured.*7\.35", abroad), abroad
    assert "There is nothing to publish" in place.ok("statistics", "--all-caisses")
    page = json.loads(place.ok("public", "--json", "--caisse", HERE))
    assert [one["caisse"] for one in page["partners"]] == [THERE]
    assert page["months"] == []
    assert "To contest:" in place.ok("public", "--caisse", HERE)
    assert place.ok("interchange", "key", "--caisse", HERE) != place.ok("interchange", "key", "--caisse", THERE)
