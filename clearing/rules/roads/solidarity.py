"""Law: a draw is followed by its day and producer only; what a give brings is its fund's, and goes back first when undone."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from clearing.events import solidarity
from clearing.events.basket import Line, Share
from clearing.rules.roads.sold import part_of

if TYPE_CHECKING:
    from clearing.rules.tracing import Trace


def _drawn(trace: "Trace", event: solidarity.DrawDecided, _position: int, day: str) -> None:
    key = (event.op.terminal, event.op.x)
    if event.claimed:
        trace.claims[key] = event.lines
    elif event.shares:
        trace.named.setdefault((event.op.producer, event.op.x), key)
        _paid(trace, key, event.shares, event.lines, day)


def _shared(trace: "Trace", event: solidarity.DrawsShared, _position: int, _day: str) -> None:
    for part in event.draws:
        key = (part.terminal, part.x)
        lines = trace.claims.pop(key, ())
        if part.shares:
            _paid(trace, key, part.shares, lines, event.day)


def _paid(trace: "Trace", key: tuple[bytes, bytes], shares: Iterable[Share], lines: tuple[Line, ...], day: str) -> None:
    """No position: who reads the trace learns no more of a draw than its day."""
    parts = trace.operations.setdefault(key, [])
    for share in shares:
        for lot, pieces in trace.spend(share):
            part = part_of(share, lot, lines[share.line].category if lines else "", 0, day, pieces)
            part.by = f"draws by {share.payer}"
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
