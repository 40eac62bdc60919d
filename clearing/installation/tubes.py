"""Law: every process of an installation tells, when asked over its tube, its metrics and what it still lacks; nothing else.

A tube is a Unix socket in the home's private folder. One line is asked, `metrics` or `missing`; the answer is all until the
end. Who can serve one more caisse is told so here: `take in CODE` (adopting.py).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeAlias

import structlog

from clearing.authoriser.socket_file import SocketFile
from clearing.exposition import merge_expositions
from clearing.installation.home import Home
from clearing.telemetry import LogEvent, Telemetry
from clearing.values import CaisseCode, identifier

ANSWER_S: Final = 1.0
_SUFFIX: Final = ".tube"
_TAKE_IN: Final = b"take in "
TakeIn: TypeAlias = Callable[[CaisseCode], Awaitable[None]]
"""Serves one more caisse; raises what keeps it from that."""


class Tube:
    """This process's end. missing: sentences that say what keeps it from being ready. take_in: where caisses are served."""

    def __init__(
        self, path: Path, telemetry: Telemetry, missing: Callable[[], Sequence[str]], take_in: TakeIn | None = None
    ) -> None:
        self._file, self._telemetry, self._missing, self._take_in = SocketFile(path), telemetry, missing, take_in
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        with self._file.making() as path:
            self._server = await asyncio.start_unix_server(self._answer, path=path)

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self._file.remove()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = await reader.readline()
            if asked == b"metrics\n":
                writer.write(self._telemetry.exposition())
            elif asked == b"missing\n":
                writer.write(json.dumps(list(self._missing())).encode())
            elif asked.startswith(_TAKE_IN):
                writer.write(json.dumps({"fault": await self._taken_in(asked)}).encode())
            await writer.drain()
        except ConnectionError:
            pass  # whoever asked has left
        finally:
            writer.close()

    async def _taken_in(self, asked: bytes) -> str:
        """Why not, or "". Whatever keeps a new caisse out must not end what sells for the others."""
        try:
            code = CaisseCode(identifier(asked.removeprefix(_TAKE_IN).decode().strip(), what="a caisse"))
            if self._take_in is None:
                return "This process serves no caisse."
            await self._take_in(code)
        except Exception as fault:  # noqa: BLE001  it is told to who asked, and to the log
            structlog.get_logger().error(LogEvent.ALARM, alarm="taking in", fault=repr(fault))
            return str(fault) or repr(fault)
        return ""


async def forget_the_dead(home: Home) -> None:
    """Take away the tubes that nobody answers: of processes that ended without a word."""
    for path in home.run.glob(f"*{_SUFFIX}"):
        try:
            _, writer = await asyncio.open_unix_connection(str(path))
            writer.close()
        except OSError:
            path.unlink(missing_ok=True)


async def metrics_of_all(home: Home) -> bytes:
    """One page of every process that answers."""
    return merge_expositions(await _ask_all(home, b"metrics\n"))


async def missing_of_all(home: Home) -> list[str]:
    """What keeps any process from being ready; a process that does not answer is one of them."""
    said = await _ask_all(home, b"missing\n")
    wanted = {path.name.removesuffix(_SUFFIX) for path in home.run.glob(f"*{_SUFFIX}")}
    silent = [
        f"the process {name} does not answer; it is being started again, or look at the log" for name in wanted - said.keys()
    ]
    return sorted(silent) + [sentence for name in sorted(said) for sentence in json.loads(said[name])]


async def _ask_all(home: Home, question: bytes) -> dict[str, bytes]:
    paths = sorted(home.run.glob(f"*{_SUFFIX}"))
    answers = await asyncio.gather(*(_ask(path, question) for path in paths))
    return {path.name.removesuffix(_SUFFIX): answer for path, answer in zip(paths, answers, strict=True) if answer is not None}


async def _ask(path: Path, question: bytes) -> bytes | None:
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_unix_connection(str(path))
            try:
                writer.write(question)
                return await reader.read(-1)
            finally:
                writer.close()
    return None
