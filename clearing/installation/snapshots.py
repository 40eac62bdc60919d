"""Law: a snapshot is made beside a serving writer, by a process of its own that reads nothing but the log; none is ever needed.

One that can't be made is an alarm, and the next start takes longer. Each loads a whole book: caisses take turns.
"""

import asyncio
import os
import sys
import time
import zlib
from subprocess import SubprocessError
from typing import Final

import structlog

from clearing.authoriser.loading import snapshot
from clearing.event_store.rows import SnapshotRow
from clearing.event_store.snapshots import SnapshotTaker
from clearing.installation.opening import Installation
from clearing.sql import schema_of
from clearing.telemetry import LogEvent, Telemetry
from clearing.values import CaisseCode

EVERY_S: Final = 3_600
_NICE: Final = 15  # whoever sells comes first


async def take_snapshot(installation: Installation, code: CaisseCode) -> SnapshotRow | None:
    """Make one of the log as it is now, in this process; None when the newest is as new. Raises BrokenBook, NoSuchCaisse."""
    taker = await SnapshotTaker.open(installation.dsn("clearing_writer"), schema_of(code))
    try:
        return await snapshot(taker, _tell)
    finally:
        await taker.close()


def _tell(alarm: str, fault: object) -> None:
    structlog.get_logger().error(LogEvent.ALARM, alarm=alarm, fault=str(fault))


async def keep_snapshots(
    installation: Installation, code: CaisseCode, telemetry: Telemetry, stop: asyncio.Event, turn: asyncio.Semaphore,
    *, every_s: float = EVERY_S,
) -> None:  # fmt: skip
    """Until `stop`: a child process makes one every so often, so that a start need not read the whole log.

    turn: of those that may be made at the same time.
    """
    pause_s = first_pause_s(code, every_s)
    while not stop.is_set():
        try:
            await asyncio.wait_for(stop.wait(), pause_s)
        except TimeoutError:
            pause_s = every_s
            async with turn:
                if not stop.is_set():
                    await _in_a_child(installation, code, telemetry, stop)


def first_pause_s(code: CaisseCode, every_s: float) -> float:
    """From half of every_s to the whole, another one for each caisse, so that those of one machine are spread over time."""
    return every_s * (1 + zlib.crc32(code.encode()) / (1 << 32)) / 2


async def _in_a_child(installation: Installation, code: CaisseCode, telemetry: Telemetry, stop: asyncio.Event) -> None:
    words = ("-m", "clearing", "--home", str(installation.home.folder), "snapshot", "--caisse", code)
    try:
        child = await asyncio.create_subprocess_exec(
            sys.executable, *words, stdout=asyncio.subprocess.DEVNULL, preexec_fn=lambda: os.nice(_NICE)
        )
    except (OSError, SubprocessError) as fault:  # no memory or no process left: the next one is tried when it is due
        _alarm(telemetry, code, f"it can't be started: {fault!r}")
        return
    ending, stopping = asyncio.ensure_future(child.wait()), asyncio.ensure_future(stop.wait())
    await asyncio.wait({ending, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not ending.done():
        child.terminate()
    elif ending.result():
        _alarm(telemetry, code, f"exit code {ending.result()}; run: clearing snapshot")
    else:
        telemetry.snapshot_timestamp_seconds.labels(code).set(time.time())
    await ending


def _alarm(telemetry: Telemetry, code: CaisseCode, fault: str) -> None:
    telemetry.alarms.labels(code, "snapshot").inc()
    structlog.get_logger().error(LogEvent.ALARM, caisse=code, alarm="snapshot", fault=fault)
