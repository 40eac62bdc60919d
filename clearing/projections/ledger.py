"""Law: postings as the rules derive them, added up per account; the page sums to zero or is not written.

One by one they are derived again from their events when somebody asks; per page it is kept which accounts were touched, for
what is owed to producers in owed.sql.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from clearing.projections.page import Page, Writes, copy, write
from clearing.rules.ledger.postings import Origins, UnexplainedPosting, legs, origins_asked, origins_named
from clearing.values import Position

FILE = "ledger.sql"
PAGE: Final = ("account", "first", "last", "debit_cents", "credit_cents", "by_sales", "positions")
OWED: Final = "owed:"


def asks(page: Page) -> frozenset[str]:
    """Keys of earlier events' origins that this page's postings need; empty for nearly every page."""
    return frozenset[str]().union(*(origins_asked(recorded.event) for recorded in page.recorded))


def writes(page: Page, origins: Mapping[str, str]) -> Writes:
    """origins: what the table holds of `asks(page)`. Raises UnexplainedPosting."""
    known, named = Origins(dict(origins)), list[tuple[str, str, int]]()
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    others: dict[str, list[int]] = defaultdict(list)  # positions of what is no sale, by account
    for recorded in page.recorded:
        event, position = recorded.event, recorded.position
        found = origins_named(event, Position(position), known.known)
        known.known.update(found)
        named += [(key, value, position) for key, value in found.items()]
        for account, cents in legs(event, known).items():
            _post(sums[account], max(cents, 0), max(-cents, 0), 1)
            others[account].append(position)
    for sold in page.sold:
        for account, (debit, credit, postings) in sold.accounts.items():
            _post(sums[account], debit, credit, postings)
        for producer, taken in sold.taken.items():
            if taken.postings:
                _post(sums[OWED + producer], 0, taken.captured_cents, taken.postings)
    if sum(debit - credit for debit, credit, _ in sums.values()) != 0:
        raise UnexplainedPosting(f"postings of positions {page.first} to {page.last} do not sum to zero")
    totals = sorted(sums.items())  # in the order of accounts, so that two writers never wait for each other crosswise
    by_sales = frozenset[str]().union(*(sold.accounts for sold in page.sold))
    pages = [
        (name, page.first, page.last, *parts[:2], name in by_sales, others.get(name, ()))
        for name, parts in totals if not name.startswith(OWED)
    ]  # fmt: skip
    return [
        *write("remember", list({key: (key, value, at) for key, value, at in reversed(named)}.values())),
        *copy("ledger_pages", PAGE, pages), *write("total", [(name, *parts) for name, parts in totals]),
    ]  # fmt: skip


def _post(sums: list[int], debit: int, credit: int, postings: int) -> None:
    sums[0] += debit
    sums[1] += credit
    sums[2] += postings
