"""Law: a line of the bank that nobody said what it is waits for a person, and so does a statement that is missing."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from clearing.rules.treasury.bank import gaps
from clearing.values import money

if TYPE_CHECKING:
    from clearing.rules.book import Book


def waits_at_bank(book: "Book") -> Iterator[tuple[str, ...]]:
    """(day, what waits, commands of which one ends it): the fields of a Wait."""
    bank = book.bank
    if bank.waiting:
        first, count = min(bank.lines[number].on for number in bank.waiting), len(bank.waiting)
        came = sum(cents for cents in bank.waiting.values() if cents > 0)
        what = "1 line of the bank is" if count == 1 else f"{count} lines of the bank are"
        told = f"{what} on the waiting account, {money(came)} in and {money(came - bank.waiting_cents())} out"
        yield first, told, "bank lines", "bank match"
    for gap in gaps(bank):
        told = (f"from {gap.after} to {gap.until} the lines of the bank explain all but {money(gap.missing_cents)} of the "
                "change of its balance: a statement or a line is missing")  # fmt: skip
        yield gap.until, told, "bank import FILE"
