"""Law: a forger with the database's keys can make every hash of the log fit again; only what was signed stays out of reach."""

from clearing.authoriser.streams import stream_of
from clearing.event_store.proofs import GENESIS, chain_hash, leaf_hash
from clearing.event_store.rows import EventRow
from clearing.events.catalogue import Event
from clearing.events.codec import decode, encode
from tests.memory_log import MemoryLog


def event_at(log: MemoryLog, position: int) -> Event:
    row = log.rows[position - 1]
    return decode(row.type, row.schema_version, row.public, row.private)


def with_event(row: EventRow, event: Event) -> EventRow:
    """The row with another event in it, filed where it belongs."""
    stored = encode(event)
    return row._replace(
        type=stored.type, schema_version=stored.schema_version, public=stored.public, private=stored.private,
        stream=stream_of(event),
    )


def forge(log: MemoryLog, position: int, event: Event) -> None:
    """Put another event there and make all hashes fit."""
    log.rows[position - 1] = with_event(log.rows[position - 1], event)
    rehash(log)


def rehash(log: MemoryLog) -> None:
    """Leaf and chain of every row anew."""
    replies, chain = {row.position: row.reply for row in log.replies}, GENESIS
    for index, row in enumerate(log.rows):
        leaf = leaf_hash(
            row.position, row.at_us, row.type, row.schema_version, row.public, row.private, row.salt, row.evidence,
            replies.get(row.position, b""),
        )
        chain = chain_hash(chain, leaf)
        log.rows[index] = row._replace(leaf=leaf, chain=chain)
