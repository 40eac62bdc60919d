"""Law: one caisse, one writer: it decides in order from memory, appends a group in one statement, answers after the commit.

A bug in the fold rebuilds the book from the log; the frame that does it again, alone, is held for a person. A fenced writer
answers nothing more: OutcomeUnknown for all in flight, then it stops.
"""

import asyncio
import os
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256

import structlog

from clearing.authoriser.answering import Answers
from clearing.authoriser.client import Enrolment, EnrolmentRefused, OutcomeUnknown, Overloaded, Submission, TapFacts
from clearing.authoriser.clock import Clock, WatchedClock
from clearing.authoriser.group import ApplyFailed, Group
from clearing.authoriser.loading import load
from clearing.authoriser.pairing import Pairing
from clearing.authoriser.reception import Reception, Waiting, message_key
from clearing.authoriser.sameness import Sameness, Stored
from clearing.config import Settings
from clearing.directory import Directory, Holder, KeyEntry
from clearing.event_store.log import Fenced, Log
from clearing.event_store.proofs import head_note
from clearing.event_store.tree import GrowingTree
from clearing.events.caisse import PersonNamed
from clearing.events.catalogue import Event
from clearing.events.members import CardIssued
from clearing.events.producers import TerminalEnrolled
from clearing.rules.answers import BrokenBook
from clearing.rules.book import Book
from clearing.rules.members import TAP_WINDOW
from clearing.telemetry import LogEvent, Telemetry
from clearing.values import CaisseCode, OperationId, TerminalId
from clearing.wire.receipts import Receipt
from clearing.wire.requests import Op, Request
from clearing.wire.signature import TerminalKey

HEAD_EVERY_US = 1_000_000
IDLE_S = 0.5  # how long the writer sleeps before it looks what time alone made due

Answered = tuple[Waiting, bytes | EnrolmentRefused]


class Writer:
    """The writer of one caisse, in this process; an Authoriser. Use: start(), then run() in a task, stop() at the end."""

    def __init__(
        self, *, code: CaisseCode, log: Log, key: TerminalKey, root: bytes, clock: Clock, directory: Directory,
        telemetry: Telemetry, settings: Settings, salts: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.code, self._log, self._key, self._root = code, log, key, root
        self._clock, self._directory, self._telemetry, self._settings = WatchedClock(clock), directory, telemetry, settings
        self._salts, self._answers, self._pairing = salts, Answers(key), Pairing()
        self._inbox: deque[Waiting] = deque()
        self._arrived = asyncio.Event()
        self._stopping = False
        self._failed = False
        self._head_signed_us = 0
        self._step_told_us = 0
        self._renewed_s = 0.0
        self._kids: dict[TerminalId, bytes] = {}
        self.book = Book()
        self._reception = self._open_reception(Sameness())
        self._chain = b""
        self._tree = GrowingTree()

    def _open_reception(self, sameness: Sameness) -> Reception:
        return Reception(
            code=self.code, book=self.book, sameness=sameness, answers=self._answers, pairing=self._pairing,
            directory=self._directory, telemetry=self._telemetry, clock=self._clock, root=self._root,
        )

    async def start(self) -> None:
        """Fold the log into the book and tell the directory. Raises BrokenBook or UnreadableEvent for a log it can't fold."""
        self._directory.serve(self.code)
        await self._load()
        self._clock.not_before(self.book.at_us)
        self._directory.ready[self.code] = True
        structlog.get_logger().info(LogEvent.READY, caisse=self.code, position=self.book.position)

    async def _load(self) -> None:
        """Snapshot and tail, or the log alone; also the way back when a fold broke, for memory is never snapshot."""
        self.book = Book()  # lets go of the old one first: two of a million cards would not fit
        self._reception = self._open_reception(Sameness())
        loaded = await load(self._log, self._alarm)
        if self._log.head.position != loaded.book.position or self._log.head.chain != loaded.chain:
            raise BrokenBook(f"the log's head is {self._log.head.position}, its events end at {loaded.book.position}")
        self.book, self._tree, self._chain = loaded.book, loaded.tree, loaded.chain
        for event in loaded.key_events:
            self._tell_directory(event)
        for card, known in self.book.members.cards.items():
            self._directory.put_card(self.code, card, known.key_version)
        sameness = Sameness()
        for (terminal, epoch), n in loaded.highest.items():
            sameness.saw(terminal, epoch, n)
        self._reception = self._open_reception(sameness)

    async def submit(self, submission: Submission) -> bytes:
        """See Authoriser. The instant of the request is when it gets here."""
        if self._failed:
            raise OutcomeUnknown
        if self._stopping or len(self._inbox) >= self._settings.inbox_max:
            raise Overloaded(self._settings.retry_after_s)
        waiting = Waiting(submission, self._clock.now_us(), asyncio.get_running_loop().create_future())
        self._inbox.append(waiting)
        self._arrived.set()
        return await asyncio.shield(waiting.answer)

    async def run(self) -> None:
        """Until stop(). Raises Fenced and whatever else ends it; everything in flight is OutcomeUnknown then."""
        group: list[Waiting] = []
        try:
            while not (self._stopping and not self._inbox):
                if not self._inbox:
                    self._arrived.clear()
                    await self._idle()
                group = [self._inbox.popleft() for _ in range(min(len(self._inbox), self._settings.group_max))]
                if group:
                    self._telemetry.inbox_requests.labels(self.code).set(len(self._inbox))
                    self._telemetry.inbox_age_seconds.labels(self.code).set(
                        max(0, self._clock.now_us() - group[0].arrived_us) / 1_000_000
                    )
                    await self._ask_store(group)
                await self._decide_and_commit(group)
        except BaseException as fault:
            if isinstance(fault, Fenced):
                self._telemetry.fenced.labels(self.code).inc()
                structlog.get_logger().error(LogEvent.FENCED, caisse=self.code, why=str(fault))
            self._fail([*group, *self._inbox])
            raise
        await self._sign_head(force=True)

    def _watch_clock(self) -> None:
        """Tell the operator of a step once."""
        self._clock.now_us()
        step_us = self._clock.step_us
        if step_us and not self._step_told_us:
            structlog.get_logger().error(LogEvent.CLOCK_STEP, caisse=self.code, step_us=step_us)
            self._alarm("clock", f"the clock stepped by {step_us} us; run `clearing clock confirm` when it is right")
        self._step_told_us = step_us

    async def _idle(self) -> None:
        try:
            await asyncio.wait_for(self._arrived.wait(), IDLE_S)
        except TimeoutError:
            await self._renew_lease()

    async def _renew_lease(self) -> None:
        await self._log.renew_lease()
        self._renewed_s = asyncio.get_running_loop().time()

    def stop(self) -> None:
        """Decide what is in the inbox, take nothing more, and let run() end."""
        self._stopping = True
        self._directory.ready[self.code] = False
        self._arrived.set()

    def _fail(self, waiting: Sequence[Waiting]) -> None:
        self._failed = True
        self._directory.ready[self.code] = False
        for one in waiting:
            if not one.answer.done():
                one.answer.set_exception(OutcomeUnknown())

    async def _ask_store(self, group: Sequence[Waiting]) -> None:
        """What only the store knows: replies to low numbers, and taps below a card's window."""
        for waiting in group:
            request = waiting.submission.request
            if isinstance(request, Enrolment):
                continue
            if isinstance(request, Request) and request.op is Op.RECEIPT:
                waiting.receipt = await self._receipt(request)
                continue
            key = message_key(request)
            if self._reception.sameness.may_be_stored(key):
                found = await self._log.reply_of(*key)
                if found is not None:
                    waiting.stored = Stored(digest=found[0], reply=found[2])
            waiting.tap_used_before = await self._tap_used(waiting.submission.tap)

    async def _tap_used(self, tap: TapFacts | None) -> bool:
        """Whether a tap is used up. Asked of each lower counter: a tap before it in its group may move the window."""
        card = self.book.members.cards.get(tap.card) if tap is not None and tap.card is not None else None
        if tap is None or tap.card is None or card is None or card.key_version != tap.key_version:
            return False
        behind = card.highest - tap.counter
        if behind < TAP_WINDOW:
            return behind >= 0 and bool(card.used >> behind & 1)
        return await self._log.tap_used(tap.card, tap.key_version, tap.counter) is not None

    async def _receipt(self, request: Request) -> Receipt | None:
        """The proof of an operation that this terminal made and that is committed; None when there is none."""
        known = self.book.operations.get((request.terminal, request.original or OperationId(b"")))
        if known is None:
            return None
        (row,) = await self._log.read(known.position - 1, 1)
        reply = await self._log.reply_of(request.terminal, known.event.op.epoch, known.event.op.n)
        first, size = self._tree.block_of(row.position - 1)
        path = self._tree.inclusion(row.position - 1, await self._log.leaves(first, size))
        return Receipt(
            m=request.terminal, n=request.n, x=request.x, rq=request.digest, sq=row.position, at=row.at_us, ty=row.type,
            sv=row.schema_version, pub=row.public, hp=sha256(row.salt + row.private).digest(),
            he=sha256(row.evidence).digest(), hr=sha256(reply[2] if reply else b"").digest(), sz=self._tree.size,
            path=tuple(path), root=self._tree.root(),
        )

    async def _decide_and_commit(self, waiting: Sequence[Waiting]) -> None:
        try:
            group, answered = self._decide(waiting)
        except ApplyFailed as fault:
            await self._one_by_one(waiting, fault)
            return
        await self._commit(group, answered)

    async def _one_by_one(self, waiting: Sequence[Waiting], fault: ApplyFailed) -> None:
        """The fold broke: rebuild from the log and take each request alone, so that only the one at fault is held."""
        self._alarm("apply", fault)
        await self._load()
        for one in waiting:
            await self._ask_store([one])  # memory of replies went with the book
            try:
                group, answered = self._decide([one])
            except ApplyFailed as again:
                self._alarm("apply", again)
                await self._load()
                group, head = self._open_group(), self._chain
                answered = [(one, _answer(partial(self._reception.hold, one, group, head, str(again))))]
            await self._commit(group, answered)

    def _open_group(self) -> Group:
        return Group(self.book, self._chain, self._salts)

    def _decide(self, waiting: Sequence[Waiting]) -> tuple[Group, list[Answered]]:
        group, head = self._open_group(), self._chain
        self._watch_clock()
        if not waiting:
            self._reception.tick(group, self._clock.now_us())
        return group, [(one, _answer(partial(self._reception.take, one, group, head))) for one in waiting]

    async def _commit(self, group: Group, answered: Sequence[Answered]) -> None:
        if group.rows:
            await self._append(group)
        for waiting, answer in answered:
            if waiting.answer.done():
                continue
            if isinstance(answer, Exception):
                waiting.answer.set_exception(answer)
            else:
                waiting.answer.set_result(answer)
        if group.rows:
            await self._sign_head()
        elif asyncio.get_running_loop().time() - self._renewed_s > self._settings.lease_s / 3:
            await self._renew_lease()  # nothing but repeats for a while: they append nothing, so they keep no lease

    async def _append(self, group: Group) -> None:
        with self._telemetry.append_seconds.labels(self.code).time():
            await self._log.append_group(group.rows, group.replies, group.taps)
        self._renewed_s = asyncio.get_running_loop().time()
        self._telemetry.group_requests.labels(self.code).observe(len(group.replies))
        self._chain = group.chain
        for row, event in zip(group.rows, group.events, strict=True):
            self._tree.append(row.leaf)
            self._tell_directory(event)

    async def _sign_head(self, *, force: bool = False) -> None:
        """A signed head once a second of the log's time: what terminals and witnesses can hold the log to."""
        if self.book.position and (force or self.book.at_us - self._head_signed_us >= HEAD_EVERY_US):
            self._head_signed_us = self.book.at_us
            root = self._tree.root()
            note = head_note(f"clearing/{self.code}", self.book.position, root)
            await self._log.store_head(self.book.position, root, self._key.sign_statement(note.encode()))

    def _tell_directory(self, event: Event) -> None:
        match event:
            case TerminalEnrolled():
                self._retire(event.terminal)
                self._put(event.key, Holder.TERMINAL, event.terminal, event.epoch)
            case PersonNamed():
                self._retire(event.number)
                self._put(event.key, Holder.PERSON, event.number, event.epoch)
            case CardIssued():
                self._directory.put_card(self.code, event.card, event.key_version)
            case _:
                pass

    def _put(self, key: bytes, holder: Holder, number: TerminalId, epoch: int) -> None:
        kid = key[:8]
        self._kids[number] = kid
        self._directory.put_key(
            KeyEntry(kid=kid, public_key=key, caisse=self.code, holder=holder, number=number, epoch=epoch)
        )

    def _retire(self, number: TerminalId) -> None:
        """The key of an ended epoch is taken for repeats only."""
        entry = self._directory.key(self._kids.get(number, b""))
        if entry is not None:
            self._directory.put_key(replace(entry, current=False))

    def _alarm(self, alarm: str, fault: object) -> None:
        self._telemetry.alarms.labels(self.code, alarm).inc()
        structlog.get_logger().error(LogEvent.ALARM, caisse=self.code, alarm=alarm, fault=repr(fault))


def _answer(ask: Callable[[], bytes]) -> bytes | EnrolmentRefused:
    """The answer, or the refusal of a pairing, which its door has to tell."""
    try:
        return ask()
    except EnrolmentRefused as refused:
        return refused
