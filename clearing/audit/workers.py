"""Law: provers work in processes of their own, each with a connection of its own; their parts are taken in, in order.

Ed25519 alone is 52 us an event: one process would prove 10,000 events a second and leave every other core idle.
"""

import asyncio
import gc
import multiprocessing
from collections import deque
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Final, NamedTuple

from clearing.audit.findings import StoredLog
from clearing.audit.prover import Part, Prover, Range, Task
from clearing.event_store.reader import Reader

AHEAD: Final = 2
"""Ranges per worker that are asked for before the replay wants them: a few MB each."""


class ProverLost(RuntimeError):
    """A process that proves ranges ended before its time; nothing is said about the log."""

    def __init__(self) -> None:
        super().__init__(
            "A process that proves ranges was ended, perhaps for want of memory; nothing is known of the log. "
            "Run the audit again with --workers 0"
        )


class Place(NamedTuple):
    """Where a caisse's log is: a connection of a role that may read it, and its schema."""

    dsn: str
    schema: str


async def proved_parts(
    log: StoredLog, ranges: AsyncIterator[Range], task: Task, place: Place | None, workers: int
) -> AsyncIterator[Part]:
    """What provers say of the ranges, in order. place None or no workers: proved in this process, one after the other."""
    if place is None or not workers:
        prover = Prover(task)
        async for one in ranges:
            yield await prover.part(log, one)
        return
    pool = ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), initializer=_Worker.begin, initargs=(place, task)
    )
    try:
        asked: deque[asyncio.Future[Part]] = deque()
        async for one in ranges:
            asked.append(asyncio.wrap_future(pool.submit(_Worker.part, one)))
            if len(asked) > AHEAD * workers:
                yield await asked.popleft()
        while asked:
            yield await asked.popleft()
    except BrokenProcessPool:
        raise ProverLost from None
    finally:
        pool.shutdown(cancel_futures=True)


class _Worker:
    """The one prover of a worker process."""

    runner: asyncio.Runner
    log: Reader
    prover: Prover

    @classmethod
    def begin(cls, place: Place, task: Task) -> None:
        gc.disable()  # bytes and tuples make no cycles, and a range is tens of thousands of them
        cls.runner = asyncio.Runner()
        cls.log = cls.runner.run(Reader.open(place.dsn, place.schema))
        cls.prover = Prover(task)

    @classmethod
    def part(cls, asked: Range) -> Part:
        return cls.runner.run(cls.prover.part(cls.log, asked))
