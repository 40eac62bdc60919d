"""Law: tills that persist and resend until they are answered, and a model of their cards so plain that it can be believed.

The model is fed with the requests in the order in which the log says they were decided, and predicts every answer.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from clearing.events.basket import Line
from clearing.events.codes import Code
from clearing.terminal.queue import TerminalQueue
from clearing.terminal.terminal import Ending, Patience, ReferenceTerminal, Shown
from clearing.terminal.transport import Answer, HttpTransport, SystemClock
from clearing.terminal_gateway.server import PATHS
from clearing.values import CategoryId, Cents, OperationId
from clearing.wire.frame import FrameType, open_envelope
from clearing.wire.replies import Reply, parse_reply
from clearing.wire.requests import CardUrl, Op, Request, parse_request
from clearing.wire.signature import verify
from tests.living_caisse import payload_of
from tests.promises.market import Market, MarketCard

PATIENCE_S = 60
UNTIL_ANSWERED = Patience(pause_ms=10, give_up_ms=600_000)


@dataclass
class Heard:
    """Every decided answer that came back, by the bytes that asked for it."""

    answers: dict[tuple[str, bytes], set[bytes]] = field(default_factory=lambda: defaultdict(set))
    sent: int = 0


class ListeningTransport:
    """HTTP to one of some doors, the next one when a door does not answer; writes down what was decided."""

    def __init__(self, doors: Sequence[HttpTransport], heard: Heard) -> None:
        self._doors, self._heard, self._turn = doors, heard, 0

    async def post(self, path: str, raw: bytes) -> Answer:
        self._turn += 1
        self._heard.sent += 1
        answer = await self._doors[self._turn % len(self._doors)].post(path, raw)
        if answer.status == 200:
            self._heard.answers[path, raw].add(answer.body)
        return answer

    async def get(self, path: str) -> Answer:
        return await self._doors[0].get(path)


def vegetables(cents: int) -> list[Line]:
    return [Line(category=CategoryId("fruit-veg"), amount_cents=Cents(cents))]


@dataclass(kw_only=True)
class Till:
    """One stall at work: sells, holds and captures, undoes and refunds, as its dice say, until it is told to close."""

    terminal: ReferenceTerminal
    queue: TerminalQueue
    cards: Sequence[MarketCard]
    dice: random.Random
    closing: asyncio.Event

    async def work(self) -> int:
        """How many requests were decided."""
        done = 0
        while not self.closing.is_set():
            done += await self._one_customer()
        return done

    def close(self) -> None:
        self.queue.close()

    async def _one_customer(self) -> int:
        card, cents = self.dice.choice(self.cards), self.dice.randint(1, 900)
        match self.dice.choices(("sell", "hold", "undo", "refund"), (7, 1, 1, 1))[0]:
            case "hold":
                held = _decided(await self.terminal.authorise(vegetables(cents), card))
                _decided(await self.terminal.capture(held.x, vegetables(self.dice.randint(1, cents))))
                return 2
            case "undo":
                _decided(await self.terminal.reverse(_decided(await self.terminal.sale(vegetables(cents), card)).x))
                return 2
            case "refund":
                sold = _decided(await self.terminal.sale(vegetables(cents), card))
                _decided(await self.terminal.refund(sold.x, vegetables(self.dice.randint(1, cents))))
                return 2
            case _:
                _decided(await self.terminal.sale(vegetables(cents), card))
                return 1


async def answered(heard: Heard, count: int, working: "asyncio.Future[list[int]]") -> None:
    """Until so many answers have come in all; a till that fails ends the wait with its fault."""
    async with asyncio.timeout(PATIENCE_S):
        while len(heard.answers) < count:
            if working.done():
                await working
            await asyncio.sleep(0.002)


def _decided(shown: Shown) -> Shown:
    assert shown.ending is Ending.DECIDED, shown
    return shown


def tills_of(
    market: Market, doors: Sequence[HttpTransport], heard: Heard, folder: Path, *, closing: asyncio.Event, seed: int
) -> list[Till]:
    """A till per stall, each with its queue on disk."""
    transport, tills = ListeningTransport(doors, heard), []
    for number, identity in enumerate(market.stalls):
        dice, queue = random.Random(seed * 1_000 + number), TerminalQueue.open(folder / f"stall-{number}.sqlite")
        terminal = ReferenceTerminal(
            identity, queue, transport, SystemClock(), patience=UNTIL_ANSWERED, random=dice.randbytes
        )
        tills.append(Till(terminal=terminal, queue=queue, cards=market.cards, dice=dice, closing=closing))
    return tills


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request as a till signed it, and the one answer it ever got."""

    raw: bytes
    request: Request
    reply_raw: bytes
    reply: Reply


def exchanges(heard: Heard, market: Market) -> list[Exchange]:
    """All that was decided, in the order of the log. Raises AssertionError when a request got two answers."""
    keys, found = {stall.key.kid: stall.key.public for stall in market.stalls}, []
    for (path, raw), replies in heard.answers.items():
        assert len(replies) == 1, "one request, two answers"
        envelope, (reply_raw,) = open_envelope(raw, frame_bytes_max=4_096), replies
        frame = verify(envelope, FrameType.TERM_REQ, keys[envelope.kid])
        request, reply = parse_request(frame, PATHS[path]), parse_reply(payload_of(reply_raw, market.server_key))
        found.append(Exchange(raw=raw, request=request, reply_raw=reply_raw, reply=reply))
    return sorted(found, key=lambda one: one.reply.sq)


@dataclass
class _Sold:
    card: int
    asked: int
    left: int


class NaiveCards:
    """What each card can spend, in a dict: the second road to every answer."""

    def __init__(self, market: Market) -> None:
        self.cents = {card.number: market.cents_each for card in market.cards}
        self._owner = {tap: card.number for card in market.cards for tap in card.taps}
        self._sold: dict[OperationId, _Sold] = {}

    def predict(self, request: Request) -> tuple[Code, int | None]:
        """(code, approved cents) that the next request in the log's order must have been answered with."""
        sold = self._sold.get(request.original) if request.original is not None else None
        match request.op:
            case Op.SALE | Op.AUTH:
                return self._buy(request)
            case Op.CAP:
                return self._capture(sold, request) if sold is not None else (Code.EXPIRED_OR_RESOLVED, 0)
            case Op.REF:
                return self._refund(sold, request.amount_cents) if sold is not None else (Code.ORIGINAL_NOT_FOUND, 0)
            case _:
                if sold is not None:
                    self._give_back(sold, sold.left)
                return Code.APPROVED, None

    def _buy(self, request: Request) -> tuple[Code, int]:
        assert isinstance(request.card, CardUrl)
        card = self._owner[request.card.p]
        paid = min(self.cents[card], request.amount_cents)
        if not paid:
            return Code.DECLINED, 0
        self.cents[card] -= paid
        self._sold[request.x] = _Sold(card, request.amount_cents, paid)
        return (Code.APPROVED if paid == request.amount_cents else Code.PARTIAL), paid

    def _capture(self, hold: _Sold, request: Request) -> tuple[Code, int]:
        paid = min(hold.left, request.amount_cents)
        self._give_back(hold, hold.left - paid)
        return (Code.APPROVED if paid == request.amount_cents else Code.PARTIAL), paid

    def _refund(self, sold: _Sold, cents: int) -> tuple[Code, int]:
        """The card's part of the goods, rounded half up: a sale is refunded once here."""
        back = (2 * cents * sold.left + sold.asked) // (2 * sold.asked)
        self._give_back(sold, back)
        return Code.APPROVED, back

    def _give_back(self, sold: _Sold, cents: int) -> None:
        self.cents[sold.card] += cents
        sold.left -= cents
