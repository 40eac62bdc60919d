"""Law: facts are fetched first and decided after; this file fetches them from the book for each op of a terminal."""

from dataclasses import replace
from datetime import timedelta
from typing import Final, NamedTuple

from clearing.authoriser import drawing
from clearing.authoriser.client import TapFacts
from clearing.events.accounts import PurchaseConfirmed
from clearing.events.contracts import DeliveryDecided
from clearing.events.interchange import InterchangeHeld, InterchangeReversed, InterchangeSold
from clearing.events.sales import (
    AuthorisationDecided,
    CaptureDecided,
    OperationHead,
    OperationRepeated,
    RefundDecided,
    ReversalDecided,
    SaleDecided,
    Tap,
)
from clearing.events.solidarity import DrawDecided, GiveDecided
from clearing.rules.amap import deliveries
from clearing.rules.between import abroad
from clearing.rules.book import Book
from clearing.rules.collective import accounts
from clearing.rules.folds.accounts import month_of
from clearing.rules.people.members import Card
from clearing.rules.reductions import drawing as rules_of_draws
from clearing.rules.selling import afterwards, sale
from clearing.rules.selling.afterwards import Afterwards
from clearing.rules.selling.facts import Facts
from clearing.rules.selling.operations import Decided, Operation
from clearing.rules.selling.sale import Asked
from clearing.rules.stalls.producers import Terminal
from clearing.values import CardId, Cents, MicroTime, OperationId
from clearing.wire.requests import Op, Request


class Outcome(NamedTuple):
    """What the terminal is told. answer: the till's code; approved None for ops without an amount."""

    event: Decided | OperationRepeated
    answer: str
    approved_cents: Cents | None
    approved_lines: tuple[Cents, ...] | None


_TAPPING: Final = (SaleDecided, AuthorisationDecided, DeliveryDecided, PurchaseConfirmed, InterchangeHeld)
_TAPPED: Final[dict[type, Op]] = {SaleDecided: Op.SALE, AuthorisationDecided: Op.AUTH, PurchaseConfirmed: Op.DLV}


class UnknownTerminal(Exception):
    """The directory knows a key that the caisse's log does not: the two must be rebuilt together."""


class SameOperationOtherContent(Exception):
    """This x was used by the same terminal for something else: 94."""


def decide(book: Book, request: Request, tap: TapFacts | None, *, tap_used_before: bool, at_us: int) -> Outcome:
    """One request of a terminal, decided on what the book holds. Raises SameOperationOtherContent, UnknownTerminal."""
    terminal = book.producers.terminals.get(request.terminal)
    if terminal is None:
        raise UnknownTerminal(request.terminal.hex())
    # in the order of OperationHead's fields: 0.2 us against 0.6 by name
    head = tuple.__new__(OperationHead, (request.terminal, request.epoch, request.n, request.x, terminal.producer))
    if (request.terminal, request.x) in book.operations:
        known = book.operations[request.terminal, request.x]
        if not _same_operation(known, request, tap):
            raise SameOperationOtherContent(request.x.hex())
        outcome = outcome_of(known.event)
        repeated = OperationRepeated(op=head, answer=outcome.answer, first_position=known.position)
        return Outcome(
            event=repeated, answer=outcome.answer, approved_cents=outcome.approved_cents, approved_lines=outcome.approved_lines
        )
    if request.op is Op.SALE or request.op is Op.AUTH:
        return outcome_of(_decide_purchase(book, request, head, terminal, tap, used_before=tap_used_before, at_us=at_us))
    if request.op is Op.DRAW or request.op is Op.GIVE:
        return outcome_of(drawing.decide(book, request, head, terminal, at_us=at_us))
    if request.op is Op.DLV:
        return outcome_of(_decide_delivery(book, request, head, terminal, tap, used_before=tap_used_before, at_us=at_us))
    return outcome_of(_decide_afterwards(book, request, head, terminal, at_us=at_us))


def _decide_purchase(
    book: Book, request: Request, head: OperationHead, terminal: Terminal, found: TapFacts | None, *, used_before: bool,
    at_us: int,
) -> Decided:
    producer = book.producers.producers[terminal.producer]
    convention = producer.convention_at(at_us) if book.all_conventioned(request.lines, at_us) else None
    card = book.members.cards.get(found.card) if found is not None and found.card is not None else None
    member = book.members.members.get(card.member) if card is not None else None
    charte = book.caisse.charte_at(at_us)
    # in the order of Asked's fields
    asked = tuple.__new__(Asked, (
        head, request.amount_cents, request.lines, request.all_or_nothing, request.price_choice,
        _tap(found, card, at_us, used_before),
    ))  # fmt: skip
    if book.accounts.open and found is not None and found.card is not None:
        card = _mandated(book, request, found.card, card, at_us)
    reversed_before = bool(book.tombstones) and book.reversed_before(request.terminal, request.x, at_us)

    def facts() -> Facts:
        if member is None or convention is None:
            raise AssertionError("facts are asked for only when nothing stands in the way")
        found_facts = book.facts(member, convention, producer, price_choice=request.price_choice, at_us=at_us)
        if book.card_limits.limits and found is not None and found.card is not None:
            room = book.card_limits.room_cents(found.card, book.caisse.calendar.day(at_us))
            return found_facts._replace(card_room_cents=room)
        return found_facts

    if request.op is Op.SALE:
        return sale.decide_sale(
            asked, terminal=terminal, convention=convention, reversed_before=reversed_before, charte=charte, card=card,
            member=member, facts=facts,
        )
    return sale.decide_authorisation(
        asked, terminal=terminal, convention=convention, reversed_before=reversed_before, charte=charte, card=card,
        member=member, facts=facts, calendar=book.caisse.calendar, at_us=at_us,
    )


def _decide_delivery(
    book: Book, request: Request, head: OperationHead, terminal: Terminal, found: TapFacts | None, *, used_before: bool,
    at_us: int,
) -> Decided:
    """`r` names the hold of a collective account, whose second card this is; else a contract, whose basket is handed over."""
    original_x = request.original or OperationId(bytes(16))
    card = book.members.cards.get(found.card) if found is not None and found.card is not None else None
    tap, reversed_before = _tap(found, card, at_us, used_before), book.reversed_before(request.terminal, request.x, at_us)
    if book.accounts.open and original_x not in book.contracts.by_number:
        return accounts.decide_confirmation(
            book.accounts, head=head, original=original_x, amount_cents=request.amount_cents, lines=request.lines,
            hold=book.operation_of(terminal.producer, request.terminal, original_x), suspended=terminal.suspended,
            reversed_before=reversed_before, tap=tap, card=card, at_us=at_us,
        )
    return deliveries.decide_delivery(
        book.contracts, head=head, original=original_x, amount_cents=request.amount_cents, lines=request.lines,
        terminal=terminal, tap=tap, card=card, reversed_before=reversed_before, today=book.caisse.calendar.day(at_us),
        sealed=book.closing.sealed,
    )


def _mandated(book: Book, request: Request, named: CardId, card: Card | None, at_us: int) -> Card | None:
    """The card as it may be used now: blocked for this purchase when its mandate does not allow it."""
    if card is None or card.blocked is not None or card.member not in book.accounts.open:
        return card
    code = accounts.barred(
        book.accounts, account=card.member, card=named, amount_cents=request.amount_cents, month=month_of(book, at_us),
        at_once=request.op is Op.SALE,
    )
    return card if code is None else replace(card, blocked=code)


def _tap(found: TapFacts | None, card: Card | None, at_us: int, used_before: bool) -> Tap | None:
    """The tap as the event records it. A card the caisse does not know has no counter here: it is answered 14."""
    if found is None or not found.genuine or found.card is None:
        return None
    fresh = card is None or (
        card.key_version == found.key_version and card.fresh(found.counter, at_us, used_before=used_before)
    )
    return tuple.__new__(Tap, (found.card, found.key_version, found.counter, fresh))


def _decide_afterwards(book: Book, request: Request, head: OperationHead, terminal: Terminal, *, at_us: int) -> Decided:
    original_x = request.original or OperationId(bytes(16))
    asked = Afterwards(head=head, original=original_x, amount_cents=request.amount_cents, lines=request.lines)
    reversed_before = book.reversed_before(request.terminal, request.x, at_us)
    if request.op is Op.CAP:
        hold = book.operation_of(terminal.producer, request.terminal, original_x)
        version = getattr(hold.event, "charte_version", 0) if hold is not None else 0
        charte = book.caisse.charte(version) if version else None
        return afterwards.decide_capture(
            asked, original=hold, suspended=terminal.suspended, reversed_before=reversed_before, charte=charte,
            allocation=book.allocation, at_us=at_us, confirmed=not (book.accounts.waiting and _waits(book, hold)),
        )
    if request.op is Op.REV:
        same_terminal = book.operations.get((request.terminal, original_x))
        settled = same_terminal is not None and same_terminal.position <= book.settlement.settled_up_to
        drawn = drawing.anonymous(same_terminal)
        if same_terminal is not None and drawn is not None:
            return rules_of_draws.decide_undo(
                asked, drawn, same_terminal, settled=settled, solidarity=book.solidarity, funds=book.funds,
                sealed=book.closing.sealed,
            )
        if same_terminal is not None and isinstance(same_terminal.event, InterchangeSold):
            there, day = same_terminal.event, book.caisse.calendar.day(at_us).isoformat()
            half = book.interchange.halves.get(there.ref)
            return abroad.decide_reversed(
                head, there, half, same_terminal.state, settled=settled, day=day, sealed=book.closing.sealed
            )
        return afterwards.decide_reversal(
            asked, original=same_terminal, open_tombstones=book.open_tombstones(request.terminal, at_us), settled=settled,
            allocation=book.allocation, funds=book.funds, at_us=at_us, sealed=book.closing.sealed,
        )
    sold = book.capture_of(terminal.producer, request.terminal, original_x)
    drawn = drawing.anonymous(sold)
    if sold is not None and drawn is not None:
        return rules_of_draws.decide_take_back(
            asked, drawn, sold, suspended=terminal.suspended, reversed_before=reversed_before, solidarity=book.solidarity,
            sealed=book.closing.sealed,
        )
    return afterwards.decide_refund(
        asked, original=sold, suspended=terminal.suspended,
        reversed_before=reversed_before, allocation=book.allocation, funds=book.funds,
        new_lot_expires_us=new_lot_expires_us(book, at_us), at_us=at_us, sealed=book.closing.sealed,
    )


def new_lot_expires_us(book: Book, at_us: int) -> MicroTime:
    """When credit ends that comes back to a lot which lapsed meanwhile."""
    charte = book.caisse.charte_at(at_us)
    days = charte.refund_lot_days if charte is not None else 30
    calendar = book.caisse.calendar
    expires_us = calendar.end_of_day_us(calendar.day(at_us) + timedelta(days=days))
    if book.closing.ends_us:  # with the last day, or at once when that is over
        expires_us = MicroTime(min(expires_us, max(book.closing.ends_us, at_us + 1)))
    return MicroTime(expires_us)


def _waits(book: Book, hold: Operation | None) -> bool:
    """Whether a second mandatary has to confirm this hold before it is captured."""
    return hold is not None and accounts.key_of((hold.event.op.terminal, hold.event.op.x)) in book.accounts.waiting


def _same_operation(known: Operation, request: Request, tap: TapFacts | None) -> bool:
    """Whether a request under another (epoch, n) asks for the very operation that was decided before."""
    event = known.event
    if isinstance(event, ReversalDecided | InterchangeReversed):
        return request.op is Op.REV and event.original == request.original
    if (event.amount_cents, event.lines) != (request.amount_cents, request.lines):
        return False
    if isinstance(event, DeliveryDecided):
        asked_tap = (tap.card, tap.counter) if tap is not None and tap.genuine else None
        used = (event.tap.card, event.tap.counter) if event.tap is not None else None
        return request.op is Op.DLV and (event.original, used) == (request.original, asked_tap)
    if isinstance(event, InterchangeSold):
        return request.op is Op.SALE and request.caisse == event.issuer
    if isinstance(event, CaptureDecided | RefundDecided):
        wanted = Op.CAP if isinstance(event, CaptureDecided) else Op.REF
        return request.op is wanted and event.original == request.original
    if isinstance(event, DrawDecided | GiveDecided):
        return request.op is (Op.DRAW if isinstance(event, DrawDecided) else Op.GIVE) and event.asked == request.price_choice
    if isinstance(event, AuthorisationDecided) and event.price_choice != request.price_choice:
        return False
    if isinstance(event, PurchaseConfirmed) and event.original != request.original:
        return False
    wanted = _TAPPED[type(event)]
    card, counter = (event.tap.card, event.tap.counter) if event.tap is not None else (None, 0)
    asked = (tap.card, tap.counter) if tap is not None and tap.genuine else (None, 0)
    return request.op is wanted and asked == (card, counter)


def outcome_of(event: Decided) -> Outcome:
    """What the terminal is told about a decided operation."""
    if type(event) is SaleDecided:  # nearly always; in the order of Outcome's fields
        return tuple.__new__(Outcome, (event, event.answer, event.approved_cents, event.approved_lines))
    if isinstance(event, ReversalDecided | DeliveryDecided | InterchangeReversed):
        return Outcome(event=event, answer=event.answer, approved_cents=None, approved_lines=None)
    if isinstance(event, RefundDecided):
        return Outcome(event=event, answer=event.answer, approved_cents=event.card_cents, approved_lines=event.card_lines)
    return Outcome(
        event=event, answer=event.answer, approved_cents=event.approved_cents, approved_lines=event.approved_lines
    )


def uses_tap(event: object) -> Tap | None:
    """The tap that an event uses up for ever, to be kept in the store."""
    if isinstance(event, _TAPPING) and event.member is not None:
        return event.tap if event.tap is not None and event.tap.fresh else None
    return None
