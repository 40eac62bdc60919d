"""Law: the generator sends each signed frame once, over any transport, and counts every answer, decided, refused or lost."""

import time
from pathlib import Path

import pytest

from clearing.wire.frame import FrameType, open_envelope
from clearing.wire.requests import Op, encode_request, parse_request
from clearing.wire.signature import TerminalKey, verify
from clearing.wire.tap import check_tap, meta_key, read_picc
from loadtests.frames import Share, Signer, http_request, read_frames, sign_share, ws_message
from loadtests.generator import Plan, generate
from loadtests.http_line import read_head
from loadtests.ws_line import replies_in
from tests.loadtests.stand_in import StandIn, envelopes_in, stand_in

SEEDS = [bytes([place]) * 32 for place in range(1, 5)]
UIDS = [bytes([4, place, 0, 0, 0, 0, 0]) for place in range(3)]
K2 = bytes(range(16))
KMETA = meta_key(bytes(16))


def share(folder: Path, *, transport: str, frames: int) -> Share:
    return Share(
        path=folder / "frames", terminals=tuple((TerminalKey.from_seed(seed).public[:8], seed) for seed in SEEDS),
        cards=tuple((uid, K2) for uid in UIDS), kmeta=KMETA, n=1, counter=0, frames=frames, transport=transport, lines=(3,),
        seed=b"s",
    )


def plan(folder: Path, server: StandIn, made: Share, **fields: object) -> Plan:
    values: dict[str, object] = {
        "host": "127.0.0.1", "port": server.url_port, "transport": made.transport, "connections": 2, "in_flight": 8,
        "seconds": 0.4, "files": (str(made.path),), "times": str(folder / "times"),
        "greeting": tuple((number.hex(), seed.hex()) for number, seed in made.terminals),
    }
    return Plan(**{**values, **fields})  # type: ignore[arg-type]


def test_a_signed_frame_is_what_a_terminal_would_encode_with_a_genuine_tap(tmp_path: Path) -> None:
    signer = Signer(share(tmp_path, transport="http", frames=1))
    key = TerminalKey.from_seed(SEEDS[0])
    requests = []
    for _ in range(7):
        frame = verify(open_envelope(signer.sale(0), frame_bytes_max=4096), FrameType.TERM_REQ, key.public)
        request = parse_request(frame, Op.SALE)
        assert encode_request(request) == frame.payload
        uid, counter = read_picc(KMETA, request.card.p)  # type: ignore[union-attr]
        assert check_tap(K2, uid, counter, request.card.c)  # type: ignore[union-attr]
        requests.append((request, (uid, counter), frame.digest))
    assert [request.n for request, _, _ in requests] == list(range(2, 9))
    assert len({tap for _, tap, _ in requests}) == len({request.x for request, _, _ in requests}) == 7
    assert [request.previous for request, _, _ in requests][1:] == [digest for _, _, digest in requests][:-1]


def test_frames_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    made = share(tmp_path, transport="ws", frames=9)
    sign_share(made)
    frames = read_frames(made.path)
    assert len(frames) == 9
    assert all(frame[0] == 0x82 and frame[1] == 0xFE and frame[4:8] == bytes(4) for frame in frames)
    assert all(len(frame) - 8 == int.from_bytes(frame[2:4], "big") for frame in frames)


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_a_message_says_its_length_in_the_shortest_form(size: int) -> None:
    head = {0: b"\x82\x80", 125: b"\x82\xfd", 126: b"\x82\xfe\x00\x7e", 65_535: b"\x82\xfe\xff\xff"}.get(
        size, b"\x82\xff" + size.to_bytes(8, "big")
    )
    assert ws_message(b"x" * size) == head + bytes(4) + b"x" * size


def test_an_answer_is_read_in_whatever_case_and_pieces_it_comes() -> None:
    assert read_head(b"HTTP/1.1 200 OK\r\nContent-Le") is None
    assert read_head(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") == (200, 38, 40)
    assert read_head(b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n") == (503, 38, 38)
    assert read_head(b"HTTP/1.1 204 No Content\r\n\r\n") == (204, 27, 27)
    assert http_request("/v1/sale", b"ab").endswith(b"Content-Length: 2\r\n\r\nab")


def test_replies_of_both_forms_are_told_apart_by_hand_as_msgpack_does(tmp_path: Path) -> None:
    made = share(tmp_path, transport="ws", frames=1)
    keys = {TerminalKey.from_seed(seed).kid: TerminalKey.from_seed(seed).public for seed in SEEDS}
    server, signer = StandIn(keys), Signer(made)
    sent = [signer.sale(place % len(SEEDS)) for place in range(40)]
    message = b"".join(server.reply(envelope) for envelope in sent)
    read = list(replies_in(message))
    assert [code for _, code in read] == ["00"] * 40
    assert len(envelopes_in(message)) == 40
    assert [same for same, _ in read] == [open_envelope(one, frame_bytes_max=4096).payload[12:44] for one in sent]


@pytest.mark.parametrize("bundle", [1, 3])
async def test_over_a_websocket_each_sale_is_answered_once(tmp_path: Path, bundle: int) -> None:
    made = share(tmp_path, transport="ws", frames=50)
    sign_share(made)
    async with stand_in(SEEDS) as server:
        counted = await generate(plan(tmp_path, server, made, bundle=bundle), time.monotonic)
    assert counted["codes"] == {"00": 50}
    assert (counted["statuses"], counted["lost"], counted["sent"]) == ({200: 50}, 0, 50)
    assert len({request.x for request in server.seen}) == 50
    assert server.greeted == [b"n" * 16] * 2
    assert max(server.messages) == bundle


async def test_a_refused_message_is_counted_by_its_status_and_gives_its_place(tmp_path: Path) -> None:
    made = share(tmp_path, transport="ws", frames=40)
    sign_share(made)
    async with stand_in(SEEDS, refuse_every=4) as server:
        counted = await generate(plan(tmp_path, server, made), time.monotonic)
    assert counted["statuses"] == {200: 30, 429: 10}
    assert counted["lost"] == 0


async def test_a_batch_counts_its_items(tmp_path: Path) -> None:
    made = share(tmp_path, transport="batch", frames=6)
    sign_share(made)
    async with stand_in(SEEDS) as server:
        counted = await generate(plan(tmp_path, server, made, connections=2), time.monotonic)
    assert counted["codes"] == {"00": 594, "10": 0, "other": 0}
    assert counted["item_statuses"] == {400: 6}
    numbers = [request.n for request in server.seen if request.terminal == made.terminals[0][0]]
    assert sorted(numbers) == [*range(2, 102), *range(103, 203)]


async def test_an_open_loop_sends_what_its_schedule_says(tmp_path: Path) -> None:
    made = share(tmp_path, transport="http", frames=200)
    sign_share(made)
    async with stand_in(SEEDS) as server:
        counted = await generate(plan(tmp_path, server, made, phases=((0.2, 100.0), (0.2, 200.0))), time.monotonic)
    assert counted["codes"] == {"00": 60}
    assert (counted["due"], counted["sent"], counted["answered"]) == (60, 60, 60)


async def test_what_an_open_loop_could_not_send_was_due_all_the_same(tmp_path: Path) -> None:
    made = share(tmp_path, transport="http", frames=25)
    sign_share(made)
    async with stand_in(SEEDS) as server:
        counted = await generate(plan(tmp_path, server, made, phases=((0.4, 100.0),)), time.monotonic)
    assert (counted["due"], counted["sent"], counted["answered"]) == (40, 25, 25)
