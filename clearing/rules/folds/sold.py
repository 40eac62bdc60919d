"""Law: what is captured is owed, what is held is reserved, what comes back goes to the very lot and day it came from."""

import heapq
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from clearing.events import accounts as account_events, sales as sale_events
from clearing.events.basket import Return, Share
from clearing.events.codes import Code
from clearing.events.solidarity import DrawDecided, GiveDecided
from clearing.rules.answers import BrokenBook
from clearing.rules.folds import accounts
from clearing.rules.reductions import drawing
from clearing.rules.selling import exceptions
from clearing.rules.selling.operations import Decided, Operation, OperationKey, State, StoredForm
from clearing.rules.selling.returns import give_back, pool_surplus, take_shares, total
from clearing.values import MemberId

if TYPE_CHECKING:
    from clearing.rules.book import Book

_APPROVED: Final = frozenset({Code.APPROVED, Code.PARTIAL})
_PAYING: Final = (sale_events.SaleDecided, sale_events.AuthorisationDecided, sale_events.CaptureDecided)


def _take(book: "Book", shares: tuple[Share, ...], member: MemberId | None, charte_version: int, at_us: int) -> None:
    if member is None:
        raise BrokenBook("money moves only for a member")
    take_shares(shares, book.allocation, book.funds, book.members.members[member])
    book.usage.count(book.caisse.charte(charte_version), shares, book.caisse.calendar.day(at_us), member, 1)


def bring_back(
    book: "Book", returns: tuple[Return, ...], member: MemberId | None, original: Operation, position: int,
    new_expires_us: int = 0,
) -> None:
    """Give cents back, and the ceilings of the day they were counted on with them."""
    event = original.event
    if member is None or not isinstance(event, _PAYING):
        raise BrokenBook("money comes back only from a sale or a hold of a member")
    person = book.members.members[member]
    give_back(returns, book.allocation, book.funds, person, position=position, new_expires_us=new_expires_us)
    day = book.caisse.calendar.day(original.counted_us)
    book.usage.count(book.caisse.charte(event.charte_version), returns, day, member, -1)
    if book.card_limits.limits:
        book.card_limits.count(_tapped(book, event), returns, day, original.counted_us, -1)
    if book.households.closed:
        book.households.came_back(member)
    if book.accounts.open:
        accounts.came_back(book, original, total(returns))


def _tapped(book: "Book", event: sale_events.SaleDecided | sale_events.AuthorisationDecided | sale_events.CaptureDecided) -> (
    sale_events.Tap | None
):
    """The tap that a sale, or the hold that a capture used up, was paid with."""
    if not isinstance(event, sale_events.CaptureDecided):
        return event.tap
    hold = book.operation_of(event.op.producer, event.op.terminal, event.original)
    return hold.event.tap if hold is not None and isinstance(hold.event, sale_events.AuthorisationDecided) else None


def _owe(book: "Book", shares: tuple[Share, ...]) -> None:
    """Goods are owed to their producers; a surplus is in its fund from now on."""
    owed = book.settlement.owed
    for share in shares:
        if share.step == "surplus":
            pool_surplus((share,), book.funds, 1)
            continue
        account = owed.get(share.payee)
        if account is None:
            account = book.settlement.owed_to(share.payee)
        account.captured_cents += share.cents


def _use_tap(book: "Book", tap: sale_events.Tap | None, at_us: int) -> None:
    card = book.members.cards.get(tap.card) if tap is not None else None
    if tap is not None and card is not None and tap.fresh and card.key_version == tap.key_version:
        card.use(tap.counter, at_us)


def record(
    book: "Book", event: Decided, stored: StoredForm | None, position: int, counted_us: int, state: State
) -> None:
    head = event.op
    book.operations.record((head.terminal, head.x), event, stored, position=position, counted_us=counted_us, state=state)
    waiting = book.tombstones.get(head.terminal)
    if waiting:
        waiting.pop(head.x, None)  # whatever was decided, this x is known from now on


def _sale(book: "Book", event: sale_events.SaleDecided, position: int, at_us: int, stored: StoredForm | None) -> None:
    _use_tap(book, event.tap, at_us)
    sold = event.code in _APPROVED
    if sold:
        _take(book, event.shares, event.member, event.charte_version, at_us)
        if book.card_limits.limits:
            book.card_limits.count(event.tap, event.shares, book.caisse.calendar.day(at_us), at_us, 1)
        _owe(book, event.shares)
        if book.accounts.open:
            accounts.bought(book, event, at_us)
    record(book, event, stored, position, at_us, State.CAPTURED if sold else State.DECLINED)


def _authorisation(
    book: "Book", event: sale_events.AuthorisationDecided, position: int, at_us: int, stored: StoredForm | None
) -> None:
    _use_tap(book, event.tap, at_us)
    held = event.code in _APPROVED
    if held:
        _take(book, event.shares, event.member, event.charte_version, at_us)
        if book.card_limits.limits:
            book.card_limits.count(event.tap, event.shares, book.caisse.calendar.day(at_us), at_us, 1)
        heapq.heappush(book.holds_due, (event.hold_expires_us, (event.op.terminal, event.op.x)))
        if book.accounts.open:
            accounts.bought(book, event, at_us)
    record(book, event, stored, position, at_us, State.HELD if held else State.DECLINED)


def _capture(book: "Book", event: sale_events.CaptureDecided, position: int, at_us: int, stored: StoredForm | None) -> None:
    if event.code not in _APPROVED:
        record(book, event, stored, position, at_us, State.DECLINED)
        if event.code == Code.EXPIRED_OR_RESOLVED:
            exceptions.evolve_late_capture(book.exceptions, event, position, at_us)
        return
    hold = book.operation_of(event.op.producer, event.op.terminal, event.original)
    if hold is None or hold.state is not State.HELD:
        raise BrokenBook(f"capture at {position} has no open hold")
    book.operations.change(_key_of(hold), State.DELIVERED, captured_by=(event.op.terminal, event.op.x))
    record(book, event, stored, position, hold.counted_us, State.CAPTURED)
    bring_back(book, event.released, event.member, hold, position)
    _owe(book, event.shares)


def _key_of(operation: Operation) -> OperationKey:
    return operation.event.op.terminal, operation.event.op.x


def _reversal(book: "Book", event: sale_events.ReversalDecided, position: int, at_us: int, stored: StoredForm | None) -> None:
    record(book, event, stored, position, at_us, State.DONE if event.code in _APPROVED else State.DECLINED)
    if event.exception:
        exceptions.evolve_reversal(book.exceptions, event, position, at_us)
    if event.effect == "tombstone":
        book.tombstones[event.op.terminal] = book.open_tombstones(event.op.terminal, at_us) | {event.original: at_us}
    elif event.effect in ("released", "undone"):
        key = (event.op.terminal, event.original)
        original = book.operations[key]
        book.operations.change(key, State.RELEASED if event.effect == "released" else State.UNDONE)
        if isinstance(original.event, DrawDecided | GiveDecided):
            _given_back(book, original.event, event, at_us)
            return
        bring_back(book, event.returned, event.member, original, position)
        if event.effect == "undone":
            pool_surplus(event.returned, book.funds, -1)
            _owe_less(book, event.returned)


def _owe_less(book: "Book", returns: tuple[Return, ...]) -> None:
    for part in returns:
        if part.step != "surplus":
            book.settlement.owed_to(part.payee).captured_cents -= part.cents


def _refund(book: "Book", event: sale_events.RefundDecided, position: int, at_us: int, stored: StoredForm | None) -> None:
    done = event.code in _APPROVED
    record(book, event, stored, position, at_us, State.DONE if done else State.DECLINED)
    if done:
        original = book.capture_of(event.op.producer, event.op.terminal, event.original)
        if original is None:
            raise BrokenBook(f"refund at {position} has no original")
        book.operations.change(_key_of(original), original.state, refunded=event.lines)
        if isinstance(original.event, DrawDecided | GiveDecided):
            _given_back(book, original.event, event, at_us)
            return
        bring_back(book, event.returned, event.member, original, position, event.new_lot_expires_us)
        pool_surplus(event.returned, book.funds, -1)
        for part in event.returned:
            if part.step != "surplus":
                book.settlement.owed_to(part.payee).refunded_cents += part.cents


def _given_back(
    book: "Book", drawn: DrawDecided | GiveDecided, event: sale_events.ReversalDecided | sale_events.RefundDecided, at_us: int
) -> None:
    today = book.caisse.calendar.day(at_us).isoformat()
    drawing.evolve_given_back(drawn, event, book.solidarity, book.funds, book.settlement, today=today)


def _hold_expired(book: "Book", event: sale_events.HoldExpired, position: int, _at_us: int) -> None:
    key = (event.terminal, event.original)
    hold = book.operations[key]
    book.operations.change(key, State.RELEASED)
    bring_back(book, event.released, event.member, hold, position)


def _confirmed(
    book: "Book", event: account_events.PurchaseConfirmed, position: int, at_us: int, stored: StoredForm | None
) -> None:
    _use_tap(book, event.tap, at_us)
    done = event.code in _APPROVED
    if done:
        accounts.confirmed(book, event)
    record(book, event, stored, position, at_us, State.DONE if done else State.DECLINED)


DECIDED: Final[dict[type, Callable[..., None]]] = {
    sale_events.SaleDecided: _sale,
    sale_events.AuthorisationDecided: _authorisation,
    sale_events.CaptureDecided: _capture,
    sale_events.ReversalDecided: _reversal,
    sale_events.RefundDecided: _refund,
    account_events.PurchaseConfirmed: _confirmed,
}
"""The operations of terminals, which are kept as they are stored."""

FOLDS: Final[dict[type, Callable[..., None]]] = {sale_events.HoldExpired: _hold_expired}
