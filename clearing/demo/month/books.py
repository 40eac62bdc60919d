"""Law: every day's proofs are taken and signed, every month's books are closed by two; both read each event of the log once."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from clearing.audit.day_roads import DayRoads, FileSeen, read_shown_day
from clearing.books.kept import Kept
from clearing.demo.caisse import CAMILLE, DOMINIQUE
from clearing.demo.month.caisse import CODE, WATCH, Caisse
from clearing.events.catalogue import Event
from clearing.events.codec import decode
from clearing.events.settlement import BatchExported
from clearing.installation.daily_proofs import file_seen, take_proofs
from clearing.installation.kept_figures import Taken, keep
from clearing.installation.opening import Connection, Installation
from clearing.rules.treasury.runway import Flows
from clearing.sql import schema_of

_PAGE: Final = 10_000


class Told(NamedTuple):
    """An event of the log, read."""

    position: int
    at_us: int
    event: Event


@dataclass(slots=True)
class Books:
    """Both as far as the log was read, over a connection that stays for the year. more: what
    the log holds after a position. files: of the batches that went to the bank,
    each looked at once."""

    more: Callable[[int], Awaitable[list[Told]]]
    shown: Connection
    roads: DayRoads = field(default_factory=DayRoads)
    flows: Flows = field(default_factory=Flows)
    kept: Kept = field(default_factory=Kept)
    files: dict[int, FileSeen] = field(default_factory=dict)
    position: int = 0

    async def read(self, caisse: Caisse) -> None:
        """What was added to the log since the last time."""
        await caisse.running.caught_up(CODE)
        home = caisse.running.installation.home
        while found := await self.more(self.position):
            for one in found:
                self.roads.take(one.event, one.position, one.at_us)
                self.flows.take(one.event, one.position, one.at_us)
                self.kept.take(one.event, one.position, one.at_us)
                if isinstance(one.event, BatchExported):
                    self._look_at(home.batch(CODE, one.event.batch) / f"{one.event.message_id}.xml", one.event.batch)
            self.position = found[-1].position

    def _look_at(self, path: Path, batch: int) -> None:
        if path.is_file():
            self.files[batch] = file_seen(path)

    async def prove(self, caisse: Caisse, day: date) -> bool:
        """The five proofs of a day that is over, signed by the machine's own key; whether all hold."""
        await self.read(caisse)
        shown = await read_shown_day(self.shown, schema_of(CODE))
        taken = Taken(up_to=shown.position, results=self.roads.results(shown, self.files), flows=self.flows)
        await caisse.order(WATCH, "take_proofs", taken.body(day))
        keep(caisse.running.installation.home, CODE, taken, day, caisse.clock.now_us(), recorded=True)
        return taken.ok

    async def publish(self, caisse: Caisse, day: date) -> None:
        """What pages show of the newest proofs, with runway and public funds: those need the whole log read once."""
        installation, now_us = caisse.running.installation, caisse.clock.now_us()
        await caisse.running.caught_up(CODE)
        keep(installation.home, CODE, await take_proofs(installation, CODE, now_us), day, now_us, recorded=True)

    async def propose_to_close(self, caisse: Caisse, period: str) -> bytes:
        """Camille makes the books of a month and proposes to close it; their digest."""
        await self.read(caisse)
        span = self.kept.span(period)
        await caisse.order(CAMILLE, "propose_month_close", {
            "period": period, "plan": span.plan, "entries": span.entries, "debit_cents": span.debit_cents,
            "sha256": span.sha256,
        })  # fmt: skip
        return span.sha256


async def close_month(caisse: Caisse, period: str, digest: bytes) -> None:
    """Dominique made the same books."""
    await caisse.order(DOMINIQUE, "confirm_month_close", {"period": period, "sha256": digest})


@asynccontextmanager
async def books_open(installation: Installation) -> AsyncIterator[Books]:
    async with installation.reading(CODE) as log, installation.connected("clearing_reader") as shown:

        async def more(after: int) -> list[Told]:
            return [
                Told(row.position, row.at_us, decode(row.type, row.schema_version, row.public, row.private))
                for row in await log.read(after, _PAGE)
            ]

        yield Books(more, shown)
