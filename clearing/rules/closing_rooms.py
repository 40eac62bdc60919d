"""Law: a log is sealed when no room holds or owes a cent; each says what is left in it, and which command moves it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from clearing.rules.exceptions import LATE_CAPTURE

if TYPE_CHECKING:
    from clearing.rules.book import Book


def of_takings(book: "Book") -> Iterator[str]:
    for box, cents in book.takings.in_box.items():
        if cents:
            yield f"{_euros(cents)} of {box} are in the box (two people count it to the bank: clearing deposit count)"


def of_cotisations(book: "Book") -> Iterator[str]:
    """A fund counts as its own what came back and nobody made good: its rest would be paid from money that is not there."""
    for (member, period, fund), unpaid in book.cotisations.unpaid.items():
        yield (f"{_euros(unpaid.cents)} that {member} paid for {period} came back from the bank (receive it again, or write "
               f"it off fund {fund}: clearing cotisation writeoff)")  # fmt: skip


def of_contracts(book: "Book") -> Iterator[str]:
    for name, contract in book.contracts.contracts.items():
        if contract.held_cents:
            yield f"contract {name} holds {_euros(contract.held_cents)} of its household (clearing contract payover, or end)"


def of_orders(book: "Book") -> Iterator[str]:
    for name, order in book.orders.orders.items():
        if any(share.cents for share in order.held(order.unsettled())):
            yield f"order {name} holds money (clearing order deliver, or cancel)"
    for position, item in book.exceptions.open.items():
        if item.kind == LATE_CAPTURE:  # a producer may still be owed it
            yield f"exception {position} is open (two people end it: clearing exception propose)"


def of_draws(book: "Book") -> Iterator[str]:
    if book.solidarity.claims:
        yield "draws of a day wait for its close (it comes by itself)"


def of_other_caisses(book: "Book") -> Iterator[str]:
    room = book.interchange
    waiting = len(room.open_halves) + sum(1 for cents in room.held.values() if cents)
    if waiting:
        yield f"{waiting} sales between caisses are not ended (they end by themselves within three days)"
    for other, cents in room.balances.items():
        if cents:
            yield f"{_euros(abs(cents))} are not netted with {other} (clearing interchange net)"
    if room.netting_cents:
        yield f"{_euros(abs(room.netting_cents))} of nettings are not paid (clearing interchange paid)"


def _euros(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d} EUR"


ROOMS = (of_takings, of_cotisations, of_contracts, of_orders, of_draws, of_other_caisses)
"""Beside funds, purses and producers, which rules/closing.py says itself."""
