"""Law: a whole caisse without a database: real frames, the real reception and groups, and a log in lists for the audit.

What the writer would commit is kept row by row; a test may then change any row, as somebody with the database's keys could.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from clearing.authoriser.answering import Answers, GroupedReply
from clearing.authoriser.client import BatchItem, Submission, TapFacts
from clearing.authoriser.clock import WatchedClock
from clearing.authoriser.group import SALT_BYTES, Group
from clearing.authoriser.pairing import Pairing
from clearing.authoriser.reception import Reception, Waiting
from clearing.authoriser.sameness import Sameness
from clearing.directory import Directory
from clearing.event_store.proofs import GENESIS, head_note, root_of
from clearing.event_store.rows import EventRow, Head, ReplyRow, SignedHead, TapRow
from clearing.events.basket import Line
from clearing.events.catalogue import Event
from clearing.events.codec import decode
from clearing.events.codes import Code
from clearing.rules.book import Book
from clearing.telemetry import Telemetry
from clearing.values import CaisseCode, CategoryId, Cents, OperationId, PersonId
from clearing.wire.batch import Batch, seal_batch
from clearing.wire.commands import (
    Command,
    CommandReply,
    encode_command,
    parse_command,
    parse_command_reply,
    person_number,
)
from clearing.wire.fields import TimeMs
from clearing.wire.frame import FrameType, open_envelope
from clearing.wire.passkey import Assertion, approval_challenge, with_assertion
from clearing.wire.replies import Reply, parse_reply
from clearing.wire.requests import ZERO_DIGEST, CardUrl, Op, Request, parse_request
from clearing.wire.signature import TerminalKey, VerifiedFrame, covered_by_batch, kept_with, verify
from tests.living_caisse import (
    CARD,
    CODE,
    DAY_US,
    KEYS,
    MAY_1,
    ROOT,
    SERVER_KEY,
    STALL,
    STALL_KEY,
    HandClock,
    furnishing,
    payload_of,
    sign,
)
from tests.soft_passkey import SoftPasskey


@dataclass
class MemoryLog:
    """Rows as the database would hold them."""

    rows: list[EventRow] = field(default_factory=list)
    replies: list[ReplyRow] = field(default_factory=list)
    taps: list[TapRow] = field(default_factory=list)
    heads: list[SignedHead] = field(default_factory=list)
    batches: dict[bytes, bytes] = field(default_factory=dict)

    async def stored_head(self) -> Head:
        last = self.rows[-1] if self.rows else None
        return Head(1, last.position, last.chain, last.at_us) if last is not None else Head(1, 0, GENESIS, 0)

    async def read(self, after: int, limit: int) -> list[EventRow]:
        return [row for row in self.rows if after < row.position <= after + limit]

    async def replies_between(self, after: int, up_to: int) -> list[ReplyRow]:
        return [row for row in self.replies if after < row.position <= up_to]

    async def taps_between(self, after: int, up_to: int) -> list[TapRow]:
        return [row for row in self.taps if after < row.position <= up_to]

    async def signed_heads(self, after_size: int) -> list[SignedHead]:
        return [head for head in self.heads if head.size > after_size]

    async def filed_under(self, prefix: str) -> list[EventRow]:
        return [row for row in self.rows if row.stream.startswith(prefix)]

    async def batch_frame(self, digest: bytes) -> bytes | None:
        return self.batches.get(digest)

    def events(self) -> list[Event]:
        return [decode(row.type, row.schema_version, row.public, row.private) for row in self.rows]

    def sign_head(self) -> None:
        """As the writer does once a second."""
        size, root = len(self.rows), root_of([row.leaf for row in self.rows])
        signature = SERVER_KEY.sign_statement(head_note(f"clearing/{CODE}", size, root).encode())
        self.heads.append(SignedHead(size, root, signature, self.rows[-1].at_us))


class Desk:
    """Takes one submission after the other into groups of one, as the writer would."""

    def __init__(self, code: CaisseCode = CODE, key: TerminalKey = SERVER_KEY) -> None:
        self.log, self.clock, self.book = MemoryLog(), HandClock(MAY_1), Book()
        self.code, self._sameness, self._answers = code, Sameness(), Answers(key)
        self._reception = Reception(
            code=code, book=self.book, sameness=self._sameness, answers=self._answers, pairing=Pairing(),
            directory=Directory(), telemetry=Telemetry(), clock=WatchedClock(self.clock), root=ROOT,
        )
        self.key, self._salt = key, 0
        self._dice = random.Random(1)
        self._numbers: dict[bytes, int] = {}
        self._counter = 0

    def command(
        self, person: PersonId, verb: str, body: dict[str, object], *, passkey: SoftPasskey | None = None
    ) -> CommandReply:
        """A signed command of a person, with her passkey's assertion over it or without; the answer as she reads it."""
        number = person_number(person)
        command = Command(
            caisse=self.code, person=number, epoch=1, n=self._next(number), x=self.new_x(),
            ts_ms=TimeMs(self.clock.us // 1_000), verb=verb, body=body,
        )
        raw = KEYS[person].sign_envelope(FrameType.PERSON_CMD, encode_command(command))
        frame = verify(open_envelope(raw, frame_bytes_max=1 << 20), FrameType.PERSON_CMD, KEYS[person].public)
        command = parse_command(frame)
        if passkey is not None:
            challenge = approval_challenge(caisse=self.code, person=number, digest=command.digest)
            return self.approved(frame, command, passkey.answer(challenge))
        return self.told(Submission(caisse=self.code, frame=frame, request=command))

    def approved(self, frame: VerifiedFrame, command: Command, assertion: Assertion) -> CommandReply:
        """A command with an assertion beside it, as the door hands it over."""
        kept = kept_with(frame, with_assertion(frame.raw, assertion))
        return self.told(Submission(caisse=self.code, frame=kept, request=replace(command, assertion=assertion)))

    def told(self, submission: Submission) -> CommandReply:
        return parse_command_reply(payload_of(self.submit(submission), self.key.public))

    def order(self, person: PersonId, verb: str, body: dict[str, object]) -> CommandReply:
        """A command that has to be obeyed."""
        reply = self.command(person, verb, body)
        assert reply.rc is Code.APPROVED, f"{verb}: {reply.rc} {reply.why}"
        return reply

    def ask(self, op: Op, lines: dict[str, int], *, tap: TapFacts | None = None, **fields: Any) -> tuple[Request, Reply]:
        """A signed request of the stall's terminal, with the card's next tap where it needs one."""
        request = self.request(op, lines, **fields)
        return self.send(request, tap or self.tap() if request.card is not None else tap)

    def request(self, op: Op, lines: dict[str, int], **fields: Any) -> Request:
        """The stall's next request, not signed yet."""
        values: dict[str, Any] = {
            "op": op, "terminal": STALL, "epoch": 1, "n": self._next(STALL), "x": self.new_x(),
            "ts_ms": TimeMs(self.clock.us // 1_000), "previous": ZERO_DIGEST,
            "lines": tuple(Line(category=CategoryId(name), amount_cents=Cents(cents)) for name, cents in lines.items()),
        }
        if op is not Op.REV:
            values["amount_cents"] = Cents(sum(lines.values()))
        if op in (Op.SALE, Op.AUTH):
            values["card"] = CardUrl(bytes(16), bytes(8))
        return Request(**{**values, **fields})

    def send(self, request: Request, tap: TapFacts | None) -> tuple[Request, Reply]:
        """Sign and submit this very request."""
        frame = sign(request)
        asked = parse_request(frame, request.op)
        answer = self.submit(Submission(caisse=self.code, frame=frame, request=asked, tap=tap))
        return asked, parse_reply(payload_of(answer, self.key.public))

    def batch(self, *baskets: dict[str, int]) -> list[Request]:
        """Sales that come in one signed batch and are answered in one group."""
        sales = [self.request(Op.SALE, lines) for lines in baskets]
        frame = seal_batch(STALL_KEY, Batch(
            terminal=STALL, epoch=1, n=self._next(STALL), x=self.new_x(), ts_ms=TimeMs(self.clock.us // 1_000),
            items=tuple(sign(sale).raw for sale in sales), previous=ZERO_DIGEST,
        ))  # fmt: skip
        batch = verify(open_envelope(frame, frame_bytes_max=1 << 18), FrameType.TERM_BATCH, STALL_KEY.public)
        submissions = []
        for place, sale in enumerate(sales):
            item = covered_by_batch(open_envelope(sign(sale).raw, frame_bytes_max=4096), batch)
            submissions.append(Submission(
                caisse=CODE, frame=item, request=parse_request(item, sale.op), tap=self.tap(),
                item=BatchItem(sha256(frame).digest(), frame, place),
            ))  # fmt: skip
        self.together(submissions)
        return sales

    def request_twice(self, lines: dict[str, int]) -> Request:
        """One signed sale that is decided twice, as only somebody with the server's own keys can do."""
        sale, _ = self.send(request := self.request(Op.SALE, lines), self.tap())
        self._sameness = self._reception.sameness = Sameness()
        del self.book.operations.kept[request.terminal + request.x]
        self.send(request, self.tap())
        return sale

    def together(self, submissions: Sequence[Submission]) -> None:
        """Take all of them into one group: one signature over all replies."""
        group = Group(self.book)
        for submission in submissions:
            self._reception.take(Waiting(submission, self.clock.now_us(), deliver=lambda _: None), group, self._chain())
        self._commit(group)

    def tap(self) -> TapFacts:
        self._counter += 1
        return TapFacts(genuine=True, card=CARD, key_version=1, counter=self._counter)

    def new_x(self) -> OperationId:
        return OperationId(self._dice.randbytes(16))

    def pass_time(self, days: int = 0, us: int = 1_000_000) -> None:
        self.clock.us += days * DAY_US + us

    def _next(self, sender: bytes) -> int:
        self._numbers[sender] = self._numbers.get(sender, 0) + 1
        return self._numbers[sender]

    def submit(self, submission: Submission) -> bytes:
        group, waiting = Group(self.book), Waiting(submission, self.clock.now_us(), deliver=lambda _: None)
        try:
            answer = self._reception.take(waiting, group, self._chain())
        finally:
            self._commit(group)
        return answer.envelope if isinstance(answer, GroupedReply) else answer

    def tick(self) -> None:
        """What time alone makes happen."""
        group = Group(self.book)
        self._reception.tick(group, self.clock.now_us())
        self._commit(group)

    def _chain(self) -> bytes:
        return self.log.rows[-1].chain if self.log.rows else GENESIS

    def _salts(self, size: int) -> bytes:
        first = self._salt + 1
        self._salt += size // SALT_BYTES
        return b"".join(number.to_bytes(SALT_BYTES, "big") for number in range(first, self._salt + 1))

    def _commit(self, group: Group) -> None:
        for key, stored in group.seal(self._answers, self._chain(), self._salts):
            self._sameness.remember(key, stored)
        self.log.rows += group.rows
        self.log.replies += group.replies
        self.log.taps += group.taps
        self.log.batches |= {batch.digest: batch.frame for batch in group.batches}


def furnished(code: CaisseCode = CODE, key: TerminalKey = SERVER_KEY) -> Desk:
    """Founded, 10,000.00 in the general fund, a member with card and month's credit, a producer with a terminal."""
    desk = Desk(code, key)
    steps = furnishing({"member": "m-2", "groups": ["young"]}, structures=("market",))
    for person, verb, body in steps:
        desk.order(person, verb, body)
    return desk
