"""Law: a wrong entry leaves every place that it had come to, and the right one comes in as it would have at first."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from clearing.events import corrections as events
from clearing.rules.credit import allocation
from clearing.rules.folds import contracts, cotisations
from clearing.rules.treasury import corrections, gifts

if TYPE_CHECKING:
    from clearing.rules.book import Book

_AS_EVER: Final = {**cotisations.FOLDS, **contracts.FOLDS}


def _corrected(book: "Book", event: events.EntryCorrected, position: int, at_us: int) -> None:
    del book.corrections.proposed[event.entry]
    wrong = event.wrong
    if event.entry.kind == "cotisation":
        _take_back_cotisation(book, event)
    elif event.entry.kind == "gift":
        gifts.take_back(book.gifts, event.entry.reference)
    else:
        corrections.take_back_instalment(book.contracts, event)
    if wrong.account in book.takings.in_box:
        book.takings.in_box[wrong.account] -= wrong.cents
    if wrong.fund:
        cotisations.into_fund(book, wrong.fund, wrong.cleared_cents - wrong.cents)
    right = event.right()
    if right is not None:
        _AS_EVER[type(right)](book, right, position, at_us)


def _take_back_cotisation(book: "Book", event: events.EntryCorrected) -> None:
    payment = book.cotisations.payments[event.entry.reference]
    for period, cents in payment.by_month():
        allocation.paid_in(book.allocation, book.members, payment.member, period, -cents)
    gifts.give(book.gifts, payment.year, f"member:{payment.member}", -payment.gift_cents)
    corrections.take_back_cotisation(book.cotisations, event)


FOLDS: Final[dict[type, Callable[..., None]]] = {
    events.CorrectionProposed: lambda book, event, _p, _a: corrections.evolve_proposed(book.corrections, event),
    events.CorrectionDropped: lambda book, event, _p, _a: corrections.evolve_dropped(book.corrections, event),
    events.EntryCorrected: _corrected,
}
