"""Law: what a contest gives a member comes back out of what was paid for the goods, or out of the fund that bears it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from clearing.events.contests import ContestDecided
from clearing.rules.ledger.roads.sold import give_back
from clearing.rules.ledger.traced import SURPLUS, lump
from clearing.rules.selling.returns import new_lot_ids

if TYPE_CHECKING:
    from clearing.rules.ledger.tracing import Trace


def _decided(trace: "Trace", event: ContestDecided, position: int, day: str) -> None:
    parts = trace.operations.get((event.about.terminal, event.about.x), [])
    if event.paid_cents:
        pieces = trace.pools.take(event.fund, event.paid_cents)
        made_good = lump(event.payee, pieces, by=f"after a contest, out of fund {event.fund}", day=day, sale=event.sale)
        trace.owe(trace.parts_of(b"contest", str(event.contest)), made_good)
    elif event.fund:
        _out_of_the_fund(trace, event, position)
        give_back(trace, parts, tuple(back for back in event.returned if back.step == SURPLUS), position)
    else:
        give_back(trace, parts, event.returned, position)


def _out_of_the_fund(trace: "Trace", event: ContestDecided, position: int) -> None:
    """The goods stay paid as they were; the member's lots are filled with the fund's money."""
    renewed = new_lot_ids(event.returned, position)
    for back in event.returned:
        if back.step == SURPLUS:
            continue
        for lot, cents, outcome in back.lots or [("", back.cents, "")]:
            pieces = trace.pools.take(event.fund, cents)
            if not lot:
                trace.pools.put(back.source[5:], pieces)
            elif outcome == "new":
                trace.credit_of[renewed[lot]] = trace.credit_of.get(lot, lot)
                trace.lot(renewed[lot]).put(pieces)
            else:
                trace.lot(lot).put(pieces)


ROADS: Final[dict[type, Callable[["Trace", Any, int, str], None]]] = {ContestDecided: _decided}
