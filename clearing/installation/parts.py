"""Law: one process does one kind of work: it opens a door, writes, or shows; it ends when told, or when its parent is gone.

What `clearing serve` starts (supervising.py) by cli/part.py. It says on standard output, a line of JSON each, when it is
ready and why it can't go on; its parent holds the other end of its standard input for as long as it lives.
"""

import asyncio
import gc
import json
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Final, TypeAlias

from aiohttp import web

from clearing.authoriser.clock import SystemClock
from clearing.authoriser.trunk_server import TrunkServer
from clearing.config import Settings
from clearing.directory import Directory
from clearing.installation.home import Home
from clearing.installation.opening import Installation
from clearing.installation.serving import LOOPBACK, Routes, Serving, start_views, start_writer
from clearing.installation.tubes import Tube, metrics_of_all, missing_of_all
from clearing.telemetry import Telemetry
from clearing.terminal_gateway.between import Carrier
from clearing.terminal_gateway.door import Door
from clearing.terminal_gateway.server import caisses_awaited, create_app, create_runner
from clearing.terminal_gateway.writers import Address, Known, Trunk, Writers
from clearing.values import CaisseCode
from clearing.vault import Vault
from clearing.wire.signature import PUBLIC_KEY_BYTES

GATEWAY: Final = "gateway"
WRITER: Final = "writer"
VIEWS: Final = "views"
CONSOLE: Final = "console"
VIEWS_YIELD: Final = 5  # niceness: who sells goes first, and who shows takes what is left
_YOUNG_OBJECTS: Final = 50_000  # collections of the youngest generation are rare: hardly anything here makes cycles


def say(**fields: object) -> None:
    """Tell the parent."""
    print(json.dumps(fields), flush=True)


@asynccontextmanager
async def gateway(home: Home, settings: Settings, port: int) -> AsyncIterator[tuple[Telemetry, Callable[[], list[str]]]]:
    """The open door: no database, no vault; everything it knows comes over the trunks."""
    directory, telemetry = Directory(), Telemetry()
    known = Known(directory)
    addresses = [trunk_address(home, settings, writer) for writer in range(1, settings.writer_processes + 1)]
    trunks = [
        Trunk(one, known, telemetry, in_flight_max=settings.trunk_in_flight_max, retry_after_s=settings.retry_after_s)
        for one in addresses
    ]
    loop = asyncio.get_running_loop()
    door = Door(
        settings=settings, directory=directory, cardrooms=known.rooms, telemetry=telemetry,
        clock_us=lambda: int(loop.time() * 1_000_000),
    )  # fmt: skip
    known.forget, known.forget_all = door.taps.forget, door.taps.forget_all

    async def metrics() -> bytes:
        telemetry.cache_entries.labels("card_keys").set(len(door.taps))
        return await metrics_of_all(home)

    carrier = Carrier(
        Writers(trunks, retry_after_s=settings.retry_after_s), codes=lambda: known.rooms, retry_after_s=settings.retry_after_s,
        key_of=lambda code: known.certificates[code][:PUBLIC_KEY_BYTES] if code in known.certificates else None,
    )  # fmt: skip
    carrier.start()
    app = create_app(
        settings, directory, carrier, known.rooms, telemetry,
        lambda: int(loop.time() * 1_000_000), ready=partial(missing_of_all, home),
        certificates=lambda: list(known.certificates.values()), metrics=metrics, door=door,
    )  # fmt: skip
    runner = create_runner(app, settings)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, port, reuse_port=True).start()
        yield telemetry, partial(caisses_awaited, directory)
    finally:
        await app.close()
        await runner.cleanup()
        await carrier.close()
        for trunk in trunks:
            await trunk.close()


@asynccontextmanager
async def writer(home: Home, settings: Settings, task: "Task", over: asyncio.Event) -> AsyncIterator[Serving]:
    """The writers of some caisses, and the trunk to them."""
    running = Serving(Installation.open(home, settings), SystemClock(), over=over)
    try:
        async with AsyncExitStack() as stack:

            async def take_in(code: CaisseCode, *, take_over: bool = False) -> None:
                if code in running.writers:
                    return
                vault = Vault.open(home.vault(code))
                running.telemetry.begin_caisse(code)
                running.vaults[code] = vault
                await start_writer(running, code, stack, take_over=take_over, process=os.getppid())

            async def take_in_and_tell(code: CaisseCode) -> None:
                await take_in(code)
                trunk.tell_of(code)

            for code in task.caisses:
                await take_in(code, take_over=task.take_over)
            address = trunk_address(home, settings, task.index)
            trunk = TrunkServer(
                authoriser=Routes(running.writers, settings.retry_after_s), directory=running.directory,
                vaults=running.vaults, frame_bytes_max=settings.frame_bytes_max, path=address.path, port=address.port,
                secret=address.secret,
            )  # fmt: skip
            await trunk.start()
            stack.callback(trunk.close)
            running.take_in = take_in_and_tell
            yield running
    finally:
        running.installation.close()


@asynccontextmanager
async def views(home: Home, settings: Settings, task: "Task", over: asyncio.Event) -> AsyncIterator[Serving]:
    """What people see of some caisses, and the upkeep of their logs."""
    running = Serving(Installation.open(home, settings), SystemClock(), over=over)
    try:
        async with AsyncExitStack() as stack:

            async def take_in(code: CaisseCode) -> None:
                if code not in running.runners:
                    await start_views(running, code, stack)

            for code in task.caisses:
                await take_in(code)
            running.take_in = take_in
            yield running
    finally:
        running.installation.close()


def trunk_address(home: Home, settings: Settings, writer: int) -> Address:
    if settings.trunk_port:
        return Address(port=settings.trunk_port + writer - 1, secret=home.trunk_secret.read_bytes())
    return Address(path=home.trunk(writer))


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a process is to do. caisses: of a writer or of views. port: of a gateway."""

    role: str
    index: int
    caisses: tuple[CaisseCode, ...] = ()
    port: int = 0
    take_over: bool = False

    @property
    def name(self) -> str:
        return f"{self.role}-{self.index}"


Entrance: TypeAlias = Callable[[Home, Settings, Task], AbstractAsyncContextManager[tuple[Telemetry, Callable[[], list[str]]]]]
"""Opens what people or terminals come in by: its figures, and what it still lacks."""


async def serve_part(
    task: Task, home: Home, settings: Settings, entrances: Mapping[str, Entrance] = MappingProxyType({})
) -> int:
    """Work until told to stop; the exit code. entrances: role -> how it is opened, but the gateway.

    Raises what ends a writer.
    """
    stop, over = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, lambda: None)  # Ctrl-C is the parent's to answer
    os.set_blocking(0, False)
    loop.add_reader(0, partial(_parent_spoke, stop))
    if task.role == VIEWS:
        os.nice(VIEWS_YIELD)
    async with AsyncExitStack() as stack:
        running: Serving | None = None
        if task.role == GATEWAY:
            telemetry, missing = await stack.enter_async_context(gateway(home, settings, task.port))
        elif task.role in entrances:
            telemetry, missing = await stack.enter_async_context(entrances[task.role](home, settings, task))
        else:
            made = writer(home, settings, task, over) if task.role == WRITER else views(home, settings, task, over)
            running = await stack.enter_async_context(made)
            telemetry, missing = running.telemetry, running.missing
        tube = Tube(home.speaking_tube(task.name), telemetry, missing, None if running is None else running.take_in)
        await tube.open()
        stack.callback(tube.close)
        watching = loop.create_task(telemetry.watch_loop(stop))
        stack.callback(watching.cancel)
        gc.collect()
        gc.freeze()
        gc.set_threshold(_YOUNG_OBJECTS, 50, 100)
        say(ready=True)
        await _either(stop, over)
        if running is not None and running.fault is not None:
            raise running.fault
    return 0


def _parent_spoke(stop: asyncio.Event) -> None:
    """The parent never speaks: what can be read is the end of it."""
    try:
        if os.read(0, 1) == b"":
            stop.set()
            asyncio.get_running_loop().remove_reader(0)
    except BlockingIOError:
        return


async def _either(stop: asyncio.Event, over: asyncio.Event) -> None:
    waiting = [asyncio.ensure_future(one.wait()) for one in (stop, over)]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for one in waiting:
        one.cancel()
