"""Law: what was acknowledged survives kill -9 of PostgreSQL in the middle of appends, once and in order."""

import asyncio
import os
import signal

import pytest

from clearing.event_store.log import Log
from clearing.postgres import Embedded
from clearing.postgres.server import processes
from tests.postgres.groups import append, open_log
from tests.postgres_server import fresh_caisse, running_server

GROUPS_BEFORE, GROUPS_AFTER = 20, 5


def kill_all(server: Embedded) -> None:
    """The postmaster and every backend at once, as a power cut would for the processes."""
    for pid in processes(server.home / "data"):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    assert server.process is not None
    server.process.wait()


async def append_until(log: Log, acknowledged: list[int], stop: asyncio.Event, ahead: asyncio.Event) -> None:
    while not stop.is_set():
        events = await append(log, 8)
        acknowledged += [event.position for event in events]
        if len(acknowledged) >= GROUPS_BEFORE * 8:
            ahead.set()


@pytest.mark.parametrize("wanted", ["embedded", pytest.param("debian15", marks=pytest.mark.debian("postgresql-15"))])
async def test_acknowledged_events_survive_a_killed_postgresql(wanted: str) -> None:
    with running_server(wanted) as server:
        caisse = await fresh_caisse(server)
        log = await open_log(caisse.dsn(), caisse.schema)
        acknowledged: list[int] = []
        stop, ahead = asyncio.Event(), asyncio.Event()
        appending = asyncio.ensure_future(append_until(log, acknowledged, stop, ahead))
        await asyncio.wait({appending, asyncio.ensure_future(ahead.wait())}, return_when=asyncio.FIRST_COMPLETED)
        assert ahead.is_set()
        kill_all(server)
        await asyncio.to_thread(server.revive)
        known = len(acknowledged)
        while len(acknowledged) < known + GROUPS_AFTER * 8:
            await asyncio.wait({appending}, timeout=0.01)
            assert not appending.done()
        stop.set()
        await appending
        stored = [row.position for row in await log.read(0, 10_000)]
        assert stored == acknowledged == list(range(1, len(stored) + 1))
        assert len(await log.replies_between(0, 10_000)) == len(stored)
        await log.release()
