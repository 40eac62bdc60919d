"""Law: a batch moves what is owed to what is payable; the bank's word moves it on or back; an adjustment moves it beside."""

from collections.abc import Callable
from typing import Any, Final

from clearing.events.adjustments import AdjustmentMade
from clearing.events.joint import HandoverEnded
from clearing.events.settlement import (
    BatchClosed,
    PayoutAnswered,
    PayoutConfirmed,
    PayoutReturned,
    PayoutsWithdrawn,
)
from clearing.rules.ledger.accounts import BANK, Legs, move
from clearing.rules.ledger.origins import Origins


def _instructed(event: BatchClosed) -> Legs:
    found: Legs = {}
    for line in event.lines:
        found[f"owed:{line.producer}"] = line.paid_cents
        found[f"payable:{line.producer}"] = -line.paid_cents
    return found


def _returned(event: PayoutReturned | PayoutAnswered, origins: Origins) -> Legs:
    paid = origins.was_confirmed(event.batch, event.producer)
    return move(BANK if paid else f"payable:{event.producer}", f"owed:{event.producer}", event.cents)


def _answered(event: PayoutAnswered, origins: Origins) -> Legs:
    """Nothing moves by what a bank accepts, or by what a person has to ask about."""
    match event.became:
        case "executed":
            return move(f"payable:{event.producer}", BANK, event.cents)
        case "rejected" | "returned":
            return _returned(event, origins)
        case _:
            return {}


def _adjusted(event: AdjustmentMade) -> Legs:
    """A credit is in the event beside it."""
    what, owed = event.what, f"owed:{event.what.who}"
    match what.kind:
        case "owe" | "write-off":
            return move(f"fund:{what.fund}", owed, event.cents)
        case "owe-less":
            return move(owed, f"fund:{what.fund}", event.cents)
        case "paid-outside":
            return move(owed, BANK, event.cents)
        case _:
            found: Legs = {f"purse:{what.purse}": sum(one.cents for one in event.taken)}
            for one in event.taken:
                found[f"fund:{one.fund}"] = found.get(f"fund:{one.fund}", 0) - one.cents
            return found


def _withdrawn(event: PayoutsWithdrawn) -> Legs:
    found: Legs = {}
    for one in event.payouts:
        found |= move(f"payable:{one.producer}", f"owed:{one.producer}", one.cents)
    return found


def _handed_over(event: HandoverEnded) -> Legs:
    """Nothing moves until the other caisse's word: then it is owed to that caisse, or to the producer again."""
    to = f"owed:{event.producer}" if event.reason else f"interchange:{event.other}"
    return move(f"payable:{event.producer}", to, event.cents)


SETTLED: Final[dict[type, Callable[[Any, Origins], Legs]]] = {
    BatchClosed: lambda event, _: _instructed(event),
    PayoutConfirmed: lambda event, _: move(f"payable:{event.producer}", BANK, event.cents),
    PayoutReturned: _returned,
    PayoutAnswered: _answered,
    PayoutsWithdrawn: lambda event, _: _withdrawn(event),
    HandoverEnded: lambda event, _: _handed_over(event),
    AdjustmentMade: lambda event, _: _adjusted(event),
}
"""As legs.MOVES."""
