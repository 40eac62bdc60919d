"""Law: a cotisation is the fund's when it arrives, and stays it when it comes back; gifts are counted by year."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from clearing.events import cotisations as events
from clearing.events.debits import DebitCounted
from clearing.rules.credit import allocation
from clearing.rules.treasury import cotisations, gifts, takings
from clearing.rules.treasury.takings import ACCOUNT_OF
from clearing.values import FundId

if TYPE_CHECKING:
    from clearing.rules.book import Book


def into_fund(book: "Book", fund: FundId, cents: int) -> None:
    """Money that came in for a fund; below zero: that it gives up."""
    book.funds[fund].received_cents += cents


def received(book: "Book", event: events.CotisationReceived | DebitCounted, _position: int, at_us: int) -> None:
    year = book.caisse.calendar.day(at_us).year
    cotisations.evolve_received(book.cotisations, event, year)
    takings.take_in(book.takings, ACCOUNT_OF[event.means], event.cents, event.receipt)
    into_fund(book, event.fund, event.cents - event.cleared_cents)
    gifts.give(book.gifts, year, f"member:{event.member}", event.gift_cents)
    for period, cents in book.cotisations.payments[event.reference].by_month():
        allocation.paid_in(book.allocation, book.members, event.member, period, cents)


def _returned(book: "Book", event: events.CotisationReturned, _position: int, _at_us: int) -> None:
    payment = book.cotisations.payments[event.reference]
    for period, cents in payment.by_month():
        allocation.paid_in(book.allocation, book.members, event.member, period, -cents)
    year = payment.year
    cotisations.evolve_returned(book.cotisations, event)
    gifts.give(book.gifts, year, f"member:{event.member}", -event.gift_cents)


def _written_off(book: "Book", event: events.CotisationWrittenOff, _position: int, _at_us: int) -> None:
    cotisations.evolve_written_off(book.cotisations, event)
    into_fund(book, event.fund, -event.cents)


def _gift(book: "Book", event: events.GiftReceived, _position: int, at_us: int) -> None:
    gifts.evolve_gift(book.gifts, event, book.caisse.calendar.day(at_us).year)
    takings.take_in(book.takings, ACCOUNT_OF[event.means], event.cents, event.receipt)
    into_fund(book, event.fund, event.cents)


FOLDS: Final[dict[type, Callable[..., None]]] = {
    events.CotisationRuleSet: lambda book, event, _p, _a: cotisations.evolve_rule(book.cotisations, event),
    events.CotisationAgreed: lambda book, event, _p, _a: cotisations.evolve_agreed(book.cotisations, event),
    events.CotisationEnded: lambda book, event, _p, _a: cotisations.evolve_ended(book.cotisations, event),
    events.CotisationReceived: received,
    events.CotisationReturned: _returned,
    events.CotisationWrittenOff: _written_off,
    events.DepositCounted: lambda book, event, _p, _a: takings.evolve_counted(book.takings, event),
    events.DepositConfirmed: lambda book, event, _p, _a: takings.evolve_confirmed(book.takings, event),
    events.DepositDiscarded: lambda book, event, _p, _a: takings.evolve_discarded(book.takings, event),
    events.GiftReceived: _gift,
    events.LegalBasisProposed: lambda book, event, _p, _a: gifts.evolve_proposed(book.gifts, event),
    events.LegalBasisEntered: lambda book, event, _p, _a: gifts.evolve_entered(book.gifts, event),
    events.TaxReceiptIssued: lambda book, event, _p, _a: gifts.evolve_issued(book.gifts, event),
    events.TaxReceiptCancelled: lambda book, event, _p, _a: gifts.evolve_cancelled(book.gifts, event),
}
