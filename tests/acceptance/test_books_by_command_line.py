"""Law: a treasurer keeps the books by the command line alone: plan, month, FEC, papers, reports; a mistake is one sentence."""

import re
from datetime import UTC, datetime
from pathlib import Path

from clearing.books.fec_rules import judge
from tests.acceptance.processes import Town, town
from tests.acceptance.test_whole_life import admit, found, grant, pair_and_sell, settle, take_money_in, this_month
from tests.books.reading_pdf import words_of


def test_a_treasurer_keeps_the_books_by_the_command_line(tmp_path: Path) -> None:
    with town(tmp_path) as place:
        found(place)
        with place.serving() as served:
            take_money_in(place)
            admit(place, tmp_path)
            grant(place)
            pair_and_sell(place, tmp_path)
            settle(place)
            plan(place, tmp_path)
            months(place)
            entries(place, tmp_path)
            papers(place)
            reports(place)
            assert "holds up to event" in place.ok("audit")
            assert served.end() == 0


def plan(place: Town, folder: Path) -> None:
    assert "books plan --default" in place.refused("books", "month", this_month())
    file = folder / "plan.toml"
    file.write_text(place.ok("books", "plan", "--default").replace('bank = "512"', 'bank = "51"'), encoding="utf-8")
    refused = place.refused("books", "plan", str(file), by="camille")
    assert re.search(r"plan\.toml, line \d+: 'bank' needs an account number", refused)
    assert "can't be read" in place.refused("books", "plan", str(folder / "absent.toml"), by="camille")
    file.write_text(place.ok("books", "plan", "--default"), encoding="utf-8")
    assert "needs one of: treasurer" in place.refused("books", "plan", str(file), by="noor")
    assert "Plan 1 is recorded" in place.ok("books", "plan", str(file), by="camille")
    assert "word for word" in place.refused("books", "plan", str(file), by="camille")


def months(place: Town) -> None:
    said = place.ok("books", "month", this_month())
    assert "by plan 1: open" in said
    assert re.search(r"BQ   Banque +\d+ +1 066\.09 EUR", said)
    assert "There is nothing of 2017-01" in place.refused("books", "month", "2017-01")
    assert "written YYYY-MM" in place.refused("books", "month", "2017-1")
    assert "not over yet" in place.refused("books", "propose", this_month(), by="camille")
    assert "Nobody proposed" in place.refused("books", "confirm", this_month(), by="dominique")
    assert "Nobody proposed" in place.refused("books", "drop", this_month(), by="dominique")
    assert "No month is closed yet" in place.ok("books", "verify")
    written = place.ok("books", "write", this_month())
    folder = Path(written.rsplit(": ", 1)[1].strip())
    assert {path.name for path in folder.iterdir()} == {"journal.csv", "paheko.csv", "balance.csv", "made.json"}
    first = {path: path.read_bytes() for path in folder.iterdir()}
    place.ok("books", "write", this_month())
    assert {path: path.read_bytes() for path in folder.iterdir()} == first


def entries(place: Town, folder: Path) -> None:
    year = f"{datetime.now(UTC).astimezone().year}"
    assert 'siren = "..."' in place.refused("books", "write", "--year", year)
    file = folder / "plan.toml"
    file.write_text(file.read_text("utf-8").replace('siren = ""', 'siren = "732829320"'), encoding="utf-8")
    assert "Plan 2 is recorded" in place.ok("books", "plan", str(file), by="camille")
    assert "--draft" in place.refused("books", "write", "--year", year)
    path = Path(place.ok("books", "write", "--year", year, "--draft").rsplit(": ", 1)[1].strip())
    assert path.name == f"732829320FEC{year}1231.txt"
    assert judge(path.name, path.read_bytes()).problems == ()


def papers(place: Town) -> None:
    assert "There is no batch 7" in place.refused("books", "papers", "7")
    said = place.ok("books", "papers", "1")
    assert "2 papers of 1 producer" in said
    folder = Path(said.rsplit(": ", 1)[1].strip())
    advice = folder / "ferme-advice-fr.pdf"
    assert "16,09 €" in words_of(advice.read_bytes())
    first = advice.read_bytes()
    place.ok("books", "papers", "1")
    assert advice.read_bytes() == first
    place.ok("books", "papers", "1", "--english")
    assert "€16.09" in words_of((folder / "ferme-statement-en.pdf").read_bytes())


def reports(place: Town) -> None:
    place.ok("subsidy", "notify", "draaf", "600.00", "--fund", "general", "--funder", "DRAAF", "--purpose", "food",
             "--reference", "letter 1", by="camille")  # fmt: skip
    place.ok("subsidy", "receive", "draaf", "200.00", "--reference", "line 8", by="camille")
    today = f"{datetime.now(UTC).astimezone():%Y-%m-%d}"
    assert "earlier day first" in place.refused("report", "meeting", "2099-01-01", today)
    for words in (("report", "meeting", "2017-01-01", today), ("report", "auditor", "2017-01-01", today),
                  ("report", "funder", "draaf"), ("report", "funder", "draaf", "--english")):  # fmt: skip
        paths = [Path(one) for one in re.findall(r"Written: (\S+)", place.ok(*words))]
        assert {path.suffix for path in paths} == {".csv", ".pdf"}
        for path in paths:
            content = path.read_bytes()
            text = words_of(content) if path.suffix == ".pdf" else content.decode("utf-8-sig")
            assert "m-1" not in text
            assert "carte-1" not in text
    assert "There is no subsidy parc" in place.refused("report", "funder", "parc")
