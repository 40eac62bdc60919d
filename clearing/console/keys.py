"""Law: the server at rest can sign for nobody: a person's key opens with her password, an open log-in's with its cookie alone.

Argon2id makes of a password the key that the Ed25519 seed is sealed with: who logs in proves the password by opening it. A
cookie is 32 random bytes; the database holds their hash, and the seed sealed with a key made from them.
"""

import os
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from nacl import pwhash
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

COOKIE_BYTES: Final = 32
PASSWORD_CHARS_MIN: Final = 12
PASSWORD_CHARS_MAX: Final = 200
SALT_BYTES: Final = pwhash.argon2id.SALTBYTES
PASSES: Final = pwhash.argon2id.OPSLIMIT_MODERATE
MEMORY: Final = pwhash.argon2id.MEMLIMIT_INTERACTIVE


class PasswordRefused(ValueError):
    """A new password is too short, too long or the person's name; the text says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedKey:
    """An Ed25519 seed behind a password. salt: 16 bytes; cost: Argon2id's passes and KiB, kept so that they may rise."""

    salt: bytes
    passes: int
    memory: int
    sealed: bytes = field(repr=False)


def seal_with_password(seed: bytes, password: str, *, person: str) -> SealedKey:
    """seed: 32 bytes. Raises PasswordRefused."""
    if not PASSWORD_CHARS_MIN <= len(password) <= PASSWORD_CHARS_MAX:
        raise PasswordRefused(f"A password has {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters; four words do.")
    if person in password.lower():
        raise PasswordRefused("A password does not contain the name it protects; choose other words.")
    salt = os.urandom(SALT_BYTES)
    key = _stretched(password, salt, PASSES, MEMORY)
    return SealedKey(salt=salt, passes=PASSES, memory=MEMORY, sealed=bytes(SecretBox(key).encrypt(seed)))


def open_with_password(key: SealedKey, password: str) -> bytes | None:
    """The seed; None for a wrong password. Takes a tenth of a second: call it in a thread."""
    return _opened(_stretched(password[:PASSWORD_CHARS_MAX], key.salt, key.passes, key.memory), key.sealed)


def waste_time_on(password: str) -> None:
    """As long as a log-in of somebody who is known takes, so that names can't be tried out."""
    _stretched(password[:PASSWORD_CHARS_MAX], bytes(SALT_BYTES), PASSES, MEMORY)


def new_cookie() -> bytes:
    return os.urandom(COOKIE_BYTES)


def name_of(cookie: bytes) -> bytes:
    """What the database knows a log-in by, 32 bytes."""
    return blake2b(cookie, digest_size=32, person=b"clearing name").digest()


def seal_with_cookie(seed: bytes, cookie: bytes) -> bytes:
    return bytes(SecretBox(_cookie_key(cookie)).encrypt(seed))


def open_with_cookie(sealed: bytes, cookie: bytes) -> bytes | None:
    return _opened(_cookie_key(cookie), sealed)


def form_token(cookie: bytes) -> str:
    """What every form of a log-in carries: who can't read the cookie can't make it (hex)."""
    return blake2b(cookie, digest_size=16, person=b"clearing form").hexdigest()


def _cookie_key(cookie: bytes) -> bytes:
    return blake2b(cookie, digest_size=SecretBox.KEY_SIZE, person=b"clearing key").digest()


def _stretched(password: str, salt: bytes, passes: int, memory: int) -> bytes:
    return pwhash.argon2id.kdf(SecretBox.KEY_SIZE, password.encode(), salt, opslimit=passes, memlimit=memory)


def _opened(key: bytes, sealed: bytes) -> bytes | None:
    try:
        return bytes(SecretBox(key).decrypt(sealed))
    except CryptoError:
        return None


def seal_factor(secret: str, house_key: bytes) -> bytes:
    """A one-time-code secret at rest. house_key: of the installation, a file outside the database."""
    return bytes(SecretBox(house_key).encrypt(secret.encode()))


def open_factor(sealed: bytes, house_key: bytes) -> str | None:
    plain = _opened(house_key, sealed)
    return None if plain is None else plain.decode()
