"""Law: each request has one stored reply, signed by the caisse's server; it answers it and says what the event says."""

from collections.abc import Sequence
from typing import Final

from clearing.audit.evidence import OPERATIONS, Asked
from clearing.audit.findings import BadEvent, Checked
from clearing.audit.promises import NOT_OPENED, REPLIES, REPLIES_IN_PLACE
from clearing.audit.signed_group import SignedGroups
from clearing.authoriser.drawing import told_us
from clearing.authoriser.operations import outcome_of
from clearing.event_store.proofs import GENESIS
from clearing.event_store.rows import ReplyRow
from clearing.events.accounts import PurchaseConfirmed
from clearing.events.caisse import CommandDeclined, FrameHeld, SecurityAlerted
from clearing.events.catalogue import Event
from clearing.events.codes import Code
from clearing.events.contracts import DeliveryDecided
from clearing.events.interchange import InterchangeReversed, InterchangeSold
from clearing.events.producers import TerminalEnrolled
from clearing.events.sales import (
    AuthorisationDecided,
    CaptureDecided,
    OperationRepeated,
    RefundDecided,
    ReversalDecided,
    SaleDecided,
)
from clearing.events.solidarity import DrawDecided, GiveDecided
from clearing.rules.book import Book
from clearing.wire.commands import COMMAND_BYTES_MAX, CommandReply, parse_command_reply
from clearing.wire.frame import MalformedFrame
from clearing.wire.replies import Reply, parse_reply
from clearing.wire.reply_envelope import open_reply
from clearing.wire.signature import BadSignature

_UNANSWERED: Final = (SecurityAlerted,)
"""Their reply is signed and not stored: the message itself was answered before, or belongs to another operation."""


_APPROVED: Final = (
    SaleDecided, AuthorisationDecided, CaptureDecided, DrawDecided, GiveDecided, PurchaseConfirmed, InterchangeSold,
)  # fmt: skip
"""Whose answer says how many cents are approved, line by line."""
WRONG_HEAD: Final = "its stored reply names a log head that was not the log's before it"
_FORGET_BYTES: Final = 1 << 20


class NamedHeads:
    """Chain hashes of the log from the last one that a reply named: a later reply names that one or a later one."""

    def __init__(self) -> None:
        self._first = 0
        self._last = 0
        self._chains = bytearray(GENESIS)

    def grow(self, chains: bytes) -> None:
        self._chains += chains

    def name(self, head: int | bytes, position: int) -> bool:
        """Whether the head, by position or hash, was the log's before this position, and not before the last one named."""
        at = head if isinstance(head, int) else self._position_of(head, position)
        if not self._last <= at < position:
            return False
        self._last = at
        old = 32 * (at - self._first)
        if old > _FORGET_BYTES:
            del self._chains[:old]
            self._first = at
        return True

    def _position_of(self, chain: bytes, position: int) -> int:
        begin, end = 32 * (self._last - self._first), 32 * (position - self._first)
        found = self._chains.rfind(chain, begin, end)
        while found > 0 and found % 32:
            found = self._chains.rfind(chain, begin, found + 31)
        return self._first + found // 32 if found >= 0 and len(chain) == 32 else -1


class Answers:
    """Checks replies in the order of the log. server_keys: public keys that may sign for this caisse."""

    def __init__(self, server_keys: Sequence[bytes], checked: Checked, *, signatures: bool) -> None:
        self._keys = {key[:8]: key for key in server_keys}
        self._signatures = signatures
        self._checked = checked
        self._groups = SignedGroups(tuple(server_keys))
        self._heads = NamedHeads()

    def chained(self, chains: bytes) -> None:
        """The log has grown by these chain hashes, one after the other; later replies may name them."""
        if self._signatures:
            self._heads.grow(chains)

    def named(self, head: int | bytes, position: int) -> None:
        """The head that a proved reply names: its position, its hash, or NOT_OPENED. Raises BadEvent."""
        if head != NOT_OPENED and not self._heads.name(head, position):
            raise BadEvent(position, WRONG_HEAD)

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
        self._checked.add(REPLIES if self._signatures else REPLIES_IN_PLACE)

    def _payload(self, reply: bytes, position: int) -> bytes:
        signed = open_reply(reply, reply_bytes_max=COMMAND_BYTES_MAX)
        key = self._keys.get(signed.kid)
        if key is None:
            raise BadEvent(position, f"its reply is signed by {signed.kid.hex()}, not by this caisse's server")
        payload = self._groups.payload(reply, COMMAND_BYTES_MAX)
        assert payload is not None, "its key is known"
        return payload

    def _said(self, event: Event, asked: Asked, payload: bytes, position: int, at_us: int, book: Book) -> None:
        reply: Reply | CommandReply
        by_terminal = isinstance(event, (*OPERATIONS, TerminalEnrolled)) and getattr(event, "by", None) is None
        if isinstance(event, FrameHeld):
            by_terminal = event.terminal in book.producers.terminals
        reply = parse_reply(payload) if by_terminal else parse_command_reply(payload)
        if (reply.m, reply.e, reply.n, reply.x, reply.rq) != (asked.sender, asked.epoch, asked.n, asked.x, asked.digest):
            raise BadEvent(position, "its stored reply answers another message")
        if (reply.sq, reply.st) != (position, told_us(book, event, at_us) // 1_000):
            raise BadEvent(position, "its stored reply names another position or instant")
        if not self._heads.name(reply.lh, position):
            raise BadEvent(position, WRONG_HEAD)
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
    elif isinstance(event, ReversalDecided | DeliveryDecided | InterchangeReversed):
        expected = (event.answer, None, None)
    elif isinstance(event, RefundDecided):
        expected = (event.answer, event.card_cents, event.card_lines)
    elif isinstance(event, _APPROVED):
        expected = (event.answer, event.approved_cents, event.approved_lines)
    else:
        expected = (Code.INTERNAL_ERROR if isinstance(event, FrameHeld) else Code.APPROVED, None, None)
    if said != expected:
        raise BadEvent(position, f"the terminal was told {reply.rc} and {reply.aa} cents, the event says otherwise")
