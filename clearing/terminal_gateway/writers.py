"""Law: a gateway holds no database and no issuer key: what it knows, the writers told it, and what they may have done it says.

The other end of the trunks. A request that was not handed over yet when a trunk breaks is NOT PROCESSED; one that was is
UNKNOWN.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

import structlog

from clearing.authoriser.client import (
    Answer,
    Authoriser,
    Between,
    Deliver,
    Enrolment,
    EnrolmentRefused,
    OutcomeUnknown,
    Overloaded,
    Submission,
)
from clearing.authoriser.trunk import ENROL_OP, AnswerKind, Framing, Kind, Outbox, TrunkBroken
from clearing.directory import Directory, Holder, KeyEntry
from clearing.telemetry import LogEvent, Telemetry
from clearing.terminal_gateway.taps import CardKey
from clearing.values import CaisseCode, CardId, TerminalId
from clearing.wire.requests import Request

CONNECT_PAUSE_S: Final = 0.05
CONNECT_PAUSE_MAX_S: Final = 1.0
TURN_S: Final = 0.002  # how long requests wait for each other, once BUSY of them are in flight on a trunk
BUSY: Final = 4


class Address(NamedTuple):
    """Where a writer's process listens: a Unix socket, or a port of 127.0.0.1 with the shared secret."""

    path: Path | None = None
    port: int = 0
    secret: bytes | None = None


class _Asked(NamedTuple):
    deliver: Deliver
    caisse: CaisseCode
    since_s: float


class TrunkRoom:
    """Tap keys of one caisse, asked of its vault over the trunk a card at a time."""

    def __init__(self, trunk: "Trunk", caisse: CaisseCode, kmeta: bytes) -> None:
        self._trunk, self._caisse = trunk, caisse
        self.kmeta = kmeta

    def current(self, _key: CardKey) -> bool:
        """A key that stopped being current was forgotten when the writer said so."""
        return True

    def find(self, _uid: bytes) -> CardKey | None:
        return None

    async def fetch(self, uid: bytes) -> CardKey | None:
        return await self._trunk.card_key(self._caisse, uid)


class Known:
    """What a gateway knows, as the writers say: keys, rooms, certificates. forget, forget_all: of a Door's taps."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self.rooms: dict[CaisseCode, TrunkRoom] = {}
        self.certificates: dict[CaisseCode, bytes] = {}
        self.forget: Callable[[CardId], None] = lambda _: None
        self.forget_all: Callable[[], None] = lambda: None


class Trunk(Authoriser):
    """One writer's process, as a gateway reaches it. Connects, and connects again, until closed."""

    def __init__(self, address: Address, known: Known, telemetry: Telemetry, *, in_flight_max: int, retry_after_s: int) -> None:
        self._address, self._known, self._telemetry = address, known, telemetry
        self._in_flight_max, self._retry_after_s = in_flight_max, retry_after_s
        self._loop = asyncio.get_running_loop()
        self._asked: dict[int, _Asked] = {}
        self._fetching: dict[int, list[asyncio.Future[CardKey | None]]] = {}
        self._next = 0
        self._line: _Line | None = None  # the one that speaks, after its first word
        self._dialled: _Line | None = None
        self._requests = Outbox(self._send_requests, self._in_turn)
        self._sent_s = 0.0
        self._cards = Outbox(self._send_cards, self._loop.call_soon)
        self._closed = asyncio.Event()
        self._connecting = self._loop.create_task(self._connect(), name="trunk")
        self.caisses: set[CaisseCode] = set()

    def post(self, submission: Submission, deliver: Deliver) -> None:
        if self._line is None or len(self._asked) >= self._in_flight_max:
            reason = "absent" if self._line is None else "full"
            self._telemetry.link_refused.labels(submission.caisse, reason).inc()
            deliver(Overloaded(self._retry_after_s))
            return
        self._next = number = self._next + 1
        self._asked[number] = _Asked(deliver, submission.caisse, self._loop.time())
        self._requests.add((number, submission))

    async def card_key(self, caisse: CaisseCode, uid: bytes) -> CardKey | None:
        """None: the writer's process can't be asked now."""
        if self._line is None:
            return None
        answer: asyncio.Future[CardKey | None] = self._loop.create_future()
        self._cards.add((caisse, uid, answer))
        return await answer

    async def close(self) -> None:
        self._closed.set()
        if self._dialled is not None:
            self._dialled.give_up()
        await asyncio.wait({self._connecting})

    def connected(self, line: "_Line") -> None:
        self._line = line

    def lost(self, line: "_Line") -> None:
        """What was handed over is UNKNOWN, what was not is NOT PROCESSED; nothing is let in until the writer is back."""
        if self._line is not line:
            return
        self._line = None
        for caisse in self.caisses:
            self._known.directory.set_ready(caisse, ready=False)
        self._known.forget_all()
        not_sent = {number for number, _ in self._requests.take_back()}
        asked, self._asked = self._asked, {}
        for number, one in asked.items():
            one.deliver(Overloaded(self._retry_after_s) if number in not_sent else OutcomeUnknown())
        waiting = [answer for _, _, answer in self._cards.take_back()]
        for answers in self._fetching.values():
            waiting += answers
        self._fetching.clear()
        for answer in waiting:
            if not answer.done():
                answer.set_result(None)

    def hear(self, kind: int, values: list[Any]) -> None:
        known = self._known
        match kind:
            case Kind.ANSWERS:
                self._answered(values[0])
            case Kind.CARD_KEYS:
                for answer, key in zip(self._fetching.pop(values[0]), values[1], strict=True):
                    if not answer.done():
                        answer.set_result(CardKey(CardId(key[0]), key[1], key[2]))
            case Kind.CAISSE:
                caisse = CaisseCode(values[0])
                self.caisses.add(caisse)
                known.directory.serve(caisse)
                known.rooms[caisse] = TrunkRoom(self, caisse, values[1])
                known.certificates[caisse] = values[2]
            case Kind.KEYS:
                for kid, public, holder, number, epoch, current in values[1]:
                    known.directory.put_key(KeyEntry(
                        kid=kid, public_key=public, caisse=CaisseCode(values[0]), holder=Holder(holder),
                        number=TerminalId(number), epoch=epoch, current=current,
                    ))  # fmt: skip
            case Kind.READY:
                known.directory.set_ready(CaisseCode(values[0]), ready=bool(values[1]))
            case Kind.CARD:
                known.forget(CardId(values[1]))
            case _:
                raise TrunkBroken(f"a writer does not say {kind}")

    def _answered(self, answers: list[Any]) -> None:
        oldest: _Asked | None = None
        for number, kind, body in answers:
            asked = self._asked.pop(number)
            oldest = oldest or asked
            asked.deliver(body if kind == 0 else _answer(kind, body))
        if oldest is not None:  # one of each frame is timed: observing every one costs a microsecond a sale
            self._telemetry.link_seconds.labels(oldest.caisse).observe(self._loop.time() - oldest.since_s)
            self._telemetry.link_in_flight.labels(oldest.caisse).set(len(self._asked))

    def _in_turn(self, send: Callable[[], None]) -> None:
        """Send at once; under load together with what else comes in TURN_S, so that the writer wakes once for all of it."""
        left_s = self._sent_s + TURN_S - self._loop.time()
        if left_s > 0 and len(self._asked) >= BUSY:
            self._loop.call_later(left_s, send)
        else:
            self._loop.call_soon(send)

    def _send_requests(self, waiting: list[tuple[int, Submission]]) -> None:
        if self._line is None:
            return
        self._sent_s = self._loop.time()
        single: list[object] = []
        batches: dict[bytes, tuple[Submission, list[object]]] = {}
        for number, submission in waiting:
            frame, request, tap = submission.frame, submission.request, submission.tap
            if isinstance(request, Between) or submission.issued is not None:
                self._send_abroad(number, submission)
                continue
            op = ENROL_OP if isinstance(request, Enrolment) else cast(Request, request).op.value
            told = None if tap is None else (tap.genuine, tap.card, tap.key_version, tap.counter)
            item = submission.item
            if item is None:
                single.append((number, submission.caisse, op, frame.raw, frame.digest, told))
            else:
                items = batches.setdefault(item.digest, (submission, []))[1]
                items.append((number, op, item.place, frame.raw, frame.digest, told))
        if single:
            self._line.send(Kind.ASK, single)
        for digest, (submission, items) in batches.items():
            if submission.item is not None:
                self._line.send(Kind.ASK_BATCH, submission.caisse, submission.item.frame, digest, items)

    def _send_abroad(self, number: int, submission: Submission) -> None:
        assert self._line is not None, "whoever sends has looked"
        frame, tap, issued, item = submission.frame, submission.tap, submission.issued, submission.item
        if issued is None:
            told = None if tap is None else (tap.genuine, tap.card, tap.key_version, tap.counter)
            self._line.send(Kind.WORD, number, submission.caisse, frame.raw, frame.digest, told)
        else:
            self._line.send(
                Kind.ASK_ABROAD, number, submission.caisse, cast(Request, submission.request).op.value, frame.raw,
                frame.digest, issued.raw, issued.digest, None if item is None else tuple(item),
            )

    def _send_cards(self, waiting: list[tuple[CaisseCode, bytes, "asyncio.Future[CardKey | None]"]]) -> None:
        if self._line is None:
            return
        by_caisse: dict[CaisseCode, list[tuple[bytes, asyncio.Future[CardKey | None]]]] = {}
        for caisse, uid, answer in waiting:
            by_caisse.setdefault(caisse, []).append((uid, answer))
        for caisse, asked in by_caisse.items():
            self._next += 1
            self._fetching[self._next] = [answer for _, answer in asked]
            self._line.send(Kind.CARDS, self._next, caisse, [uid for uid, _ in asked])

    async def _connect(self) -> None:
        pause_s = CONNECT_PAUSE_S
        while not self._closed.is_set():
            try:
                line = self._dialled = await self._dial()
            except OSError:
                pause_s = min(2 * pause_s, CONNECT_PAUSE_MAX_S)
            else:
                pause_s = CONNECT_PAUSE_S
                if self._closed.is_set():
                    line.give_up()
                await line.gone.wait()
            try:
                async with asyncio.timeout(pause_s):
                    await self._closed.wait()
            except TimeoutError:
                continue

    async def _dial(self) -> "_Line":
        make = partial(_Line, self, self._address.secret)
        if self._address.path is not None:
            return (await self._loop.create_unix_connection(make, path=str(self._address.path)))[1]
        return (await self._loop.create_connection(make, host="127.0.0.1", port=self._address.port))[1]


class _Line(asyncio.Protocol):
    """One connection of a trunk."""

    def __init__(self, trunk: Trunk, secret: bytes | None) -> None:
        self._trunk = trunk
        self._framing = Framing(secret, server=False)
        self._transport: asyncio.Transport | None = None
        self._spoke = False  # whether the other end did: it tells of its caisses as soon as it may
        self.gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self._framing.greeting:
            self._transport.write(self._framing.greeting)

    def data_received(self, data: bytes) -> None:
        try:
            for kind, values in self._framing.feed(data):
                if not self._spoke:
                    self._spoke = True
                    self._trunk.connected(self)
                self._trunk.hear(kind, values)
        except (TrunkBroken, ValueError, TypeError, KeyError, IndexError) as fault:
            structlog.get_logger().error(LogEvent.TRUNK_BROKEN, fault=repr(fault))
            self.give_up()

    def connection_lost(self, _fault: Exception | None) -> None:
        self._transport = None
        self._trunk.lost(self)
        self.gone.set()

    def give_up(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def send(self, kind: Kind, *values: object) -> None:
        if self._transport is not None:
            self._transport.write(self._framing.frame(kind, *values))


class Writers(Authoriser):
    """All writers as one Authoriser: each submission goes to its caisse's trunk."""

    def __init__(self, trunks: list[Trunk], *, retry_after_s: int) -> None:
        self._trunks, self._retry_after_s = trunks, retry_after_s

    def post(self, submission: Submission, deliver: Deliver) -> None:
        for trunk in self._trunks:
            if submission.caisse in trunk.caisses:
                trunk.post(submission, deliver)
                return
        deliver(Overloaded(self._retry_after_s))


def _answer(kind: int, body: object) -> Answer:
    match kind:
        case AnswerKind.NOT_PROCESSED:
            return Overloaded(int(str(body)))
        case AnswerKind.ENROLMENT_REFUSED:
            return EnrolmentRefused()
        case _:
            return OutcomeUnknown()
