"""Law: simulated time stands still until the play moves it forward; both clocks are one, so that no step is ever seen.

Only a throwaway caisse gets this clock. When the day is over it runs on from there at the speed of the real one.
"""

import asyncio
import time


class SimulatedClock:
    """The writer's Clock and the tills' TerminalClock."""

    def __init__(self, start_us: int) -> None:
        self._us = start_us
        self._runs_from_ns: int | None = None

    def move_to(self, us: int) -> None:
        """Forward only."""
        self._us = max(self._us, us)

    def run(self) -> None:
        """From now on a second takes a second."""
        self._runs_from_ns = time.monotonic_ns()

    def now_us(self) -> int:
        ran_ns = 0 if self._runs_from_ns is None else time.monotonic_ns() - self._runs_from_ns
        return self._us + ran_ns // 1_000

    def monotonic_us(self) -> int:
        return self.now_us()

    def wall_ms(self) -> int:
        return self.now_us() // 1_000

    def rising_ms(self) -> int:
        """A till's patience is real: it waits for a real answer."""
        return time.monotonic_ns() // 1_000_000

    async def pause_ms(self, pause_ms: int) -> None:
        await asyncio.sleep(pause_ms / 1_000)
