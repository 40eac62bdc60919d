"""Law: the log never waits for a place to append to: two partitions stand ready beyond the one in use, or it is seen."""

import asyncio
from collections.abc import Callable

import asyncpg
import structlog

from clearing.event_store.connection import LOST
from clearing.event_store.migrate import ensure_partitions, partitions_ahead
from clearing.installation.daily_proofs import prove_each_night
from clearing.installation.opening import Installation
from clearing.installation.snapshots import keep_snapshots
from clearing.installation.watching import BookWatch, watch_book
from clearing.postgres import ADMIN
from clearing.sql import schema_of
from clearing.telemetry import LogEvent, Telemetry
from clearing.values import CaisseCode

EVERY_S = 30


async def tend(
    installation: Installation, code: CaisseCode, telemetry: Telemetry, stop: asyncio.Event, now_us: Callable[[], int],
    snapshot_turn: asyncio.Semaphore,
) -> None:  # fmt: skip
    """Until `stop`: what one process of an installation does for a caisse beside selling. now_us: the caisse's clock."""
    telemetry.begin_caisse(code)
    watch = BookWatch(code, telemetry)
    beside = {
        asyncio.create_task(watch_book(installation, code, telemetry, stop, now_us, watch)),
        asyncio.create_task(prove_each_night(
            installation, code, telemetry, stop, snapshot_turn, now_us, lambda: watch.zone
        )),
        asyncio.create_task(keep_snapshots(installation, code, telemetry, stop, snapshot_turn)),
    }
    try:
        await keep_partitions(installation, code, telemetry, stop)
    except BaseException:
        for one in beside:
            one.cancel()
        raise
    finally:
        await asyncio.wait(beside)


async def keep_partitions(installation: Installation, code: CaisseCode, telemetry: Telemetry, stop: asyncio.Event) -> None:
    """Until `stop`: make what is missing, show how many are ahead. A database that is away is asked again the next time."""
    while not stop.is_set():
        try:
            async with installation.connected(ADMIN) as admin:
                await ensure_partitions(admin, schema_of(code))
                telemetry.partitions_ahead.labels(code).set(await partitions_ahead(admin, schema_of(code)))
        except (*LOST, asyncpg.PostgresError) as fault:
            telemetry.partitions_ahead.labels(code).set(-1)
            structlog.get_logger().error(LogEvent.ALARM, caisse=code, alarm="partitions", fault=repr(fault))
        try:
            await asyncio.wait_for(stop.wait(), EVERY_S)
        except TimeoutError:
            continue
