"""Law: the vault alone holds the key that can forge cards; it gives out what one tap needs, and lies sealed at rest.

Source: wire.md sections 1 and 7. Two files in one folder, both of mode 0400: `vault.key` (the key-encryption key; keep a
copy in a safe, apart from the other) and `vault.sealed` (issuer key, online signing key, offline root key).
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from clearing.values import CardId
from clearing.wire.signature import SEED_BYTES, TerminalKey
from clearing.wire.tap import KEY_BYTES, CardKeys, card_id, card_keys, meta_key, tap_key

KEY_FILE: Final = "vault.key"
SEALED_FILE: Final = "vault.sealed"
_HEADER: Final = b"clearing vault 1"
_SECRETS_BYTES: Final = len(_HEADER) + KEY_BYTES + 2 * SEED_BYTES
_FILE_BYTES_MAX: Final = 4096
_MODE: Final = 0o400


class VaultClosed(Exception):
    """The vault can't be opened or made; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Secrets:
    issuer: bytes
    signing_seed: bytes
    root_seed: bytes

    def sealed(self, key: bytes) -> bytes:
        return bytes(SecretBox(key).encrypt(_HEADER + self.issuer + self.signing_seed + self.root_seed))


class Vault:
    """An open vault. Hand it to the writer's process and to the personaliser, never to a gateway."""

    __slots__ = ("_root", "_secrets", "_signing", "kmeta")

    def __init__(self, secrets: _Secrets) -> None:
        self._secrets: Final = secrets
        self._signing: Final = TerminalKey.from_seed(secrets.signing_seed)
        self._root: Final = TerminalKey.from_seed(secrets.root_seed)
        self.kmeta: Final = meta_key(secrets.issuer)
        """Decrypts (UID, counter) of every card of the caisse; lets its holder follow a card, not forge one."""

    @classmethod
    def create(cls, folder: Path, *, seed: bytes | None = None) -> "Vault":
        """Make new keys and both files. seed: 32 bytes that make the same keys again; tests only.

        Raises VaultClosed when one of the files is there already: a lost issuer key is a box of dead cards.
        """
        drawn = _Drawn(seed)
        key = drawn.take(SecretBox.KEY_SIZE)
        secrets = _Secrets(
            issuer=drawn.take(KEY_BYTES), signing_seed=drawn.take(SEED_BYTES), root_seed=drawn.take(SEED_BYTES)
        )
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in (KEY_FILE, SEALED_FILE):
            if (folder / name).exists():
                raise VaultClosed(f"{folder / name} is there already; open that vault, or name an empty folder")
        _write(folder / KEY_FILE, key)
        _write(folder / SEALED_FILE, secrets.sealed(key))
        _keep_entries(folder)
        return cls(secrets)

    @classmethod
    def open(cls, folder: Path) -> "Vault":
        """Read both files. Raises VaultClosed: missing, readable by others, or not belonging together."""
        key, sealed = _read(folder / KEY_FILE), _read(folder / SEALED_FILE)
        if len(key) != SecretBox.KEY_SIZE:
            raise VaultClosed(f"{folder / KEY_FILE} is not a key of {SecretBox.KEY_SIZE} bytes; put its copy back")
        try:
            plain = SecretBox(key).decrypt(sealed)
        except (CryptoError, ValueError) as fault:
            raise VaultClosed(
                f"{folder / KEY_FILE} does not open {folder / SEALED_FILE}: one of them is of another vault or was "
                "changed; put back both from the same copy"
            ) from fault
        if len(plain) != _SECRETS_BYTES or not plain.startswith(_HEADER):
            raise VaultClosed(f"{folder / SEALED_FILE} is of another version; open it with the version that wrote it")
        issuer_end = len(_HEADER) + KEY_BYTES
        signing_end = issuer_end + SEED_BYTES
        return cls(
            _Secrets(
                issuer=plain[len(_HEADER) : issuer_end],
                signing_seed=plain[issuer_end:signing_end],
                root_seed=plain[signing_end:],
            )
        )

    def resolve(self, uid: bytes, version: int) -> tuple[CardId, bytes]:
        """(card id, K2) of one card at one key version: all a gateway needs to check its taps. 7 us."""
        return card_id(self._secrets.issuer, uid), tap_key(self._secrets.issuer, uid, version)

    def card_id(self, uid: bytes) -> CardId:
        """The card's name in events; raises ValueError when the UID is not 7 bytes."""
        return card_id(self._secrets.issuer, uid)

    def personalise(self, uid: bytes, version: int) -> CardKeys:
        """All five keys to write into one card, at one version."""
        return card_keys(self._secrets.issuer, uid, version)

    def signing_key(self) -> TerminalKey:
        """The server's online key: signs replies, packs and heads."""
        return self._signing

    def root_key(self) -> TerminalKey:
        """The root key: certifies online keys. Whoever asks for it should be a person at a desk, not a process."""
        return self._root

    @property
    def root_public(self) -> bytes:
        """What terminals learn at enrolment and trust for ever."""
        return self._root.public

    def __repr__(self) -> str:
        return f"Vault(signing_key={self._signing!r})"


class _Drawn:
    """Fresh random bytes, or those of a test's seed in the order of asking."""

    def __init__(self, seed: bytes | None) -> None:
        self._seed = seed
        self._taken = 0

    def take(self, size: int) -> bytes:
        if self._seed is None:
            return os.urandom(size)
        self._taken += 1
        return TerminalKey.from_seed(self._seed).sign_statement(b"draw %d" % self._taken)[:size]


def _write(path: Path, content: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    try:
        os.fchmod(file, _MODE)  # the process's umask must not decide who reads a key
        os.write(file, content)
        os.fsync(file)
    finally:
        os.close(file)


def _keep_entries(folder: Path) -> None:
    """The names of new files survive a power cut only when their folder is written too."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode != _MODE:
                raise VaultClosed(
                    f"{path} has mode {mode:04o}: others may have read it; run 'chmod 0400 {path}', and think"
                )
            return file.read(_FILE_BYTES_MAX)
    except FileNotFoundError as fault:
        raise VaultClosed(f"{path} is missing; put its copy back, or found a caisse to make a new vault") from fault
    except PermissionError as fault:
        raise VaultClosed(
            f"{path} can't be read by this user; run as the user that the caisse's vault belongs to"
        ) from fault
