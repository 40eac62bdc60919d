"""Law: what the caisse owes a producer beside sales is said here once per event; book, views and audit add up the same.

Sales, captures, reversals and refunds say it by their shares. A room whose events owe money otherwise adds them to OWES.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from clearing.events.catalogue import Event
from clearing.events.interchange import InterchangeReversed, InterchangeSold
from clearing.rules.abroad import payees
from clearing.values import ProducerId


class Debt(NamedTuple):
    """captured_cents: what is owed from now on, below zero: no longer. refunded_cents: what the producer gave back or owes."""

    producer: ProducerId
    captured_cents: int
    refunded_cents: int


OWES: Final[dict[type, Callable[[Any], Iterable[Debt]]]] = {
    InterchangeSold: lambda event: [Debt(payee, cents, 0) for payee, cents in payees(event)],
    InterchangeReversed: lambda event: [Debt(payee, -cents, 0) for payee, cents in event.taken_back],
}
"""Event -> its debts, one per producer. Their postings are in rules/postings.py."""


def debts(event: Event) -> tuple[Debt, ...]:
    """What this event adds to what is owed; nothing for the operations of terminals and for most others."""
    found = OWES.get(type(event))
    return () if found is None else tuple(found(event))
