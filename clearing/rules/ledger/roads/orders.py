"""Law: an order holds line by line; what came is owed, a disputed line waits, a late sale takes what is there."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from clearing.events import orders
from clearing.rules.ledger.roads.sold import give_back, settle, take

if TYPE_CHECKING:
    from clearing.rules.ledger.tracing import Trace

_HELD: Final = b"order"
_OWED: Final = b"delivered"


def _placed(trace: "Trace", event: orders.OrderPlaced, position: int, day: str) -> None:
    take(trace, trace.parts_of(_HELD, event.order), event.shares, event.lines, position, day, held=True)


def _delivered(trace: "Trace", event: orders.DeliveryNoted | orders.DisputeResolved, position: int, day: str) -> None:
    held = trace.parts_of(_HELD, event.order)
    ordered = {part.what[0]: part.category for part in held}
    owed = trace.parts_of(_OWED, event.order)
    settle(trace, held, owed, event.shares, lambda line: ordered.get(line, ""), position, day, by_line=True)
    give_back(trace, held, event.released, position, by_line=True)


def _cancelled(trace: "Trace", event: orders.OrderCancelled, position: int, _day: str) -> None:
    give_back(trace, trace.parts_of(_HELD, event.order), event.released, position, by_line=True)


def _accepted(trace: "Trace", event: orders.ExceptionResolved, position: int, day: str) -> None:
    parts = trace.parts_of(b"exception", str(event.exception))
    take(trace, parts, event.shares, event.lines, position, day, late=True)


ROADS: Final[dict[type, Callable[["Trace", Any, int, str], None]]] = {
    orders.OrderPlaced: _placed,
    orders.DeliveryNoted: _delivered,
    orders.DisputeResolved: _delivered,
    orders.OrderCancelled: _cancelled,
    orders.ExceptionResolved: _accepted,
}
