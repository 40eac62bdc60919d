"""Law: a stream carries the frames that single requests are, each verified by itself; answers come when ready, in any order.

GET /v1/ws, wire.md section 4. The server opens with {"t": "hello", "nc": nonce}; the terminal answers with its signed `time`
request over that nonce and gets the signed time. From then on each binary message, in either direction, holds one or more
envelopes back to back; what is refused is answered by a map {"t": "refused", "st", "why", "rq": digest of the payload, or
nil}. Whoever can't read as fast as he asks is not read from any more (bounded answers in flight).
"""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from aiohttp import WSMsgType, web

from clearing.authoriser.client import Answer, Authoriser, OutcomeUnknown, Overloaded, Submission
from clearing.config import Settings
from clearing.telemetry import Telemetry
from clearing.terminal_gateway import refusals
from clearing.terminal_gateway.door import CardAwaited, Door
from clearing.terminal_gateway.refusals import Refused
from clearing.terminal_gateway.sources import Sources
from clearing.wire.batch import BATCH_BYTES_MAX
from clearing.wire.frame import MalformedFrame, cut_envelopes, open_envelope, pack
from clearing.wire.requests import Op, Request
from clearing.wire.signature import payload_digest

HELLO_S: Final = 10
_NONCE_BYTES: Final = 16
_PAUSED: Final = 4_000  # close code: the terminal should connect again


class Streams:
    """The path of streams; keeps the open ones, to close them when the gateway ends."""

    def __init__(
        self, path: str, door: Door, *, settings: Settings, authoriser: Authoriser, telemetry: Telemetry
    ) -> None:
        self._path, self._door, self._settings = path, door, settings
        self._authoriser, self._telemetry = authoriser, telemetry
        self._sources = Sources(settings.trusted_proxies)
        self._open: set[web.WebSocketResponse] = set()

    async def serve(self, request: web.BaseRequest) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=BATCH_BYTES_MAX, compress=False, heartbeat=self._settings.keepalive_s)
        await socket.prepare(request)
        self._open.add(socket)
        self._telemetry.websocket_connections.set(len(self._open))
        stream = _Stream(
            socket, self._door, self._sources.of(request), settings=self._settings, authoriser=self._authoriser,
            telemetry=self._telemetry, path=self._path,
        )
        try:
            await stream.run()
        finally:
            self._open.discard(socket)
            self._telemetry.websocket_connections.set(len(self._open))
        return socket

    async def close(self) -> None:
        closing = [one.close(code=_PAUSED, message=b"the gateway ends; connect again") for one in self._open]
        await asyncio.gather(*closing, return_exceptions=True)  # together: each waits for its terminal


class _Stream:
    """One connection."""

    def __init__(
        self, socket: web.WebSocketResponse, door: Door, address: str, *, settings: Settings, authoriser: Authoriser,
        telemetry: Telemetry, path: str,
    ) -> None:  # fmt: skip
        self._socket, self._door, self._address, self._settings = socket, door, address, settings
        self._authoriser, self._telemetry, self._path = authoriser, telemetry, path
        self._decided = telemetry.http_requests.labels(path, "200")
        self._seconds = telemetry.http_seconds.labels(path)
        self._ready: list[bytes] = []
        self._stir = asyncio.Event()
        self._in_flight = 0
        self._room = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def run(self) -> None:
        if not await self._greet():
            return
        sending = asyncio.create_task(self._send())
        sending.add_done_callback(lambda _: self._room.set())
        try:
            async for message in self._socket:
                if message.type is not WSMsgType.BINARY:
                    await self._has_room(sending)
                    self._refuse(refusals.malformed(MalformedFrame("frames are binary messages")), None)
                    continue
                for frame in _frames(message.data):
                    await self._has_room(sending)
                    await self._take(frame)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _greet(self) -> bool:
        """Whether somebody with an enrolled key is at the other end, now and not in a recording."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        await self._socket.send_bytes(pack({"t": "hello", "nc": nonce}))
        try:
            raw = await self._socket.receive_bytes(timeout=HELLO_S)
            admitted = self._door.admit(raw, Op.TIME, self._address)
            if not (isinstance(admitted, Submission) and isinstance(admitted.request, Request)):
                raise refusals.malformed(MalformedFrame("a stream is opened by a time request"))
            if admitted.request.nonce != nonce:
                raise refusals.malformed(MalformedFrame("'nc' must be the nonce that this stream opened with"))
            await self._socket.send_bytes(await self._authoriser.submit(admitted))
        except (TypeError, TimeoutError):
            await self._socket.close(code=_PAUSED, message=b"no hello came")
            return False
        except ConnectionError:  # who was there has left
            return False
        except Refused as refused:
            await self._turned_away(refused)
            return False
        except (Overloaded, OutcomeUnknown) as unanswered:  # the terminal connects again
            await self._turned_away(refusals.unanswered(unanswered))
            return False
        return True

    async def _turned_away(self, refused: Refused) -> None:
        self._count(refused)
        with suppress(ConnectionError):
            await self._socket.send_bytes(_refusal(refused, None))
        await self._socket.close(code=_PAUSED, message=b"refused")

    async def _has_room(self, sending: "asyncio.Task[None]") -> None:
        """Wait while too many answers are awaited or not taken yet; not for one who can't be sent anything any more."""
        while self._in_flight + len(self._ready) >= self._settings.stream_in_flight_max and not sending.done():
            self._room.clear()
            await self._room.wait()

    async def _take(self, raw: bytes) -> None:
        started_s = self._loop.time()
        try:
            admitted = self._door.admit(raw, None, self._address)
            if isinstance(admitted, CardAwaited):
                admitted = await self._door.completed(admitted)
        except Refused as refused:
            self._refuse(refused, raw)
            return
        self._in_flight += 1
        self._authoriser.post(admitted, lambda answer: self._deliver(answer, raw, started_s))

    def _deliver(self, answer: Answer, raw: bytes, started_s: float) -> None:
        self._in_flight -= 1
        if isinstance(answer, bytes):
            self._ready.append(answer)
            self._stir.set()
            self._decided.inc()
        else:
            self._refuse(refusals.unanswered(answer), raw)
        self._seconds.observe(self._loop.time() - started_s)

    def _refuse(self, refused: Refused, raw: bytes | None) -> None:
        self._count(refused)
        self._ready.append(_refusal(refused, raw))
        self._stir.set()

    def _count(self, refused: Refused) -> None:
        self._telemetry.refusals.labels(refused.reason.value).inc()
        self._telemetry.http_requests.labels(self._path, str(refused.status)).inc()

    async def _send(self) -> None:
        """All that is ready, in one message; the next waits until the other end has taken it."""
        while True:
            await self._stir.wait()
            self._stir.clear()
            ready, self._ready = self._ready, []
            if ready:
                await self._socket.send_bytes(b"".join(ready))
                self._room.set()


def _frames(message: bytes) -> Iterator[bytes]:
    """The envelopes in a message; what can't be told apart is one of them, to be refused as it is."""
    try:
        yield from cut_envelopes(message)
    except MalformedFrame:
        yield message


def _refusal(refused: Refused, raw: bytes | None) -> bytes:
    digest = None
    if raw is not None:
        try:
            digest = payload_digest(open_envelope(raw, frame_bytes_max=BATCH_BYTES_MAX).payload)
        except MalformedFrame:
            digest = None
    return pack({"t": "refused", "st": refused.status, "why": refused.text, "rq": digest})
