"""Law: what leaves at a closing goes to members and heirs, and is in no purse and no fund any more."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from clearing.events import closing
from clearing.rules.ledger.roads.credit import BACK_TO_MEMBERS
from clearing.rules.ledger.traced import State

if TYPE_CHECKING:
    from clearing.rules.ledger.tracing import Trace


def _own_left(trace: "Trace", event: closing.OwnMoneyReleased, _position: int, day: str) -> None:
    for use in event.lots:
        trace.leave(State.LEFT, BACK_TO_MEMBERS, day, trace.lot(use.lot).take(use.cents))


def _rest_left(trace: "Trace", event: closing.RestReleased, _position: int, day: str) -> None:
    trace.leave(State.LEFT, f"to {event.body}", day, trace.pools.take(event.fund, event.cents))


ROADS: Final[dict[type, Callable[["Trace", Any, int, str], None]]] = {
    closing.OwnMoneyReleased: _own_left,
    closing.RestReleased: _rest_left,
}
