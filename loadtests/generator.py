"""Law: the generator is a process of its own, so that its cost is seen; it sends ready bytes and counts what comes back.

It is started by the load tests with a plan (JSON) and says "ready"; told on its input when to start, it runs, and its last
line is what it counted. Run: python -m loadtests.generator PLAN
"""

import argparse
import asyncio
import gc
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import uvloop

from loadtests.frames import BATCH_ITEMS, interleaved, read_frames
from loadtests.http_line import HttpLine
from loadtests.pacing import ClosedLoop, Frames, OpenLoop, Pace, Schedule
from loadtests.tally import Tally
from loadtests.ws_line import GREETING_S, WsLine

DRAIN_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """phases: (seconds, rate) of an open loop; empty for a closed one. files: of frames, sent one of each in turn.

    in_flight: over all connections. bundle: sales in one WebSocket message at most. sources: local addresses that connections
    are made from, in turn; empty: whichever. role: under which its CPU is reported.
    """

    host: str
    port: int
    transport: str
    connections: int
    in_flight: int
    seconds: float
    files: tuple[str, ...]
    times: str
    phases: tuple[tuple[float, float], ...] = ()
    bundle: int = 1
    greeting: tuple[tuple[str, str], ...] = ()
    greeting_n: int = 1
    sources: tuple[str, ...] = ()
    role: str = "generator"

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "Plan":
        said = json.loads(path.read_text(encoding="utf-8"))
        pairs = {name: tuple(map(tuple, said[name])) for name in ("phases", "greeting")}
        return cls(**{**said, **pairs, "files": tuple(said["files"]), "sources": tuple(said["sources"])})


class Crew:
    """All connections of the generator. A lost one is made again while the run lasts."""

    def __init__(self, plan: Plan, pace: Pace, tally: Tally) -> None:
        self._plan: Final = plan
        self._pace: Final = pace
        self._tally: Final = tally
        self._again: set[asyncio.Task[None]] = set()
        self._over = False
        self.lines: list[HttpLine | WsLine] = []
        self._made = 0

    async def connect(self) -> None:
        for _ in range(self._plan.connections):
            self.lines.append(await self._line())

    async def _line(self) -> HttpLine | WsLine:
        plan, loop = self._plan, asyncio.get_running_loop()
        if plan.transport != "ws":
            sales = BATCH_ITEMS if plan.transport == "batch" else 1
            made = HttpLine(self._pace, self._tally, self._lost, sales=sales)
            await loop.create_connection(lambda: made, plan.host, plan.port, local_addr=self._from())
            return made
        terminal, seed = plan.greeting[self._made % len(plan.greeting)]
        opened = WsLine(
            self._pace, self._tally, self._lost, room=max(1, plan.in_flight // plan.connections), bundle=plan.bundle,
            greeting=(bytes.fromhex(terminal), bytes.fromhex(seed), plan.greeting_n),
        )
        await loop.create_connection(lambda: opened, plan.host, plan.port, local_addr=self._from())
        await asyncio.wait_for(opened.opened, GREETING_S)
        return opened

    def _from(self) -> tuple[str, int] | None:
        """The next address to connect from."""
        self._made += 1
        sources = self._plan.sources
        return (sources[self._made % len(sources)], 0) if sources else None

    def _lost(self, line: HttpLine | WsLine) -> None:
        self._pace.gone(line)
        if not self._over and line in self.lines:
            self.lines.remove(line)
            task = asyncio.ensure_future(self._replace())
            self._again.add(task)
            task.add_done_callback(self._again.discard)

    async def _replace(self) -> None:
        while not self._over:
            try:
                line = await self._line()
            except OSError:
                await asyncio.sleep(0.1)
                continue
            self.lines.append(line)
            self._pace.room(line, line.room)
            return

    def rooms(self) -> list[int]:
        """How many requests each connection may carry at a time."""
        return [line.room for line in self.lines]

    async def drained(self) -> None:
        """Wait until every request is answered, at most DRAIN_S; what is not is lost."""
        deadline = time.monotonic() + DRAIN_S
        while any(line.waiting for line in self.lines) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        self._over = True
        for line in self.lines:
            line.close()
        await asyncio.sleep(0.05)


async def generate(plan: Plan, started: Callable[[], float]) -> dict[str, Any]:
    """Run the plan. started: called when all connections stand; gives the time of time.monotonic to start at."""
    frames = Frames(list(interleaved([read_frames(Path(file)) for file in plan.files])))
    tally = Tally()
    pace: Pace = OpenLoop(frames, Schedule(plan.phases)) if plan.phases else ClosedLoop(frames)
    crew = Crew(plan, pace, tally)
    await crew.connect()
    gc.freeze()  # hundreds of thousands of ready frames need no looking through
    tally.started_s = start_s = started()
    await pace.run(crew.lines, crew.rooms(), start_s, start_s + plan.seconds)
    await crew.drained()
    tally.write_times(Path(plan.times))
    late, due = (pace.late_max, pace.due) if isinstance(pace, OpenLoop) else (0, frames.sent)
    ran_out_s = None if frames.ran_out_s is None or plan.phases else frames.ran_out_s - start_s
    return {**tally.as_json(), "due": due, "sent": frames.sent, "ran_out_s": ran_out_s, "late_max": late}


def _told_to_start() -> float:
    print("ready", flush=True)
    return float(sys.stdin.readline())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m loadtests.generator", description=__doc__)
    parser.add_argument("plan", type=Path, help="the plan, as the load tests write it")
    counted = uvloop.run(generate(Plan.read(parser.parse_args().plan), _told_to_start))
    print(json.dumps(counted), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
