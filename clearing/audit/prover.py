"""Law: what needs no book is proved of an event by ranges, many at once; a prover may say "proved", never "bad".

What it does not prove goes to the replay as it is stored, and is judged there, in order, by the same checks that judge a whole
log without provers. So the first bad event and its reason do not depend on ranges or on how many processes look at them.
"""

import struct
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from clearing.audit.findings import BadEvent, Level, StoredLog
from clearing.audit.frames import Frames
from clearing.audit.keys import TerminalKeys
from clearing.audit.promises import HASHED, NOT_OPENED, REPLIES, REPLIES_IN_PLACE, TAPS, TERMINALS
from clearing.audit.signed_group import SignedGroups
from clearing.authoriser.group import SALT_BYTES
from clearing.event_store.proofs import GENESIS, Frontier, chain_hash, leaf_hash
from clearing.event_store.rows import EventRow, ReplyRow, SignedHead, TapRow
from clearing.events.codec import UnreadableEvent, stored_values
from clearing.events.sales import AuthorisationDecided, CaptureDecided, RefundDecided, ReversalDecided, SaleDecided
from clearing.wire.commands import COMMAND_BYTES_MAX
from clearing.wire.frame import FrameType
from clearing.wire.replies import encode_decided
from clearing.wire.requests import Op, RequestLimits, parse_request
from clearing.wire.signature import payload_digest

LINES_MAX: Final = RequestLimits(lines_max=1_000)  # the most that any setting of the door lets in
UNPROVED: Final = (
    LookupError, ValueError, TypeError, AttributeError, AssertionError, OverflowError, BadEvent, UnreadableEvent,
)  # fmt: skip
"""What bytes that are not as they should be can raise here; the replay finds the words for it."""
_OPS: Final = {
    SaleDecided.TYPE: Op.SALE, AuthorisationDecided.TYPE: Op.AUTH, CaptureDecided.TYPE: Op.CAP, ReversalDecided.TYPE: Op.REV,
    RefundDecided.TYPE: Op.REF,
}  # fmt: skip

Proved = tuple[int, int, int, bytes, bytes, int | bytes]
"""at_us, type, schema version, public, private, and the head that its reply names: its position, or the hash itself when it is
older than the range; 0 when replies were not opened."""
Unproved = tuple[EventRow, list[ReplyRow], list[TapRow]]


class Task(NamedTuple):
    """What every prover of one audit has to know. server_keys: public keys that may sign for the caisse."""

    level: Level
    code: str
    keys: TerminalKeys
    server_keys: tuple[bytes, ...]


class Range(NamedTuple):
    """The events at positions after + 1 ... up_to; heads: the signed ones over logs that end in it."""

    after: int
    up_to: int
    heads: tuple[SignedHead, ...]


class Part(NamedTuple):
    """What a prover says of a range.

    hashed: all its events are there, in time's order, and each leaf and chain hash holds, on top of `before`.
    at_us: of its last event. chains: their chain hashes, one after the other. peaks: of the tree over the range's own leaves,
    where a head is signed and at its end. events: one per stored row. frames: batches that unproved events stand on.
    counts: promise -> times.
    """

    range: Range
    hashed: bool
    before: bytes
    at_us: int
    chains: bytes
    peaks: Mapping[int, list[bytes]]
    events: Sequence[Proved | Unproved]
    frames: Mapping[bytes, bytes]
    counts: Mapping[str, int]


class Page(NamedTuple):
    """A range as it is stored. before: the event before the first, None when there is none."""

    range: Range
    before: EventRow | None
    rows: list[EventRow]
    replies: Mapping[int, list[ReplyRow]]
    taps: Mapping[int, list[TapRow]]


async def read_page(log: StoredLog, asked: Range, frames: Frames, level: Level) -> Page:
    """Read a range, with the batch frames that its events name."""
    after, up_to, _ = asked
    rows = await log.read(max(after - 1, 0), up_to - max(after - 1, 0))
    before = rows.pop(0) if after and rows and rows[0].position == after else None
    replies, taps = defaultdict[int, list[ReplyRow]](list), defaultdict[int, list[TapRow]](list)
    for reply in await log.replies_between(after, up_to):
        replies[reply.position].append(reply)
    if level is not Level.HASHES:
        for tap in await log.taps_between(after, up_to):
            taps[tap.position].append(tap)
    await frames.fetch(log, [row.evidence for row in rows])
    return Page(asked, before, rows, replies, taps)


class Prover:
    """Proves ranges one after the other, in any order."""

    def __init__(self, task: Task) -> None:
        self.frames = Frames()
        self._task = task
        self._groups = SignedGroups(task.server_keys)
        self._counts: Counter[str] = Counter()

    async def part(self, log: StoredLog, asked: Range) -> Part:
        """What can be said of a range of this log."""
        page = await read_page(log, asked, self.frames, self._task.level)
        self._counts = Counter()
        before = GENESIS if not asked.after else page.before.chain if page.before is not None else b""
        hashed = self._hashes(page, before)
        if hashed is None:
            unproved = [_unproved(row, page) for row in page.rows]
            return Part(asked, False, before, 0, b"", {}, unproved, self.frames.stored(), {})
        chains, peaks = hashed
        self._counts[HASHED] += len(page.rows)
        if self._task.level is Level.HASHES:
            return Part(asked, True, before, page.rows[-1].at_us, b"".join(chains), peaks, (), {}, self._counts)
        heads = dict(zip((before, *chains), range(asked.after, asked.up_to + 1), strict=True))
        events = self._events(page, heads)
        frames = {} if all(len(one) == 6 for one in events) else self.frames.stored()
        return Part(asked, True, before, page.rows[-1].at_us, b"".join(chains), peaks, events, frames, self._counts)

    def _hashes(self, page: Page, before: bytes) -> tuple[list[bytes], dict[int, list[bytes]]] | None:
        """Chain hashes and the tree's peaks; None when anything does not hold."""
        after, up_to, heads = page.range
        if len(page.rows) != up_to - after or len(before) != 32:
            return None
        at_us = page.before.at_us if page.before is not None else 0
        replies, tree, chain = page.replies, Frontier(), before
        chains, peaks, due = list[bytes](), dict[int, list[bytes]](), {up_to, *(head.size for head in heads)}
        for position, row in enumerate(page.rows, after + 1):
            answered = replies.get(position)
            try:
                leaf = leaf_hash(
                    position, row.at_us, row.type, row.schema_version, row.public, row.private, row.salt, row.evidence,
                    answered[0].reply if answered else b"",
                )
            except struct.error:
                return None
            chain = chain_hash(chain, leaf)
            if row.position != position or row.at_us <= at_us or leaf != row.leaf or chain != row.chain:
                return None
            if len(row.salt) != SALT_BYTES or (answered and len(answered) > 1):
                return None
            at_us = row.at_us
            chains.append(chain)
            tree.append(leaf)
            if position in due:
                peaks[position] = list(tree.peaks)
        return (chains, peaks) if self.frames.whole() else None

    def _events(self, page: Page, heads: Mapping[bytes, int]) -> list[Proved | Unproved]:
        events: list[Proved | Unproved] = []
        for row in page.rows:
            replies = page.replies.get(row.position)
            proved = None
            if row.type in _OPS and replies and row.evidence:
                try:
                    proved = self._operation(row, replies[0], page.taps.get(row.position), heads)
                except UNPROVED:
                    proved = None
            events.append(proved or _unproved(row, page))
        return events

    def _operation(
        self, row: EventRow, reply: ReplyRow, taps: Sequence[TapRow] | None, heads: Mapping[bytes, int]
    ) -> Proved | None:
        """An operation that is filed right, with its tap, its evidence and its reply; None when something is not so."""
        position, public = row.position, stored_values(row.public)
        terminal, epoch, n, x, producer = public[0]
        about = x if row.type in (SaleDecided.TYPE, AuthorisationDecided.TYPE) else public[2]
        if row.stream != f"op/{terminal.hex()}/{about.hex()}" or row.version != position:
            return None
        if not self._taps(row, taps):
            return None
        enrolled = self._task.keys.before(terminal, position)
        if enrolled is None or (enrolled.epoch, enrolled.producer) != (epoch, producer):
            return None
        whole = self._task.level is Level.WHOLE
        digest = (
            self._asked(row, public, terminal, enrolled.key) if whole
            else payload_digest(self.frames.claimed(row.evidence, position))
        )
        if (reply.terminal, reply.key_epoch, reply.n, reply.digest) != (terminal, epoch, n, digest):
            return None
        named: int | bytes | None = self._replied(row, public, reply, heads) if whole else NOT_OPENED
        if named is None:
            return None
        self._counts[REPLIES if whole else REPLIES_IN_PLACE] += 1
        return row.at_us, row.type, row.schema_version, row.public, row.private, named

    def _taps(self, row: EventRow, taps: Sequence[TapRow] | None) -> bool:
        wanted: list[TapRow] = []
        if row.type in (SaleDecided.TYPE, AuthorisationDecided.TYPE):
            _, tap, member = stored_values(row.private)[:3]
            if member is not None and tap is not None and tap[3]:
                wanted = [TapRow(tap[0], tap[1], tap[2], row.position)]
        self._counts[TAPS] += len(wanted)
        return (taps or []) == wanted

    def _asked(self, row: EventRow, public: tuple[Any, ...], terminal: Any, key: bytes) -> bytes | None:
        """The digest of the signed request, which says what the event says."""
        _, epoch, n, x, _ = public[0]
        signed = self.frames.opened(row.evidence, row.position)
        frame = self.frames.verified(signed, FrameType.TERM_REQ, key, (terminal, epoch))
        request = parse_request(frame, _OPS[row.type], LINES_MAX)
        if (request.terminal, request.epoch, request.n, request.x) != (terminal, epoch, n, x):
            return None
        if row.type == SaleDecided.TYPE:
            said = public[2:4] == (request.amount_cents, request.lines)
        elif row.type == AuthorisationDecided.TYPE:
            choice = stored_values(row.private)[-1]
            said = (*public[2:4], choice) == (request.amount_cents, request.lines, request.price_choice)
        elif row.type == ReversalDecided.TYPE:
            said = public[2] == request.original
        else:
            said = public[2:5] == (request.original, request.amount_cents, request.lines)
        if not said:
            return None
        self._counts[TERMINALS] += 1
        return request.digest

    def _replied(
        self, row: EventRow, public: tuple[Any, ...], reply: ReplyRow, heads: Mapping[bytes, int]
    ) -> int | bytes | None:
        """The head that the signed reply names, when it is byte for byte what has to be said of this event."""
        payload = self._groups.payload(reply.reply, COMMAND_BYTES_MAX)
        if payload is None:
            return None
        terminal, epoch, n, x, _ = public[0]
        approved, lines = _approved(row.type, public)
        named, position = payload[-32:], row.position
        if payload != encode_decided(
            m=terminal, e=epoch, n=n, x=x, rq=reply.digest, rc=public[1], st=row.at_us // 1_000, sq=position, lh=named,
            aa=approved, al=lines, ac=f"{position % 1_000_000:06d}" if approved else None,
        ):  # fmt: skip
            return None
        found = heads.get(named)
        return named if found is None else found if found < position else None


def _approved(kind: int, public: tuple[Any, ...]) -> tuple[int | None, Sequence[int] | None]:
    """What the terminal is told of an operation: cents that the card pays or gets back, in all and per line."""
    if kind in (SaleDecided.TYPE, AuthorisationDecided.TYPE):
        return public[4], public[5]
    return (None, None) if kind == ReversalDecided.TYPE else public[5:7]


def _unproved(row: EventRow, page: Page) -> Unproved:
    return row, page.replies.get(row.position, []), page.taps.get(row.position, [])
