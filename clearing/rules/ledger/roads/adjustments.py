"""Law: what is adjusted comes out of the fund that bears it, or goes from what a producer is owed, the newest first."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from clearing.events.adjustments import AdjustmentMade
from clearing.rules.ledger.traced import State, lump
from clearing.rules.treasury.pieces import Pieces, cut, total

if TYPE_CHECKING:
    from clearing.rules.ledger.tracing import Trace


def _made(trace: "Trace", event: AdjustmentMade, position: int, day: str) -> None:
    what = event.what
    match what.kind:
        case "owe" | "write-off":
            pieces = trace.pools.take(what.fund, event.cents)
            made = lump(what.who, pieces, by=f"adjusted, out of fund {what.fund}", day=day)
            trace.owe(trace.parts_of(b"adjustment", str(event.adjustment)), made)
        case "owe-less":
            trace.pools.put(what.fund, _newest_owed(trace, what.who, event.cents, position))
        case "paid-outside":
            trace.leave(State.LEFT, "paid outside a batch", day, _newest_owed(trace, what.who, event.cents, position))
        case "debit":
            for one in event.taken:
                trace.pools.put(one.fund, trace.lot(one.lot).take(one.cents))
        case _:
            pass


def _newest_owed(trace: "Trace", producer: str, cents: int, position: int) -> Pieces:
    """Out of what waits for a batch; what is more than that is new money: the producer will owe it."""
    taken: Pieces = []
    for part in reversed(trace.pending.get(producer, [])):
        part.pieces.reverse()
        taken += cut(part.pieces, cents - total(taken))
        part.pieces.reverse()
    missing = cents - total(taken)
    return [*taken, trace.receive(position, "", missing, "owed by producers")] if missing else taken


ROADS: Final[dict[type, Callable[["Trace", Any, int, str], None]]] = {AdjustmentMade: _made}
