"""Law: a card of one caisse at a stall of another, through real processes: whichever dies, both logs have the sale or neither.

Supervisor, gateways, and a writer's process of its own for each caisse; each killed by SIGKILL while sales go on.
"""

import asyncio
import random

import aiohttp

from clearing.audit import audit
from clearing.event_store.reader import Reader
from clearing.events.codec import decode
from clearing.events.codes import Code
from clearing.events.interchange import InterchangeHeld, InterchangeSold
from clearing.installation.office import Officer
from clearing.rules.between.netting import netting, unmatched
from clearing.rules.book import Book
from clearing.terminal.identity import TerminalIdentity
from clearing.values import CaisseCode, Cents, OperationId
from clearing.wire.fields import TimeMs
from clearing.wire.frame import CONTENT_TYPE, FrameType
from clearing.wire.replies import Reply, parse_reply
from clearing.wire.requests import CardUrl, Op, Request, encode_request
from tests.living_caisse import AMINA, CODE, KEYS, payload_of
from tests.promises.installed import InstalledMarket, Running, found_in, installed, spread
from tests.promises.market import Market
from tests.promises.tills import vegetables

AVAL = CaisseCode("aval")
PATIENCE_S = 60
VICTIMS = ("gateway-1", "writer-2", "gateway-2", "writer-1")


def asked(stall: TerminalIdentity, tap: tuple[bytes, bytes], *, n: int, cents: int) -> bytes:
    request = Request(
        op=Op.SALE, terminal=stall.terminal, epoch=stall.epoch, n=n, x=OperationId(n.to_bytes(16, "big")), ts_ms=TimeMs(0),
        amount_cents=Cents(cents), lines=tuple(vegetables(cents)), card=CardUrl(*tap), caisse=AVAL,
    )
    return stall.key.sign_envelope(FrameType.TERM_REQ, encode_request(request))


async def answered(url: str, raw: bytes) -> bytes:
    """The same bytes until they are answered, as a till does."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                async with aiohttp.ClientSession(url) as session, session.post(
                    "/v1/sale", data=raw, headers={"Content-Type": CONTENT_TYPE}, timeout=aiohttp.ClientTimeout(total=3)
                ) as answer:
                    body = await answer.read()
                    if answer.status == 200:
                        return body
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(0.05)


async def recognise(place: InstalledMarket, code: CaisseCode, other: CaisseCode, key: bytes) -> None:
    body: dict[str, object] = {
        "other": other, "key": key, "decision": "ag-2026-04", "debit_cap_cents": 10_000_000, "categories": [], "from_us": 0
    }
    await officer(place, code).order("recognise_caisse", body)


def officer(place: InstalledMarket, code: CaisseCode) -> Officer:
    return Officer(
        person=AMINA, key=KEYS[AMINA], epoch=1, caisse=code, socket=place.home.socket(code), now_ms=lambda: 4_000_000_000_000
    )


async def book_of(market: Market) -> tuple[Book, list[object]]:
    reader, book, events = await Reader.open(market.dsn, market.schema), Book(), list[object]()
    try:
        for row in await reader.read(0, 10_000):
            event = decode(row.type, row.schema_version, row.public, row.private)
            book.apply(event, row.position, row.at_us)
            events.append(event)
        found = await audit(reader, report=lambda _: None, server_keys=[market.server_key])
        assert found.ok, found.reason
    finally:
        await reader.close()
    return book, events


async def matched(running: Running, here: Market, there: Market) -> tuple[dict[CaisseCode, Book], list[object]]:
    """Once every half has found its twin."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            (one, sold), (other, held) = await book_of(here), await book_of(there)
            books = {CODE: one, AVAL: other}
            if not one.interchange.open_halves:
                return books, [*sold, *held]
            await asyncio.sleep(0.2)


async def test_whichever_process_dies_both_caisses_have_the_sale_or_neither() -> None:
    dice = random.Random(5)
    async with installed(stalls=1, cards=1, cents_each=1_000) as place:
        there = await found_in(place.installation, stalls=1, cards=1, cents_each=100_000, code=AVAL, first_stall=9)
        here, told = place.market, list[Reply]()
        settings = {"CLEARING_WRITER_PROCESSES": "2", "CLEARING_PLACEMENT": f"{CODE}=1, {AVAL}=2"}
        async with spread(place.home, **settings) as running:
            await running.ready()
            await recognise(place, CODE, AVAL, there.server_key)
            await recognise(place, AVAL, CODE, here.server_key)
            for n in range(1, 13):
                raw = asked(here.stalls[0], there.cards[0].tap(), n=n, cents=100 + n)
                selling = asyncio.ensure_future(answered(running.url, raw))
                if n % 3 == 0:
                    await asyncio.sleep(0.02 * dice.random())
                    await running.kill(VICTIMS[n // 3 - 1])
                first = await selling
                assert await answered(running.url, raw) == first, "the same answer for ever"
                told.append(parse_reply(payload_of(first, here.server_key)))
            books, events = await matched(running, here, there)
            assert await running.end() == 0
    approved = [reply.aa or 0 for reply in told if reply.rc is Code.APPROVED]
    assert len(approved) >= 8, [reply.rc for reply in told]
    sold = [event for event in events if isinstance(event, InterchangeSold)]
    assert len(sold) == len(told)
    assert sum(event.approved_cents for event in sold) == sum(approved)
    held = [event for event in events if isinstance(event, InterchangeHeld)]
    assert len({event.ref for event in held}) == len(held)
    rooms = {code: book.interchange for code, book in books.items()}
    assert rooms[CODE].balances == {AVAL: sum(approved)}
    assert rooms[AVAL].balances == {CODE: -sum(approved)}
    assert [one for one in unmatched(rooms) if one.what != "held"] == []
    assert netting(rooms, "9999-12-31").total_cents() == 0


async def test_a_stolen_uid_of_another_caisses_card_is_declined_at_the_door_of_the_acquirer() -> None:
    async with installed(stalls=1, cards=1, cents_each=1_000) as place:
        there = await found_in(place.installation, stalls=1, cards=1, cents_each=100_000, code=AVAL, first_stall=9)
        async with spread(place.home) as running:
            await running.ready()
            await recognise(place, CODE, AVAL, there.server_key)
            await recognise(place, AVAL, CODE, place.market.server_key)
            p, c = there.cards[0].tap()
            forged = asked(place.market.stalls[0], (p, bytes([c[0] ^ 1, *c[1:]])), n=1, cents=100)
            reply = parse_reply(payload_of(await answered(running.url, forged), place.market.server_key))
            assert (reply.rc, reply.aa) == (Code.TAP_VIOLATION, 0)
            again = asked(place.market.stalls[0], (p, c), n=2, cents=100)
            reply = parse_reply(payload_of(await answered(running.url, again), place.market.server_key))
            assert (reply.rc, reply.aa) == (Code.APPROVED, 100)
            twice = asked(place.market.stalls[0], (p, c), n=3, cents=100)
            reply = parse_reply(payload_of(await answered(running.url, twice), place.market.server_key))
            assert reply.rc is Code.TAP_VIOLATION, "a tap counts once, wherever it was taken"
