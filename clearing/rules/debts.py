"""Law: what the caisse owes a producer beside sales is said here once per event; book, views and audit add up the same.

Sales, captures, reversals and refunds say it by their shares. A room whose events owe money otherwise adds them to OWES.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from clearing.events.catalogue import Event
from clearing.events.contracts import ContractEnded, ContractPaidOver, InstalmentReceived, InstalmentReturned
from clearing.values import ProducerId


class Debt(NamedTuple):
    """captured_cents: what is owed from now on, below zero: no longer. refunded_cents: what the producer gave back or owes."""

    producer: ProducerId
    captured_cents: int
    refunded_cents: int


OWES: Final[dict[type, Callable[[Any], Iterable[Debt]]]] = {
    InstalmentReceived: lambda event: () if event.fund is None else (Debt(event.producer, event.cents, 0),),
    InstalmentReturned: lambda event: _back(event.producer, event.from_producer_cents),
    ContractEnded: lambda event: _back(event.producer, event.back_fund_cents + event.from_producer_cents),
    ContractPaidOver: lambda event: (Debt(event.producer, event.cents, 0),),
}
"""Event -> its debts, one per producer. Their postings are in rules/postings.py."""


def debts(event: Event) -> tuple[Debt, ...]:
    """What this event adds to what is owed; nothing for the operations of terminals and for most others."""
    found = OWES.get(type(event))
    return () if found is None else tuple(found(event))


def _back(producer: ProducerId, cents: int) -> tuple[Debt, ...]:
    return (Debt(producer, 0, cents),) if cents else ()
