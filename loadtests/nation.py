"""Law: the whole country's Saturday is played as an open loop: nobody at a stall waits for another stall's answer.

Rates are those of shared/domain.md section 5: ordinary peak 1,433 sales a second, worst peak 2,485; the shape of a market day
is compressed into some minutes. Run: python -m loadtests.nation --minutes 10 --json FILE
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import uvloop

from loadtests.authorise import VOID, arguments, authorise, complete, show
from loadtests.ground import Ground
from loadtests.measuring import Watch
from loadtests.results_file import write_result
from loadtests.running import Beside, Run
from loadtests.tally import between, latencies

ORDINARY_PEAK: Final = 1_433
WORST_PEAK: Final = 2_485
SHAPE: Final = (
    ("opening", 0.10, 0.20), ("morning", 0.15, 0.60), ("ordinary peak", 0.20, 1.00), ("worst peak", 0.15, None),
    ("after the peak", 0.10, 1.00), ("lunch", 0.10, 0.40), ("afternoon", 0.12, 0.70), ("evening", 0.08, 0.25),
)  # fmt: skip
"""(name, share of the day, share of the ordinary peak; None is the worst peak)."""


def phases(seconds: float, scale: float = 1.0) -> list[tuple[float, float]]:
    """(seconds, sales per second) of each part of the day."""
    return [
        (seconds * share, scale * (WORST_PEAK if part is None else part * ORDINARY_PEAK)) for _, share, part in SHAPE
    ]


@dataclass(slots=True)
class Saturday:
    """What is said of each phase."""

    lengths: Sequence[tuple[float, float]]
    said: list[dict[str, object]] = field(default_factory=list)

    async def begin(self, _place: Ground, _watch: Watch) -> Beside | None:
        return None

    async def end(self, _watch: Watch) -> None:
        return None

    def report(self, done: Run) -> dict[str, object]:
        at_s = done.window[0]
        for (name, _, _), (seconds, rate) in zip(SHAPE, self.lengths, strict=True):
            took = between(done.counted.due, done.counted.took, at_s, at_s + seconds)
            from_s = done.first.at_s - done.window[0] + at_s
            lags = [mark.lag_s for mark in done.samples.marks if from_s <= mark.at_s < from_s + seconds]
            self.said.append({
                "phase": name, "seconds": round(seconds, 1), "due_per_s": round(rate, 1), "answered": len(took),
                "answered_per_s": round(len(took) / seconds, 1), **latencies(took),
                "lag_max_s": round(max(lags, default=0.0), 3),
            })
            at_s += seconds
        return {"phases": self.said}


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m loadtests.nation", description=__doc__, parents=[arguments()], conflict_handler="resolve"
    )
    parser.add_argument("--minutes", type=float, default=10, help="that the day is compressed into (default 10)")
    parser.add_argument("--scale", type=float, default=1.0, help="of all rates; 1 is the country (default 1)")
    options = parser.parse_args(words)
    options.seconds = options.minutes * 60
    options.phases = phases(options.seconds, options.scale)
    options.rate = WORST_PEAK * options.scale
    complete(options)
    result: dict[str, Any] = uvloop.run(authorise(options, Saturday(options.phases)))
    for one in result["phases"]:
        print(one)
    show(result)
    print(f"result: {write_result(options.json, 'nation', result, postgres=result['settings']['postgres']['version'])}")
    return VOID if result["void"] else 0


if __name__ == "__main__":
    sys.exit(main())
