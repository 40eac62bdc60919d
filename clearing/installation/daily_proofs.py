"""Law: the five proofs of a day are taken after its close by a process that only reads, whatever is being sold meanwhile.

Taken every night, kept for operators' figures, and recorded by the technical person whose key the settings name; without one
they are taken all the same, and people are told that nobody signs them. A proof that can't be taken is an alarm too.
"""

import asyncio
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from subprocess import SubprocessError
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog
from lxml import etree

from clearing.audit.day_roads import DayRoads, FileSeen, read_shown_day
from clearing.event_store.reader import PAGE_ROWS_MAX
from clearing.events.codec import decode
from clearing.events.proofs import ProofResult
from clearing.installation.home import Home, write_private
from clearing.installation.opening import Installation
from clearing.installation.snapshots import first_pause_s
from clearing.rules.book import Book
from clearing.rules.treasury.proofs import PROOFS, agrees, holds, told
from clearing.rules.treasury.runway import Flows, Gauge, gauge
from clearing.sql import schema_of
from clearing.telemetry import LogEvent, Telemetry
from clearing.values import CaisseCode

LOOK_EVERY_S: Final = 60
FIRST_S: Final = 600
AGAIN_US: Final = 3_600_000_000
"""After a night's proofs that could not be taken."""
AFTER_CLOSE: Final = timedelta(minutes=20)
_NICE: Final = 15  # whoever sells comes first
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """up_to: the position of all roads. flows: by civil day up to there, for the gauge of twelve months.
    sealed: the log takes nothing in any more."""

    up_to: int
    results: tuple[ProofResult, ...]
    flows: Flows
    sealed: bool = False

    @property
    def ok(self) -> bool:
        return all(map(holds, self.results))

    def body(self, day: date) -> dict[str, object]:
        """Of the command that records them."""
        return {"day": day.isoformat(), "up_to": self.up_to, "results": [
            {"proof": one.proof, "compared": one.compared, "figures": [
                {"name": figure.name} | {
                    road: cents for road, cents in zip(("log", "book", "shown"), figure[1:], strict=True) if cents is not None
                } for figure in one.figures
            ]} for one in self.results
        ]}  # fmt: skip


async def take_proofs(installation: Installation, code: CaisseCode) -> Taken:
    """All roads at the position of the live views. Reads the whole log. Raises NothingShown, UnreadableEvent."""
    async with installation.connected("clearing_reader") as connection:
        shown = await read_shown_day(connection, schema_of(code))
    roads, flows, after = DayRoads(), Flows(), 0
    async with installation.reading(code) as log:
        while after < shown.position:
            rows = await log.read(after, min(PAGE_ROWS_MAX, shown.position - after))
            for row in rows:
                event = decode(row.type, row.schema_version, row.public, row.private)
                roads.take(event, row.position, row.at_us)
                flows.take(event, row.position, row.at_us)
            after = rows[-1].position if rows else shown.position
    files = dict(_files(installation.home, code, roads.book))
    return Taken(up_to=shown.position, results=roads.results(shown, files), flows=flows, sealed=roads.book.closing.sealed)


def _files(home: Home, code: CaisseCode, book: Book) -> Iterator[tuple[int, FileSeen]]:
    """Of the batches whose bank file lies in this home; one exported elsewhere is compared there."""
    for number, batch in book.settlement.batches.items():
        if batch.exported is not None:
            path = home.batch(code, number) / f"{batch.exported.message_id}.xml"
            if path.is_file():
                yield number, file_seen(path)


def file_seen(path: Path) -> FileSeen:
    """A file that is no XML any more tells the bank to pay nothing."""
    content = path.read_bytes()
    try:
        amounts = etree.fromstring(content).iter("{*}InstdAmt")
        cents = sum(_cents(one.text or "") for one in amounts)
    except (etree.XMLSyntaxError, ValueError):
        cents = 0
    return FileSeen(hashlib.sha256(content).digest(), cents)


def _cents(text: str) -> int:
    """ "12.50" -> 1250. Raises ValueError."""
    whole, _, part = text.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0")[:2] or "0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The newest proofs that were taken here, for figures. failed: proof -> its first figure that differs, in words.
    gauge: in and out over the twelve months up to their day. signed: the newest day whose proofs were recorded from here."""

    day: str
    up_to: int
    at_us: int
    recorded: bool
    failed: dict[str, str]
    gauge: Gauge
    signed: str


def keep(home: Home, code: CaisseCode, taken: Taken, day: date, at_us: int, *, recorded: bool) -> Kept:
    failed = {
        one.proof: told(next(figure for figure in one.figures if not agrees(figure)))
        for one in taken.results if not holds(one)
    }  # fmt: skip
    flow, before, on = taken.flows.gauge(day), kept(home, code), day.isoformat()
    signed = on if recorded or taken.sealed else "" if before is None else before.signed
    said = {"day": on, "up_to": taken.up_to, "at_us": at_us, "recorded": recorded, "failed": failed,
            "in_cents": flow.in_cents, "out_cents": flow.out_cents, "signed": signed}  # fmt: skip
    write_private(home.daily_proofs(code), json.dumps(said).encode())
    return Kept(
        day=on, up_to=taken.up_to, at_us=at_us, recorded=recorded, failed=failed, gauge=flow, signed=signed
    )


def kept(home: Home, code: CaisseCode) -> Kept | None:
    """None when none were taken here, or what was kept can't be read."""
    try:
        said: Any = json.loads(home.daily_proofs(code).read_bytes())
        return Kept(
            day=str(said["day"]), up_to=int(said["up_to"]), at_us=int(said["at_us"]), recorded=bool(said["recorded"]),
            failed={str(name): str(text) for name, text in dict(said["failed"]).items()},
            gauge=gauge(int(said["in_cents"]), int(said["out_cents"])), signed=str(said["signed"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def show_proofs(home: Home, code: CaisseCode, telemetry: Telemetry) -> None:
    """The gauges of a caisse, from what was kept; unset before the first night."""
    known = kept(home, code)
    if known is None:
        return
    telemetry.proofs_timestamp_seconds.labels(code).set(known.at_us // 1_000_000)
    telemetry.flow_12_months_cents.labels(code, "in").set(known.gauge.in_cents)
    telemetry.flow_12_months_cents.labels(code, "out").set(known.gauge.out_cents)
    for proof in PROOFS:
        telemetry.proof_holds.labels(code, proof).set(0 if proof in known.failed else 1)


def last_close(now_us: int, zone: ZoneInfo) -> date:
    """The newest civil day that has been over for AFTER_CLOSE."""
    moment = (_EPOCH + timedelta(microseconds=now_us)).astimezone(zone) - AFTER_CLOSE
    return moment.date() - timedelta(days=1)


async def prove_each_night(
    installation: Installation, code: CaisseCode, telemetry: Telemetry, stop: asyncio.Event, turn: asyncio.Semaphore,
    now_us: Callable[[], int], zone_of: Callable[[], ZoneInfo | None], *, first_s: float = FIRST_S,
    look_every_s: float = LOOK_EVERY_S,
) -> None:  # fmt: skip
    """Until `stop`: once for each civil day that is over, by a child process. turn: of those that may run at the same time.

    zone_of: None as long as the caisse is not founded. first_s: no start of an installation is slowed by it; the caisses of one
    machine are spread over the second half of that time.
    """
    again_us, pause_s = 0, first_pause_s(code, first_s)
    while not stop.is_set():
        try:
            await asyncio.wait_for(stop.wait(), pause_s)
            return
        except TimeoutError:
            pause_s = look_every_s
        zone, now = zone_of(), now_us()
        if zone is not None and now >= again_us and _is_due(installation, code, last_close(now, zone).isoformat()):
            async with turn:
                if not stop.is_set():
                    await _in_a_child(installation, code, telemetry, stop)
            again_us = now + AGAIN_US


def _is_due(installation: Installation, code: CaisseCode, closed: str) -> bool:
    """Whether a day's proofs have not been taken, or not been signed though somebody is named to."""
    known = kept(installation.home, code)
    return known is None or known.day < closed or (bool(installation.settings.proofs_by) and known.signed < closed)


async def _in_a_child(installation: Installation, code: CaisseCode, telemetry: Telemetry, stop: asyncio.Event) -> None:
    """A proof that does not hold is an alarm with its figure, as is one that can't be taken."""
    words = ("-m", "clearing", "--home", str(installation.home.folder), "proofs", "--caisse", code, "--night")
    try:
        child = await asyncio.create_subprocess_exec(
            sys.executable, *words, stdout=asyncio.subprocess.DEVNULL, preexec_fn=lambda: os.nice(_NICE)
        )
    except (OSError, SubprocessError) as fault:
        _alarm(telemetry, code, f"they can't be taken: {fault!r}")
        return
    ending, stopping = asyncio.ensure_future(child.wait()), asyncio.ensure_future(stop.wait())
    await asyncio.wait({ending, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not ending.done():
        child.terminate()
        await ending
        return
    show_proofs(installation.home, code, telemetry)
    known = kept(installation.home, code)
    if ending.result() not in (0, 1) or known is None:
        _alarm(telemetry, code, f"exit code {ending.result()}; run: clearing proofs")
        return
    for proof, figure in known.failed.items():
        _alarm(telemetry, code, f"{PROOFS[proof]} does not hold: {figure}")


def _alarm(telemetry: Telemetry, code: CaisseCode, fault: str) -> None:
    telemetry.alarms.labels(code, "proofs").inc()
    structlog.get_logger().error(LogEvent.ALARM, caisse=code, alarm="proofs", fault=fault)
