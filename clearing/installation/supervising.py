"""Law: one command, several processes: who dies is started again, nothing acknowledged is lost; who can't go on ends all.

The supervisor makes ready what all need (database, vaults, port, secret), starts writers, then views and gateways, and keeps
them. A writer that died is followed by one that takes over at once: the kernel said that it is dead, and its epoch fences it
anyhow. A part that says why it can't go on (fenced, another writer, a vault that is missing) ends all, with that sentence.
A caisse that is founded meanwhile is taken in (adopting.py) by parts that run on.
"""

import asyncio
import json
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from clearing.authoriser.clock import SystemClock
from clearing.config import SettingRefused, Settings
from clearing.installation.adopting import SUPERVISOR, NobodyServes, NotTakenIn, ask_to_take_in
from clearing.installation.home import LOOPBACK, write_private
from clearing.installation.opening import Installation
from clearing.installation.parts import CONSOLE, GATEWAY, VIEWS, WRITER, Task
from clearing.installation.serving import console_url, forget_address, require_room
from clearing.installation.tubes import Tube, forget_the_dead
from clearing.telemetry import LogEvent, Telemetry
from clearing.values import CaisseCode

PAUSE_FIRST_S: Final = 0.05
PAUSE_LAST_S: Final = 5.0
LASTING_S: Final = 10.0  # who ran this long is started again without a pause
HASTY_MAX: Final = 8  # deaths in a row before a part was ready, after which the whole ends
STOP_S: Final = 60.0
SAID_MAX: Final = 200  # bytes shown of a line that was not understood
_SECRET_BYTES: Final = 32
_log = structlog.get_logger()


class PartEnded(Exception):
    """A process of this installation can't go on; the text says why and what to do. code: of the whole command."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code: Final = code


@dataclass(slots=True)
class _Part:
    """A process that is to run. pid: 0 while it does not."""

    task: Task
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    process: asyncio.subprocess.Process | None = None
    hasty: int = 0

    @property
    def pid(self) -> int:
        return 0 if self.process is None or self.process.returncode is not None else self.process.pid


class Supervisor:
    """The processes of one installation. url: of its gateways."""

    def __init__(self, installation: Installation, *, json_log: bool) -> None:
        self._installation, self._json_log = installation, json_log
        self._parts: list[_Part] = []
        self._keeping: list[asyncio.Task[None]] = []
        self._stopping = False
        self._holds = False
        self._taking = asyncio.Lock()
        self.telemetry = Telemetry()
        self.over = asyncio.Event()
        self._told_to_stop = asyncio.Event()
        self.fault: PartEnded | None = None
        self.url = self.console_url = ""

    def hold(self) -> None:
        """The writers have their leases: from now on this is the one that serves the home, and its files there are its own."""
        self._holds = True
        self._tell_who_runs()

    async def until(self, stop: asyncio.Event) -> None:
        """Wait for `stop`, or for a part that can't go on. Raises PartEnded."""
        waiting = [asyncio.ensure_future(one.wait()) for one in (stop, self.over)]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for one in waiting:
            one.cancel()
        if self.fault is not None:
            raise self.fault

    async def start(self, tasks: Sequence[Task]) -> None:
        """Start these and wait until they are ready. Raises PartEnded."""
        fresh = [_Part(task) for task in tasks]
        self._parts += fresh
        self._keeping += [asyncio.create_task(self._keep(part), name=part.task.name) for part in fresh]
        for keeping in self._keeping[-len(fresh) :]:
            keeping.add_done_callback(self._kept)
        for part in fresh:
            ready, over = asyncio.ensure_future(part.ready.wait()), asyncio.ensure_future(self.over.wait())
            await asyncio.wait({ready, over}, return_when=asyncio.FIRST_COMPLETED)
            ready.cancel()
            over.cancel()
            if self.fault is not None:
                raise self.fault

    async def take_in(self, code: CaisseCode) -> None:
        """Serve one more caisse, founded meanwhile; harmless for one that is served. Raises NotTakenIn, SettingRefused."""
        async with self._taking:
            served = [one for part in self._parts if part.task.role == WRITER for one in part.task.caisses]
            if code not in served:
                require_room([*served, code], self._installation.settings)
                await self._installation.prepare(code, at_us=SystemClock().now_us())
                await self._taken_by(WRITER, code)
            await self._taken_by(VIEWS, code)
            _log.info(LogEvent.TAKEN_IN, caisse=code)

    async def _taken_by(self, role: str, code: CaisseCode) -> None:
        """The part of this role that has fewest caisses opens this one too, now and whenever it is started again."""
        parts = [part for part in self._parts if part.task.role == role]
        if any(code in part.task.caisses for part in parts):
            return
        if not parts:
            await self.start([Task(role=role, index=1, caisses=(code,))])
            return
        asked = _asked_for(self._installation.settings.placement, len(parts)).get(code) if role == WRITER else None
        part = next((one for one in parts if one.task.index == asked), min(parts, key=lambda one: len(one.task.caisses)))
        before, part.task = part.task, replace(part.task, caisses=(*part.task.caisses, code))
        try:
            await ask_to_take_in(self._installation.home, code, part.task.name)
        except NobodyServes:  # it died, or is being started: its next life opens all of its caisses
            try:
                async with asyncio.timeout(STOP_S):
                    await part.ready.wait()
            except TimeoutError:
                raise NotTakenIn(f"{part.task.name} is not there; stop clearing serve and start it again") from None
        except NotTakenIn:
            part.task = replace(part.task, caisses=before.caisses)
            raise

    async def stop(self) -> None:
        """End gateways first, so that nobody is let in who could not be answered; then views, then writers."""
        self._stopping = True
        self._told_to_stop.set()
        for role in (CONSOLE, GATEWAY, VIEWS, WRITER):
            ending = [part for part in self._parts if part.task.role == role]
            for part in ending:
                if part.pid and part.process is not None:
                    part.process.terminate()
            for part in ending:
                await self._ended(part)
        await asyncio.gather(*self._keeping, return_exceptions=True)

    async def _ended(self, part: _Part) -> None:
        if part.process is None:
            return
        try:
            async with asyncio.timeout(STOP_S):
                await part.process.wait()
        except TimeoutError:
            part.process.kill()
            await part.process.wait()

    async def _keep(self, part: _Part) -> None:
        """Run a part, and run it again, until told to stop."""
        role, pause_s = part.task.role, 0.0
        self.telemetry.process_restarts.labels(role).inc(0)
        while not self._ending():
            started_s = asyncio.get_running_loop().time()
            said = await self._run(part)
            if self._ending():
                return
            if said is not None:
                self._give_up(PartEnded(str(said["fault"]), int(str(said["code"]))))
                return
            part.hasty = 0 if part.ready.is_set() else part.hasty + 1
            if part.hasty > HASTY_MAX:
                name = part.task.name
                self._give_up(PartEnded(f"{name} ends again and again or can't be started; the lines above say why", 1))
                return
            lasted = part.ready.is_set() and asyncio.get_running_loop().time() - started_s >= LASTING_S
            pause_s = 0.0 if lasted else min(2 * pause_s or PAUSE_FIRST_S, PAUSE_LAST_S)
            part.ready.clear()
            self.telemetry.process_restarts.labels(role).inc()
            await self._pause(pause_s)
            if role == WRITER and part.process is not None:  # who never ran leaves no lease: it may be another writer's
                part.task = replace(part.task, take_over=True)

    def _kept(self, keeping: "asyncio.Task[None]") -> None:
        """A fault in keeping a part ends the whole: what nobody keeps would be missing for ever, and nobody would be told."""
        fault = None if keeping.cancelled() else keeping.exception()
        if fault is not None:
            name = keeping.get_name()
            _log.error(LogEvent.ALARM, alarm="supervising", process=name, exc_info=fault)
            self._give_up(PartEnded(
                f"{name} can't be kept running any longer ({fault!r}), a fault of this program: start clearing serve again "
                "and report the lines above; nothing that was acknowledged is lost", 1
            ))  # fmt: skip

    async def _pause(self, pause_s: float) -> None:
        """Who dies at once is started again later and later; a stop does not wait for it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await self._told_to_stop.wait()

    def _ending(self) -> bool:
        return self._stopping or self.over.is_set()

    def _give_up(self, fault: PartEnded) -> None:
        self.fault = self.fault or fault
        self.over.set()
        self._told_to_stop.set()

    async def _run(self, part: _Part) -> dict[str, object] | None:
        """One life of a part: what it said of why it can't go on, or None."""
        part.process = None
        try:
            process = part.process = await asyncio.create_subprocess_exec(
                *self._command(part.task), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True
            )
        except OSError as fault:  # no memory, no process or no file left: perhaps there is in a moment
            _log.error(LogEvent.PROCESS_NOT_STARTED, process=part.task.name, fault=repr(fault))
            return None
        if self._stopping:
            process.terminate()  # it was being started when the stop came
        self._tell_who_runs()
        said: dict[str, object] | None = None
        assert process.stdout is not None, "its output is a pipe"
        while line := await _line(process.stdout):
            told = _told(line)
            if told is None:
                _log.warning(LogEvent.PROCESS_MISSPOKE, process=part.task.name, pid=process.pid, said=repr(line[:SAID_MAX]))
            elif "fault" in told:
                said = told
            else:
                _log.info(LogEvent.PROCESS_STARTED, process=part.task.name, pid=process.pid)
                part.ready.set()
        code = await process.wait()
        if not self._stopping and said is None:
            _log.error(LogEvent.PROCESS_ENDED, process=part.task.name, pid=process.pid, code=code)
        self._tell_who_runs()
        return said

    def _command(self, task: Task) -> list[str]:
        command = [sys.executable, "-m", "clearing.cli.part", task.role, str(task.index)]
        command += ["--home", str(self._installation.home.folder), "--port", str(task.port)]
        for code in task.caisses:
            command += ["--caisse", code]
        return command + ["--take-over"] * task.take_over + ["--json"] * self._json_log

    def _tell_who_runs(self) -> None:
        """To operators: two gauges, and a file of role and pid a line. A full disk stops no process."""
        if not self._holds:
            return
        for role in {part.task.role for part in self._parts}:
            of_role = [part for part in self._parts if part.task.role == role]
            self.telemetry.process_up.labels(role).set(sum(1 for part in of_role if part.pid))
            self.telemetry.process_wanted.labels(role).set(len(of_role))
        running = [{"role": "supervisor", "pid": os.getpid()}]
        running += [{"role": part.task.name, "pid": part.pid} for part in self._parts if part.pid]
        try:
            write_private(self._installation.home.processes, b"".join(json.dumps(one).encode() + b"\n" for one in running))
        except OSError as fault:
            _log.error(LogEvent.PROCESSES_NOT_TOLD, fault=repr(fault))

    def is_told_of(self) -> bool:
        """Whether the file of who runs is this one's, and not of one that took over."""
        path = self._installation.home.processes
        return self._holds and path.exists() and json.loads(path.read_bytes().split(b"\n")[0])["pid"] == os.getpid()


async def _line(spoken: asyncio.StreamReader) -> bytes:
    """The next line, nothing at the end. One that is longer than any of a part's own is passed over."""
    try:
        return await spoken.readline()
    except ValueError:
        return b"(a line that is too long)\n"


def _told(line: bytes) -> dict[str, object] | None:
    """What a part says on its standard output; None for a line that is not its own but a library's, or anybody's."""
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def placed(codes: Sequence[CaisseCode], settings: Settings) -> dict[int, tuple[CaisseCode, ...]]:
    """Writer's process -> its caisses, by the setting `placement` and else spread evenly. Raises SettingRefused."""
    count = settings.writer_processes
    asked = _asked_for(settings.placement, count)
    places: dict[int, list[CaisseCode]] = {number: [] for number in range(1, count + 1)}
    for code in codes:
        number = asked.get(code) or min(places, key=lambda each: (len(places[each]), each))
        places[number].append(code)
    return {number: tuple(of_it) for number, of_it in places.items()}


def _asked_for(placement: str, count: int) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for pair in filter(None, (part.strip() for part in placement.split(","))):
        code, _, number = pair.partition("=")
        if not (number.isascii() and number.isdigit() and 1 <= int(number) <= count):
            raise SettingRefused(
                f"CLEARING_PLACEMENT names '{pair}'; write CAISSE=N, N from 1 to {count} (CLEARING_WRITER_PROCESSES), "
                "parted by commas"
            )
        found[code.strip()] = int(number)
    return found


@asynccontextmanager
async def supervising(
    installation: Installation, *, codes: Sequence[CaisseCode], port: int, console_port: int | None = None,
    take_over: bool = False, json_log: bool = False,
) -> AsyncIterator[Supervisor]:
    """Serve these caisses in processes of their own until the block ends. port: of the gateways on 127.0.0.1, 0 for a free one.
    console_port: of the console, None for none.

    No caisse yet: one that is founded meanwhile is taken in.

    Raises PartEnded, SettingRefused, OSError for a port that is taken, and what prepares a caisse.
    """
    home, settings = installation.home, installation.settings
    require_room(codes, settings)
    for code in codes:
        await installation.prepare(code, at_us=SystemClock().now_us())
    if settings.trunk_port and not home.trunk_secret.exists():
        write_private(home.trunk_secret, secrets.token_bytes(_SECRET_BYTES))
    supervisor = Supervisor(installation, json_log=json_log)
    tube = Tube(home.speaking_tube(SUPERVISOR), supervisor.telemetry, list, supervisor.take_in)
    places = placed(codes, settings)
    with ExitStack() as ports:
        at = ports.enter_context(_reserved(port)).getsockname()[1]
        console = None if console_port is None else ports.enter_context(_reserved(console_port)).getsockname()[1]
        try:
            await supervisor.start([
                Task(role=WRITER, index=number, caisses=of_it, take_over=take_over) for number, of_it in places.items()
            ])
            await forget_the_dead(home)
            await tube.open()
            supervisor.hold()
            shown = [codes[number :: settings.view_processes] for number in range(settings.view_processes)]
            await supervisor.start([
                *(Task(role=VIEWS, index=number, caisses=tuple(of_it)) for number, of_it in enumerate(shown, 1) if of_it),
                *(Task(role=GATEWAY, index=number, port=at) for number in range(1, settings.gateway_processes + 1)),
                *([] if console is None else [Task(role=CONSOLE, index=1, port=console)]),
            ])
            supervisor.console_url = "" if console is None else console_url(console)
            supervisor.url = f"http://{LOOPBACK}:{at}"
            write_private(home.gateway_address, supervisor.url.encode())
            yield supervisor
        finally:
            forget_address(home, supervisor.url)
            await supervisor.stop()
            tube.close()
            if supervisor.is_told_of():
                home.processes.unlink(missing_ok=True)


def _reserved(port: int) -> socket.socket:
    """The port, held but not listened on: the kernel spreads connections over the gateways that listen with SO_REUSEPORT.

    First without sharing, so that another program's port, or another installation's, is not shared by mistake. Raises OSError.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((LOOPBACK, port))
        chosen = int(probe.getsockname()[1])
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    reserved.bind((LOOPBACK, chosen))
    return reserved
