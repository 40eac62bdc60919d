"""Law: postings as the rules derive them, kept one by one and added up per account; the page sums to zero or is not written."""

from collections.abc import Mapping

from clearing.projections.page import Page, Writes, copy, write
from clearing.rules.postings import Origins, UnexplainedPosting, legs, origins_asked, origins_named
from clearing.values import Position

FILE = "ledger.sql"
ENTRY = ("position", "account", "cents")


def asks(page: Page) -> frozenset[str]:
    """Keys of earlier events' origins that this page's postings need; empty for nearly every page."""
    return frozenset[str]().union(*(origins_asked(recorded.event) for recorded in page))


def writes(page: Page, origins: Mapping[str, str]) -> Writes:
    """origins: what the table holds of `asks(page)`. Raises UnexplainedPosting."""
    known, named, entries, totals = Origins(dict(origins)), dict[str, str](), list[tuple[int, str, int]](), _Totals()
    for recorded in page:
        event, position = recorded.event, recorded.position
        found = origins_named(event, Position(position), known.known)
        known.known.update(found)
        named.update(found)
        for account, cents in legs(event, known).items():
            entries.append((position, account, cents))
            totals.add(account, cents)
    if sum(cents for _, _, cents in entries) != 0:
        raise UnexplainedPosting(f"postings of positions {page[0].position} to {page[-1].position} do not sum to zero")
    return [*write("remember", list(named.items())), *copy("ledger_entries", ENTRY, entries), *write("total", totals.rows())]


class _Totals:
    def __init__(self) -> None:
        self._sums: dict[str, list[int]] = {}

    def add(self, account: str, cents: int) -> None:
        sums = self._sums.setdefault(account, [0, 0, 0])
        sums[0 if cents > 0 else 1] += abs(cents)
        sums[2] += 1

    def rows(self) -> list[tuple[str, int, int, int]]:
        """In the order of accounts, so that two writers never wait for each other crosswise."""
        return [(account, *sums) for account, sums in sorted(self._sums.items())]  # type: ignore[misc]
