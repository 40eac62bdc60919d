"""Law: one keep-alive HTTP/1.1 connection, one request at a time, and of an answer only what must be known is read.

The generator shares the machine with what it measures: a status, a length and a code are found by position; only a batch
that was not approved throughout is decoded. Measured figures of its cost stand in loadtests/results/README.md.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final, cast

import msgpack

from loadtests.pacing import Pace
from loadtests.tally import APPROVED, RC, Tally

_OK: Final = b"HTTP/1.1 200"
_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"Content-Length: "
_APPROVED: Final = tuple((code, RC + code.encode()) for code in APPROVED)


def read_head(data: bytes) -> tuple[int, int, int] | None:
    """(status, where the body starts, where it ends) of the answer that data opens with; None while its head is not whole."""
    end = data.find(_END)
    if end < 0:
        return None
    at = data.find(_LENGTH, 0, end)
    if at < 0:  # header names may come in any case
        at = data[:end].lower().find(b"content-length: ")
    size = 0 if at < 0 else int(data[at + len(_LENGTH) : data.find(b"\r\n", at, end + 2)])
    return int(data[9:12]), end + 4, end + 4 + size


def items_in(body: bytes) -> list[str | int]:
    """What each item of a batch's answer says: the code of a stored reply, or the status of one that was not decided."""
    try:
        said = msgpack.unpackb(body)
    except ValueError:
        return []
    items = said.get("items") if isinstance(said, dict) else None
    return [_item(item) for item in items] if isinstance(items, list) else []


def _item(item: object) -> str | int:
    if isinstance(item, bytes):
        at = item.find(RC)
        return item[at + 4 : at + 6].decode("ascii", "replace") if at >= 0 else "none"
    status = item.get("st") if isinstance(item, dict) else None
    return status if isinstance(status, int) else "other"


class HttpLine(asyncio.Protocol):
    """sales: in one request; more than one is a batch."""

    room: Final = 1

    def __init__(self, pace: Pace, tally: Tally, lost: Callable[["HttpLine"], None], *, sales: int = 1) -> None:
        self._pace: Final = pace
        self._tally: Final = tally
        self._lost: Final = lost
        self._sales: Final = sales
        self._transport: asyncio.Transport | None = None
        self._due_s: float | None = None
        self._part = b""

    @property
    def waiting(self) -> int:
        return 0 if self._due_s is None else 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def send(self, frames: Sequence[bytes], due_s: Sequence[float], _now_s: float) -> None:
        assert self._transport is not None, "send after connection_made"
        self._due_s = due_s[0]
        self._transport.write(frames[0])

    def data_received(self, data: bytes) -> None:
        if self._part:
            data = self._part + data
        head = read_head(data)
        if head is None or len(data) < head[2]:
            self._part = data
            return
        self._part = b""
        self._answered(head[0], data, head[1], head[2])
        self._pace.room(self, 1)

    def _answered(self, status: int, data: bytes, body: int, end: int) -> None:
        due_s, self._due_s = self._due_s, None
        if due_s is None:  # an answer that nobody asked for, as a server gives before it hangs up
            self._tally.statuses[status] += 1
            return
        self._tally.answered(due_s, time.monotonic(), status)
        if status != 200:
            return
        if self._sales == 1:
            at = data.find(RC, body)
            self._tally.codes[data[at + 4 : at + 6].decode("ascii", "replace") if at >= 0 else "none"] += 1
            return
        counted = {code: data.count(searched, body) for code, searched in _APPROVED}
        self._tally.codes.update(dict.fromkeys([*counted, "other"], 0))  # told in the result, though there be none
        if sum(counted.values()) == self._sales:
            self._tally.codes.update(counted)
            return
        items = items_in(data[body:end])
        self._tally.codes.update(item for item in items if isinstance(item, str))
        self._tally.refused.update(item for item in items if isinstance(item, int))
        self._tally.codes["other"] += max(0, self._sales - len(items))

    def connection_lost(self, _fault: Exception | None) -> None:
        self._tally.lost += self.waiting
        self._due_s = None
        self._lost(self)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
