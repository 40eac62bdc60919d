"""Law: on a bad day nobody knows an address: people follow what pages link to, scripts off, on a phone; real tills sell.

One office and three officers who logged in once serve every day of a module; each day has members, cards and stalls of its own.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeVar

from playwright.sync_api import Browser, Page, ViewportSize

from clearing.events.basket import Line
from clearing.installation.cards import KeptCard
from clearing.installation.home import Home
from clearing.terminal.pairing import pair
from clearing.terminal.queue import TerminalQueue
from clearing.terminal.terminal import Patience, ReferenceTerminal, Shown
from clearing.terminal.transport import HttpTransport, SystemClock
from clearing.values import CategoryId, Cents, OperationId
from tests.browser.offices import CODE, Office, browsing, log_in, office
from tests.browser.test_founding import Looked

PHONE: Final[ViewportSize] = {"width": 390, "height": 800}
PEOPLE: Final = ("camille", "dominique", "noor")
"""Treasurer, approver and clerk; approver and treasurer; the desk."""
NOBODY: Final = "http://127.0.0.1:9"  # the port that is discarded
SHORT: Final = Patience(give_up_ms=600)
Told = TypeVar("Told")


def elsewhere(doing: Callable[[], Told]) -> Told:
    """In another thread: this one has the browser's loop, in which no other may run."""
    with ThreadPoolExecutor(1) as other:
        return other.submit(doing).result()


def basket(**lines: str) -> list[Line]:
    """basket(animal="12.49"): a line a category, in euros."""
    return [
        Line(category=CategoryId(name.replace("_", "-")), amount_cents=Cents(round(float(euros) * 100)))
        for name, euros in lines.items()
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stall:
    """A till at a stall: its memory is a file, each sale opens it as a phone taken out of a pocket."""

    home: Home
    producer: str
    number: str
    digits: str
    address: str = ""

    def sells(self, alias: str, lines: list[Line]) -> Shown:
        card = KeptCard(self.home.card(CODE, alias))  # type: ignore[arg-type]
        return self._asks(lambda till: till.sale(lines, card))

    def refunds(self, original: OperationId, lines: list[Line]) -> Shown:
        return self._asks(lambda till: till.refund(original, lines))

    def without_network(self) -> "Stall":
        """The same phone behind a hill: nobody listens at that port."""
        return replace(self, address=NOBODY)

    def sends_what_waits(self) -> int:
        """Back in reach: how many messages still wait afterwards."""
        return self._asks(lambda till: till.resume())

    def _asks(self, asking: Callable[[ReferenceTerminal], Awaitable[Told]]) -> Told:
        async def asked() -> Told:
            queue = TerminalQueue.open(self.home.till(self.producer))
            address = self.address or self.home.gateway_address.read_text(encoding="ascii")
            try:
                async with HttpTransport(address) as transport:
                    return await asking(ReferenceTerminal(None, queue, transport, SystemClock(), patience=SHORT))
            finally:
                queue.close()

        return elsewhere(lambda: asyncio.run(asked()))


@dataclass
class Village:
    """An office with its officers at work."""

    at: Office
    browser: Browser
    looked: Looked
    pages: dict[str, Page] = field(default_factory=dict)

    @property
    def home(self) -> Home:
        return Home(self.at.place.home)

    def ok(self, *words: str, by: str = "") -> str:
        """A command that sets the scene."""
        return elsewhere(lambda: self.at.place.ok(*words, by=by))

    def officer(self, person: str) -> Page:
        """Her phone, at her first page."""
        if person not in self.pages:
            context = self.browser.new_context(viewport=PHONE, java_script_enabled=False, locale="fr-FR")
            self.pages[person] = log_in(context, self.at, person)
        page = self.pages[person]
        page.goto(f"{self.at.url}/c/{CODE}")
        return page

    def member(self, name: str, alias: str, *, called: str = "", own: str = "") -> None:
        """With a card, 80 euros of credit, and own money when some is given."""
        self.ok("member", "add", name, *(("--name", called) if called else ()), by="noor")
        self.ok("card", "issue", name, "--alias", alias, by="noor")
        self.ok("credit", name, "80.00", "--purse", "credit", "--fund", "general", "--reference", "carnet", by="camille")
        if own:
            self.ok("credit", name, own, "--reference", f"versé par {name}", by="noor")

    def spare(self) -> str:
        """A card from the drawer, by what is printed on it."""
        return self.ok("card", "spare", "1", by="noor").partition(":")[0]

    def stall(self, producer: str, name: str, *, iban: str = "") -> Stall:
        """A producer with a convention and a paired till; it can be paid when it has an account."""
        account = ("--account-name", name, "--iban", iban) if iban else ()
        self.ok("producer", "add", producer, "--name", name, "--from", "2017-12-01", *account, by="camille")
        if iban:
            self.ok("producer", "bank-approve", producer, by="dominique")
        said = re.search(r"Slot (\S+), code (\S+)", self.ok("terminal", "slot", producer, by="noor"))
        assert said is not None
        return self.paired(producer, said[1], said[2])

    def paired(self, producer: str, slot: str, code: str) -> Stall:
        """A till of this producer: what it remembered of another one before is forgotten."""

        async def pairing() -> tuple[str, str]:
            path = self.home.till(producer)
            for old in path.parent.glob(f"{path.name}*"):
                old.unlink()
            queue = TerminalQueue.open(path)
            try:
                async with HttpTransport(self.home.gateway_address.read_text(encoding="ascii")) as transport:
                    done = await pair(transport, slot, code, clock=SystemClock())
                queue.adopt(done.identity)
                return done.identity.terminal.hex(), done.digits
            finally:
                queue.close()

        return Stall(self.home, producer, *elsewhere(lambda: asyncio.run(pairing())))


def text(page: Page) -> str:
    """What is read, blanks of any kind as one."""
    return " ".join(page.inner_text("main").split())


def follow(page: Page, *links: str) -> Page:
    """One link after the other, by what is read on it; a part of the menu that is folded is opened first."""
    for name in links:
        link = page.get_by_role("link", name=name, exact=True)
        if not link.count():
            called = page.locator("a", has_text=re.compile(f"^{re.escape(name)}$"))
            page.locator("details", has=called).locator("summary").first.click()
        link.first.click()
    return page


def in_trouble(page: Page, place: str, link: str) -> Page:
    """From the menu to what goes wrong, and by its link to where it is mended."""
    follow(page, "En cas de souci")
    page.locator(f"#{place}").get_by_role("link", name=link, exact=True).first.click()
    return page


def waits(page: Page, about: str) -> Page:
    """From what waits to the page where it is done."""
    follow(page, "À faire")
    page.locator("main a", has_text=about).first.click()
    return page


def press(page: Page, button: str) -> Page:
    page.locator("main").get_by_role("button", name=button, exact=True).first.click()
    return page


def sign(page: Page, **typed: str) -> Page:
    """The page's own form of so many fields: typed, chosen by what is read in it, or ticked; then its button."""
    form = page.locator("main form.fields").filter(has=page.locator(f"[name={next(iter(typed))}]")).first
    for name, value in typed.items():
        field = form.locator(f"[name={name}]")
        if field.first.evaluate("one => one.tagName") == "SELECT":
            field.select_option(label=value)
        elif field.first.get_attribute("type") == "checkbox":
            form.get_by_label(value, exact=True).check()
        else:
            field.fill(value)
    form.locator("button:not([name=more])").first.click()
    return page


@contextmanager
def village(folder: Path) -> Iterator[Village]:
    with office(folder, apart=False) as at, browsing() as browser:
        looked = Looked(browser.new_context(viewport=PHONE, bypass_csp=True).new_page(), at.url)
        there = Village(at, browser, looked)
        there.ok("money", "receive", "general", "5000.00", "--reference", "don", by="camille")
        yield there
