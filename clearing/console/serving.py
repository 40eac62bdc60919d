"""Law: the console listens on this machine only; from outside it is reached through a proxy that ends TLS."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from clearing.config import Settings
from clearing.console.app import create_app
from clearing.console.house import clock_us, console_of
from clearing.console.passkeys import Site
from clearing.installation.home import LOOPBACK, Home
from clearing.installation.opening import Installation
from clearing.installation.parts import Part, Task
from clearing.installation.serving import console_url
from clearing.telemetry import Telemetry

DRAIN_S = 5.0


@asynccontextmanager
async def serving_console(
    installation: Installation, port: int, *, now_us: Callable[[], int] = clock_us
) -> AsyncIterator[str]:
    """The console's URL while the block runs. port: 0 for a free one. now_us: the caisses' clock; log-ins go by this machine's.

    Raises OSError for a port that is taken.
    """
    async with console_of(installation, now_us) as console:
        runner = web.AppRunner(create_app(console), access_log=None, shutdown_timeout=DRAIN_S)
        await runner.setup()
        try:
            site = web.TCPSite(runner, LOOPBACK, port, reuse_port=True)
            await site.start()
            url = console_url(runner.addresses[0][1])
            console.site = Site(installation.settings.console_address or url)
            yield url
        finally:
            await runner.cleanup()


@asynccontextmanager
async def entrance(home: Home, settings: Settings, task: Task, _over: asyncio.Event) -> AsyncIterator[Part]:
    """The console as a process of its own (installation/parts.py)."""
    installation = Installation.open(home, settings)
    try:
        async with serving_console(installation, task.port):
            yield Part(Telemetry(), list)
    finally:
        installation.close()
