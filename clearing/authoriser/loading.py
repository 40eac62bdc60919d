"""Law: a start is the newest snapshot that the log vouches for, and the log's events after it; in doubt it is the log alone.

A snapshot whose parts, hash or chain are not what they say is passed over with an alarm. One is only ever made of what the log
holds, by a process of its own: what a serving writer has in memory never becomes one. Source: docs/decisions/0007-snapshots.md.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Final, Protocol

from clearing.authoriser.snapshot import Loaded, Restoring, UnreadableSnapshot, code_version, parts_of
from clearing.event_store.proofs import chain_hash
from clearing.event_store.rows import EventRow, Head, SnapshotRow
from clearing.event_store.snapshots import SnapshotTaker
from clearing.events.caisse import PersonNamed
from clearing.events.catalogue import Event
from clearing.events.codec import decode
from clearing.events.producers import TerminalEnrolled
from clearing.rules.answers import BrokenBook
from clearing.rules.book import Book
from clearing.values import TerminalId

LOAD_PAGE: Final = 5_000
GC_YOUNG: Final = 50_000  # objects made before the young are looked at: a group of sales makes some thousands, and drops them
GC_OLDER: Final = 50

Alarm = Callable[[str, object], None]
"""Told (alarm, what is the matter) when a snapshot is passed over."""
Seen = Callable[[Book, Event, int], None]
"""Told (the book, the event that it has just taken, microseconds UTC)."""


class AnyLog(Protocol):
    """What is asked of a log at a start."""

    async def stored_head(self) -> Head: ...
    async def read(self, after: int, limit: int) -> list[EventRow]: ...
    async def highest_n(self, after: int, up_to: int) -> list[tuple[bytes, int, int]]: ...
    async def chain_at(self, position: int) -> bytes | None: ...
    async def snapshots(self, code_version: str) -> list[SnapshotRow]: ...
    async def snapshot_part(self, snapshot: SnapshotRow, number: int) -> bytes | None: ...


async def load(log: AnyLog, alarm: Alarm) -> Loaded:
    """Everything up to where the log ends now. Raises BrokenBook or UnreadableEvent for a log it can't fold."""
    with nothing_collected():
        loaded = await _newest(log, alarm) or Loaded()
        await follow(log, loaded, (await log.stored_head()).position)
    return loaded


async def snapshot(log: SnapshotTaker, alarm: Alarm) -> SnapshotRow | None:
    """Make one of the log as it is now, and drop old ones; None when the newest is of this very position."""
    newest = await log.snapshots(code_version())
    loaded = await load(log, alarm)
    position = loaded.book.position
    if newest and newest[0].position == position and newest[0].chain == loaded.chain:
        return None
    row = await log.store(position, code_version(), loaded.chain, parts_of(loaded))
    await log.keep_newest(code_version())
    return row


@contextmanager
def nothing_collected() -> Iterator[None]:
    """No garbage collection while millions of objects are made that all stay; afterwards they are never walked again.

    Measured: a million cards load in half the time, and a full collection later costs nothing instead of over a second.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(GC_YOUNG, GC_OLDER, GC_OLDER)
        gc.enable()


async def _newest(log: AnyLog, alarm: Alarm) -> Loaded | None:
    """The newest snapshot that can be trusted, if there is one."""
    for row in await log.snapshots(code_version()):
        try:
            if await log.chain_at(row.position) != row.chain:
                raise UnreadableSnapshot("it is of another log: the chain differs")
            return await _restored(log, row)
        except UnreadableSnapshot as fault:
            alarm("snapshot", f"the snapshot at {row.position} is passed over, the log is read instead: {fault}")
    return None


async def _restored(log: AnyLog, row: SnapshotRow) -> Loaded:
    restoring, digest = Restoring(), sha256()
    for number in range(row.parts):
        part = await log.snapshot_part(row, number)
        if part is None:
            raise UnreadableSnapshot(f"part {number} of {row.parts} is missing")
        digest.update(sha256(part).digest())
        restoring.take(part)
    if digest.digest() != row.sha256:
        raise UnreadableSnapshot("its bytes are not those that were written")
    loaded = restoring.finish()
    if (loaded.book.position, loaded.chain) != (row.position, row.chain):
        raise UnreadableSnapshot("it is of another position than it says")
    return loaded


async def follow(log: AnyLog, loaded: Loaded, up_to: int, seen: Seen = lambda *_: None) -> None:
    """Fold what came after, up to a position. seen: is told of each event once the book has it."""
    book, first = loaded.book, loaded.book.position
    while book.position < up_to:
        rows = await log.read(book.position, min(LOAD_PAGE, up_to - book.position))
        if not rows or chain_hash(loaded.chain, rows[0].leaf) != rows[0].chain:
            raise BrokenBook(f"the log ends at {up_to}, but nothing follows event {book.position}; run clearing audit")
        for row in rows:
            seen(book, _fold(loaded, row), row.at_us)
        loaded.chain = rows[-1].chain
    for terminal, epoch, n in await log.highest_n(first, up_to):
        key = (TerminalId(terminal), epoch)
        loaded.highest[key] = max(n, loaded.highest.get(key, -1))


def _fold(loaded: Loaded, row: EventRow) -> Event:
    event = decode(row.type, row.schema_version, row.public, row.private)
    loaded.book.apply(event, row.position, row.at_us, (row.type, row.schema_version, row.public, row.private))
    loaded.tree.append(row.leaf)
    if isinstance(event, TerminalEnrolled | PersonNamed):
        loaded.key_events.append(event)
    return event
