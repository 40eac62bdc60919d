"""Law: what a generator counts is every reply, by status and code, and how long each took from when it was due.

A percentile is a reply that was seen, never an average; a latency counts from the intended time, so that waiting counts.
"""

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

APPROVED = ("00", "10")
RC = b"\xa2rc\xa2"
"""The key `rc` of a reply and the head of its two letters, as msgpack writes them (wire.md section 3)."""


@dataclass(slots=True)
class Tally:
    """What one generator saw. due, took: seconds, one pair per answered request; due counts from the start.

    refused: items of batches that were not decided, by the status that each was told.
    """

    started_s: float = 0.0
    due: "array[float]" = field(default_factory=lambda: array("d"))
    took: "array[float]" = field(default_factory=lambda: array("d"))
    statuses: "Counter[int]" = field(default_factory=Counter)
    codes: "Counter[str]" = field(default_factory=Counter)
    refused: "Counter[int]" = field(default_factory=Counter)
    lost: int = 0

    def answered(self, due_s: float, now_s: float, status: int) -> None:
        """One request's answer is here, whatever it says."""
        self.due.append(due_s - self.started_s)
        self.took.append(now_s - due_s)
        self.statuses[status] += 1

    @property
    def approved(self) -> int:
        return sum(self.codes[code] for code in APPROVED)

    def as_json(self) -> dict[str, object]:
        return {
            "statuses": dict(self.statuses), "codes": dict(self.codes), "item_statuses": dict(self.refused), "lost": self.lost,
            "answered": len(self.due),
        }

    def write_times(self, path: Path) -> None:
        """All due times, then all that they took: 64-bit floats."""
        with path.open("wb") as file:
            self.due.tofile(file)
            self.took.tofile(file)


def read_times(path: Path) -> "tuple[array[float], array[float]]":
    """(due, took) as write_times wrote them."""
    both = array("d")
    both.frombytes(path.read_bytes())
    return both[: len(both) // 2], both[len(both) // 2 :]


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of the ordered values do not exceed; 0.0 of none."""
    if not ordered:
        return 0.0
    rank = -(-int(share * 1_000_000) * len(ordered) // 1_000_000)
    return ordered[max(0, min(len(ordered), rank) - 1)]


def between(due: Sequence[float], took: Sequence[float], from_s: float, until_s: float) -> list[float]:
    """What the requests that were due in [from_s, until_s) took, in rising order."""
    return sorted([seconds for at, seconds in zip(due, took, strict=True) if from_s <= at < until_s])


def latencies(ordered: Sequence[float]) -> dict[str, float]:
    """p50, p99 and p99.9 in milliseconds."""
    return {
        f"{name}_ms": round(percentile(ordered, share) * 1_000, 2)
        for name, share in (("p50", 0.5), ("p99", 0.99), ("p999", 0.999))
    }
