"""Law: what a desk lists is folded from the log, and shown by pseudonyms; it takes as long as reading the log."""

from clearing.cli.desk import Desk
from clearing.cli.registers import events
from clearing.rules.book import Book


async def book_now(desk: Desk) -> Book:
    """The book at the end of the log."""
    book = Book()
    async with desk.opened() as installation, installation.reading(desk.code) as log:
        async for row, event in events(log):
            book.apply(event, row.position, row.at_us)
    return book
