"""Law: a market in a home of its own, served by `clearing serve` with all its processes; what we start we end, by its pid."""

import asyncio
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from clearing.authoriser.clock import SystemClock
from clearing.config import Settings
from clearing.installation.home import Home
from clearing.installation.office import Officer
from clearing.installation.opening import Installation
from clearing.installation.serving import serving
from clearing.postgres import default_home
from clearing.sql import schema_of
from clearing.values import CaisseCode
from tests.acceptance.processes import SPEAK_S, Served
from tests.house.sources import CLONE
from tests.living_caisse import CODE, KEYS
from tests.promises.market import VERSION, Market, card_of, furnishing, stall_of, uid_of

WAIT_S = 60
PATIENT = {"CLEARING_KEY_REQUESTS_PER_S": "1000000", "CLEARING_KEY_REQUESTS_BURST": "1000000"}


@dataclass(frozen=True, kw_only=True)
class InstalledMarket:
    """A market of one caisse in a home; its database runs for as long as the test does."""

    installation: Installation
    market: Market

    @property
    def home(self) -> Home:
        return self.installation.home


@asynccontextmanager
async def installed(*, stalls: int, cards: int, cents_each: int, code: CaisseCode = CODE) -> AsyncIterator[InstalledMarket]:
    home = Home(default_home(f"test-{secrets.token_hex(6)}"))
    try:
        installation = Installation.open(home, Settings())
        try:
            await installation.set_up()
            market = await found_in(installation, stalls=stalls, cards=cards, cents_each=cents_each, code=code)
            yield InstalledMarket(installation=installation, market=market)
        finally:
            installation.close()
    finally:
        shutil.rmtree(home.folder, ignore_errors=True)
        shutil.rmtree(home.run, ignore_errors=True)


async def found_in(
    installation: Installation, *, stalls: int, cards: int, cents_each: int, code: CaisseCode, first_stall: int = 1
) -> Market:
    """Found a caisse and give it what a market needs."""
    clock = SystemClock()
    async with serving(installation, clock=clock, codes=[code], port=None) as running:
        vault, keys = running.vaults[code], [running.vaults[code].personalise(uid_of(n), VERSION) for n in range(cards)]
        server_key = vault.signing_key().public
        sellers = [stall_of(first_stall + number, server_key) for number in range(stalls)]
        officers = {
            person: Officer(
                person=person, key=key, epoch=1, caisse=code, socket=installation.home.socket(code),
                now_ms=lambda: clock.now_us() // 1_000,
            )
            for person, key in KEYS.items()
        }
        for person, verb, body in furnishing(sellers, keys, cents_each):
            await officers[person].order(verb, body)
    return Market(
        dsn=installation.dsn("clearing_writer"), schema=schema_of(code), stalls=sellers, cents_each=cents_each,
        cards=[card_of(number, one) for number, one in enumerate(keys)], server_key=server_key,
    )


@dataclass(kw_only=True)
class Running:
    """A `clearing serve` of that home."""

    served: Served
    home: Home
    url: str = ""
    said: str = field(default="")

    def pids(self) -> dict[str, int]:
        """Role -> pid of all that run now."""
        try:
            lines = self.home.processes.read_text(encoding="ascii").splitlines()
        except FileNotFoundError:
            return {}
        return {one["role"]: one["pid"] for one in map(json.loads, lines)}

    async def kill(self, role: str) -> int:
        """SIGKILL, and wait until the supervisor has started another one. Its pid."""
        old = self.pids()[role]
        os.kill(old, signal.SIGKILL)
        await until(lambda: self.pids().get(role, old) != old)
        return self.pids()[role]

    async def ready(self) -> None:
        """Until all processes are there and say that nothing is missing."""
        async with asyncio.timeout(WAIT_S), aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.get(f"{self.url}/readyz", timeout=aiohttp.ClientTimeout(total=5)) as answer:
                        if answer.status == 200:
                            return
                except (aiohttp.ClientError, TimeoutError):
                    pass
                await asyncio.sleep(0.01)

    async def metrics(self) -> str:
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/metrics") as answer:
            return await answer.text()

    async def end(self, number: int = signal.SIGTERM) -> int:
        """Its exit code."""
        return await asyncio.to_thread(self.served.end, number)

    async def ended(self) -> tuple[int, str]:
        """Wait until it ends by itself: its exit code, and all it said."""
        code = await asyncio.to_thread(self.served.process.wait, SPEAK_S)
        await asyncio.to_thread(self.served.reader.join, SPEAK_S)
        while not self.served.lines.empty():
            self.said += self.served.lines.get()
        return code, self.said


async def until(there: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not there():
            await asyncio.sleep(0.005)


def command(home: Home, *words: str) -> list[str]:
    return [sys.executable, "-u", "-m", "clearing", "--home", str(home.folder), "serve", "--no-console", *words]


@contextmanager
def started(home: Home, *words: str, **settings: str) -> Iterator[Running]:
    """`clearing serve` as it begins; killed with all its processes at the end if it still runs."""
    process = subprocess.Popen(
        command(home, *(words or ("--port", "0"))), cwd=CLONE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        stdin=subprocess.DEVNULL, env=os.environ | PATIENT | settings,
    )
    running = Running(served=Served(process), home=home)
    try:
        yield running
    finally:
        running.served.end()


@asynccontextmanager
async def spread(home: Home, *words: str, **settings: str) -> AsyncIterator[Running]:
    """The same once it serves."""
    with started(home, *words, **settings) as running:
        running.said = await asyncio.to_thread(running.served.until, "until Ctrl-C")
        found = re.search(r"at (http://\S+) until", running.said)
        assert found is not None, running.said
        running.url = found[1]
        yield running
        if running.served.process.poll() is None:
            await running.end()


def refused(home: Home, *words: str, **settings: str) -> tuple[int, str]:
    """(exit code, what it said on standard error) of a serve that does not begin."""
    done = subprocess.run(
        command(home, *words), cwd=CLONE, check=False, capture_output=True, text=True, timeout=WAIT_S,
        stdin=subprocess.DEVNULL, env=os.environ | PATIENT | settings,
    )
    return done.returncode, done.stderr


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
