"""Law: what is sold or held is taken out of lots and funds, and goes back, gross, to where it came from."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from clearing.events import sales
from clearing.events.basket import Line, Return, Share
from clearing.rules.ledger.traced import SURPLUS, Part, State
from clearing.rules.selling.returns import new_lot_ids
from clearing.rules.treasury.pieces import Pieces, cut, total

if TYPE_CHECKING:
    from clearing.rules.ledger.tracing import Trace


def take(
    trace: "Trace",
    parts: list[Part],
    shares: Iterable[Share],
    lines: tuple[Line, ...],
    position: int,
    day: str,
    *,
    held: bool = False,
    late: bool = False,
) -> None:
    """late: of a sale that came after its hold was over."""
    for share in shares:
        for lot, pieces in trace.spend(share):
            part = part_of(share, lot, lines[share.line].category, position, day, pieces)
            part.held = held
            part.by = f"late sale, out of fund {share.source[5:]}" if late and not lot else part.by
            trace.owe(parts, part)


def part_of(share: Share, lot: str, category: str, position: int, day: str, pieces: Pieces) -> Part:
    return Part(
        what=(share.line, share.step, share.payer, share.source, lot),
        category=category,
        payee=share.payee,
        day=day,
        sale=position,
        pieces=pieces,
        by=f"at the till, by rule {share.payer}",
    )


def settle(
    trace: "Trace",
    held: list[Part],
    parts: list[Part],
    shares: Iterable[Share],
    categories: Callable[[int], str],
    position: int,
    day: str,
    *,
    by_line: bool,
) -> None:
    """What was held is owed. by_line: each line out of its own reserve."""
    for share in shares:
        for lot, cents in [(use.lot, use.cents) for use in share.lots] or [("", share.cents)]:
            pieces = out(held, (share.step, share.payer, share.source, lot), cents, share.line if by_line else None)
            trace.owe(parts, part_of(share, lot, categories(share.line), position, day, pieces))


def out(parts: list[Part], what: tuple[str, str, str, str], cents: int, line: int | None = None) -> Pieces:
    """Cents out of the parts of one payer and lot, of one line or of any."""
    taken: Pieces = []
    for part in parts:
        if part.what[1:] == what and (line is None or part.what[0] == line):
            taken += cut(part.pieces, cents - total(taken))
    return taken


def give_back(
    trace: "Trace", parts: list[Part], returned: tuple[Return, ...], position: int, *, by_line: bool = False
) -> None:
    """Out of held or captured parts, back to where they came from."""
    renewed = new_lot_ids(returned, position)
    held = any(part.held for part in parts)
    for back in returned:
        for lot, cents, outcome in back.lots or [("", back.cents, "")]:
            if back.step == SURPLUS and not held:
                pieces = trace.pools.take_newest(back.payee[5:], cents)
            else:
                line = back.line if by_line or not held else None
                pieces = out(parts, (back.step, back.payer, back.source, lot), cents, line)
            fund = trace.origins.known.get(f"lot:{lot}")  # of own money there is none
            if not lot:
                trace.pools.put(back.source[5:], pieces)
            elif outcome == "lapsed" and fund is not None:
                trace.lapse(fund, pieces)
            elif outcome == "new":
                new = renewed[lot]
                trace.credit_of[new] = trace.credit_of.get(lot, lot)
                trace.lot(new).put(pieces)
            else:
                trace.lot(lot).put(pieces)


def _sold(trace: "Trace", event: sales.SaleDecided | sales.AuthorisationDecided, position: int, day: str) -> None:
    if not event.shares:
        return
    key = (event.op.terminal, event.op.x)
    trace.named.setdefault((event.op.producer, event.op.x), key)
    held = isinstance(event, sales.AuthorisationDecided)
    take(trace, trace.operations.setdefault(key, []), event.shares, event.lines, position, day, held=held)


def _captured(trace: "Trace", event: sales.CaptureDecided, position: int, day: str) -> None:
    if not event.shares and not event.released:
        return
    hold: tuple[bytes, bytes] = (event.op.terminal, event.original)
    if hold not in trace.operations:
        hold = trace.named.get((event.op.producer, event.original), hold)
    held, key = trace.operations.get(hold, []), (event.op.terminal, event.op.x)
    trace.captured_by[hold] = key
    parts = trace.operations.setdefault(key, [])
    trace.named.setdefault((event.op.producer, event.op.x), key)
    settle(trace, held, parts, event.shares, lambda line: event.lines[line].category, position, day, by_line=False)
    give_back(trace, held, event.released, position)


def _expired(trace: "Trace", event: sales.HoldExpired, position: int, _day: str) -> None:
    give_back(trace, trace.operation_of(event.producer, event.terminal, event.original), event.released, position)


def _undone(trace: "Trace", event: sales.ReversalDecided | sales.RefundDecided, position: int, _day: str) -> None:
    if not event.returned:
        return
    given = trace.gives.get((event.op.terminal, event.original))
    if given is None:
        give_back(
            trace, trace.operation_of(event.op.producer, event.op.terminal, event.original), event.returned, position
        )
        return
    for back in event.returned:  # cash that was given after all not: out of the fund, its own money first
        fund = back.payee[5:]
        newest = sorted(trace.receipts, reverse=True)
        pieces = trace.pools.take_first(fund, back.cents, [given, *newest])
        trace.leave(State.LEFT, "gives that were undone", "", pieces)


ROADS: Final[dict[type, Callable[["Trace", Any, int, str], None]]] = {
    sales.SaleDecided: _sold,
    sales.AuthorisationDecided: _sold,
    sales.CaptureDecided: _captured,
    sales.HoldExpired: _expired,
    sales.ReversalDecided: _undone,
    sales.RefundDecided: _undone,
}
