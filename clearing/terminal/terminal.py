"""Law: persist the signed request, send, persist the reply, show. One message has one number and one byte string for ever.

Source: wire.md section 4, the terminal rule. No answer: the same bytes again until 8 s; then a reversal is queued durably
and the next sale may start. What a till shows are two amounts: what the card pays, and what is left to pay.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Protocol, assert_never

from clearing.events.basket import Line
from clearing.events.codes import Code
from clearing.terminal.answers import AskAgain, Decided, TurnedAway, judge
from clearing.terminal.held import Held, held_orders
from clearing.terminal.identity import TerminalIdentity
from clearing.terminal.queue import Message, NotPaired, State, TerminalQueue
from clearing.terminal.transport import ANSWER_BYTES_MAX, NoAnswer, TerminalClock, Transport
from clearing.values import CaisseCode, Cents, ContractId, OperationId, TerminalId
from clearing.wire.commands import contract_number
from clearing.wire.fields import DAY_MS, TimeMs
from clearing.wire.replies import Reply, parse_reply
from clearing.wire.reply_envelope import open_reply
from clearing.wire.requests import CardUrl, NewKey, Op, Request
from clearing.wire.signature import TerminalKey, prove_new_key

PATHS: Final = {
    Op.SALE: "/v1/sale",
    Op.AUTH: "/v1/authorise",
    Op.CAP: "/v1/capture",
    Op.REV: "/v1/reverse",
    Op.REF: "/v1/refund",
    Op.DRAW: "/v1/draw",
    Op.GIVE: "/v1/give",
    Op.DLV: "/v1/deliver",
    Op.ROTATE: "/v1/rotate",
}
_PURCHASES: Final = (Op.SALE, Op.AUTH, Op.DRAW, Op.GIVE)
"""What a till must know the end of at once: without an answer it is undone."""
_BY_DAY: Final = (Op.DRAW, Op.GIVE)
_COUPONS_PERCENT: Final = 100
_CLONED: Final = (
    "Another device uses this till's key, or an old copy of its memory was put back. "
    "Stop selling here and ask the treasurer to pair this till again."
)
_LOCKED: Final = "The caisse locked this till. Ask the treasurer what happened; pair it again to go on."


class TapSource(Protocol):
    """Where card taps come from: a virtual card, a reader, a telephone's card address."""

    def tap(self) -> tuple[bytes, bytes]:
        """(p, c) of one read. Raises BadTap."""
        ...

    @property
    def caisse(self) -> CaisseCode | None:
        """Whose card it is, when it is another caisse's than the till's; read after the tap."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a till waits: pause_ms between two attempts, give_up_ms in all."""

    pause_ms: int = 250
    give_up_ms: int = 8_000


class Ending(StrEnum):
    """How a request ended for the person at the till."""

    DECIDED = "decided"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    QUEUED = "queued"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the till may show. x: the operation, to capture, reverse or refund it later. text: only when refused.

    Of a draw card_cents is what the fund pays; of a give what the fund gets, and rest_cents the price of the goods.

    no_answer: nothing was sold on the card, a reversal is queued; queued: it will be sent until it is answered.
    """

    ending: Ending
    x: OperationId
    card_cents: Cents
    rest_cents: Cents
    code: Code | None = None
    approved_lines: tuple[Cents, ...] | None = None
    approval: str | None = None
    text: str = ""
    op: Op = Op.SALE


class ReferenceTerminal:
    """One stall's terminal. One request at a time; identity None: the one that its queue remembers."""

    def __init__(
        self,
        identity: TerminalIdentity | None,
        queue: TerminalQueue,
        transport: Transport,
        clock: TerminalClock,
        *,
        patience: Patience = Patience(),
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """Raises NotPaired when neither the caller nor the queue knows who this terminal is."""
        known = queue.identity()
        if identity is not None and (known is None or _replaces(identity, known)):
            queue.adopt(identity)
        elif known is None:
            raise NotPaired("this till belongs to no caisse yet: pair it with --pair SLOT, as clearing terminal slot says")
        self._queue: Final = queue
        self._transport: Final = transport
        self._clock: Final = clock
        self._patience: Final = patience
        self._random: Final = random

    async def sale(
        self, lines: Sequence[Line], source: TapSource, *, all_or_nothing: bool = False, price: int | None = None
    ) -> Shown:
        """Authorise and capture in one. price: what the customer chose to pay, in percent, where several are voted.

        Raises BadTap, MalformedFrame (a basket no door takes), TerminalLocked."""
        return await self._purchase(Op.SALE, lines, source, all_or_nothing=all_or_nothing, price_choice=price)

    async def authorise(self, lines: Sequence[Line], source: TapSource, *, all_or_nothing: bool = False) -> Shown:
        """Hold the card's part until a capture, a reversal or its end. Raises as sale does."""
        return await self._purchase(Op.AUTH, lines, source, all_or_nothing=all_or_nothing)

    async def capture(self, original: OperationId, lines: Sequence[Line]) -> Shown:
        """Take of a hold what was delivered; the rest is released."""
        return await self._advise(Op.CAP, original, lines)

    async def reverse(self, original: OperationId, *, drawn: bool = False) -> Shown:
        """Undo a sale or a hold of this terminal; harmless when repeated. drawn: it was a draw or a give."""
        return await self._advise(Op.REV, original, (), by_day=drawn)

    async def confirm(self, original: OperationId, lines: Sequence[Line], source: TapSource) -> Shown:
        """The second card on a hold of a collective account, for the hold's own goods; then it may be captured."""
        await self._finish_rotation()
        p, c = source.tap()
        return await self._told(self._queue.append(
            self._draft(Op.DLV, lines=tuple(lines), card=CardUrl(p, c), original=original)
        ))

    async def refund(self, original: OperationId, lines: Sequence[Line], *, drawn: bool = False) -> Shown:
        """Goods came back: the card's (or the fund's) part goes back where it came from, the rest is cash at the stall."""
        return await self._advise(Op.REF, original, lines, by_day=drawn)

    async def draw(self, percent: int, lines: Sequence[Line]) -> Shown:
        """Ask a solidarity fund for a reduction; no card. card_cents of the answer: what the fund pays."""
        return await self._purchase(Op.DRAW, lines, None, all_or_nothing=False, price_choice=percent)

    async def give(self, percent: int, lines: Sequence[Line]) -> Shown:
        """So many percent of the price were paid in cash, or coupons bought (100). card_cents: what the fund is owed of it."""
        shown = await self._purchase(Op.GIVE, lines, None, all_or_nothing=False, price_choice=percent)
        coupons = percent == _COUPONS_PERCENT and shown.ending is Ending.DECIDED
        return replace(shown, rest_cents=Cents(0 if coupons else sum(line.amount_cents for line in lines)))

    async def deliver(self, contract: ContractId, lines: Sequence[Line], source: TapSource) -> Shown:
        """A member fetches a contract's basket; lines: what was handed over. It costs nothing, so without an
        answer it waits and is sent again. Raises BadTap, MalformedFrame, TerminalLocked."""
        await self._finish_rotation()
        p, c = source.tap()
        original = contract_number(contract)
        return await self._told(self._queue.append(
            self._draft(Op.DLV, lines=tuple(lines), card=CardUrl(p, c), original=original)
        ))  # fmt: skip

    async def rotate(self) -> Shown:
        """Bring a new key, signed by the old one; it is on disk before the caisse hears of it."""
        begun = self._rotation_begun()
        if begun is not None:  # its key may be in force already: a second one would be signed by nobody
            return await self._told(begun)
        identity = self._identity()
        new = TerminalKey.from_seed(self._random(32))
        proof = prove_new_key(new, terminal=identity.terminal, epoch=identity.epoch)
        draft = self._draft(Op.ROTATE, new_key=NewKey(new.public, proof))
        return await self._told(self._queue.append(draft, next_key=new))

    async def resume(self) -> int:
        """After a start: undo purchases whose answer nobody saw, send what is still to be sent. How much is left."""
        for message in self._queue.pending():
            if message.op in _PURCHASES:
                by_day = message.op in _BY_DAY
                self._queue.give_up(message, self._draft(Op.REV, original=message.x, by_day=by_day))
        return await self.flush()

    async def flush(self) -> int:
        """Try each waiting message once, oldest first, until one finds no answer. How many still wait."""
        waiting = [message for message in self._queue.pending() if message.op not in _PURCHASES]
        for done, message in enumerate(waiting):
            if isinstance(await self._attempt(message), AskAgain):
                return len(waiting) - done
        return 0

    def last_shown(self) -> Shown | None:
        """What the newest sale or hold came to, for a till that went dark before anybody read it."""
        message = self._queue.last_purchase()
        if message is None or message.state is State.PENDING:
            return None
        if message.reply is not None:
            reply = parse_reply(open_reply(message.reply, reply_bytes_max=ANSWER_BYTES_MAX).payload)
            return _shown(message, Decided(reply=reply, raw=message.reply))
        refused = message.state is State.REFUSED
        return _shown(message, TurnedAway(text="") if refused else AskAgain(pause_ms=0))

    def held(self) -> list[Held]:
        """Orders of this till whose goods still wait."""
        return held_orders(self._queue)

    async def _purchase(
        self, op: Op, lines: Sequence[Line], source: TapSource | None, *, all_or_nothing: bool, price_choice: int | None = None
    ) -> Shown:
        await self._finish_rotation()
        card = None if source is None else CardUrl(*source.tap())
        draft = self._draft(
            op, lines=tuple(lines), card=card, all_or_nothing=all_or_nothing, price_choice=price_choice,
            caisse=None if source is None else source.caisse,
        )
        message = self._queue.append(draft)
        verdict = await self._deliver(message)
        if isinstance(verdict, AskAgain):
            reversal = self._queue.give_up(message, self._draft(Op.REV, original=message.x, by_day=op in _BY_DAY))
            await self._attempt(reversal)
        elif isinstance(verdict, Decided):
            await self.flush()
        return _shown(message, verdict)

    async def _advise(self, op: Op, original: OperationId, lines: Sequence[Line], *, by_day: bool = False) -> Shown:
        await self._finish_rotation()
        return await self._told(self._queue.append(self._draft(op, lines=tuple(lines), original=original, by_day=by_day)))

    async def _finish_rotation(self) -> None:
        """The old key speaks for repeats only once the new one is in force: learn first whether it is."""
        begun = self._rotation_begun()
        if begun is not None:
            await self._attempt(begun)

    def _rotation_begun(self) -> Message | None:
        return next((message for message in self._queue.pending() if message.op is Op.ROTATE), None)

    async def _told(self, message: Message) -> Shown:
        return _shown(message, await self._deliver(message))

    async def _deliver(self, message: Message) -> "Decided | TurnedAway | AskAgain":
        """The same bytes until they are answered or patience ends; AskAgain means that it ended."""
        until_ms = self._clock.rising_ms() + self._patience.give_up_ms
        while True:
            verdict = await self._attempt(message)
            if not isinstance(verdict, AskAgain) or self._clock.rising_ms() + verdict.pause_ms >= until_ms:
                return verdict
            await self._clock.pause_ms(verdict.pause_ms)

    async def _attempt(self, message: Message) -> "Decided | TurnedAway | AskAgain":
        try:
            answer = await self._transport.post(PATHS[message.op], message.raw)
        except NoAnswer:
            return AskAgain(pause_ms=self._patience.pause_ms)
        verdict = judge(answer, message, server_keys=self._identity().server_keys, pause_ms=self._patience.pause_ms)
        match verdict:
            case Decided(reply=reply, raw=raw):
                self._keep(message, reply, raw)
            case TurnedAway():
                self._queue.refused(message)
            case AskAgain():
                pass
            case _:
                assert_never(verdict)
        return verdict

    def _keep(self, message: Message, reply: Reply, raw: bytes) -> None:
        rotated = message.op is Op.ROTATE and reply.rc is Code.APPROVED
        self._queue.answered(message, raw, head=reply.lh, rotated=rotated)
        if reply.rc is Code.CONFLICT:
            self._queue.lock(_CLONED)
        elif "lock" in reply.cmd:
            self._queue.lock(_LOCKED)

    def _identity(self) -> TerminalIdentity:
        identity = self._queue.identity()
        assert identity is not None, "the constructor saw to it"
        return identity

    def _draft(
        self,
        op: Op,
        *,
        lines: tuple[Line, ...] = (),
        card: CardUrl | None = None,
        original: OperationId | None = None,
        all_or_nothing: bool = False,
        new_key: NewKey | None = None,
        price_choice: int | None = None,
        by_day: bool = False,
        caisse: CaisseCode | None = None,
    ) -> Request:
        """A request without its number: the queue gives terminal, epoch, n and previous.

        A draw, a give and what undoes one (by_day) name their day only, and no log head, which would name the minute.
        """
        by_day = by_day or op in _BY_DAY
        wall_ms = self._clock.wall_ms()
        return Request(
            op=op,
            terminal=TerminalId(bytes(8)),
            epoch=0,
            n=0,
            x=OperationId(self._random(16)),
            ts_ms=TimeMs(wall_ms // DAY_MS * DAY_MS if by_day else wall_ms),
            amount_cents=Cents(sum(line.amount_cents for line in lines)),
            lines=lines,
            card=card,
            original=original,
            all_or_nothing=all_or_nothing,
            new_key=new_key,
            price_choice=price_choice,
            lh=None if by_day or op is Op.ROTATE else self._queue.last_head(),
            caisse=caisse,
        )


def _replaces(identity: TerminalIdentity, known: TerminalIdentity) -> bool:
    """Is what the caller brings newer than what the queue holds? The queue alone knows of its own rotations."""
    return identity.terminal != known.terminal or identity.epoch > known.epoch


def _shown(message: Message, verdict: Decided | TurnedAway | AskAgain) -> Shown:
    nothing = Cents(0)
    match verdict:
        case Decided(reply=reply):
            paid = reply.aa or nothing
            gave = message.op is Op.GIVE and paid != message.cents  # of coupons all is the fund's
            return Shown(
                ending=Ending.DECIDED, x=message.x, card_cents=paid,
                rest_cents=message.cents if gave else Cents(max(0, message.cents - paid)),
                code=reply.rc, approved_lines=reply.al, approval=reply.ac, op=message.op,
            )  # fmt: skip
        case TurnedAway(text=text):
            return Shown(ending=Ending.REFUSED, x=message.x, card_cents=nothing, rest_cents=message.cents, text=text,
                         op=message.op)
        case AskAgain():
            ending = Ending.NO_ANSWER if message.op in _PURCHASES else Ending.QUEUED
            return Shown(ending=ending, x=message.x, card_cents=nothing, rest_cents=message.cents, op=message.op)
        case _:
            assert_never(verdict)
