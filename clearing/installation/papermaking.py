"""Law: what reads the whole log for one person is made by a child process that only reads, one at a time, after who sells.

The command line's own words make it, so a page and a terminal write the same bytes to the same place.
"""

import asyncio
import os
import sys
from dataclasses import dataclass, field
from subprocess import SubprocessError
from typing import Final, NamedTuple

from clearing.installation.home import Home
from clearing.values import CaisseCode

WAITED_S: Final = 25.0
"""So long a person waits for a page; what takes longer goes on behind it."""
_NICE: Final = 15
_SAID_BYTES_MAX: Final = 4_096
_PREFIX: Final = "clearing: "


class Made(NamedTuple):
    """done: it is written. said: why not, in the command's words."""

    done: bool
    said: str = ""


@dataclass(slots=True)
class PaperMaking:
    """Of one home. running: by caisse and words."""

    home: Home
    _turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    _running: dict[tuple[str, ...], asyncio.Task[Made]] = field(default_factory=dict)

    async def make(self, code: CaisseCode, *words: str, wait_s: float = WAITED_S) -> Made | None:
        """None: it is still being made. Who asks for the same again waits for the same."""
        key = (code, *words)
        task = self._running.get(key)
        if task is None:
            self._running[key] = task = asyncio.create_task(self._made(code, words))
            task.add_done_callback(lambda _: self._running.pop(key, None))
        done, _ = await asyncio.wait({task}, timeout=wait_s)
        return task.result() if done else None

    async def close(self) -> None:
        """Nobody waits for a paper any more."""
        for task in list(self._running.values()):
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _made(self, code: CaisseCode, words: tuple[str, ...]) -> Made:
        told = ("-m", "clearing", "--home", str(self.home.folder), *words, "--caisse", code)
        async with self._turn:
            try:
                child = await asyncio.create_subprocess_exec(
                    sys.executable, *told, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
                    stderr=asyncio.subprocess.PIPE, preexec_fn=lambda: os.nice(_NICE),
                )  # fmt: skip
            except (OSError, SubprocessError) as fault:
                return Made(False, f"It can't be made: {fault!r}")
            try:
                _, said = await child.communicate()
            finally:
                if child.returncode is None:
                    child.terminate()
                    await child.wait()
        lines = said[-_SAID_BYTES_MAX:].decode(errors="replace").strip().splitlines()
        return Made(child.returncode == 0, "" if not lines else lines[-1].removeprefix(_PREFIX))
