"""Law: a page shows the log as it stands: before each answer the caisse's book is brought up to the log's end.

The book is the writer's own kind, folded here from snapshot and log, so a figure on a page is what the rules decide by.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from clearing.authoriser.loading import follow, load
from clearing.authoriser.snapshot import Loaded
from clearing.event_store.reader import Reader
from clearing.events.codec import decode
from clearing.rules.book import Book
from clearing.rules.telling.waiting import BEGINS, Waiting
from clearing.telemetry import LogEvent
from clearing.values import CaisseCode

FOLLOWED_MAX: Final = 8  # caisses kept in memory; of more the one that was looked at longest ago is let go


@dataclass(slots=True)
class Followed:
    """A caisse's book, and since when what waits in it does so."""

    log: Reader
    loaded: Loaded
    waiting: Waiting
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Followers:
    """The books of an installation's caisses. opened: a reader of a caisse's log, which makes a lost connection anew itself."""

    def __init__(self, opened: Callable[[CaisseCode], Awaitable[Reader]]) -> None:
        self._opened = opened
        self._followed: dict[CaisseCode, Followed] = {}
        self._loading = asyncio.Lock()

    async def book(self, code: CaisseCode) -> Book:
        """As the log stands now. Raises NoSuchCaisse, BrokenBook, DatabaseGone."""
        return (await self.followed(code)).loaded.book

    async def followed(self, code: CaisseCode) -> Followed:
        """The same, with what waits."""
        followed = self._followed.get(code)
        if followed is None:
            async with self._loading:
                followed = self._followed.get(code) or await self._first(code)
        self._followed.pop(code, None)
        self._followed[code] = followed  # the one looked at last stands last
        async with followed.turn:
            await follow(followed.log, followed.loaded, (await followed.log.stored_head()).position, followed.waiting.take)
        return followed

    async def close(self) -> None:
        for followed in self._followed.values():
            await followed.log.close()
        self._followed.clear()

    async def _first(self, code: CaisseCode) -> Followed:
        log = await self._opened(code)
        try:
            self._followed[code] = followed = await _first(log)
        except BaseException:
            await log.close()
            raise
        while len(self._followed) > FOLLOWED_MAX:
            gone = self._followed.pop(next(iter(self._followed)))
            async with gone.turn:
                await gone.log.close()
        return followed


async def _first(log: Reader) -> Followed:
    """From the newest snapshot; what began to wait before it is found by its type."""
    loaded, waiting = await load(log, _tell), Waiting()
    types = [kind.TYPE for kind in BEGINS]
    for row in await log.events_of_types(types, after=0, up_to=loaded.book.position):
        waiting.recall(decode(row.type, row.schema_version, row.public, row.private), row.at_us)
    return Followed(log, loaded, waiting)


def _tell(alarm: str, fault: object) -> None:
    structlog.get_logger().error(LogEvent.ALARM, alarm=alarm, fault=str(fault))
