"""Law: a small server that speaks the wire for the generator's tests: it verifies every frame for real and decides nothing.

Replies are in both forms of the envelope, in turn: signed alone, and with a path to the root of a group.
"""

import itertools
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgpack
from aiohttp import WSMsgType, web

from clearing.events.codes import Code
from clearing.wire.fields import TimeMs
from clearing.wire.frame import FrameType, open_envelope, pack, seal_envelope
from clearing.wire.replies import Reply, encode_reply
from clearing.wire.requests import Op, Request, parse_request
from clearing.wire.signature import TerminalKey, payload_digest, verify

NONCE = b"n" * 16


@dataclass(slots=True)
class StandIn:
    """keys: public keys by kid. seen: payloads of sales; greeted: nonces of time requests. refuse: every so many messages."""

    keys: dict[bytes, bytes]
    refuse_every: int = 0
    url_port: int = 0
    seen: list[Request] = field(default_factory=list)
    greeted: list[bytes] = field(default_factory=list)
    messages: "Counter[int]" = field(default_factory=Counter)
    _turn: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def reply(self, envelope: bytes) -> bytes:
        opened = open_envelope(envelope, frame_bytes_max=4096)
        frame = verify(opened, FrameType.TERM_REQ, self.keys[opened.kid])
        request = parse_request(frame, Op.SALE)
        self.seen.append(request)
        payload = encode_reply(Reply(
            m=request.terminal, e=request.epoch, n=request.n, x=request.x, rq=frame.digest, rc=Code.APPROVED, st=TimeMs(1),
            sq=7, aa=request.amount_cents,
        ))
        turn = next(self._turn)
        if turn % 2:
            return seal_envelope(bytes(8), payload, bytes(64))
        path = [bytes([turn % 256]) * 32 for _ in range(turn % 20)]
        return b"\x95\x02" + pack(bytes(8)) + pack(payload) + pack(path) + pack(bytes(64))

    async def sale(self, request: web.Request) -> web.Response:
        return web.Response(body=self.reply(await request.read()))

    async def batch(self, request: web.Request) -> web.Response:
        opened = open_envelope(await request.read(), frame_bytes_max=1 << 18)
        frame = verify(opened, FrameType.TERM_BATCH, self.keys[opened.kid])
        said = msgpack.unpackb(frame.payload)
        assert list(said) == ["t", "m", "e", "n", "x", "ts", "items", "h"]
        last = open_envelope(said["items"][-1], frame_bytes_max=4096)
        assert said["h"] == payload_digest(last.payload)
        answers: list[object] = [self.reply(item) for item in said["items"]]
        answers[0] = {"st": 400, "rc": "13", "why": "does not add up"}
        return web.Response(body=pack({"t": "batch", "items": answers}))

    async def ws(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_bytes(pack({"t": "hello", "nc": NONCE}))
        greeting = await socket.receive_bytes()
        opened = open_envelope(greeting, frame_bytes_max=4096)
        time = parse_request(verify(opened, FrameType.TERM_REQ, self.keys[opened.kid]), Op.TIME)
        self.greeted.append(time.nonce or b"")
        await socket.ping()
        await socket.send_bytes(seal_envelope(bytes(8), b"time", bytes(64)))
        async for message in socket:
            if message.type is not WSMsgType.BINARY:
                break
            parts = list(envelopes_in(message.data))
            self.messages[len(parts)] += 1
            if self.refuse_every and sum(self.messages.values()) % self.refuse_every == 0:
                await socket.send_bytes(b"".join(refusal(part) for part in parts))
                continue
            await socket.send_bytes(b"".join(self.reply(part) for part in parts))
        return socket


def refusal(envelope: bytes) -> bytes:
    """As the server refuses one request of a stream."""
    digest = payload_digest(open_envelope(envelope, frame_bytes_max=4096).payload)
    return pack({"t": "refused", "st": 429, "why": "slower", "rq": digest})


def envelopes_in(message: bytes) -> list[bytes]:
    """Cut by msgpack itself: another road than the generator's."""
    unpacker, cuts = msgpack.Unpacker(), [0]
    unpacker.feed(message)
    while cuts[-1] < len(message):
        unpacker.skip()
        cuts.append(unpacker.tell())
    return [message[start:end] for start, end in itertools.pairwise(cuts)]


@asynccontextmanager
async def stand_in(seeds: list[bytes], *, refuse_every: int = 0) -> AsyncIterator[StandIn]:
    keys = [TerminalKey.from_seed(seed) for seed in seeds]
    server = StandIn({key.kid: key.public for key in keys}, refuse_every)
    app = web.Application()
    app.router.add_post("/v1/sale", server.sale)
    app.router.add_post("/v1/batch", server.batch)
    app.router.add_get("/v1/ws", server.ws)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.url_port = runner.addresses[0][1]
        yield server
    finally:
        await runner.cleanup()
