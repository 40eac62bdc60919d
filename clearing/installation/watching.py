"""Law: operators see money and the log's proof by figures of the live views, read by the reader's role at a bounded rate.

Looking never stops a caisse: a database that is away is a figure too. What is dear is asked seldom and given DEAR_S seconds:
terminals every 5 minutes, the year's volume once, then a day of it per hour. Never a card, a member or a producer, only sums.
"""

import asyncio
import json
import time as machine
from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import Gauge

from clearing.events.caisse import CaisseFounded
from clearing.events.codec import decode
from clearing.installation.daily_proofs import show_proofs
from clearing.installation.home import Home, write_private
from clearing.installation.opening import Installation
from clearing.projections.answers import BatchRow
from clearing.projections.questions import Questions
from clearing.rules.ledger.postings import WAITING as WAITING_AT_BANK
from clearing.telemetry import LogEvent, Telemetry
from clearing.values import CaisseCode

EVERY_S: Final = 15
TERMINALS_EVERY_US: Final = 300_000_000
VOLUME_EVERY_US: Final = 3_600_000_000
VOLUME_DAYS: Final = 365
DEAR_S: Final = 2.0
NOT_KNOWN: Final = float("nan")  # fires no alert, and no curve is drawn
LATE_AFTER: Final = timedelta(hours=1)
WEEK: Final = timedelta(days=7)
WAITING: Final = ("closed", "approved")
_SECOND_US: Final = 1_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


async def watch_book(
    installation: Installation, code: CaisseCode, telemetry: Telemetry, stop: asyncio.Event,
    now_us: Callable[[], int] = lambda: machine.time_ns() // 1_000, watch: "BookWatch | None" = None,
) -> None:  # fmt: skip
    """Until `stop`: show the book of a caisse every EVERY_S seconds. One process of an installation does this per caisse.

    watch: one that others ask for the caisse's zone.
    """
    watch = watch or BookWatch(code, telemetry)
    while not stop.is_set():
        try:
            await watch.look(installation, now_us())
            telemetry.database_up.labels(code).set(1)
        except Exception as fault:  # noqa: BLE001  no figure is worth a caisse that stops selling
            telemetry.database_up.labels(code).set(0)
            structlog.get_logger().error(LogEvent.ALARM, caisse=code, alarm="watching", fault=repr(fault))
        try:
            await asyncio.wait_for(stop.wait(), EVERY_S)
        except TimeoutError:
            continue


class BookWatch:
    """The gauges of one caisse's book, and what it remembers so that a year is summed only once.

    zone: None before its founding.
    """

    def __init__(self, code: CaisseCode, telemetry: Telemetry) -> None:
        self._code, self._show = code, telemetry
        self.zone: ZoneInfo | None = None
        self._by_day: dict[date, int] = {}
        self._terminals_us = self._volume_us = 0

    async def look(self, installation: Installation, now_us: int) -> None:
        """One round, at an instant. A caisse that is not founded yet shows nothing. Raises what a lost database raises."""
        self._show_proof(installation.home)
        if self.zone is None:
            self.zone = await _zone_of(installation, self._code)
        async with installation.asking(self._code) as views:
            if self.zone is None or await views.position() == 0:
                return
            await self.show_money(views, now_us)
            now = datetime.fromtimestamp(now_us // _SECOND_US, self.zone)
            if now_us - self._terminals_us >= TERMINALS_EVERY_US:
                self._terminals_us = now_us
                await self._within_reason(
                    self.show_terminals(views, now), self._show.expected_terminals, self._show.silent_terminals
                )
            if now_us - self._volume_us >= VOLUME_EVERY_US:
                self._volume_us = now_us
                await self._within_reason(self.show_volume(views, now.date()), self._show.volume_12_months_cents)

    async def _within_reason(self, asking: Coroutine[None, None, None], *gauges: Gauge) -> None:
        """A question that takes too long, of a caisse with millions of sales a day, is given up: selling needs the machine."""
        try:
            async with asyncio.timeout(DEAR_S):
                await asking
        except TimeoutError:
            for gauge in gauges:
                gauge.labels(self._code).set(NOT_KNOWN)

    def _show_proof(self, home: Home) -> None:
        position, at_us = proved(home, self._code)
        self._show.log_verified_position.labels(self._code).set(position)
        self._show.log_verified_timestamp_seconds.labels(self._code).set(at_us // _SECOND_US)
        show_proofs(home, self._code, self._show)

    async def show_money(self, views: Questions, now_us: int) -> None:
        """What is owed and since when, the batches that wait, and the sum of the ledger: all at one position."""
        async with views.at_one_position():
            batches = await views.batches()
            owed = sum(one.owed_cents for one in await views.owed())
            first_us = await views.oldest_capture_after(batches[-1].up_to if batches else 0)
            accounts = await views.accounts()
            imbalance = sum(account.cents for account in accounts)
            waiting = sum(-account.cents for account in accounts if account.account == WAITING_AT_BANK)
        self._show.unsettled_cents.labels(self._code).set(owed)
        self._show.oldest_unsettled_seconds.labels(self._code).set(_age_s(first_us, now_us))
        self._show.ledger_imbalance_cents.labels(self._code).set(imbalance)
        self._show.bank_waiting_cents.labels(self._code).set(waiting)
        for state in (*WAITING, "exported"):
            held = [batch for batch in batches if batch.state == state]
            self._show.batches.labels(self._code, state).set(len(held))
            if state in WAITING:
                since_us = min((_waits_since_us(batch) for batch in held), default=None)
                self._show.oldest_batch_seconds.labels(self._code, state).set(_age_s(since_us, now_us))

    async def show_terminals(self, views: Questions, now: datetime) -> None:
        """Who sold on this weekday last week, by an hour ago, and has asked for nothing today. now: civil time.

        A market is weekly: a stall that never comes on Tuesdays is not silent on a Tuesday, one that starts late has an hour.
        """
        due = now - LATE_AFTER
        before = due if due.date() == now.date() else now.replace(hour=0, minute=0, second=0, microsecond=0)
        expected = set(await views.terminals_of(now.date() - WEEK, instant_us(before - WEEK)))
        silent = expected - set(await views.terminals_of(now.date(), instant_us(now + WEEK))) if expected else set()
        self._show.expected_terminals.labels(self._code).set(len(expected))
        self._show.silent_terminals.labels(self._code).set(len(silent))

    async def show_volume(self, views: Questions, today: date) -> None:
        """What was captured in the 365 days up to today. Only the days since the last look are asked for."""
        first = today - timedelta(days=VOLUME_DAYS - 1)
        self._by_day.update(await views.captured_by_day(max(self._by_day, default=first), today))
        self._by_day = {day: cents for day, cents in self._by_day.items() if day >= first}
        self._show.volume_12_months_cents.labels(self._code).set(sum(self._by_day.values()))


def instant_us(moment: datetime) -> int:
    """Microseconds since 1970 of a moment with its zone."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def keep_proof(home: Home, code: CaisseCode, position: int, at_us: int) -> None:
    """Remember that an audit held up to this position."""
    write_private(home.proof(code), json.dumps({"position": position, "at_us": at_us}).encode())


def proved(home: Home, code: CaisseCode) -> tuple[int, int]:
    """(position, at_us) of the last audit that held; zeros when there was none, or when what was kept can't be read."""
    try:
        kept = json.loads(home.proof(code).read_bytes())
        return int(kept["position"]), int(kept["at_us"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0, 0


def _waits_since_us(batch: BatchRow) -> int:
    return batch.approved_us or batch.closed_us


def _age_s(since_us: int | None, now_us: int) -> int:
    """Whole seconds, rounded down; 0 for nothing."""
    return 0 if since_us is None else max(0, now_us - since_us) // _SECOND_US


async def _zone_of(installation: Installation, code: CaisseCode) -> ZoneInfo | None:
    """The civil time that the caisse's first event names; None before its founding."""
    async with installation.reading(code) as log:
        for row in await log.read(0, 1):
            founded = decode(row.type, row.schema_version, row.public, row.private)
            if isinstance(founded, CaisseFounded):
                return ZoneInfo(founded.zone)
    return None
