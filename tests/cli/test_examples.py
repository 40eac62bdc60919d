"""Law: every example is a caisse that can be founded as it lies there; each mistake in one is told with its line."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from clearing.authoriser.founding import decide_found
from clearing.cli.founding import Rehearsed, rehearse
from clearing.installation.founding_file import read_founding_file
from clearing.rules.telling.public_page import public_page, told
from clearing.values import InvalidValue, PersonId
from clearing.wire.signature import TerminalKey
from tests.house.sources import CLONE

EXAMPLES = {"caisse": "camille", "cadenet": "anne", "dieulefit": "claire", "lyon": "fatou"}


def key_of(person: str) -> TerminalKey:
    return TerminalKey.from_seed(person.encode().ljust(32))


def rehearsed(path: Path, by: str) -> Rehearsed:
    read = read_founding_file(path, lambda person: key_of(person).public)
    return rehearse(read, by=PersonId(by), founder_kid=key_of(by).kid, at_us=1_790_000_000_000_000)


@pytest.mark.parametrize(("name", "by"), EXAMPLES.items())
def test_an_example_founds_a_caisse_as_it_lies_there(name: str, by: str) -> None:
    done = rehearsed(CLONE / "examples" / f"{name}.toml", by)
    counts = {list_name: plan.new for list_name, plan in done.plans.items()}
    assert counts == ({} if name == "caisse" else {"members": 10, "producers": 3, "cards": 10})


NOT_FOUNDING = {"charte.toml", "opening.toml", "12-opening.toml"}
FOUNDING = sorted(one for one in (CLONE / "examples").rglob("*.toml") if one.name not in NOT_FOUNDING)


@pytest.mark.parametrize("path", FOUNDING, ids=lambda path: path.stem)
def test_the_public_page_of_every_example_tells_each_of_its_rules(path: Path) -> None:
    read = read_founding_file(path, lambda person: key_of(person).public)
    persons: Any = read.body["persons"]
    founder = key_of(persons[0]["person"])
    at_us = 1_790_000_000_000_000
    events = decide_found(read.code, read.body, founder_kid=founder.kid, at_us=at_us)
    assert isinstance(events, tuple)
    page = public_page([(one, at_us + n) for n, one in enumerate(events)], months=[], at_us=at_us + len(events))
    said = told(page)
    rules: list[Any] = [one for name, part in read.body.items() if name.endswith(("rules", "funds")) and name != "persons"
                        for one in (part if isinstance(part, list) else [part])]  # fmt: skip
    assert len(page["voted"]) == len(rules)
    assert all(one["sentences"] and all(line in said for line in one["sentences"]) for one in page["voted"])
    chartes: Any = read.body.get("chartes") or []
    assert (page["rules"] is None) is (not chartes)
    for rule in (one for charte in chartes for one in (*charte.get("tariffs", ()), *charte["payers"])):
        assert any(line.startswith(f"{rule['id']}: ") for line in page["rules"]["sentences"])


def changed(folder: Path, *changes: tuple[str, str, str]) -> Path:
    """A copy of the Lyon example; each change: file, what stands there, what stands there now."""
    shutil.copy(CLONE / "examples" / "lyon.toml", folder)
    shutil.copytree(CLONE / "examples" / "lyon", folder / "lyon")
    for name, old, new in changes:
        path = folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder / "lyon.toml"


def line_of(path: Path, words: str) -> int:
    return next(at for at, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if words in line)


def refused(file: Path) -> list[str]:
    with pytest.raises(InvalidValue) as mistakes:
        rehearsed(file, "fatou")
    return str(mistakes.value).splitlines()


def test_all_mistakes_of_form_are_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    file = changed(
        tmp_path,
        ("lyon.toml", "rate = 20 }", "rate = 120 }"),
        ("lyon.toml", 'amount = "80.00"', "amount = 80"),
        ("lyon.toml", "rate = 60 }", "rate = 6.5 }"),
        ("lyon.toml", 'amount = "100.00"', 'amount = "100"'),
        ("lyon.toml", "effective = 2026-03-01T00:00:00", 'effective = "in March"'),
    )
    first, *told = refused(file)
    assert first == "5 mistakes, so nothing was recorded:"
    words = ("effective =", "rate = 120", "rate = 6.5", "amount = 80 ", 'amount = "100"')
    assert [line.split(": ")[0].rsplit(" ", 1)[1] for line in told] == [str(line_of(file, word)) for word in words]


def test_the_rules_own_refusals_carry_the_line_too(tmp_path: Path) -> None:
    file = changed(
        tmp_path,
        ("lyon.toml", '{ category = "staple", rate = 100 }', '{ category = "stapel", rate = 100 }'),
        ("lyon.toml", 'fund = "city-grant"\namount', 'fund = "city-grnt"\namount'),
        ("lyon.toml", 'method = "majority"', 'method = "majority"\nvotes = 3'),
        ("lyon.toml", 'kind = "guarantee"', 'kind = "insurance"'),
    )
    first, *told = refused(file)
    assert first.startswith("5 mistakes")
    assert "Decision programme-1 is not recorded" in "".join(told)  # for the advance: its own table has the mistake
    where = {line.split(": ")[0].rsplit(" ", 1)[1]: line for line in told}
    assert "does not know the field 'votes'" in where[str(line_of(file, "votes = 3"))]
    assert "not insurance" in "".join(told)
    assert "stapel" in where[str(line_of(file, "stapel"))]


def test_a_payer_that_stands_before_a_narrower_one_is_named_with_its_line(tmp_path: Path) -> None:
    file = changed(tmp_path, ("lyon.toml", 'covers = [{ category = "fruit-veg", rate = 20 }]', (
        'covers = [{ category = "fruit-veg", rate = 20 }, { category = "staple", rate = 20 }]'
    )), ("lyon.toml", '  { category = "staple", rate = 100 },\n', ""))  # fmt: skip
    [told] = refused(file)
    at = line_of(file, 'id = "foundation"') - 1
    assert told.startswith(f"{file}, line {at}: payer 'foundation' stands before 'credit' but covers more than it")


def test_mistakes_of_all_lists_are_told_at_once(tmp_path: Path) -> None:
    file = changed(
        tmp_path,
        ("lyon/members.csv", "m-004;first-wave;", "m-003;first-wave;"),
        ("lyon/members.csv", "m-007;;", "Mme 7;;"),
        ("lyon/producers.csv", "0040 116", "0040 117"),
        ("lyon/producers.csv", "2026-03-01;;EPICERIE", "March;;EPICERIE"),
        ("lyon/cards.csv", "m-010;ville-10", "m-011;ville-09"),
    )
    first, *told = refused(file)
    assert first.startswith("7 mistakes")
    said = "\n".join(told)
    for name, line, words in (
        ("members.csv", 5, "m-003 stands in line 4 already"), ("members.csv", 8, "'member' must be"),
        ("producers.csv", 2, "IBAN"), ("producers.csv", 3, "is a day"), ("cards.csv", 5, "no member m-004"),
        ("cards.csv", 11, "ville-09 stands in line 10 already"),
    ):  # fmt: skip
        assert any(f"{name}, line {line}: " in one and words in one for one in told), said


def test_who_founds_is_one_of_the_persons_and_may_give_the_lists() -> None:
    file = CLONE / "examples" / "lyon.toml"
    with pytest.raises(InvalidValue, match="name the person with --by"):
        rehearsed(file, "camille")
    with pytest.raises(InvalidValue, match="needs one of: treasurer"):
        rehearsed(file, "hana")


def test_a_list_that_import_does_not_know_is_named(tmp_path: Path) -> None:
    file = changed(tmp_path, ("lyon.toml", "members = ", "membres = "))
    [told] = refused(file)
    assert "[import] does not know 'membres'; it brings members, producers, cards" in told
    assert f"line {line_of(file, 'membres =')}" in told
