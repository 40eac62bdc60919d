"""Law: one writer appends; a group is one statement that moves the head and inserts, or touches nothing.

Zero rows mean that this writer is fenced, or that the database is not where memory is: either way it stops. A statement
whose outcome is unknown is sent again, and the head tells whether it had committed. Source: architecture.md section 3.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Self, TypeVar

import asyncpg

from clearing.event_store.connection import (
    LOST,
    RECONNECT_S,
    Connection,
    DatabaseGone,
    connect,
    connect_again,
    discard,
    is_lost,
)
from clearing.event_store.proofs import GENESIS
from clearing.event_store.reader import Pages
from clearing.event_store.rows import BatchRow, EventRow, Head, ReplyRow, TapRow

T = TypeVar("T")

SECOND_US: Final = 1_000_000
SENDS_MAX: Final = 20  # in one append, each over a fresh connection
SYNCHRONOUS: Final = {"on", "remote_apply"}


class LeaseHeld(RuntimeError):
    """Another writer holds this caisse's lease until until_us."""

    def __init__(self, holder: str, until_us: int) -> None:
        self.holder = holder
        self.until_us = until_us
        until = datetime.fromtimestamp(until_us / SECOND_US, UTC).isoformat(timespec="seconds")
        super().__init__(
            f"this caisse is written by {holder}, whose lease runs until {until}: stop that writer, wait until its lease "
            "ends, or start with --take-over if it is dead"
        )


class LogHalted(RuntimeError):
    """The log takes no more appends from this process."""


class Fenced(LogHalted):
    """Another writer took over: nothing of the group was written, and this process must stop."""


class DatabaseBehind(LogHalted):
    """The database is not where this process's memory is: a backup or a lagging standby was put in its place."""


class OutcomeUnknown(LogHalted):
    """The database committed, but warns that a standby may lack it: this process must stop; terminals resend."""


class NotDurable(RuntimeError):
    """PostgreSQL is set so that an acknowledged commit may be lost."""


class LogDamaged(RuntimeError):
    """The head and the last event disagree."""


class AlreadyStored(RuntimeError):
    """A reply or a tap of the group is stored already: a fault of the writer; nothing of the group was written."""


class NoPartition(RuntimeError):
    """No partition of events takes the next position; nothing of the group was written."""


class Log(Pages):
    """The writer's hold on the log: a second connection that only appends. `head` is where this writer knows the log to end."""

    head: Head
    writer: str
    reconnect_s: float = RECONNECT_S
    _appending: Connection
    _now_us: Callable[[], int]
    _lease_us: int
    _halted: LogHalted | None = None
    _warning: str = ""

    @classmethod
    async def open(
        cls, dsn: str, schema: str, *, writer: str, lease_s: float, now_us: Callable[[], int], take_over: bool = False
    ) -> Self:
        """Take the lease and with it a new epoch. `writer` names this process to whoever is refused; now_us is the wall clock.

        Raises LeaseHeld, NotDurable, LogDamaged, NoSuchCaisse.
        """
        name = f"clearing writer {schema}"
        log = cls(dsn, schema, name, await connect(dsn, name=name))
        log.writer, log._now_us, log._lease_us = writer, now_us, int(lease_s * SECOND_US)
        try:
            await log._refuse_unless_durable()
            log.head = await log._take_lease(take_over)
            await log._refuse_unless_whole()
            log._appending = await log._listening(connect(dsn, name=name))
        except BaseException:
            await discard(log._connection)
            raise
        return log

    async def append_group(
        self, events: Sequence[EventRow], replies: Sequence[ReplyRow] = (), taps: Sequence[TapRow] = (),
        batches: Sequence[BatchRow] = (),
    ) -> Head:  # fmt: skip
        """Write the group in one statement, one round trip, one commit; returns the new head. Never cut short by a cancel.

        The events follow `head` without a gap, in position and in time. Raises Fenced, DatabaseBehind, OutcomeUnknown (all
        LogHalted: stop this process), AlreadyStored and NoPartition (nothing was written).
        """
        if self._halted is not None:
            raise self._halted
        before, last = self.head, events[-1]
        assert events[0].position == before.position + 1, "the group does not follow the head"
        assert last.position == before.position + len(events), "the group has a gap"
        assert events[0].at_us > before.at_us, "time in the log rises strictly"
        after = Head(before.epoch, last.position, last.chain, last.at_us)
        lease_until_us = self._now_us() + self._lease_us
        moved = (before.epoch, before.position, before.chain, after.position, after.chain, after.at_us, lease_until_us)
        columns = (
            *_columns(events, EventRow), *_columns(replies, ReplyRow), *_columns(taps, TapRow), *_columns(batches, BatchRow)
        )  # fmt: skip
        return await _to_the_end(self._append((*moved, *columns), after))

    async def renew_lease(self) -> None:
        """Keep the lease while nothing is appended (each append renews it too). Raises Fenced."""
        until_us = self._now_us() + self._lease_us
        if not await self._rows("renew_lease", self.head.epoch, until_us):
            raise await self._halt()

    async def release(self) -> None:
        """A clean stop: the next writer need not wait for the lease."""
        await self._rows("release_lease", self.head.epoch)
        await self.close()

    async def close(self) -> None:
        """Close both connections and leave the lease to run out."""
        await self._appending.close()
        await super().close()

    async def store_head(self, size: int, root: bytes, signature: bytes) -> None:
        """Keep a signed head; a size that is there already stays as it is."""
        await self._rows("store_head", size, root, signature, self._now_us())

    async def _append(self, args: tuple[object, ...], after: Head) -> Head:
        """Send until the outcome is known. Whether a group that was sent before had committed is told by the head."""
        for attempt in range(SENDS_MAX):
            try:
                moved = await self._appending.fetchval(self._queries["append_group"], *args)
            except LOST as error:
                if not is_lost(self._appending, error):
                    raise
                await self._reconnect()
                continue
            except asyncpg.UniqueViolationError as error:
                raise AlreadyStored(
                    f"{error}: {error.detail}; answer a repeat from the stored reply instead"
                ) from error
            except asyncpg.CheckViolationError as error:
                raise NoPartition(
                    f"{error}: make partitions ahead (as administrator), then start the writer"
                ) from error
            if moved is None and not (attempt and await self._had_committed(after)):
                raise await self._halt()
            if self._warning:
                self._halted = OutcomeUnknown(
                    f"PostgreSQL warns: {self._warning}. Look at the standby before starting again"
                )
                raise self._halted
            self.head = after
            return after
        self._halted = OutcomeUnknown(
            f"the connection was lost {SENDS_MAX} times in one append: look at PostgreSQL's log"
        )
        raise self._halted

    async def _had_committed(self, after: Head) -> bool:
        return await self.stored_head() == after

    async def _reconnect(self) -> None:
        await discard(self._appending)
        try:
            again = connect_again(self._dsn, name=self._name, limit_s=self.reconnect_s)
            self._appending = await self._listening(again)
        except DatabaseGone as gone:
            self._halted = OutcomeUnknown(str(gone))
            raise self._halted from gone

    async def _halt(self) -> LogHalted:
        """Name the reason for zero rows, and take no more appends."""
        stored, mine = await self.stored_head(), self.head
        if stored.epoch > mine.epoch:
            holder = (await self._rows("lease"))[0]["writer"]
            self._halted = Fenced(
                f"{holder} took over this caisse (epoch {stored.epoch}, this writer had {mine.epoch}): this writer stops. "
                "Requests in flight are answered by the new writer when the terminals resend them"
            )
        else:
            self._halted = DatabaseBehind(
                f"the database ends at position {stored.position} (epoch {stored.epoch}), this writer acknowledged position "
                f"{mine.position} (epoch {mine.epoch}): do not go on with this database. Find the one that holds position "
                f"{mine.position}, or restore it; audit it before a writer starts"
            )
        return self._halted

    async def _take_lease(self, take_over: bool) -> Head:
        now_us = self._now_us()
        rows = await self._rows("take_lease", self.writer, now_us + self._lease_us, now_us, take_over)
        if not rows:
            lease = (await self._rows("lease"))[0]
            raise LeaseHeld(lease["writer"], lease["lease_until_us"])
        return Head._make(rows[0])

    async def _refuse_unless_durable(self) -> None:
        told = (await self._rows("durability"))[0]
        if told["fsync"] != "on" or told["full_page_writes"] != "on" or told["synchronous_commit"] not in SYNCHRONOUS:
            raise NotDurable(
                f"PostgreSQL runs with {', '.join(f'{name} = {value}' for name, value in told.items())}: an acknowledged sale "
                "could be lost. Set all three to on, reload, and start again"
            )

    async def _refuse_unless_whole(self) -> None:
        rows = await self._rows("chain_at", self.head.position)
        chain = rows[0][0] if rows else GENESIS
        if chain != self.head.chain or (not rows and self.head.position):
            raise LogDamaged(
                f"the head says {self.head.position} {self.head.chain.hex()}, but the event there has the chain {chain.hex()}: "
                "start no writer; run the audit, it names the first bad event"
            )

    async def _listening(self, connecting: Awaitable[Connection]) -> Connection:
        connection = await connecting
        connection.add_log_listener(self._hear)
        return connection

    def _hear(self, _connection: object, message: Any) -> None:
        """A warning during an append says that a commit's wait for the standby was cut short."""
        if message.severity_en == "WARNING":
            self._warning = message.message


def _columns(
    rows: Sequence[tuple[object, ...]], row_type: type[EventRow | ReplyRow | TapRow | BatchRow]
) -> Sequence[Sequence[object]]:
    """Rows turned into one array per column, as unnest takes them."""
    return list(zip(*rows, strict=True)) if rows else [()] * len(row_type._fields)


async def _to_the_end(work: Coroutine[None, None, T]) -> T:
    """Await work even when cancelled meanwhile: a commit cut short has an unknown outcome. The cancel is passed on after it."""
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            cancelled = True
    if cancelled and not task.cancelled():
        task.exception()
        raise asyncio.CancelledError
    return task.result()
