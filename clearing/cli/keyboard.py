"""Law: typing never holds the program: Ctrl-C ends it at once, and a reversal can travel while nobody types.

Reading in a thread would: Python waits for its threads, and a person would have to press Enter after Ctrl-C.
"""

import asyncio
import os
import sys
from typing import Final

_READ_BYTES_MAX: Final = 65_536


class Keyboard:
    """Lines of standard input. A terminal window gives whole lines; several pasted at once are given one by one."""

    def __init__(self) -> None:
        self._typed = b""

    async def line(self, prompt: str) -> str:
        """What is typed after the prompt, without its end. Raises EOFError."""
        print(prompt, end="", flush=True)
        if not sys.stdin.isatty():
            return _ended(sys.stdin.readline())
        while b"\n" not in self._typed:
            await _readable(sys.stdin.fileno())
            read = os.read(sys.stdin.fileno(), _READ_BYTES_MAX)
            if not read:
                raise EOFError
            self._typed += read
        line, _, self._typed = self._typed.partition(b"\n")
        return line.decode("utf-8", "replace")


def _ended(line: str) -> str:
    if not line:
        raise EOFError
    return line.removesuffix("\n")


async def _readable(file: int) -> None:
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(file, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(file)
