"""Law: a rebuild writes new tables beside the running ones, compares both at one position, and is shown at once or never.

Nothing but tables is touched: no file, no mail, no event. Source: architecture.md section 4.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from clearing.projections.generations import (
    CHECKPOINTS,
    SHOW_TRIES,
    GenerationGone,
    breaches,
    drop,
    index,
    make,
    publish,
    totals,
)
from clearing.projections.runner import PAGE_EVENTS, Runner
from clearing.projections.views import PACKAGE, VIEWS, Connection, View
from clearing.sql import Queries

Report = Callable[[str], None]
PROGRESS_EVENTS: Final = 100_000


class StillRead(Exception):
    """The new tables could not be shown, because the running ones were read without a pause; nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildReport:
    """flipped: the new tables are shown. generation: the one shown now. differences: figure, what ran and what was rebuilt.
    breaches: sums of the new tables that contradict each other; with one of these nothing is ever shown."""

    flipped: bool
    generation: int
    position: int
    events_per_s: int
    differences: tuple[str, ...]
    breaches: tuple[str, ...]


async def rebuild(
    admin_dsn: str, projector_dsn: str, schema: str, report: Report,
    *, accept_differences: bool = False, page_events: int = PAGE_EVENTS, views: Sequence[View] = VIEWS,
) -> RebuildReport:  # fmt: skip
    """Read the whole log into new tables; show them when every figure equals the running one's.

    accept_differences: show them although figures differ, because the running tables are the wrong ones (then tell those who
    read them). Raises GenerationGone without running tables, LogHole and whatever a page raises: nothing has changed then.
    """
    admin = await asyncpg.connect(admin_dsn)
    try:
        await drop_unseen(admin, schema, report)
        generation = await make(admin, schema, views=views, indexed=False)
        fresh = await Runner.open(projector_dsn, schema, generation=generation, page_events=page_events, views=views)
        live = await Runner.open(projector_dsn, schema, page_events=page_events)
        try:
            work = _Rebuild(admin, fresh, live, schema, generation, report, views)
            return await work.run(accept_differences=accept_differences)
        except BaseException:
            await _drop_unless_read(admin, schema, generation, report)
            raise
        finally:
            await fresh.close()
            await live.close()
    finally:
        await admin.close()


async def drop_unseen(admin: Connection, schema: str, report: Report) -> None:
    """Remove every generation that is not shown; one that is still read is left for the next time."""
    for row in await admin.fetch(Queries.load(PACKAGE, CHECKPOINTS, schema)["generations"]):
        if not row["live"]:
            await _drop_unless_read(admin, schema, int(row["version"]), report)


async def _drop_unless_read(admin: Connection, schema: str, generation: int, report: Report) -> None:
    try:
        async with admin.transaction():
            await drop(admin, schema, generation)
    except asyncpg.LockNotAvailableError:
        report(f"generation {generation} is still read; the next rebuild will drop it")
    else:
        report(f"generation {generation} was dropped")


class _Rebuild:
    def __init__(
        self, admin: Connection, fresh: Runner, live: Runner, schema: str, generation: int, report: Report,
        views: Sequence[View],
    ) -> None:  # fmt: skip
        self._admin, self._fresh, self._live = admin, fresh, live
        self._schema, self._generation, self._report, self._views = schema, generation, report, views
        self._checkpoints = Queries.load(PACKAGE, CHECKPOINTS, schema)

    async def run(self, *, accept_differences: bool) -> RebuildReport:
        """Catch up; then, with the running checkpoint locked so that both stand still, compare and show."""
        events_per_s = await self._catch_up()
        for _ in range(SHOW_TRIES):
            if not accept_differences:  # else the running tables may be stuck, which is why they are rebuilt
                await self._live.run_to(self._fresh.position)
            try:
                async with self._admin.transaction():
                    report = await self._compare_and_show(events_per_s, accept_differences)
            except asyncpg.LockNotAvailableError:
                self._report("somebody reads the running tables; trying again")
                continue
            if report is not None:
                await self._drop_old(report)
                return report
        raise StillRead(
            f"the running tables of {self._schema} were read without a pause: end the long session that pg_stat_activity "
            "shows, then rebuild again"
        )

    async def _catch_up(self) -> int:
        """Read to the end of the log, then make the indexes; returns events per second of both."""
        started, shown = time.perf_counter(), 0
        while await self._fresh.step():
            if self._fresh.position - shown >= PROGRESS_EVENTS:
                shown = self._fresh.position
                self._report(f"read {shown:,} events")
        await index(self._admin, self._schema, self._generation, views=self._views)
        seconds = max(time.perf_counter() - started, 1e-6)
        self._report(f"read {self._fresh.position:,} events and made the indexes in {seconds:.1f} s")
        return int(self._fresh.position / seconds)

    async def _compare_and_show(self, events_per_s: int, accept_differences: bool) -> RebuildReport | None:
        """None: the running tables are behind the new ones, and must come to the same position first."""
        running = await self._admin.fetchrow(self._checkpoints["lock_live"])
        if running is None:
            raise GenerationGone(f"{self._schema} shows no views yet: set them up, then there is nothing to rebuild")
        old, old_position = int(running["version"]), int(running["position"])
        await self._fresh.run_to(old_position)  # people's figures never go back
        if self._fresh.position != old_position and not accept_differences:
            return None
        differences = await self._differences(old, old_position)
        wrong = tuple(await breaches(self._admin, self._schema, self._generation))
        shown = not wrong and (not differences or accept_differences)
        if shown:
            await publish(self._admin, self._schema, self._generation, views=self._views)
        return RebuildReport(
            flipped=shown, generation=self._generation if shown else old, position=self._fresh.position,
            events_per_s=events_per_s, differences=differences, breaches=wrong,
        )  # fmt: skip

    async def _drop_old(self, report: RebuildReport) -> None:
        """Whichever generation is not shown now. Somebody may read it still: then the next rebuild drops it."""
        for line in (*report.breaches, *report.differences):
            self._report(line)
        stays = f"generation {report.generation} "
        self._report(stays + "is shown now" if report.flipped else stays + "stays as it was")
        await drop_unseen(self._admin, self._schema, self._report)

    async def _differences(self, old: int, old_position: int) -> tuple[str, ...]:
        if old_position != self._fresh.position:
            return (f"the running tables stand at {old_position}, the rebuilt ones at {self._fresh.position}",)
        running = await totals(self._admin, self._schema, old)
        rebuilt = await totals(self._admin, self._schema, self._generation, views=self._views)
        return tuple(
            f"{figure}: running {running.get(figure, 0)}, rebuilt {rebuilt.get(figure, 0)}"
            for figure in sorted(running.keys() | rebuilt.keys())
            if running.get(figure, 0) != rebuilt.get(figure, 0)
        )
