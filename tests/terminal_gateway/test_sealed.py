"""Law: who does not read is not answered any further; who does is never waited for."""

from typing import cast

import pytest
from aiohttp import web

from clearing.terminal_gateway.sealed import SealedReply


class Connection:
    """What a reply sees of its connection; left: bytes that the other end has not taken."""

    def __init__(self, left: int) -> None:
        self.left, self.written, self.drained = left, b"", 0
        self.transport = self.writer = self

    def write(self, data: bytes) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return self.left

    async def drain(self) -> None:
        self.drained += 1


@pytest.mark.parametrize("left", [0, 1])
async def test_a_reply_waits_for_who_has_not_taken_the_last_one(left: int) -> None:
    connection, reply = Connection(left), SealedReply(b"signed")
    await reply.prepare(cast(web.BaseRequest, connection))
    assert connection.written.endswith(b"\r\n\r\nsigned")
    await reply.write_eof()
    assert connection.drained == left


async def test_who_has_left_is_not_waited_for() -> None:
    connection, reply = Connection(1), SealedReply(b"signed")
    connection.transport = None  # type: ignore[assignment]
    await reply.prepare(cast(web.BaseRequest, connection))
    await reply.write_eof()
    assert (connection.written, connection.drained) == (b"", 0)
