"""Law: at_us follows the wall clock while it agrees with the monotonic one; after a step of over 5 s a person confirms it."""

import time
from typing import Final, Protocol

STEP_MAX_US: Final = 5_000_000


class Clock(Protocol):
    """Two clocks in microseconds. Only tests, loadtests and the demo bring another than SystemClock."""

    def now_us(self) -> int:
        """Wall clock, since 1970-01-01 UTC."""
        ...

    def monotonic_us(self) -> int:
        """Never goes back; its origin means nothing."""
        ...


class SystemClock:
    def now_us(self) -> int:
        return time.time_ns() // 1_000

    def monotonic_us(self) -> int:
        return time.monotonic_ns() // 1_000


class WatchedClock:
    """Compares the wall clock with the monotonic one at each reading."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead_us = clock.now_us() - clock.monotonic_us()
        self.step_us = 0

    def now_us(self) -> int:
        """The wall clock; after a step, the time it would show had it not stepped."""
        monotonic_us = self._clock.monotonic_us()
        step_us = self._clock.now_us() - monotonic_us - self._ahead_us
        if self.step_us or abs(step_us) > STEP_MAX_US:
            self.step_us = step_us or 1
            return monotonic_us + self._ahead_us
        self._ahead_us += step_us
        return monotonic_us + self._ahead_us

    def not_before(self, log_us: int) -> None:
        """The log ends at log_us: a wall clock further back than a step was set back while nobody watched it."""
        if log_us - self.now_us() > STEP_MAX_US:
            self._ahead_us = log_us - self._clock.monotonic_us()

    def confirm(self) -> int:
        """An operator says the wall clock is right. Returns the step that was confirmed, in microseconds."""
        confirmed, self.step_us = self.step_us, 0
        self._ahead_us = self._clock.now_us() - self._clock.monotonic_us()
        return confirmed
