"""Law: whoever asks finds every command under whose it is, and every mistake is one sentence and exit code 2."""

import errno
import re
from pathlib import Path

import pytest

from clearing.__main__ import main
from clearing.authoriser.commands import VERBS
from clearing.cli.entry import Group
from clearing.cli.mistakes import told
from clearing.cli.parser import ENTRIES, build
from tests.house.sources import CLONE

HELP = build().format_help()
WITHOUT_A_COMMAND: dict[str, str] = {
    **dict.fromkeys(("add_passkey", "remove_passkey"), "a passkey is made by a browser, for the console's address"),
    **dict.fromkeys(
        ("propose_new_factor", "allow_new_factor", "pair_new_factor", "drop_new_factor"),
        "the address to pair a new app at is shown by the console, once; its keeper has `clearing console admit`",
    ),
}


def test_the_help_lists_every_command_once_under_its_group() -> None:
    for entry in ENTRIES:
        assert HELP.count(f"  {' '.join(entry.words):23} {entry.does}\n") == 1
    assert [line for line in HELP.splitlines() if line in list(Group)] == list(Group)


def test_every_command_has_its_own_help(capsys: pytest.CaptureFixture[str]) -> None:
    for entry in ENTRIES:
        with pytest.raises(SystemExit) as ended:
            main([*entry.words, "--help"])
        assert ended.value.code == 0
        assert entry.does[1:20] in capsys.readouterr().out


def test_every_verb_of_the_writer_can_be_given_from_the_command_line() -> None:
    said = "".join(path.read_text(encoding="utf-8") for path in (CLONE / "clearing/cli").glob("*.py"))
    silent = [verb for verb in VERBS if f'"{verb}"' not in said and verb not in WITHOUT_A_COMMAND]
    assert not silent


def test_a_home_without_a_caisse_says_how_to_begin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["batches"], ["grant", "2026-01"], ["status"], ["till", "x"], ["card", "issue", "m-1"]):
        assert main(["--home", str(tmp_path / "none"), *words]) == 2
        said = capsys.readouterr().err
        assert len(said.splitlines()) == 1
        assert said.startswith("clearing: ")


def test_a_setting_that_is_not_known_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEARING_LINES_MOX", "3")
    assert main(["--home", str(tmp_path), "batches"]) == 2
    assert "CLEARING_LINES_MOX" in capsys.readouterr().err


def test_a_word_too_many_is_told_with_the_command_that_does_not_take_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["close", "2026-11-25", "--by", "anne"])
    assert ended.value.code == 2
    assert capsys.readouterr().err == "clearing close: it does not take 2026-11-25 (see: clearing close --help)\n"


@pytest.mark.parametrize("words", [["nothing"], [], ["person"], ["close", "--on", "yesterday"], ["approve", "first"]])
def test_words_that_are_no_command_end_with_their_use(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert re.match(r"clearing.*: .+ \(see: clearing.* --help\)$", said)


def test_a_mistyped_command_is_told_what_comes_near(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["sals"])
    assert "there is no command 'sals'; did you mean: sales" in capsys.readouterr().err


def test_every_command_that_the_help_speaks_of_exists() -> None:
    known = {" ".join(entry.words) for entry in ENTRIES}
    lines = [line for line in HELP.splitlines() if line.startswith(("A ", "An ", " " * 27))]
    spoken = [line[27:].replace(" (another person)", "").strip(",") for line in lines]
    assert spoken
    assert {command.strip() for line in spoken for command in re.split("[,;]", line)} <= known


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("decision record d-1 --title T --taken-on 2026-11-01 --minutes-sha256 zz", "64 hexadecimal digits"),
        ("person propose zoe --role desk --key zz", "64 hexadecimal digits"),
        ("terminal suspend till-3", "16 hexadecimal digits"),
        ("money receive general 12,5 --reference r", "two decimals"),
        ("money receive general 1.234 --reference r", "two decimals"),
        ("approve 1 --pay-on 2026-11-28", "Banks are closed"),
        ("approve 1 --pay-on 2099-11-27", "days away"),
        ("summary 2026-03-02 2026-03-01", "before the first"),
        ("found none.toml", "none.toml can't be read"),
        ("till ferme --url localhost:1 --pair s", "begins with https"),
    ],
)
def test_a_slip_is_one_sentence_before_anything_is_asked(
    words: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(tmp_path / "none"), *words.split()]) == 2
    shown = capsys.readouterr().err
    assert len(shown.splitlines()) == 1
    assert said in shown


NUMBERS = ["serve --port 99999", "sales --limit 0", "approve first", "decision record d --votes 1 2 x"]


@pytest.mark.parametrize("words", NUMBERS)
def test_a_number_out_of_its_range_is_refused_with_the_range(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(words.split())
    assert "a whole number from" in capsys.readouterr().err


def test_a_port_that_is_taken_and_a_full_disk_are_sentences() -> None:
    taken = told(OSError(errno.EADDRINUSE, "address already in use"))
    assert taken is not None
    assert "--port" in taken[0]
    full = told(OSError(errno.ENOSPC, "No space left on device", "/srv/caisse/files"))
    assert full is not None
    assert full[0].startswith("/srv/caisse/files is full")
    assert told(OSError(errno.EBADF, "a bug")) is None
