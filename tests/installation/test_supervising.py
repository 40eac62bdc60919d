"""Law: no fault of the machine or of a part ends the keeping of a part in silence: it is tried again, or the whole says why."""

import asyncio
import errno
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from clearing.config import Settings
from clearing.installation import supervising
from clearing.installation.home import Home
from clearing.installation.opening import Installation
from clearing.installation.parts import WRITER, Task
from clearing.installation.supervising import HASTY_MAX, PartEnded, Supervisor
from clearing.postgres import Embedded

TASK = Task(role=WRITER, index=1)
READY = '{"ready": true}'
NO_MEMORY = OSError(errno.ENOMEM, "Cannot allocate memory")
spawn = asyncio.create_subprocess_exec


class Speaking(Supervisor):
    """Its parts say some lines and wait for their end. lives: the command of each one that was tried."""

    lines: tuple[str, ...] = (READY,)

    def __init__(self, home: Home) -> None:
        super().__init__(Installation(home, Settings(), Embedded.__new__(Embedded)), json_log=False)
        self.lives: list[Task] = []

    def _command(self, task: Task) -> list[str]:
        self.lives.append(task)
        return [sys.executable, "-c", f"import sys; print(*{self.lines!r}, sep=chr(10), flush=True); sys.stdin.read()"]

    def count(self, name: str) -> float | None:
        return self.telemetry.registry.get_sample_value(f"clearing_{name}", {"role": WRITER})

    async def kill(self) -> None:
        """SIGKILL its only part, and wait for the next one."""
        (part,), lives = self._parts, len(self.lives)
        os.kill(part.pid, signal.SIGKILL)
        await until(lambda: len(self.lives) > lives and part.ready.is_set())


@pytest.fixture
async def supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Speaking]:
    monkeypatch.setattr(supervising, "PAUSE_LAST_S", 0.01)
    made = Speaking(Home(tmp_path / "home").make())
    yield made
    await made.stop()


async def until(there: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not there():
            await asyncio.sleep(0.002)


def failing(times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next processes can't be started."""
    left = [NO_MEMORY] * times

    async def spawned(*words: str, **how: object) -> asyncio.subprocess.Process:
        if left:
            raise left.pop()
        return await spawn(*words, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", spawned)


async def test_a_part_that_could_not_be_started_is_tried_again(
    supervisor: Speaking, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(3, monkeypatch)
    with capture_logs() as said:
        async with asyncio.timeout(30):
            await supervisor.start([TASK])
    assert [line["event"] for line in said] == ["process_not_started"] * 3 + ["process_started"]
    assert "Cannot allocate memory" in said[0]["fault"]
    assert not any(task.take_over for task in supervisor.lives), "nobody died: a lease that is held is another writer's"
    failing(2, monkeypatch)
    await supervisor.kill()
    assert [task.take_over for task in supervisor.lives[4:]] == [True] * 3
    assert supervisor.fault is None


async def test_a_part_that_can_never_be_started_ends_the_whole_with_a_sentence(
    supervisor: Speaking, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(1_000, monkeypatch)
    with pytest.raises(PartEnded, match=r"writer-1 ends again and again or can't be started; the lines above say why"):
        await asyncio.wait_for(supervisor.start([TASK]), 30)
    assert len(supervisor.lives) == HASTY_MAX + 1


async def test_a_full_disk_ends_no_supervision_and_hides_no_figure(
    supervisor: Speaking, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, _content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    await supervisor.start([TASK])
    monkeypatch.setattr(supervising, "write_private", full)
    with capture_logs() as said:
        supervisor.hold()
        await supervisor.kill()
        await supervisor.kill()
    assert supervisor.fault is None
    assert [supervisor.count(name) for name in ("process_up", "process_wanted", "process_restarts_total")] == [1, 1, 2]
    assert "No space left" in next(line for line in said if line["event"] == "processes_not_told")["fault"]


async def test_a_line_that_is_not_a_parts_own_is_passed_over(
    supervisor: Speaking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "lines", ("a library says hello", "[1, 2]", "7", "x" * 100_000, READY))
    with capture_logs() as said:
        async with asyncio.timeout(30):
            await supervisor.start([TASK])
    assert {line["event"] for line in said[:-1]} == {"process_misspoke"}
    assert said[0]["said"] == repr(b"a library says hello\n")
    assert said[-1]["event"] == "process_started"
    assert len(supervisor.lives) == 1


async def test_a_fault_in_keeping_a_part_ends_the_whole_with_a_sentence(
    supervisor: Speaking, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_pause_s: float) -> None:
        raise ArithmeticError("a fault of ours")

    await supervisor.start([TASK])
    monkeypatch.setattr(supervisor, "_pause", broken)
    os.kill(supervisor._parts[0].pid, signal.SIGKILL)
    with pytest.raises(PartEnded, match=r"writer-1 can't be kept .*a fault of ours.* start clearing serve again") as ended:
        await asyncio.wait_for(supervisor.until(asyncio.Event()), 30)
    assert ended.value.code == 1
