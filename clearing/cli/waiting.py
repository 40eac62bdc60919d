"""Law: who looks at her caisse sees what waits for somebody, the oldest first, each with the command that ends it."""

from collections.abc import Iterator

from clearing.cli.books import events
from clearing.cli.desk import Desk, now_ms
from clearing.installation.amounts import counted
from clearing.installation.opening import Installation
from clearing.rules.book import Book
from clearing.rules.telling.waiting import Wait, Waiting
from clearing.values import CaisseCode


async def read_waits(installation: Installation, code: CaisseCode) -> list[Wait]:
    """What waits now. Reads the whole log, a few seconds for a year of sales."""
    book, waiting = Book(), Waiting()
    async with installation.reading(code) as log:
        async for row, event in events(log):
            book.apply(event, row.position, row.at_us)
            waiting.take(book, event, row.at_us)
    return waiting.told(book, max(book.at_us, now_ms() * 1_000))


def waits_told(waits: list[Wait]) -> Iterator[str]:
    """Lines for a person."""
    yield f"{counted(len(waits), 'thing')} waiting for somebody{':' if waits else '.'}"
    for one in waits:
        day = f"{'by' if one.by else 'since'} {one.day}" if one.day else ""
        yield f"  {day:16}  {one.told}: {' or '.join(f'clearing {command}' for command in one.commands)}"


async def say_waits(desk: Desk, installation: Installation, code: CaisseCode) -> None:
    for line in waits_told(await read_waits(installation, code)):
        desk.say(line)
