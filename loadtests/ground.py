"""Law: a load test runs on a home of its own, with the real `clearing serve` as a process, and leaves nothing behind.

Settings reach the server as an operator would give them, by CLEARING_ variables; only the limits per key are raised.
"""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from clearing.config import Settings
from clearing.installation.home import Home
from clearing.installation.opening import Installation
from clearing.postgres import CONNECTIONS
from clearing.values import CaisseCode
from loadtests.fleet import CODE, Fleet, NowMs, Office, found

RAISED: Final = {"CLEARING_KEY_REQUESTS_PER_S": "1000000", "CLEARING_KEY_REQUESTS_BURST": "1000000"}
READY_S: Final = 300.0
STOP_S: Final = 60.0


class NotServing(RuntimeError):
    """`clearing serve` did not come up, or ended by itself; the text is the end of what it said."""


@contextmanager
def home_for(folder: Path | None) -> Iterator[Home]:
    """The named home, which stays, or a throwaway one, which goes."""
    if folder is not None:
        yield Home(folder).make()
        return
    made = Path(tempfile.mkdtemp(prefix="clearing-load-"))
    made.chmod(0o711)  # PostgreSQL runs under an account of its own when this is root
    home = Home(made)
    try:
        yield home
    finally:
        shutil.rmtree(made, ignore_errors=True)
        if home.run.parent != made:
            shutil.rmtree(home.run, ignore_errors=True)


@dataclass(slots=True)
class Served:
    """A running `clearing serve`."""

    home: Home
    process: "subprocess.Popen[bytes]"
    host: str = "127.0.0.1"
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def metrics(self) -> str:
        """What the gateway's /metrics says; empty when it has none."""
        try:
            with urllib.request.urlopen(f"{self.url}/metrics", timeout=5) as answer:  # noqa: S310 - loopback
                return str(answer.read().decode())
        except OSError:
            return ""


@dataclass(slots=True)
class Ground:
    """A home with its database running and a furnished caisse; `serving` starts the server on it."""

    installation: Installation
    code: CaisseCode = CODE
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Home:
        return self.installation.home

    @property
    def office(self) -> Office:
        return Office.open(self.home, self.code, NowMs())

    @asynccontextmanager
    async def serving(self, *more: str) -> AsyncIterator[Served]:
        """Run `clearing serve` until the block ends. more: further words of its command. Raises NotServing."""
        log = (self.home.folder / "serve.log").open("ab")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CLEARING_")}
        self.home.gateway_address.unlink(missing_ok=True)
        words = ["--home", str(self.home.folder), "serve", "--port", "0", "--no-console", "--json", *more]
        command = [sys.executable, "-m", "clearing", *words]
        process = await asyncio.to_thread(_started, command, environment | RAISED | dict(self.settings), log)
        served = Served(self.home, process)
        try:
            await _until_ready(served)
            yield served
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.to_thread(process.wait, STOP_S)
            finally:
                process.kill()
                log.close()

    async def fleet(self, *, terminals: int, cards: int) -> Fleet:
        """The fleet of this home; founded now, through a server of its own, when there is none yet."""
        there = Fleet.read(self.home)
        if there is not None:
            return there
        async with self.serving():
            vault = await self.installation.prepare(self.code, at_us=time.time_ns() // 1_000)
            async with self.installation.people_of(self.code) as people:
                return await found(self.home, self.office, vault, people, code=self.code, terminals=terminals, cards=cards)


def _started(command: Sequence[str], environment: Mapping[str, str], log: IO[bytes]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)


async def _until_ready(served: Served) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if served.process.poll() is not None:
            break
        if served.home.gateway_address.exists():
            address = served.home.gateway_address.read_text(encoding="ascii")
            served.port = int(address.rsplit(":", 1)[1])
            if await asyncio.to_thread(_is_ready, address):
                return
        await asyncio.sleep(0.05)
    said = (served.home.folder / "serve.log").read_bytes()[-2_000:].decode(errors="replace")
    raise NotServing(f"clearing serve is not ready; the end of serve.log in its home says why:\n{said}")


def _is_ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=5) as answer:  # noqa: S310 - loopback
            return bool(json.load(answer)["ready"])
    except (urllib.error.URLError, OSError):
        return False


@asynccontextmanager
async def ground(
    folder: Path | None, *, code: CaisseCode = CODE, settings: Mapping[str, str] | None = None,
    connections: int = CONNECTIONS,
) -> AsyncIterator[Ground]:
    """A home whose database runs and whose caisse is prepared, for the time of the block. connections: the database's."""
    with home_for(folder) as home:
        installation = Installation.open(home, Settings(database_connections=connections))
        try:
            await installation.set_up()
            await installation.prepare(code, at_us=time.time_ns() // 1_000)
            yield Ground(installation, code, settings or {})
        finally:
            installation.close()
