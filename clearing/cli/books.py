"""Law: a list or a report says what the log folds to now; reading it changes nothing.

The fold of a whole log takes a few seconds for a year of sales: for a desk, not for a till.
"""

from collections.abc import AsyncIterator
from typing import Final

from clearing.cli.desk import Desk, now_ms
from clearing.event_store.reader import PAGE_ROWS_MAX, Reader
from clearing.event_store.rows import EventRow
from clearing.events.catalogue import Event
from clearing.events.codec import decode
from clearing.events.funds import AllocationRuleSet
from clearing.events.settlement import PayoutRulesSet
from clearing.rules.book import Book
from clearing.rules.folds import money, payouts, products as listed, voted as votes
from clearing.rules.voted.standing import payout_rules_in_force

_VOTED: Final = {
    **votes.FOLDS, **listed.FOLDS, AllocationRuleSet: money.FOLDS[AllocationRuleSet],
    PayoutRulesSet: payouts.FOLDS[PayoutRulesSet],
}  # fmt: skip


async def events(log: Reader) -> AsyncIterator[tuple[EventRow, Event]]:
    """The whole log, oldest first."""
    after = 0
    while rows := await log.read(after, PAGE_ROWS_MAX):
        for row in rows:
            yield row, decode(row.type, row.schema_version, row.public, row.private)
        after = rows[-1].position


async def whole_book(log: Reader) -> Book:
    """The book as the log leaves it now."""
    book = Book()
    async for row, event in events(log):
        book.apply(event, row.position, row.at_us)
    return book


async def voted(log: Reader) -> Book:
    """A book of what was voted alone: decisions, chartes, credit rules and lists, which are few, without the sales between."""
    book, after = Book(), 0
    while rows := await log.events_of("caisse", after=after):
        for row in rows:
            event = decode(row.type, row.schema_version, row.public, row.private)
            fold = _VOTED.get(type(event))
            if fold is not None:
                fold(book, event, row.position, row.at_us)
        after = rows[-1].position
    return book


async def read_book(desk: Desk) -> Book:
    """The caisse of this command as it stands now."""
    async with desk.opened() as installation, installation.reading(desk.code) as log:
        return await whole_book(log)


async def voted_payout_rules(desk: Desk) -> PayoutRulesSet | None:
    """How this caisse pays, as voted and in force now."""
    async with desk.opened() as installation, installation.reading(desk.code) as log:
        return payout_rules_in_force(await voted(log), now_ms() * 1_000)
