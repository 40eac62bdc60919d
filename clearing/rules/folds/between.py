"""Law: what is held for another caisse is reserved, what is captured is owed to it; what ours sold is owed by the other."""

import heapq
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from clearing.events import interchange as between, joint as handing
from clearing.events.basket import Return
from clearing.rules.answers import BrokenBook
from clearing.rules.between import abroad, interchange, joint, write_offs
from clearing.rules.between.interchange import Hold, HoldState
from clearing.rules.collective import accounts
from clearing.rules.folds.accounts import month_of
from clearing.rules.selling.operations import State, StoredForm
from clearing.rules.selling.returns import give_back, take_shares
from clearing.values import MemberId

if TYPE_CHECKING:
    from clearing.rules.book import Book


def _held(book: "Book", event: between.InterchangeHeld, _position: int, at_us: int) -> None:
    card = book.members.cards.get(event.tap.card) if event.tap is not None else None
    if event.tap is not None and card is not None and event.tap.fresh and card.key_version == event.tap.key_version:
        card.use(event.tap.counter, at_us)
    interchange.evolve_held(book.interchange, event, at_us)
    if book.interchange.holds[event.ref].state is HoldState.HELD:
        if event.member is None:
            raise BrokenBook("money moves only for a member")
        take_shares(event.shares, book.allocation, book.funds, book.members.members[event.member])
        charte, day = book.caisse.charte(event.charte_version), book.caisse.calendar.day(at_us)
        book.usage.count(charte, event.shares, day, event.member, 1)
        if book.card_limits.limits:
            book.card_limits.count(event.tap, event.shares, day, at_us, 1)
        _count_for_account(book, event, at_us, event.approved_cents)
        heapq.heappush(book.interchange.holds_due, (event.hold_expires_us, event.ref))


def _released(
    book: "Book", event: between.InterchangeReleased | between.InterchangeExpired, position: int, _at_us: int
) -> None:
    hold = interchange.evolve_released(book.interchange, event)
    _return(book, hold, event.returned, event.member, position)


def _return(book: "Book", hold: Hold, returns: tuple[Return, ...], member: MemberId, position: int) -> None:
    give_back(
        returns, book.allocation, book.funds, book.members.members[member], position=position, new_expires_us=0
    )
    charte, day = book.caisse.charte(hold.event.charte_version), book.caisse.calendar.day(hold.counted_us)
    book.usage.count(charte, returns, day, member, -1)
    if book.card_limits.limits:
        book.card_limits.count(hold.event.tap, returns, day, hold.counted_us, -1)
    if book.households.closed:
        book.households.came_back(member)
    _count_for_account(book, hold.event, hold.counted_us, -hold.event.approved_cents)


def _count_for_account(book: "Book", held: between.InterchangeHeld, at_us: int, cents: int) -> None:
    """What a collective account's mandatary buys abroad counts in the month's limit as at home."""
    if held.tap is not None and held.member in book.accounts.open:
        accounts.count(book.accounts, held.member, held.tap.card, month_of(book, at_us), cents)


def _sold(
    book: "Book", event: between.InterchangeSold, position: int, at_us: int, stored: StoredForm | None
) -> None:
    state = State.CAPTURED if event.approved_cents else State.DECLINED
    key = (event.op.terminal, event.op.x)
    book.operations.record(key, event, stored, position=position, counted_us=at_us, state=state)
    waiting = book.tombstones.get(event.op.terminal)
    if waiting:
        waiting.pop(event.op.x, None)
    interchange.evolve_sold(book.interchange, event, position)
    for payee, cents in abroad.payees(event):
        book.settlement.owed_to(payee).captured_cents += cents


def _reversed(
    book: "Book", event: between.InterchangeReversed, position: int, at_us: int, stored: StoredForm | None
) -> None:
    key = (event.op.terminal, event.op.x)
    book.operations.record(key, event, stored, position=position, counted_us=at_us, state=State.DONE)
    if event.effect == "undone":
        book.operations.change((event.op.terminal, event.original), State.UNDONE)
        for payee, cents in event.taken_back:
            book.settlement.owed_to(payee).captured_cents -= cents
    interchange.evolve_reversed(book.interchange, event, position)


def _handed_over(book: "Book", event: handing.PayoutsHandedOver, position: int, _at_us: int) -> None:
    joint.evolve_leaving(book.settlement, event)
    joint.evolve_handed(book.interchange, event, position)


def _part_answered(book: "Book", event: handing.PartAnswered, _position: int, _at_us: int) -> None:
    joint.evolve_answered(book.interchange, event)
    joint.evolve_owed(book.settlement, event)


def _handover_ended(book: "Book", event: handing.HandoverEnded, _position: int, _at_us: int) -> None:
    joint.evolve_handover_ended(book.interchange, event)
    joint.evolve_left(book.settlement, event)


DECIDED: Final[dict[type, Callable[..., None]]] = {
    between.InterchangeSold: _sold,
    between.InterchangeReversed: _reversed,
}
"""Operations of terminals, which are kept as they are stored."""

FOLDS: Final[dict[type, Callable[..., None]]] = {
    between.RecognitionSet: lambda book, event, _p, _a: interchange.evolve_recognition(book.interchange, event),
    between.InterchangeHeld: _held,
    between.InterchangeCaptured: lambda book, event, _p, _a: interchange.evolve_captured(book.interchange, event),
    between.InterchangeReleased: _released,
    between.InterchangeExpired: _released,
    between.InterchangeMatched: lambda book, event, position, _a: interchange.evolve_matched(
        book.interchange, event, position
    ),
    between.InterchangeNetted: lambda book, event, _p, _a: interchange.evolve_netted(book.interchange, event),
    between.WriteOffProposed: lambda book, event, _p, _a: write_offs.evolve_proposed(book.interchange, event),
    between.WriteOffDropped: lambda book, event, _p, _a: write_offs.evolve_dropped(book.interchange, event),
    between.InterchangeWrittenOff: lambda book, event, _p, _a: write_offs.evolve_written_off(
        book.interchange, book.funds, event
    ),
    between.InterchangePaid: lambda book, event, _p, _a: interchange.evolve_paid(book.interchange, event),
    handing.JointProposed: lambda book, event, position, _a: joint.evolve_proposed(book.interchange, event, position),
    handing.JointAgreed: lambda book, event, _p, _a: joint.evolve_agreed(book.interchange, event),
    handing.JointEnded: lambda book, event, _p, _a: joint.evolve_ended(book.interchange, event),
    handing.PayoutsHandedOver: _handed_over,
    handing.PartAnswered: _part_answered,
    handing.HandoverEnded: _handover_ended,
}
