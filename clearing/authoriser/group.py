"""Law: a group is events in order; sealed, each is hashed over what will be stored. The book has seen them all before that.

While a group is open its replies are payloads: one signature for all of them, made when it is sealed, is part of each.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from clearing.authoriser.answering import Answers, GroupedReply
from clearing.authoriser.client import BatchItem, Submission, TapFacts
from clearing.authoriser.operations import uses_tap
from clearing.authoriser.sameness import MessageKey, Stored
from clearing.authoriser.streams import stream_of
from clearing.event_store.proofs import chain_hash, leaf_hash
from clearing.event_store.rows import BatchRow, EventRow, ReplyRow, TapRow
from clearing.events.catalogue import Event
from clearing.events.codec import Encoded, encode
from clearing.rules.book import Book
from clearing.values import CardId
from clearing.wire.batch import item_evidence

SALT_BYTES = 16
_NO_REPLY = GroupedReply(b"")


class ApplyFailed(Exception):
    """An event could not be folded into the book: the program is wrong, the book has to be rebuilt from the log."""


class _Added(NamedTuple):
    position: int
    at_us: int
    event: Event
    stored: Encoded
    evidence: bytes
    reply: GroupedReply


class Group:
    """What will be committed together. After `seal`: rows, replies, taps, batches; chain is the log's hash after them."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self.first = book.position + 1
        self.chain = b""
        self.events: list[Event] = []
        self.rows: list[EventRow] = []
        self.replies: list[ReplyRow] = []
        self.taps: list[TapRow] = []
        self.batches: list[BatchRow] = []
        self.codes: Counter[str] = Counter()  # how often which code was decided: told to the metrics once per group
        self._added: list[_Added] = []
        self._answered: dict[MessageKey, tuple[bytes, GroupedReply, int]] = {}
        self._used: set[tuple[CardId | None, int, int]] = set()
        self._frames: dict[bytes, bytes] = {}

    def add(
        self, events: Sequence[Event], at_us: int, *, submission: Submission | None = None, reply: GroupedReply = _NO_REPLY
    ) -> None:
        """Apply and record the events of one request; the first carries its evidence and reply. Raises ApplyFailed."""
        stored = [encode(event) for event in events]  # all before the first is applied: a fault here leaves the book untouched
        evidence = b"" if submission is None else self._evidence(submission)
        for place, (event, form) in enumerate(zip(events, stored, strict=True)):
            self._add(event, form, at_us + place, evidence if place == 0 else b"", reply if place == 0 else _NO_REPLY)

    def answer(self, key: MessageKey, digest: bytes, reply: GroupedReply, position: int) -> None:
        """The reply to a message, to be stored with the group."""
        self._answered[key] = (digest, reply, position)

    def answered(self, key: MessageKey) -> tuple[bytes, GroupedReply] | None:
        """(digest, reply) of a message that this very group has answered already."""
        found = self._answered.get(key)
        return None if found is None else found[:2]

    def uses(self, tap: TapFacts | None) -> bool:
        """Whether a request before in this group used the tap up."""
        return tap is not None and (tap.card, tap.key_version, tap.counter) in self._used

    def seal(self, answers: Answers, chain: bytes, salts: Callable[[int], bytes]) -> list[tuple[MessageKey, Stored]]:
        """Sign the replies and hash the events on top of `chain`; what memory is to keep of the replies."""
        answers.seal([reply for _, reply, _ in self._answered.values()])
        salt = salts(SALT_BYTES * len(self._added)) if self._added else b""
        for place, (position, at_us, event, stored, evidence, reply) in enumerate(self._added):
            own = salt[place * SALT_BYTES : (place + 1) * SALT_BYTES]
            kind, version, public, private = stored
            leaf = leaf_hash(position, at_us, kind, version, public, private, own, evidence, reply.envelope)
            chain = chain_hash(chain, leaf)
            self.rows.append(EventRow(
                position, stream_of(event), position, kind, version, at_us, public, private, own, evidence, leaf, chain
            ))  # fmt: skip
        self.chain = chain
        self.batches = [BatchRow(digest, frame) for digest, frame in self._frames.items()]
        kept: list[tuple[MessageKey, Stored]] = []
        for key, (digest, reply, position) in self._answered.items():
            self.replies.append(ReplyRow(*key, digest, position, reply.envelope))
            kept.append((key, Stored(digest, reply.envelope)))
        return kept

    def _evidence(self, submission: Submission) -> bytes:
        """The frame as received; of a batch's item where in which frame it stands, and that frame once."""
        item: BatchItem | None = submission.item
        if item is None:
            return submission.frame.raw
        self._frames[item.digest] = item.frame
        return item_evidence(item.digest, item.place)

    def _add(self, event: Event, stored: Encoded, at_us: int, evidence: bytes, reply: GroupedReply) -> None:
        position = self._book.position + 1
        try:
            self._book.apply(event, position, at_us, stored)
        except Exception as fault:
            raise ApplyFailed(f"{type(event).__name__} at {position}: {fault}") from fault
        self.events.append(event)
        self._added.append(_Added(position, at_us, event, stored, evidence, reply))
        tap = uses_tap(event)
        if tap is not None:
            self._used.add((tap.card, tap.key_version, tap.counter))
            self.taps.append(TapRow(tap.card, tap.key_version, tap.counter, position))
