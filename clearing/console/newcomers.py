"""Law: who comes new chooses her password and pairs her app; only a code of that app makes her account and her key's file.

Until then her key lies sealed with the address that she came by: the server at rest can open nothing of it.
"""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Final

import pyotp

from clearing.console import keys
from clearing.console.accounts import Accounts, step_of
from clearing.console.keys import SealedKey
from clearing.installation.home import Home, write_private
from clearing.installation.key_file import sealed_key
from clearing.values import PersonId
from clearing.wire.signature import TerminalKey

ISSUER: Final = "clearing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """Somebody on her way in. key_file: as it will be written; factor: of her one-time codes, base32."""

    person: PersonId
    seed: bytes = field(repr=False)
    password: SealedKey = field(repr=False)
    key_file: bytes = field(repr=False)
    factor: str = field(repr=False)
    language: str

    @property
    def public(self) -> bytes:
        return TerminalKey.from_seed(self.seed).public

    def address(self) -> str:
        """What her app reads."""
        return pyotp.TOTP(self.factor).provisioning_uri(name=self.person, issuer_name=ISSUER)

    def sealed(self, secret: bytes) -> bytes:
        """secret: of the address that she came by."""
        known = self.password
        said = {
            "person": self.person, "seed": self.seed.hex(), "key_file": self.key_file.hex(), "factor": self.factor,
            "language": self.language, "salt": known.salt.hex(), "passes": known.passes, "memory": known.memory,
            "sealed": known.sealed.hex(),
        }  # fmt: skip
        return keys.seal_with_cookie(json.dumps(said).encode(), secret)


async def drawn(person: PersonId, password: str, language: str) -> Newcomer:
    """With a new key and a new factor. Raises PasswordRefused."""
    key = TerminalKey.generate()
    known = await asyncio.to_thread(keys.seal_with_password, key.seed, password, person=person)
    return Newcomer(
        person=person, seed=key.seed, password=known, factor=pyotp.random_base32(), language=language,
        key_file=await asyncio.to_thread(sealed_key, person, key, password),
    )  # fmt: skip


def opened(draft: bytes, secret: bytes) -> Newcomer | None:
    plain = keys.open_with_cookie(draft, secret)
    if plain is None:
        return None
    said = json.loads(plain)
    known = SealedKey(
        salt=bytes.fromhex(said["salt"]), passes=said["passes"], memory=said["memory"], sealed=bytes.fromhex(said["sealed"])
    )
    return Newcomer(
        person=PersonId(said["person"]), seed=bytes.fromhex(said["seed"]), password=known, factor=said["factor"],
        key_file=bytes.fromhex(said["key_file"]), language=said["language"],
    )  # fmt: skip


async def taken(home: Home, accounts: Accounts, person: PersonId) -> bool:
    """Whether somebody has this name here: an account, or a key."""
    return home.person(person).exists() or await accounts.known(person)


async def settled(home: Home, accounts: Accounts, newcomer: Newcomer, code: str, *, at_us: int) -> bool | None:
    """Whether the code is one of her app's: then she has an account and a key's file. None: the name was taken meanwhile."""
    step = step_of(newcomer.factor, code, at_us)
    if step is None:
        return False
    person, path = newcomer.person, home.person(newcomer.person)
    if path.exists() or not await accounts.make(
        person, newcomer.public, newcomer.password, factor=newcomer.factor, step=step, language=newcomer.language
    ):
        return None
    write_private(path, newcomer.key_file)
    return True
