"""Law: what a till holds on cards is found again in its own memory, by a number that never changes, until it has ended."""

from typing import Any, Final, NamedTuple

from clearing.events.basket import Line
from clearing.events.codes import Code
from clearing.terminal.queue import Message, State, TerminalQueue
from clearing.terminal.transport import ANSWER_BYTES_MAX
from clearing.values import Cents, OperationId
from clearing.wire.frame import open_envelope, unpack_plain
from clearing.wire.replies import Reply, parse_reply
from clearing.wire.reply_envelope import open_reply
from clearing.wire.requests import Op

ENDED: Final = frozenset({
    Code.APPROVED, Code.PARTIAL, Code.EXPIRED_OR_RESOLVED, Code.ORIGINAL_NOT_FOUND, Code.LATE_AFTER_REVERSAL,
})  # fmt: skip
"""Answers to a capture after which there is nothing left to hand over; after any other one the goods can be weighed again."""
_FRAME_BYTES_MAX: Final = 1 << 16


class Held(NamedTuple):
    """An order whose part on a card is reserved. number: what stands on the crate. at_ms: when it was held."""

    number: int
    x: OperationId
    lines: tuple[Line, ...]
    card_cents: Cents
    rest_cents: Cents
    at_ms: int


def held_orders(queue: TerminalQueue) -> list[Held]:
    """Oldest first; what the caisse let go of by itself stays until somebody hands it over or cancels it."""
    over = {original for message in queue.ends() for original in [_original(message)] if original is not None}
    found = []
    for number, message in queue.holds():
        paid = _reply(message).aa or Cents(0)
        if paid and message.x not in over:
            lines = tuple(Line(*one) for one in _fields(message)["l"])
            found.append(Held(number, message.x, lines, paid, Cents(max(0, message.cents - paid)), message.written_ms))
    return found


def _original(message: Message) -> OperationId | None:
    """The hold that this capture or reversal ends; None when it did not."""
    if message.op is Op.CAP and message.state is State.ANSWERED and _reply(message).rc not in ENDED:
        return None
    return OperationId(_fields(message)["r"])


def _reply(message: Message) -> Reply:
    assert message.reply is not None, "an answered message has its reply"
    return parse_reply(open_reply(message.reply, reply_bytes_max=ANSWER_BYTES_MAX).payload)


def _fields(message: Message) -> dict[str, Any]:
    return unpack_plain(open_envelope(message.raw, frame_bytes_max=_FRAME_BYTES_MAX).payload)
