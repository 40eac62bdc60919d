"""Law: an operator finds every setting, its default and its range on one page, and nothing there that is not so."""

import re
from dataclasses import fields
from pathlib import Path

from clearing.config import PREFIX, Settings

PAGE = Path(__file__).parents[2] / "docs" / "SETTINGS.md"
ROW = re.compile(
    r"^\| `(?P<name>CLEARING_\w+)` \| (?P<default>.*?) ?\| (?P<range>[^|]+) \| (?P<meaning>[^|]+) \|$", re.MULTILINE
)


def told() -> dict[str, tuple[str, str]]:
    return {row["name"]: (row["default"], row["range"]) for row in ROW.finditer(PAGE.read_text(encoding="utf-8"))}


def kept() -> dict[str, tuple[str, str]]:
    found = {}
    for one in fields(Settings):
        if one.metadata:
            value, span = str(one.default), f"{one.metadata['least']} to {one.metadata['most']}"
        elif isinstance(one.default, bool):
            value, span = "yes" if one.default else "no", "yes or no"
        else:
            value, span = str(one.default), "text"
        found[PREFIX + one.name.upper()] = (value, span)
    return found


def test_the_page_tells_every_setting_as_it_is() -> None:
    assert told() == kept()


def test_a_setting_that_the_page_names_elsewhere_exists() -> None:
    folder = PAGE.parent
    named = {
        name for page in [*folder.rglob("*.md"), folder.parent / "README.md"]
        for name in re.findall(r"\bCLEARING_[A-Z_]+\b", page.read_text(encoding="utf-8"))
    }
    assert named <= kept().keys()
