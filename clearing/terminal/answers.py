"""Law: an answer counts only when the caisse's key signed it and it answers exactly this message; anything else is no answer.

Source: wire.md sections 3 and 4: three classes of answer: NOT PROCESSED, DECIDED, UNKNOWN.
"""

from dataclasses import dataclass
from typing import Final

from clearing.terminal.queue import Message
from clearing.terminal.transport import ANSWER_BYTES_MAX, Answer
from clearing.wire.frame import MalformedFrame
from clearing.wire.replies import Reply, parse_reply
from clearing.wire.reply_envelope import open_reply, verify_reply
from clearing.wire.signature import BadSignature

_DECIDED: Final = 200
_NEVER_HAPPENED: Final = frozenset({400, 401, 404, 405, 413, 415})
_TEXT_MAX: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """The caisse decided, for ever. raw: the signed envelope to keep."""

    reply: Reply
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedAway:
    """The door refused the message: nothing happened, and the same bytes would be refused again. text: what to do."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskAgain:
    """Not processed, not known, or not believed: send the same bytes after pause_ms."""

    pause_ms: int


Verdict = Decided | TurnedAway | AskAgain


def judge(answer: Answer, message: Message, *, server_keys: frozenset[bytes], pause_ms: int) -> Verdict:
    """What an answer means for the message it came back for. pause_ms: before another attempt, when the door names none."""
    if answer.status == _DECIDED:
        reply = _verified(answer.body, message, server_keys)
        return AskAgain(pause_ms=pause_ms) if reply is None else Decided(reply=reply, raw=answer.body)
    if answer.status in _NEVER_HAPPENED:
        return TurnedAway(text=_plain(answer.body))
    if answer.retry_after_s is not None:
        return AskAgain(pause_ms=max(pause_ms, answer.retry_after_s * 1_000))
    return AskAgain(pause_ms=pause_ms)


def _verified(raw: bytes, message: Message, server_keys: frozenset[bytes]) -> Reply | None:
    try:
        signed = open_reply(raw, reply_bytes_max=ANSWER_BYTES_MAX)
        key = next((key for key in server_keys if key.startswith(signed.kid)), None)
        if key is None:
            return None
        reply = parse_reply(verify_reply(signed, key))
    except (MalformedFrame, BadSignature):
        return None
    said = (reply.m, reply.e, reply.n, reply.x, reply.rq)
    return reply if said == (message.terminal, message.epoch, message.n, message.x, message.digest) else None


def _plain(body: bytes) -> str:
    """A sentence for the till's screen: never more than a line, never control characters of somebody else."""
    text = body[:_TEXT_MAX].decode("utf-8", "replace")
    return "".join(sign if sign.isprintable() else " " for sign in text).strip()
