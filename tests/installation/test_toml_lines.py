"""Law: the line that is told is the line a person finds the mistake in, however the file is laid out."""

import tomllib

import pytest
from hypothesis import given, strategies as st

from clearing.installation.toml_lines import TomlLines
from tests.house.sources import CLONE

ODD = '''# [[payers]] in a comment is no table
title = "[[payers]] = 1"  # nor in a string
note = """
[[payers]]
id = "never"
"""
raw = \'\'\'
[x]\'\'\'

[ caisse . "account" ]
iban = 'FR76 # no comment'

[[chartes]]
categories = [
  "fruit",  # first
  "staple",
]
  [[chartes.payers]]
  id = "sponsor"
  covers = [{ category = "fruit", rate = 50 },
            { category = "staple", rate = 70 }]
  [[chartes.payers]]
  id = "credit"
  limits.day = "5.00"
  until = 1979-05-27 07:32:00

[[chartes]]
[[chartes.payers]]
id = "sponsor"
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("caisse", "account", "iban"), 11),
        (("chartes",), 13),
        (("chartes", 0, "categories", 1), 16),
        (("chartes", 0, "payers", 0, "covers", 0, "rate"), 20),
        (("chartes", 0, "payers", 0, "covers", 1, "rate"), 21),
        (("chartes", 0, "payers", 1), 22),
        (("chartes", 0, "payers", 1, "limits", "day"), 24),
        (("chartes", 0, "payers", 1, "until"), 25),
        (("chartes", 1, "payers", 0, "id"), 29),
        (("chartes", 1, "payers", 0, "absent"), 28),
        (("absent", 3), 1),
    ],
)
def test_each_path_of_an_odd_layout_has_its_line(path: tuple[str | int, ...], line: int) -> None:
    assert tomllib.loads(ODD)["chartes"][0]["payers"][1]["limits"] == {"day": "5.00"}
    assert TomlLines(ODD).line(path) == line


@pytest.mark.parametrize(
    ("why", "line"),
    [
        ("payer 'credit' covers nothing", 22),
        ("payer 'sponsor', category 'staple': not in the charte", 21),
        ("The founding, chartes 1, payers 2: 'until' must be an instant", 25),
        ("payer 'nobody' is unknown", 13),
    ],
)
def test_a_sentence_leads_to_the_line_it_speaks_of(why: str, line: int) -> None:
    assert TomlLines(ODD).told(("chartes", 0), why) == line


def paths_of(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every key, table and item that tomllib found."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [deeper for name, one in inside for deeper in ((*path, name), *paths_of(one, (*path, name)))]


@pytest.mark.parametrize("file", sorted((CLONE / "examples").rglob("*.toml")), ids=lambda path: path.name)
def test_every_value_of_the_examples_is_found_in_the_text(file: object) -> None:
    text = file.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    lines = TomlLines(text).lines
    assert set(paths_of(tomllib.loads(text))) == set(lines)


KEYS = st.sampled_from(["a", "b-1", '"c d"', "'e'"])
PLAIN = st.sampled_from(["1", '"x # y"', "'[['", "true", "1979-05-27", '"""\n[[a]]\n"""', "[ # c\n 1,\n 2 ]", '"\\""'])


@given(st.lists(st.tuples(st.sampled_from(["", "# [x]\n", "\n"]), KEYS, PLAIN), unique_by=lambda one: one[1], max_size=4))
def test_whatever_stands_between_the_keys_they_are_found(pairs: list[tuple[str, str, str]]) -> None:
    text = "[[t]]\n" + "".join(f"{gap}{key} = {value}\n" for gap, key, value in pairs)
    found = TomlLines(text).lines
    assert set(paths_of(tomllib.loads(text))) == set(found)
    for _, key, _ in pairs:
        line = found["t", 0, key.strip("\"'")]
        assert text.split("\n")[line - 1].startswith(key)
