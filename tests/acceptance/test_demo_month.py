"""A year of a caisse is played in small: the same seed is the same year, its proofs hold, its home is served again."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.request import urlopen

import pytest

from clearing.config import Settings
from clearing.demo.month.run import NotOurs, Played, first_day, make_room, play_month, read_played
from clearing.demo.month.story import PARIS, Size, drawn
from clearing.installation.home import Home
from tests.acceptance.processes import town
from tests.browser.pictures import served

UNTIL = date(2026, 2, 20)
SIZE = Size(members=12, producers=3, first=date(2026, 1, 1), until=UNTIL, seed=7)
AS_ASKED = ("--members", "12", "--producers", "3", "--months", "1", "--seed", "7", "--until", UNTIL.isoformat())


def played_in(folder: Path, size: Size) -> Played:
    home = Home(folder)
    make_room(home)
    said: list[str] = []
    done = play_month(home, size, settings=Settings(), say=said.append)
    assert any("January 2026" in line for line in said)
    return done


def test_the_same_seed_is_the_same_year_and_its_proofs_hold_each_night(free_home: Path) -> None:
    first, second = played_in(free_home / "one", SIZE), played_in(free_home / "two", SIZE)
    assert replace(first, seconds=0) == replace(second, seconds=0)
    assert first.unheld == 0
    assert first.batches >= 2
    assert first.sales == sum(map(len, drawn(SIZE).visits.values()))
    known = read_played(Home(free_home / "one"))
    assert known is not None
    assert known["sales"] == first.sales
    with served(free_home / "one") as url, urlopen(f"{url}/login") as page:
        assert "camille" not in page.read().decode()
        assert page.status == 200


def test_a_year_that_was_played_is_served_when_asked_again(tmp_path: Path) -> None:
    with town(tmp_path) as place:
        said = place.ok("demo", "month", "--once", *AS_ASKED)
        assert "proofs held on every day: yes" in said
        assert "was played here before" in place.ok("demo", "month", "--once", *AS_ASKED)
        audited = place.ok("audit", "--caisse", "val-exemple")
        assert "BROKEN" not in audited


def test_nobody_s_folder_is_taken_for_a_play(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(NotOurs, match="something else"):
        make_room(Home(tmp_path))
    assert (tmp_path / "letters.txt").read_text(encoding="utf-8") == "mine"


def test_another_seed_is_another_year_and_all_of_it_lies_before_the_last_day() -> None:
    story, other = drawn(SIZE), drawn(replace(SIZE, seed=8))
    assert story == drawn(SIZE)
    assert story.visits != other.visits
    instants = [one.at_us for visits in story.visits.values() for one in visits]
    assert max(instants) < PARIS.start_us(UNTIL)
    assert min(instants) >= PARIS.start_us(SIZE.first)


def test_the_year_begins_with_a_month() -> None:
    assert first_day(date(2026, 11, 26), 12) == date(2025, 11, 1)
    assert first_day(date(2026, 1, 31), 1) == date(2025, 12, 1)
