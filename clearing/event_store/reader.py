"""Law: readers see the log in the order of its positions, a bounded page at a time, and change nothing.

A page is bounded on both ends (position > after and <= after + limit): with a plain LIMIT the plan turned into a sort and a
projection fell behind. Source: performance.md.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, Self

import asyncpg

from clearing.event_store.connection import LOST, Connection, NoSuchCaisse, connect, connect_again, discard, is_lost
from clearing.event_store.proofs import GENESIS
from clearing.event_store.rows import EventRow, Head, ReplyRow, SignedHead, SnapshotRow, TapRow
from clearing.sql import Queries

PAGE_ROWS_MAX: Final = 10_000


class Pages:
    """What may be asked of a caisse's log, over one connection, made again when lost. Calls may overlap; they take turns."""

    def __init__(self, dsn: str, schema: str, name: str, connection: Connection) -> None:
        self.schema = schema
        self._dsn = dsn
        self._name = name
        self._connection = connection
        self._queries = Queries.load("clearing.event_store", "log.sql", schema)
        self._turn = asyncio.Lock()

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()

    async def stored_head(self) -> Head:
        """Where the stored log ends now."""
        return Head._make((await self._rows("stored_head"))[0])

    async def read(self, after: int, limit: int) -> list[EventRow]:
        """The events at positions after + 1 ... after + limit, as far as there are any; limit is 1 to PAGE_ROWS_MAX."""
        assert 0 < limit <= PAGE_ROWS_MAX, f"a page holds 1 to {PAGE_ROWS_MAX} events, not {limit}"
        return [EventRow._make(row) for row in await self._rows("read", after, limit)]

    async def newest_of_types(self, before: int, window: int, types: Sequence[int], limit: int) -> list[EventRow]:
        """Events of these types at positions before - window ... before - 1, the newest first."""
        return [EventRow._make(row) for row in await self._rows("newest_of_types", before, window, types, limit)]

    async def read_bodies(self, after: int, limit: int) -> list[asyncpg.Record]:
        """The same page as records of (position, type, schema_version, at_us, public, private): for those who read every event
        and prove nothing. Records as they come, because a named tuple for each costs as much as reading it."""
        assert 0 < limit <= PAGE_ROWS_MAX, f"a page holds 1 to {PAGE_ROWS_MAX} events, not {limit}"
        return await self._rows("read_bodies", after, limit)

    async def events_of(self, stream: str, *, after: int = 0, limit: int = PAGE_ROWS_MAX) -> list[EventRow]:
        """One stream's events beyond the position `after`, oldest first, at most `limit`."""
        return [EventRow._make(row) for row in await self._rows("events_of", stream, after, limit)]

    async def events_of_many(self, streams: Sequence[str]) -> list[EventRow]:
        """The events of these streams, oldest first: what many producers or members are, in one question."""
        return [EventRow._make(row) for row in await self._rows("events_of_many", streams)]

    async def events_of_types(self, types: Sequence[int], *, after: int, up_to: int) -> list[EventRow]:
        """Of these types between two positions, oldest first; goes through the whole table."""
        return [EventRow._make(row) for row in await self._rows("events_of_types", types, after, up_to)]

    async def filed_under(self, prefix: str) -> list[EventRow]:
        """The events of every stream whose name begins so, oldest first. prefix: ends with "/"."""
        assert prefix.endswith("/"), "a prefix is the kind of thing that a stream is about"
        beyond = prefix[:-1] + chr(ord("/") + 1)
        return [EventRow._make(row) for row in await self._rows("filed_under", prefix, beyond)]

    async def instants(self, positions: Sequence[int]) -> dict[int, int]:
        """When the events at these positions happened, in microseconds; without those that are not there."""
        return {row[0]: row[1] for row in await self._rows("instants", positions)}

    async def leaves(self, after: int, limit: int) -> list[bytes]:
        """The leaf hashes of a page, for proofs."""
        return [row[0] for row in await self._rows("leaves", after, limit)]

    async def reply_of(self, terminal: bytes, key_epoch: int, n: int) -> tuple[bytes, int, bytes] | None:
        """(digest, position, reply) that was given to this request, or None."""
        rows = await self._rows("reply_of", terminal, key_epoch, n)
        return (rows[0][0], rows[0][1], rows[0][2]) if rows else None

    async def last_answered(self, terminal: bytes) -> int | None:
        """The position of the answer to a terminal's newest request; None when it never asked."""
        rows = await self._rows("last_answered", terminal)
        return int(rows[0][0]) if rows else None

    async def highest_n(self, after: int, up_to: int) -> list[tuple[bytes, int, int]]:
        """(terminal, key epoch, highest n answered at positions after + 1 ... up_to) of every sender."""
        return [(row[0], row[1], row[2]) for row in await self._rows("highest_n", after, up_to)]

    async def chain_at(self, position: int) -> bytes | None:
        """The chain's hash at a position: GENESIS at 0, None where there is no event."""
        rows = await self._rows("chain_at", position)
        return bytes(rows[0][0]) if rows else GENESIS if not position else None

    async def snapshots(self, code_version: str) -> list[SnapshotRow]:
        """The snapshots that this version of the program can read, newest first."""
        return [SnapshotRow._make(row) for row in await self._rows("snapshots", code_version)]

    async def snapshot_part(self, snapshot: SnapshotRow, number: int) -> bytes | None:
        """Part `number` of a snapshot, from 0; None when it is missing."""
        rows = await self._rows("snapshot_part", snapshot.position, snapshot.code_version, number)
        return bytes(rows[0][0]) if rows else None

    async def replies_between(self, after: int, up_to: int) -> list[ReplyRow]:
        """The replies at positions after + 1 ... up_to, in order."""
        return [ReplyRow._make(row) for row in await self._rows("replies_between", after, up_to)]

    async def replies_after(self, position: int) -> list[ReplyRow]:
        """The replies beyond a position, up to where the log ends now."""
        return await self.replies_between(position, (await self.stored_head()).position)

    async def batch_frame(self, digest: bytes) -> bytes | None:
        """The signed batch frame of this SHA-256, which items of it name as their evidence, or None."""
        rows = await self._rows("batch_frame", digest)
        return bytes(rows[0][0]) if rows else None

    async def tap_used(self, card: bytes, key_version: int, counter: int) -> int | None:
        """The position of the event that used this tap, or None."""
        rows = await self._rows("tap_used", card, key_version, counter)
        return int(rows[0][0]) if rows else None

    async def taps_between(self, after: int, up_to: int) -> list[TapRow]:
        """The taps used at positions after + 1 ... up_to, in order."""
        return [TapRow._make(row) for row in await self._rows("taps_between", after, up_to)]

    async def signed_heads(self, after_size: int, limit: int = PAGE_ROWS_MAX) -> list[SignedHead]:
        """The signed heads larger than after_size, smallest first."""
        return [SignedHead._make(row) for row in await self._rows("signed_heads", after_size, limit)]

    async def last_signed_head(self) -> SignedHead | None:
        """The largest signed head, or None."""
        rows = await self._rows("last_signed_head")
        return SignedHead._make(rows[0]) if rows else None

    async def _rows(self, query: str, *args: object) -> list[asyncpg.Record]:
        """Run a statement that may be run twice: after a lost connection it is sent again."""
        text = self._queries[query]
        async with self._turn:
            try:
                return await self._connection.fetch(text, *args)
            except LOST as error:
                if not is_lost(self._connection, error):
                    raise
            except (
                asyncpg.UndefinedTableError,
                asyncpg.InvalidSchemaNameError,
                asyncpg.InsufficientPrivilegeError,
            ) as error:
                raise NoSuchCaisse(
                    f"{self.schema}: {error}. Found the caisse first, or use the role meant for this"
                ) from error
            await discard(self._connection)
            self._connection = await connect_again(self._dsn, name=self._name)
            return await self._connection.fetch(text, *args)


class Reader(Pages):
    """The log for those who only read it: projections, audit."""

    @classmethod
    async def open(cls, dsn: str, schema: str) -> Self:
        """Connect with a role that may read. Raises NoSuchCaisse, and InvalidValue for the schema's name."""
        name = f"clearing reader {schema}"
        reader = cls(dsn, schema, name, await connect(dsn, name=name))
        try:
            await reader.stored_head()
        except BaseException:
            await discard(reader._connection)
            raise
        return reader
