"""Law: a sealed reply leaves as the bytes it is; nothing is looked up, formatted or copied that is the same for every one.

Measured by counted instructions of a request of its own: 184,000 through aiohttp's Response, 113,000 this way. Only for a plain
HTTP/1.1 connection that stays open; any other gets an ordinary Response.
"""

import time
from email.utils import formatdate
from typing import Final

from aiohttp import HttpVersion11, web

from clearing.wire.frame import CONTENT_TYPE

_HEADERS: Final = {"Content-Type": CONTENT_TYPE}
_HEAD: Final = f"HTTP/1.1 200 OK\r\nContent-Type: {CONTENT_TYPE}\r\nDate: ".encode()


class _Dated:
    """The head of a reply up to its length, made once a second."""

    def __init__(self) -> None:
        self._second = -1
        self._head = b""

    def head(self) -> bytes:
        now = int(time.time())
        if now != self._second:
            self._second, self._head = now, _HEAD + formatdate(now, usegmt=True).encode() + b"\r\nContent-Length: "
        return self._head


_dated: Final = _Dated()


class SealedReply(web.StreamResponse):
    """200 with these bytes. Its own prepare and write_eof are all that aiohttp asks of it on a connection that stays open."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self._sealed = body
        self._asked: web.BaseRequest | None = None

    @property
    def keep_alive(self) -> bool:
        return True

    async def prepare(self, request: web.BaseRequest) -> None:
        transport, self._asked = request.transport, request
        if transport is not None:  # else whoever asked has left
            transport.write(b"%b%d\r\n\r\n%b" % (_dated.head(), len(self._sealed), self._sealed))

    async def write_eof(self, _data: bytes = b"") -> None:
        """It was written whole; the next request of who does not read waits until he does."""
        asked = self._asked
        if asked is not None and asked.transport is not None and asked.transport.get_write_buffer_size():
            await asked.writer.drain()


def sealed(request: web.BaseRequest, body: bytes) -> web.StreamResponse:
    """The answer that carries a signed reply."""
    if request.version == HttpVersion11 and request.keep_alive:
        return SealedReply(body)
    return web.Response(body=body, headers=_HEADERS)
