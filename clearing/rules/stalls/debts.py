"""Law: what the caisse owes a producer beside sales is said here once per event; book, views and audit add up the same.

Sales, captures, reversals and refunds say it by their shares. A room whose events owe money otherwise adds them to OWES.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from clearing.events.adjustments import AdjustmentMade
from clearing.events.basket import Share
from clearing.events.catalogue import Event
from clearing.events.closing import ProducerRepaid
from clearing.events.contests import ContestDecided
from clearing.events.contracts import ContractEnded, ContractPaidOver, InstalmentReceived, InstalmentReturned
from clearing.events.interchange import InterchangeReversed, InterchangeSold
from clearing.events.joint import PartAnswered
from clearing.events.opening import OpeningAccepted
from clearing.events.orders import DeliveryNoted, DisputeResolved, ExceptionResolved
from clearing.events.solidarity import DrawDecided, DrawsShared, GiveDecided, producers_paid
from clearing.rules.between.abroad import payees
from clearing.values import ProducerId


class Debt(NamedTuple):
    """captured_cents: what is owed from now on, below zero: no longer. refunded_cents: what the producer gave back or owes.
    adjusted_cents: what two people said, a contest, or another caisse handed over, beside what was sold; below zero: no longer
    owed."""

    producer: ProducerId
    captured_cents: int
    refunded_cents: int
    adjusted_cents: int = 0


def _drawn(event: DrawDecided) -> Iterable[Debt]:
    """A draw that waits for its day's close concerns its payees, and owes them nothing yet."""
    return (Debt(producer, 0 if event.claimed else cents, 0) for producer, cents in _per_payee(event.shares).items())


def _shared(event: DrawsShared) -> Iterable[Debt]:
    return (Debt(producer, cents, 0) for producer, cents in producers_paid(event).items())


def _given(event: GiveDecided) -> Iterable[Debt]:
    return (Debt(event.op.producer, 0, event.approved_cents),) if event.approved_cents else ()


def _per_payee(shares: Iterable[Share]) -> dict[ProducerId, int]:
    sums: dict[ProducerId, int] = {}
    for share in shares:
        sums[share.payee] = sums.get(share.payee, 0) + share.cents
    return sums


def _of_goods(event: DeliveryNoted | DisputeResolved | ExceptionResolved) -> Iterable[Debt]:
    """What payers took for each producer's goods; a surplus is owed to nobody."""
    sums: dict[ProducerId, int] = {}
    for share in event.shares:
        if share.step != "surplus":
            sums[share.payee] = sums.get(share.payee, 0) + share.cents
    return (Debt(producer, cents, 0) for producer, cents in sums.items())


def _opening(event: OpeningAccepted) -> Iterable[Debt]:
    return (Debt(one.producer, one.cents, 0) for one in event.debts)


def _contested(event: ContestDecided) -> Iterable[Debt]:
    """What went back at the producer's cost, or what a fund pays the producer after an appeal."""
    if event.cost == "producer":
        return (Debt(event.payee, 0, event.card_cents),)
    return (Debt(event.payee, 0, 0, event.paid_cents),) if event.paid_cents else ()


def _adjusted(event: AdjustmentMade) -> Iterable[Debt]:
    sign = {"owe": 1, "write-off": 1, "owe-less": -1, "paid-outside": -1}.get(event.what.kind, 0)
    return (Debt(ProducerId(event.what.who), 0, 0, sign * event.cents),) if sign else ()


OWES: Final[dict[type, Callable[[Any], Iterable[Debt]]]] = {
    DrawDecided: _drawn,
    DrawsShared: _shared,
    GiveDecided: _given,
    ProducerRepaid: lambda event: [Debt(event.producer, 0, -event.cents)],  # what it owed for goods that came back
    InstalmentReceived: lambda event: () if event.fund is None else (Debt(event.producer, event.cents, 0),),
    InstalmentReturned: lambda event: _back(event.producer, event.from_producer_cents),
    ContractEnded: lambda event: _back(event.producer, event.back_fund_cents + event.from_producer_cents),
    ContractPaidOver: lambda event: (Debt(event.producer, event.cents, 0),),
    DeliveryNoted: _of_goods,
    DisputeResolved: _of_goods,
    ExceptionResolved: _of_goods,
    OpeningAccepted: _opening,
    ContestDecided: _contested,
    AdjustmentMade: _adjusted,
    PartAnswered: lambda event: () if event.reason else (Debt(event.producer, 0, 0, event.cents),),
    InterchangeSold: lambda event: [Debt(payee, cents, 0) for payee, cents in payees(event)],
    InterchangeReversed: lambda event: [Debt(payee, -cents, 0) for payee, cents in event.taken_back],
}
"""Event -> its debts, one per producer. Their postings are in rules/ledger/postings.py."""


def debts(event: Event) -> tuple[Debt, ...]:
    """What this event adds to what is owed; nothing for the operations of terminals and for most others."""
    found = OWES.get(type(event))
    return () if found is None else tuple(found(event))


def _back(producer: ProducerId, cents: int) -> tuple[Debt, ...]:
    return (Debt(producer, 0, cents),) if cents else ()
