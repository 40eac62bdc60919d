"""Law: collective accounts as their events left them; what their cards bought counts in the civil month of the purchase."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from clearing.events import accounts as account_events
from clearing.events.sales import AuthorisationDecided, CaptureDecided, SaleDecided
from clearing.rules.collective import accounts
from clearing.rules.selling.operations import Operation
from clearing.values import MemberId

if TYPE_CHECKING:
    from clearing.rules.book import Book


def month_of(book: "Book", at_us: int) -> str:
    """The civil month that limits count in, "2026-05"."""
    return book.caisse.calendar.day(at_us).isoformat()[:7]


def bought(book: "Book", event: SaleDecided | AuthorisationDecided, at_us: int) -> None:
    """A sale or hold of a collective account. Called only when there are any."""
    account, tap = event.member, event.tap
    if account is None or tap is None or account not in book.accounts.open:
        return
    accounts.count(book.accounts, account, tap.card, month_of(book, at_us), event.approved_cents)
    if isinstance(event, AuthorisationDecided) and accounts.takes_two(book.accounts, account, event.amount_cents):
        first = book.accounts.open[account].mandatary_with(tap.card)
        book.accounts.waiting[accounts.key_of((event.op.terminal, event.op.x))] = first or ""


def came_back(book: "Book", original: Operation, cents: int) -> None:
    """Cents of a sale, hold or capture went back: they count no longer."""
    event = original.event
    hold: object = event
    if isinstance(event, CaptureDecided):
        found = book.operation_of(event.op.producer, event.op.terminal, event.original)
        hold = None if found is None else found.event
    if isinstance(hold, SaleDecided | AuthorisationDecided) and hold.member in book.accounts.open and hold.tap is not None:
        account = MemberId(hold.member or "")
        accounts.count(book.accounts, account, hold.tap.card, month_of(book, original.counted_us), -cents)
    if isinstance(event, AuthorisationDecided):
        book.accounts.waiting.pop(accounts.key_of((event.op.terminal, event.op.x)), None)


def confirmed(book: "Book", event: account_events.PurchaseConfirmed) -> None:
    """The hold may be captured from now on."""
    hold = book.operation_of(event.op.producer, event.op.terminal, event.original)
    if hold is not None:
        book.accounts.waiting.pop(accounts.key_of((hold.event.op.terminal, hold.event.op.x)), None)


def _proposed(book: "Book", event: account_events.AccountProposed, _position: int, _at_us: int) -> None:
    book.accounts.proposed[event.account] = event


def _naming(book: "Book", event: account_events.MandataryProposed, _position: int, _at_us: int) -> None:
    book.accounts.naming[event.account, event.mandatary] = event


def _revoking(book: "Book", event: account_events.RevocationProposed, _position: int, _at_us: int) -> None:
    book.accounts.revoking[event.account, event.mandatary] = event


FOLDS: Final[dict[type, Callable[..., None]]] = {
    account_events.AccountProposed: _proposed,
    account_events.AccountOpened: lambda book, event, _p, _a: accounts.evolve_opened(book.accounts, event),
    account_events.MandataryProposed: _naming,
    account_events.MandataryNamed: lambda book, event, _p, _a: accounts.evolve_named(book.accounts, event),
    account_events.RevocationProposed: _revoking,
    account_events.MandataryRevoked: lambda book, event, _p, _a: accounts.evolve_revoked(book.accounts, event),
}
