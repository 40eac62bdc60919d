"""Law: what a report says is what the whole log folds to, now; a report changes nothing."""

from clearing.cli.desk import Desk
from clearing.cli.registers import events
from clearing.installation.opening import Installation
from clearing.rules.book import Book


async def book_of(desk: Desk, installation: Installation) -> Book:
    """The caisse's book, from its log."""
    book = Book()
    async with installation.reading(desk.code) as log:
        async for row, event in events(log):
            book.apply(event, row.position, row.at_us)
    return book


async def read_book(desk: Desk) -> Book:
    """The same, of the installation of this command."""
    async with desk.opened() as installation:
        return await book_of(desk, installation)
