"""Law: what our cards pay at another caisse is owed to it until their netting is paid; what its cards pay here is no fund's."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from clearing.events import interchange, joint as handing
from clearing.rules.between.abroad import payees
from clearing.rules.ledger.roads.contracts import failed
from clearing.rules.ledger.roads.sold import give_back, take
from clearing.rules.ledger.traced import ABROAD, State, lump
from clearing.rules.treasury.pieces import cut

if TYPE_CHECKING:
    from clearing.rules.ledger.tracing import Trace


def _at(acquirer: str) -> str:
    return f"{ABROAD}{acquirer}"


def _held(trace: "Trace", event: interchange.InterchangeHeld, position: int, day: str) -> None:
    parts = trace.operations.setdefault((b"abroad", event.ref), [])
    take(trace, parts, event.shares, event.lines, position, day, held=True)
    for part in parts:
        part.payee = _at(event.acquirer)


def _captured(trace: "Trace", event: interchange.InterchangeCaptured, _position: int, _day: str) -> None:
    parts = trace.operations.get((b"abroad", event.ref), [])
    for part in parts:
        part.held, part.settled_on = False, event.day
    trace.pending.setdefault(_at(event.acquirer), []).extend(parts)


def _released(
    trace: "Trace", event: interchange.InterchangeReleased | interchange.InterchangeExpired, position: int, _day: str
) -> None:
    give_back(trace, trace.operations.get((b"abroad", event.ref), []), event.returned, position)


def _netted(trace: "Trace", event: interchange.InterchangeNetted, _position: int, _day: str) -> None:
    """All of its days at once; where nobody has to pay, it is paid by what the other owed."""
    taken = trace.nettings.setdefault(event.day, [])
    for payee, parts in trace.pending.items():
        if payee.startswith(ABROAD):
            taken += [part for part in parts if part.settled_on <= event.day]
            parts[:] = [part for part in parts if part.settled_on > event.day]
    for part in taken:
        part.netted = event.day
        part.paid = not event.net_cents


def _paid(trace: "Trace", event: interchange.InterchangePaid, _position: int, _day: str) -> None:
    for part in trace.nettings.get(event.day, ()):
        part.paid = True


def _sold(trace: "Trace", event: interchange.InterchangeSold, position: int, day: str) -> None:
    parts = trace.operations.setdefault((event.op.terminal, event.op.x), [])
    for payee, cents in payees(event):
        pieces = [trace.receive(position, "", cents, "cards of other caisses")]
        trace.owe(parts, lump(payee, pieces, by=f"cards of {event.issuer}", day=day, sale=position))


def _reversed(trace: "Trace", event: interchange.InterchangeReversed, _position: int, day: str) -> None:
    parts = trace.operations.get((event.op.terminal, event.original), [])
    for payee, cents in event.taken_back:
        for part in parts:
            if part.payee == payee:
                trace.leave(State.LEFT, "sales to other caisses' cards, undone", day, cut(part.pieces, cents))


def _handed_over(trace: "Trace", event: handing.HandoverEnded, _position: int, _day: str) -> None:
    """Taken: like what our cards paid there, it is owed to that caisse until their netting is paid."""
    if event.reason:
        failed(trace, event.batch, event.producer)
        return
    parts = trace.batches.get((event.batch, event.producer), [])
    for part in parts:
        part.settled_on = event.day
    trace.pending.setdefault(_at(event.other), []).extend(parts)


def _part_taken(trace: "Trace", event: handing.PartAnswered, position: int, day: str) -> None:
    if not event.reason:
        pieces = [trace.receive(position, "", event.cents, "payouts of other caisses")]
        parts = trace.operations.setdefault((b"joint", event.ref), [])
        trace.owe(parts, lump(event.producer, pieces, by=f"for {event.other}", day=day, sale=position))


ROADS: Final[dict[type, Callable[["Trace", Any, int, str], None]]] = {
    interchange.InterchangeHeld: _held,
    interchange.InterchangeCaptured: _captured,
    interchange.InterchangeReleased: _released,
    interchange.InterchangeExpired: _released,
    interchange.InterchangeNetted: _netted,
    interchange.InterchangePaid: _paid,
    interchange.InterchangeSold: _sold,
    interchange.InterchangeReversed: _reversed,
    handing.HandoverEnded: _handed_over,
    handing.PartAnswered: _part_taken,
}
