"""Law: of a draw only rule and producer are followed; what a give brings is its fund's, and goes back first when undone."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from clearing.events import solidarity
from clearing.events.basket import Share
from clearing.rules.ledger.roads.sold import part_of

if TYPE_CHECKING:
    from clearing.rules.ledger.tracing import Trace


def _drawn(trace: "Trace", event: solidarity.DrawDecided, _position: int, _day: str) -> None:
    key = (event.op.terminal, event.op.x)
    if event.shares and not event.claimed:
        trace.named.setdefault((event.op.producer, event.op.x), key)
        _paid(trace, key, event.shares)


def _shared(trace: "Trace", event: solidarity.DrawsShared, _position: int, _day: str) -> None:
    for part in event.draws:
        if part.shares:
            _paid(trace, (part.terminal, part.x), part.shares)


def _paid(trace: "Trace", key: tuple[bytes, bytes], shares: Iterable[Share]) -> None:
    """Neither position nor day nor goods: who reads the trace sees no draw by itself, nor those of one day."""
    parts = trace.operations.setdefault(key, [])
    for share in shares:
        for lot, pieces in trace.spend(share):
            part = part_of(share, lot, "", 0, "", pieces)
            part.by = f"reductions at the till, by rule {share.payer}"
            trace.owe(parts, part)


def _given(trace: "Trace", event: solidarity.GiveDecided, position: int, _day: str) -> None:
    if event.shares:  # all of them are for the rule's fund
        trace.come(position, event.shares[0].payee[5:], event.approved_cents, "gives")
        trace.gives[event.op.terminal, event.op.x] = len(trace.receipts)


ROADS: Final[dict[type, Callable[["Trace", Any, int, str], None]]] = {
    solidarity.DrawDecided: _drawn,
    solidarity.DrawsShared: _shared,
    solidarity.GiveDecided: _given,
}
