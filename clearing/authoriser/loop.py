"""Law: one caisse, one writer: it decides in order from memory, appends a group in one statement, answers after the commit.

While one group is being committed the next one is decided; it is sealed and sent when the one before it is durable, and under
load not sooner than the pace says (pace.py). A bug in the fold rebuilds the book from the log; the frame that does it again,
alone, is held for a person. A fenced writer answers nothing more: OutcomeUnknown for all in flight, then it stops.
"""

import asyncio
import os
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

import structlog

from clearing.authoriser.answering import Answers, GroupedReply
from clearing.authoriser.client import (
    Authoriser,
    Between,
    Deliver,
    Enrolment,
    EnrolmentRefused,
    OutcomeUnknown,
    Overloaded,
    Submission,
    TapFacts,
)
from clearing.authoriser.clock import Clock, WatchedClock
from clearing.authoriser.group import ApplyFailed, Group
from clearing.authoriser.loading import load
from clearing.authoriser.pace import Pace
from clearing.authoriser.pairing import Pairing
from clearing.authoriser.receipts import asks_for_a_receipt_after, receipt
from clearing.authoriser.reception import Reception, Reply, Waiting, message_key
from clearing.authoriser.sameness import Sameness, Stored
from clearing.authoriser.telling import TELLING, Telling
from clearing.config import Settings
from clearing.directory import Directory
from clearing.event_store.log import Fenced, Log
from clearing.event_store.proofs import head_note
from clearing.event_store.tree import GrowingTree
from clearing.rules.answers import BrokenBook
from clearing.rules.book import Book
from clearing.rules.people.members import TAP_WINDOW
from clearing.telemetry import LogEvent, Telemetry
from clearing.values import CaisseCode
from clearing.wire.requests import Op, Request
from clearing.wire.signature import TerminalKey

HEAD_EVERY_US = 1_000_000
IDLE_S = 0.5  # how long the writer sleeps before it looks what time alone made due, and at its lease

SLICE = 32  # requests decided before what else waits in this process gets its turn

Answered = tuple[Waiting, Reply | EnrolmentRefused]


class Writer(Authoriser):
    """The writer of one caisse, in this process; an Authoriser. Use: start(), then run() in a task, stop() at the end."""

    def __init__(
        self, *, code: CaisseCode, log: Log, key: TerminalKey, root: bytes, clock: Clock, directory: Directory,
        telemetry: Telemetry, settings: Settings, salts: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.code, self._log, self._key, self._root = code, log, key, root
        self._clock, self._directory, self._telemetry, self._settings = WatchedClock(clock), directory, telemetry, settings
        self._salts, self._answers, self._pairing = salts, Answers(key), Pairing()
        self._inbox: deque[Waiting] = deque()
        self._looking: list[asyncio.Future[None]] = []
        self._open: list[Waiting] = []  # taken into the group that is being decided
        self._flight: asyncio.Task[None] | None = None  # the commit of the group before it
        self._in_flight: Sequence[Answered] = ()
        self._arrived = asyncio.Event()
        self._stopping = False
        self._failed = False
        self._head_signed_us = 0
        self._step_told_us = 0
        self._renewed_s = 0.0
        self._telling = Telling(code, directory)
        self._pace = Pace(settings.commit_every_ms, self._arrived.set)
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
        self._directory.set_ready(self.code, ready=True)
        structlog.get_logger().info(LogEvent.READY, caisse=self.code, position=self.book.position)

    async def _load(self) -> None:
        """Snapshot and tail, or the log alone; also the way back when a fold broke, for memory is never snapshot."""
        self.book = Book()  # lets go of the old one first: two of a million cards would not fit
        self._reception = self._open_reception(Sameness())
        over = asyncio.Event()
        keeping = asyncio.create_task(self._keep_lease(over), name=f"lease of {self.code}")
        try:
            loaded = await load(self._log, self._alarm)
        finally:
            over.set()
            await asyncio.wait({keeping})
        keeping.result()
        if self._log.head.position != loaded.book.position or self._log.head.chain != loaded.chain:
            raise BrokenBook(f"the log's head is {self._log.head.position}, its events end at {loaded.book.position}")
        self.book, self._tree, self._chain = loaded.book, loaded.tree, loaded.chain
        for event in loaded.key_events:
            self._telling.tell(event)
        for card, known in self.book.members.cards.items():
            self._directory.put_card(self.code, card, known.key_version)
        sameness = Sameness()
        for (terminal, epoch), n in loaded.highest.items():
            sameness.saw(terminal, epoch, n)
        self._reception = self._open_reception(sameness)

    def post(self, submission: Submission, deliver: Deliver) -> None:
        """See Authoriser. The instant of the request is when it gets here."""
        if self._failed:
            deliver(OutcomeUnknown())
        elif self._stopping or len(self._inbox) >= self._settings.inbox_max:
            deliver(Overloaded(self._settings.retry_after_s))
        else:
            self._inbox.append(Waiting(submission, self._clock.now_us(), deliver))
            self._arrived.set()

    async def run(self) -> None:
        """Until stop(). Raises Fenced and whatever else ends it; everything in flight is OutcomeUnknown then."""
        try:
            while not (self._stopping and not self._inbox):
                if not self._inbox:
                    self._arrived.clear()
                    await self._idle()
                await self._round()
                if asyncio.get_running_loop().time() - self._renewed_s > self._settings.lease_s / 3:
                    await self._renew_lease()  # nobody asks, or nothing but repeats: no append keeps the lease
            await self._landed()
            await self._sign_head(force=True)
        except BaseException as fault:
            if self._flight is not None:
                await asyncio.wait({self._flight})  # what is committed may still be told
            if isinstance(fault, Fenced):
                self._telemetry.fenced.labels(self.code).inc()
                structlog.get_logger().error(LogEvent.FENCED, caisse=self.code, why=str(fault))
            self._fail([*(waiting for waiting, _ in self._in_flight), *self._open, *self._inbox])
            raise

    async def look_at_the_time(self) -> None:
        """Wait until what time alone made due by now is recorded; the loop looks by itself twice a second while nobody asks."""
        looked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._looking.append(looked)
        self._arrived.set()
        await looked

    async def _round(self) -> None:
        """Decide what is there, and what comes while the group before is being committed; then send this group off."""
        if self._inbox:
            age_us = max(0, self._clock.now_us() - self._inbox[0].arrived_us)
            self._telemetry.inbox_requests.labels(self.code).set(len(self._inbox))
            self._telemetry.inbox_age_seconds.labels(self.code).set(age_us / 1_000_000)
        self._watch_clock()
        group, answered, self._open = Group(self.book), list[Answered](), []
        looking, self._looking = self._looking, []
        try:
            if looking or not self._inbox:
                self._reception.tick(group, self._clock.now_us())
            await self._fill(group, answered)
        except ApplyFailed as fault:
            self._looking[:0] = looking
            await self._landed()
            await self._one_by_one(fault)
            return
        await self._landed()
        self._send_off(group, answered)
        self._open = []
        if looking:
            await self._landed()
            for looked in looking:
                looked.set_result(None)

    async def _fill(self, group: Group, answered: list[Answered]) -> None:
        """Take requests into the group until nothing is left to wait for, or it is full. Raises ApplyFailed."""
        while True:
            for _ in range(min(SLICE, len(self._inbox), self._settings.group_max - len(self._open))):
                waiting = self._inbox.popleft()
                self._open.append(waiting)
                if self._asks_store(waiting):
                    if asks_for_a_receipt_after(self.book, waiting.submission.request, group.first - 1):
                        self._inbox.appendleft(self._open.pop())  # this group has to be committed first
                        return
                    await self._landed()
                    await self._ask_store(waiting)
                answered.append((waiting, _answer(partial(self._reception.take, waiting, group, self._chain))))
            if len(self._open) >= self._settings.group_max or not (self._inbox or self._grows()):
                return
            if self._inbox:
                await asyncio.sleep(0)
            else:
                self._arrived.clear()
                await self._arrived.wait()
            if self._open and not self._grows():
                return

    def _send_off(self, group: Group, answered: Sequence[Answered]) -> None:
        """Seal the group and begin its commit; one that appends nothing is answered at once."""
        for key, stored in group.seal(self._answers, self._chain, self._salts):
            self._reception.sameness.remember(key, stored)
        self._chain = group.chain
        self._in_flight = answered
        if group.rows:
            self._flight = asyncio.create_task(self._commit(group), name=f"commit of {self.code}")
            self._flight.add_done_callback(lambda _: self._arrived.set())
            self._pace.sent(len(answered))
        else:
            self._deliver()

    def _grows(self) -> bool:
        """Whether the group that is being decided waits for more: the one before is being committed, or was just sent."""
        return self._pace.holds or self._flies()

    def _flies(self) -> bool:
        """Whether a group is being committed."""
        return self._flight is not None and not self._flight.done()

    async def _landed(self) -> None:
        """Wait until nothing is being committed. Raises what ended the commit."""
        if self._flight is not None:
            await asyncio.wait({self._flight})
            self._flight.result()

    def _watch_clock(self) -> None:
        """Tell the operator of a step once."""
        self._clock.now_us()
        step_us = self._clock.step_us
        if step_us != self._step_told_us:
            self._telemetry.clock_step_seconds.labels(self.code).set(step_us / 1_000_000)
        if step_us and not self._step_told_us:
            structlog.get_logger().error(LogEvent.CLOCK_STEP, caisse=self.code, step_us=step_us)
            self._alarm("clock", f"the clock stepped by {step_us} us; run `clearing clock confirm` when it is right")
        self._step_told_us = step_us

    async def _idle(self) -> None:
        """Wait for a request, or for the commit in flight; nobody asking is told to the operator."""
        try:
            async with asyncio.timeout(IDLE_S):  # wait_for forgets a cancel that comes with the arrival
                await self._arrived.wait()
        except TimeoutError:
            self._telemetry.inbox_age_seconds.labels(self.code).set(0)
            self._telemetry.inbox_requests.labels(self.code).set(0)

    async def _renew_lease(self) -> None:
        asked_s = asyncio.get_running_loop().time()  # the lease runs from when it was asked for
        await self._log.renew_lease()
        self._renewed_s = asked_s

    async def _keep_lease(self, loaded: asyncio.Event) -> None:
        """While a log is folded nothing is appended, and a long one takes longer than a lease."""
        while not loaded.is_set():
            try:
                async with asyncio.timeout(self._settings.lease_s / 3):
                    await loaded.wait()
            except TimeoutError:
                await self._renew_lease()

    def stop(self) -> None:
        """Decide what is in the inbox, take nothing more, and let run() end."""
        self._stopping = True
        self._directory.set_ready(self.code, ready=False)
        self._arrived.set()

    def _fail(self, waiting: Sequence[Waiting]) -> None:
        self._failed = True
        self._directory.set_ready(self.code, ready=False)
        for one in waiting:
            one.deliver(OutcomeUnknown())

    def _asks_store(self, waiting: Waiting) -> bool:
        """Whether only the store can say: a reply to a low number, a tap below a card's window, a receipt."""
        submission = waiting.submission
        request = submission.request
        if isinstance(request, Enrolment):
            return False
        if isinstance(request, Between):
            waiting.tap_used_before = self._tap_in_window(submission.tap)
            return self._tap_below(submission.tap)
        if isinstance(request, Request) and request.op is Op.RECEIPT:
            return True
        waiting.tap_used_before = self._tap_in_window(submission.tap)
        return self._tap_below(submission.tap) or self._reception.sameness.may_be_stored(message_key(request))

    async def _ask_store(self, waiting: Waiting) -> None:
        request, tap = waiting.submission.request, waiting.submission.tap
        if isinstance(request, Enrolment):
            return
        if isinstance(request, Request) and request.op is Op.RECEIPT:
            waiting.receipt = await receipt(self.book, self._tree, self._log, request)
            return
        if not isinstance(request, Between) and self._reception.sameness.may_be_stored(key := message_key(request)):
            found = await self._log.reply_of(*key)
            if found is not None:
                waiting.stored = Stored(digest=found[0], reply=found[2])
        if tap is not None and tap.card is not None and self._tap_below(tap):
            waiting.tap_used_before = await self._log.tap_used(tap.card, tap.key_version, tap.counter) is not None

    def _behind(self, tap: TapFacts | None) -> tuple[int, int]:
        """(how far a tap's counter is behind its card's highest, which of the counters behind that were used)."""
        card = self.book.members.cards.get(tap.card) if tap is not None and tap.card is not None else None
        if tap is None or card is None or card.key_version != tap.key_version:
            return -1, 0
        return card.highest - tap.counter, card.used

    def _tap_in_window(self, tap: TapFacts | None) -> bool:
        behind, used = self._behind(tap)
        return 0 <= behind < TAP_WINDOW and bool(used >> behind & 1)

    def _tap_below(self, tap: TapFacts | None) -> bool:
        return self._behind(tap)[0] >= TAP_WINDOW

    async def _one_by_one(self, fault: ApplyFailed) -> None:
        """The fold broke: rebuild from the log and take each request alone, so that only the one at fault is held."""
        self._alarm("apply", fault)
        await self._load()
        while self._open:
            one = self._open[0]
            if self._asks_store(one):  # memory of replies went with the book
                await self._ask_store(one)
            group = Group(self.book)
            try:
                answer = _answer(partial(self._reception.take, one, group, self._chain))
            except ApplyFailed as again:
                self._alarm("apply", again)
                await self._load()
                group = Group(self.book)
                answer = _answer(partial(self._reception.hold, one, group, self._chain, str(again)))
            self._send_off(group, [(one, answer)])
            del self._open[0]  # from now on it is in flight: whatever comes, it is told once
            await self._landed()

    def _deliver(self) -> None:
        answered, self._in_flight = self._in_flight, ()
        for waiting, answer in answered:
            waiting.deliver(answer.envelope if isinstance(answer, GroupedReply) else answer)

    async def _commit(self, group: Group) -> None:
        sent_s = asyncio.get_running_loop().time()
        with self._telemetry.append_seconds.labels(self.code).time():
            await self._log.append_group(group.rows, group.replies, group.taps, group.batches)
        self._renewed_s = sent_s
        for row, event in zip(group.rows, group.events, strict=True):
            self._tree.append(row.leaf)
            if type(event) in TELLING:
                self._telling.tell(event)
        self._deliver()
        self._telemetry.group_requests.labels(self.code).observe(len(group.replies))
        self._telemetry.log_position.labels(self.code).set(group.rows[-1].position)
        for code, times in group.codes.items():
            self._telemetry.decisions.labels(self.code, code).inc(times)
        await self._sign_head()

    async def _sign_head(self, *, force: bool = False) -> None:
        """A signed head once a second of the log's time: what terminals and witnesses can hold the log to."""
        size = self._tree.size  # not the book's position: it may be a group ahead, whose append is still in flight
        if size and (force or self.book.at_us - self._head_signed_us >= HEAD_EVERY_US):
            self._head_signed_us = self.book.at_us
            root = self._tree.root()
            note = head_note(f"clearing/{self.code}", size, root)
            await self._log.store_head(size, root, self._key.sign_statement(note.encode()))

    def _alarm(self, alarm: str, fault: object) -> None:
        self._telemetry.alarms.labels(self.code, alarm).inc()
        structlog.get_logger().error(LogEvent.ALARM, caisse=self.code, alarm=alarm, fault=repr(fault))


def _answer(ask: Callable[[], Reply]) -> Reply | EnrolmentRefused:
    """The answer, or the refusal of a pairing, which its door has to tell."""
    try:
        return ask()
    except EnrolmentRefused as refused:
        return refused
