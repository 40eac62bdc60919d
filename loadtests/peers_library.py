"""Law: the library's way: a purse is an aggregate of PyPI's `eventsourcing`, a sale one of its events, stored by psycopg.

As generous as its documentation allows: aggregates stay in memory (its cache, never checked against the store), one pool
connection per thread, processes that share no purse. Nothing is signed, verified or projected here.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from loadtests.fleet import CATEGORIES, random_baskets
from loadtests.peers_sql import split

PURSE_CENTS: Final = 1_000_000_000


class Purse(Aggregate):
    """One member's credit."""

    @event("Opened")
    def __init__(self, cents: int) -> None:
        self.cents = cents

    @event("Sold")
    def sell(self, terminal: int, n: int, lines: list[list[object]], shares: list[int]) -> None:  # noqa: ARG002 - stored
        credit = shares[1] + shares[2] + shares[4]
        if self.cents < credit:
            raise ValueError("purses are full enough for the run")
        self.cents -= credit


@dataclass(frozen=True, slots=True, kw_only=True)
class Threads:
    """One client process: threads of their own terminals (from `first`), selling to purses of their own for `seconds`."""

    environment: Mapping[str, str]
    first: int
    threads: int
    members: int
    seconds: float


def make_tables(environment: Mapping[str, str]) -> None:
    """Once, before the processes, which are told CREATE_TABLE=n: two that do it at the same time are refused by PostgreSQL."""
    shop: Any = Application(env=dict(environment))
    shop.close()


def sell(crew: Threads) -> tuple[int, float, float]:
    """(sales acknowledged, CPU seconds, seconds of selling). Runs in a process of its own; opening purses is not counted."""
    shop: Any = Application(env=dict(crew.environment))
    purses: list[list[UUID]] = []
    for _ in range(crew.threads):
        opened = [Purse(cents=PURSE_CENTS) for _ in range(-(-crew.members // crew.threads))]
        shop.save(*opened)
        purses.append([purse.id for purse in opened])
    sold = [0] * crew.threads
    started_s, cpu_s = time.monotonic(), time.process_time()
    until_s = started_s + crew.seconds
    threads = [
        threading.Thread(target=_one_till, args=(shop, crew.first + place, ids, until_s, sold, place))
        for place, ids in enumerate(purses)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = sum(sold), time.process_time() - cpu_s, time.monotonic() - started_s
    shop.close()
    return done


def _one_till(shop: Any, terminal: int, ids: list[UUID], until_s: float, sold: list[int], place: int) -> None:
    baskets, n = random_baskets(b"%d" % terminal), 0
    while time.monotonic() < until_s:
        n += 1
        prices = baskets[n % len(baskets)]
        purse = shop.repository.get(ids[n % len(ids)])
        lines = [[category, cents] for category, cents in zip(CATEGORIES, prices, strict=True)]
        purse.sell(terminal=terminal, n=n, lines=lines, shares=split(prices))
        shop.save(purse)
        sold[place] = n
