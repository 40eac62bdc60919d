"""Law: one sale sent fifty times is one event and one reply, byte for byte, before and after the writer dies; other content
under its number is refused, and told once.
"""

import asyncio
import os
from pathlib import Path

from aiohttp import ClientSession

from clearing.event_store.reader import Reader
from clearing.events.caisse import SecurityAlerted
from clearing.events.catalogue import Event
from clearing.events.codec import decode
from clearing.events.codes import Code
from clearing.events.sales import SaleDecided
from clearing.postgres import Embedded
from clearing.terminal.identity import TerminalIdentity
from clearing.values import Cents, OperationId
from clearing.wire.fields import TimeMs
from clearing.wire.frame import CONTENT_TYPE, FrameType
from clearing.wire.replies import parse_reply
from clearing.wire.requests import CardUrl, Op, Request, encode_request
from tests.living_caisse import payload_of
from tests.promises.market import Market, MarketCard, open_market
from tests.promises.tills import vegetables
from tests.promises.writers import WriterProcess

TIMES = 50
SALES = {"short": 2, "long": 30}[os.environ.get("CLEARING_PROMISES", "short")]
ANSWER_S = 60


def signed(stall: TerminalIdentity, tap: tuple[bytes, bytes], *, n: int, cents: int) -> bytes:
    request = Request(
        op=Op.SALE, terminal=stall.terminal, epoch=stall.epoch, n=n, x=OperationId(n.to_bytes(16, "big")), ts_ms=TimeMs(0),
        amount_cents=Cents(cents), lines=tuple(vegetables(cents)), card=CardUrl(*tap),
    )
    return stall.key.sign_envelope(FrameType.TERM_REQ, encode_request(request))


async def post(session: ClientSession, raw: bytes) -> bytes:
    async with session.post("/v1/sale", data=raw, headers={"Content-Type": CONTENT_TYPE}) as answer:
        body = await answer.read()
        assert answer.status == 200, body
        return body


async def fifty_times(url: str, raw: bytes) -> set[bytes]:
    """Each over a connection of its own, so that none waits for another."""
    async with asyncio.timeout(ANSWER_S), ClientSession(url) as session:
        return set(await asyncio.gather(*[post(session, raw) for _ in range(TIMES)]))


async def test_the_same_sale_fifty_times_is_one_event_and_one_reply(server: Embedded, tmp_path: Path) -> None:
    market = await open_market(server, stalls=1, cards=1, cents_each=100_000)
    writer, first_port = await WriterProcess.start(market, tmp_path, name="writer-0"), 0
    for n in range(1, SALES + 1):
        writer, first_port = await _one_sale(writer, market, market.cards[0], n, tmp_path), first_port or writer.port
        assert writer.port == first_port
    await writer.stop()
    events = await _events(market)
    sales = [event for event in events if isinstance(event, SaleDecided)]
    alerts = [event for event in events if isinstance(event, SecurityAlerted)]
    assert [(sale.op.n, sale.approved_cents) for sale in sales] == [(n, 100 + n) for n in range(1, SALES + 1)]
    assert [(alert.n, alert.kind) for alert in alerts] == [(n, "same-n-other-content") for n in range(1, SALES + 1)]


async def _one_sale(writer: WriterProcess, market: Market, card: MarketCard, n: int, folder: Path) -> WriterProcess:
    """Fifty times; kill -9; fifty times; then another amount under the same number, fifty times."""
    tap, stall = card.tap(), market.stalls[0]
    raw = signed(stall, tap, n=n, cents=100 + n)
    first = await fifty_times(writer.url, raw)
    await writer.kill()
    writer = await WriterProcess.start(market, folder, name=f"writer-{n}", port=writer.port, take_over=True)
    assert await fifty_times(writer.url, raw) == first
    (reply,) = first
    assert parse_reply(payload_of(reply)).rc is Code.APPROVED
    conflicts = await fifty_times(writer.url, signed(stall, tap, n=n, cents=999))
    assert {parse_reply(payload_of(conflict)).rc for conflict in conflicts} == {Code.CONFLICT}
    assert await fifty_times(writer.url, raw) == first
    return writer


async def _events(market: Market) -> list[Event]:
    reader = await Reader.open(market.dsn, market.schema)
    try:
        return [decode(row.type, row.schema_version, row.public, row.private) for row in await reader.read(0, 10_000)]
    finally:
        await reader.close()
