"""Law: every metric and log event of the product is named here, once; labels are bounded (caisse, outcome, reason).

Nothing of a person is ever a label or a log field: no card, no member, no amount. A registry belongs to one Telemetry, so
that several installations can live in one process.
"""

import logging
import sys
from enum import StrEnum
from typing import Final, TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

EXPOSITION_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
_GROUPS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)


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
    OUTCOME_UNKNOWN = "outcome_unknown"
    PAIRING_REFUSED = "pairing_refused"
    PAIRED = "paired"
    TRUNK_BROKEN = "trunk_broken"
    PROCESS_STARTED = "process_started"
    PROCESS_ENDED = "process_ended"
    PROJECTION_HALTED = "projection_halted"
    PROJECTION_REBUILT = "projection_rebuilt"


class Telemetry:
    """All metrics of one installation, in a registry of their own. Units are base units: seconds, requests, events."""

    def __init__(self) -> None:
        self.registry: Final = CollectorRegistry()
        self._name_door()
        self._name_writer()
        self._name_readers()

    def exposition(self) -> bytes:
        """All metrics as text, in the form that Prometheus reads (EXPOSITION_TYPE)."""
        return generate_latest(self.registry)

    def _name_door(self) -> None:
        registry = self.registry
        self.http_requests = Counter(
            "clearing_http_requests_total", "Requests by path and HTTP status.", ("path", "status"), registry=registry
        )
        self.http_seconds = Histogram(
            "clearing_http_request_seconds", "From request to response at the door.", ("path",), buckets=_SECONDS,
            registry=registry,
        )  # fmt: skip
        self.refusals = Counter(
            "clearing_refusals_total", "Frames turned away at the door; never events.", ("reason",), registry=registry
        )
        self.taps = Counter(
            "clearing_taps_total", "Card evidence checked at the door.", ("caisse", "outcome"), registry=registry
        )
        self.pairings = Counter(
            "clearing_pairings_total", "Second calls of a pairing.", ("outcome",), registry=registry
        )

    def _name_writer(self) -> None:
        registry, caisse = self.registry, ("caisse",)
        self.decisions = Counter(
            "clearing_decisions_total", "Requests decided, by the event's code.", ("caisse", "code"), registry=registry
        )
        self.repeats = Counter("clearing_repeats_total", "Requests answered from the store.", caisse, registry=registry)
        self.conflicts = Counter(
            "clearing_conflicts_total", "Other content under a number already used.", caisse, registry=registry
        )
        self.append_seconds = Histogram(
            "clearing_append_seconds", "One append, with its commit.", caisse, buckets=_SECONDS, registry=registry
        )
        self.group_requests = Histogram(
            "clearing_group_requests", "Requests committed together.", caisse, buckets=_GROUPS, registry=registry
        )
        self.overloaded = Counter(
            "clearing_overloaded_total", "Requests not taken in: the inbox was full or closing.", caisse, registry=registry
        )
        self.inbox_requests = Gauge(
            "clearing_inbox_requests", "Requests that wait for the writer.", caisse, registry=registry
        )
        self.inbox_age_seconds = Gauge(
            "clearing_inbox_age_seconds", "How long the oldest of them has waited.", caisse, registry=registry
        )
        self.fenced = Counter(
            "clearing_fenced_total", "Appends that another writer's epoch refused.", caisse, registry=registry
        )
        self.alarms = Counter(
            "clearing_alarms_total", "Faults of the product that a person must look at.", ("caisse", "alarm"),
            registry=registry,
        )  # fmt: skip

    def _name_readers(self) -> None:
        self.partitions_ahead = Gauge(
            "clearing_partitions_ahead", "Empty partitions of the log beyond the one in use.", ("caisse",),
            registry=self.registry,
        )  # fmt: skip
        self.projection_lag_events = Gauge(
            "clearing_projection_lag_events", "Events a projection has still to read.", ("caisse", "projection"),
            registry=self.registry,
        )  # fmt: skip


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
