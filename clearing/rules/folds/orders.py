"""Law: an order reserves, a delivery note owes, what is left goes back to the very lot and day it came from."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from clearing.events import orders as order_events
from clearing.events.basket import Return, Share
from clearing.events.catalogue import Event
from clearing.rules.answers import BrokenBook
from clearing.rules.collective import orders
from clearing.rules.selling import exceptions
from clearing.rules.selling.returns import give_back, pool_surplus, take_shares
from clearing.rules.stalls.debts import debts

if TYPE_CHECKING:
    from clearing.rules.book import Book


def _placed(book: "Book", event: order_events.OrderPlaced, _position: int, at_us: int) -> None:
    take_shares(event.shares, book.allocation, book.funds, book.members.members[event.account])
    day = book.caisse.calendar.day(at_us)
    book.usage.count(book.caisse.charte(event.charte_version), event.shares, day, event.account, 1)
    orders.evolve_placed(book.orders, event, at_us)


def _delivered(book: "Book", event: order_events.DeliveryNoted, position: int, _at_us: int) -> None:
    orders.evolve_delivered(book.orders, event)
    _owe(book, event, event.shares)
    _release(book, book.orders.orders[event.order], event.released, position)


def _resolved(book: "Book", event: order_events.DisputeResolved, position: int, _at_us: int) -> None:
    orders.evolve_resolved(book.orders, event)
    _owe(book, event, event.shares)
    _release(book, book.orders.orders[event.order], event.released, position)


def _cancelled(book: "Book", event: order_events.OrderCancelled, position: int, _at_us: int) -> None:
    orders.evolve_cancelled(book.orders, event)
    _release(book, book.orders.orders[event.order], event.released, position)


def _owe(
    book: "Book", event: order_events.DeliveryNoted | order_events.DisputeResolved | order_events.ExceptionResolved,
    shares: tuple[Share, ...],
) -> None:
    pool_surplus(shares, book.funds, 1)
    for debt in debts(event):
        book.settlement.owed_to(debt.producer).captured_cents += debt.captured_cents


def _release(book: "Book", order: orders.Order, released: tuple[Return, ...], position: int) -> None:
    placed = order.placed
    member = book.members.members[placed.account]
    give_back(released, book.allocation, book.funds, member, position=position, new_expires_us=0)
    day = book.caisse.calendar.day(order.counted_us)
    book.usage.count(book.caisse.charte(placed.charte_version), released, day, placed.account, -1)
    if book.households.closed:
        book.households.came_back(placed.account)


def _noted(book: "Book", event: Event, _position: int, at_us: int) -> None:
    """Moves no money."""
    orders.evolve(book.orders, event, at_us)


def _resolution_proposed(book: "Book", event: order_events.ResolutionProposed, _position: int, _at_us: int) -> None:
    book.exceptions.proposed[event.exception] = event


def _exception_resolved(book: "Book", event: order_events.ExceptionResolved, _position: int, _at_us: int) -> None:
    item = book.exceptions.open[event.exception]
    hold = book.operation_of(item.producer, item.terminal, item.original)
    if event.shares:
        if event.member is None:
            raise BrokenBook("money moves only for a member")
        take_shares(event.shares, book.allocation, book.funds, book.members.members[event.member])
        _owe(book, event, event.shares)
    exceptions.evolve_resolved(book.exceptions, event, hold)


FOLDS: Final[dict[type, Callable[..., None]]] = {
    order_events.OrderPlaced: _placed,
    order_events.OrderConfirmed: _noted,
    order_events.DeliveryNoted: _delivered,
    order_events.LineDisputed: _noted,
    order_events.DisputeProposed: _noted,
    order_events.DisputeResolved: _resolved,
    order_events.OrderCancelled: _cancelled,
    order_events.ResolutionProposed: _resolution_proposed,
    order_events.ExceptionResolved: _exception_resolved,
}
