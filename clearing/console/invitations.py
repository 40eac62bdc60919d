"""Law: who is to come is given an address that is used once, by its day; the database holds its hash, never the address.

There are two: to found a caisse, given by who keeps the home; to an office, given by an officer or by who founds. What somebody
typed on her way in lies sealed with the address itself until her app's code has proved it.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import asyncpg

from clearing.console import keys
from clearing.console.accounts import TEXTS
from clearing.values import PersonId

HOUR_US: Final = 3_600 * 1_000_000
FOUNDING_HOURS: Final = 24
OFFICE_DAYS: Final = 7
DAYS_MAX: Final = 30
KEPT_DAYS: Final = 90
"""So long is remembered that an address was used, or is over."""
FOUNDING_DAYS: Final = 30
"""So long a founding that was begun may be finished."""
LABEL_CHARS_MAX: Final = 60


class Purpose(StrEnum):
    FOUND = "found"
    OFFICE = "office"


class Standing(StrEnum):
    OPEN = "open"
    USED = "used"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """caisse: "" of a founding. by: "" is who keeps the home. person, public: who came, and her key. draft: sealed."""

    name: bytes
    purpose: Purpose
    caisse: str
    roles: tuple[str, ...]
    by: str
    label: str
    until_us: int
    standing: Standing
    person: str
    public: bytes
    draft: bytes | None = field(repr=False)

    @property
    def short(self) -> str:
        """As a list names it."""
        return self.name.hex()[:16]


class Invitations:
    """All invitations of an installation, and who founds. house_key: seals what a founder has typed so far."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", house_key: bytes, now_us: Callable[[], int]) -> None:
        self._pool, self._house_key, self._now_us = pool, house_key, now_us

    async def to_found(self) -> str:
        """A new address' secret part; shown once."""
        return await self._made(Purpose.FOUND, "", (), "", "", FOUNDING_HOURS)

    async def to_office(self, caisse: str, roles: Sequence[str], *, by: PersonId, label: str, days: int) -> str:
        """caisse: "" while it is being founded."""
        hours = min(max(days, 1), DAYS_MAX) * 24
        return await self._made(Purpose.OFFICE, caisse, roles, by, label[:LABEL_CHARS_MAX], hours)

    async def _made(
        self, purpose: Purpose, caisse: str, roles: Sequence[str], by: str, label: str, hours: int
    ) -> str:
        secret, at_us = keys.new_cookie(), self._now_us()
        await self._pool.execute(TEXTS["forget_invitations"], at_us - KEPT_DAYS * 24 * HOUR_US)
        await self._pool.execute(
            TEXTS["invite"], keys.name_of(secret), purpose, caisse, list(roles), by, label, at_us, at_us + hours * HOUR_US
        )
        return secret.hex()

    async def shown(self, secret: bytes) -> Invitation | None:
        """None for one that never was, or was taken back."""
        row = await self._pool.fetchrow(TEXTS["invitation"], keys.name_of(secret))
        return None if row is None else self._read(row)

    async def keep_draft(self, invitation: Invitation, draft: bytes | None) -> None:
        await self._pool.execute(TEXTS["draft_invitation"], invitation.name, draft)

    async def use(self, invitation: Invitation, person: PersonId, public: bytes) -> bool:
        """False when it was used or ended meanwhile. To found: this person may from now on."""
        at_us = self._now_us()
        if await self._pool.fetchval(TEXTS["use_invitation"], invitation.name, at_us, person, public) is None:
            return False
        if invitation.purpose is Purpose.FOUND:
            await self._pool.execute(TEXTS["may_found"], person, at_us + FOUNDING_DAYS * 24 * HOUR_US)
        return True

    async def to(self, caisse: str, by: PersonId) -> list[Invitation]:
        """Those that are open or were used. by: whose, of a caisse that is being founded."""
        rows = await self._pool.fetch(TEXTS["invitations_to"], caisse, by, self._now_us())
        return [self._read(row) for row in rows]

    async def withdraw(self, caisse: str, by: PersonId, short: str) -> bool:
        done = await self._pool.execute(TEXTS["withdraw_invitation"], caisse, by, short)
        return not done.endswith(" 0")

    async def founding(self, founder: PersonId) -> dict[str, list[str]] | None:
        """What she has typed so far; None when she founds nothing."""
        row = await self._pool.fetchrow(TEXTS["founding"], founder, self._now_us())
        if row is None:
            return None
        typed = None if row["typed"] is None else keys.open_factor(row["typed"], self._house_key)
        return {} if typed is None else dict(json.loads(typed))

    async def keep_founding(self, founder: PersonId, typed: dict[str, list[str]]) -> None:
        """Sealed: an account number is among it."""
        sealed = keys.seal_factor(json.dumps(typed, ensure_ascii=False), self._house_key)
        await self._pool.execute(TEXTS["keep_founding"], founder, sealed)

    async def founded(self, founder: PersonId) -> None:
        """It is done: what was typed and who was invited for it is forgotten."""
        await self._pool.execute(TEXTS["founded"], founder)

    async def leave(self, caisse: str, person: PersonId) -> None:
        """She said that she leaves; another officer ends her offices."""
        await self._pool.execute(TEXTS["leave"], caisse, person, self._now_us())

    async def stay(self, caisse: str, person: PersonId) -> None:
        await self._pool.execute(TEXTS["stay"], caisse, person)

    async def leaving(self, caisse: str) -> dict[PersonId, int]:
        """person -> since when, microseconds."""
        return {PersonId(row["person"]): row["at_us"] for row in await self._pool.fetch(TEXTS["leaving"], caisse)}

    def _read(self, row: "asyncpg.Record") -> Invitation:
        over = row["until_us"] <= self._now_us()
        standing = Standing.USED if row["used_us"] else Standing.OVER if over else Standing.OPEN
        return Invitation(
            name=bytes(row["name"]), purpose=Purpose(row["purpose"]), caisse=row["caisse"], roles=tuple(row["roles"]),
            by=row["invited_by"], label=row["label"], until_us=row["until_us"], standing=standing, person=row["person"],
            public=bytes(row["public"] or b""), draft=row["draft"],
        )  # fmt: skip
