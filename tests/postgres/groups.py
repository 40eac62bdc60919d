"""Law: groups of events with true hashes, as the writer would make them, from nothing but a head."""

from collections.abc import Callable

from clearing.event_store.log import Log
from clearing.event_store.proofs import chain_hash, leaf_hash
from clearing.event_store.rows import EventRow, Head, ReplyRow, TapRow

NOON_US = 1_700_000_000_000_000
LEASE_S = 30.0


def events_after(head: Head, count: int, *, body: bytes = b"public") -> list[EventRow]:
    """`count` events that follow head."""
    rows: list[EventRow] = []
    chain = head.chain
    for position in range(head.position + 1, head.position + 1 + count):
        at_us = max(head.at_us, NOON_US) + position
        salt = position.to_bytes(16, "big")
        leaf = leaf_hash(position, at_us, 7, 1, body, b"private", salt, b"evidence", reply_at(position))
        chain = chain_hash(chain, leaf)
        stream = f"sale/{position % 3}"
        rows.append(EventRow(position, stream, position, 7, 1, at_us, body, b"private", salt, b"evidence", leaf, chain))
    return rows


def reply_at(position: int) -> bytes:
    return b"reply %d" % position


def replies_to(events: list[EventRow]) -> list[ReplyRow]:
    return [ReplyRow(b"terminal", 1, e.position, b"digest", e.position, reply_at(e.position)) for e in events]


def taps_of(events: list[EventRow]) -> list[TapRow]:
    return [TapRow(b"card", 1, e.position, e.position) for e in events]


async def append(log: Log, count: int) -> list[EventRow]:
    """Append a group with its replies and taps."""
    events = events_after(log.head, count)
    await log.append_group(events, replies_to(events), taps_of(events))
    return events


async def open_log(
    dsn: str, schema: str, *, writer: str = "first", at: Callable[[], int] = lambda: NOON_US, take_over: bool = False
) -> Log:
    return await Log.open(dsn, schema, writer=writer, lease_s=LEASE_S, now_us=at, take_over=take_over)
