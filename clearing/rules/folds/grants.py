"""Law: what a funder promised is part of what its fund expects; money that changes its fund is in the other one at once."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from clearing.events import grants
from clearing.rules.treasury import funds, subsidies

if TYPE_CHECKING:
    from clearing.rules.book import Book


def _bound(book: "Book", event: grants.EarmarkSet, _position: int, _at_us: int) -> None:
    book.funds[event.fund].earmark = event.earmark


def _advance(book: "Book", event: grants.AdvanceVoted, _position: int, _at_us: int) -> None:
    fund = book.funds[event.fund]
    fund.advance_cents, fund.decision = event.advance_cents, event.decision


def _transfer_proposed(book: "Book", event: grants.TransferProposed, _position: int, _at_us: int) -> None:
    book.subsidies.transfers[event.transfer] = subsidies.Transfer(event)


def _repayment_proposed(book: "Book", event: grants.RepaymentProposed, _position: int, _at_us: int) -> None:
    book.subsidies.repayments[event.repayment] = subsidies.Repayment(event)


def _frozen(book: "Book", event: grants.CreditsFrozen, _position: int, _at_us: int) -> None:
    book.closing.frozen = event.decision


def _resumed(book: "Book", _event: grants.CreditsResumed, _position: int, _at_us: int) -> None:
    book.closing.frozen = None


FOLDS: Final[dict[type, Callable[..., None]]] = {
    grants.SubsidyNotified: lambda book, event, _p, _a: subsidies.evolve_notified(book.subsidies, book.funds, event),
    grants.SubsidyReduced: lambda book, event, _p, _a: subsidies.evolve_reduced(book.subsidies, book.funds, event),
    grants.EarmarkSet: _bound,
    grants.AdvanceVoted: _advance,
    grants.TransferProposed: _transfer_proposed,
    grants.TransferConfirmed: lambda book, event, _p, _a: subsidies.evolve_transfer_confirmed(
        book.subsidies, book.funds, event),
    grants.RepaymentProposed: _repayment_proposed,
    grants.RepaymentConfirmed: lambda book, event, _p, _a: subsidies.evolve_repayment_confirmed(
        book.subsidies, book.funds, event),
    grants.RepaymentPaid: lambda book, event, _p, _a: subsidies.evolve_repayment_moved(book.subsidies, event),
    grants.RepaymentSentBack: lambda book, event, _p, _a: subsidies.evolve_repayment_moved(book.subsidies, event),
    grants.ProposalDropped: lambda book, event, _p, _a: subsidies.evolve_dropped(book.subsidies, event),
    grants.CreditsFrozen: _frozen,
    grants.CreditsResumed: _resumed,
    grants.AnnouncementWithdrawn: lambda book, event, _p, _a: funds.evolve_withdrawn(book.funds, event),
}  # fmt: skip
