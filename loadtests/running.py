"""Law: a run is one generator fleet against one server, watched from outside; its window begins after the warm-up.

What the generator counted and what the log holds must agree to the sale, over the whole run; only a sale whose request was
lost may be in the log unseen.
"""

import asyncio
import json
import os
import sys
import time
from array import array
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from loadtests.frames import BATCH_ITEMS
from loadtests.generator import Plan
from loadtests.ground import Ground, Served
from loadtests.measuring import Mark, Meter, Samples, Watch, approved_sales, group_sizes
from loadtests.tally import between, latencies, read_times

LINE_BYTES_MAX: Final = 1 << 20
START_AHEAD_S: Final = 0.3
JUNK: Final = "junk"
OTHER_TRANSACTIONS_PER_S: Final = 120  # views that poll, leases, this watch
Beside = Callable[[Meter, float], Coroutine[None, None, None]]
"""What goes on beside the sales, given the meter and the end of the window in time.monotonic."""


class CountsDiffer(AssertionError):
    """The log and the generator disagree about how many sales were approved: one of them is wrong."""


@dataclass(slots=True)
class Counted:
    """What all generators of a run counted together. due: seconds after the start, of what was answered.

    items: sales in one request. scheduled: requests that were due, whether they were sent or not. refused: items of batches
    that were not decided, by status.
    """

    items: int = 1
    due: "array[float]" = field(default_factory=lambda: array("d"))
    took: "array[float]" = field(default_factory=lambda: array("d"))
    statuses: "Counter[str]" = field(default_factory=Counter)
    codes: "Counter[str]" = field(default_factory=Counter)
    refused: "Counter[str]" = field(default_factory=Counter)
    lost: int = 0
    scheduled: int = 0
    sent: int = 0
    late_max: int = 0
    ran_out_s: float | None = None

    def add(self, said: dict[str, Any], times: Path) -> None:
        due, took = read_times(times)
        self.due.extend(due)
        self.took.extend(took)
        self.statuses.update(said["statuses"])
        self.codes.update(said["codes"])
        self.refused.update(said["item_statuses"])
        self.lost += said["lost"]
        self.scheduled += said["due"]
        self.sent += said["sent"]
        self.late_max = max(self.late_max, said["late_max"])
        if said["ran_out_s"] is not None:
            self.ran_out_s = min(said["ran_out_s"], self.ran_out_s or said["ran_out_s"])

    @property
    def approved(self) -> int:
        return self.codes["00"] + self.codes["10"]

    @property
    def errors(self) -> int:
        """Sales that nothing was decided about: of requests never answered or not 200, and items and answers that say so."""
        requests = self.unanswered + sum(number for status, number in self.statuses.items() if status != "200")
        undecided = sum(self.codes[code] for code in ("91", "96", "none", "other"))
        return requests * self.items + undecided + self.refused.total()

    @property
    def unanswered(self) -> int:
        """Requests that were due and never sent, or sent and never answered: those that were lost are among them."""
        return max(self.lost, self.scheduled - len(self.due))

    def requests(self) -> dict[str, int]:
        """How many were due, sent, answered, and lost with their connection."""
        return {"due": self.scheduled, "sent": self.sent, "answered": len(self.due), "lost": self.lost}


@dataclass(slots=True)
class Generators:
    """The running generator processes of one run."""

    started: "list[tuple[asyncio.subprocess.Process, Plan]]"

    @property
    def roles(self) -> dict[int, str]:
        return {process.pid: plan.role for process, plan in self.started}

    def go(self) -> float:
        """Tell all to start together; when, of time.monotonic."""
        start_s = time.monotonic() + START_AHEAD_S
        for process, _ in self.started:
            assert process.stdin is not None, "piped"
            process.stdin.write(f"{start_s}\n".encode())
        return start_s

    async def counted(self) -> "tuple[Counted, Counted]":
        """(of the honest generators, of the junk beside them)."""
        honest, junk = Counted(items=items_of(self.started[0][1].transport)), Counted()
        for process, plan in self.started:
            assert process.stdout is not None, "piped"
            line = await process.stdout.readline()
            assert line, "a generator ended without a word; its fault is on stderr above"
            (junk if plan.role == JUNK else honest).add(json.loads(line), Path(plan.times))
            await process.wait()
        return honest, junk


@asynccontextmanager
async def generators(plans: Sequence[Plan], folder: Path) -> AsyncIterator[Generators]:
    """Start them and wait until their connections stand. They are gone when the block ends."""
    started: list[tuple[asyncio.subprocess.Process, Plan]] = []
    try:
        for place, plan in enumerate(plans):
            path = folder / f"plan-{place}.json"
            plan.write(path)
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "loadtests.generator", str(path), limit=LINE_BYTES_MAX,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[1],
            )
            started.append((process, plan))
        for process, _ in started:
            assert process.stdout is not None, "piped"
            said = await process.stdout.readline()
            assert said == b"ready\n", "a generator could not connect; its fault is on stderr above"
        yield Generators(started)
    finally:
        for process, _ in started:
            if process.returncode is None:
                process.kill()
                await process.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What was measured. first, last: marks around the window of `seconds`; before: the mark before the first request."""

    counted: Counted
    junk: Counted
    before: Mark
    first: Mark
    last: Mark
    samples: Samples
    caught_up_s: float
    cpu: dict[str, float]
    sales: int
    whole_run: int
    window: tuple[float, float]
    group_size: float

    @property
    def seconds(self) -> float:
        return self.last.at_s - self.first.at_s

    def report(self) -> dict[str, object]:
        """The measured keys of a result."""
        per_s = self.sales / self.seconds
        took = between(self.counted.due, self.counted.took, *self.window)
        return {
            "seconds": round(self.seconds, 2), "sales": self.sales, "whole_run": self.whole_run, "sales_per_s": round(per_s, 1),
            "errors": self.counted.errors, "statuses": dict(self.counted.statuses), "codes": dict(self.counted.codes),
            "item_statuses": dict(self.counted.refused), **self.counted.requests(),
            "requests_timed": len(took), **latencies(took),
            "projection_lag_s": {**self.samples.lag(), "to_catch_up_at_the_end": round(self.caught_up_s, 3)},
            "group_size_mean": round(self.group_size, 1),
            "cpu": self.cpu, "cpu_us_per_sale": _per_sale(self.cpu, self.sales),
            "late_max": self.counted.late_max, "ran_out_s": self.counted.ran_out_s,
            "groups": self.last.groups - self.first.groups,
            "transactions": self.last.transactions - self.first.transactions,
            **({"junk": self._junk()} if self.junk.sent else {}),
        }

    def _junk(self) -> dict[str, object]:
        """What was turned away, and whether it reached the database: transactions that neither a group nor polling explains."""
        transactions, groups = self.last.transactions - self.first.transactions, self.last.groups - self.first.groups
        answered = sum(self.junk.statuses.values())
        unexplained = max(0, transactions - 3 * groups - int(OTHER_TRANSACTIONS_PER_S * self.seconds))
        return {
            **self.junk.requests(), "answered": answered, "statuses": dict(self.junk.statuses),
            **latencies(between(self.junk.due, self.junk.took, *self.window)),
            "unexplained_transactions": unexplained, "cost_no_query": unexplained < answered * 0.02,
        }


def _per_sale(cpu: dict[str, float], sales: int) -> dict[str, float]:
    each = {role: round(spent * 1_000_000 / max(1, sales), 1) for role, spent in cpu.items()}
    return {**each, "all": round(sum(each.values()), 1)}


async def run(
    ground: Ground, served: Served, watch: Watch, plans: Sequence[Plan], folder: Path, *, warmup_s: float,
    beside: Beside | None = None,
) -> Run:
    """Drive the server with these plans and measure from the warm-up to the end of their seconds. Raises CountsDiffer."""
    async with generators(plans, folder) as crew:
        meter = Meter(ground.home, served.process.pid, {**crew.roles, os.getpid(): "watch"})
        before = await watch.mark()
        start_s = crew.go()
        await asyncio.sleep(start_s + warmup_s - time.monotonic())
        sizes_before = group_sizes(await asyncio.to_thread(served.metrics), ground.code)
        meter.start()
        first, samples = await watch.mark(), Samples()
        until_s = start_s + plans[0].seconds
        counting = asyncio.create_task(crew.counted())
        also = [] if beside is None else [beside(meter, until_s)]
        await asyncio.gather(samples.collect(watch, meter, until_s), *also)
        last = await watch.mark()
        meter.look()
        cpu = meter.spent()
        sizes_after = group_sizes(await asyncio.to_thread(served.metrics), ground.code)
        caught_up_s = await watch.caught_up()
        counted, junk = await counting
    sales, whole = await _checked(ground, watch, before, first, last, counted)
    return Run(
        counted=counted, junk=junk, before=before, first=first, last=last, samples=samples, caught_up_s=caught_up_s, cpu=cpu,
        sales=sales, whole_run=whole, window=(first.at_s - start_s, last.at_s - start_s),
        group_size=_group_size(sizes_before, sizes_after, first, last),
    )


async def _checked(
    ground: Ground, watch: Watch, before: Mark, first: Mark, last: Mark, counted: Counted
) -> tuple[int, int]:
    """(approved in the window, approved in the whole run), from the log. Raises CountsDiffer."""
    end = await watch.mark()
    parts = [
        (await approved_sales(ground.installation, ground.code, *ends))[0]
        for ends in ((before.head, first.head), (first.head, last.head), (last.head, end.head))
    ]
    must_agree(sum(parts), counted)
    return parts[1], sum(parts)


def must_agree(logged: int, counted: Counted) -> None:
    """The log holds every sale that was seen approved, and beyond them none but of lost requests. Raises CountsDiffer."""
    unseen = counted.lost * counted.items
    if not counted.approved <= logged <= counted.approved + unseen:
        raise CountsDiffer(
            f"the log holds {logged} approved sales of this run and the generators saw {counted.approved}, with at most "
            f"{unseen} in lost requests: read the generator's statuses and codes before believing any figure"
        )


def _group_size(
    before: tuple[float, float] | None, after: tuple[float, float] | None, first: Mark, last: Mark
) -> float:
    """Requests per commit: as the writer counts them, or, where it tells nothing, events per move of the head."""
    if before is not None and after is not None and after[1] > before[1]:
        return (after[0] - before[0]) / (after[1] - before[1])
    return (last.head - first.head) / max(1, last.groups - first.groups)


def items_of(transport: str) -> int:
    """Sales in one request."""
    return BATCH_ITEMS if transport == "batch" else 1
