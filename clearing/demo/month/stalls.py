"""Law: every sale of the year is a signed request with the tap of a card, over HTTP, decided at the instant of the story.

A till's messages of a day go out at once, one after the other; the writer takes in those of all tills in the story's order.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from random import Random
from typing import Final

import aiohttp

from clearing.demo.month.caisse import Caisse, Till
from clearing.demo.month.story import UNDONE, Visit
from clearing.demo.ordered import OrderedArrivals
from clearing.events.basket import Line
from clearing.terminal.terminal import PATHS
from clearing.values import Cents, OperationId
from clearing.wire.fields import TimeMs
from clearing.wire.frame import CONTENT_TYPE, FrameType
from clearing.wire.replies import parse_reply
from clearing.wire.reply_envelope import open_reply
from clearing.wire.requests import CardUrl, Op, Request, encode_request
from clearing.wire.signature import payload_digest

IN_FLIGHT: Final = 64
_REPLY_BYTES_MAX: Final = 4_096
_AFTER_US: Final = 90_000_000  # a minute and a half later somebody sees the mistake


class Unanswered(RuntimeError):
    """The door turned a request of the play away: the play is wrong, or the door is."""


@dataclass(slots=True, kw_only=True)
class Stalls:
    """sold: sales asked for so far."""

    caisse: Caisse
    arrivals: OrderedArrivals
    http: aiohttp.ClientSession
    dice: Random
    sold: int = 0
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(IN_FLIGHT))

    async def open_for(self, visits: Sequence[Visit]) -> None:
        """Sell a day's baskets; what was a mistake is undone or brought back."""
        async with asyncio.TaskGroup() as sending:
            for one in visits:
                for message in self._messages(one):
                    await self._room.acquire()
                    sending.create_task(self._send(*message))

    def _messages(self, one: Visit) -> "list[tuple[Op, bytes, bytes]]":
        """The sale, and what becomes of it: each as (op, envelope, digest of what was signed)."""
        till, sale = self.caisse.tills[one.stall], self._fresh()
        self.sold += 1
        found = [self._signed(till, self._request(Op.SALE, till, sale, one.at_us, one.lines, one.eater))]
        if one.after:
            op, lines = (Op.REV, ()) if one.after == UNDONE else (Op.REF, one.lines[:1])
            asked = self._request(op, till, self._fresh(), one.at_us + _AFTER_US, lines)
            found.append(self._signed(till, replace(asked, original=sale)))
        return found

    def _request(
        self, op: Op, till: Till, x: OperationId, at_us: int, lines: tuple[Line, ...], eater: int | None = None
    ) -> Request:
        till.n += 1
        self.arrivals.expect(x, at_us)
        return Request(
            op=op, terminal=till.terminal, epoch=1, n=till.n, x=x, ts_ms=TimeMs(at_us // 1_000), lines=lines,
            amount_cents=Cents(sum(line.amount_cents for line in lines)), previous=till.previous,
            card=None if eater is None else CardUrl(*self.caisse.cards[eater].tap()),
        )  # fmt: skip

    def _signed(self, till: Till, asked: Request) -> tuple[Op, bytes, bytes]:
        payload = encode_request(asked)
        till.previous = payload_digest(payload)
        return asked.op, till.key.sign_envelope(FrameType.TERM_REQ, payload), till.previous

    def _fresh(self) -> OperationId:
        return OperationId(self.dice.randbytes(16))

    async def _send(self, op: Op, envelope: bytes, digest: bytes) -> None:
        try:
            async with self.http.post(PATHS[op], data=envelope, headers={"Content-Type": CONTENT_TYPE}) as response:
                answer = await response.read()
                if response.status != HTTPStatus.OK:
                    raise Unanswered(f"{op} was turned away with {response.status}: {answer!r}")
        finally:
            self._room.release()
        reply = parse_reply(open_reply(answer, reply_bytes_max=_REPLY_BYTES_MAX).payload)
        if reply.rq != digest:
            raise Unanswered("an answer came to another request")
