"""Law: a line of the bank waits until it is matched, and so does every movement that the book records at the bank."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from clearing.events import bank as events
from clearing.rules.treasury import bank, funds
from clearing.rules.treasury.bank_moves import MOVED, moved_by

if TYPE_CHECKING:
    from clearing.rules.book import Book

Fold = Callable[..., None]


def _charged(book: "Book", event: events.BankCharged, _position: int, _at_us: int) -> None:
    funds.leave(book.funds, event.fund, event.cents)


FOLDS: Final[dict[type, Fold]] = {
    events.StatementImported: lambda book, event, _p, _a: bank.evolve_imported(book.bank, event),
    events.BankMatched: lambda book, event, _p, _a: bank.evolve_matched(book.bank, event),
    events.BankMatchUndone: lambda book, event, _p, _a: bank.evolve_undone(book.bank, event),
    events.BankCharged: _charged,
    events.BankChargesRuleSet: lambda book, event, _p, _a: bank.evolve_charges_rule(book.bank, event),
    events.BankBalanceStated: lambda book, event, _p, _a: bank.evolve_balance(book.bank, event),
    events.ColumnMappingSaved: lambda book, event, _p, _a: bank.evolve_mapping(book.bank, event),
}


def noting_moves(folds: Mapping[type, Fold]) -> dict[type, Fold]:
    """The same folds; those of events that move money at the bank keep the movement for the statement to come."""
    return {kind: _noting(fold) if kind in MOVED else fold for kind, fold in folds.items()}


def _noting(fold: Fold) -> Fold:
    def folded(book: "Book", event: Any, position: int, at_us: int) -> None:
        move = moved_by(event, book, at_us)
        fold(book, event, position, at_us)
        if move is not None:
            book.bank.moves[position] = move

    return folded
