"""Law: a token signs for the person who made it, as far as the roles it was given, until its day; she sees and ends each.

It is 32 random bytes that are shown once: the database holds their hash, and the person's seed sealed with a key made of
them, so that what lies there signs for nobody. A command that is asked under an idempotency key is signed once and kept: asked
again it is the same envelope, which the writer does once and answers alike.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

import asyncpg

from clearing.console import keys
from clearing.console.accounts import TEXTS, Login
from clearing.values import PersonId
from clearing.wire.signature import TerminalKey

DAY_US: Final = 86_400 * 1_000_000
DAYS_MAX: Final = 366
LABEL_CHARS_MAX: Final = 60
ASKED_DAYS: Final = 30
"""How long an idempotency key is remembered."""
PREFIX: Final = "clearing_"
"""What a token begins with, so that a leaked one is recognised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Who came with a token. roles: what it may be used for, at most."""

    person: PersonId
    epoch: int
    key: TerminalKey = field(repr=False)
    roles: tuple[str, ...]
    name: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeToken:
    """A line of the list. name: 16 hex digits of what the database knows it by."""

    name: str
    label: str
    roles: tuple[str, ...]
    made_us: int
    until_us: int


class Tokens:
    """All tokens of an installation."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", now_us: Callable[[], int]) -> None:
        self._pool, self._now_us = pool, now_us

    async def make(self, login: Login, *, label: str, roles: Sequence[str], days: int) -> str:
        """A new one, as text; shown once. days: at most DAYS_MAX."""
        secret, at_us = keys.new_cookie(), self._now_us()
        until_us = at_us + min(max(days, 1), DAYS_MAX) * DAY_US
        await self._pool.execute(
            TEXTS["make_token"], keys.name_of(secret), login.person, keys.seal_with_cookie(login.key.seed, secret),
            label[:LABEL_CHARS_MAX], list(roles), at_us, until_us,
        )  # fmt: skip
        return PREFIX + secret.hex()

    async def bearer(self, text: str) -> Bearer | None:
        """Who holds this token; None for one that is unknown, ended or over."""
        try:
            secret = bytes.fromhex(text.removeprefix(PREFIX))
        except ValueError:
            return None
        if not text.startswith(PREFIX) or len(secret) != keys.COOKIE_BYTES:
            return None
        name = keys.name_of(secret)
        row = await self._pool.fetchrow(TEXTS["token"], name, self._now_us())
        seed = None if row is None else keys.open_with_cookie(row["sealed"], secret)
        if row is None or seed is None:
            return None
        return Bearer(
            person=PersonId(row["person"]), epoch=row["epoch"], key=TerminalKey.from_seed(seed), roles=tuple(row["roles"]),
            name=name,
        )  # fmt: skip

    async def of(self, person: PersonId) -> list[MadeToken]:
        rows = await self._pool.fetch(TEXTS["tokens_of"], person)
        return [
            MadeToken(
                name=row["name"].hex()[:16], label=row["label"], roles=tuple(row["roles"]), made_us=row["made_us"],
                until_us=row["until_us"],
            )
            for row in rows
        ]  # fmt: skip

    async def end(self, person: PersonId, name: str) -> bool:
        done = await self._pool.execute(TEXTS["end_token"], person, name)
        return not done.endswith(" 0")

    async def first_asked(self, bearer: Bearer, key: str, said: bytes, envelope: bytes) -> bytes | None:
        """The envelope that was signed first under this key; None when the key was used for something else.

        said: digest of caisse, verb and body.
        """
        at_us = self._now_us()
        row = await self._pool.fetchrow(
            TEXTS["ask_first"], sha256(bearer.name + key.encode()).digest(), said, envelope, at_us
        )
        await self._pool.execute(TEXTS["forget_asked"], at_us - ASKED_DAYS * DAY_US)
        return bytes(row["envelope"]) if row is not None and row["said"] == said else None
