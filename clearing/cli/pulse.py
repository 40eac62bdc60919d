"""Law: what a running installation does now is the difference of two readings of its metrics, per second; no state but these.

A counter that fell was of a process that started again: all it shows has happened since.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from clearing.exposition import PROCESS, Sample

Buckets = dict[float, float]
ALONE: Final = "serve"  # an installation of one process says of no sample which process it is from
_FULL: Final = "00"
_PARTIAL: Final = "10"


class Reading:
    """The samples of one page. at_s: when it was read, of a clock that never falls."""

    def __init__(self, samples: Iterable[Sample], at_s: float) -> None:
        self.at_s: Final = at_s
        self.series: Final[dict[str, dict[tuple[tuple[str, str], ...], float]]] = defaultdict(dict)
        for name, labels, value in samples:
            self.series[name][tuple(sorted(labels.items()))] = value

    def values(self, name: str) -> list[tuple[dict[str, str], float]]:
        return [(dict(labels), value) for labels, value in self.series.get(name, {}).items()]

    def grown(self, before: "Reading", name: str) -> list[tuple[dict[str, str], float]]:
        """By how much each series of a counter grew since a reading before."""
        old = before.series.get(name, {})
        return [
            (dict(labels), value - old.get(labels, 0.0) if value >= old.get(labels, 0.0) else value)
            for labels, value in self.series.get(name, {}).items()
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Milliseconds within which a half and 99 of 100 were; None where nothing was."""

    p50_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaissePulse:
    """One caisse between two readings. decided: code -> how many. behind: events that views have still to show."""

    caisse: str
    per_s: float
    speed: Speed
    decided: dict[str, int]
    group: float | None
    waits_s: float
    behind: int

    @property
    def full(self) -> int:
        return self.decided.get(_FULL, 0)

    @property
    def part(self) -> int:
        return self.decided.get(_PARTIAL, 0)

    @property
    def declined(self) -> dict[str, int]:
        return {code: times for code, times in self.decided.items() if code not in (_FULL, _PARTIAL)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessPulse:
    """One process. cpu: hundredths of one core. late_ms: p99 of how late its event loop comes back."""

    name: str
    cpu: float
    memory_bytes: float
    late_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """All that one frame shows. alarms: (caisse, what) -> since the processes started. refused: reason -> in the window.
    unproved: (caisse, proof) of the five daily proofs that did not hold when last taken."""

    seconds: float
    caisses: tuple[CaissePulse, ...]
    processes: tuple[ProcessPulse, ...]
    door_per_s: float
    door: Speed
    streams: int
    refused: dict[str, int]
    alarms: dict[tuple[str, str], int]
    restarts: dict[str, int]
    unproved: tuple[tuple[str, str], ...] = ()


def pulse(before: Reading, now: Reading, caisse: str | None = None) -> Pulse:
    """What happened between two readings. caisse: that one alone."""
    seconds = max(now.at_s - before.at_s, 1e-3)
    known = {labels["caisse"] for name in _OF_A_CAISSE for labels, _ in now.values(name)}
    return Pulse(
        seconds=seconds,
        caisses=tuple(_caisse(before, now, code, seconds) for code in sorted(known) if caisse in (None, code)),
        processes=_processes(before, now, seconds),
        door_per_s=sum(_sums(now.grown(before, "clearing_http_requests_total"), "path").values()) / seconds,
        door=_speed(_buckets(now.grown(before, "clearing_http_request_seconds_bucket"))),
        streams=int(sum(value for _, value in now.values("clearing_websocket_connections"))),
        refused=_counts(now.grown(before, "clearing_refusals_total"), "reason"),
        alarms=_alarms(now),
        restarts=_counts(now.values("clearing_process_restarts_total"), "role"),
        unproved=tuple(sorted(
            (labels["caisse"], labels["proof"]) for labels, value in now.values("clearing_proof_holds")
            if value == 0 and caisse in (None, labels["caisse"])
        )),
    )  # fmt: skip


_OF_A_CAISSE: Final = ("clearing_decisions_total", "clearing_inbox_requests", "clearing_projection_lag_events")


def _caisse(before: Reading, now: Reading, code: str, seconds: float) -> CaissePulse:
    def grown(name: str) -> list[tuple[dict[str, str], float]]:
        return [(labels, value) for labels, value in now.grown(before, name) if labels.get("caisse") == code]

    def highest(name: str) -> float:
        return max((value for labels, value in now.values(name) if labels.get("caisse") == code), default=0.0)

    decided = _counts(grown("clearing_decisions_total"), "code")
    groups = sum(value for _, value in grown("clearing_group_requests_count"))
    grouped = sum(value for _, value in grown("clearing_group_requests_sum"))
    # the way from a gateway to the writer and back; where both are one process, the commit alone
    answered = _buckets(grown("clearing_link_seconds_bucket")) or _buckets(grown("clearing_append_seconds_bucket"))
    return CaissePulse(
        caisse=code, per_s=sum(decided.values()) / seconds, speed=_speed(answered), decided=decided,
        group=grouped / groups if groups else None, waits_s=highest("clearing_inbox_age_seconds") if groups else 0.0,
        behind=int(highest("clearing_projection_lag_events")),
    )  # fmt: skip


def _processes(before: Reading, now: Reading, seconds: float) -> tuple[ProcessPulse, ...]:
    memory = _sums(now.values("process_resident_memory_bytes"), PROCESS)
    late: dict[str, list[tuple[dict[str, str], float]]] = defaultdict(list)
    for labels, value in now.grown(before, "clearing_event_loop_lag_seconds_bucket"):
        late[labels.get(PROCESS, ALONE)].append((labels, value))
    return tuple(
        ProcessPulse(
            name=name, cpu=100 * cpu_s / seconds, memory_bytes=memory.get(name, 0.0),
            late_ms=_speed(_buckets(late[name])).p99_ms,
        )
        for name, cpu_s in sorted(_sums(now.grown(before, "process_cpu_seconds_total"), PROCESS).items())
    )  # fmt: skip


_ALARMING: Final = (
    ("clearing_alarms_total", ""), ("clearing_fenced_total", "fenced"), ("clearing_conflicts_total", "conflicts"),
)  # fmt: skip


def _alarms(now: Reading) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for name, word in _ALARMING:
        for labels, value in now.values(name):
            if value:
                key = (labels["caisse"], word or labels["alarm"])
                found[key] = found.get(key, 0) + int(value)
    return found


def _sums(series: Iterable[tuple[dict[str, str], float]], label: str) -> dict[str, float]:
    sums: dict[str, float] = defaultdict(float)
    for labels, value in series:
        sums[labels.get(label, ALONE)] += value
    return dict(sums)


def _counts(series: Iterable[tuple[dict[str, str], float]], label: str) -> dict[str, int]:
    """Those above zero, the most frequent first."""
    found = {key: round(value) for key, value in _sums(series, label).items() if round(value)}
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def _buckets(series: Iterable[tuple[dict[str, str], float]]) -> Buckets:
    """Upper bound in seconds -> how many were within it, over all series; empty where nothing was."""
    sums = {float(bound): value for bound, value in _sums(series, "le").items()}
    return sums if any(sums.values()) else {}


def _speed(buckets: Buckets) -> Speed:
    return Speed(p50_ms=quantile_ms(buckets, 0.5), p99_ms=quantile_ms(buckets, 0.99))


def quantile_ms(buckets: Buckets, share: float) -> float | None:
    """Within how many milliseconds a share of all was, as PromQL's histogram_quantile has it; None of nothing."""
    bounds = sorted(buckets)
    if not bounds or not buckets[bounds[-1]]:
        return None
    wanted, low, below = share * buckets[bounds[-1]], 0.0, 0.0
    for bound in bounds:
        if buckets[bound] >= wanted:
            if bound == float("inf"):
                return 1_000 * low
            within = buckets[bound] - below
            return 1_000 * (low + (bound - low) * ((wanted - below) / within if within else 1.0))
        low, below = bound, buckets[bound]
    return 1_000 * low
