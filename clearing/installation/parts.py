"""Law: one process does one kind of work: it opens a door, writes, or shows; it ends when told, or when its parent is gone.

What `clearing serve` starts (supervising.py) by cli/part.py, which loads what the part needs and no more. It says on standard
output, a line of JSON each, when it is ready and why it can't go on; its parent holds the other end of its standard input for
as long as it lives.
"""

import asyncio
import gc
import json
import os
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from clearing.config import Settings
from clearing.installation.home import Home
from clearing.installation.tubes import TakeIn, Tube
from clearing.telemetry import Telemetry
from clearing.terminal_gateway.writers import Address
from clearing.values import CaisseCode

GATEWAY: Final = "gateway"
WRITER: Final = "writer"
VIEWS: Final = "views"
CONSOLE: Final = "console"
_YOUNG_OBJECTS: Final = 50_000  # collections of the youngest generation are rare: hardly anything here makes cycles


def say(**fields: object) -> None:
    """Tell the parent."""
    print(json.dumps(fields), flush=True)


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


@dataclass(frozen=True, slots=True)
class Part:
    """What works in a process: its figures, what it still lacks, how it takes a new caisse in, and why it ended by itself."""

    telemetry: Telemetry
    missing: Callable[[], list[str]]
    take_in: TakeIn | None = None
    fault: Callable[[], BaseException | None] = lambda: None


Opening: TypeAlias = Callable[[Home, Settings, Task, asyncio.Event], AbstractAsyncContextManager[Part]]
"""Opens a part; the event is set by one that can't go on."""


async def serve_part(task: Task, home: Home, settings: Settings, opening: Opening) -> int:
    """Work until told to stop; the exit code.

    Raises what ends a writer.
    """
    stop, over = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, lambda: None)  # Ctrl-C is the parent's to answer
    os.set_blocking(0, False)
    loop.add_reader(0, partial(_parent_spoke, stop))
    async with opening(home, settings, task, over) as part, AsyncExitStack() as stack:
        tube = Tube(home.speaking_tube(task.name), part.telemetry, part.missing, part.take_in)
        await tube.open()
        stack.callback(tube.close)
        watching = loop.create_task(part.telemetry.watch_loop(stop))
        stack.callback(watching.cancel)
        gc.collect()
        gc.freeze()
        gc.set_threshold(_YOUNG_OBJECTS, 50, 100)
        say(ready=True)
        await _either(stop, over)
        fault = part.fault()
        if fault is not None:
            raise fault
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
