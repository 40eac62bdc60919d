"""Law: a log is sealed when no room holds or owes a cent; each says what is left in it, and which command moves it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from clearing.rules.exceptions import LATE_CAPTURE
from clearing.rules.orders import DISPUTED
from clearing.values import money

if TYPE_CHECKING:
    from clearing.rules.book import Book


def of_takings(book: "Book") -> Iterator[str]:
    for box, cents in book.takings.in_box.items():
        if cents:
            yield f"{money(cents)} of {box} are in the box (two people count it to the bank: clearing deposit count)"


def of_cotisations(book: "Book") -> Iterator[str]:
    """A fund counts as its own what came back and nobody made good: its rest would be paid from money that is not there."""
    for (member, period, fund), unpaid in book.cotisations.unpaid.items():
        yield (f"{money(unpaid.cents)} that {member} paid for {period} came back from the bank (receive it again, or write "
               f"it off fund {fund}: clearing cotisation writeoff)")  # fmt: skip


def of_orders(book: "Book") -> Iterator[str]:
    for name, order in book.orders.orders.items():
        if open_lines := order.unsettled():
            disputed = any(order.states[line] == DISPUTED for line in open_lines)
            what = "order settle, order agree" if disputed else "order deliver or order cancel"
            yield f"order {name} holds money for {len(open_lines)} lines ({what})"


def of_contracts(book: "Book") -> Iterator[str]:
    for name, contract in book.contracts.contracts.items():
        if contract.ended_on is None and contract.unfunded_cents():
            yield f"contract {name} has a part that no fund pays (contract takeover, shrink or end)"
        if contract.held_cents:
            yield f"{money(contract.held_cents)} of contract {name} are at the caisse (contract payover, or: end and refund)"


def of_other_caisses(book: "Book") -> Iterator[str]:
    between = book.interchange
    for ref in between.open_halves:
        half = between.halves[ref]
        yield f"a sale of {half.day} waits for {half.issuer}'s word (it comes by itself while clearing serve runs)"
    for ref in between.refused:
        half = between.halves[ref]
        yield f"{half.issuer} refused {money(half.cents)} of {half.day} (clearing interchange write-off)"
    for other, cents in between.held.items():
        if cents:
            yield f"{money(cents)} are held for {other} (they are captured, or come back by themselves)"
    for other, cents in between.balances.items():
        if cents:
            what = f"{other} owes {money(cents)}" if cents > 0 else f"{money(-cents)} are owed to {other}"
            yield f"{what} (clearing interchange net)"
    for day, net in between.nets.items():
        if net.net_cents and net.reference is None:
            yield f"the netting of {day} is not paid (clearing interchange paid {day})"


def of_late_captures(book: "Book") -> Iterator[str]:
    """A producer may still be owed it."""
    for position, item in book.exceptions.open.items():
        if item.kind == LATE_CAPTURE:
            yield f"exception {position} is open (two people end it: clearing exception propose)"


def of_draws(book: "Book") -> Iterator[str]:
    if book.solidarity.claims:
        yield "draws of a day wait for its close (it comes by itself)"


ROOMS = (of_takings, of_cotisations, of_contracts, of_orders, of_late_captures, of_draws, of_other_caisses)
"""Beside funds, purses and producers, which rules/closing.py says itself."""
