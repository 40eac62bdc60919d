"""Law: a year is played once and its home stays; asked again, that home is served. Figures depend on seed, size and last day.

The play ends on the day before the console opens; from then on the home is like any other, with the machine's own clock.
"""

import asyncio
import json
import shutil
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import aiohttp
import structlog
import uvloop

from clearing.authoriser.client import Authoriser
from clearing.authoriser.clock import SystemClock
from clearing.config import Settings
from clearing.console.serving import serving_console
from clearing.demo.caisse import CAMILLE, CONSOLE_PASSWORD, DOMINIQUE, NOOR, OFFICERS, let_in, make_officers
from clearing.demo.clock import SimulatedClock
from clearing.demo.month.books import books_open
from clearing.demo.month.caisse import CODE, PERSONS, Caisse, found, furnish
from clearing.demo.month.days import Say, Year
from clearing.demo.month.stalls import Stalls
from clearing.demo.month.story import PARIS, Size, dice_of, drawn
from clearing.demo.ordered import OrderedArrivals
from clearing.installation.home import Home, write_private
from clearing.installation.opening import Installation
from clearing.installation.serving import serving
from clearing.telemetry import configure

FOUNDED_HOURS_BEFORE: Final = 24 * 12
A_MILLION: Final = 1_000_000
_MARK: Final = "month.json"


class NotOurs(Exception):
    """The folder holds something that is no play of this program; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of it. unheld: days on which a proof did not hold."""

    sales: int
    batches: int
    events: int
    unheld: int
    bank_cents: int
    seconds: float


def read_played(home: Home) -> dict[str, object] | None:
    """None when no year was played to its end here."""
    try:
        said: dict[str, object] = json.loads((home.folder / _MARK).read_text(encoding="utf-8"))
        return said
    except (OSError, ValueError):
        return None


def make_room(home: Home) -> None:
    """Take away a play that was broken off or is not wanted any more. Raises NotOurs."""
    if home.folder.exists() and any(home.folder.iterdir()):
        if not (home.folder / f".{_MARK}").exists():
            raise NotOurs(f"{home.folder} holds something else than a year that was played; name an empty folder with --home")
        shutil.rmtree(home.folder)
    home.make()
    write_private(home.folder / f".{_MARK}", b"a year is played here\n")


def play_month(home: Home, size: Size, *, settings: Settings, say: Say) -> Played:
    """Play the year in this home, which has room for it."""
    with home.log.open("a", encoding="utf-8") as log:
        configure(json=False, file=log)
        # A year in a minute: the limit per terminal can't hold, and four hundred nights wait for the views.
        hurried = replace(settings, key_requests_per_s=A_MILLION, key_requests_burst=A_MILLION, poll_ms=2)
        installation = Installation.open(home, hurried)
        try:
            return uvloop.run(_year(installation, size, say))
        finally:
            structlog.reset_defaults()
            installation.close()


async def _year(installation: Installation, size: Size, say: Say) -> Played:
    started_s = time.perf_counter()
    clock = SimulatedClock(PARIS.start_us(size.first) - FOUNDED_HOURS_BEFORE * 3_600_000_000)
    arranged: list[OrderedArrivals] = []

    def through(writers: Authoriser) -> Authoriser:
        arranged.append(OrderedArrivals(writers, clock))
        return arranged[0]

    await installation.set_up()
    async with serving(installation, clock=clock, codes=[CODE], port=0, through=through) as running:
        officers = make_officers(installation.home, CODE, clock, PERSONS)
        caisse = Caisse(story=drawn(size), clock=clock, running=running, officers=officers)
        say(f"founding a caisse of {size.members} members and {size.producers} producers")
        await found(caisse)
        await furnish(caisse)
        line = aiohttp.ClientSession(running.url, connector=aiohttp.TCPConnector(limit=0))
        async with line as http, books_open(installation) as books:
            stalls = Stalls(caisse=caisse, arrivals=arranged[0], http=http, dice=dice_of(size, 1))
            year = Year(caisse=caisse, stalls=stalls, books=books, dice=dice_of(size, 2))
            await year.play(say)
        await let_in(installation, OFFICERS)
        events = await running.caught_up(CODE)
    played = Played(
        sales=stalls.sold, batches=year.batches, events=events, unheld=len(year.unheld), bank_cents=year.bank.balance_cents,
        seconds=round(time.perf_counter() - started_s, 1),
    )  # fmt: skip
    mark = {"until": size.until.isoformat(), "seed": size.seed, "sales": played.sales, "events": played.events}
    write_private(installation.home.folder / _MARK, json.dumps(mark).encode())
    return played


async def serve_month(
    installation: Installation, *, console_port: int, told: Callable[[str, str], None], stop: asyncio.Event
) -> None:
    """Serve the home as `clearing serve` does, until `stop`. told: gets the console's address and the gateway's."""
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(serving(installation, clock=SystemClock(), codes=[CODE], port=0))
        told(await stack.enter_async_context(serving_console(installation, console_port)), running.url)
        await running.until(stop)


def first_day(until: date, months: int) -> date:
    """The first of the month so many months before."""
    place = until.year * 12 + until.month - 1 - months
    return date(place // 12, place % 12 + 1, 1)


def log_ins(home: Home, program: str) -> list[tuple[str, str, str]]:
    """(person, what she does, the command that tells her six digits)."""
    offices = {
        CAMILLE: "treasurer: closes, collects, imports the bank", DOMINIQUE: "second person: approves what Camille made",
        NOOR: "welcome desk: members and cards, no purchase",
    }  # fmt: skip
    return [
        (person, office, f"{program} console code {home.persons / f'{person}.code'}") for person, office in offices.items()
    ]


def where_to_look(home: Home, program: str, url: str) -> list[str]:
    """For the end of the play and of every later start."""
    lines = ["", f"The console: {url}   password of all three: {CONSOLE_PASSWORD}"]
    for person, office, code in log_ins(home, program):
        lines += [f"  {person:10} {office}", f"  {'':10} her six digits of now: {code}"]
    return [*lines, "", "What to look at first, as dominique:",
            f"  {url}/c/{CODE}/todo      what waits: a batch that Camille closed, the books of last month",
            f"  {url}/c/{CODE}           how the caisse stands: what waits, its funds, what is owed",
            f"  {url}/c/{CODE}/sales     every sale, with the vote behind each cent"]  # fmt: skip


def program_said(words: list[str]) -> str:
    """How this program was started, to be copied."""
    return f"{words[0]} -m clearing" if "-m" in words else "clearing"
