"""Law: a group costs the same whatever its size, so under load it waits a little for company; who comes alone never waits.

A commit costs writer and database some 700 us beside its sales. At a few thousand sales a second the commit before is over
after a handful of requests: without a pace, most of what a sale costs would be the group it came in.
"""

import asyncio
from collections.abc import Callable
from typing import Final

BUSY: Final = 4  # requests in a group after which the next one is paced; tills that wait for their answers make smaller ones


class Pace:
    """Holds the group behind a busy one back until every_ms after that was sent, then calls wake. every_ms 0: never."""

    def __init__(self, every_ms: int, wake: Callable[[], None]) -> None:
        self._every_s, self._wake = every_ms / 1_000, wake
        self.holds = False

    def sent(self, requests: int) -> None:
        """A group of so many requests was sent off."""
        if requests >= BUSY and self._every_s:
            self.holds = True
            asyncio.get_running_loop().call_later(self._every_s, self._over)

    def _over(self) -> None:
        self.holds = False
        self._wake()
