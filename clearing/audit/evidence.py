"""Law: an event stands on a frame that the log's own keys verify at that position, and says what the frame said.

Keys come from the log alone: persons and terminals that it had enrolled before. Nothing is parsed before its signature held,
but the founding, which brings the key it is signed with, and a pairing, which does too.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

from clearing.audit.between import WORDS, check_issued, check_word
from clearing.audit.commanded import Expected, expected_events, founding_events, same_content
from clearing.audit.drawn import FOLLOW_OPERATIONS
from clearing.audit.findings import BadEvent, Checked
from clearing.audit.frames import Frames, Signed
from clearing.audit.promises import TERMINALS
from clearing.audit.prover import LINES_MAX
from clearing.authoriser.approval import assertion_fault
from clearing.authoriser.founding import founder_key
from clearing.events.accounts import PurchaseConfirmed
from clearing.events.caisse import CaisseFounded, CommandDeclined, FrameHeld, PersonNamed, SecurityAlerted
from clearing.events.catalogue import Event
from clearing.events.contracts import DeliveryDecided, FundPartWarned
from clearing.events.crediting import CohortRolled, LapseAnnounced
from clearing.events.funds import CohortLapsed, LotLapsed
from clearing.events.households import EaterClassChanged, PurseEmptied
from clearing.events.interchange import InterchangeExpired, InterchangeReversed, InterchangeSold
from clearing.events.producers import TerminalEnrolled, TerminalSlotClosed
from clearing.events.sales import (
    AuthorisationDecided,
    CaptureDecided,
    HoldExpired,
    OperationRepeated,
    RefundDecided,
    ReversalDecided,
    SaleDecided,
)
from clearing.events.solidarity import DrawDecided, DrawsShared, GiveDecided
from clearing.rules.book import Book
from clearing.rules.selling.operations import Decided, Operation
from clearing.rules.voted.offices import ALLOWED_ROLES, may
from clearing.values import InvalidValue, TerminalId
from clearing.wire import fields as read
from clearing.wire.commands import Command, parse_command
from clearing.wire.enrolment import EnrolProof, read_enrolment
from clearing.wire.fields import DAY_MS
from clearing.wire.frame import Envelope, FrameType, MalformedFrame, canonical_map, unpack_map
from clearing.wire.requests import Op, Request, parse_request
from clearing.wire.signature import BadSignature, new_key_proven, payload_digest

OPERATIONS: Final = (
    SaleDecided, AuthorisationDecided, CaptureDecided, ReversalDecided, RefundDecided, OperationRepeated, DrawDecided,
    GiveDecided, DeliveryDecided, PurchaseConfirmed, InterchangeSold, InterchangeReversed,
)  # fmt: skip
BY_TIME_ALONE: Final = (
    HoldExpired, CohortLapsed, LotLapsed, TerminalSlotClosed, LapseAnnounced, CohortRolled, EaterClassChanged, PurseEmptied,
    DrawsShared, FundPartWarned, InterchangeExpired,
)  # fmt: skip
"""Events that no request asked for: no evidence, no reply."""
USED_TWICE: Final = "the message it stands on was the evidence of an event before it"
_ITEMS_MAX: Final = 100_000
_OPS: Final = {
    SaleDecided: Op.SALE, AuthorisationDecided: Op.AUTH, CaptureDecided: Op.CAP, ReversalDecided: Op.REV, RefundDecided: Op.REF,
    DrawDecided: Op.DRAW, GiveDecided: Op.GIVE,
    DeliveryDecided: Op.DLV,
    PurchaseConfirmed: Op.DLV,
    InterchangeSold: Op.SALE, InterchangeReversed: Op.REV,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class KnownKey:
    """Whose key it is. number: terminal id or person number."""

    public: bytes
    terminal: bool
    number: TerminalId
    epoch: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A verified message that an event stands on: who sent it, under which number, and the digest of what was signed."""

    sender: TerminalId
    epoch: int
    n: int
    x: bytes
    digest: bytes


class Evidence:
    """Follows the keys of a log and checks each event against its frame."""

    def __init__(self, checked: Checked, frames: Frames) -> None:
        self._keys: dict[bytes, KnownKey] = {}
        self._frames = frames
        self._once: set[tuple[TerminalId, int, int]] = set()
        self._due: deque[Expected] = deque()
        self._checked = checked

    def learn(self, event: Event, position: int) -> None:
        """Keys that this event brings; a key id belongs to one key for ever."""
        if isinstance(event, PersonNamed):
            known = KnownKey(event.key, False, event.number, event.epoch)
        elif isinstance(event, TerminalEnrolled):
            known = KnownKey(event.key, True, event.terminal, event.epoch)
        else:
            return
        if known.public[:8] in self._keys:
            raise BadEvent(position, f"its key has the id {known.public[:8].hex()} of a key that was enrolled before")
        self._keys[known.public[:8]] = known

    def check(self, event: Event, evidence: bytes, position: int, book: Book, at_us: int) -> Asked | None:
        """The message this event answers; None for one that follows another event or that time caused. Raises BadEvent."""
        try:
            asked = self._check(event, evidence, position, book, at_us)
        except (BadSignature, MalformedFrame, InvalidValue) as fault:
            raise BadEvent(position, f"its evidence does not hold: {fault}") from fault
        if asked is not None:
            self._used_once(event, asked, position, book)
        return asked

    def _used_once(self, event: Event, asked: Asked, position: int, book: Book) -> None:
        """One message is the evidence of one event, or of the one command's; a sale's is known by its x for ever."""
        if isinstance(event, OPERATIONS) and not isinstance(event, OperationRepeated):
            self.first_time(event, position, book)
            return
        message = asked.sender, asked.epoch, asked.n
        if message in self._once and not isinstance(event, SecurityAlerted):
            raise BadEvent(position, USED_TWICE)
        self._once.add(message)

    def first_time(self, event: Event, position: int, book: Book) -> None:
        """An operation is decided once. Raises BadEvent."""
        if isinstance(event, OPERATIONS) and (event.op.terminal, event.op.x) in book.operations:
            raise BadEvent(position, USED_TWICE)

    def finish(self, position: int) -> None:
        """Where the next request begins, or the log ends, no command may lack an event."""
        if self._due:
            raise BadEvent(position, f"the command before it also asked for {self._due[0].named()}, which should stand here")

    def _check(self, event: Event, evidence: bytes, position: int, book: Book, at_us: int) -> Asked | None:
        if not evidence:
            self._follows(event, position, book)
            return None
        self.finish(position)
        if isinstance(event, BY_TIME_ALONE) and not (isinstance(event, DrawsShared) and event.with_batch):
            raise BadEvent(position, f"{type(event).__name__} is caused by no frame, but carries one")
        signed = self._frames.opened(evidence, position)
        if isinstance(event, WORDS):
            check_word(event, signed, self._frames, position, book, at_us, self._checked)
            return None
        if isinstance(event, OPERATIONS):
            return self._operation(event, signed, position, book)
        if isinstance(event, TerminalEnrolled) and event.by is None:
            return self._enrolment(event, signed, position, book)
        if isinstance(event, SecurityAlerted | FrameHeld):
            return self._seen(event, signed, position)
        return self._commanded(event, signed, position, book, at_us)

    def _follows(self, event: Event, position: int, book: Book) -> None:
        if self._due:
            same_content(self._due.popleft(), event, position, book)
            self._checked.add("events of commands with several parts")
        elif not isinstance(event, (*BY_TIME_ALONE, *FOLLOW_OPERATIONS)) or getattr(event, "with_batch", False):
            raise BadEvent(position, f"{type(event).__name__} has no evidence: nobody asked for it")

    def _operation(
        self, event: Decided | OperationRepeated, signed: Signed, position: int, book: Book,
    ) -> Asked:
        terminal = book.producers.terminals.get(event.op.terminal)
        if terminal is None or (terminal.epoch, terminal.producer) != (event.op.epoch, event.op.producer):
            raise BadEvent(position, "its terminal is not enrolled under this epoch for this producer")
        first = None
        if isinstance(event, OperationRepeated):
            first = book.operations.get((event.op.terminal, event.op.x))
            if first is None or first.position != event.first_position:
                raise BadEvent(position, "it repeats an operation that is not at the position it names")
        sender = (terminal.terminal, terminal.epoch)
        frame = self._frames.verified(signed, FrameType.TERM_REQ, terminal.key, sender)
        request = parse_request(frame, _op_of(event, first), LINES_MAX)
        asked = _asked(request)
        if (asked.sender, asked.epoch, asked.n, asked.x) != (event.op.terminal, event.op.epoch, event.op.n, event.op.x):
            raise BadEvent(position, "it names another message than its evidence")
        if not _says_the_same(first.event if first is not None else event, request):
            raise BadEvent(position, "amount, lines or original differ from what the terminal signed")
        if isinstance(event, InterchangeSold):
            check_issued(event, position, book, self._checked)
        self._checked.add(TERMINALS)
        return asked

    def _enrolment(self, event: TerminalEnrolled, signed: Signed, position: int, book: Book) -> Asked | None:
        if event.slot is not None:
            proof = None if signed.place is not None else read_enrolment(signed.envelope)
            if not isinstance(proof, EnrolProof) or (proof.slot, proof.key) != (event.slot, event.key):
                raise BadEvent(position, "the pairing it stands on is for another slot or key")
            self._checked.add("signatures of pairings")
            return None
        terminal = book.producers.terminals.get(event.terminal)
        if terminal is None or event.epoch != terminal.epoch + 1:
            raise BadEvent(position, "a rotation follows the epoch before it")
        sender = (terminal.terminal, terminal.epoch)
        request = parse_request(self._frames.verified(signed, FrameType.TERM_REQ, terminal.key, sender), Op.ROTATE)
        new = request.new_key
        if request.terminal != event.terminal or new is None or new.key != event.key:
            raise BadEvent(position, "it enrols another key than the one the old key signed")
        if not new_key_proven(new.key, new.proof, terminal=event.terminal, epoch=request.epoch):
            raise BadEvent(position, "the new key did not prove that the terminal holds it")
        self._checked.add(TERMINALS)
        return _asked(request)

    def _seen(self, event: SecurityAlerted | FrameHeld, signed: Signed, position: int) -> Asked:
        """A frame that was kept, not obeyed: a terminal's or a person's."""
        known = self._known(signed.kid, position)
        frame_type = FrameType.TERM_REQ if known.terminal else FrameType.PERSON_CMD
        frame = self._frames.verified(signed, frame_type, known.public, (known.number, known.epoch))
        message: Request | Command
        if known.terminal:
            op = Op(str(canonical_map(frame.payload, items_max=_ITEMS_MAX)["t"]))
            message = parse_request(frame, op, LINES_MAX)
        else:
            message = parse_command(frame)
        asked = _asked(message)
        if (asked.sender, asked.epoch, asked.n, asked.x) != (event.terminal, event.epoch, event.n, event.x):
            raise BadEvent(position, "it names another message than its evidence")
        self._checked.add("frames kept as evidence of a conflict")
        return asked

    def _commanded(self, event: Event, signed: Signed, position: int, book: Book, at_us: int) -> Asked:
        if isinstance(event, CaisseFounded):
            key = _founder(signed.envelope, position)
            command = parse_command(self._frames.verified(signed, FrameType.PERSON_CMD, key))
        else:
            known = self._known(signed.kid, position)
            command = parse_command(self._frames.verified(signed, FrameType.PERSON_CMD, known.public))
            if known.terminal or (known.number, known.epoch) != (command.person, command.epoch):
                raise BadEvent(position, "the command is signed by another key than that of the person it names")
        self._approval(command, signed, position, book)
        code = event.code if isinstance(event, CaisseFounded) else book.caisse.code
        if command.caisse != code:
            raise BadEvent(position, f"the command is for the caisse {command.caisse}, not for {code}")
        if isinstance(event, CommandDeclined):
            said = (event.person, event.epoch, event.n, event.x, event.verb)
            if said != (command.person, command.epoch, command.n, command.x, command.verb[:40]):
                raise BadEvent(position, "it declines another command than its evidence")
        else:
            self._obey(event, command, position, book, at_us, signed.kid)
        self._checked.add("signatures of persons, with what they signed")
        return _asked(command)

    def _approval(self, command: Command, signed: Signed, position: int, book: Book) -> None:
        """A passkey's assertion beside it, judged again by what the log knew of the person's passkeys. Raises BadEvent."""
        if signed.assertion is not None:
            fault = assertion_fault(signed.assertion, command, book)
            if fault is not None:
                raise BadEvent(position, fault)
            self._checked.add("passkeys' assertions over the very command they stand beside")

    def _obey(self, event: Event, command: Command, position: int, book: Book, at_us: int, kid: bytes) -> None:
        by = book.caisse.by_number.get(command.person)
        if command.verb in ALLOWED_ROLES:
            refused = may(by, command.verb)
            if refused is not None:
                raise BadEvent(position, f"the command {command.verb} was not this person's to give: {refused.why}")
        if command.verb == "found":
            expected = founding_events(command, kid, position, at_us)
        else:
            expected = expected_events(command, None if by is None else by.person, position, book, at_us)
        same_content(expected[0], event, position, book)
        self._due.extend(expected[1:])

    def _known(self, kid: bytes, position: int) -> KnownKey:
        known = self._keys.get(kid)
        if known is None:
            raise BadEvent(position, f"its evidence is signed by the key {kid.hex()}, which the log had not enrolled")
        return known


def _founder(envelope: Envelope, position: int) -> bytes:
    body = canonical_map(envelope.payload, items_max=_ITEMS_MAX, nesting_max=9).get("b")
    key = founder_key(body, envelope.kid) if isinstance(body, dict) else None
    if key is None:
        raise BadEvent(position, "the founding is signed by nobody whom it names")
    return key


def _asked(message: Request | Command) -> Asked:
    sender = message.terminal if isinstance(message, Request) else message.person
    return Asked(sender, message.epoch, message.n, message.x, message.digest)


def claimed(event: Event, evidence: bytes, position: int, frames: Frames) -> Asked | None:
    """The message as event and frame claim it, when signatures are not to be checked; None for a pairing. Raises BadEvent."""
    try:
        payload = frames.claimed(evidence, position)
        if isinstance(event, OPERATIONS):
            return Asked(event.op.terminal, event.op.epoch, event.op.n, event.op.x, payload_digest(payload))
        fields = unpack_map(payload, items_max=_ITEMS_MAX)
        if "m" not in fields:
            return None
        sender, numbers, x = read.terminal(fields["m"]), (fields.get("e"), fields.get("n")), fields.get("x")
        return Asked(sender, read.epoch(numbers[0]), read.counter(numbers[1]), read.operation(x), payload_digest(payload))
    except MalformedFrame as fault:
        raise BadEvent(position, f"its evidence is no frame: {fault}") from fault


def _op_of(event: object, first: Operation | None) -> Op:
    return _OPS[type(first.event if first is not None else event)]


def _says_the_same(event: object, request: Request) -> bool:
    match event:
        case SaleDecided():
            return (event.amount_cents, event.lines) == (request.amount_cents, request.lines)
        case AuthorisationDecided():
            asked = (request.amount_cents, request.lines, request.price_choice)
            return (event.amount_cents, event.lines, event.price_choice) == asked
        case CaptureDecided() | RefundDecided() | DeliveryDecided() | PurchaseConfirmed():
            asked_of = (request.original, request.amount_cents, request.lines)
            return (event.original, event.amount_cents, event.lines) == asked_of
        case InterchangeSold():
            asked_there = (request.amount_cents, request.lines, request.caisse)
            return (event.amount_cents, event.lines, event.issuer) == asked_there
        case ReversalDecided() | InterchangeReversed():
            return event.original == request.original
        case DrawDecided() | GiveDecided():
            drawn = (request.amount_cents, request.lines, request.price_choice)
            return (event.amount_cents, event.lines, event.asked) == drawn and request.ts_ms % DAY_MS == 0
        case _:
            return False
