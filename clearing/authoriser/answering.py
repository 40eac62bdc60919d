"""Law: the writer's process signs before the append; what is signed here is what is stored and sent, byte for byte.

What is decided for a terminal is signed with its group, in one signature (wire.reply_envelope); all else by itself.
"""

from collections.abc import Sequence

from clearing.authoriser.operations import Outcome
from clearing.events.codes import Code
from clearing.events.sales import OperationRepeated
from clearing.values import Position
from clearing.wire.commands import Command, CommandReply, encode_command_reply
from clearing.wire.fields import TimeMs
from clearing.wire.frame import FrameType
from clearing.wire.receipts import Receipt, encode_receipt
from clearing.wire.replies import Reply, TimeReply, encode_decided, encode_reply, encode_time
from clearing.wire.reply_envelope import seal_replies
from clearing.wire.requests import Request
from clearing.wire.signature import SigningKey


class GroupedReply:
    """A reply whose group is still open. envelope: empty until the group is sealed, then as stored and sent."""

    __slots__ = ("envelope", "payload")

    def __init__(self, payload: bytes, envelope: bytes = b"") -> None:
        self.payload = payload
        self.envelope = envelope


class Answers:
    """Replies of one server key: signed envelopes, and those that are to be signed with their group."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def seal(self, replies: Sequence[GroupedReply]) -> None:
        """Sign the open replies of a group, all at once."""
        still_open = [reply for reply in replies if not reply.envelope]
        if still_open:
            sealed = seal_replies(self._key, [reply.payload for reply in still_open])
            for reply, envelope in zip(still_open, sealed, strict=True):
                reply.envelope = envelope

    def decided(self, request: Request, outcome: Outcome, *, position: Position, at_us: int, head: bytes) -> GroupedReply:
        """The answer to a decided operation. head: the chain hash before its group. A repeat tells the first code again."""
        approved = outcome.approved_cents is not None
        first = outcome.event.first_position if isinstance(outcome.event, OperationRepeated) else position
        return GroupedReply(encode_decided(
            m=request.terminal, e=request.epoch, n=request.n, x=request.x, rq=request.digest, rc=outcome.answer,
            st=at_us // 1_000, sq=position, lh=head, aa=outcome.approved_cents, al=outcome.approved_lines,
            ac=f"{first % 1_000_000:06d}" if approved and outcome.approved_cents else None,
        ))

    def coded(
        self, request: Request | Command, code: Code, *, at_us: int, head: bytes, position: int = 0, why: str = ""
    ) -> bytes:
        """An answer that is a code only: not decided (91, 94, 96, 12), or held for a person when it has a position."""
        if isinstance(request, Command):
            return self.commanded(request, code, why=why, out={}, position=position, at_us=at_us, head=head)
        return self._reply(Reply(
            m=request.terminal, e=request.epoch, n=request.n, x=request.x, rq=request.digest, rc=code,
            st=TimeMs(at_us // 1_000), sq=position, lh=head,
        ))

    def commanded(
        self, command: Command, code: Code, *, why: str, out: dict[str, object], position: int, at_us: int, head: bytes
    ) -> bytes:
        payload = encode_command_reply(CommandReply(
            m=command.person, e=command.epoch, n=command.n, x=command.x, rq=command.digest, rc=code, why=why, out=out,
            st=TimeMs(at_us // 1_000), sq=position, lh=head,
        ))
        return self._key.sign_envelope(FrameType.SRV_RESP, payload)

    def time(self, request: Request, at_us: int) -> bytes:
        payload = encode_time(TimeReply(nonce=request.nonce or b"", st_ms=TimeMs(at_us // 1_000)))
        return self._key.sign_envelope(FrameType.SRV_TIME, payload)

    def receipt(self, receipt: Receipt) -> bytes:
        return self._key.sign_envelope(FrameType.SRV_RECEIPT, encode_receipt(receipt))

    def word(self, payload: bytes) -> bytes:
        """What this caisse says to another one."""
        return self._key.sign_envelope(FrameType.SRV_BETWEEN, payload)

    def _reply(self, reply: Reply) -> bytes:
        return self._key.sign_envelope(FrameType.SRV_RESP, encode_reply(reply))
