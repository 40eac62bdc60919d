"""Law: a network that fails on command: one connection is cut at a chosen moment of one exchange."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum


class Cut(StrEnum):
    BEFORE_REQUEST = "before"  # the server never sees the statement
    AFTER_REQUEST = "sent"  # the server sees it; nobody waits for it
    BEFORE_REPLY = "answered"  # the server has answered; the answer is lost


class Proxy:
    """Forwards to PostgreSQL; arm() cuts the next exchange that carries `marker`."""

    def __init__(self, port: int, marker: bytes) -> None:
        self.target_port = port
        self.marker = marker
        self.port = 0
        self.cuts = 0
        self._armed: list[Cut] = []
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def arm(self, *cuts: Cut) -> None:
        self._armed += cuts

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        lost = asyncio.Event()
        waiting: list[Cut] = []
        self._writers |= {writer, server_writer}
        up = self._forward(reader, server_writer, writer, lost, waiting)
        down = self._back(server_reader, writer, server_writer, lost, waiting)
        for pump in (up, down):
            task = asyncio.ensure_future(pump)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _forward(
        self,
        reader: asyncio.StreamReader,
        out: asyncio.StreamWriter,
        client: asyncio.StreamWriter,
        lost: asyncio.Event,
        waiting: list[Cut],
    ) -> None:
        while chunk := await _read(reader):
            cut = self._armed.pop(0) if self._armed and self.marker in chunk else None
            if cut is not None:
                self.cuts += 1
            if cut is Cut.BEFORE_REPLY:
                waiting.append(cut)
            if cut is not Cut.BEFORE_REQUEST:
                out.write(chunk)
            if cut in (Cut.BEFORE_REQUEST, Cut.AFTER_REQUEST):
                client.transport.abort()
                break
        lost.set()
        out.close()

    async def _back(
        self,
        reader: asyncio.StreamReader,
        client: asyncio.StreamWriter,
        out: asyncio.StreamWriter,
        lost: asyncio.Event,
        waiting: list[Cut],
    ) -> None:
        while chunk := await _read(reader):
            if waiting:
                client.transport.abort()
                break
            if not lost.is_set():
                client.write(chunk)
        client.close()

    async def close(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*self._tasks)


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(1 << 20)
    except ConnectionError:
        return b""


@asynccontextmanager
async def proxy_to(port: int, marker: bytes) -> AsyncIterator[Proxy]:
    """A proxy on a free port of 127.0.0.1."""
    proxy = Proxy(port, marker)
    server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
        await server.wait_closed()
