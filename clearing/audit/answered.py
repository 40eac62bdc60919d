"""Law: each request has one stored reply, signed by the caisse's server; it answers it and says what the event says."""

from collections.abc import Sequence
from typing import Final

from clearing.audit.evidence import OPERATIONS, Asked
from clearing.audit.findings import BadEvent, Checked
from clearing.authoriser.operations import outcome_of
from clearing.event_store.proofs import GENESIS
from clearing.event_store.rows import ReplyRow
from clearing.events.caisse import CommandDeclined, FrameHeld, SecurityAlerted
from clearing.events.catalogue import Event
from clearing.events.codes import Code
from clearing.events.producers import TerminalEnrolled
from clearing.events.sales import OperationRepeated, RefundDecided, ReversalDecided
from clearing.rules.book import Book
from clearing.wire.commands import COMMAND_BYTES_MAX, CommandReply, parse_command_reply
from clearing.wire.frame import MalformedFrame
from clearing.wire.replies import Reply, parse_reply
from clearing.wire.reply_envelope import group_root, open_reply, verify_reply
from clearing.wire.signature import BadSignature

_UNANSWERED: Final = (SecurityAlerted,)
"""Their reply is signed and not stored: the message itself was answered before, or belongs to another operation."""


class Answers:
    """Checks replies in the order of the log. server_keys: public keys that may sign for this caisse."""

    def __init__(self, server_keys: Sequence[bytes], checked: Checked, *, signatures: bool) -> None:
        self._keys = {key[:8]: key for key in server_keys}
        self._signatures = signatures
        self._checked = checked
        self._group: tuple[bytes, bytes, bytes] | None = None
        self._heads: dict[bytes, int] = {GENESIS: 0}  # chain -> position, from the last head that a reply named

    def chained(self, chain: bytes, position: int) -> None:
        """The log has grown by one event; later replies may name this head."""
        if self._signatures:
            self._heads[chain] = position

    def check(
        self, event: Event, asked: Asked | None, replies: Sequence[ReplyRow], position: int, at_us: int, book: Book
    ) -> None:
        """replies: all stored ones that point at this event. asked None: it answers no request. Raises BadEvent."""
        wanted = 0 if asked is None or isinstance(event, _UNANSWERED) else 1
        if len(replies) != wanted:
            raise BadEvent(position, f"{len(replies)} replies are stored for it, there must be {wanted}")
        if asked is None or not wanted:
            return
        row = replies[0]
        if (row.terminal, row.key_epoch, row.n, row.digest) != (asked.sender, asked.epoch, asked.n, asked.digest):
            raise BadEvent(position, "its stored reply stands under another message")
        if self._signatures:
            try:
                self._said(event, asked, self._payload(row.reply, position), position, at_us, book)
            except (MalformedFrame, BadSignature) as fault:
                raise BadEvent(position, f"its stored reply does not hold: {fault}") from fault
        self._checked.add("signed replies, with what they say" if self._signatures else "replies in their place")

    def _payload(self, reply: bytes, position: int) -> bytes:
        signed = open_reply(reply, reply_bytes_max=COMMAND_BYTES_MAX)
        key = self._keys.get(signed.kid)
        if key is None:
            raise BadEvent(position, f"its reply is signed by {signed.kid.hex()}, not by this caisse's server")
        if signed.path is None:
            return verify_reply(signed, key)
        group = key, group_root(signed.payload, signed.path), signed.sig
        if group != self._group:  # the replies of a group stand together: its one signature is verified once
            verify_reply(signed, key)
            self._group = group
        return signed.payload

    def _said(self, event: Event, asked: Asked, payload: bytes, position: int, at_us: int, book: Book) -> None:
        reply: Reply | CommandReply
        by_terminal = isinstance(event, (*OPERATIONS, TerminalEnrolled)) and getattr(event, "by", None) is None
        if isinstance(event, FrameHeld):
            by_terminal = event.terminal in book.producers.terminals
        reply = parse_reply(payload) if by_terminal else parse_command_reply(payload)
        if (reply.m, reply.e, reply.n, reply.x, reply.rq) != (asked.sender, asked.epoch, asked.n, asked.x, asked.digest):
            raise BadEvent(position, "its stored reply answers another message")
        if (reply.sq, reply.st) != (position, at_us // 1_000):
            raise BadEvent(position, "its stored reply names another position or instant")
        before = self._heads.get(reply.lh)
        if before is None or before >= position:
            raise BadEvent(position, "its stored reply names a log head that was not the log's before it")
        while next(iter(self._heads.values())) < before:  # a later reply names this head or a later one
            del self._heads[next(iter(self._heads))]
        if isinstance(reply, Reply):
            _same_outcome(event, reply, position, book)
        elif (reply.rc, reply.why) != _command_outcome(event, reply):
            raise BadEvent(position, "its stored reply tells the person another outcome")


def _command_outcome(event: Event, reply: CommandReply) -> tuple[str, str]:
    if isinstance(event, CommandDeclined):
        return event.code, event.why
    return (Code.INTERNAL_ERROR, reply.why) if isinstance(event, FrameHeld) else (Code.APPROVED, "")


def _same_outcome(event: Event, reply: Reply, position: int, book: Book) -> None:
    """book: before the event. A repeat tells again what was told of the operation."""
    said = (reply.rc, reply.aa, reply.al)
    expected: tuple[object, object, object]
    if isinstance(event, OperationRepeated):
        first = outcome_of(book.operations[event.op.terminal, event.op.x].event)
        expected = (event.answer, first.approved_cents, first.approved_lines)
    elif isinstance(event, ReversalDecided):
        expected = (event.answer, None, None)
    elif isinstance(event, RefundDecided):
        expected = (event.answer, event.card_cents, event.card_lines)
    elif isinstance(event, OPERATIONS):
        expected = (event.answer, event.approved_cents, event.approved_lines)
    else:
        expected = (Code.INTERNAL_ERROR if isinstance(event, FrameHeld) else Code.APPROVED, None, None)
    if said != expected:
        raise BadEvent(position, f"the terminal was told {reply.rc} and {reply.aa} cents, the event says otherwise")
