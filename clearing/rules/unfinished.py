"""Law: a log is sealed only when nobody outside waits for it: no other caisse, no buyer, no household, no producer.

Each room says what it still holds, with what to do; rules/closing.py asks all of them.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final

from clearing.rules.orders import DISPUTED

if TYPE_CHECKING:
    from clearing.rules.book import Book


def _of_orders(book: "Book") -> Iterator[str]:
    for name, order in book.orders.orders.items():
        if open_lines := order.unsettled():
            disputed = any(order.states[line] == DISPUTED for line in open_lines)
            what = "order settle, order agree" if disputed else "order deliver or order cancel"
            yield f"order {name} holds money for {len(open_lines)} lines ({what})"


def _of_contracts(book: "Book") -> Iterator[str]:
    for name, contract in book.contracts.contracts.items():
        if contract.ended_on is None and contract.unfunded_cents():
            yield f"contract {name} has a part that no fund pays (contract takeover, shrink or end)"
        if contract.held_cents:
            yield f"{_euros(contract.held_cents)} of contract {name} are at the caisse (contract payover, or: end and refund)"


def _of_other_caisses(book: "Book") -> Iterator[str]:
    between = book.interchange
    for ref in between.open_halves:
        half = between.halves[ref]
        yield f"a sale of {half.day} waits for {half.issuer}'s word (it comes by itself while clearing serve runs)"
    for ref in between.refused:
        half = between.halves[ref]
        yield f"{half.issuer} refused {_euros(half.cents)} of {half.day} (clearing interchange exceptions)"
    for other, cents in between.held.items():
        if cents:
            yield f"{_euros(cents)} are held for {other} (they are captured, or come back by themselves)"
    for other, cents in between.balances.items():
        if cents:
            what = f"{other} owes {_euros(cents)}" if cents > 0 else f"{_euros(-cents)} are owed to {other}"
            yield f"{what} (clearing interchange net)"
    for day, net in between.nets.items():
        if net.net_cents and net.reference is None:
            yield f"the netting of {day} is not paid (clearing interchange paid {day})"


ROOMS: Final[tuple[Callable[["Book"], Iterable[str]], ...]] = (_of_orders, _of_contracts, _of_other_caisses)


def _euros(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d} EUR"
