"""Law: a caisse in a home of its own, served with its console; officers log in with password and code, and what they send is a
real form: with its token, from the console's own address.
"""

import asyncio
import re
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from io import BytesIO
from pathlib import Path

import aiohttp
import pyotp

from clearing.authoriser.clock import Clock, SystemClock
from clearing.config import Settings
from clearing.console.house import Console, console_of
from clearing.console.keys import form_token
from clearing.console.sending import COOKIE
from clearing.console.serving import serving_console
from clearing.events.basket import Line
from clearing.installation.cards import KeptCard
from clearing.installation.home import Home
from clearing.installation.office import Officer
from clearing.installation.opening import Installation
from clearing.installation.serving import Serving, serving
from clearing.postgres import default_home
from clearing.rules.book import Book
from clearing.terminal.identity import TerminalIdentity
from clearing.terminal.queue import TerminalQueue
from clearing.terminal.terminal import ReferenceTerminal, Shown
from clearing.terminal.transport import HttpTransport, SystemClock as TillClock, TerminalClock
from clearing.values import CaisseCode, CategoryId, Cents, PersonId, TerminalId
from clearing.wire.signature import TerminalKey
from tests.living_caisse import founding

CODE = CaisseCode("brume")
OFFICES = {
    "tess": ("treasurer",), "bruno": ("approver",), "dora": ("desk",), "cleo": ("clerk",), "audrey": ("auditor",),
    "otto": ("operator",), "hana": ("helper",), "basil": ("buyer",), "paula": ("prover",), "noor": ("treasurer", "desk"),
    "tilda": ("treasurer-deputy",),
}  # fmt: skip
"""person -> roles; noor does two jobs, as in a small caisse."""
PASSWORD = "quatre mots bien choisis"
PROVED_S = 180
_MACHINE, _TILLS = SystemClock(), TillClock()
_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """An answer: what a person reads (words without tags, one blank between), and its page."""

    status: int
    path: str
    html: str

    @property
    def text(self) -> str:
        return " ".join(unescape(_TAG.sub(" ", self.html)).split())


@dataclass(kw_only=True)
class House:
    """What a test opens pages of."""

    installation: Installation
    running: Serving
    console: Console
    url: str
    browser: aiohttp.ClientSession
    keys: Mapping[str, TerminalKey]
    stall: ReferenceTerminal
    cookies: dict[str, bytes] = field(default_factory=dict)
    logged_in: dict[str, float] = field(default_factory=dict)
    now_us: Callable[[], int] = SystemClock().now_us

    async def book(self) -> Book:
        return await self.console.followers.book(CODE)

    async def order(self, person: str, verb: str, body: dict[str, object]) -> dict[str, object]:
        """Another way in than the pages, to prepare what they are about."""
        officer = Officer(
            person=PersonId(person), key=self.keys[person], epoch=1, caisse=CODE, now_ms=lambda: self.now_us() // 1_000,
            socket=self.installation.home.socket(CODE),
        )
        return await officer.order(verb, body)

    async def see(self, person: str, path: str) -> Seen:
        """A page below this caisse, as this officer sees it."""
        async with self.browser.get(self._at(path), headers=await self.headers(person)) as answer:
            return Seen(status=answer.status, path=answer.url.path, html=await answer.text())

    async def send(self, person: str, path: str, typed: Mapping[str, str]) -> Seen:
        """A form of that page; its answer, or the page that it leads to."""
        headers = await self.headers(person)
        typed = {"token": form_token(self.cookies[person]), **typed}
        async with self.browser.post(self._at(path), data=typed, headers=headers) as answer:
            return Seen(status=answer.status, path=answer.url.path, html=await answer.text())

    async def bring(
        self, person: str, path: str, content: bytes, typed: Mapping[str, str] | None = None, *, name: str = "file.xml"
    ) -> Seen:
        """A form of that page with a file in it."""
        headers = await self.headers(person)
        form = aiohttp.FormData()
        for field_name, value in ({"token": form_token(self.cookies[person])} | dict(typed or {})).items():
            form.add_field(field_name, value)
        form.add_field("file", BytesIO(content), filename=name, content_type="application/octet-stream")
        async with self.browser.post(self._at(path), data=form, headers=headers) as answer:
            return Seen(status=answer.status, path=answer.url.path, html=await answer.text())

    async def caught_up(self) -> None:
        await self.running.caught_up(CODE)

    async def token(self, person: str, roles: Sequence[str] | None = None) -> str:
        """Of this officer, for a program; with all her offices if none are named."""
        await self.headers(person)
        login = await self.console.accounts.seen(self.cookies[person])
        assert login is not None, "she logged in a moment ago"
        return await self.console.tokens.make(login, label="a test", roles=roles or OFFICES[person], days=1)

    async def forget_proof(self, person: str) -> None:
        """As if the second factor had been given long ago."""
        await self.headers(person)
        async with self.installation.connected("clearing_console") as connection:
            await connection.execute("UPDATE clearing_console.logins SET proved_us = 0 WHERE person = $1", person)

    async def sell(self, alias: str, cents: int) -> Shown:
        card = KeptCard(self.installation.home.card(CODE, alias))
        return await self.stall.sale([Line(category=CategoryId("fruit-veg"), amount_cents=Cents(cents))], card)

    def _at(self, path: str) -> str:
        return f"{self.url}/c/{CODE}/{path}".rstrip("/")

    def ask_again(self) -> None:
        """Who logged in longer ago than a second factor may serve is asked for it anew."""
        for person, since in list(self.logged_in.items()):
            if time.monotonic() - since > PROVED_S:
                self.cookies.pop(person, None)
                del self.logged_in[person]

    async def headers(self, person: str) -> dict[str, str]:
        if person not in self.cookies:
            self.cookies[person], self.logged_in[person] = await self._log_in(person), time.monotonic()
        return {"Cookie": f"{COOKIE}={self.cookies[person].hex()}", "Origin": self.url}

    async def _log_in(self, person: str) -> bytes:
        factor = pyotp.random_base32()
        await self.console.accounts.keep(
            PersonId(person), self.keys[person], 1, PASSWORD, factor=factor, language="en"
        )
        cookie = await self.console.accounts.log_in(person, PASSWORD, pyotp.TOTP(factor).now(), device="a test")
        assert isinstance(cookie, bytes), "the account was made a moment ago"
        return cookie


@asynccontextmanager
async def open_house(
    folder: Path, *, clock: Clock = _MACHINE, till_clock: TerminalClock = _TILLS
) -> AsyncIterator[House]:
    """folder: for the till's memory. clock, till_clock: of the caisse and of its till, where time is to pass."""
    home = Home(default_home(f"test-{secrets.token_hex(6)}"))
    try:
        installation = Installation.open(home, Settings())
        try:
            await installation.set_up()
            async with (
                serving(installation, clock=clock, codes=[CODE], port=0) as running,
                _console(installation, running, folder, clock.now_us, till_clock) as house,
            ):
                yield house
        finally:
            installation.close()
    finally:
        await asyncio.to_thread(shutil.rmtree, home.folder, ignore_errors=True)
        await asyncio.to_thread(shutil.rmtree, home.run, ignore_errors=True)


@asynccontextmanager
async def _console(
    installation: Installation, running: Serving, folder: Path, now_us: Callable[[], int], till_clock: TerminalClock
) -> AsyncIterator[House]:
    keys = {person: TerminalKey.from_seed(secrets.token_bytes(32)) for person in OFFICES}
    vault = running.vaults[CODE]
    seller = TerminalIdentity(
        terminal=TerminalId(b"stall-01"), epoch=1, key=TerminalKey.from_seed(secrets.token_bytes(32)),
        server_keys=frozenset({vault.signing_key().public}),
    )  # fmt: skip
    queue = TerminalQueue.open(folder / "till.sqlite")
    async with (
        serving_console(installation, 0, now_us=now_us) as url, HttpTransport(running.url) as transport,
        aiohttp.ClientSession() as browser, console_of(installation, now_us) as console,
    ):  # fmt: skip
        house = House(
            installation=installation, running=running, console=console, url=url, browser=browser, keys=keys,
            stall=ReferenceTerminal(seller, queue, transport, till_clock), now_us=now_us,
        )
        await _furnish(house, seller)
        yield house
    queue.close()


async def _furnish(house: House, seller: TerminalIdentity) -> None:
    persons = [{"person": name, "key": house.keys[name].public, "roles": list(roles)} for name, roles in OFFICES.items()]
    await house.order("tess", "found", founding() | {"persons": persons})
    await house.order("tess", "receive_money", {"fund": "general", "cents": 1_000_000, "reference": "subsidy"})
    await house.order("tess", "admit_producers", {"producers": [{"producer": "field", "name": "The field", "structures": []}]})
    await house.order("tess", "sign_conventions", {
        "conventions": [{"convention": "field-1", "producer": "field", "from_us": 0}]
    })
    await house.order("tess", "enrol_terminals", {"terminals": [
        {"terminal": seller.terminal, "epoch": 1, "producer": "field", "key": seller.key.public}
    ]})
