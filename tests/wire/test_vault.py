"""Law: the vault opens for its own key only, says what to do when it does not, and gives every card its keys again."""

import os
from pathlib import Path

import pytest

from clearing.vault import KEY_FILE, SEALED_FILE, Vault, VaultClosed
from clearing.wire.frame import FrameType, open_envelope
from clearing.wire.signature import verify
from clearing.wire.tap import card_keys

SEED = bytes(range(32))
UID = bytes.fromhex("04a39493cc8680")


def test_a_vault_gives_the_same_keys_when_it_is_opened_again(tmp_path: Path) -> None:
    made = Vault.create(tmp_path / "vault")
    again = Vault.open(tmp_path / "vault")
    assert again.kmeta == made.kmeta
    assert again.resolve(UID, 3) == made.resolve(UID, 3)
    assert again.root_public == made.root_public != made.signing_key().public == again.signing_key().public


def test_what_a_gateway_gets_is_what_was_written_into_the_card(tmp_path: Path) -> None:
    vault = Vault.create(tmp_path / "vault")
    keys = vault.personalise(UID, 2)
    assert vault.resolve(UID, 2) == (keys.card, keys.k2)
    assert vault.card_id(UID) == keys.card
    assert vault.kmeta == keys.k1
    assert vault.resolve(UID, 3) != vault.resolve(UID, 2)
    assert vault.personalise(UID, 2) == keys != card_keys(bytes(16), UID, 2)


def test_the_signing_key_signs_frames_that_verify(tmp_path: Path) -> None:
    key = Vault.create(tmp_path / "vault").signing_key()
    raw = key.sign_envelope(FrameType.SRV_RESP, b"payload")
    assert verify(open_envelope(raw, frame_bytes_max=4096), FrameType.SRV_RESP, key.public).payload == b"payload"


def test_both_files_are_for_their_owner_to_read_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Vault.create(tmp_path / "vault")
    finally:
        os.umask(before)
    for name in (KEY_FILE, SEALED_FILE):
        assert (tmp_path / "vault" / name).stat().st_mode & 0o777 == 0o400
    assert (tmp_path / "vault").stat().st_mode & 0o777 == 0o700


def test_two_vaults_are_different_and_two_of_one_seed_are_not(tmp_path: Path) -> None:
    assert Vault.create(tmp_path / "a").kmeta != Vault.create(tmp_path / "b").kmeta
    one, other = Vault.create(tmp_path / "c", seed=SEED), Vault.create(tmp_path / "d", seed=SEED)
    assert one.resolve(UID, 1) == other.resolve(UID, 1)
    assert one.signing_key().public == other.signing_key().public


def test_a_vault_is_never_made_over_another(tmp_path: Path) -> None:
    kmeta = Vault.create(tmp_path / "vault").kmeta
    with pytest.raises(VaultClosed, match="is there already"):
        Vault.create(tmp_path / "vault")
    assert Vault.open(tmp_path / "vault").kmeta == kmeta


@pytest.mark.parametrize("name", [KEY_FILE, SEALED_FILE])
def test_a_missing_file_is_named_with_what_to_do(tmp_path: Path, name: str) -> None:
    Vault.create(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(VaultClosed, match=f"{name} is missing; put its copy back"):
        Vault.open(tmp_path)


@pytest.mark.parametrize("mode", [0o600, 0o440, 0o404, 0o444, 0o644])
@pytest.mark.parametrize("name", [KEY_FILE, SEALED_FILE])
def test_a_file_of_another_mode_keeps_the_vault_closed(tmp_path: Path, name: str, mode: int) -> None:
    Vault.create(tmp_path)
    (tmp_path / name).chmod(mode)
    with pytest.raises(VaultClosed, match="chmod 0400"):
        Vault.open(tmp_path)


def test_the_key_of_another_vault_opens_nothing(tmp_path: Path) -> None:
    Vault.create(tmp_path / "a")
    Vault.create(tmp_path / "b")
    (tmp_path / "a" / KEY_FILE).rename(tmp_path / "b" / KEY_FILE)
    with pytest.raises(VaultClosed, match="of another vault or was changed"):
        Vault.open(tmp_path / "b")


@pytest.mark.parametrize(("name", "content"), [(KEY_FILE, b"short"), (SEALED_FILE, b""), (SEALED_FILE, bytes(136))])
def test_a_damaged_file_keeps_the_vault_closed(tmp_path: Path, name: str, content: bytes) -> None:
    Vault.create(tmp_path)
    (tmp_path / name).unlink()
    (tmp_path / name).write_bytes(content)
    (tmp_path / name).chmod(0o400)
    with pytest.raises(VaultClosed):
        Vault.open(tmp_path)


def test_no_secret_lies_open_in_the_sealed_file_or_in_print(tmp_path: Path) -> None:
    vault = Vault.create(tmp_path, seed=SEED)
    sealed = (tmp_path / SEALED_FILE).read_bytes()
    assert vault.signing_key().seed not in sealed
    assert vault.root_key().seed not in sealed
    assert vault.signing_key().seed.hex() not in repr(vault)
