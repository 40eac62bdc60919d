"""Law: what serves a caisse starts together and stops together: no gateway without its writer, no lease left behind.

All in one process: a writer and its command socket per caisse, the runner of its views, one gateway for all; the same
pieces make the processes of an installation that is spread over several (parts.py). A writer that is fenced ends the whole,
with the reason. Views that halt are an alarm, but the caisse goes on selling: the log is the truth.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import asyncpg
import structlog
from aiohttp import web

from clearing.authoriser.client import Authoriser, Deliver, Overloaded, Submission
from clearing.authoriser.clock import Clock
from clearing.authoriser.loop import Writer
from clearing.authoriser.server import CommandServer
from clearing.config import SettingRefused, Settings
from clearing.directory import Directory
from clearing.event_store.connection import LOST, DatabaseGone
from clearing.event_store.log import Log
from clearing.installation.home import LOOPBACK, Home, write_private
from clearing.installation.opening import Installation
from clearing.installation.tubes import TakeIn
from clearing.installation.upkeep import tend
from clearing.projections.runner import Runner
from clearing.sql import schema_of
from clearing.telemetry import LogEvent, Telemetry
from clearing.terminal_gateway.between import Carrier
from clearing.terminal_gateway.server import create_app, create_runner
from clearing.terminal_gateway.taps import VaultRoom
from clearing.values import CaisseCode
from clearing.vault import Vault
from clearing.wire.certificate import certify

POLL_S: Final = 0.005
LAG_EVERY_S: Final = 0.5
BEHIND_MAX: Final = 20_000  # events; about a second of catching up
CONNECTIONS_EACH: Final = 4  # of a caisse: its writer and its views hold two each
CONNECTIONS_FREE: Final = 16  # three that PostgreSQL keeps for its administrator; upkeep, snapshots, console, commands
_log = structlog.get_logger()


class NothingToServe(Exception):
    """No caisse is prepared in this home, and nobody could found one in what is to be served."""


@dataclass(frozen=True, slots=True)
class Routes(Authoriser):
    """The writers of this process as one Authoriser: each submission goes to its caisse's."""

    writers: Mapping[CaisseCode, Writer]
    retry_after_s: int

    def post(self, submission: Submission, deliver: Deliver) -> None:
        writer = self.writers.get(submission.caisse)
        if writer is None:
            deliver(Overloaded(self.retry_after_s))
        else:
            writer.post(submission, deliver)


@dataclass(slots=True)
class Serving:
    """A running installation, or a part of one. over: set, with its fault, when a writer ended by itself.

    halted: why views stopped. behind: events that views have still to show, when last looked at. snapshot_turn: a snapshot
    loads a whole book, so the caisses of one process take turns. rooms: what the gateway of this process checks cards by.
    take_in: serves one more caisse beside the others; harmless for one that is served.
    """

    installation: Installation
    clock: Clock
    directory: Directory = field(default_factory=Directory)
    telemetry: Telemetry = field(default_factory=Telemetry)
    writers: dict[CaisseCode, Writer] = field(default_factory=dict)
    vaults: dict[CaisseCode, Vault] = field(default_factory=dict)
    runners: dict[CaisseCode, Runner] = field(default_factory=dict)
    url: str = ""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    fault: BaseException | None = None
    halted: dict[CaisseCode, BaseException] = field(default_factory=dict)
    behind: dict[CaisseCode, int] = field(default_factory=dict)
    snapshot_turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    rooms: dict[CaisseCode, VaultRoom] = field(default_factory=dict)
    take_in: TakeIn | None = None

    async def until(self, stop: asyncio.Event) -> None:
        """Wait for `stop`, or for the first part that fails; raises its fault."""
        waiting = [asyncio.ensure_future(one.wait()) for one in (stop, self.over)]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()
        if self.fault is not None:
            raise self.fault

    async def caught_up(self, code: CaisseCode) -> int:
        """Wait until the views show everything that the writer has recorded; the position."""
        position = self.writers[code].book.position
        while self.runners[code].position < position and not self.over.is_set() and code not in self.halted:
            await asyncio.sleep(POLL_S)
        fault = self.fault or self.halted.get(code)
        if fault is not None:
            raise fault
        return position

    def missing(self) -> list[str]:
        """What keeps this process from being ready, a sentence each; writers speak for themselves in the directory."""
        then = "look at the log, then run clearing rebuild, then stop and start clearing serve"
        said = [f"caisse {code}: its views stopped; {then}" for code in self.halted]
        late = [code for code, events in self.behind.items() if code not in self.halted and events > BEHIND_MAX]
        return said + [f"caisse {code}: its views are {self.behind[code]} events behind; wait" for code in late]

    async def missing_now(self) -> list[str]:
        """The same, for whoever has to wait for the answer of other processes too."""
        return self.missing()

    async def watch_lag(self, code: CaisseCode, stop: asyncio.Event) -> None:
        """Until `stop`: see how far the views are behind the log."""
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            try:
                self.behind[code] = max(0, await self.runners[code].lag_events())
                self.telemetry.show_lag(code, self.behind[code], loop.time())
            except (*LOST, asyncpg.PostgresError, DatabaseGone) as fault:  # the database is away: it comes back
                _log.warning(LogEvent.LAG_UNKNOWN, caisse=code, fault=repr(fault))
            try:
                async with asyncio.timeout(LAG_EVERY_S):
                    await stop.wait()
            except TimeoutError:
                continue

    def views_ended(self, code: CaisseCode, task: "asyncio.Task[None]") -> None:
        fault = None if task.cancelled() else task.exception()
        if fault is not None:
            self.halted[code] = fault
            self.telemetry.alarms.labels(code, "views").inc()
            _log.error(LogEvent.PROJECTION_HALTED, caisse=code, fault=repr(fault))

    def ended(self, task: "asyncio.Task[None]") -> None:
        """A part that ends before it was told to takes the whole with it."""
        if not task.cancelled() and task.exception() is not None:
            self.fault = self.fault or task.exception()
            self.over.set()


def console_url(port: int) -> str:
    """By name: a browser keeps passkeys for names, not for addresses."""
    return f"http://localhost:{port}"


def require_room(codes: Sequence[CaisseCode], settings: Settings) -> None:
    """Raises SettingRefused when the database has no room for so many caisses."""
    needed = CONNECTIONS_EACH * len(codes) + CONNECTIONS_FREE
    if needed > settings.database_connections:
        raise SettingRefused(
            f"{len(codes)} caisses need {needed} connections to the database ({CONNECTIONS_EACH} each, {CONNECTIONS_FREE} for "
            f"upkeep and commands) and it takes {settings.database_connections}: set CLEARING_DATABASE_CONNECTIONS to {needed} "
            "or more, end what else runs of this home (until then its database keeps the old number) and start again"
        )


@asynccontextmanager
async def serving(
    installation: Installation, *, clock: Clock, codes: Sequence[CaisseCode], port: int | None, take_over: bool = False,
    through: Callable[[Authoriser], Authoriser] = lambda writers: writers,
) -> AsyncIterator[Serving]:
    """Serve these caisses until the block ends. port: of the gateway on 127.0.0.1, 0 for a free one, None for no gateway.

    through: what the gateway submits to, given the writers; a replay of a recorded day puts its arrivals in order there.
    Raises SettingRefused, LeaseHeld, and what opens a vault or a log.
    """
    require_room(codes, installation.settings)
    running = Serving(installation, clock)

    async def take_in(code: CaisseCode, *, take_over: bool = False) -> None:
        if code in running.writers:
            return
        require_room([*running.writers, code], installation.settings)
        vault = running.vaults[code] = await installation.prepare(code, at_us=clock.now_us())
        running.rooms[code] = VaultRoom(vault, running.directory, code)
        if code not in running.runners:
            await start_views(running, code, stack)
        await start_writer(running, code, stack, take_over=take_over)

    async with AsyncExitStack() as stack:
        for code in codes:
            await take_in(code, take_over=take_over)
        running.take_in = take_in
        if port is not None:
            await _start_gateway(running, port, stack, through)
        yield running


async def start_writer(
    running: Serving, code: CaisseCode, stack: AsyncExitStack, *, take_over: bool, process: int = 0
) -> None:
    """The writer of a caisse and its command socket, until the stack closes. process: to stop to end it; 0: this one."""
    installation, settings, vault = running.installation, running.installation.settings, running.vaults[code]
    log = await Log.open(
        installation.dsn("clearing_writer"), schema_of(code), writer=f"{socket.gethostname()} process {process or os.getpid()}",
        lease_s=settings.lease_s, now_us=running.clock.now_us, take_over=take_over,
    )
    writer = Writer(
        code=code, log=log, key=vault.signing_key(), root=vault.root_public, clock=running.clock,
        directory=running.directory, telemetry=running.telemetry, settings=settings,
    )
    commands = CommandServer(
        installation.home.socket(code), code=code, authoriser=writer, directory=running.directory, settings=settings
    )
    try:
        await writer.start()
        await commands.start()
    except BaseException:
        await log.release()
        raise
    task = asyncio.create_task(writer.run(), name=f"writer of {code}")
    task.add_done_callback(running.ended)
    running.writers[code] = writer
    stack.push_async_callback(_stop_writer, writer, commands, task, log)


async def _stop_writer(writer: Writer, commands: CommandServer, task: "asyncio.Task[None]", log: Log) -> None:
    """What is in the inbox is still decided; a writer that failed leaves its lease to run out."""
    await commands.close()
    writer.stop()
    await asyncio.wait({task})
    if task.cancelled() or task.exception() is not None:
        await log.close()
    else:
        await log.release()
    _log.info(LogEvent.STOPPED, caisse=writer.code)


async def start_views(running: Serving, code: CaisseCode, stack: AsyncExitStack) -> None:
    """The runner of a caisse's views and the upkeep of its log, until the stack closes."""
    settings, stop = running.installation.settings, asyncio.Event()
    dsn = running.installation.dsn("clearing_projector")
    runner = await Runner.open(dsn, schema_of(code), page_events=settings.page_events_max)
    task = asyncio.create_task(runner.run(stop, poll_s=settings.poll_ms / 1_000), name=f"views of {code}")
    task.add_done_callback(partial(running.views_ended, code))
    running.runners[code] = runner
    lag = asyncio.create_task(running.watch_lag(code, stop), name=f"lag of {code}")
    upkeep = asyncio.create_task(
        tend(running.installation, code, running.telemetry, stop, running.clock.now_us, running.snapshot_turn),
        name=f"upkeep of {code}",
    )
    upkeep.add_done_callback(running.ended)
    stack.push_async_callback(_stop_views, stop, {task, lag, upkeep}, runner)


async def _stop_views(stop: asyncio.Event, tasks: "set[asyncio.Task[None]]", runner: Runner) -> None:
    stop.set()
    await asyncio.wait(tasks)
    await runner.close()


async def _start_gateway(
    running: Serving, port: int, stack: AsyncExitStack, through: Callable[[Authoriser], Authoriser]
) -> None:
    home, settings = running.installation.home, running.installation.settings
    carrier = Carrier(
        through(Routes(running.writers, settings.retry_after_s)), codes=lambda: running.writers,
        key_of=lambda code: running.vaults[code].signing_key().public if code in running.vaults else None,
        retry_after_s=settings.retry_after_s,
    )
    carrier.start()
    stack.push_async_callback(carrier.close)
    app = create_app(
        settings, running.directory, carrier, running.rooms, running.telemetry,
        lambda: int(asyncio.get_running_loop().time() * 1_000_000),
        ready=running.missing_now,
        certificates=lambda: [certify(vault.root_key(), vault.signing_key().public) for vault in running.vaults.values()],
    )
    runner = create_runner(app, settings)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    stack.push_async_callback(app.close)
    await web.TCPSite(runner, LOOPBACK, port).start()
    running.url = f"http://{LOOPBACK}:{runner.addresses[0][1]}"
    write_private(home.gateway_address, running.url.encode())
    stack.callback(forget_address, home, running.url)


def forget_address(home: Home, url: str) -> None:
    """Unless another process that took over has written its own there."""
    if home.gateway_address.exists() and home.gateway_address.read_text(encoding="ascii") == url:
        home.gateway_address.unlink()
