"""Law: one WebSocket with many sales in flight; an answer finds its request by the bytes that both begin with (m, e, n, x).

The client's side of docs/WIRE.md: after the upgrade the server's nonce, a signed `time` request with it, the time; from then on
each binary message holds envelopes and maps back to back, as the server had them ready. A map says that a request was refused,
and which by its payload's digest; of an envelope nothing is decoded.
"""

import asyncio
import base64
import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final, cast

import msgpack

from clearing.values import OperationId, TerminalId
from clearing.wire.fields import TimeMs
from clearing.wire.frame import FrameType
from clearing.wire.requests import Op, Request, encode_request
from clearing.wire.signature import TerminalKey, payload_digest
from loadtests.frames import ws_message
from loadtests.pacing import Pace
from loadtests.tally import RC, Tally

GREETING_S: Final = 30.0
_SIGNATURE_ITEM: Final = 66  # bin8 head and 64 bytes
_HASH_ITEM: Final = 34
_SENDERS: Final = 12  # where `m`'s bytes begin in a payload whose `t` has four letters
_SAME: Final = slice(_SENDERS, _SENDERS + 32)  # m, e, n, x and what stands between them: the same in request and reply
_RC_FROM: Final = 83  # `rq` ends there at the earliest
_REQUEST_AT: Final = 8  # of the envelope, behind the head of a message of 126 bytes or more


class Turned(ConnectionError):
    """The server did not take the connection; the text is what it said."""


def payload_at(data: bytes, at: int) -> tuple[int, int]:
    """(start, size) of the payload of the envelope at `at`."""
    kind = data[at + 12]
    if kind == 0xC5:
        return at + 15, data[at + 13] << 8 | data[at + 14]
    if kind == 0xC4:
        return at + 14, data[at + 13]
    return at + 17, int.from_bytes(data[at + 13 : at + 17], "big")


def after_envelope(data: bytes, at: int, payload_end: int) -> int:
    """Where the envelope at `at` ends: behind its signature, of version 2 behind the path and the root's signature."""
    if data[at] == 0x94:
        return payload_end + _SIGNATURE_ITEM
    head = data[payload_end]
    if head == 0xDC:
        return payload_end + 3 + _HASH_ITEM * (data[payload_end + 1] << 8 | data[payload_end + 2]) + _SIGNATURE_ITEM
    return payload_end + 1 + _HASH_ITEM * (head & 0x0F) + _SIGNATURE_ITEM


def replies_in(message: bytes) -> Iterator[tuple[bytes, str | int]]:
    """(m e n x as in the request, code) of each reply in a message; of a refusal (the request's digest, status)."""
    at, end = 0, len(message)
    while at < end:
        if _is_map(message[at]):
            unpacker = msgpack.Unpacker()
            unpacker.feed(message[at:])
            said = unpacker.unpack()
            yield said.get("rq") or b"", int(said.get("st", 0))
            at += unpacker.tell()
            continue
        start, size = payload_at(message, at)
        found = message.find(RC, start + _RC_FROM, start + size)
        code = message[found + 4 : found + 6].decode("ascii", "replace") if found >= 0 else "none"
        yield message[start + _SAME.start : start + _SAME.stop], code
        at = after_envelope(message, at, start + size)


def _is_map(head: int) -> bool:
    return head & 0xF0 == 0x80


def time_request(terminal: bytes, seed: bytes, n: int, nonce: bytes) -> bytes:
    """The envelope that answers the server's hello."""
    request = Request(
        op=Op.TIME, terminal=TerminalId(terminal), epoch=1, n=n, x=OperationId(os.urandom(16)),
        ts_ms=TimeMs(time.time_ns() // 1_000_000), nonce=nonce,
    )
    return TerminalKey.from_seed(seed).sign_envelope(FrameType.TERM_REQ, encode_request(request))


class WsLine(asyncio.Protocol):
    """room: sales in flight. greeting: (terminal id, seed, n) that speaks for this connection."""

    def __init__(
        self, pace: Pace, tally: Tally, lost: Callable[["WsLine"], None], *, room: int, bundle: int,
        greeting: tuple[bytes, bytes, int],
    ) -> None:  # fmt: skip
        self.room: Final = room
        self.opened: Final[asyncio.Future[None]] = asyncio.get_running_loop().create_future()
        self._pace: Final = pace
        self._tally: Final = tally
        self._lost: Final = lost
        self._bundle: Final = bundle
        self._greeting: Final = greeting
        self._transport: asyncio.Transport | None = None
        self._due: dict[bytes, tuple[float, bytes]] = {}  # m e n x -> when it was due, its message
        self._part = b""
        self._take: Callable[[bytes], None] = self._hello
        self._upgraded = False

    @property
    def waiting(self) -> int:
        return len(self._due)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(os.urandom(16)).decode()
        self._transport.write((
            "GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode())

    def send(self, frames: Sequence[bytes], due_s: Sequence[float], _now_s: float) -> None:
        assert self._transport is not None, "send after connection_made"
        due = self._due
        for frame, at_s in zip(frames, due_s, strict=True):
            start = payload_at(frame, _REQUEST_AT)[0]
            due[frame[start + _SAME.start : start + _SAME.stop]] = at_s, frame
        if self._bundle == 1:
            self._transport.writelines(frames)
            return
        together = [
            ws_message(b"".join([frame[_REQUEST_AT:] for frame in frames[first : first + self._bundle]]))
            for first in range(0, len(frames), self._bundle)
        ]
        self._transport.writelines(together)

    def data_received(self, data: bytes) -> None:
        if self._part:
            data = self._part + data
        if not self._upgraded:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._part = data
                return
            if not data.startswith(b"HTTP/1.1 101"):
                self._refuse(data[:200].decode("latin-1"))
                return
            self._upgraded, data = True, data[end + 4 :]
        before = len(self._due)
        self._part = data[self._messages(data) :]
        if len(self._due) < before:
            self._pace.room(self, before - len(self._due))

    def _messages(self, data: bytes) -> int:
        """Take every whole message; how many bytes they were."""
        at, end = 0, len(data)
        while end - at >= 2:
            size, start = data[at + 1] & 0x7F, at + 2
            if size >= 126:
                start += 2 if size == 126 else 8
                size = int.from_bytes(data[at + 2 : start], "big")
            if start > end or start + size > end:
                break
            self._message(data[at] & 0x0F, data[start : start + size])
            at = start + size
        return at

    def _message(self, kind: int, content: bytes) -> None:
        if kind == 2:
            self._take(content)
        elif kind == 9 and self._transport is not None:
            self._transport.write(b"\x8a" + ws_message(content)[1:])
        elif kind == 8:
            self._refuse("the server closed the connection")

    def _hello(self, content: bytes) -> None:
        said = msgpack.unpackb(content)
        if not isinstance(said, dict) or said.get("t") != "hello" or self._transport is None:
            self._refuse(f"no hello, but {said!r}")
            return
        terminal, seed, n = self._greeting
        self._take = self._welcomed
        self._transport.write(ws_message(time_request(terminal, seed, n, said["nc"])))

    def _welcomed(self, content: bytes) -> None:
        if _is_map(content[0]):
            self._refuse(f"the greeting was refused: {msgpack.unpackb(content)!r}")
            return
        self._take = self._replied
        self.opened.set_result(None)

    def _replied(self, content: bytes) -> None:
        now_s = time.monotonic()
        for named, said in replies_in(content):
            refused = isinstance(said, int)
            asked = self._due.pop(self._of_digest(named) if refused else named, None)
            if asked is None:  # a refusal that names none of ours, too: whose it was stays unanswered
                self._tally.codes["unasked"] += 1
                continue
            self._tally.answered(asked[0], now_s, said if isinstance(said, int) else 200)
            if isinstance(said, str):
                self._tally.codes[said] += 1

    def _of_digest(self, digest: bytes) -> bytes:
        """m e n x of the request in flight whose payload has this digest; empty when none has. Refusals are rare enough."""
        for same, (_, frame) in self._due.items():
            start, size = payload_at(frame, _REQUEST_AT)
            if payload_digest(frame[start : start + size]) == digest:
                return same
        return b""

    def _refuse(self, why: str) -> None:
        if not self.opened.done():
            self.opened.set_exception(Turned(f"the WebSocket at /v1/ws was not opened: {why}"))
        self.close()

    def connection_lost(self, _fault: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(Turned("the server hung up during the greeting"))
        self._tally.lost += len(self._due)
        self._due.clear()
        self._lost(self)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
