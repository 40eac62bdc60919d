"""Law: a log-in needs a password and a second factor; it ends by itself, and its person sees and ends all that are open.

Idle for 15 minutes or 8 hours old, a log-in is gone. Five wrong tries close an account for a minute, each further one for twice
as long. A one-time code counts once. Source: treasury.md section 4.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import asyncpg
import pyotp

from clearing.console import keys
from clearing.console.keys import SealedKey
from clearing.sql import named_blocks, sql_text
from clearing.values import PersonId
from clearing.wire.signature import TerminalKey

IDLE_US: Final = 15 * 60 * 1_000_000
WHOLE_US: Final = 8 * 3_600 * 1_000_000
FRESH_US: Final = 5 * 60 * 1_000_000  # so long after a second factor an approval asks for no other one
TRIES: Final = 5
CLOSED_US: Final = 60 * 1_000_000
CLOSED_MAX_US: Final = 3_600 * 1_000_000
STEP_S: Final = 30
HALF_US: Final = 10 * 60 * 1_000_000  # so long after her password a person may go on with a second factor
HALF, NEW_FACTOR = "half-log-in", "new-factor"
DEVICE_CHARS_MAX: Final = 120
ROLE: Final = "clearing_console"
TEXTS: Final = named_blocks(sql_text("clearing.console", "accounts.sql"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """An open log-in. fresh: a second factor was given within the last minutes. notice: told on the next page, once."""

    person: PersonId
    epoch: int
    key: TerminalKey = field(repr=False)
    cookie: bytes = field(repr=False)
    opened_us: int
    fresh: bool
    language: str
    notice: str

    @property
    def name(self) -> str:
        """As the list of open log-ins names it."""
        return keys.name_of(self.cookie).hex()[:16]

    @property
    def form_token(self) -> str:
        return keys.form_token(self.cookie)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLogin:
    """A line of "your log-ins". name: 16 hex digits of what the database knows it by."""

    name: str
    opened_us: int
    seen_us: int
    device: str


@dataclass(frozen=True, slots=True)
class Closed:
    """No log-in: wrong, or closed until this instant after too many tries (0: not closed)."""

    until_us: int = 0


async def install(admin: asyncpg.Connection, password: str) -> None:
    """Make the role and the tables; harmless when they are there. admin: may become clearing_owner."""
    async with admin.transaction():
        await admin.execute(TEXTS["make_role"])
        await admin.execute(await admin.fetchval(TEXTS["password_statement"], password))
        await admin.execute(TEXTS["make_schema"])
        await admin.execute(TEXTS["become_owner"])
        await admin.execute(TEXTS["create"])


class Accounts:
    """All accounts of an installation. house_key: seals the second factors. now_us: the clock."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", house_key: bytes, now_us: Callable[[], int]) -> None:
        self._pool, self._house_key, self._now_us = pool, house_key, now_us

    async def keep(
        self, person: PersonId, key: TerminalKey, epoch: int, password: str, *, factor: str, language: str = "fr"
    ) -> None:
        """Make or replace an account. factor: the base32 secret of one-time codes. Raises PasswordRefused."""
        sealed = await asyncio.to_thread(keys.seal_with_password, key.seed, password, person=person)
        await self._pool.execute(
            TEXTS["keep_account"], person, epoch, key.public, sealed.salt, sealed.passes, sealed.memory, sealed.sealed,
            keys.seal_factor(factor, self._house_key), language,
        )  # fmt: skip
        await self._pool.execute(TEXTS["close_all_of"], person)
        await self._pool.execute(TEXTS["forget_passkeys"], person)

    async def log_in(self, person: str, password: str, code: str, *, device: str) -> bytes | Closed:
        """The cookie of a new log-in. code: the six digits of now."""
        at_us = self._now_us()
        row = await self._pool.fetchrow(TEXTS["account"], person)
        seed = await self._opened(row, password, at_us)
        if row is None or isinstance(seed, Closed):
            return seed if isinstance(seed, Closed) else Closed()
        if seed is None or not await self._spend(row, code):
            return await self._failed(row, at_us)
        return await self.opened(PersonId(person), seed, device=device)

    async def _opened(self, row: "asyncpg.Record | None", password: str, at_us: int) -> bytes | Closed | None:
        """The seed behind a password; None for a wrong one, which takes as long as for somebody who has no account."""
        if row is None:
            await asyncio.to_thread(keys.waste_time_on, password)
            return Closed()
        if row["closed_until_us"] > at_us:
            return Closed(row["closed_until_us"])
        sealed = SealedKey(salt=row["salt"], passes=row["passes"], memory=row["memory"], sealed=row["sealed"])
        return await asyncio.to_thread(keys.open_with_password, sealed, password)

    async def begin(self, person: str, password: str) -> bytes | Closed:
        """Half a log-in, by the password alone: the secret of who goes on with a second factor within minutes.

        The database holds its hash, and the seed sealed with a key made of it, as of a log-in.
        """
        at_us = self._now_us()
        row = await self._pool.fetchrow(TEXTS["account"], person)
        seed = await self._opened(row, password, at_us)
        if row is None or isinstance(seed, Closed):
            return seed if isinstance(seed, Closed) else Closed()
        if seed is None:
            return await self._failed(row, at_us)
        half = keys.new_cookie()
        await self._pool.execute(
            TEXTS["hold_challenge"], keys.name_of(half), person, HALF, keys.name_of(half), keys.seal_with_cookie(seed, half),
            at_us,
        )
        return half

    async def half(self, half: bytes) -> Login | None:
        """Who gave her password under this secret, minutes ago at most."""
        name, after_us = keys.name_of(half), self._now_us() - HALF_US
        row = await self._pool.fetchrow(TEXTS["see_challenge"], name, HALF, name, after_us)
        seed = None if row is None else keys.open_with_cookie(row["held"], half)
        account = None if row is None else await self._pool.fetchrow(TEXTS["account"], row["person"])
        if row is None or seed is None or account is None or account["closed_until_us"] > self._now_us():
            return None
        return Login(
            person=PersonId(row["person"]), epoch=account["epoch"], key=TerminalKey.from_seed(seed), cookie=half, opened_us=0,
            fresh=False, language=account["language"], notice="",
        )  # fmt: skip

    async def finish(self, half: Login, *, device: str) -> bytes | None:
        """The cookie of a log-in whose second factor held; None when half of it was used already."""
        at_us, name = self._now_us(), keys.name_of(half.cookie)
        if await self._pool.fetchrow(TEXTS["take_challenge"], name, HALF, name, at_us - HALF_US) is None:
            return None
        await self._pool.execute(TEXTS["came_in"], half.person)
        return await self.opened(half.person, half.key.seed, device=device)

    async def failed(self, person: PersonId) -> Closed:
        """A second factor after the password was wrong: it counts as any wrong try."""
        row = await self._pool.fetchrow(TEXTS["account"], person)
        return Closed() if row is None else await self._failed(row, self._now_us())

    async def lose_factor(self, person: PersonId) -> None:
        """What was lost lets nobody in: its code, passkeys and log-ins end at once."""
        await self._pool.execute(TEXTS["lose_factor"], person)

    async def offer_factor(self, half: Login, factor: str) -> None:
        """Hold the secret of a new factor until its first code proves that it was read."""
        name = keys.name_of(half.cookie + NEW_FACTOR.encode())
        held = keys.seal_factor(factor, self._house_key)
        await self._pool.execute(
            TEXTS["hold_challenge"], name, half.person, NEW_FACTOR, keys.name_of(half.cookie), held, self._now_us()
        )

    async def offered_factor(self, half: Login) -> str | None:
        """The secret that was offered, for minutes."""
        row = await self._pool.fetchrow(
            TEXTS["see_challenge"], keys.name_of(half.cookie + NEW_FACTOR.encode()), NEW_FACTOR, keys.name_of(half.cookie),
            self._now_us() - HALF_US,
        )
        return None if row is None else keys.open_factor(row["held"], self._house_key)

    def step_of(self, factor: str, code: str) -> int | None:
        """As the function below, now."""
        return step_of(factor, code, self._now_us())

    async def pair_factor(self, person: PersonId, factor: str, step: int) -> None:
        """The new factor takes the place of the old one. step: of the code that proved it, spent with it."""
        await self.lose_factor(person)
        await self._pool.execute(TEXTS["pair_factor"], person, keys.seal_factor(factor, self._house_key), step)

    async def opened(self, person: PersonId, seed: bytes, *, device: str) -> bytes:
        """The cookie of a new log-in of who has just proved password and second factor."""
        at_us, cookie = self._now_us(), keys.new_cookie()
        await self._pool.execute(
            TEXTS["open_login"], keys.name_of(cookie), person, keys.seal_with_cookie(seed, cookie), at_us,
            device[:DEVICE_CHARS_MAX],
        )
        await self._pool.execute(TEXTS["forget_old"], at_us - IDLE_US, at_us - WHOLE_US)
        return cookie

    async def make(
        self, person: PersonId, public: bytes, sealed: SealedKey, *, factor: str, step: int, language: str
    ) -> bool:
        """An account for somebody new; False when there is one of this name. step: of the code that was used already."""
        done = await self._pool.fetchval(
            TEXTS["make_account"], person, 1, public, sealed.salt, sealed.passes, sealed.memory, sealed.sealed,
            keys.seal_factor(factor, self._house_key), step, language,
        )  # fmt: skip
        return done is not None

    async def known(self, person: PersonId) -> bool:
        return await self._pool.fetchrow(TEXTS["account"], person) is not None

    async def seen(self, cookie: bytes) -> Login | None:
        """The log-in of a cookie, alive for another quarter of an hour; None when it is over."""
        at_us = self._now_us()
        name = keys.name_of(cookie)
        row = await self._pool.fetchrow(TEXTS["see_login"], name, at_us, at_us - IDLE_US, at_us - WHOLE_US)
        seed = None if row is None else keys.open_with_cookie(row["sealed"], cookie)
        if row is None or seed is None:
            return None
        if row["notice"]:
            await self._pool.execute(TEXTS["leave_notice"], name, "")
        return Login(
            person=PersonId(row["person"]), epoch=row["epoch"], key=TerminalKey.from_seed(seed), cookie=cookie,
            opened_us=row["opened_us"], fresh=at_us - row["proved_us"] <= FRESH_US, language=row["language"],
            notice=row["notice"],
        )  # fmt: skip

    async def prove(self, login: Login, code: str) -> bool:
        """A second factor once more, for an approval."""
        at_us = self._now_us()
        row = await self._pool.fetchrow(TEXTS["account"], login.person)
        if row is None or row["closed_until_us"] > at_us or not await self._spend(row, code):
            if row is not None:
                await self._failed(row, at_us)
            return False
        await self.proved(login)
        return True

    async def proved(self, login: Login) -> None:
        """A second factor was given for this log-in just now."""
        await self._pool.execute(TEXTS["prove_login"], keys.name_of(login.cookie), self._now_us())

    async def leave_notice(self, login: Login, notice: str) -> None:
        await self._pool.execute(TEXTS["leave_notice"], keys.name_of(login.cookie), notice)

    async def speak(self, login: Login, language: str) -> None:
        await self._pool.execute(TEXTS["set_language"], login.person, language)

    async def end_all(self, person: PersonId) -> None:
        """Every log-in and every token of hers, the one that asks for it too."""
        await self._pool.execute(TEXTS["close_all_of"], person)
        await self._pool.execute(TEXTS["end_tokens_of"], person)

    async def log_out(self, login: Login) -> None:
        await self._pool.execute(TEXTS["close_login"], keys.name_of(login.cookie))

    async def open_logins(self, person: PersonId) -> Sequence[OpenLogin]:
        at_us = self._now_us()
        rows = await self._pool.fetch(TEXTS["logins_of"], person, at_us - IDLE_US, at_us - WHOLE_US)
        return [
            OpenLogin(name=row["name"].hex()[:16], opened_us=row["opened_us"], seen_us=row["seen_us"], device=row["device"])
            for row in rows
        ]

    async def end_login(self, person: PersonId, name: str) -> bool:
        """One of this person's log-ins, or none when there is no such."""
        done = await self._pool.execute(TEXTS["close_login_of"], person, name)
        return not done.endswith(" 0")

    async def change_password(self, login: Login, old: str, new: str) -> bool:
        """Whether the old one was right. Her other log-ins end. Wrong tries count as at log-in. Raises PasswordRefused."""
        at_us = self._now_us()
        row = await self._pool.fetchrow(TEXTS["account"], login.person)
        if row is None or row["closed_until_us"] > at_us:
            return False
        known = SealedKey(salt=row["salt"], passes=row["passes"], memory=row["memory"], sealed=row["sealed"])
        if await asyncio.to_thread(keys.open_with_password, known, old) is None:
            await self._failed(row, at_us)
            return False
        made = await asyncio.to_thread(keys.seal_with_password, login.key.seed, new, person=login.person)
        await self._pool.execute(
            TEXTS["set_password"], login.person, made.salt, made.passes, made.memory, made.sealed, keys.name_of(login.cookie)
        )
        return True

    async def everybody(self) -> list[tuple[PersonId, bytes]]:
        """Person and public key of every account."""
        return [(PersonId(row["person"]), row["public"]) for row in await self._pool.fetch(TEXTS["accounts"])]

    async def drop(self, person: PersonId) -> bool:
        """The account and all its log-ins: for one who left. Whether there was one."""
        done = await self._pool.execute(TEXTS["drop_account"], person)
        return not done.endswith(" 0")

    async def _spend(self, row: "asyncpg.Record", code: str) -> bool:
        """A one-time code of this half minute or a neighbour's, that was not used before nor is older than one that was."""
        secret = None if row["factor"] is None else keys.open_factor(row["factor"], self._house_key)
        step = None if secret is None else self.step_of(secret, code)
        return step is not None and await self._pool.fetchval(TEXTS["use_step"], row["person"], step) is not None

    async def _failed(self, row: "asyncpg.Record", at_us: int) -> Closed:
        over = row["failures"] + 1 - TRIES
        until_us = at_us + min(CLOSED_US << over, CLOSED_MAX_US) if over >= 0 else 0
        await self._pool.execute(TEXTS["failed"], row["person"], until_us)
        return Closed(until_us)


def step_of(secret: str, code: str, at_us: int) -> int | None:
    """The half minute, this one or a neighbour, whose one-time code this is."""
    if not code.isdecimal():
        return None
    now, totp = at_us // 1_000_000 // STEP_S, pyotp.TOTP(secret, interval=STEP_S)
    steps = [step for step in (now - 1, now, now + 1) if pyotp.utils.strings_equal(totp.generate_otp(step), code)]
    return steps[-1] if steps else None
