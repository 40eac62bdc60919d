"""Law: every day's proofs are taken and signed, every month's books are closed by two; both read each event of the log once."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from clearing.audit.day_roads import DayRoads, FileSeen, read_shown_day
from clearing.books.kept import Kept
from clearing.demo.caisse import CAMILLE, DOMINIQUE
from clearing.demo.month.caisse import CODE, WATCH, Caisse
from clearing.events.codec import decode
from clearing.events.settlement import BatchExported
from clearing.installation.daily_proofs import Taken, file_seen, keep
from clearing.rules.treasury.runway import Flows
from clearing.sql import schema_of

PAGE: Final = 10_000


@dataclass(slots=True)
class Books:
    """Both as far as the log was read. files: of the batches that went to the bank, each looked at once."""

    roads: DayRoads = field(default_factory=DayRoads)
    flows: Flows = field(default_factory=Flows)
    kept: Kept = field(default_factory=Kept)
    files: dict[int, FileSeen] = field(default_factory=dict)
    position: int = 0

    async def read(self, caisse: Caisse) -> None:
        """What was added to the log since the last time."""
        await caisse.running.caught_up(CODE)
        installation = caisse.running.installation
        async with installation.reading(CODE) as log:
            while rows := await log.read(self.position, PAGE):
                for row in rows:
                    event = decode(row.type, row.schema_version, row.public, row.private)
                    self.roads.take(event, row.position, row.at_us)
                    self.flows.take(event, row.position, row.at_us)
                    self.kept.take(event, row.position, row.at_us)
                    if isinstance(event, BatchExported):
                        self._look_at(installation.home.batch(CODE, event.batch) / f"{event.message_id}.xml", event.batch)
                self.position = rows[-1].position

    def _look_at(self, path: Path, batch: int) -> None:
        if path.is_file():
            self.files[batch] = file_seen(path)

    async def prove(self, caisse: Caisse, day: date) -> bool:
        """The five proofs of a day that is over, signed by the machine's own key; whether all hold."""
        await self.read(caisse)
        async with caisse.running.installation.connected("clearing_reader") as connection:
            shown = await read_shown_day(connection, schema_of(CODE))
        taken = Taken(up_to=shown.position, results=self.roads.results(shown, self.files), flows=self.flows)
        await caisse.order(WATCH, "take_proofs", taken.body(day))
        keep(caisse.running.installation.home, CODE, taken, day, caisse.clock.now_us(), recorded=True)
        return taken.ok

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
