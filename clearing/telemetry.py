"""Law: every metric and log event of the product is named here, once; labels are bounded (caisse, outcome, reason).

Nothing of a person is ever a label or a log field: no card, no member, no amount. A registry belongs to one Telemetry, so
that several installations can live in one process. Each process of an installation has one Telemetry; exposition.py makes
one page of them and says there which process a sample is from.
"""

import asyncio
import logging
import sys
from enum import StrEnum
from typing import Final, TextIO

import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series per counter, which no alert and no graph of ours reads

EXPOSITION_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
_GROUPS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_BATCHES: Final = (1, 5, 10, 20, 50, 100, 200)
LOOP_EVERY_S: Final = 0.25
ALARMS: Final = ("apply", "clock", "decide", "held", "proofs", "snapshot", "submit", "views")


class LogEvent(StrEnum):
    """The name of every line in the log; what follows it are fields."""

    STARTED = "started"
    READY = "ready"
    STOPPED = "stopped"
    REQUEST = "request"
    ALARM = "alarm"
    FENCED = "fenced"
    LEASE_TAKEN = "lease_taken"
    LEASE_LOST = "lease_lost"
    CLOCK_STEP = "clock_step"
    CONFLICT = "conflict"
    FRAME_HELD = "frame_held"
    WORD_REFUSED = "word_refused"
    OUTCOME_UNKNOWN = "outcome_unknown"
    PAIRING_REFUSED = "pairing_refused"
    PAIRED = "paired"
    LAG_UNKNOWN = "lag_unknown"
    TRUNK_BROKEN = "trunk_broken"
    PROCESS_STARTED = "process_started"
    PROCESS_ENDED = "process_ended"
    TAKEN_IN = "taken_in"
    PROCESS_NOT_STARTED = "process_not_started"
    PROCESS_MISSPOKE = "process_misspoke"
    PROCESSES_NOT_TOLD = "processes_not_told"
    PROJECTION_HALTED = "projection_halted"
    PROJECTION_REBUILT = "projection_rebuilt"


class Telemetry:
    """All metrics of one process, in a registry of their own, in base units: seconds, requests, events; money is cents."""

    def __init__(self) -> None:
        self.registry: Final = CollectorRegistry()
        self._caught_up_s: dict[tuple[str, str], float] = {}
        self._name_door()
        self._name_link()
        self._name_writer()
        self._name_readers()
        self._name_book()
        self._name_processes()

    def exposition(self) -> bytes:
        """All metrics as text, in the form that Prometheus reads (EXPOSITION_TYPE)."""
        return generate_latest(self.registry)

    def begin_caisse(self, caisse: str) -> None:
        """Show the rare counters of a caisse at 0 from the start: the first of them would else be no increase to anybody."""
        for alarm in ALARMS:
            self.alarms.labels(caisse, alarm)
        for counter in (self.repeats, self.conflicts, self.fenced):
            counter.labels(caisse)

    def show_lag(self, caisse: str, events: int, now_s: float, *, projection: str = "views") -> None:
        """How far a projection is behind, said after each step or poll. now_s: of a clock that never falls."""
        key = (caisse, projection)
        if events <= 0:
            self._caught_up_s[key] = now_s
        since_s = now_s - self._caught_up_s.setdefault(key, now_s)
        self.projection_lag_events.labels(caisse, projection).set(max(0, events))
        self.projection_lag_seconds.labels(caisse, projection).set(max(0.0, since_s))

    async def watch_loop(self, stop: asyncio.Event) -> None:
        """Until `stop`: observe how much later than asked this process's event loop comes back; four times a second."""
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            due_s = loop.time() + LOOP_EVERY_S
            try:
                await asyncio.wait_for(stop.wait(), LOOP_EVERY_S)
            except TimeoutError:
                self.loop_lag_seconds.observe(max(0.0, loop.time() - due_s))

    def _counter(self, name: str, told: str, *labels: str) -> Counter:
        return Counter(f"clearing_{name}", told, labels, registry=self.registry)

    def _gauge(self, name: str, told: str, *labels: str) -> Gauge:
        return Gauge(f"clearing_{name}", told, labels, registry=self.registry)

    def _histogram(self, name: str, told: str, *labels: str, buckets: tuple[float, ...] = _SECONDS) -> Histogram:
        return Histogram(f"clearing_{name}", told, labels, buckets=buckets, registry=self.registry)

    def _name_door(self) -> None:
        self.http_requests = self._counter(
            "http_requests_total", "Requests by path and HTTP status; a frame of a stream counts as what a POST would get.",
            "path", "status",
        )  # fmt: skip
        self.http_seconds = self._histogram("http_request_seconds", "From request to response at the door.", "path")
        self.refusals = self._counter("refusals_total", "Frames turned away at the door; never events.", "reason")
        self.taps = self._counter("taps_total", "Card evidence checked at the door.", "caisse", "outcome")
        self.pairings = self._counter("pairings_total", "Second calls of a pairing.", "outcome")
        self.websocket_connections = self._gauge("websocket_connections", "Open streams of frames.")
        self.batch_items = self._histogram("batch_items", "Items of an upload.", buckets=_BATCHES)
        self.cache_entries = self._gauge("cache_entries", "What a cache holds: card keys, key contexts.", "cache")
        self.cache_misses = self._counter("cache_misses_total", "What a cache had to make anew.", "cache")

    def _name_link(self) -> None:
        self.link_seconds = self._histogram("link_seconds", "From a gateway to the writer and back.", "caisse")
        self.link_in_flight = self._gauge("link_in_flight", "Requests a gateway has with the writer.", "caisse")
        self.link_refused = self._counter(
            "link_refused_total", "Requests a gateway did not pass on: the writer full or absent.", "caisse", "reason"
        )

    def _name_writer(self) -> None:
        self.decisions = self._counter("decisions_total", "Requests decided, by the event's code.", "caisse", "code")
        self.repeats = self._counter("repeats_total", "Requests answered from the store.", "caisse")
        self.conflicts = self._counter("conflicts_total", "Other content under a number already used.", "caisse")
        self.append_seconds = self._histogram("append_seconds", "One append, with its commit.", "caisse")
        self.group_requests = self._histogram("group_requests", "Requests committed together.", "caisse", buckets=_GROUPS)
        self.inbox_requests = self._gauge("inbox_requests", "Requests that wait for the writer.", "caisse")
        self.inbox_age_seconds = self._gauge("inbox_age_seconds", "How long the oldest of them has waited.", "caisse")
        self.fenced = self._counter("fenced_total", "Appends that another writer's epoch refused.", "caisse")
        self.alarms = self._counter(
            "alarms_total", "Faults of the product that a person must look at.", "caisse", "alarm"
        )
        self.log_position = self._gauge("log_position", "The last event that the writer recorded.", "caisse")
        self.clock_step_seconds = self._gauge(
            "clock_step_seconds", "By how much the clock stepped, until a person confirms it; else 0.", "caisse"
        )
        self.snapshot_timestamp_seconds = self._gauge(
            "snapshot_timestamp_seconds", "When the book was last kept on disk, since 1970.", "caisse"
        )

    def _name_readers(self) -> None:
        self.partitions_ahead = self._gauge(
            "partitions_ahead", "Empty partitions of the log beyond the one in use; -1: not known.", "caisse"
        )
        self.projection_lag_events = self._gauge(
            "projection_lag_events", "Events a projection has still to read.", "caisse", "projection"
        )
        self.projection_lag_seconds = self._gauge(
            "projection_lag_seconds", "How long ago a projection last showed all events.", "caisse", "projection"
        )
        self.log_verified_position = self._gauge(
            "log_verified_position", "The last event that `clearing audit` proved.", "caisse"
        )
        self.log_verified_timestamp_seconds = self._gauge(
            "log_verified_timestamp_seconds", "When it did, since 1970; 0: never.", "caisse"
        )

    def _name_book(self) -> None:
        """Read from the views by installation/watching.py, every 15 s or less often."""
        self.database_up = self._gauge("database_up", "1: the views answered when last asked; 0: they did not.", "caisse")
        self.unsettled_cents = self._gauge("unsettled_cents", "Owed to producers and in no batch yet.", "caisse")
        self.bank_waiting_cents = self._gauge(
            "bank_waiting_cents", "Lines of the bank that nobody said what they are, in less out.", "caisse"
        )
        self.oldest_unsettled_seconds = self._gauge(
            "oldest_unsettled_seconds", "Age of the oldest capture that is in no batch; 0: none.", "caisse"
        )
        self.batches = self._gauge("batches", "Settlement batches by state.", "caisse", "state")
        self.oldest_batch_seconds = self._gauge(
            "oldest_batch_seconds", "How long the oldest batch in a state has waited in it; 0: none.", "caisse", "state"
        )
        self.ledger_imbalance_cents = self._gauge(
            "ledger_imbalance_cents", "The sum of all accounts, which has to be 0.", "caisse"
        )
        self.expected_terminals = self._gauge(
            "expected_terminals", "Terminals that sold on this weekday last week, an hour ago or earlier in the day.", "caisse"
        )
        self.silent_terminals = self._gauge("silent_terminals", "Those of them without a request today.", "caisse")
        self.volume_12_months_cents = self._gauge(
            "volume_12_months_cents", "Captured in the last 365 days; to be notified beyond 100,000,000.", "caisse"
        )

        self.flow_12_months_cents = self._gauge(
            "flow_12_months_cents", "In and out over 365 days, taken each night; together to be notified beyond 100,000,000.",
            "caisse", "direction",
        )  # fmt: skip
        self.proof_holds = self._gauge(
            "proof_holds", "1: a daily proof held when last taken; 0: it did not. None before the first.", "caisse", "proof"
        )
        self.proofs_timestamp_seconds = self._gauge(
            "proofs_timestamp_seconds", "When the five proofs were last taken, since 1970.", "caisse"
        )

    def _name_processes(self) -> None:
        self.process_up = self._gauge("process_up", "Processes of a role that run.", "role")
        self.process_wanted = self._gauge("process_wanted", "Processes of a role that should run.", "role")
        self.process_restarts = self._counter("process_restarts_total", "Processes that were started again.", "role")
        self.loop_lag_seconds = self._histogram(
            "event_loop_lag_seconds", "How much later than asked the event loop comes back."
        )
        ProcessCollector(registry=self.registry)  # CPU and memory of this process, read where the system shows them


def configure(json: bool, file: TextIO | None = None) -> None:
    """Set up logging for this process: one line per event, as JSON or for a person's eyes. file: None is stderr."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(sort_keys=False) if json else structlog.dev.ConsoleRenderer(colors=False)
    )
    faults: list[structlog.typing.Processor] = [structlog.processors.dict_tracebacks] if json else []
    structlog.configure(
        processors=[*shared, *faults, last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=file if file is not None else sys.stderr),
        cache_logger_on_first_use=False,
    )
