"""Law: what happens weeks later is waited for by moving the clock of the caisse and its till; log-ins go by the machine's.

The same installation, writer, doors and console as `clearing serve` starts, in a thread beside the browser. It lives in the
past: what a program beside it makes by the machine's clock is then never of a day before the log's.
"""

import asyncio
import secrets
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import pyotp
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from clearing.authoriser.clock import SystemClock
from clearing.installation.bank_entry import bank_record, sealed_accounts
from clearing.rules.book import Book
from clearing.terminal.identity import TerminalIdentity
from clearing.terminal.queue import TerminalQueue
from clearing.terminal.terminal import ReferenceTerminal
from clearing.terminal.transport import HttpTransport, SystemClock as TillClock
from clearing.values import PersonId, TerminalId
from clearing.wire.signature import TerminalKey
from tests.console.open_house import CODE, PASSWORD, House, open_house
from tests.console.test_bank_pages import ANOTHER_IBAN, own_account

WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 800}
_DAY_US = 86_400_000_000
_WAITED_S = 60
_PATIENCE_MS = 30_000
T = TypeVar("T")


@dataclass
class MovedClock(SystemClock):
    """The machine's, so many microseconds beside it: both clocks alike, so that no step is seen."""

    beside_us: int

    def now_us(self) -> int:
        return super().now_us() + self.beside_us

    def monotonic_us(self) -> int:
        return super().monotonic_us() + self.beside_us


@dataclass
class MovedTill(TillClock):
    clock: MovedClock

    def wall_ms(self) -> int:
        return self.clock.now_us() // 1_000


@dataclass
class TimedOffice:
    """A caisse with its officers, its till and its console. pages: one browser for each person, without scripts."""

    house: House
    clock: MovedClock
    loop: asyncio.AbstractEventLoop
    browser: Browser
    folder: Path
    open: AsyncExitStack
    contexts: dict[tuple[str, int], BrowserContext] = field(default_factory=dict)
    factors: dict[str, pyotp.TOTP] = field(default_factory=dict)

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """What the office's own thread does."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(_WAITED_S)

    def order(self, officer: str, verb: str, /, **body: object) -> dict[str, object]:
        """To set the scene: no page is about it that day."""
        return self.do(self.house.order(officer, verb, body))

    def book(self) -> Book:
        return self.do(self.house.book())

    def today(self) -> date:
        return self.book().caisse.calendar.day(self.clock.now_us())

    def stall_of(self, producer: str, name: str) -> ReferenceTerminal:
        """A producer of its own with a convention, an account that two looked at, and a till."""
        key = TerminalKey.from_seed(secrets.token_bytes(32))
        till = TerminalIdentity(
            terminal=TerminalId(producer.encode().ljust(8, b"-")), epoch=1, key=key,
            server_keys=frozenset({self.house.running.vaults[CODE].signing_key().public}),
        )  # fmt: skip
        self.order("tess", "admit_producers", producers=[{"producer": producer, "name": name, "structures": []}])
        convention = {"convention": f"{producer}-1", "producer": producer, "from_us": 0}
        self.order("tess", "sign_conventions", conventions=[convention])
        self.order("tess", "enrol_terminals", terminals=[
            {"terminal": till.terminal, "epoch": 1, "producer": producer, "key": key.public}
        ])  # fmt: skip
        self.do(own_account(self.house))
        record = bank_record(producer, name=f"EARL {producer.upper()}", iban=ANOTHER_IBAN)
        (details,) = self.do(sealed_accounts(self.house.installation, CODE, [record]))
        self.order("tess", "propose_bank_details", details=[details])
        self.order("bruno", "approve_bank_details", producers=[details])
        return self.do(self._till(till))

    async def _till(self, till: TerminalIdentity) -> ReferenceTerminal:
        transport = await self.open.enter_async_context(HttpTransport(self.house.running.url))
        queue = TerminalQueue.open(self.folder / f"{till.terminal.decode()}.sqlite")
        self.open.callback(queue.close)
        return ReferenceTerminal(till, queue, transport, MovedTill(self.clock))

    def days_pass(self, days: int) -> None:
        self.clock.beside_us += days * _DAY_US

    def page_of(self, person: str, size: ViewportSize = WIDE) -> Page:
        """Her browser, logged in with password and code, on the first page."""
        key = (person, size["width"])
        if key not in self.contexts:
            self.contexts[key] = self._context(person, size)
        page = self.contexts[key].new_page()
        page.set_default_timeout(_PATIENCE_MS)
        page.goto(self.house.url)
        if page.url.endswith("/login"):
            page.fill("#person", person)
            page.fill("#password", PASSWORD)
            page.fill("#code", self.factors[person].now())
            page.click("main button")
        page.wait_for_url(f"{self.house.url}/c/{CODE}")
        return page

    def _context(self, person: str, size: ViewportSize) -> BrowserContext:
        """On a second device she is logged in already: a code serves once."""
        other = next((one for (who, _), one in self.contexts.items() if who == person), None)
        if other is not None:
            return self.browser.new_context(viewport=size, java_script_enabled=False, storage_state=other.storage_state())
        if person not in self.factors:
            self.factors[person] = pyotp.TOTP(pyotp.random_base32())
            self.do(self.house.console.accounts.keep(
                PersonId(person), self.house.keys[person], 1, PASSWORD, factor=self.factors[person].secret, language="fr"
            ))  # fmt: skip
        return self.browser.new_context(viewport=size, java_script_enabled=False)


@contextmanager
def office_in_time(folder: Path, browser: Browser, *, days_ago: int) -> Iterator[TimedOffice]:
    """Founded so many days ago."""
    loop, ready, over = asyncio.new_event_loop(), Future[House](), asyncio.Event()
    clock, tills = MovedClock(-days_ago * _DAY_US), AsyncExitStack()

    async def lives() -> None:
        async with open_house(folder, clock=clock, till_clock=MovedTill(clock)) as house, tills:
            ready.set_result(house)
            await over.wait()

    def runs() -> None:
        try:
            loop.run_until_complete(lives())
        except BaseException as fault:
            if not ready.done():
                ready.set_exception(fault)
            raise
        finally:
            loop.close()

    thread = threading.Thread(target=runs)
    thread.start()
    office = None
    try:
        office = TimedOffice(ready.result(_WAITED_S), clock, loop, browser, folder, tills)
        yield office
    finally:
        for context in office.contexts.values() if office is not None else ():
            context.close()
        loop.call_soon_threadsafe(over.set)
        thread.join(_WAITED_S)
