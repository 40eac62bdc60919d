"""Law: a process we start is ours to end; every wait for it is bounded, and what it said last is in the failure's text."""

import asyncio
import json
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.house.sources import CLONE
from tests.promises.market import Market
from tests.promises.writer_process import Order

SPEAK_S = 60


class Refused(Exception):
    """The process ended by itself. code: its exit code; the text: what it said on standard error."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(kw_only=True)
class WriterProcess:
    """A running writer with its gateway. url: of the gateway; log: what it says on standard error."""

    process: "subprocess.Popen[str]"
    url: str
    log: Path

    @classmethod
    async def start(cls, market: Market, folder: Path, *, name: str, port: int = 0, take_over: bool = False) -> Self:
        """Returns when it serves. Raises Refused."""
        log = folder / f"{name}.log"
        order = Order(dsn=market.dsn, schema=market.schema, name=name, port=port, take_over=take_over)
        started = cls(process=_spawn(order, log), url="", log=log)
        line = await started._line()
        if not line:
            raise Refused(await started._over(), started.said())
        started.url = json.loads(line)["url"]
        return started

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def said(self) -> str:
        """The last thing it said on standard error."""
        return self.log.read_text().strip().rpartition("\n")[2]

    async def kill(self) -> None:
        """SIGKILL: not one instruction more."""
        self.process.kill()
        await self._over()

    async def stop(self) -> dict[str, object]:
        """A clean stop; what it said of its book."""
        self.process.terminate()
        line = await self._line()
        code = await self._over()
        assert code == 0, f"exit {code}: {self.said()}"
        facts: dict[str, object] = json.loads(line)
        return facts

    async def ended(self) -> int:
        """Wait until it ends by itself; its exit code."""
        return await self._over()

    async def _line(self) -> str:
        assert self.process.stdout is not None
        return await asyncio.wait_for(asyncio.to_thread(self.process.stdout.readline), SPEAK_S)

    async def _over(self) -> int:
        code = await asyncio.to_thread(self.process.wait, SPEAK_S)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_fault: object) -> None:
        if self.process.poll() is None:
            await self.kill()
        if self.process.stdout is not None:
            self.process.stdout.close()


def _spawn(order: Order, log: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.promises.writer_process"]
    with log.open("a") as said:
        process = subprocess.Popen(
            command, cwd=CLONE, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said
        )
    assert process.stdin is not None
    process.stdin.write(order.line())
    process.stdin.close()
    return process


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
