"""Law: a batch is one signature and many requests: each is decided or told why not, and none of them twice."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
import pytest

from clearing.authoriser.client import Authoriser, Deliver, Submission
from clearing.config import Settings
from clearing.terminal_gateway.server import BATCH_PATH
from clearing.values import OperationId, TerminalId
from clearing.wire.batch import BATCH_BYTES_MAX, ITEMS_MAX, Batch, read_batch_answer, seal_batch
from clearing.wire.fields import TimeMs
from clearing.wire.frame import CONTENT_TYPE, FrameType, pack
from clearing.wire.replies import Reply, parse_reply
from clearing.wire.reply_envelope import open_reply, verify_reply
from clearing.wire.requests import Op, encode_request
from clearing.wire.signature import TerminalKey
from tests.small_writer import entry_of
from tests.stall_world import BRUME, KEY, PERSON_KEY, SERVER_KEY, STALL, World, but, sale, signed

HEADERS = {"Content-Type": CONTENT_TYPE}
OTHER_KEY = TerminalKey.from_seed(b"o" * 32)
OTHER = TerminalId(b"stall-02")


@pytest.fixture
def world() -> World:
    return World(settings=Settings(key_requests_burst=1_000, key_requests_per_s=1))


@pytest.fixture
async def session(world: World) -> AsyncIterator[aiohttp.ClientSession]:
    async with world.served() as address, aiohttp.ClientSession(address) as session:
        yield session


def batch_of(items: Sequence[bytes], key: TerminalKey = KEY, **changes: Any) -> bytes:
    values: dict[str, Any] = {
        "terminal": STALL, "epoch": 0, "n": 0, "x": OperationId(bytes(16)), "ts_ms": TimeMs(0), "previous": bytes(32),
    }
    return seal_batch(key, Batch(items=tuple(items), **(values | changes)))


def sales(world: World, count: int, first: int = 1) -> list[bytes]:
    card = world.card()
    return [signed(sale(card, 1, n=n)) for n in range(first, first + count)]


async def post(session: aiohttp.ClientSession, raw: bytes, **headers: str) -> tuple[int, bytes]:
    async with session.post(BATCH_PATH, data=raw, headers=HEADERS | headers) as answer:
        return answer.status, await answer.read()


async def decided(session: aiohttp.ClientSession, raw: bytes) -> list[Any]:
    """Per item its reply, or the map that says why there is none."""
    status, body = await post(session, raw)
    assert status == 200, body
    return [reply_in(one) if isinstance(one, bytes) else one for one in read_batch_answer(body)]


def reply_in(raw: bytes) -> Reply:
    return parse_reply(verify_reply(open_reply(raw, reply_bytes_max=4_096), SERVER_KEY.public))


async def test_a_hundred_items_are_decided_in_order(session: aiohttp.ClientSession, world: World) -> None:
    answers = await decided(session, batch_of(sales(world, 100)))
    assert [answer.n for answer in answers] == list(range(1, 101))
    assert {answer.rc for answer in answers} == {"00"}
    assert [one.request.n for one in world.writer.submissions] == list(range(1, 101))  # type: ignore[union-attr]
    assert {one.item.place if one.item else -1 for one in world.writer.submissions} == set(range(100))


async def test_the_same_batch_again_gets_the_same_bytes(session: aiohttp.ClientSession, world: World) -> None:
    raw = batch_of(sales(world, 20))
    answers = await asyncio.gather(*[post(session, raw) for _ in range(5)])
    assert len(set(answers)) == 1
    assert len(world.writer.replies) == 20


async def test_an_item_is_the_same_message_wherever_it_comes_in(session: aiohttp.ClientSession, world: World) -> None:
    items = sales(world, 3)
    async with session.post("/v1/sale", data=items[1], headers=HEADERS) as answer:
        alone = await answer.read()
    status, body = await post(session, batch_of(items))
    assert (status, read_batch_answer(body)[1]) == (200, alone)
    assert len(world.writer.replies) == 3


async def test_the_batchs_signature_stands_for_its_items_and_theirs_is_not_looked_at(
    session: aiohttp.ClientSession, world: World
) -> None:
    unsigned = sales(world, 1)[0][:-64] + bytes(64)
    assert (await decided(session, batch_of([unsigned])))[0].rc == "00"
    async with session.post("/v1/sale", data=unsigned, headers=HEADERS) as answer:
        assert answer.status == 401


async def test_an_item_of_another_key_is_verified_by_itself(session: aiohttp.ClientSession, world: World) -> None:
    world.directory.put_key(entry_of(BRUME, OTHER_KEY.public, OTHER, 0))
    theirs = signed(but(sale(world.card(), 1, n=7), terminal=OTHER), OTHER_KEY)
    forged = theirs[:-1] + bytes([theirs[-1] ^ 1])
    mine = sales(world, 2)
    answers = await decided(session, batch_of([mine[0], theirs, forged, mine[1]]))
    assert [one["st"] if isinstance(one, dict) else one.n for one in answers] == [1, 7, 401, 2]
    items = [submission.item for submission in world.writer.submissions]
    assert [item is None for item in items] == [False, True, False]


async def test_what_is_wrong_with_one_item_is_told_of_it_alone(session: aiohttp.ClientSession, world: World) -> None:
    good = sales(world, 2)
    wrong_sum = pack({**fields_of(encode_request(sale(world.card(), 5, n=30))), "a": 6})
    told = sale(world.card(), 5, n=31)
    offline = signed(but(told, offline=1, offline_cents=5, offline_lines=(5,)))
    elsewhere = signed(but(sale(world.card(), 1, n=32), terminal=OTHER))
    persons = signed(sale(world.card(), 1, n=33), PERSON_KEY)
    large = KEY.sign_envelope(FrameType.TERM_REQ, bytes(5_000))
    raw = batch_of([
        good[0], b"junk", KEY.sign_envelope(FrameType.TERM_REQ, b"\xc1"), KEY.sign_envelope(FrameType.TERM_REQ, wrong_sum),
        offline, elsewhere, persons, large, good[1],
    ])  # fmt: skip
    answers = await decided(session, raw)
    assert [answers[0].n, answers[-1].n] == [1, 2]
    refused = answers[1:-1]
    assert [(one["st"], one["rc"]) for one in refused] == [
        (400, "30"), (400, "30"), (400, "13"), (400, "30"), (401, ""), (401, ""), (413, ""),
    ]  # fmt: skip
    assert "keep it queued" in refused[3]["why"]
    assert all(list(one) == ["st", "rc", "why"] for one in refused)
    assert len(world.writer.submissions) == 2


def fields_of(payload: bytes) -> dict[str, Any]:
    import msgpack

    fields: dict[str, Any] = msgpack.unpackb(payload)
    return fields


@pytest.mark.parametrize("outer", ["bit", "key", "person", "terminal", "epoch"])
async def test_a_batch_that_its_key_may_not_say_is_401_and_nothing_of_it_is_read(
    session: aiohttp.ClientSession, world: World, outer: str
) -> None:
    items = sales(world, 3)
    raw = {
        "bit": batch_of(items)[:-1] + bytes([batch_of(items)[-1] ^ 1]),
        "key": batch_of(items, OTHER_KEY),
        "person": batch_of(items, PERSON_KEY),
        "terminal": batch_of(items, terminal=OTHER),
        "epoch": batch_of(items, epoch=1),
    }[outer]
    assert (await post(session, raw))[0] == 401
    assert world.writer.submissions == []


async def test_what_is_no_batch_is_400_or_413_or_415(session: aiohttp.ClientSession, world: World) -> None:
    item = sales(world, 1)[0]
    single = signed(sale(world.card(), 1, n=5))
    nothing = KEY.sign_envelope(FrameType.TERM_BATCH, pack({"t": "batch"}))
    assert (await post(session, b""))[0] == 400
    assert (await post(session, nothing))[0] == 400
    assert (await post(session, single))[0] == 401  # the signature is of another type
    assert (await post(session, batch_of([item] * (ITEMS_MAX + 1))))[0] == 400
    assert (await post(session, bytes(BATCH_BYTES_MAX + 1)))[0] == 413
    assert (await post(session, batch_of([item]), **{"Content-Type": "text/plain"}))[0] == 415
    assert (await post(session, batch_of([item]), **{"Content-Encoding": "gzip"}))[0] == 415
    assert world.writer.submissions == []


async def test_each_item_counts_for_the_bucket_of_its_key(session: aiohttp.ClientSession, world: World) -> None:
    """A batch is let in whole, and the next one waits for it."""
    world.settings = Settings(key_requests_burst=100, key_requests_per_s=50)
    async with world.served() as address, aiohttp.ClientSession(address) as limited:
        assert (await post(limited, batch_of(sales(world, 150))))[0] == 200
        async with limited.post(BATCH_PATH, data=batch_of(sales(world, 1, 200)), headers=HEADERS) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (429, "2")
        world.clock.now_us += 2_000_000
        assert (await post(limited, batch_of(sales(world, 1, 200))))[0] == 200


@pytest.mark.parametrize("items", [1, 2, 10])
async def test_small_batches_count_like_single_messages(world: World, items: int) -> None:
    world.settings = Settings(key_requests_burst=100, key_requests_per_s=50)
    async with world.served() as address, aiohttp.ClientSession(address) as session:
        answered = [(await post(session, batch_of(sales(world, items, items * place))))[0] for place in range(100 // items + 1)]
    assert answered == [200] * (100 // items) + [429]


async def test_what_a_batch_makes_the_log_keep_counts_too(world: World) -> None:
    world.settings = Settings(key_requests_burst=100, key_requests_per_s=50)
    padded = batch_of([*sales(world, 1), bytes(200_000)])  # 49 frames' worth, kept for ever for the one sale's sake
    async with world.served() as address, aiohttp.ClientSession(address) as session:
        assert [(await post(session, padded))[0] for _ in range(4)] == [200, 200, 200, 429]


async def test_a_bad_batch_empties_the_bucket_of_its_address_once(world: World) -> None:
    world.settings = Settings(address_refusals_burst=2, address_refusals_per_s=1)
    forged = batch_of(sales(world, 50))[:-1] + b"\x00"
    async with world.served() as address, aiohttp.ClientSession(address) as session:
        assert [(await post(session, forged))[0] for _ in range(3)] == [401, 401, 429]


async def test_a_full_writer_and_one_that_dies_are_told_item_by_item(session: aiohttp.ClientSession, world: World) -> None:
    raw, world.writer.full, world.writer.dying = batch_of(sales(world, 4)), 1, 1
    answers = await decided(session, raw)
    assert [one["st"] if isinstance(one, dict) else one.rc for one in answers] == [503, 503, "00", "00"]
    assert (answers[0]["why"][:13], answers[1]["why"][:7]) == ("NOT PROCESSED", "UNKNOWN")
    assert [one.rc for one in await decided(session, raw)] == ["00"] * 4
    assert len(world.writer.replies) == 4


class LateWriter(Authoriser):
    """Answers in the reverse order of asking."""

    def __init__(self, world: World, count: int) -> None:
        self._world, self._count = world, count
        self._waiting: list[tuple[Submission, Deliver]] = []

    def post(self, submission: Submission, deliver: Deliver) -> None:
        self._waiting.append((submission, deliver))
        if len(self._waiting) == self._count:
            for one, told in reversed(self._waiting):
                self._world.writer.post(one, told)


async def test_answers_stand_in_the_order_of_the_items_however_they_came(world: World) -> None:
    async with world.served(LateWriter(world, 10)) as address, aiohttp.ClientSession(address) as session:
        answers = await decided(session, batch_of(sales(world, 10)))
    assert [answer.n for answer in answers] == list(range(1, 11))
    assert [answer.sq for answer in answers] == list(range(10, 0, -1))


async def test_a_batch_takes_all_operations(session: aiohttp.ClientSession, world: World) -> None:
    held = but(sale(world.card(), 10, n=1), op=Op.AUTH)
    captured = but(sale(world.card(), 7, n=2), op=Op.CAP, card=None, original=held.x)
    undone = but(sale(world.card(), 7, n=3), op=Op.REV, card=None, original=OperationId(bytes(16)))
    answers = await decided(session, batch_of([signed(held), signed(captured), signed(undone)]))
    assert [answer.rc for answer in answers] == ["00"] * 3


async def test_batches_and_their_items_are_counted(session: aiohttp.ClientSession, world: World) -> None:
    await decided(session, batch_of([*sales(world, 10), b"junk"]))
    said = world.telemetry.exposition().decode()
    assert "clearing_batch_items_sum 11.0" in said
    assert 'clearing_http_requests_total{path="/v1/batch",status="200"} 1.0' in said
    assert 'clearing_refusals_total{reason="malformed"} 1.0' in said


async def test_a_draw_in_a_batch_is_refused_because_the_batch_names_its_minute(
    world: World, session: aiohttp.ClientSession
) -> None:
    drawn = signed(but(sale(world.card()), op=Op.DRAW, card=None, price_choice=20, ts_ms=TimeMs(0)))
    (told,) = await decided(session, batch_of([drawn]))
    assert (told["st"], told["rc"], "by itself" in told["why"]) == (400, "30", True)
    assert world.writer.submissions == []
