"""Law: the plain way: one SQL transaction per sale, a lock on the purse, every line and share a row; same durable server.

`locked` also locks the two funds, as a fund that may never be overspent needs; `summed` leaves them to a later sum, which is
faster and would let a fund go below zero. Nothing is signed, verified, projected or chained here.
"""

import asyncio
import itertools
import time
from dataclasses import dataclass
from typing import Final

import asyncpg
import uvloop

from clearing.sql import named_blocks, sql_text
from loadtests.fleet import CATEGORIES, random_baskets

QUERIES: Final = named_blocks(sql_text("loadtests", "peers.sql"))
_LINES: Final = list(range(len(CATEGORIES)))
_SHARES: Final = ((0, "sponsor"), (0, "credit"), (1, "credit"), (1, "solidarity"), (2, "credit"), (2, "solidarity"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tills:
    """One client process: `connections` terminals of their own (from `first`), selling to `members` for `seconds`."""

    dsn: str
    first: int
    connections: int
    members: int
    seconds: float
    funds_locked: bool


def split(prices: tuple[int, ...]) -> list[int]:
    """Cents of _SHARES for one basket: half of the first line, then 100, 70 and 30 %, then what is left."""
    first, second, third = prices
    half, seventy, thirty = (first + 1) // 2, (second * 7 + 5) // 10, (third * 3 + 5) // 10
    return [half, first - half, seventy, second - seventy, thirty, third - thirty]


def sell(tills: Tills) -> tuple[int, float]:
    """(sales acknowledged, CPU seconds of this process). Runs in a process of its own."""
    started_s = time.process_time()
    sold = uvloop.run(_sell(tills))
    return sold, time.process_time() - started_s


async def _sell(tills: Tills) -> int:
    until_s = time.monotonic() + tills.seconds
    places = range(tills.first, tills.first + tills.connections)
    return sum(await asyncio.gather(*(_one_till(tills, place, until_s) for place in places)))


async def _one_till(tills: Tills, place: int, until_s: float) -> int:
    baskets = itertools.cycle(random_baskets(b"%d" % place))
    connection = await asyncpg.connect(tills.dsn)
    try:
        for n in itertools.count(1):
            if time.monotonic() >= until_s:
                return n - 1
            member = (place * 7_919 + n * 104_729) % tills.members
            async with connection.transaction():
                await _sale(connection, tills, place, n, member, next(baskets))
    finally:
        await connection.close()
    raise AssertionError("the count never ends")


async def _sale(
    connection: "asyncpg.Connection[asyncpg.Record]", tills: Tills, place: int, n: int, member: int, prices: tuple[int, ...]
) -> None:
    cents = split(prices)
    credit = cents[1] + cents[2] + cents[4]
    assert await connection.fetchval(QUERIES["lock_purse"], member) >= credit, "purses are full enough for the run"
    if tills.funds_locked:
        await connection.fetch(QUERIES["lock_funds"])
        await connection.execute(QUERIES["take_from_fund"], "sponsor", cents[0])
        await connection.execute(QUERIES["take_from_fund"], "solidarity", cents[3] + cents[5])
    await connection.execute(QUERIES["take_from_purse"], member, credit)
    sale = await connection.fetchval(QUERIES["sale"], place, n, member, sum(prices))
    await connection.execute(QUERIES["lines"], sale, _LINES, list(CATEGORIES), list(prices))
    await connection.execute(QUERIES["shares"], sale, [line for line, _ in _SHARES], [payer for _, payer in _SHARES], cents)
