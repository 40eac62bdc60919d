"""Law: two hundred draws at once on a fund that covers 37: exactly those it covers are paid, and it is never below zero.

Real HTTP, the real door, the real writer on PostgreSQL; several stalls, because each has a key of its own.
"""

import asyncio
from collections import Counter

import pytest
from aiohttp import ClientSession

from clearing.audit import audit
from clearing.config import Settings
from clearing.events.codes import Code
from clearing.events.solidarity import DrawDecided
from clearing.postgres import Embedded
from clearing.telemetry import Telemetry
from clearing.terminal_gateway.server import create_app
from clearing.values import Cents, FundId, OperationId, TerminalId
from clearing.wire.fields import DAY_MS, TimeMs
from clearing.wire.frame import CONTENT_TYPE, FrameType
from clearing.wire.replies import Reply
from clearing.wire.requests import Op, Request, encode_request
from clearing.wire.signature import TerminalKey
from tests.audit.solidarity_days import rule_body
from tests.authoriser.asking import logged_of, read
from tests.living_caisse import AMINA, SERVER_KEY, Caisse, living_caisse
from tests.sayings import line
from tests.stall_world import opened

pytestmark = pytest.mark.row(5)
DRAWS, COVERED, STALLS = 200, 37, 5
ANSWER_S = 60
OPEN = Settings(key_requests_per_s=1_000_000, key_requests_burst=1_000_000)


def key_of(stall: int) -> TerminalKey:
    return TerminalKey.from_seed(bytes([100 + stall]) * 32)


async def furnish(caisse: Caisse, policy: str) -> None:
    """A fund of 37.00 and so many stalls."""
    steps: list[tuple[str, dict[str, object]]] = [
        ("open_fund", {"fund": "solidarity", "kind": "solidarity", "name": "Solidarity", "advance_cents": 0}),
        ("set_solidarity_rule", rule_body("draws", "solidarity", 20, policy=policy)),
        ("receive_money", {"fund": "solidarity", "cents": COVERED * 100, "reference": "a gift"}),
        ("enrol_terminals", {"terminals": [
            {"terminal": bytes(key_of(stall).public[:8]), "epoch": 1, "producer": "field", "key": key_of(stall).public}
            for stall in range(STALLS)
        ]}),
    ]  # fmt: skip
    for verb, body in steps:
        done = await caisse.command(AMINA, verb, body)
        assert done.rc is Code.APPROVED, f"{verb}: {done.why}"


def signed(caisse: Caisse, number: int) -> bytes:
    """The number-th draw: 20 % of 5.00."""
    key = key_of(number % STALLS)
    request = Request(
        op=Op.DRAW, terminal=TerminalId(key.public[:8]), epoch=1, n=number + 1, x=OperationId(number.to_bytes(16, "big")),
        ts_ms=TimeMs(caisse.clock.us // 1_000 // DAY_MS * DAY_MS), amount_cents=Cents(500), lines=(line("staple", 500),),
        price_choice=20,
    )  # fmt: skip
    return key.sign_envelope(FrameType.TERM_REQ, encode_request(request))


async def all_at_once(caisse: Caisse) -> list[Reply]:
    app = create_app(OPEN, caisse.directory, caisse.writer, {}, Telemetry(), caisse.clock.monotonic_us)

    async def post(session: ClientSession, number: int) -> Reply:
        async with session.post("/v1/draw", data=signed(caisse, number), headers={"Content-Type": CONTENT_TYPE}) as answer:
            body = await answer.read()
            assert answer.status == 200, body
            return read(body)

    async with opened(app, OPEN) as url, asyncio.timeout(ANSWER_S), ClientSession(url) as session:
        return list(await asyncio.gather(*[post(session, number) for number in range(DRAWS)]))


@pytest.mark.parametrize("policy", ["first-come", "lower"])
async def test_two_hundred_concurrent_draws_pay_exactly_what_the_fund_covers(server: Embedded, policy: str) -> None:
    async with living_caisse(server) as caisse:
        await furnish(caisse, policy)
        replies = await all_at_once(caisse)
        told = Counter(reply.rc for reply in replies)
        assert told == {Code.APPROVED: COVERED, Code.DECLINED: DRAWS - COVERED}
        assert sum(reply.aa or 0 for reply in replies) == COVERED * 100
        events = await logged_of(caisse, DrawDecided)
        free = COVERED * 100
        for event in events:
            free -= event.approved_cents
            assert free >= 0
        fund = caisse.writer.book.funds[FundId("solidarity")]
        assert (len(events), free, fund.free_cents()) == (DRAWS, 0, 0)
        await caisse.writer.look_at_the_time()
        found = await audit(caisse.log, report=lambda _line: None, server_keys=[SERVER_KEY.public])
        assert found.ok, found.reason
