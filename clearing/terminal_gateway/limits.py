"""Law: whoever knocks too often waits, and only they; a table of those who knock is bounded, whoever knocks.

One whole number per key: the moment from which its bucket is full again (generic cell rate algorithm).
"""

from functools import lru_cache
from ipaddress import IPv6Address
from typing import Final

_SECOND_US: Final = 1_000_000


class TokenBuckets:
    """A bucket of `burst` tokens per key, `per_s` of them come back each second. Times are microseconds that never fall."""

    def __init__(self, *, per_s: int, burst: int, table_max: int) -> None:
        self._interval_us: Final = max(1, _SECOND_US // per_s)
        self._debt_max_us: Final = (burst - 1) * self._interval_us
        self._table_max: Final = table_max
        self._full_at_us: dict[bytes | str, int] = {}

    def __len__(self) -> int:
        return len(self._full_at_us)

    def wait_s(self, key: bytes | str, now_us: int) -> int:
        """0 when a token is there; else the whole seconds, 1 or more, until one is."""
        full_at_us = self._full_at_us.get(key)
        if full_at_us is None:
            return 0
        missing_us = full_at_us - now_us - self._debt_max_us
        return 0 if missing_us <= 0 else -(-missing_us // _SECOND_US)

    def spend(self, key: bytes | str, now_us: int, tokens: int = 1) -> None:
        """Take one token or more. A bucket may be emptied further by what is taken at once, as a batch is, and no further."""
        full_at_us = max(self._full_at_us.pop(key, now_us), now_us) + self._interval_us * tokens
        if len(self._full_at_us) >= self._table_max:
            # The one longest silent goes: its bucket is the likeliest to be full, which is what an absent one is.
            del self._full_at_us[next(iter(self._full_at_us))]
        self._full_at_us[key] = min(full_at_us, now_us + self._debt_max_us + self._interval_us * tokens)


@lru_cache(maxsize=4096)
def source_of(address: str) -> str:
    """Whose bucket an address is: an IPv4 address has its own, an IPv6 network of 64 bits shares one."""
    if ":" not in address:
        return address
    try:
        return IPv6Address(address.partition("%")[0]).exploded[:19]
    except ValueError:
        return address
