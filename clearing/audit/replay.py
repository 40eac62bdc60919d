"""Law: a log is replayed row by row; each row is proved before it is folded, and nothing after a bad one is believed."""

import struct
from collections.abc import Iterator, Sequence
from typing import Final

from clearing.audit.answered import Answers
from clearing.audit.between import check_half
from clearing.audit.drawn import Followers, check_drawn
from clearing.audit.evidence import BY_TIME_ALONE, Asked, Evidence, claimed
from clearing.audit.findings import BadEvent, Checked, Level
from clearing.audit.frames import Frames
from clearing.audit.offices import check_office
from clearing.audit.promises import HASHED, HEADS, TAPS
from clearing.audit.proofs import check_proofs
from clearing.audit.prover import Part, Proved, Task
from clearing.audit.splits import check_operation
from clearing.audit.sums import TwoRoads
from clearing.authoriser.group import SALT_BYTES
from clearing.authoriser.operations import uses_tap
from clearing.authoriser.streams import stream_of
from clearing.event_store.proofs import GENESIS, Frontier, chain_hash, head_note, leaf_hash, node_hash
from clearing.event_store.rows import EventRow, Head, ReplyRow, SignedHead, TapRow
from clearing.events.caisse import FrameHeld, SecurityAlerted
from clearing.events.catalogue import Event
from clearing.events.codec import StoredBodies, StoredForm, UnreadableEvent, decode
from clearing.events.producers import TerminalEnrolled
from clearing.events.settlement import BatchClosed
from clearing.rules.answers import BrokenBook
from clearing.rules.book import Book
from clearing.values import ProducerId, TerminalId
from clearing.wire.frame import MalformedFrame
from clearing.wire.signature import signature_holds

COMPARE_EVENTS: Final = 20_000
"""At a closed batch all sums are compared, when so many events came since the last time: it opens every purse."""
NONSENSE: Final = (LookupError, ValueError, TypeError, AttributeError, StopIteration, AssertionError, OverflowError)
"""What rules raise when an event of a forged log means nothing to them: the event's fault, not the program's."""
_DUE_MAY_WAIT: Final = (*BY_TIME_ALONE, SecurityAlerted, FrameHeld)


class Replay:
    """One log, proved so far up to `position`, from the parts that provers hand over, in order."""

    def __init__(self, task: Task) -> None:
        self.book = Book(StoredBodies())
        self.checked = Checked()
        self.roads = TwoRoads(self.checked)
        self.chain = GENESIS
        self.position = 0
        self.frames = Frames()
        self._task = task
        self._signatures = task.level is Level.WHOLE
        self._evidence = Evidence(self.checked, self.frames)
        self._answers = Answers(task.server_keys, self.checked, signatures=self._signatures)
        self._followers = Followers()
        self._tree = Frontier()
        self._compared = 0
        self._at_us = 0
        self._enrolled: list[tuple[int, tuple[TerminalId, int, ProducerId, bytes]]] = []

    def part(self, part: Part) -> Iterator[int]:
        """Take in what a prover says of the next range; yields each position that the book has reached. Raises BadEvent."""
        after, up_to, heads = part.range
        self.frames.given(part.frames)
        if part.hashed and part.before != self.chain:
            raise BadEvent(after, "it was changed while the log was being proved; prove the log again")
        if part.hashed:
            self._answers.chained(part.chains)
        due = {head.size: head for head in heads}
        for one in part.events:
            if len(one) == 3:
                self._take(*one, hashed=part.hashed)
            else:
                self._fold_proved(one)
            if self.position in due:
                self._head(due.pop(self.position), part)
            yield self.position
        if part.hashed and self._task.level is Level.HASHES:
            self.position, self._at_us = up_to, part.at_us
        if self.position != up_to:
            raise BadEvent(self.position + 1, "it is missing from the log")
        for head in due.values():
            self._head(head, part)
        self._grown(part)
        self._same_keys(after, up_to)

    def _take(self, row: EventRow, replies: Sequence[ReplyRow], taps: Sequence[TapRow], *, hashed: bool) -> None:
        """Judge the next row and fold it in. replies, taps: all rows of those tables that point at it. Raises BadEvent."""
        at = row.position
        if at != self.position + 1:
            raise BadEvent(self.position + 1, "it is missing from the log")
        if row.at_us <= self._at_us:
            raise BadEvent(at, "its instant is not after the instant of the event before it")
        if not hashed:
            self._hashes(row, replies[0].reply if replies else b"")
        if self._task.level is Level.HASHES:
            self._without_book(row, replies)
        else:
            self._judge(row, replies, taps)
        self.position, self._at_us = at, row.at_us

    def _judge(self, row: EventRow, replies: Sequence[ReplyRow], taps: Sequence[TapRow]) -> None:
        at, event = row.position, self._decoded(row)
        try:
            asked = self._asked(event, row)
            self._answers.check(event, asked, replies, at, row.at_us, self.book)
        except NONSENSE as fault:
            raise BadEvent(at, f"its evidence or reply says nothing that can be read: {fault!r}") from fault
        self._taps(event, taps, at)
        self._lawful(event, at, row.at_us, first=bool(row.evidence))
        self._fold(event, at, row.at_us, (row.type, row.schema_version, row.public, row.private))

    def _without_book(self, row: EventRow, replies: Sequence[ReplyRow]) -> None:
        """What the level of hashes asks of a row beyond its own hashes."""
        if len(replies) > 1:
            raise BadEvent(row.position, f"{len(replies)} replies are stored for it, there must be one at most")
        try:
            if row.evidence:
                self.frames.opened(row.evidence, row.position)
        except MalformedFrame as fault:
            raise BadEvent(row.position, f"its evidence is no frame: {fault}") from fault

    def _fold_proved(self, proved: Proved) -> None:
        """An operation of which a prover has proved all that needs no book."""
        at_us, kind, version, public, private, named = proved
        at = self.position + 1
        self._evidence.finish(at)
        try:
            event = decode(kind, version, public, private)
        except (UnreadableEvent, *NONSENSE) as fault:
            raise BadEvent(at, f"it does not have the form of its type: {fault!r}") from fault
        self._evidence.first_time(event, at, self.book)
        self._answers.named(named, at)
        self._lawful(event, at, at_us, first=True)
        self._fold(event, at, at_us, (kind, version, public, private))
        self.position, self._at_us = at, at_us

    def _head(self, head: SignedHead, part: Part) -> None:
        """A signed head over the log up to a place in this part. Raises BadEvent."""
        peaks = part.peaks.get(head.size)
        root = (self._tree if peaks is None else Frontier(head.size, [*self._tree.peaks, *peaks])).root()
        if head.root != root:
            raise BadEvent(head.size, "the signed head up to it has another root: the log was changed after signing")
        if self._task.server_keys or self._signatures:
            note = head_note(f"clearing/{self._task.code}", head.size, head.root).encode()
            if not any(signature_holds(key, head.signature, note) for key in self._task.server_keys):
                raise BadEvent(head.size, "no server key of the caisse signed the head over the log up to it")
        self.checked.add(HEADS)

    def _grown(self, part: Part) -> None:
        """The whole part is in: its chain, its tree and its counts."""
        if not part.hashed:
            return
        after, up_to, _ = part.range
        self.chain, peaks, size = part.chains[-32:], part.peaks[up_to], up_to - after
        for what, times in part.counts.items():
            self.checked.add(what, times)
        while len(peaks) == 1 and size & after:  # a whole subtree closes larger ones
            peaks, size = [node_hash(self._tree.peaks.pop(), peaks[0])], size << 1
        self._tree = Frontier(up_to, [*self._tree.peaks, *peaks])

    def _same_keys(self, after: int, up_to: int) -> None:
        """The keys that provers were given are those that the log brought. Raises BadEvent."""
        brought = self._task.keys.brought(after, up_to)
        if self._task.level is not Level.HASHES and brought != self._enrolled:
            raise BadEvent(up_to, "terminals' keys were changed while the log was being proved; prove the log again")
        self._enrolled = []

    def finish(self, stored: Head) -> dict[str, int]:
        """The end of the log: compare with the stored head and all sums by two roads; returns the books. Raises BadEvent."""
        self._evidence.finish(self.position + 1)
        self._followers.finish(self.position + 1)
        if (stored.position, stored.chain, stored.at_us) != (self.position, self.chain, self._at_us):
            raise BadEvent(self.position, f"the stored head names event {stored.position} and another chain or instant")
        return {} if self._task.level is Level.HASHES else self.roads.compare(self.position, self.book)

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
        self._answers.chained(chain)
        self.checked.add(HASHED)

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
            return self._evidence.check(event, row.evidence, row.position, self.book, row.at_us)
        return claimed(event, row.evidence, row.position, self.frames) if row.evidence else None

    def _taps(self, event: Event, taps: Sequence[TapRow], at: int) -> None:
        tap = uses_tap(event)
        wanted = [] if tap is None else [TapRow(tap.card, tap.key_version, tap.counter, at)]
        if list(taps) != wanted:
            raise BadEvent(at, "the table of used taps does not agree with it")
        self.checked.add(TAPS, len(wanted))

    def _lawful(self, event: Event, at: int, at_us: int, *, first: bool) -> None:
        try:
            if first and not isinstance(event, _DUE_MAY_WAIT) and self.book.due(at_us) is not None:
                raise BadEvent(at, "something was due before it: a hold or a credit should have ended first")
            self._followers.check(event, at, at_us, self.book, self.checked)
            check_operation(event, at, at_us, self.book, self.checked)
            check_drawn(event, at, at_us, self.book, self.checked)
            check_office(event, at, at_us, self.book, self.checked)
            check_half(event, at, at_us, self.book, self.checked)
            check_proofs(event, at, self.roads, self.checked)
        except NONSENSE as fault:
            raise BadEvent(at, f"it names something that is not there: {fault!r}") from fault

    def _fold(self, event: Event, at: int, at_us: int, stored: StoredForm) -> None:
        try:
            self._evidence.learn(event, at)
            self.book.apply(event, at, at_us, stored)
            self.roads.post(event, at, self.book)
        except (BrokenBook, *NONSENSE) as fault:
            raise BadEvent(at, f"it contradicts what was before it: {fault!r}") from fault
        if type(event) is TerminalEnrolled:
            self._enrolled.append((at, (event.terminal, event.epoch, event.producer, event.key)))
        elif type(event) is BatchClosed and at - self._compared >= COMPARE_EVENTS:
            self.roads.compare(at, self.book)
            self._compared = at
