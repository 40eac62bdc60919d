"""Law: a stream carries what single requests carry, for whoever proves to be there now; each refused frame is told why."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgpack
import pytest

from clearing.authoriser.client import Authoriser, Deliver, Submission
from clearing.config import Settings
from clearing.terminal_gateway.server import STREAM_PATH
from clearing.values import OperationId
from clearing.wire.fields import TimeMs
from clearing.wire.frame import FrameType
from clearing.wire.replies import TimeReply, encode_time, parse_reply, parse_time
from clearing.wire.reply_envelope import open_reply, verify_reply
from clearing.wire.requests import Op, Request
from clearing.wire.signature import TerminalKey
from tests.stall_world import KEY, PERSON_KEY, SERVER_KEY, STALL, World, but, sale, signed

WAIT_S = 30
ENOUGH = Settings(
    key_requests_burst=1_000_000, key_requests_per_s=1_000_000, address_refusals_burst=1_000, stream_in_flight_max=8
)


@dataclass(kw_only=True)
class TimedWriter(Authoriser):
    """The small writer, which knows no time: what it may answer is held back while `held` is, and then told in any order."""

    world: World
    held: bool = False
    waiting: list[tuple[Submission, Deliver]] = field(default_factory=list)

    def post(self, submission: Submission, deliver: Deliver) -> None:
        request = submission.request
        if isinstance(request, Request) and request.op is Op.TIME:
            time = TimeReply(nonce=request.nonce or b"", st_ms=TimeMs(1_500_000_000_000))
            deliver(SERVER_KEY.sign_envelope(FrameType.SRV_TIME, encode_time(time)))
        elif self.held:
            self.waiting.append((submission, deliver))
        else:
            self.world.writer.post(submission, deliver)

    def let_go(self, order: Callable[[list[Any]], list[Any]] = lambda waiting: waiting) -> None:
        waiting, self.waiting = order(self.waiting), []
        for submission, deliver in waiting:
            self.world.writer.post(submission, deliver)


@pytest.fixture
def world() -> World:
    return World(settings=ENOUGH)


@pytest.fixture
def writer(world: World) -> TimedWriter:
    return TimedWriter(world=world)


@pytest.fixture
async def session(world: World, writer: TimedWriter) -> AsyncIterator[aiohttp.ClientSession]:
    async with world.served(writer) as address, aiohttp.ClientSession(address) as session:
        yield session


def hello_to(nonce: bytes, key: TerminalKey = KEY, **changes: object) -> bytes:
    request = Request(
        op=Op.TIME, terminal=STALL, epoch=0, n=0, x=OperationId(bytes(16)), ts_ms=TimeMs(0), nonce=nonce
    )
    return signed(but(request, **changes), key)


async def nonce_of(stream: aiohttp.ClientWebSocketResponse) -> bytes:
    opening = msgpack.unpackb(await stream.receive_bytes(timeout=WAIT_S))
    assert list(opening) == ["t", "nc"]
    assert opening["t"] == "hello"
    nonce: bytes = opening["nc"]
    return nonce


@asynccontextmanager
async def greeted(session: aiohttp.ClientSession) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    async with session.ws_connect(STREAM_PATH) as stream:
        nonce = await nonce_of(stream)
        await stream.send_bytes(hello_to(nonce))
        told = open_reply(await stream.receive_bytes(timeout=WAIT_S), reply_bytes_max=4_096)
        assert parse_time(told.payload).nonce == nonce
        yield stream


def cut(message: bytes) -> list[bytes | dict[str, Any]]:
    """What one message of the server's holds: replies as bytes, refusals as maps."""
    unpacker, found, start = msgpack.Unpacker(), list[bytes | dict[str, Any]](), 0
    unpacker.feed(message)
    for one in unpacker:
        found.append(one if isinstance(one, dict) else message[start : unpacker.tell()])
        start = unpacker.tell()
    return found


async def heard(stream: aiohttp.ClientWebSocketResponse, count: int) -> list[Any]:
    """So many answers; replies parsed, their signatures checked."""
    found: list[Any] = []
    while len(found) < count:
        for one in cut(await stream.receive_bytes(timeout=WAIT_S)):
            if isinstance(one, bytes):
                found.append(parse_reply(verify_reply(open_reply(one, reply_bytes_max=4_096), SERVER_KEY.public)))
            else:
                assert list(one) == ["t", "st", "why", "rq"]
                found.append(one)
    assert len(found) == count
    return found


async def until(there: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not there():
            await asyncio.sleep(0)


async def test_sales_of_one_message_and_of_many_are_all_answered(session: aiohttp.ClientSession, world: World) -> None:
    frames = [signed(sale(world.card(), 1, n=n)) for n in range(1, 31)]
    async with greeted(session) as stream:
        await stream.send_bytes(b"".join(frames[:10]))
        for frame in frames[10:20]:
            await stream.send_bytes(frame)
        await stream.send_bytes(b"".join(frames[20:]))
        answers = await heard(stream, 30)
    assert sorted(answer.n for answer in answers) == list(range(1, 31))
    assert {answer.rc for answer in answers} == {"00"}


async def test_answers_come_when_they_are_ready_and_not_in_the_order_of_asking(
    session: aiohttp.ClientSession, world: World, writer: TimedWriter
) -> None:
    writer.held = True
    async with greeted(session) as stream:
        await stream.send_bytes(b"".join(signed(sale(world.card(), 1, n=n)) for n in range(1, 6)))
        await until(lambda: len(writer.waiting) == 5)
        writer.let_go(lambda waiting: waiting[::-1])
        assert [answer.n for answer in await heard(stream, 5)] == [5, 4, 3, 2, 1]


async def test_a_frame_over_a_stream_and_over_http_is_the_same_message(session: aiohttp.ClientSession, world: World) -> None:
    raw = signed(sale(world.card(), 735))
    async with session.post("/v1/sale", data=raw, headers={"Content-Type": "application/vnd.ssa.v1+msgpack"}) as answer:
        first = await answer.read()
    async with greeted(session) as stream:
        await stream.send_bytes(raw)
        assert await stream.receive_bytes(timeout=WAIT_S) == first
    assert len(world.writer.replies) == 1


async def test_what_is_refused_is_said_beside_what_is_decided(session: aiohttp.ClientSession, world: World) -> None:
    request = sale(world.card(), 1, n=1)
    good, other = signed(request), signed(sale(world.card(), 1, n=2))
    forged = good[:-1] + bytes([good[-1] ^ 1])
    offline = signed(but(sale(world.card(), 5, n=3), offline=1, offline_cents=5, offline_lines=(5,)))
    async with greeted(session) as stream:
        await stream.send_bytes(forged + other + signed(request, PERSON_KEY) + offline)
        answers = await heard(stream, 4)
        refused = [one for one in answers if isinstance(one, dict)]
        assert sorted(one["st"] for one in refused) == [400, 401, 401]
        assert [one.n for one in answers if not isinstance(one, dict)] == [2]
        assert refused[0]["rq"] is not None
        assert refused[0]["rq"] == refused[1]["rq"]
        assert any("keep it queued" in one["why"] for one in refused)


async def test_junk_between_good_messages_costs_nothing_but_its_own_answer(
    session: aiohttp.ClientSession, world: World
) -> None:
    async with greeted(session) as stream:
        for n in range(1, 21):
            await stream.send_bytes(b"\xc1 junk" * n)
            await stream.send_bytes(signed(sale(world.card(), 1, n=n)))
        answers = await heard(stream, 40)
    refused = [one for one in answers if isinstance(one, dict)]
    assert {(one["st"], one["rq"]) for one in refused} == {(400, None)}
    assert sorted(one.n for one in answers if not isinstance(one, dict)) == list(range(1, 21))
    assert len(world.writer.submissions) == 20


async def test_a_message_that_can_not_be_cut_into_frames_is_refused_whole(
    session: aiohttp.ClientSession, world: World
) -> None:
    async with greeted(session) as stream:
        await stream.send_bytes(signed(sale(world.card(), 1, n=1)) + b"junk in the same message" * 10)
        (refused,) = await heard(stream, 1)
    assert (refused["st"], refused["rq"], world.writer.submissions) == (400, None, [])


async def test_text_is_no_frame_and_the_stream_goes_on(session: aiohttp.ClientSession, world: World) -> None:
    async with greeted(session) as stream:
        await stream.send_str("hello")
        await stream.send_bytes(signed(sale(world.card(), 1)))
        refused, decided = await heard(stream, 2)
    assert (refused["st"], "binary" in refused["why"], decided.rc) == (400, True, "00")


async def test_a_frame_that_is_too_large_is_refused_and_a_message_that_is_ends_the_stream(
    session: aiohttp.ClientSession, world: World
) -> None:
    async with greeted(session) as stream:
        await stream.send_bytes(KEY.sign_envelope(FrameType.TERM_REQ, bytes(5_000)))
        assert (await heard(stream, 1))[0]["st"] == 413
        await stream.send_bytes(bytes(300_000))
        closed = await stream.receive(timeout=WAIT_S)
        assert closed.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
        assert stream.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
    assert world.writer.submissions == []


WRONG_HELLOS: dict[str, Callable[[bytes], bytes]] = {
    "another nonce": lambda nonce: hello_to(bytes(16)),
    "an unknown key": lambda nonce: hello_to(nonce, TerminalKey.from_seed(b"x" * 32)),
    "another terminal's number": lambda nonce: hello_to(nonce, terminal=b"stall-99"),
    "a flipped bit": lambda nonce: hello_to(nonce)[:-1] + bytes([hello_to(nonce)[-1] ^ 1]),
    "junk": lambda nonce: b"hello",
    "a sale": lambda nonce: signed(sale(World().card())),
}


@pytest.mark.parametrize("how", WRONG_HELLOS)
async def test_who_does_not_prove_to_be_there_now_is_turned_away(
    session: aiohttp.ClientSession, world: World, how: str
) -> None:
    async with session.ws_connect(STREAM_PATH) as stream:
        await stream.send_bytes(WRONG_HELLOS[how](await nonce_of(stream)))
        (refused,) = await heard(stream, 1)
        assert refused["st"] in (400, 401)
        await stream.receive(timeout=WAIT_S)
        assert stream.closed
        assert stream.close_code == 4_000
    assert world.writer.submissions == []


async def test_a_recorded_hello_opens_no_second_stream(session: aiohttp.ClientSession) -> None:
    async with session.ws_connect(STREAM_PATH) as first, session.ws_connect(STREAM_PATH) as second:
        recorded = hello_to(await nonce_of(first))
        assert await nonce_of(second) != b""
        await second.send_bytes(recorded)
        assert (await heard(second, 1))[0]["st"] == 400


async def test_who_says_hello_in_text_or_leaves_is_no_fault_of_ours(
    session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    async with session.ws_connect(STREAM_PATH) as stream:
        await nonce_of(stream)
        await stream.send_str("hello")
        await stream.receive(timeout=WAIT_S)
        assert stream.close_code == 4_000
    for _ in range(3):
        stream = await session.ws_connect(STREAM_PATH)
        await stream.close()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_who_has_too_much_in_flight_is_not_read_from_until_it_is_answered(
    session: aiohttp.ClientSession, world: World, writer: TimedWriter
) -> None:
    writer.held = True
    async with greeted(session) as stream:
        await stream.send_bytes(b"".join(signed(sale(world.card(), 1, n=n)) for n in range(1, 21)))
        await until(lambda: len(writer.waiting) == ENOUGH.stream_in_flight_max)
        for _ in range(200):
            await asyncio.sleep(0)
        assert len(writer.waiting) == ENOUGH.stream_in_flight_max
        writer.held = False
        writer.let_go()
        assert sorted(answer.n for answer in await heard(stream, 20)) == list(range(1, 21))


async def test_who_leaves_with_answers_outstanding_gets_them_again_elsewhere(
    session: aiohttp.ClientSession, world: World, writer: TimedWriter
) -> None:
    writer.held = True
    frames = [signed(sale(world.card(), 1, n=n)) for n in range(1, 21)]
    async with greeted(session) as stream:
        await stream.send_bytes(b"".join(frames))
        await until(lambda: len(writer.waiting) == ENOUGH.stream_in_flight_max)
    writer.held = False
    writer.let_go()
    async with greeted(session) as stream:
        await stream.send_bytes(b"".join(frames))
        answers = await heard(stream, 20)
    assert {answer.rc for answer in answers} == {"00"}
    assert len(world.writer.replies) == 20


async def test_a_writer_that_is_full_or_dies_is_said_in_the_two_classes(session: aiohttp.ClientSession, world: World) -> None:
    async with greeted(session) as stream:
        world.writer.full = 1
        await stream.send_bytes(signed(sale(world.card(), 1, n=1)))
        (full,) = await heard(stream, 1)
        world.writer.dying = 1
        await stream.send_bytes(signed(sale(world.card(), 1, n=2)))
        (unknown,) = await heard(stream, 1)
        assert (full["st"], full["why"][:13]) == (503, "NOT PROCESSED")
        assert (unknown["st"], unknown["why"][:7]) == (503, "UNKNOWN")


async def test_a_gateway_that_ends_tells_its_streams_to_connect_again(world: World, writer: TimedWriter) -> None:
    async with aiohttp.ClientSession() as session:
        async with world.served(writer) as address:
            streams = [await session.ws_connect(address + STREAM_PATH) for _ in range(3)]
            nonces = [await nonce_of(stream) for stream in streams]
            await streams[0].send_bytes(hello_to(nonces[0]))
            await streams[0].receive_bytes(timeout=WAIT_S)
            closing = [asyncio.create_task(stream.receive(timeout=WAIT_S)) for stream in streams]
        closed = await asyncio.gather(*closing)
    assert {message.data for message in closed} == {4_000}
    assert {message.extra for message in closed} == {"the gateway ends; connect again"}


async def test_streams_and_their_frames_are_counted(session: aiohttp.ClientSession, world: World) -> None:
    async with greeted(session) as stream:
        await stream.send_bytes(signed(sale(world.card(), 1)))
        await heard(stream, 1)
        await stream.send_bytes(b"junk")
        await heard(stream, 1)
        said = world.telemetry.exposition().decode()
        assert "clearing_websocket_connections 1.0" in said
        assert 'clearing_http_requests_total{path="/v1/ws",status="200"} 1.0' in said
        assert 'clearing_http_requests_total{path="/v1/ws",status="400"} 1.0' in said
    await until(lambda: b"clearing_websocket_connections 0.0" in world.telemetry.exposition())
