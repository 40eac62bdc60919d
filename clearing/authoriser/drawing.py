"""Law: draws and gives are told by the day; facts for them, and for bonuses that follow a sale, are fetched from the book here.

An instant of the log is never the clock's for them (docs/decisions/0016-draws-without-names.md).
"""

from clearing.events.catalogue import Event
from clearing.events.codes import Code
from clearing.events.sales import (
    CaptureDecided,
    OperationHead,
    OperationRepeated,
    RefundDecided,
    ReversalDecided,
    SaleDecided,
)
from clearing.events.solidarity import DrawDecided, GiveDecided
from clearing.rules.book import Book
from clearing.rules.credit import bonuses
from clearing.rules.reductions import drawing
from clearing.rules.reductions.drawing import Anonymous, AskedDraw
from clearing.rules.selling.operations import Operation
from clearing.rules.stalls.producers import Terminal
from clearing.rules.voted.standing import bonuses_in_force, draws_in_force
from clearing.values import OperationId, ProducerId, TerminalId
from clearing.wire.requests import Op, Request

_APPROVED = (Code.APPROVED, Code.PARTIAL)


def decide(book: Book, request: Request, head: OperationHead, terminal: Terminal, *, at_us: int) -> Anonymous:
    """A draw or a give of a terminal."""
    producer = book.producers.producers[terminal.producer]
    convention = producer.convention_at(at_us) if book.all_conventioned(request.lines, at_us) else None
    asked = AskedDraw(head, request.amount_cents, request.lines, request.price_choice or 0)
    day = book.caisse.calendar.day(at_us).isoformat()
    reversed_before = book.reversed_before(request.terminal, request.x, at_us)
    solidarity, ended = draws_in_force(book, at_us), 0 < book.closing.ends_us <= at_us
    if request.op is Op.DRAW:
        return drawing.decide_draw(
            asked, terminal=terminal, producer=producer, convention=convention, reversed_before=reversed_before,
            ended=ended, solidarity=solidarity, funds=book.funds, day=day,
        )
    return drawing.decide_give(
        asked, terminal=terminal, producer=producer, convention=convention, reversed_before=reversed_before,
        ended=ended, solidarity=solidarity, settlement=book.settlement, day=day,
    )


def moment_us(book: Book, request: Request, arrived_us: int) -> int:
    """When a request counts as having come: of a draw, a give, or what undoes one, its civil day's beginning."""
    calendar = book.caisse.calendar
    return calendar.start_us(calendar.day(arrived_us)) if _about_draw(book, request) else arrived_us


def told_us(book: Book, event: Event, at_us: int) -> int:
    """The instant that a reply names. book: before the event or after it."""
    calendar = book.caisse.calendar
    return calendar.start_us(calendar.day(at_us)) if by_day(book, event) else at_us


def by_day(book: Book, event: object) -> bool:
    """Whether an event is a draw, a give, what undoes or repeats one."""
    match event:
        case DrawDecided() | GiveDecided():
            return True
        case OperationRepeated():
            first = book.operations.get((event.op.terminal, event.op.x))
            return first is not None and by_day(book, first.event)
        case ReversalDecided():
            return anonymous(book.operations.get((event.op.terminal, event.original))) is not None
        case RefundDecided():
            return anonymous(book.capture_of(event.op.producer, event.op.terminal, event.original)) is not None
        case _:
            return False


def _about_draw(book: Book, request: Request) -> bool:
    if request.op in (Op.DRAW, Op.GIVE):
        return True
    if request.op is Op.REV:
        return anonymous(named_by(book, request.op, request.terminal, None, request.original)) is not None
    if request.op is Op.REF:
        terminal = book.producers.terminals.get(request.terminal)
        seller = None if terminal is None else terminal.producer
        return anonymous(named_by(book, request.op, request.terminal, seller, request.original)) is not None
    return False


def named_by(
    book: Book, op: Op, terminal: TerminalId, seller: ProducerId | None, original: OperationId | None
) -> Operation | None:
    """The operation that a reversal (of the same terminal) or a refund (of the same producer) is about."""
    if original is None:
        return None
    if op is Op.REV:
        return book.operations.get((terminal, original))
    return None if seller is None else book.operation_of(seller, terminal, original)


def anonymous(original: Operation | None) -> Anonymous | None:
    """The draw or give that an operation is; None for a sale, a hold and all else."""
    event = None if original is None else original.event
    return event if isinstance(event, DrawDecided | GiveDecided) else None


def bonuses_after(book: Book, event: Event, at_us: int) -> tuple[Event, ...]:
    """Bonus events that follow an operation in its commit. book: before the operation; at_us: of the operation."""
    match event:
        case SaleDecided() | CaptureDecided() if event.code in _APPROVED and event.member is not None and event.approved_cents:
            if not book.bonuses.rules:
                return ()
            if book.closing.confirmed is not None or book.closing.frozen is not None or book.members.members[event.member].gone:
                return ()  # a bonus is credit: there is none while credits are frozen, when a caisse ends, or who has left
            producer = book.producers.producers[event.op.producer]
            convention = producer.convention_at(at_us)
            places = producer.structures.union((producer.producer, *(() if convention is None else (convention.convention,))))
            return bonuses.decide_credits(
                bonuses_in_force(book, at_us), event, member=book.members.members[event.member], places=places,
                funds=book.funds, calendar=book.caisse.calendar, at_us=at_us,
            )
        case ReversalDecided(effect="undone"):
            original, gone = book.operations.get((event.op.terminal, event.original)), None
        case RefundDecided() if event.code == Code.APPROVED:
            original = book.capture_of(event.op.producer, event.op.terminal, event.original)
            gone = (*original.refunded, *event.lines) if original is not None else ()
        case _:
            return ()
    if original is None or event.member is None:
        return ()
    head = original.event.op
    return bonuses.decide_taken_back(
        book.bonuses, book.allocation, book.members.members[event.member], terminal=head.terminal, x=head.x, back=gone,
        producer=head.producer, at_us=at_us,
    )
