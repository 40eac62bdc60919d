"""Law: an answer is counted for the request that it names, and what an answer says was not decided is counted as that."""

import asyncio
from collections.abc import Sequence

from clearing.wire.frame import pack, seal_envelope
from loadtests.frames import ws_message
from loadtests.http_line import HttpLine, items_in
from loadtests.pacing import ClosedLoop, Frames, OpenLoop, Schedule
from loadtests.tally import Tally
from loadtests.ws_line import WsLine, replies_in
from tests.loadtests.stand_in import NONCE, refusal

MESSAGE = 0x82


class Wire(asyncio.Transport):
    """Takes what is written, as a connection does."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))


def envelope(number: int, code: str = "00") -> bytes:
    """Laid out as requests and replies are: m, e, n, x, then more than `rc` stands behind, then `rc`."""
    payload = pack({"t": "sale", "m": bytes([number]) * 8, "e": 1, "n": number, "x": bytes(16), "h": bytes(64), "rc": code})
    return seal_envelope(bytes(8), payload, bytes(64))


def from_server(content: bytes) -> bytes:
    size = len(content)
    return bytes([MESSAGE, size]) + content if size < 126 else bytes([MESSAGE, 126]) + size.to_bytes(2, "big") + content


def opened(tally: Tally) -> WsLine:
    """A line whose greeting is over."""
    line = WsLine(
        ClosedLoop(Frames([])), tally, lambda _: None, room=4, bundle=1, greeting=(bytes(8), bytes(32), 1),
    )  # fmt: skip
    line.connection_made(Wire())
    line.data_received(b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + from_server(pack({"t": "hello", "nc": NONCE})))
    line.data_received(from_server(seal_envelope(bytes(8), b"time", bytes(64))))
    return line


async def test_a_refusal_gives_back_the_place_of_the_request_that_it_names() -> None:
    tally = Tally()
    line = opened(tally)
    asked = [envelope(number) for number in (1, 2, 3)]
    line.send([ws_message(one) for one in asked], [1.0, 2.0, 3.0], 0.0)
    line.data_received(from_server(refusal(asked[1])))
    assert (list(tally.due), dict(tally.statuses), line.waiting) == ([2.0], {429: 1}, 2)
    line.data_received(from_server(pack({"t": "refused", "st": 400, "why": "no envelope", "rq": None})))
    assert (list(tally.due), dict(tally.codes), line.waiting) == ([2.0], {"unasked": 1}, 2), "it names nobody"


async def test_replies_and_refusals_come_in_one_message() -> None:
    tally = Tally()
    line = opened(tally)
    asked = [envelope(number) for number in (1, 2, 3)]
    line.send([ws_message(one) for one in asked], [1.0, 2.0, 3.0], 0.0)
    together = asked[2] + refusal(asked[0]) + asked[1]
    assert [said for _, said in replies_in(together)] == ["00", 429, "00"]
    line.data_received(from_server(together))
    assert (list(tally.due), dict(tally.statuses), dict(tally.codes)) == ([3.0, 1.0, 2.0], {200: 2, 429: 1}, {"00": 2})


def test_an_item_is_its_code_or_the_status_that_it_was_refused_with() -> None:
    items = [envelope(1), envelope(2, "05"), {"st": 503, "rc": "", "why": "NOT PROCESSED"}, {"why": "?"}, b"no reply"]
    assert items_in(pack({"t": "batch", "items": items})) == ["00", "05", 503, "other", "none"]
    assert items_in(b"\xc1") == items_in(pack({"t": "batch"})) == items_in(pack([1])) == []


def test_a_batch_that_was_refused_in_part_is_counted_item_by_item() -> None:
    tally = Tally()
    line = HttpLine(ClosedLoop(Frames([])), tally, lambda _: None, sales=5)
    line.connection_made(Wire())
    line.send([b"a batch"], [1.0], 0.0)
    refused = {"st": 503, "rc": "", "why": "NOT PROCESSED"}
    body = pack({"t": "batch", "items": [envelope(1), refused, envelope(2, "05"), refused]})
    line.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    assert dict(tally.codes) == {"00": 1, "05": 1, "10": 0, "other": 1}, "one item of five was left out"
    assert dict(tally.refused) == {503: 2}


class Counting:
    """A connection that keeps what it was given."""

    def __init__(self) -> None:
        self.given: list[bytes] = []

    def send(self, frames: Sequence[bytes], _due_s: Sequence[float], _now_s: float) -> None:
        self.given += frames


async def test_nothing_is_sent_on_a_lost_connection_and_what_is_due_waits_for_another() -> None:
    dead, other = Counting(), Counting()
    loop = OpenLoop(Frames([b"a", b"b", b"c"]), Schedule([(0.05, 40.0)]))
    asyncio.get_running_loop().call_later(0.0, loop.gone, dead)
    asyncio.get_running_loop().call_later(0.06, loop.room, other, 2)
    start_s = asyncio.get_running_loop().time()
    await loop.run([dead], [2], start_s, start_s + 0.05)
    assert (dead.given, other.given, loop.due) == ([], [b"a", b"b"], 2)
