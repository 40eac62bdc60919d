"""Law: of a basket contract the fund's part is owed at once, the household's waits; what comes back came last; a payout takes
what is owed along.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from clearing.events import contracts, settlement
from clearing.rules.ledger.traced import Part, State, lump
from clearing.rules.treasury.pieces import Pieces, cut, total
from clearing.values import ProducerId

if TYPE_CHECKING:
    from clearing.rules.ledger.tracing import Trace

_FUND: Final = b"contract, fund"
_HOUSEHOLD: Final = b"contract, household"
_BASKETS: Final = "basket contracts"
_Executed = settlement.PayoutConfirmed | settlement.PayoutAnswered


def _received(trace: "Trace", event: contracts.InstalmentReceived, position: int, day: str) -> None:
    if event.fund is not None:
        pieces = trace.pools.take(event.fund, event.cents)
        parts = trace.parts_of(_FUND, event.contract)
        trace.owe(
            parts, lump(event.producer, pieces, by=f"{_BASKETS} by fund {event.fund}", day=day, category="basket")
        )
    elif event.into:
        trace.contract(event.contract).put([trace.receive(position, "", event.cents, "instalments of households")])


def _returned(trace: "Trace", event: contracts.InstalmentReturned, _position: int, day: str) -> None:
    if event.through:
        taken = _newest(trace.parts_of(_HOUSEHOLD, event.contract), event.from_producer_cents)
        taken += trace.contract(event.contract).take(event.cents - event.from_producer_cents)
        trace.leave(State.LEFT, "instalments that came back", day, taken)


def _paid_over(trace: "Trace", event: contracts.ContractPaidOver, _position: int, day: str) -> None:
    pieces = trace.contract(event.contract).take(event.cents)
    parts = trace.parts_of(_HOUSEHOLD, event.contract)
    trace.owe(parts, lump(event.producer, pieces, by=_BASKETS, day=day, category="basket"))


def _ended(trace: "Trace", event: contracts.ContractEnded, _position: int, _day: str) -> None:
    """What was paid and not delivered: each side's money back to where it came from, what was paid last first."""
    if event.fund is not None and event.back_fund_cents:
        trace.pools.put(event.fund, _newest(trace.parts_of(_FUND, event.contract), event.back_fund_cents))
    back = _newest(trace.parts_of(_HOUSEHOLD, event.contract), event.from_producer_cents)
    trace.contract(event.contract).put(back)


def _newest(parts: list[Part], cents: int) -> Pieces:
    taken: Pieces = []
    for part in reversed(parts):
        part.pieces.reverse()
        taken += cut(part.pieces, cents - total(taken))
        part.pieces.reverse()
    return taken


def _refunded(trace: "Trace", event: contracts.ContractRefunded, _position: int, day: str) -> None:
    trace.leave(State.LEFT, "back to households", day, trace.contract(event.contract).take(event.cents))


def _batched(trace: "Trace", event: settlement.BatchClosed, _position: int, _day: str) -> None:
    for line in event.lines:
        if line.paid_cents:
            parts = _taken_along(trace, line) if event.reissue else trace.pending.pop(line.producer, [])
            trace.batches[event.batch, line.producer] = parts
            for part in parts:
                part.batch = event.batch


def _taken_along(trace: "Trace", line: settlement.BatchLine) -> list[Part]:
    """What the failed transfers had paid for, and nothing that was owed beside it."""
    failed = [part for link in line.links for part in trace.failed.pop((link.batch, line.producer), [])]
    waiting = trace.pending.get(line.producer, [])
    again = [part for part in waiting if any(part is one for one in failed)]
    trace.pending[line.producer] = [part for part in waiting if not any(part is one for one in again)]
    return again


def _confirmed(trace: "Trace", event: _Executed, _position: int, _day: str) -> None:
    for part in trace.batches.get((event.batch, event.producer), ()):
        part.paid = True


def failed(trace: "Trace", batch: int, producer: ProducerId) -> None:
    parts = trace.batches.pop((batch, producer), [])
    for part in parts:
        part.batch, part.paid = 0, False
    trace.pending.setdefault(producer, []).extend(parts)
    trace.failed[batch, producer] = parts


def _sent_back(trace: "Trace", event: settlement.PayoutReturned, _position: int, _day: str) -> None:
    failed(trace, event.batch, event.producer)


def _answered(trace: "Trace", event: settlement.PayoutAnswered, position: int, day: str) -> None:
    if event.became == "executed":
        _confirmed(trace, event, position, day)
    elif event.became in ("rejected", "returned"):
        failed(trace, event.batch, event.producer)


def _withdrawn(trace: "Trace", event: settlement.PayoutsWithdrawn, _position: int, _day: str) -> None:
    for one in event.payouts:
        failed(trace, event.batch, one.producer)


ROADS: Final[dict[type, Callable[["Trace", Any, int, str], None]]] = {
    contracts.InstalmentReceived: _received,
    contracts.InstalmentReturned: _returned,
    contracts.ContractPaidOver: _paid_over,
    contracts.ContractEnded: _ended,
    contracts.ContractRefunded: _refunded,
    settlement.BatchClosed: _batched,
    settlement.PayoutConfirmed: _confirmed,
    settlement.PayoutReturned: _sent_back,
    settlement.PayoutAnswered: _answered,
    settlement.PayoutsWithdrawn: _withdrawn,
}
