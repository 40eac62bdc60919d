"""Law: same message, same answer; then time's own events; then one decision, which nothing after it may undo.

Takes one waiting submission into the group that is being built. Pure of I/O: what the store had to say was asked before.
A fault in a decision is answered 96, unlogged, with an alarm; the book has not changed then.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from clearing.authoriser import abroad, commands, drawing, founding, joint, operations
from clearing.authoriser.answering import Answers, GroupedReply
from clearing.authoriser.approval import assertion_fault
from clearing.authoriser.bodies import Body
from clearing.authoriser.client import Between, Deliver, Enrolment, EnrolmentRefused, Submission
from clearing.authoriser.clock import WatchedClock
from clearing.authoriser.group import ApplyFailed, Group
from clearing.authoriser.operations import SameOperationOtherContent
from clearing.authoriser.pairing import Pairing, WrongCode, secret_matches
from clearing.authoriser.sameness import MessageKey, Sameness, Stored
from clearing.directory import Directory
from clearing.events.caisse import CommandDeclined, FrameHeld, PersonNamed, SecurityAlerted
from clearing.events.catalogue import Event
from clearing.events.codes import Code
from clearing.events.interchange import InterchangeSold
from clearing.events.producers import TerminalEnrolled, TerminalSlotClosed, TerminalSlotOpened
from clearing.rules.answers import Declined, not_now
from clearing.rules.book import Book
from clearing.rules.stalls.producers import decide_enrol
from clearing.rules.voted.offices import may
from clearing.telemetry import LogEvent, Telemetry
from clearing.values import CaisseCode, InvalidValue, Position, TerminalId
from clearing.wire.commands import Command
from clearing.wire.enrolment import encode_enrolled
from clearing.wire.fields import DAY_MS
from clearing.wire.frame import MalformedFrame
from clearing.wire.interchange import NOT_NOW, encode_word
from clearing.wire.receipts import Receipt
from clearing.wire.requests import Op, Request
from clearing.wire.signature import new_key_proven

Reply = bytes | GroupedReply
"""What is to be sent after the commit: complete, or to be signed with its group."""
DETAILS_WAIT_US = 2 * 86_400_000_000  # changed bank details are paid to two days after their approval


class TimeFailed(Exception):
    """What time alone makes due breaks a rule: no request's fault, so none is held for it; the writer stops."""


@dataclass(slots=True)
class Waiting:
    """A submission in the inbox. stored, tap_used_before, receipt: what the store said of it, if it had to be asked."""

    submission: Submission
    arrived_us: int
    deliver: Deliver
    stored: Stored | None = None
    tap_used_before: bool = False
    receipt: Receipt | None = None


def message_key(request: Request | Command) -> MessageKey:
    sender = request.person if isinstance(request, Command) else request.terminal
    return (sender, request.epoch, request.n)


@dataclass(slots=True, kw_only=True)
class Reception:
    """Decides on `book` for one caisse; `take` may be called only in the order in which requests are to be decided."""

    code: CaisseCode
    book: Book
    sameness: Sameness
    answers: Answers
    pairing: Pairing
    directory: Directory
    telemetry: Telemetry
    clock: WatchedClock
    root: bytes

    def take(self, waiting: Waiting, group: Group, head: bytes) -> Reply:
        """The answer to send after the commit. Raises ApplyFailed (rebuild) and EnrolmentRefused (tell the terminal)."""
        request = waiting.submission.request
        try:
            if isinstance(request, Enrolment):
                return self._enrol(waiting, request, group)
            if isinstance(request, Between):
                return self._between(waiting, request, group)
            if isinstance(request, Request) and request.op in (Op.TIME, Op.RECEIPT):
                return self._told(waiting, request, head)
            return self._once(waiting, request, group, head)
        except (ApplyFailed, TimeFailed, EnrolmentRefused):
            raise
        except Exception as fault:  # any fault of a rule: the book is untouched, this request is answered 96
            self._alarm("decide", fault)
            if isinstance(request, Enrolment):
                raise EnrolmentRefused from fault
            if isinstance(request, Between):
                return NOT_NOW
            at_us = max(self.book.at_us, waiting.arrived_us)
            return self.answers.coded(request, Code.INTERNAL_ERROR, at_us=at_us, head=head,
                                      why="The program could not decide this; nothing was recorded. Tell the operator.")

    def _once(self, waiting: Waiting, request: Request | Command, group: Group, head: bytes) -> Reply:
        """The stored answer to a message that was answered before, else a new decision."""
        key = message_key(request)
        answered = group.answered(key)
        if answered is not None:
            return self._again(waiting, request, *answered, group, head)
        stored = self.sameness.recent(key) or waiting.stored
        if stored is not None:
            return self._again(waiting, request, stored.digest, stored.reply, group, head)
        if self.clock.step_us and not (isinstance(request, Command) and request.verb == "confirm_clock"):
            at_us = max(self.book.at_us, waiting.arrived_us)
            return self.answers.coded(request, Code.LEDGER_UNAVAILABLE, at_us=at_us, head=head,
                                      why="The server's clock jumped; an operator has to run `clearing clock confirm`.")
        if isinstance(request, Command):
            return self._command(waiting, request, group, head, self._due(group, waiting.arrived_us))
        came_us = waiting.arrived_us
        if request.op is not Op.SALE:
            came_us = drawing.moment_us(self.book, request, came_us)
        at_us = self._due(group, came_us)
        try:
            return self._operation(waiting, request, group, head, at_us)
        except SameOperationOtherContent:
            return self._conflict(waiting, request, "same-x-other-content", group, head)

    def _between(self, waiting: Waiting, request: Between, group: Group) -> bytes:
        """Another caisse's word, or what others still have to hear from us; empty: turned away for ever, unrecorded."""
        if request.inquiry:
            return b"".join(map(self.answers.word, (
                *abroad.open_ends(self.book, self.code), *joint.open_parts(self.book, self.code)
            )))  # fmt: skip
        if self.clock.step_us:
            return NOT_NOW
        at_us, submission = self._due(group, waiting.arrived_us), waiting.submission
        used_before = waiting.tap_used_before or group.uses(submission.tap)
        try:
            event, word = abroad.heard(
                self.book, self.code, submission.frame, submission.tap, tap_used_before=used_before, at_us=at_us
            )
        except (abroad.NotForUs, MalformedFrame) as refused:
            structlog.get_logger().warning(LogEvent.WORD_REFUSED, caisse=self.code, why=str(refused))
            return b""
        if event is not None:
            group.add([event], at_us, submission=submission)
        return b"" if word is None else self.answers.word(encode_word(word))

    def _told(self, waiting: Waiting, request: Request, head: bytes) -> bytes:
        """What changes nothing and is not recorded: the time, or a receipt of what was recorded before."""
        at_us = max(waiting.arrived_us, self.book.at_us)
        if request.op is Op.TIME:
            return self.answers.time(request, at_us)
        if waiting.receipt is None:
            return self.answers.coded(request, Code.ORIGINAL_NOT_FOUND, at_us=at_us, head=head)
        return self.answers.receipt(waiting.receipt)

    def hold(self, waiting: Waiting, group: Group, head: bytes, why: str) -> Reply:
        """A frame that broke the fold twice: kept as evidence, answered 96 for ever, waits for a person."""
        request = waiting.submission.request
        self._alarm("held", why)
        if isinstance(request, Enrolment):
            raise EnrolmentRefused
        if isinstance(request, Between):
            return b""
        sender, epoch, n = message_key(request)
        held = FrameHeld(terminal=sender, epoch=epoch, n=n, x=request.x, why=why[:200])
        structlog.get_logger().error(LogEvent.FRAME_HELD, caisse=self.code, terminal=sender.hex(), n=n)
        at_us = max(self.book.at_us + 1, waiting.arrived_us)
        reply = self.answers.coded(
            request, Code.INTERNAL_ERROR, at_us=at_us, head=head, position=group.first,
            why="The program could not carry this out; it is kept for a person to look at. Tell the operator.",
        )
        return self._record(waiting, request, [held], GroupedReply(b"", reply), group, at_us)

    def _due(self, group: Group, arrived_us: int) -> int:
        """Record what time alone makes happen, and return the instant of the request that comes next."""
        at_us = max(self.book.at_us + 1, arrived_us)
        try:
            while (event := self.book.due(at_us)) is not None:
                group.add([event], at_us)
                at_us = max(self.book.at_us + 1, arrived_us)
        except Exception as fault:
            raise TimeFailed(f"what was due at {at_us} us could not be carried out: {fault}") from fault
        return at_us

    def tick(self, group: Group, now_us: int) -> None:
        """What time alone makes happen while nobody asks anything; nothing while it is not known what time it is."""
        if not self.clock.step_us:
            self._due(group, now_us)

    def _again(
        self, waiting: Waiting, request: Request | Command, digest: bytes, reply: Reply, group: Group, head: bytes
    ) -> Reply:
        if digest == request.digest:
            self.telemetry.repeats.labels(self.code).inc()
            return reply
        return self._conflict(waiting, request, "same-n-other-content", group, head)

    def _conflict(self, waiting: Waiting, request: Request | Command, kind: str, group: Group, head: bytes) -> bytes:
        """94, signed and not stored; one security event per (terminal, epoch, n) however often it comes."""
        self.telemetry.conflicts.labels(self.code).inc()
        sender, epoch, n = message_key(request)
        if (sender, epoch, n) not in self.book.alerted:
            alert = SecurityAlerted(terminal=sender, epoch=epoch, n=n, x=request.x, kind=kind)
            came_us = waiting.arrived_us
            if isinstance(request, Request):  # an alert about a draw tells no more of its time than the draw did
                came_us = drawing.moment_us(self.book, request, came_us)
            group.add([alert], self._due(group, came_us), submission=waiting.submission)
            structlog.get_logger().warning(LogEvent.CONFLICT, caisse=self.code, terminal=sender.hex(), n=n, kind=kind)
        return self.answers.coded(request, Code.CONFLICT, at_us=self.book.at_us, head=head,
                                  why="This number was used for another command; give the command again.")

    def _record(
        self, waiting: Waiting, request: Request | Command, events: Sequence[Event], reply: GroupedReply, group: Group,
        at_us: int,
    ) -> Reply:
        position = self.book.position + 1
        group.add(events, at_us, submission=waiting.submission, reply=reply)
        group.answer(message_key(request), request.digest, reply, position)
        return reply

    def _operation(self, waiting: Waiting, request: Request, group: Group, head: bytes, at_us: int) -> Reply:
        terminal = self.book.producers.terminals.get(request.terminal)
        if terminal is not None and request.epoch != terminal.epoch:
            return self.answers.coded(request, Code.NOT_ALLOWED_NOW, at_us=at_us, head=head)
        if request.op in (Op.DRAW, Op.GIVE) and request.ts_ms % DAY_MS:
            return self.answers.coded(request, Code.SCHEMA, at_us=drawing.moment_us(self.book, request, at_us), head=head)
        if request.op is Op.ROTATE:
            if (request.terminal, request.x) in self.book.operations:
                raise SameOperationOtherContent(request.x.hex())
            return self._rotate(waiting, request, group, head, at_us)
        if request.caisse is not None and self._first_abroad(request):
            sold = self._sold_abroad(waiting, request, at_us, head)
            if isinstance(sold, bytes):
                return sold
            outcome = operations.outcome_of(sold)
        else:
            outcome = operations.decide(
                self.book, request, waiting.submission.tap, at_us=at_us,
                tap_used_before=waiting.tap_used_before or group.uses(waiting.submission.tap),
            )
        position = Position(self.book.position + 1)
        said_us = at_us if request.op is Op.SALE else drawing.told_us(self.book, outcome.event, at_us)
        reply = self.answers.decided(request, outcome, position=position, at_us=said_us, head=head)
        group.codes[getattr(outcome.event, "code", outcome.answer)] += 1
        events: list[Event] = [outcome.event]
        if self.book.bonuses.rules:
            events += drawing.bonuses_after(self.book, outcome.event, at_us)
        return self._record(waiting, request, events, reply, group, at_us)

    def _first_abroad(self, request: Request) -> bool:
        """Whether a card of another caisse is to pay, and the operation was not decided before."""
        return request.caisse != self.code and (request.terminal, request.x) not in self.book.operations

    def _sold_abroad(self, waiting: Waiting, request: Request, at_us: int, head: bytes) -> InterchangeSold | bytes:
        """Our half, or the signed question to its issuer, or a code for what is not done across caisses."""
        if request.op is not Op.SALE or request.terminal not in self.book.producers.terminals:
            return self.answers.coded(request, Code.NOT_ALLOWED_NOW, at_us=at_us, head=head)
        found = abroad.sold(self.book, self.code, request, waiting.submission.issued, at_us=at_us)
        return found if isinstance(found, InterchangeSold) else self.answers.word(encode_word(found))

    def _rotate(self, waiting: Waiting, request: Request, group: Group, head: bytes, at_us: int) -> Reply:
        """The terminal's next key, signed by its old one and proved by itself."""
        terminal, new = self.book.producers.terminals[request.terminal], request.new_key
        if new is None or not new_key_proven(new.key, new.proof, terminal=request.terminal, epoch=request.epoch):
            return self.answers.coded(request, Code.TAP_VIOLATION, at_us=at_us, head=head)
        event = TerminalEnrolled(
            terminal=request.terminal, epoch=request.epoch + 1, producer=terminal.producer, key=new.key, slot=None, by=None
        )
        if terminal.suspended or self.book.closing.sealed or self._key_taken([event], group):
            return self.answers.coded(request, Code.NOT_ALLOWED_NOW, at_us=at_us, head=head)
        reply = self.answers.coded(request, Code.APPROVED, at_us=at_us, head=head, position=self.book.position + 1)
        return self._record(waiting, request, [event], GroupedReply(b"", reply), group, at_us)

    def _command(self, waiting: Waiting, command: Command, group: Group, head: bytes, at_us: int) -> Reply:
        try:
            result = self._decide_command(waiting.submission, command, group, at_us)
        except InvalidValue as fault:
            return self.answers.coded(command, Code.SCHEMA, at_us=at_us, head=head, why=f"{fault}. Nothing was recorded.")
        code, why, out = Code.APPROVED, "", dict[str, object]()
        events: tuple[Event, ...]
        if isinstance(result, Declined):
            code, why = result.code, result.why
            events = (CommandDeclined(
                person=command.person, epoch=command.epoch, n=command.n, x=command.x, verb=command.verb[:40], code=code, why=why
            ),)
        else:
            events, out = result, commands.summary(result)
        position = self.book.position + 1
        reply = self.answers.commanded(command, code, why=why, out=out, position=position, at_us=at_us, head=head)
        self._record(waiting, command, events, GroupedReply(b"", reply), group, at_us)
        self._pairing_follows(events, waiting.submission.secret)
        return reply

    def _decide_command(self, submission: Submission, command: Command, group: Group, at_us: int) -> commands.Result:
        if command.assertion is not None and (fault := assertion_fault(command.assertion, command, self.book)) is not None:
            raise InvalidValue(fault)
        if command.verb == "found":
            if self.book.caisse.code:
                return not_now(f"{self.book.caisse.name} is founded already; found another caisse under another code.")
            founded = founding.decide_found(self.code, command.body, founder_kid=submission.frame.kid, at_us=at_us)
            if isinstance(founded, Declined):
                raise InvalidValue(founded.why.rstrip("."))  # a log begins with its founding, never with a refusal
            return founded
        if not self.book.caisse.code:
            raise InvalidValue("this caisse is not founded yet; found it first with `clearing found FILE`")
        if command.verb not in commands.VERBS:
            raise InvalidValue(f"there is no command '{command.verb[:40]}'; `clearing --help` lists them")
        person = self.book.caisse.by_number.get(command.person)
        refused = may(person, command.verb)
        if refused is not None or person is None:
            return refused or not_now("This person is not known here.")
        if person.epoch != command.epoch:
            return not_now("This key was replaced when the person was named anew; use the newer key file.")
        result = commands.decide(command.verb, commands.Order(
            book=self.book, body=Body(command.body, f"The command {command.verb}"), by=person.person, at_us=at_us,
            details_wait_us=DETAILS_WAIT_US, clock_step_us=self.clock.step_us,
        ))
        if isinstance(result, Declined):
            return result
        if self._key_taken(result, group):
            return not_now("This key, or one with the same first 8 bytes, is in use already. Make a new one and use that; who "
                           "gets other roles brings a new key too: move the old file away, then run clearing person add NAME "
                           "--epoch 2")  # fmt: skip
        opened = result[0] if result else None
        if isinstance(opened, TerminalSlotOpened) and not secret_matches(submission.secret, opened.secret_sha256):
            raise InvalidValue("the pairing secret that came with the command is not the one it names; open another slot")
        if command.verb == "confirm_clock":
            self.clock.confirm()
        return result

    def _key_taken(self, events: Sequence[Event], group: Group) -> bool:
        """Whether an event would enrol a key whose id is enrolled already, perhaps in this very group (wire.md section 3)."""
        kids, enrolled = _kids(events), frozenset(_kids(group.events))
        return len(set(kids)) != len(kids) or not enrolled.isdisjoint(kids) or not all(map(self._key_free, events))

    def _key_free(self, event: Event) -> bool:
        match event:
            case TerminalEnrolled():
                return self.directory.free_for_terminal(event.key)
            case PersonNamed():
                return self.directory.free_for_person(self.code, event.key)
            case _:
                return True

    def _pairing_follows(self, events: Sequence[Event], secret: bytes | None) -> None:
        for event in events:
            if isinstance(event, TerminalSlotOpened) and secret is not None:
                self.pairing.open(event.slot, secret)

    def _enrol(self, waiting: Waiting, enrolment: Enrolment, group: Group) -> bytes:
        """A terminal that proves to know a slot's code becomes that producer's terminal."""
        terminal = TerminalId(enrolment.key[:8])
        again = self.pairing.answered(enrolment)
        if again is not None and terminal in self.book.producers.terminals:
            return encode_enrolled(again)
        at_us = self._due(group, waiting.arrived_us)
        slot = self.book.producers.slots.get(enrolment.slot)
        try:
            answer = self.pairing.prove(enrolment, terminal=terminal, epoch=1, root=self.root)
        except WrongCode as wrong:
            if wrong.closes:
                self.pairing.close(enrolment.slot)
                group.add([TerminalSlotClosed(slot=enrolment.slot, why="too many wrong codes")], at_us)
            raise EnrolmentRefused from None
        if answer is None or slot is None or self.book.closing.sealed:
            raise EnrolmentRefused
        result = decide_enrol(
            self.book.producers,
            TerminalEnrolled(
                terminal=terminal, epoch=1, producer=slot.producer, key=enrolment.key, slot=enrolment.slot, by=None
            ),
            at_us=at_us,
        )
        if isinstance(result, Declined) or self._key_taken([result], group):
            raise EnrolmentRefused
        group.add([result], at_us, submission=waiting.submission)
        self.pairing.succeeded(enrolment, answer)
        return encode_enrolled(answer)

    def _alarm(self, alarm: str, fault: object) -> None:
        self.telemetry.alarms.labels(self.code, alarm).inc()
        structlog.get_logger().error(LogEvent.ALARM, caisse=self.code, alarm=alarm, fault=repr(fault))


def _kids(events: Sequence[Event]) -> list[bytes]:
    return [event.key[:8] for event in events if isinstance(event, TerminalEnrolled | PersonNamed)]
