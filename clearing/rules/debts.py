"""Law: what the caisse owes a producer beside sales is said here once per event; book, views and audit add up the same.

Sales, captures, reversals and refunds say it by their shares. A room whose events owe money otherwise adds them to OWES.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from clearing.events.catalogue import Event
from clearing.events.orders import DeliveryNoted, DisputeResolved, ExceptionResolved
from clearing.values import ProducerId


class Debt(NamedTuple):
    """captured_cents: what is owed from now on, below zero: no longer. refunded_cents: what the producer gave back or owes."""

    producer: ProducerId
    captured_cents: int
    refunded_cents: int


def _of_goods(event: DeliveryNoted | DisputeResolved | ExceptionResolved) -> Iterable[Debt]:
    """What payers took for each producer's goods; a surplus is owed to nobody."""
    sums: dict[ProducerId, int] = {}
    for share in event.shares:
        if share.step != "surplus":
            sums[share.payee] = sums.get(share.payee, 0) + share.cents
    return (Debt(producer, cents, 0) for producer, cents in sums.items())


OWES: Final[dict[type, Callable[[Any], Iterable[Debt]]]] = {
    DeliveryNoted: _of_goods, DisputeResolved: _of_goods, ExceptionResolved: _of_goods,
}  # fmt: skip
"""Event -> its debts, one per producer. Their postings are in rules/postings.py."""


def debts(event: Event) -> tuple[Debt, ...]:
    """What this event adds to what is owed; nothing for the operations of terminals and for most others."""
    found = OWES.get(type(event))
    return () if found is None else tuple(found(event))
