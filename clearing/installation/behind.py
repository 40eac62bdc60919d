"""Law: behind the door, one process writes and another shows; both stand on the installation's database and vaults."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from clearing.authoriser.clock import SystemClock
from clearing.authoriser.trunk_server import TrunkServer
from clearing.config import Settings
from clearing.installation.home import Home
from clearing.installation.opening import Installation
from clearing.installation.parts import Part, Task, trunk_address
from clearing.installation.serving import Routes, Serving, start_views, start_writer
from clearing.values import CaisseCode
from clearing.vault import Vault

VIEWS_YIELD: Final = 5  # niceness: who sells goes first, and who shows takes what is left


@asynccontextmanager
async def writer(home: Home, settings: Settings, task: Task, over: asyncio.Event) -> AsyncIterator[Part]:
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
            yield _part(running)
    finally:
        running.installation.close()


@asynccontextmanager
async def views(home: Home, settings: Settings, task: Task, over: asyncio.Event) -> AsyncIterator[Part]:
    """What people see of some caisses, and the upkeep of their logs."""
    os.nice(VIEWS_YIELD)
    running = Serving(Installation.open(home, settings), SystemClock(), over=over)
    try:
        async with AsyncExitStack() as stack:

            async def take_in(code: CaisseCode) -> None:
                if code not in running.runners:
                    await start_views(running, code, stack)

            for code in task.caisses:
                await take_in(code)
            running.take_in = take_in
            yield _part(running)
    finally:
        running.installation.close()


def _part(running: Serving) -> Part:
    return Part(running.telemetry, running.missing, running.take_in, lambda: running.fault)
