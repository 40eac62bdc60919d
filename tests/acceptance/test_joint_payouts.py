"""Two caisses of one home that pay one farm together: one transfer, one statement with both in it, and every proof holds."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clearing.books.fec_rules import judge
from tests.acceptance.processes import Town, town
from tests.acceptance.test_between_caisses import CAMILLE, HERE, THERE as AVAL, furnish, pair
from tests.books.reading_pdf import words_of
from tests.house.sources import CLONE

pytestmark = pytest.mark.row(19)
FARM_IBAN = "FR1420041010050500013M02606"


def test_a_farm_of_two_caisses_gets_one_transfer_and_one_statement(tmp_path: Path) -> None:
    other = tmp_path / "aval.toml"
    founding = (CLONE / "examples/caisse.toml").read_text(encoding="utf-8")
    there = founding.replace(f'code = "{HERE}"', f'code = "{AVAL}"').replace("Caisse alimentaire du Val", "Caisse d'Aval")
    other.write_text(there, encoding="utf-8")
    with town(tmp_path) as place:
        place.add_people()
        place.ok("found", "examples/caisse.toml", by=CAMILLE)
        place.ok("found", str(other), by=CAMILLE)
        with place.serving() as served:
            for code, partner in ((HERE, AVAL), (AVAL, HERE)):
                furnish(place, code, tmp_path)
                account(place, code)
                pair(place, code, tmp_path)
                place.ok("till", f"till-{code}", "--card", f"card-{code}", "--caisse", code, "--lines",
                         "fruit-veg=7.35" if code == HERE else "fruit-veg=5.00")  # fmt: skip
                place.ok("interchange", "recognise", partner, "--decision", "ag-2017-11", "--cap", "0.00", "--caisse", code,
                         by=CAMILLE)  # fmt: skip
            agreed(place)
            handed_over(place)
            paid_together(place, tmp_path)
            proved(place, tmp_path)
            assert served.end() == 0


def account(place: Town, code: str) -> None:
    place.ok("producer", "bank", f"farm-{code}", "--name", "EARL A FARM", "--iban", FARM_IBAN, "--caisse", code, by=CAMILLE)
    place.ok("producer", "bank-approve", f"farm-{code}", "--caisse", code, by="dominique")


def agreed(place: Town) -> None:
    assert "No caisse pays for another one" in place.ok("joint", "list", "--caisse", AVAL)
    said, cap = ("--decision", "ag-2017-11"), ("--cap", "100.00")
    assert "OURS=THEIRS:WHERE" in place.refused(
        "joint", "propose", HERE, "pays", *said, *cap, "--producer", f"farm-{AVAL}", "--caisse", AVAL, by=CAMILLE
    )
    assert "nobody has no account" in place.refused(
        "joint", "propose", HERE, "pays", *said, *cap, "--producer", "nobody:a letter", "--caisse", AVAL, by=CAMILLE
    )
    place.ok("joint", "propose", HERE, "pays", *said, *cap, "--caisse", AVAL,
             "--producer", f"farm-{AVAL}=farm-{HERE}:her letter of 2 May", by=CAMILLE)  # fmt: skip
    place.ok("joint", "propose", AVAL, "hands-over", *said, "--caisse", HERE,
             "--producer", f"farm-{HERE}=farm-{AVAL}:her letter of 2 May", by=CAMILLE)  # fmt: skip
    assert "another person" in place.refused("joint", "agree", HERE, "pays", "--caisse", AVAL, by=CAMILLE)
    assert f"clearing joint agree {HERE} pays" in place.ok("status", "--caisse", AVAL)
    assert "her letter of 2 May" in place.ok("joint", "agree", HERE, "pays", "--caisse", AVAL, by="dominique")
    place.ok("joint", "agree", AVAL, "hands-over", "--caisse", HERE, by="dominique")
    assert "in force; 0.00 EUR of 100.00 EUR advanced" in place.ok("joint", "list", "--caisse", AVAL)


def handed_over(place: Town) -> None:
    place.ok("close", "--caisse", HERE, by=CAMILLE)
    place.ok("approve", "1", "--caisse", HERE, by="dominique")
    assert "7.35" in place.until(f"{AVAL} pays it", "joint", "list", "--caisse", HERE)
    assert f"taken by {AVAL}" in place.ok("batches", "1", "--caisse", HERE)
    assert "0.00 EUR to pay" in place.ok("batches", "1", "--caisse", HERE)
    assert "handed over to another caisse" in place.refused("export", "1", "--caisse", HERE, by=CAMILLE)
    assert "export" not in place.ok("status", "--caisse", HERE)


def paid_together(place: Town, folder: Path) -> None:
    place.ok("close", "--caisse", AVAL, by=CAMILLE)
    said = place.ok("batches", "1", "--caisse", AVAL)
    assert re.search(rf"farm-{AVAL} +5\.00 sold .* 7\.35 for other caisses +0\.00 carried +12\.35 EUR", said), said
    assert re.search(r"part +0\.00 of goods +7\.35", place.ok("batches", "1", f"farm-{AVAL}", "--caisse", AVAL))
    place.ok("approve", "1", "--caisse", AVAL, by="dominique")
    written = place.ok("export", "1", "--caisse", AVAL, by=CAMILLE)
    assert "1 transfer, 12.35 EUR in all" in written
    bank = Path(re.findall(r"Written: (\S+)", written)[0])
    sheet = (bank.parent / "statements" / f"farm-{AVAL}.csv").read_text("utf-8-sig")
    assert [line for line in sheet.splitlines() if line.startswith("Pour la caisse")] == [
        "Pour la caisse;Caisse alimentaire du Val;lot n° 1"
    ]
    assert ";;Montant du virement;;;;12,35" in sheet
    assert sheet.count(";7,35") >= 3, "the sale itself, its day, its section"
    for language, words in (("--english", ("For Caisse alimentaire du Val, batch 1", "€7.35", "€12.35")),
                            ("", ("Pour la caisse Caisse alimentaire du Val, lot n° 1", "7,35 €", "12,35 €"))):  # fmt: skip
        told = place.ok("books", "papers", "1", "--caisse", AVAL, *([language] if language else []))
        papers = Path(told.rsplit(": ", 1)[1].strip())
        for kind in ("advice", "statement"):
            text = words_of((papers / f"farm-{AVAL}-{kind}-{'en' if language else 'fr'}.pdf").read_bytes())
            assert all(word in text for word in words), text
    place.ok("paid", "1", f"farm-{AVAL}", "--reference", "line 2", "--caisse", AVAL, by=CAMILLE)


def proved(place: Town, folder: Path) -> None:
    assert "both halves of each agree" in place.ok("interchange", "check")
    assert "owes us 7.35 EUR not netted" in place.ok("interchange", "report", "--caisse", AVAL)
    year = f"{datetime.now(UTC).astimezone().year}"
    file = folder / "plan.toml"
    for code in (HERE, AVAL):
        assert "holds up to event" in place.ok("audit", "--caisse", code), "its views show what its log says"
        said = place.ok("proofs", "--caisse", code)
        assert said.count(": holds (") == 5, said
        file.write_text(place.ok("books", "plan", "--default").replace('siren = ""', 'siren = "732829320"'), encoding="utf-8")
        place.ok("books", "plan", str(file), "--caisse", code, by=CAMILLE)
        made = place.ok("books", "write", "--year", year, "--draft", "--caisse", code)
        path = Path(made.rsplit(": ", 1)[1].strip())
        assert judge(path.name, path.read_bytes()).problems == ()
        text = path.read_text("utf-8-sig")
        assert re.search(r"\b451\w*\t", text), "what the caisses owe each other is theirs"
        assert "DOES NOT" not in place.ok("report", "auditor", f"{year}-01-01", f"{year}-12-31", "--caisse", code)
    place.ok("joint", "end", HERE, "pays", "--reason", "by letter", "--caisse", AVAL, by="dominique")
