"""Law: whichever process dies, and whenever: what a till was told is in the log once, in those bytes, and the rest goes on.

The product as an operator runs it: supervisor, writer, views and gateways, each of them killed by SIGKILL under load in turn.
"""

import asyncio
import os
import random
import re
import signal
import socket
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp

from clearing.config import Settings
from clearing.event_store.log import Log
from clearing.event_store.reader import Reader
from clearing.events.codec import decode
from clearing.events.codes import Code
from clearing.events.sales import SaleDecided
from clearing.installation.behind import VIEWS_YIELD
from clearing.installation.office import Officer
from clearing.terminal.identity import TerminalIdentity
from clearing.terminal.transport import HttpTransport
from clearing.terminal_gateway.server import BATCH_PATH, STREAM_PATH
from clearing.values import CaisseCode, Cents, OperationId
from clearing.wire.batch import Batch, read_batch_answer, seal_batch
from clearing.wire.fields import TimeMs
from clearing.wire.frame import CONTENT_TYPE, FrameType, unpack_plain
from clearing.wire.replies import parse_reply
from clearing.wire.requests import Op, Request, encode_request
from tests.living_caisse import AMINA, CODE, KEYS, payload_of
from tests.promises.installed import (
    InstalledMarket,
    Running,
    alive,
    found_in,
    installed,
    refused,
    spread,
    started,
    until,
)
from tests.promises.market import Market
from tests.promises.test_same_sale_fifty_times import signed
from tests.promises.tills import Heard, answered, exchanges, tills_of
from tests.promises.verdict import log_agrees

ROUNDS = {"short": 1, "long": 8}[os.environ.get("CLEARING_PROMISES", "short")]
VICTIMS = ("gateway-1", "writer-1", "views-1", "gateway-2", "writer-1")
SEED = 11
PATIENCE_S = 90
JUNK = 5_000 * ROUNDS
HEADERS = {"Content-Type": CONTENT_TYPE}


async def test_whichever_process_is_killed_what_was_acknowledged_is_in_the_log_once(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    dice, heard, closing = random.Random(SEED), Heard(), asyncio.Event()
    async with installed(stalls=6, cards=8, cents_each=20_000 * ROUNDS) as place:
        async with spread(place.home) as running, AsyncExitStack() as stack:
            doors = [await stack.enter_async_context(HttpTransport(running.url)) for _ in range(4)]
            tills = tills_of(place.market, doors, heard, tmp_path, closing=closing, seed=SEED)
            working = asyncio.gather(*[till.work() for till in tills])
            for victim in VICTIMS * ROUNDS:
                await answered(heard, len(heard.answers) + dice.randint(1, 60), working)
                await asyncio.sleep(0.01 * dice.random())  # else it would always die just after an answer
                await running.kill(victim)
            await answered(heard, len(heard.answers) + 30, working)
            closing.set()
            decided = sum(await asyncio.wait_for(working, PATIENCE_S))
            for till in tills:
                till.close()
            await running.ready()
            restarts = restarts_in(await running.metrics())
            assert await running.end() == 0
        done = exchanges(heard, place.market)
        assert len(done) == decided
        await log_agrees(place.market, done)
    record_property("decided", decided)
    record_property("sent", heard.sent)
    assert restarts == {"gateway": 2 * ROUNDS, "views": ROUNDS, "writer": 2 * ROUNDS}


def restarts_in(page: str) -> dict[str, int]:
    found = re.findall(r'^clearing_process_restarts_total\{.*role="(\w+)".*\} (\d+)', page, re.MULTILINE)
    return {role: int(times) for role, times in found}


async def test_one_sale_fifty_times_over_every_way_in_is_one_event_and_one_reply() -> None:
    async with installed(stalls=1, cards=1, cents_each=10_000) as place, spread(place.home) as running:
        stall = place.market.stalls[0]
        raw = signed(stall, place.market.cards[0].tap(), n=1, cents=735)
        batch = seal_batch(stall.key, Batch(
            terminal=stall.terminal, epoch=1, n=2, x=OperationId(bytes(16)), ts_ms=TimeMs(0), items=(raw,), previous=bytes(32)
        ))  # fmt: skip
        ways = [by_post(running.url, raw), by_stream(running.url, stall, raw), by_batch(running.url, batch)]
        async with asyncio.timeout(PATIENCE_S):
            answers = await asyncio.gather(*[way() for _ in range(17) for way in ways][:50])
        assert len(set(answers)) == 1
        assert parse_reply(payload_of(answers[0], place.market.server_key)).rc is Code.APPROVED
        assert await running.kill("writer-1")
        await running.ready()
        assert {await way() for way in ways} == set(answers)
        events = await events_of(place.market)
        assert len([event for event in events if isinstance(event, SaleDecided)]) == 1


def by_post(url: str, raw: bytes) -> Callable[[], "asyncio.Future[bytes]"]:
    async def post() -> bytes:
        async with aiohttp.ClientSession(url) as session, session.post("/v1/sale", data=raw, headers=HEADERS) as answer:
            body = await answer.read()
            assert answer.status == 200, body
            return body

    return lambda: asyncio.ensure_future(post())


def by_batch(url: str, raw: bytes) -> Callable[[], "asyncio.Future[bytes]"]:
    async def post() -> bytes:
        async with aiohttp.ClientSession(url) as session, session.post(BATCH_PATH, data=raw, headers=HEADERS) as answer:
            (item,) = read_batch_answer(await answer.read())
            assert isinstance(item, bytes), item
            return item

    return lambda: asyncio.ensure_future(post())


def by_stream(url: str, stall: TerminalIdentity, raw: bytes) -> Callable[[], "asyncio.Future[bytes]"]:
    async def ask() -> bytes:
        async with aiohttp.ClientSession(url) as session, session.ws_connect(STREAM_PATH) as stream:
            nonce = unpack_plain(await stream.receive_bytes())["nc"]
            assert isinstance(nonce, bytes)
            hello = Request(
                op=Op.TIME, terminal=stall.terminal, epoch=1, n=0, x=OperationId(bytes(16)), ts_ms=TimeMs(0), nonce=nonce
            )
            await stream.send_bytes(stall.key.sign_envelope(FrameType.TERM_REQ, encode_request(hello)))
            await stream.receive_bytes()
            await stream.send_bytes(raw)
            return await stream.receive_bytes()

    return lambda: asyncio.ensure_future(ask())


async def events_of(market: Market) -> list[object]:
    reader = await Reader.open(market.dsn, market.schema)
    try:
        return [decode(row.type, row.schema_version, row.public, row.private) for row in await reader.read(0, 10_000)]
    finally:
        await reader.close()


async def sold(running: Running, market: Market, n: int, *, stall: int = 0) -> Code:
    raw = signed(market.stalls[stall], market.cards[0].tap(), n=n, cents=1)
    return parse_reply(payload_of(await by_post(running.url, raw)(), market.server_key)).rc


async def test_junk_beside_honest_sales_leaves_no_event_and_no_query() -> None:
    """Thousands of broken frames over both gateways while a till sells: the log hears of the honest groups alone."""
    patient = {"CLEARING_ADDRESS_REFUSALS_PER_S": "1000000", "CLEARING_ADDRESS_REFUSALS_BURST": "1000000"}
    async with installed(stalls=1, cards=1, cents_each=10_000) as place, spread(place.home, **patient) as running:
        assert await sold(running, place.market, 1) is Code.APPROVED
        before, frames = await writes_of(place), junk_of(place.market)
        selling = asyncio.create_task(_one_after_the_other(running, place.market, range(2, 22)))
        async with aiohttp.ClientSession(running.url) as session:
            statuses = await asyncio.gather(*[_flood(session, frames) for _ in range(16)])
        assert await selling == [Code.APPROVED] * 20
        assert {status for of_one in statuses for status in of_one} == {400, 401, 413}
        assert sum(map(len, statuses)) == JUNK
        after = await writes_of(place)
        assert (after[0] - before[0], after[1] - before[1]) == (20, 20)


async def _one_after_the_other(running: Running, market: Market, numbers: range) -> list[Code]:
    return [await sold(running, market, n) for n in numbers]


def junk_of(market: Market) -> list[bytes]:
    good = signed(market.stalls[0], market.cards[0].tap(), n=900, cents=1)
    kinds = [good[:-1] + bytes([good[-1] ^ 1]), b"junk", os.urandom(300), bytes(5_000), good[:-20], good[4:] + b"1234"]
    return [kinds[number % len(kinds)] for number in range(JUNK)]


async def _flood(session: aiohttp.ClientSession, frames: list[bytes]) -> list[int]:
    statuses = []
    while frames:
        async with session.post("/v1/sale", data=frames.pop(), headers=HEADERS) as answer:
            statuses.append(answer.status)
    return statuses


async def writes_of(place: InstalledMarket) -> tuple[int, int]:
    """(events in the log, groups that were appended): all rows of a group carry the number of its one transaction."""
    async with place.installation.connected("clearing_reader") as reader:
        schema = place.market.schema
        events = await reader.fetchval(f"SELECT count(*) FROM {schema}.events")
        groups = await reader.fetchval(f"SELECT count(DISTINCT xmin::text) FROM {schema}.events")
        return int(events), int(groups)


async def test_a_port_that_is_taken_is_said_in_a_sentence() -> None:
    async with installed(stalls=1, cards=1, cents_each=100) as place:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            code, said = await asyncio.to_thread(refused, place.home, "--port", str(taken.getsockname()[1]))
        assert code == 2
        assert said.splitlines() == [line for line in said.splitlines() if "taken by another program" in line]
        async with spread(place.home) as running:
            port = running.url.rpartition(":")[2]
            async with installed(stalls=1, cards=1, cents_each=100) as other:
                code, said = await asyncio.to_thread(refused, other.home, "--port", port)
                assert (code, "choose another one with --port" in said) == (2, True)
            assert await sold(running, place.market, 1) is Code.APPROVED


async def test_a_second_serve_of_the_same_home_is_refused_and_hurts_nothing() -> None:
    async with installed(stalls=1, cards=1, cents_each=100) as place, spread(place.home) as running:
        pids, page = running.pids(), set(process_names(await running.metrics()))
        code, said = await asyncio.to_thread(refused, place.home, "--port", "0")
        assert (code, len(said.splitlines())) == (2, 1)
        assert f"process {running.served.process.pid}" in said
        assert "--take-over" in said
        assert running.pids() == pids
        assert set(process_names(await running.metrics())) == page
        assert place.home.gateway_address.read_text(encoding="ascii") == running.url
        await running.ready()
        assert await sold(running, place.market, 1) is Code.APPROVED


def process_names(page: str) -> list[str]:
    return re.findall(r'process="([a-z0-9-]+)"', page)


async def test_a_writer_that_is_taken_over_ends_the_whole_with_its_sentence() -> None:
    async with installed(stalls=1, cards=1, cents_each=100) as place, spread(place.home) as running:
        children = running.pids()
        log = await Log.open(
            place.market.dsn, place.market.schema, writer="anna", lease_s=60, now_us=lambda: 1 << 50, take_over=True
        )
        code, said = await running.ended()
        await log.release()
        assert code == 1
        assert "anna took over this caisse" in said
        assert "Traceback" not in said
        assert not [role for role, pid in children.items() if alive(pid)]


async def test_a_stop_leaves_no_process_no_socket_and_no_lease_behind() -> None:
    async with installed(stalls=1, cards=1, cents_each=1_000) as place:
        for number in (signal.SIGTERM, signal.SIGINT):
            async with spread(place.home) as running:
                assert await sold(running, place.market, int(number)) is Code.APPROVED
                pids = running.pids()
                assert set(pids) == {"supervisor", "writer-1", "views-1", "gateway-1", "gateway-2"}
                nice = {role: os.getpriority(os.PRIO_PROCESS, pid) for role, pid in pids.items()}
                assert nice["views-1"] == min(19, nice["supervisor"] + VIEWS_YIELD), "who sells goes first"
                assert nice["writer-1"] == nice["gateway-1"] == nice["supervisor"]
                assert await running.end(number) == 0
                assert not [role for role, pid in pids.items() if alive(pid)]
                assert sorted(path.name for path in place.home.run.iterdir()) == []
        async with place.installation.connected("clearing_reader") as reader:
            assert await reader.fetchval(f"SELECT lease_until_us FROM {place.market.schema}.log_head") == 0


async def test_processes_end_by_themselves_when_their_supervisor_was_killed() -> None:
    async with installed(stalls=1, cards=1, cents_each=1_000) as place:
        async with spread(place.home) as running:
            assert await sold(running, place.market, 1) is Code.APPROVED
            children = {role: pid for role, pid in running.pids().items() if role != "supervisor"}
            running.served.process.kill()
            await until(lambda: not any(map(alive, children.values())))
        async with spread(place.home) as again:  # no --take-over: the lease was given back
            assert await sold(again, place.market, 2) is Code.APPROVED
            assert set(process_names(await again.metrics())) == {"supervisor", "writer-1", "views-1", "gateway-1", "gateway-2"}


async def test_no_gateway_process_means_one_process_for_all() -> None:
    async with (
        installed(stalls=1, cards=1, cents_each=1_000) as place,
        spread(place.home, CLEARING_GATEWAY_PROCESSES="0") as running,
    ):
        assert await sold(running, place.market, 1) is Code.APPROVED
        assert running.pids() == {}
        await running.ready()


async def test_trunks_over_tcp_sell_too_and_keep_their_secret_to_themselves() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with (
        installed(stalls=1, cards=1, cents_each=1_000) as place,
        spread(place.home, CLEARING_TRUNK_PORT=str(port)) as running,
    ):
        assert await sold(running, place.market, 1) is Code.APPROVED
        assert place.home.trunk_secret.stat().st_mode & 0o777 == 0o600
        assert not place.home.trunk(1).exists()
        await running.kill("writer-1")
        await running.ready()
        assert await sold(running, place.market, 2) is Code.APPROVED


async def test_two_caisses_on_two_writers_fall_alone() -> None:
    other = CaisseCode("val")
    settings = {"CLEARING_WRITER_PROCESSES": "2", "CLEARING_VIEW_PROCESSES": "2", "CLEARING_PLACEMENT": "brume=2"}
    async with installed(stalls=1, cards=1, cents_each=1_000) as place:
        second = await found_in(place.installation, stalls=1, cards=1, cents_each=1_000, code=other, first_stall=50)
        async with spread(place.home, **settings) as running:
            assert set(running.pids()) == {
                "supervisor", "writer-1", "writer-2", "views-1", "views-2", "gateway-1", "gateway-2"
            }
            assert await sold(running, place.market, 1) is Code.APPROVED
            assert await sold(running, second, 1) is Code.APPROVED
            os.kill(running.pids()["writer-2"], signal.SIGSTOP)  # it serves brume: the other caisse does not notice
            assert await sold(running, second, 2) is Code.APPROVED
            await running.kill("writer-2")
            await running.ready()
            assert await sold(running, place.market, 2) is Code.APPROVED
        assert other != CODE


async def test_one_officer_leads_two_caisses_of_one_writer() -> None:
    """Both were founded with the same key file, as one home has one per person."""
    other = CaisseCode("val")
    async with installed(stalls=1, cards=1, cents_each=1_000) as place:
        await found_in(place.installation, stalls=1, cards=1, cents_each=1_000, code=other, first_stall=50)
        async with spread(place.home) as running:
            for time_of, code in enumerate((CODE, other, CODE)):
                amina = Officer(
                    person=AMINA, key=KEYS[AMINA], epoch=1, caisse=code, socket=running.home.socket(code),
                    now_ms=lambda: time.time_ns() // 1_000_000,
                )
                said = await amina.order("receive_money", {"fund": "general", "cents": 100, "reference": f"gift {time_of}"})
                assert said, code


async def test_a_placement_that_names_no_process_is_refused_in_a_sentence() -> None:
    async with installed(stalls=1, cards=1, cents_each=100) as place:
        for placement in ("brume=3", "brume=0", "brume", "brume=x"):
            code, said = await asyncio.to_thread(refused, place.home, "--port", "0", CLEARING_PLACEMENT=placement)
            assert (code, len(said.splitlines())) == (2, 1), said
            assert f"CLEARING_PLACEMENT names '{placement}'" in said


async def test_a_stop_while_it_starts_leaves_nothing_behind() -> None:
    async with installed(stalls=1, cards=1, cents_each=100) as place:
        with started(place.home) as running:
            await until(lambda: any(place.home.run.iterdir()) or running.served.process.poll() is not None)
            await running.end(signal.SIGINT)
        await until(lambda: not any(place.home.run.iterdir()))
        assert not list(place.home.run.iterdir())


def test_the_defaults_are_two_gateways_and_one_writer() -> None:
    settings = Settings()
    assert (settings.gateway_processes, settings.writer_processes, settings.view_processes) == (2, 1, 1)
    assert Cents(0) == 0
