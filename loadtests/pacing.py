"""Law: a closed loop sends when an answer came; an open loop by the schedule, and what must wait counts as waiting.

Both hand out frames in order until the time or the frames are over. Times are of time.monotonic, in seconds.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from typing import Final, Protocol

TICK_S: Final = 0.001
LATE_S: Final = 60.0  # what is still not sent then is left out, and seen: fewer were sent than were due


class Line(Protocol):
    """A connection that can carry so many requests at a time."""

    def send(self, frames: Sequence[bytes], due_s: Sequence[float], now_s: float) -> None: ...


class Frames:
    """The frames that are left. ran_out_s: when they were first asked for in vain before the end of the run."""

    def __init__(self, frames: Sequence[bytes]) -> None:
        self._frames: Final = frames
        self._next = 0
        self.until_s = 0.0
        self.ran_out_s: float | None = None

    def take(self, count: int, now_s: float) -> Sequence[bytes]:
        if now_s >= self.until_s:
            return ()
        taken = self._frames[self._next : self._next + count]
        self._next += len(taken)
        if len(taken) < count and self.ran_out_s is None:
            self.ran_out_s = now_s
        return taken

    @property
    def sent(self) -> int:
        return self._next


class ClosedLoop:
    """Whatever room a connection has is filled at once."""

    def __init__(self, frames: Frames) -> None:
        self._frames: Final = frames

    async def run(self, lines: Sequence[Line], rooms: Sequence[int], start_s: float, until_s: float) -> None:
        self._frames.until_s = until_s
        await asyncio.sleep(max(0.0, start_s - time.monotonic()))
        for line, room in zip(lines, rooms, strict=True):
            self.room(line, room)
        await asyncio.sleep(max(0.0, until_s - time.monotonic()))

    def room(self, line: Line, count: int) -> None:
        """This connection has room for `count` more requests."""
        now_s = time.monotonic()
        frames = self._frames.take(count, now_s)
        if frames:
            line.send(frames, (now_s,) * len(frames), now_s)

    def gone(self, line: Line) -> None:
        """This connection is lost. It says nothing any more, so nothing more is sent on it."""


class Schedule:
    """Intended sending times, evenly spaced within each phase. phases: (seconds, requests per second) in order."""

    def __init__(self, phases: Sequence[tuple[float, float]]) -> None:
        self._phases: Final = tuple(phases)
        self.seconds: Final = sum(seconds for seconds, _ in phases)

    def up_to(self, elapsed_s: float) -> int:
        """How many requests are due until `elapsed_s` after the start."""
        due = 0.0
        for seconds, rate in self._phases:
            due += rate * min(seconds, max(0.0, elapsed_s))
            elapsed_s -= seconds
        return int(due + 1e-6)  # 0.2 s of 100 a second are 20, whatever a float makes of it

    def at(self, number: int) -> float:
        """When request `number` (from 1) is due, in seconds after the start."""
        before, left = 0.0, float(number)
        for seconds, rate in self._phases:
            if rate > 0 and left <= rate * seconds:
                return before + left / rate
            before, left = before + seconds, left - rate * seconds
        return before


class OpenLoop:
    """Requests are due by the schedule alone. Without a free connection they wait, and their time runs."""

    def __init__(self, frames: Frames, schedule: Schedule) -> None:
        self._frames: Final = frames
        self._schedule: Final = schedule
        self._free: deque[Line] = deque()  # a connection stands here once for each request that it has room for
        self._late: deque[float] = deque()
        self._due = 0
        self.late_max = 0

    async def run(self, lines: Sequence[Line], rooms: Sequence[int], start_s: float, until_s: float) -> None:
        self._frames.until_s = until_s + LATE_S  # what was due in time is sent, however late
        for turn in range(max(rooms)):
            self._free.extend(line for line, room in zip(lines, rooms, strict=True) if turn < room)
        await asyncio.sleep(max(0.0, start_s - time.monotonic()))
        while True:
            now_s = time.monotonic()
            self._fall_due(start_s, min(now_s, until_s))
            self._send_late(now_s)
            if now_s >= until_s and (not self._late or now_s >= until_s + LATE_S):
                break
            await asyncio.sleep(TICK_S)

    def room(self, line: Line, count: int) -> None:
        for _ in range(count):
            self._free.append(line)
        if self._late:
            self._send_late(time.monotonic())

    def gone(self, line: Line) -> None:
        """This connection is lost: what falls due waits for another."""
        self._free = deque(free for free in self._free if free is not line)

    @property
    def due(self) -> int:
        """Requests that were due until now, whether they were sent or not."""
        return self._due

    def _fall_due(self, start_s: float, now_s: float) -> None:
        due = self._schedule.up_to(now_s - start_s)
        self._late.extend([start_s + self._schedule.at(number) for number in range(self._due + 1, due + 1)])
        self._due = due
        self.late_max = max(self.late_max, len(self._late) - len(self._free))

    def _send_late(self, now_s: float) -> None:
        while self._late and self._free:
            frames = self._frames.take(1, now_s)
            if not frames:
                self._late.clear()
                return
            self._free.popleft().send(frames, (self._late.popleft(),), now_s)


Pace = ClosedLoop | OpenLoop
