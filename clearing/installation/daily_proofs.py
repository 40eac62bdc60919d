"""Law: the five proofs of a day are taken after its close by a process that only reads, whatever is being sold meanwhile.

Taken every night, kept for operators' figures, and recorded by the technical person whose key the settings name; without one
they are taken all the same, and people are told that nobody signs them. A proof that can't be taken is an alarm too.
"""

import asyncio
import hashlib
import os
import sys
from collections.abc import Callable, Iterator
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
from clearing.installation.home import Home
from clearing.installation.kept_figures import Taken, kept
from clearing.installation.opening import Installation
from clearing.installation.snapshots import first_pause_s
from clearing.rules.book import Book
from clearing.rules.telling.public_page import MonthlyFunds, month_told
from clearing.rules.telling.statistics import Purchases, published
from clearing.rules.treasury.proofs import PROOFS
from clearing.rules.treasury.runway import Flows
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


async def take_proofs(installation: Installation, code: CaisseCode, at_us: int) -> Taken:
    """All roads at the position of the live views. Reads the whole log once, for the public page too. at_us: now.

    Raises NothingShown, UnreadableEvent."""
    async with installation.connected("clearing_reader") as connection:
        shown = await read_shown_day(connection, schema_of(code))
    roads, flows, after = DayRoads(), Flows(), 0
    funds, bought = MonthlyFunds(flows, at_us), Purchases()
    async with installation.reading(code) as log:
        while after < shown.position:
            rows = await log.read(after, min(PAGE_ROWS_MAX, shown.position - after))
            for row in rows:
                event = decode(row.type, row.schema_version, row.public, row.private)
                funds.before(roads.book, row.at_us)
                roads.take(event, row.position, row.at_us)
                flows.take(event, row.position, row.at_us)
                bought.take(event, row.at_us)
                if roads.broken is None:
                    funds.after(roads.book, event, row.at_us)
            after = rows[-1].position if rows else shown.position
    files = dict(_files(installation.home, code, roads.book))
    return Taken(
        up_to=shown.position, results=roads.results(shown, files), flows=flows, sealed=roads.book.closing.sealed,
        funds=tuple(roads.book.funds), public=_public(roads, funds, bought, at_us),
    )  # fmt: skip


def _public(roads: DayRoads, funds: MonthlyFunds, bought: Purchases, at_us: int) -> dict[str, Any] | None:
    """Nothing is told of a book that broke."""
    if roads.broken is not None or not roads.book.position:
        return None
    month = roads.book.caisse.calendar.day(at_us).isoformat()[:7]
    return {"funds": funds.told(roads.book), "months": [month_told(one) for one in published(bought.months, before=month)]}


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
