"""Law: the open door knows no secret of a caisse: no database, no vault; what it knows comes over the trunks.

The process that terminals reach; it loads nothing of the writers' rules, so it is there at once when it is started again.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from aiohttp import web

from clearing.config import Settings
from clearing.directory import Directory
from clearing.installation.home import LOOPBACK, Home
from clearing.installation.parts import Part, Task, trunk_address
from clearing.installation.tubes import metrics_of_all, missing_of_all
from clearing.telemetry import Telemetry
from clearing.terminal_gateway.between import Carrier
from clearing.terminal_gateway.door import Door
from clearing.terminal_gateway.server import caisses_awaited, create_app, create_runner
from clearing.terminal_gateway.writers import Known, Trunk, Writers
from clearing.wire.signature import PUBLIC_KEY_BYTES


@asynccontextmanager
async def gateway(home: Home, settings: Settings, task: Task, _over: asyncio.Event) -> AsyncIterator[Part]:
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
        await web.TCPSite(runner, LOOPBACK, task.port, reuse_port=True).start()
        yield Part(telemetry, partial(caisses_awaited, directory))
    finally:
        await app.close()
        await runner.cleanup()
        await carrier.close()
        for trunk in trunks:
            await trunk.close()
