"""What somebody types wrongly in her first hour is answered in her words, with what to type instead."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from clearing.__main__ import UNREAD
from clearing.cli.desk import Misused, _named, secret
from clearing.cli.mistakes import MISTAKE_CODE, plain, told
from clearing.events.codes import Code
from clearing.installation.amounts import read_euros
from clearing.installation.office import NotAllowed
from clearing.values import InvalidValue
from tests.house.sources import CLONE


@pytest.mark.parametrize(("typed", "said"), [
    ("12.5", "two decimals and no blank"), ("150", "two decimals"), ("1 000,00", "no blank"), ("-5.00", "never below zero"),
    ("-5,00", "another command"), ("99999999999.00", "look at its zeros"), ("abc", "like 1500.00"), ("", "like 1500.00"),
    ("١٥٠.00", "like 1500.00"),
])  # fmt: skip
def test_an_amount_that_is_none_says_what_is_wrong_with_it(typed: str, said: str) -> None:
    with pytest.raises(InvalidValue, match=said):
        read_euros(typed)


def test_a_comma_is_as_good_as_a_point() -> None:
    assert read_euros("12,50") == read_euros("12.50") == 1_250


@pytest.mark.parametrize(("declined", "said"), [
    ("There is no fund genral; open it first.", "There is no fund genral; open it first. What there is: clearing funds"),
    ("There is no producer gardn; admit the producer first.", "What there is: clearing producer list"),
    ("m-9: There is no member m-9; admit the member before giving a card.", "What there is: clearing member list"),
    ("There is no allocation rule nothing; set it by a decision first.", "What there is: clearing rules"),
])  # fmt: skip
def test_what_is_not_there_is_told_with_the_list_to_look_at(declined: str, said: str) -> None:
    found = told(NotAllowed(Code.ORIGINAL_NOT_FOUND, declined))
    assert found is not None
    assert found[1] == MISTAKE_CODE
    assert found[0].endswith(said)


def test_a_hint_is_not_given_twice() -> None:
    said = "There is no order o-9; `clearing order list` shows them."
    assert plain(said) == said


def test_no_word_of_the_wire_stands_before_a_mistake() -> None:
    said = plain("The command admit_members, members 1: 'member' must be 1 to 40 of a-z, not 'M 1'. Nothing was recorded.")
    assert said == "'member' must be 1 to 40 of a-z, not 'M 1'. Nothing was recorded."


def test_of_a_list_the_thing_is_named_and_not_its_place() -> None:
    body: dict[str, object] = {"producers": [{"producer": "garden", "digest": b""}, {"producer": "mill", "digest": b""}]}
    assert _named("Item 2: Bank details need two people.", body) == "mill: Bank details need two people."
    assert _named("Item 1: no.", {"members": ["m-1", "m-2"]}) == "m-1: no."
    assert _named("Item 3: no.", body) == "Item 3: no."
    assert _named("Item 1: no.", {"a": ["x"], "b": ["y"]}) == "Item 1: no."


def test_a_file_for_a_secret_that_is_not_there_is_told_as_missing(tmp_path: Path) -> None:
    with pytest.raises(Misused, match=r"nowhere is not there; its first line has to be the pairing code"):
        secret(tmp_path / "nowhere", "", what="pairing code", option="--code-file")
    empty = tmp_path / "empty"
    empty.write_text("", encoding="utf-8")
    with pytest.raises(Misused, match="holds no pairing code"):
        secret(empty, "", what="pairing code", option="--code-file")


def test_who_reads_the_first_lines_only_gets_no_trace(tmp_path: Path) -> None:
    words = tmp_path / "passphrase"
    words.write_text("four words are good\n", encoding="utf-8")
    clearing = (sys.executable, "-m", "clearing", "--home", str(tmp_path))
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [*clearing, "till", "x", "--orders"],
            cwd=CLONE, stdout=write, stderr=subprocess.PIPE, text=True, check=False, timeout=60,
        )  # fmt: skip
        key = subprocess.run(
            [*clearing, "person", "add", "ada", "--passphrase-file", str(words)],
            cwd=CLONE, stdout=write, stderr=subprocess.PIPE, text=True, check=False, timeout=60,
        )  # fmt: skip
    finally:
        os.close(write)
    assert done.returncode == MISTAKE_CODE, "a mistake is a mistake, whoever reads"
    assert (key.returncode, key.stderr) == (UNREAD, "")
