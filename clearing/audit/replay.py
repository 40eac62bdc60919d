"""Law: a log is replayed row by row; each row is proved before it is folded, and nothing after a bad one is believed."""

import struct
from collections.abc import Sequence
from typing import Final

from clearing.audit.answered import Answers
from clearing.audit.evidence import BY_TIME_ALONE, Asked, Evidence, claimed
from clearing.audit.findings import BadEvent, Checked
from clearing.audit.frames import Frames
from clearing.audit.offices import check_office
from clearing.audit.splits import check_operation
from clearing.audit.sums import TwoRoads
from clearing.authoriser.group import SALT_BYTES, stream_of
from clearing.authoriser.operations import uses_tap
from clearing.event_store.proofs import GENESIS, Frontier, chain_hash, head_note, leaf_hash
from clearing.event_store.rows import EventRow, Head, ReplyRow, SignedHead, TapRow
from clearing.events.caisse import FrameHeld, SecurityAlerted
from clearing.events.catalogue import Event
from clearing.events.codec import StoredBodies, UnreadableEvent, decode
from clearing.events.settlement import BatchClosed
from clearing.rules.answers import BrokenBook
from clearing.rules.book import Book
from clearing.wire.signature import signature_holds

COMPARE_EVENTS: Final = 20_000
"""At a closed batch all sums are compared, when so many events came since the last time: it opens every purse."""
NONSENSE: Final = (LookupError, ValueError, TypeError, AttributeError, StopIteration, AssertionError, OverflowError)
"""What rules raise when an event of a forged log means nothing to them: the event's fault, not the program's."""
_DUE_MAY_WAIT: Final = (*BY_TIME_ALONE, SecurityAlerted, FrameHeld)


class Replay:
    """One log, proved so far up to `position`. server_keys: public keys that may sign for the caisse."""

    def __init__(self, server_keys: Sequence[bytes], *, signatures: bool = True) -> None:
        self.book = Book(StoredBodies())
        self.checked = Checked()
        self.roads = TwoRoads(self.checked)
        self.chain = GENESIS
        self._server_keys = tuple(server_keys)
        self._signatures = signatures
        self.frames = Frames()
        self._evidence = Evidence(self.checked, self.frames)
        self._answers = Answers(server_keys, self.checked, signatures=signatures)
        self._tree = Frontier()
        self._compared = 0

    @property
    def position(self) -> int:
        return self.book.position

    def take(self, row: EventRow, replies: Sequence[ReplyRow], taps: Sequence[TapRow]) -> Event:
        """Prove the next row and fold it in. replies, taps: all rows of those tables that point at it. Raises BadEvent."""
        at = row.position
        if at != self.position + 1:
            raise BadEvent(self.position + 1, f"it is missing; the next one stored is {at}")
        if row.at_us <= self.book.at_us:
            raise BadEvent(at, "its instant is not after the instant of the event before it")
        self._hashes(row, replies[0].reply if replies else b"")
        event = self._decoded(row)
        try:
            asked = self._asked(event, row)
            self._answers.check(event, asked, replies, at, row.at_us, self.book)
        except NONSENSE as fault:
            raise BadEvent(at, f"its evidence or reply says nothing that can be read: {fault!r}") from fault
        self._taps(event, taps, at)
        self._lawful(event, row, bool(row.evidence))
        self._fold(event, row)
        self._answers.chained(self.chain, at)
        return event

    def head(self, head: SignedHead) -> None:
        """A signed head whose size is where the replay stands. Raises BadEvent."""
        if head.root != self._tree.root():
            raise BadEvent(head.size, "the signed head up to it has another root: the log was changed after signing")
        if self._signatures:
            note = head_note(f"clearing/{self.book.caisse.code}", head.size, head.root).encode()
            if not any(signature_holds(key, head.signature, note) for key in self._server_keys):
                raise BadEvent(head.size, "no server key of the caisse signed the head over the log up to it")
        self.checked.add("signed heads, with the Merkle root recomputed")

    def finish(self, stored: Head) -> dict[str, int]:
        """The end of the log: compare with the stored head and all sums by two roads; returns the books. Raises BadEvent."""
        self._evidence.finish(self.position + 1)
        if (stored.position, stored.chain, stored.at_us) != (self.position, self.chain, self.book.at_us):
            raise BadEvent(self.position, f"the stored head names event {stored.position} and another chain or instant")
        return self.roads.compare(self.position, self.book)

    def _hashes(self, row: EventRow, reply: bytes) -> None:
        try:
            leaf = leaf_hash(
                row.position, row.at_us, row.type, row.schema_version, row.public, row.private, row.salt, row.evidence, reply
            )
        except struct.error as fault:
            raise BadEvent(row.position, f"its type or version is no number of this log: {fault}") from fault
        if leaf != row.leaf:
            raise BadEvent(row.position, "its body, evidence or reply was changed: the leaf hash differs")
        chain = chain_hash(self.chain, leaf)
        if chain != row.chain:
            raise BadEvent(row.position, "the chain hash differs: it, or one before it, was replaced")
        if len(row.salt) != SALT_BYTES:
            raise BadEvent(row.position, f"its salt must have {SALT_BYTES} bytes")
        self.chain = chain
        self._tree.append(leaf)
        self.checked.add("events without a gap, each leaf and chain hash recomputed")

    def _decoded(self, row: EventRow) -> Event:
        try:
            event = decode(row.type, row.schema_version, row.public, row.private)
            stream = stream_of(event)
        except UnreadableEvent as fault:
            raise BadEvent(row.position, str(fault)) from fault
        except NONSENSE as fault:  # the body of another type may have as many fields
            raise BadEvent(row.position, f"it does not have the form of its type: {fault!r}") from fault
        if (row.stream, row.version) != (stream, row.position):
            raise BadEvent(row.position, f"it is filed under {row.stream}, not under {stream}")
        return event

    def _asked(self, event: Event, row: EventRow) -> Asked | None:
        if self._signatures:
            return self._evidence.check(event, row.evidence, row.position, self.book)
        return claimed(event, row.evidence, row.position, self.frames) if row.evidence else None

    def _taps(self, event: Event, taps: Sequence[TapRow], at: int) -> None:
        tap = uses_tap(event)
        wanted = [] if tap is None else [TapRow(tap.card, tap.key_version, tap.counter, at)]
        if list(taps) != wanted:
            raise BadEvent(at, "the table of used taps does not agree with it")
        self.checked.add("used taps", len(wanted))

    def _lawful(self, event: Event, row: EventRow, first: bool) -> None:
        at, at_us = row.position, row.at_us
        try:
            if first and not isinstance(event, _DUE_MAY_WAIT) and self.book.due(at_us) is not None:
                raise BadEvent(at, "something was due before it: a hold or a credit should have ended first")
            check_operation(event, at, at_us, self.book, self.checked)
            check_office(event, at, at_us, self.book, self.checked)
        except NONSENSE as fault:
            raise BadEvent(at, f"it names something that is not there: {fault!r}") from fault

    def _fold(self, event: Event, row: EventRow) -> None:
        try:
            self._evidence.learn(event, row.position)
            self.book.apply(event, row.position, row.at_us, (row.type, row.schema_version, row.public, row.private))
            self.roads.post(event, row.position, self.book)
        except (BrokenBook, *NONSENSE) as fault:
            raise BadEvent(row.position, f"it contradicts what was before it: {fault!r}") from fault
        if isinstance(event, BatchClosed) and row.position - self._compared >= COMPARE_EVENTS:
            self.roads.compare(row.position, self.book)
            self._compared = row.position
