"""Law: a person's key lies behind a passphrase in a file of mode 0600; its public half can be read without it.

scrypt (n 2^15, r 8, p 1) makes the key that AES-256-GCM seals the seed with; who the key is for is sealed with it.
Source: wire.md section 7.
"""

import json
import os
import stat
from dataclasses import dataclass
from hashlib import scrypt
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from clearing.installation.home import write_private
from clearing.values import PersonId
from clearing.wire.signature import TerminalKey

FORM: Final = "clearing person key 1"
PASSPHRASE_CHARS_MIN: Final = 8
_SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12


class KeyFileRefused(Exception):
    """A person's key can't be made or opened; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What anybody may know: who, the public key, and its epoch (1, then one more for each key that replaced it)."""

    person: PersonId
    epoch: int
    public: bytes


def make_key_file(path: Path, person: PersonId, passphrase: str, *, epoch: int = 1) -> Identity:
    """Draw a key and write it. Raises KeyFileRefused when the file is there or the passphrase is short."""
    if path.exists():
        raise KeyFileRefused(f"{path} is there already; a key is never overwritten. Name another person, or move the file away")
    key = TerminalKey.generate()
    write_private(path, sealed_key(person, key, passphrase, epoch=epoch))
    return Identity(person=person, epoch=epoch, public=key.public)


def sealed_key(person: PersonId, key: TerminalKey, passphrase: str, *, epoch: int = 1) -> bytes:
    """What a key file holds. Raises KeyFileRefused for a short passphrase."""
    if len(passphrase) < PASSPHRASE_CHARS_MIN:
        raise KeyFileRefused(f"a passphrase has at least {PASSPHRASE_CHARS_MIN} characters; four words are better than signs")
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    open_part = {"form": FORM, "person": person, "epoch": epoch, "public": key.public.hex()}
    sealed = AESGCM(_wrap_key(passphrase, salt)).encrypt(nonce, key.seed, _bound(open_part))
    said = open_part | {"salt": salt.hex(), "nonce": nonce.hex(), "sealed": sealed.hex()}
    return (json.dumps(said, indent=1) + "\n").encode()


def identity(path: Path) -> Identity:
    """The open half of a key file. Raises KeyFileRefused."""
    said = _read(path)
    person, epoch, public = (str(said[name]) for name in ("person", "epoch", "public"))
    return Identity(person=PersonId(person), epoch=int(epoch), public=bytes.fromhex(public))


def open_key_file(path: Path, passphrase: str) -> tuple[Identity, TerminalKey]:
    """The key itself. Raises KeyFileRefused for a wrong passphrase, or a file that others can read or that was changed."""
    said = _read(path)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise KeyFileRefused(f"{path} can be read by others; run 'chmod 0600 {path}', and think whether to make a new key")
    open_part = {name: said[name] for name in ("form", "person", "epoch", "public")}
    salt, nonce, sealed = (bytes.fromhex(str(said[name])) for name in ("salt", "nonce", "sealed"))
    try:
        seed = AESGCM(_wrap_key(passphrase, salt)).decrypt(nonce, sealed, _bound(open_part))
    except InvalidTag:
        raise KeyFileRefused(f"the passphrase does not open {path}; try again") from None
    return identity(path), TerminalKey.from_seed(seed)


def _wrap_key(passphrase: str, salt: bytes) -> bytes:
    return scrypt(passphrase.encode(), salt=salt, n=1 << 15, r=8, p=1, maxmem=64 << 20, dklen=32)


def _bound(open_part: dict[str, object]) -> bytes:
    return json.dumps(open_part, sort_keys=True).encode()


def _read(path: Path) -> dict[str, object]:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        if said["form"] != FORM or {"person", "epoch", "public", "salt", "nonce", "sealed"} - said.keys():
            raise KeyError(FORM)
    except FileNotFoundError:
        raise KeyFileRefused(f"{path} is not there; make the key with: clearing person add {path.stem}") from None
    except OSError as fault:
        raise KeyFileRefused(f"{path} can't be read ({fault.strerror}); run as the account it belongs to") from None
    except (ValueError, KeyError, TypeError):
        raise KeyFileRefused(f"{path} is no key file; put its copy back, or make a new key with: clearing person add") from None
    return dict(said)
