"""Law: what runs for hours must not drift: latency, memory and bytes per sale are the same at the end as at the beginning.

A fixed rate, views and settlement going on: every so often a batch is closed, approved by another person and exported.
Run: python -m loadtests.soak --minutes 30 --rate 1500 --json FILE
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import uvloop

from clearing.installation.payment import NotReady, make_files
from clearing.settlement.calendar import next_business_day
from loadtests.authorise import VOID, arguments, authorise, complete, show
from loadtests.fleet import ZONE
from loadtests.ground import Ground
from loadtests.measuring import Meter, Watch
from loadtests.results_file import write_result
from loadtests.running import Beside, Run
from loadtests.tally import between, latencies

MEMORY_EVERY_S: Final = 10.0
EXPORT_TRIES: Final = 50


@dataclass(slots=True)
class Soak:
    """settle_every_s: between two batches. memory: (seconds of time.monotonic, MiB by role)."""

    settle_every_s: float
    memory: list[tuple[float, dict[str, float]]] = field(default_factory=list)
    batches: list[dict[str, object]] = field(default_factory=list)
    before: dict[str, int] = field(default_factory=dict)
    after: dict[str, int] = field(default_factory=dict)

    async def begin(self, place: Ground, watch: Watch) -> Beside | None:
        self.before = await watch.sizes()

        async def beside(meter: Meter, until_s: float) -> None:
            await asyncio.gather(self._weigh(meter, until_s), self._settle(place, until_s))

        return beside

    async def end(self, watch: Watch) -> None:
        self.after = await watch.sizes()

    async def _weigh(self, meter: Meter, until_s: float) -> None:
        while time.monotonic() < until_s:
            self.memory.append((time.monotonic(), meter.memory()))
            await asyncio.sleep(min(MEMORY_EVERY_S, max(0.0, until_s - time.monotonic())))

    async def _settle(self, place: Ground, until_s: float) -> None:
        office = place.office
        while (left_s := until_s - time.monotonic()) > 0:
            await asyncio.sleep(min(self.settle_every_s, left_s))
            if until_s - time.monotonic() < 1.0:
                return
            started_s, today = time.monotonic(), datetime.now(ZoneInfo(ZONE)).date()
            closed = await office.treasurer.order("close_batch", {"closed_on": today.isoformat()})
            batch = int(str(closed["batch"]))
            paid_on = next_business_day(today).isoformat()
            await office.approver.order("approve_batch", {"batch": batch, "execution_on": paid_on})
            closed_s = time.monotonic() - started_s
            message = await _exported(place, batch)
            self.batches.append({
                "batch": batch, "closed_and_approved_s": round(closed_s, 3), "message": message,
                "with_export_s": round(time.monotonic() - started_s, 3),
            })

    def report(self, done: Run) -> dict[str, object]:
        sales = max(1, done.whole_run)
        growth = {
            name: round((size - self.before.get(name, 0)) / sales, 1) for name, size in sorted(self.after.items())
            if size != self.before.get(name, 0)
        }
        first, last = self.memory[0][1], self.memory[-1][1]
        return {
            "minutes": _by_minute(done), "batches": self.batches,
            "memory_mib": {"first": first, "last": last},
            "memory_drift_mib": {role: round(size - first.get(role, 0.0), 1) for role, size in last.items()},
            "memory_samples": [[round(at_s - done.first.at_s, 1), sizes] for at_s, sizes in self.memory],
            "bytes_per_sale": {**growth, "all": round(sum(growth.values()), 1)},
        }


async def _exported(place: Ground, batch: int) -> str:
    """Make the bank file as `clearing export` does, waiting for the views; the message id, or why there was none."""
    why = ""
    for _ in range(EXPORT_TRIES):
        try:
            files = await make_files(place.installation, place.code, batch)
        except NotReady as fault:
            why = str(fault)
            await asyncio.sleep(0.2)
            continue
        body: dict[str, object] = {"batch": batch, "message_id": files.message_id, "file_sha256": files.sha256}
        await place.office.treasurer.order("export_batch", body)
        return files.message_id
    return why


def _by_minute(done: Run) -> list[dict[str, float]]:
    """Latency of each minute of the window, so that a drift is seen."""
    said, at_s = [], done.window[0]
    while at_s < done.window[1] - 1.0:
        took = between(done.counted.due, done.counted.took, at_s, at_s + 60.0)
        said.append({"from_s": round(at_s - done.window[0], 1), "answered": float(len(took)), **latencies(took)})
        at_s += 60.0
    return said


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m loadtests.soak", description=__doc__, parents=[arguments()], conflict_handler="resolve"
    )
    parser.add_argument("--minutes", type=float, default=30, help="of the measured window (default 30)")
    parser.add_argument("--settle-every", type=float, default=60, help="seconds between two settlement batches (default 60)")
    parser.set_defaults(rate=1_500.0)
    options = parser.parse_args(words)
    options.seconds = options.minutes * 60
    complete(options)
    result: dict[str, Any] = uvloop.run(authorise(options, Soak(options.settle_every)))
    for one in result["minutes"]:
        print(one)
    print(f"memory MiB, last less first: {result['memory_drift_mib']}")
    print(f"bytes per sale: {result['bytes_per_sale']}")
    print(f"batches: {result['batches']}")
    show(result)
    print(f"result: {write_result(options.json, 'soak', result, postgres=result['settings']['postgres']['version'])}")
    return VOID if result["void"] else 0


if __name__ == "__main__":
    sys.exit(main())
