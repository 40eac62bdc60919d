"""Law: what a caisse begins with is in its purses, funds, debts, cotisations and contracts from its acceptance on, as if it had
been recorded here.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from clearing.events import opening as opening_events
from clearing.rules.amap import brought
from clearing.rules.credit.allocation import SingleLot
from clearing.rules.ends import opening
from clearing.rules.treasury import cotisations

if TYPE_CHECKING:
    from clearing.rules.book import Book


def _accepted(book: "Book", event: opening_events.OpeningAccepted, position: int, _at_us: int) -> None:
    opening.evolve_accepted(book.opening, event, position)
    for fund in event.funds:
        opening.open_fund(book.funds, fund)
    for lot_id, lot in zip(opening_events.lot_ids(event, position), event.lots, strict=True):
        single = SingleLot(member=lot.member, purse=lot.purse, fund=lot.fund, expires_us=lot.expires_us)
        book.allocation.new_lot(lot_id, book.members.members[lot.member], single, lot.cents)
    for debt in event.debts:
        book.settlement.owed_to(debt.producer).captured_cents += debt.cents
    cotisations.evolve_brought(book.cotisations, event.arrears, event.as_of[:7])
    book.bank.stated[event.as_of] = event.totals.bank_cents
    for contract in event.contracts:
        brought.evolve_contract(book.contracts, contract, book.caisse.calendar, event.by)


FOLDS: Final[dict[type, Callable[..., None]]] = {
    opening_events.OpeningProposed: lambda book, event, _p, _a: opening.evolve_proposed(book.opening, event),
    opening_events.OpeningAccepted: _accepted,
    opening_events.OpeningDiscarded: lambda book, event, _p, _a: opening.evolve_discarded(book.opening, event),
}
