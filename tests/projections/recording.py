"""Law: events get into the log by the writer's role and its one statement, whatever a test wants to see in the views."""

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from clearing.authoriser.streams import stream_of
from clearing.event_store.log import Log
from clearing.event_store.rows import EventRow
from clearing.events.catalogue import Event
from clearing.events.codec import encode
from clearing.projections.generations import install
from clearing.projections.questions import Questions
from clearing.projections.rebuild import RebuildReport, rebuild
from clearing.projections.runner import PAGE_EVENTS, Runner
from clearing.projections.views import VIEWS, View
from tests.given_when_then import Story
from tests.postgres_server import TestCaisse
from tests.projections.random_caisse import START_US, RandomCaisse


@dataclass
class ViewedCaisse:
    """A caisse in a running server with its views; `record` is its writer."""

    caisse: TestCaisse
    log: Log

    @classmethod
    async def founded(cls, caisse: TestCaisse) -> Self:
        async with caisse.connection() as admin:
            await install(admin, caisse.schema)
        log = await Log.open(caisse.dsn(), caisse.schema, writer="test", lease_s=60, now_us=lambda: START_US)
        return cls(caisse, log)

    @property
    def schema(self) -> str:
        return self.caisse.schema

    async def close(self) -> None:
        await self.log.release()

    async def record(self, events: Sequence[Event], at_us: Sequence[int]) -> None:
        """Append them behind what is there, in groups of 200."""
        rows = []
        for position, (event, at) in enumerate(zip(events, at_us, strict=True), self.log.head.position + 1):
            stored, mark = encode(event), hashlib.sha256(b"%d" % position).digest()
            rows.append(EventRow(
                position, stream_of(event), position, stored.type, stored.schema_version, at, stored.public, stored.private,
                bytes(16), b"", mark, mark,
            ))  # fmt: skip
        for start in range(0, len(rows), 200):
            await self.log.append_group(rows[start : start + 200])

    async def record_all(self, story: RandomCaisse) -> None:
        """What the story has more than the log."""
        there = self.log.head.position
        await self.record(story.events[there:], story.at_us[there:])

    async def record_story(self, story: Story) -> None:
        """The same for a story of the real rules."""
        there = self.log.head.position
        await self.record(story.history[there:], story.instants[there:])

    @asynccontextmanager
    async def runner(
        self, *, page_events: int = PAGE_EVENTS, generation: int | None = None, views: Sequence[View] = VIEWS
    ) -> AsyncIterator[Runner]:
        dsn = self.caisse.dsn("clearing_projector")
        runner = await Runner.open(dsn, self.schema, page_events=page_events, generation=generation, views=views)
        try:
            yield runner
        finally:
            await runner.close()

    async def project(self, *, page_events: int = PAGE_EVENTS) -> int:
        """Bring the live views to the end of the log; returns the number of pages."""
        pages = 0
        async with self.runner(page_events=page_events) as runner:
            while await runner.step():
                pages += 1
        return pages

    @asynccontextmanager
    async def asked(self) -> AsyncIterator[Questions]:
        async with self.caisse.connection("clearing_reader") as connection:
            yield Questions(connection, self.schema)

    async def rebuild(
        self, *, accept_differences: bool = False, page_events: int = PAGE_EVENTS, views: Sequence[View] = VIEWS,
        listen: Callable[[str], None] = lambda _: None,
    ) -> tuple[RebuildReport, list[str]]:  # fmt: skip
        """The report, and the lines that were said meanwhile (listen hears them at once)."""
        said: list[str] = []

        def hear(line: str) -> None:
            said.append(line)
            listen(line)

        report = await rebuild(
            self.caisse.dsn("clearing_admin"), self.caisse.dsn("clearing_projector"), self.schema, hear,
            accept_differences=accept_differences, page_events=page_events, views=views,
        )  # fmt: skip
        return report, said
