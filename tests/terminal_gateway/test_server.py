import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import aiohttp
import pytest
import structlog

from clearing.authoriser.client import Authoriser, Deliver, Submission
from clearing.config import Settings
from clearing.telemetry import configure
from clearing.terminal_gateway.server import PATHS
from clearing.wire.frame import CONTENT_TYPE
from clearing.wire.replies import parse_reply
from clearing.wire.reply_envelope import open_reply
from clearing.wire.requests import Op
from tests.stall_world import World, sale, signed

HEADERS = {"Content-Type": CONTENT_TYPE}


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def session(world: World) -> AsyncIterator[aiohttp.ClientSession]:
    async with world.served() as address, aiohttp.ClientSession(address) as session:
        yield session


async def post(
    session: aiohttp.ClientSession, raw: object, path: str = "/v1/sale", **headers: str
) -> tuple[int, bytes, "dict[str, str]"]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with session.post(path, data=raw, headers=HEADERS | named) as answer:
        return answer.status, await answer.read(), dict(answer.headers)


async def test_a_decided_sale_comes_back_signed(session: aiohttp.ClientSession, world: World) -> None:
    status, body, headers = await post(session, signed(sale(world.card(cents=500))))
    reply = parse_reply(open_reply(body, reply_bytes_max=4_096).payload)
    assert (status, headers["Content-Type"], reply.aa, reply.rc) == (200, CONTENT_TYPE, 500, "10")


async def test_the_same_sale_fifty_times_at_once_has_one_answer(session: aiohttp.ClientSession, world: World) -> None:
    raw = signed(sale(world.card(cents=1_000)))
    answers = await asyncio.gather(*[post(session, raw) for _ in range(50)])
    assert {(status, body) for status, body, _ in answers} == {(200, answers[0][1])}
    assert list(world.writer.purses.values()) == [265]


async def test_too_many_bytes_are_refused_before_they_are_read(session: aiohttp.ClientSession, world: World) -> None:
    raw = signed(sale(world.card()))
    assert (await post(session, raw + bytes(4_096)))[0] == 413
    assert (await post(session, in_pieces(bytes(5_000))))[0] == 413
    assert world.writer.submissions == []


async def in_pieces(content: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(content), 1_000):
        yield content[at : at + 1_000]


async def test_a_frame_in_pieces_is_read_like_a_whole_one(session: aiohttp.ClientSession, world: World) -> None:
    assert (await post(session, in_pieces(signed(sale(world.card())))))[0] == 200


@pytest.mark.parametrize(
    "kind", ["application/json", "", "application/vnd.ssa.v1+msgpack; charset=utf-8", "text/plain"]
)
async def test_another_content_type_is_refused(session: aiohttp.ClientSession, world: World, kind: str) -> None:
    async with session.post("/v1/sale", data=signed(sale(world.card())), headers={"Content-Type": kind}) as answer:
        assert (answer.status, CONTENT_TYPE in await answer.text()) == (415, True)
    assert world.writer.submissions == []


async def test_a_compressed_body_is_refused_without_unpacking_it(session: aiohttp.ClientSession, world: World) -> None:
    bomb = gzip.compress(bytes(3_000_000))
    assert len(bomb) < 4_096
    assert (await post(session, bomb, Content_Encoding="gzip"))[0] == 415
    assert (await post(session, b"not gzip", Content_Encoding="gzip"))[0] == 415


async def test_a_body_that_breaks_off_does_not_stop_the_door(world: World, caplog: pytest.LogCaptureFixture) -> None:
    async with world.served() as address:
        place = urlsplit(address)
        head = f"POST /v1/sale HTTP/1.1\r\nHost: door\r\nContent-Type: {CONTENT_TYPE}\r\n"
        cut = await said(place.port, head + "Transfer-Encoding: chunked\r\n\r\nZZ\r\nabc\r\n")
        assert cut.endswith(b" 400")
        assert await said(place.port, head + "Content-Length: 100\r\n\r\nabc", then_close=True) == b""
        assert (await said(place.port, head + "Content-Length: -1\r\n\r\n")).endswith(b" 400")
        async with aiohttp.ClientSession(address) as session:
            assert (await post(session, signed(sale(world.card()))))[0] == 200
    assert len(world.writer.submissions) == 1
    assert caplog.records == []  # strangers do not write our log


async def said(port: int | None, text: str, *, then_close: bool = False) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text.encode())
    await writer.drain()
    if then_close:
        writer.write_eof()
    answer = await reader.read(12)
    writer.close()
    await writer.wait_closed()
    return answer


async def test_a_sender_that_dawdles_is_told_so(world: World) -> None:
    world.settings = Settings(body_timeout_s=1)
    async with world.served() as address:
        head = f"POST /v1/sale HTTP/1.1\r\nHost: door\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Length: 100\r\n\r\nabc"
        assert await said(urlsplit(address).port, head) == b"HTTP/1.1 408"


async def test_a_full_inbox_is_not_processed_and_says_when_to_come_back(
    session: aiohttp.ClientSession, world: World
) -> None:
    world.writer.full = 1
    raw = signed(sale(world.card()))
    status, body, headers = await post(session, raw)
    assert (status, headers["Retry-After"], headers["Clearing-Outcome"]) == (503, "1", "not-processed")
    assert body.startswith(b"NOT PROCESSED")
    assert (await post(session, raw))[0] == 200


async def test_an_unknown_outcome_is_said_to_be_unknown(session: aiohttp.ClientSession, world: World) -> None:
    world.writer.dying = 1
    raw = signed(sale(world.card(cents=1_000)))
    status, body, headers = await post(session, raw)
    assert (status, headers["Clearing-Outcome"]) == (503, "unknown")
    assert body.startswith(b"UNKNOWN: resend the same bytes")
    assert (await post(session, raw))[0] == 200
    assert list(world.writer.purses.values()) == [265]


class BrokenWriter(Authoriser):
    """A writer with a fault of ours in it."""

    def post(self, submission: Submission, deliver: Deliver) -> None:
        raise ZeroDivisionError(submission.caisse)


async def test_a_fault_behind_the_door_is_an_alarm_and_never_a_promise(world: World) -> None:
    async with world.served(BrokenWriter()) as address, aiohttp.ClientSession(address) as session:
        status, body, headers = await post(session, signed(sale(world.card())))
    assert (status, headers["Clearing-Outcome"]) == (503, "unknown")
    assert b"ZeroDivisionError" not in body
    assert b'clearing_alarms_total{alarm="submit",caisse="brume"} 1.0' in world.telemetry.exposition()


@pytest.mark.parametrize("path", sorted(PATHS))
async def test_each_path_takes_posts_only(session: aiohttp.ClientSession, path: str) -> None:
    async with session.get(path) as answer:
        assert answer.status == 405


@pytest.mark.parametrize("path", ["/v1/balance", "/v1/sync", "/"])
async def test_paths_that_are_not_built_are_not_there(session: aiohttp.ClientSession, path: str) -> None:
    assert (await post(session, b"", path))[0] == 404


def test_every_path_has_an_operation_of_its_own() -> None:
    assert len(set(PATHS.values())) == len(PATHS)
    assert PATHS["/v1/sale"] is Op.SALE


async def test_health_tells_alive_from_ready_with_its_reasons(session: aiohttp.ClientSession, world: World) -> None:
    assert await asked(session, "/healthz") == (200, {"alive": True})
    assert await asked(session, "/readyz") == (200, {"ready": True, "reasons": []})
    world.directory.ready[next(iter(world.directory.ready))] = False
    world.reasons.append("projections: 12 events behind")
    status, told = await asked(session, "/readyz")
    assert (status, told["ready"]) == (503, False)
    assert told["reasons"] == ["caisse brume: its writer is not ready yet", "projections: 12 events behind"]
    world.directory.ready.clear()
    assert (await asked(session, "/readyz"))[0] == 503
    assert (await asked(session, "/healthz"))[0] == 200


async def asked(session: aiohttp.ClientSession, path: str) -> "tuple[int, dict[str, object]]":
    async with session.get(path) as answer:
        told: dict[str, object] = json.loads(await answer.read())
        return answer.status, told


async def test_metrics_count_requests_refusals_and_taps(session: aiohttp.ClientSession, world: World) -> None:
    good = signed(sale(world.card()))
    await post(session, good)
    await post(session, b"junk")
    await post(session, good[:-1] + bytes([good[-1] ^ 1]))
    async with session.get("/metrics") as answer:
        text = await answer.text()
    assert 'clearing_http_requests_total{path="/v1/sale",status="200"} 1.0' in text
    assert 'clearing_http_requests_total{path="/v1/sale",status="401"} 1.0' in text
    assert 'clearing_refusals_total{reason="malformed"} 1.0' in text
    assert 'clearing_refusals_total{reason="bad_signature"} 1.0' in text
    assert 'clearing_taps_total{caisse="brume",outcome="genuine"} 1.0' in text
    assert 'clearing_http_request_seconds_count{path="/v1/sale"} 3.0' in text


async def test_the_request_log_names_no_card_and_no_amount(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.settings = Settings(request_log=True)
    configure(json=True)
    async with world.served() as address, aiohttp.ClientSession(address) as session:
        await post(session, signed(sale(world.card(), 735)))
    structlog.reset_defaults()
    line = json.loads(capsys.readouterr().err)
    assert set(line) == {"event", "path", "status", "seconds", "level", "timestamp"}
    assert (line["event"], line["status"]) == ("request", 200)
