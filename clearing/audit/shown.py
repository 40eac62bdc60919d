"""Law: book, double entry and what people are shown are the same cents at the same position."""

from dataclasses import dataclass
from typing import Final

import asyncpg

from clearing.audit.findings import BadEvent
from clearing.audit.replay import Replay
from clearing.audit.sums import book_balances, differences, in_books
from clearing.rules.book import Book
from clearing.sql import Queries

PACKAGE: Final = "clearing.audit"
Sums = dict[str, int]


class NothingShown(LookupError):
    """The caisse has no live views; set them up with `clearing migrate`, or audit the log without them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Cents as the live projections show them at one position. accounts: credit above zero. purses: "<member> <kind>".
    batch_lines: "<batch> <producer>" with "net" or "paid" after it."""

    position: int
    accounts: Sums
    owed: Sums
    purses: Sums
    batch_lines: Sums

    def compare(self, replay: Replay) -> None:
        """replay: standing at this position. Raises BadEvent with the first figure that differs."""
        book = replay.book
        pairs: tuple[tuple[str, Sums, Sums], ...] = (
            ("account", self.accounts, {a: -c for a, c in replay.roads.ledger.balances.items()}),
            ("account of the book", {a: c for a, c in self.accounts.items() if in_books(a)}, book_balances(book)),
            ("debt to", self.owed, {producer: owed.net_cents() for producer, owed in book.settlement.owed.items()}),
            ("purse of", self.purses, purses_of(book)),
            ("batch line", self.batch_lines, _batch_lines(book)),
        )
        for what, shown, true in pairs:
            wrong = differences(shown, true)
            if wrong:
                name = wrong[0]
                raise BadEvent(
                    self.position,
                    f"up to it the projections show {shown.get(name, 0)} cents for {what} {name}, the log says "
                    f"{true.get(name, 0)}; rebuild them with `clearing rebuild`",
                )
            replay.checked.add("sums shown by projections, equal to the log at the same event", len(shown))


async def read_shown(connection: asyncpg.Connection, schema: str) -> Shown:
    """The live views of one caisse. connection: of a role that may read. Raises NothingShown."""
    queries = Queries.load(PACKAGE, "shown.sql", schema)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        position = await connection.fetchval(queries["position"])
        if position is None:
            raise NothingShown(f"{schema} has no live views; set them up, or audit the log without them")
        accounts = {row["account"]: row["cents"] for row in await connection.fetch(queries["accounts"])}
        owed = {row["producer"]: row["owed_cents"] for row in await connection.fetch(queries["owed"])}
        purses = {f"{row['member']} {row['purse']}": row["cents"] for row in await connection.fetch(queries["purses"])}
        lines: Sums = {}
        for row in await connection.fetch(queries["batch_lines"]):
            name = f"{row['batch']} {row['producer']}"
            lines |= {f"{name} net": row["net_cents"], f"{name} paid": row["paid_cents"]}
    return Shown(position=position, accounts=accounts, owed=owed, purses=purses, batch_lines=lines)


def purses_of(book: Book) -> Sums:
    """Cents that each member can spend by the book, each purse opened; lapsed lots apart. "<member> <kind>"."""
    found: Sums = {}
    lapsed = {lot for lot, cohort in book.allocation.cohorts.items() if cohort.lapsed}
    for member in book.members.members.values():
        for kind in {*(purse.kind for purse in member.purses), *book.allocation.grants}:
            lots = book.allocation.open_purse(member, kind).lots
            found[f"{member.member} {kind}"] = sum(lot.cents for lot in lots if lot.id not in lapsed)
    return found


def _batch_lines(book: Book) -> Sums:
    found: Sums = {}
    for batch in book.settlement.batches.values():
        for line in batch.closed.lines:
            name = f"{batch.closed.batch} {line.producer}"
            found |= {f"{name} net": line.net_cents, f"{name} paid": line.paid_cents}
    return found
