"""Law: a page and its checkpoint are one transaction, and positions have no holes; who reads a hole halts and says so.

The only file of this room that opens the event store. Several runners at once are harmless: the checkpoint moves only from
where its runner read. Source: architecture.md sections 1 and 4.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, Self, assert_never

import asyncpg

from clearing.event_store.connection import LOST, DatabaseGone, connect, connect_again, discard
from clearing.event_store.reader import Reader
from clearing.events.caisse import CaisseFounded
from clearing.events.codec import decode
from clearing.projections import ledger
from clearing.projections.generations import GenerationGone
from clearing.projections.page import CivilTime, Copy, Page, Write
from clearing.projections.reading import LogHole, PageReader
from clearing.projections.views import PACKAGE, VIEWS, Connection, View, statements
from clearing.sql import Queries

PAGE_EVENTS: Final = 10_000
POLL_S: Final = 0.02
EVENTS_PER_S: Final = 2_000  # what pages are paused for: see run
PAUSE_S_MAX: Final = 0.5
QUIET_SHARE: Final = 50  # a look at a log that has been quiet for long comes after a fiftieth of that, up to PAUSE_S_MAX
LOSSES_MAX: Final = 10
SECOND_US: Final = 1_000_000


class Runner:
    """Reads one log into the views' tables of one generation (None: whichever is live). Made by `open`; close it."""

    def __init__(
        self, log: Reader, connection: Connection, dsn: str, schema: str, generation: int | None, page_events: int,
        views: Sequence[View],
    ) -> None:  # fmt: skip
        self._log, self._connection, self._dsn, self._schema = log, connection, dsn, schema
        self._wanted, self._page_events, self._views = generation, page_events, views
        self._checkpoints = Queries.load(PACKAGE, "checkpoints.sql", schema)
        self._generation = 0
        self._statements: dict[str, Queries] = {}
        self._pages = PageReader(schema)
        self._known = False  # whether `position` is the checkpoint, as far as this runner can know
        self._losses = 0  # of the connection, without a step that ended well in between
        self._gone: DatabaseGone | None = None  # why the last step could not look
        self._moved = asyncio.Event()
        self._ahead: asyncio.Task[Page] | None = None  # the page after the one that is being written
        self._unread_us: int | None = None  # when the oldest event that is not shown was recorded; None: none is known
        self.position = 0

    @classmethod
    async def open(
        cls, dsn: str, schema: str,
        *, generation: int | None = None, page_events: int = PAGE_EVENTS, views: Sequence[View] = VIEWS,
    ) -> Self:  # fmt: skip
        """dsn: of the projector's role. Two connections: one reads the log, one writes the views."""
        log = await Reader.open(dsn, schema)
        try:
            connection = await connect(dsn, name=f"clearing projector {schema}")
        except BaseException:
            await log.close()
            raise
        return cls(log, connection, dsn, schema, generation, page_events, views)

    async def close(self) -> None:
        await self._forget_ahead()
        await self._connection.close()
        await self._log.close()

    async def lag_events(self) -> int:
        """How many events the log is ahead of these views."""
        return (await self._log.stored_head()).position - self.position

    def lag_s(self, now_us: int) -> float:
        """Seconds since the oldest event was recorded that these views don't show; 0 when all that was read is shown.

        Costs nothing, for a metric: it knows what the last look at the log, at most a pause ago, told.
        """
        return 0.0 if self._unread_us is None else max(0, now_us - self._unread_us) / SECOND_US

    async def step(self, up_to: int | None = None) -> int:
        """Write the next page, at most to position up_to. Returns its number of events: 0 when there was nothing to read,
        another runner was faster, or the database stays away. Raises LogHole, UnreadableEvent, UnexplainedPosting; then nothing
        was written.
        """
        self._gone = None
        try:
            return await self._step_once(up_to)
        except DatabaseGone as gone:  # no fault of the views: it may come back in an hour, and they follow then
            await self._forget()
            self._gone, self._losses = gone, 0
            return 0

    async def _step_once(self, up_to: int | None) -> int:
        """A step over connections that are made again when lost. Raises DatabaseGone when they can't be."""
        try:
            if not self._known:
                await self._find_checkpoint()
            written = await self._step(up_to)
        except (*LOST, asyncpg.InternalClientError) as error:
            # A session that the server ends while it is idle leaves the client in a state of its own, with any of these errors.
            # A wrong value (DataError is a ValueError too) or a fault that comes back on every fresh connection is ours.
            self._losses += 1
            if isinstance(error, ValueError) or self._losses > LOSSES_MAX:
                raise
            await self._connect_again()
            return 0
        self._losses = 0
        return written

    async def _forget(self) -> None:
        self._known = False  # the page may have been committed or not: its checkpoint will tell
        await self._forget_ahead()

    async def _connect_again(self) -> None:
        await self._forget()
        await discard(self._connection)
        self._connection = await connect_again(self._dsn, name=f"clearing projector {self._schema}")

    async def _step(self, up_to: int | None) -> int:
        limit = self._page_events if up_to is None else min(self._page_events, up_to - self.position)
        page = await self._next_page(limit)
        if not page:
            self._unread_us = None
            return 0
        self._unread_us = page.first_us
        self._known = False
        if len(page) == self._page_events:  # catching up: the database writes this page while the next one is decoded
            self._ahead = asyncio.create_task(self._page_after(page.last, self._page_events))
        try:
            written = await self._write(page)
        except asyncpg.UndefinedTableError:
            written = False  # the generation was dropped under us: the next step looks for the live one
        if not written:
            await self._forget_ahead()
            return 0
        self._stand_at(page.last)
        self._unread_us = None if self._ahead is None else page.last_us  # the next one is younger, but not known yet
        return len(page)

    async def _next_page(self, limit: int) -> Page:
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            page = await ahead
            if page and page.first == self.position + 1 and len(page) <= limit:
                return page
        return await self._page_after(self.position, limit) if limit > 0 else Page(self.position + 1, self.position)

    async def _forget_ahead(self) -> None:
        if self._ahead is not None:
            self._ahead.cancel()
            await asyncio.gather(self._ahead, return_exceptions=True)
            self._ahead = None

    async def run(self, stop: asyncio.Event, *, wake: asyncio.Event | None = None, poll_s: float = POLL_S) -> None:
        """Follow the log until `stop`. Set `wake` after an append, and to stop at once: it saves waiting for the next page.

        After a page comes a pause that grows with it, from poll_s to PAUSE_S_MAX: a page costs 2 ms whatever its size, and a
        busy log's sums per producer are written as cheaply for 5,000 sales as for 500. A full page is followed at once. A quiet
        log is looked at less and less often: a thousand caisses at night must not keep a machine busy.
        """
        waiting, now_s = wake or stop, asyncio.get_running_loop().time
        spoke_s = now_s()
        while not stop.is_set():
            written = await self.step()
            if written >= self._page_events:
                continue
            if written:
                spoke_s = now_s()
            pause_s = written / EVENTS_PER_S if written else (now_s() - spoke_s) / QUIET_SHARE
            try:
                await asyncio.wait_for(waiting.wait(), max(poll_s, min(pause_s, PAUSE_S_MAX)))
            except TimeoutError:
                continue
            if wake is not None:
                wake.clear()

    async def reached(self, position: int) -> None:
        """Wait until the views stand at `position` or beyond, while another task runs this runner."""
        while self.position < position:
            await self._moved.wait()

    async def run_to(self, position: int) -> None:
        """Follow the log until the checkpoint is at `position` or beyond, moved by this runner or another one.

        Somebody waits for this one: raises DatabaseGone too.
        """
        while not self._known or self.position < position:
            written = await self.step(position)
            if self._gone is not None:
                raise self._gone
            if written == 0 and self._known and self.position < position:
                raise LogHole(f"{self._schema} ends before event {position}, which was read already; run `clearing audit`")

    async def _find_checkpoint(self) -> None:
        if self._wanted is None:
            row = await self._connection.fetchrow(self._checkpoints["live"])
        else:
            row = await self._connection.fetchrow(self._checkpoints["one"], self._wanted)
        if row is None:
            raise GenerationGone(
                f"{self._schema} has no views to write ({self._wanted or 'none live'}): set them up, which `clearing serve` "
                "does when it starts, for those of an older program too"
            )
        generation = int(row["version"])
        if generation != self._generation:
            self._statements = {view.file: statements(view.file, self._schema, generation) for view in self._views}
            self._generation = generation
        self._stand_at(int(row["position"]))

    def _stand_at(self, position: int) -> None:
        self.position, self._known = position, True
        self._moved.set()
        self._moved = asyncio.Event()

    async def _page_after(self, position: int, limit: int) -> Page:
        """The next page, read. Raises LogHole when its events do not follow `position` one by one."""
        rows = await self._log.read_bodies(position, limit)
        if rows and position == self.position:
            self._unread_us = int(rows[0]["at_us"])  # also when the page can't be read to its end
        if position and rows and self._pages.civil is None:
            await self._look_up_founding()
        page = Page(position + 1, position)
        for _ in self._pages.read(rows, page):
            await asyncio.sleep(0)  # who shares this loop is not kept waiting for a whole page
        return page

    async def _look_up_founding(self) -> None:
        """Civil time of the caisse, which its first event names: for a runner that starts in the middle of a log."""
        for row in await self._log.read(0, 1):
            founded = decode(row.type, row.schema_version, row.public, row.private)
            if isinstance(founded, CaisseFounded):
                self._pages.civil = CivilTime(founded.zone)

    async def _write(self, page: Page) -> bool:
        """One transaction: the checkpoint first, which locks out other runners. False: another one had moved it."""
        connection = self._connection
        async with connection.transaction():
            moved = await connection.fetchval(
                self._checkpoints["advance"], self._generation, self.position, page.last, self._wanted is None
            )
            if moved is None:
                return False
            origins = await self._origins(page)
            for view in self._views:
                for part in view.writes(page, origins):
                    await self._write_part(view, part)
        return True

    async def _write_part(self, view: View, part: Write | Copy) -> None:
        match part:
            case Write():
                await self._connection.execute(self._statements[view.file][part.statement], *part.arguments)
            case Copy():
                await self._connection.copy_records_to_table(
                    f"{part.table}_{self._generation}", schema_name=self._schema, columns=part.columns, records=part.rows
                )
            case _:
                assert_never(part)

    async def _origins(self, page: Page) -> dict[str, str]:
        keys = ledger.asks(page)
        if not keys:
            return {}
        rows = await self._connection.fetch(self._statements[ledger.FILE]["origins"], sorted(keys))
        return {row["key"]: row["value"] for row in rows}
