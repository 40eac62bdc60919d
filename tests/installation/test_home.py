"""Law: secrets lie in folders of mode 0700; a home that is open to others, or somebody else's, is refused with what to do."""

import os
import stat
from pathlib import Path

import pytest

from clearing.installation.cards import KeptCard, kept_cards, personalise, read_card, write_card
from clearing.installation.home import Home, HomeUnusable, UnknownCaisse, write_many_private, write_private
from clearing.values import CaisseCode, InvalidValue, MemberId
from clearing.vault import Vault
from clearing.wire.tap import check_tap, read_picc

CODE = CaisseCode("val")


def test_private_folders_are_closed_to_others(tmp_path: Path) -> None:
    home = Home(tmp_path / "deep" / "home").make().make()
    for folder in (home.vaults, home.keys, home.persons, home.cards, home.tills, home.files, home.run):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    home.persons.chmod(0o755)
    with pytest.raises(HomeUnusable, match="chmod 0700"):
        home.make()


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("", encoding="utf-8")
    with pytest.raises(HomeUnusable, match="choose another --home"):
        Home(tmp_path / "home").make()


def test_sockets_of_a_deep_home_still_fit(tmp_path: Path) -> None:
    home = Home(tmp_path / ("x" * 60) / ("y" * 60))
    assert len(os.fsencode(home.socket(CaisseCode("c" * 40)))) <= 103
    assert Home(tmp_path / ("x" * 60) / ("y" * 60)).run == home.run


def test_the_only_caisse_need_not_be_named(tmp_path: Path) -> None:
    home = Home(tmp_path).make()
    with pytest.raises(UnknownCaisse, match="clearing found FILE"):
        home.chosen(None)
    home.vault(CODE).mkdir()
    assert home.chosen(None) == CODE
    home.vault(CaisseCode("other")).mkdir()
    with pytest.raises(UnknownCaisse, match="--caisse: other, val"):
        home.chosen(None)
    with pytest.raises(UnknownCaisse, match="no caisse third"):
        home.chosen("third")
    assert home.chosen("val") == CODE


def test_a_private_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    write_private(path, b"first")
    write_private(path, b"second")
    assert path.read_bytes() == b"second"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_a_virtual_card_counts_on_in_its_file(tmp_path: Path) -> None:
    vault = Vault.create(tmp_path / "vault")
    card, path = personalise(vault, CODE, member=MemberId("m-1"), alias="carte-1"), tmp_path / "card.json"
    write_card(path, card)
    assert read_card(path) == card
    KeptCard(path).tap()
    assert read_card(path).counter == 1
    p, c = kept_cards(tmp_path)["card"].tap()
    uid, counter = read_picc(vault.kmeta, p)
    assert counter == 2
    assert check_tap(vault.resolve(uid, card.version)[1], uid, counter, c)


def test_a_file_that_is_no_card_says_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="clearing card issue"):
        read_card(tmp_path / "absent.json")
    (tmp_path / "card.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InvalidValue, match="no card file"):
        read_card(tmp_path / "card.json")


def test_drawn_aliases_differ(tmp_path: Path) -> None:
    vault = Vault.create(tmp_path)
    assert len({personalise(vault, CODE, member=MemberId("m-1")).alias for _ in range(50)}) == 50


def test_many_files_are_written_whole_and_the_last_one_after_all_others(tmp_path: Path) -> None:
    files = {"statements/a.csv": b"a", "overview.csv": b"o", "bank.xml": b"x", "statements/b.csv": b"b"}
    write_many_private(tmp_path / "batch", files, last="bank.xml")
    found = {str(path.relative_to(tmp_path / "batch")): path for path in (tmp_path / "batch").rglob("*") if path.is_file()}
    assert {name: path.read_bytes() for name, path in found.items()} == files
    assert {path.stat().st_mode & 0o777 for path in found.values()} == {0o600}
    assert found["bank.xml"].stat().st_mtime_ns >= max(path.stat().st_mtime_ns for path in found.values())
