"""Law: a person's key opens with its passphrase only, and whoever changes its file gets a sentence, not a key."""

import stat
from pathlib import Path

import pytest

from clearing.installation.key_file import KeyFileRefused, identity, make_key_file, open_key_file
from clearing.values import PersonId

CAMILLE = PersonId("camille")
WORDS = "four words are good"


def test_a_key_comes_back_with_its_passphrase(tmp_path: Path) -> None:
    path = tmp_path / "camille.key"
    made = make_key_file(path, CAMILLE, WORDS, epoch=2)
    known, key = open_key_file(path, WORDS)
    assert known == made == identity(path)
    assert (key.public, known.epoch) == (made.public, 2)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert key.seed.hex() not in path.read_text(encoding="utf-8")


def test_a_wrong_passphrase_opens_nothing(tmp_path: Path) -> None:
    path = tmp_path / "camille.key"
    make_key_file(path, CAMILLE, WORDS)
    with pytest.raises(KeyFileRefused, match="try again"):
        open_key_file(path, WORDS + "!")


def test_a_key_is_never_overwritten_and_needs_a_long_passphrase(tmp_path: Path) -> None:
    path = tmp_path / "camille.key"
    with pytest.raises(KeyFileRefused, match="at least 8"):
        make_key_file(path, CAMILLE, "short")
    make_key_file(path, CAMILLE, WORDS)
    with pytest.raises(KeyFileRefused, match="never overwritten"):
        make_key_file(path, CAMILLE, WORDS)


def test_a_file_in_anothers_name_does_not_open(tmp_path: Path) -> None:
    path = tmp_path / "camille.key"
    make_key_file(path, CAMILLE, WORDS)
    path.write_text(path.read_text(encoding="utf-8").replace("camille", "dominique"), encoding="utf-8")
    with pytest.raises(KeyFileRefused, match="does not open"):
        open_key_file(path, WORDS)


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "camille.key"
    make_key_file(path, CAMILLE, WORDS)
    path.chmod(0o644)
    with pytest.raises(KeyFileRefused, match="chmod 0600"):
        open_key_file(path, WORDS)


@pytest.mark.parametrize("content", ["", "{}", '{"form": "other"}', "not json"])
def test_a_file_that_is_no_key_says_so(tmp_path: Path, content: str) -> None:
    path = tmp_path / "camille.key"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(KeyFileRefused, match="no key file"):
        identity(path)
    with pytest.raises(KeyFileRefused, match="person add noor"):
        identity(tmp_path / "noor.key")
