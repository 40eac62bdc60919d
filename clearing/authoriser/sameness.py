"""Law: a message is (terminal, epoch, n) and its digest; the same message gets the stored reply for ever, other content 94.

Memory answers for the recent past; a lower n than the highest that memory does not hold is asked of the store before its group
is decided. Source: wire.md section 3, architecture.md decision 7.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from clearing.values import TerminalId

RECENT_MAX: Final = 50_000  # replies kept in memory over all terminals, about 25 MB

MessageKey = tuple[TerminalId, int, int]


@dataclass(frozen=True, slots=True)
class Stored:
    """A reply as it was sent, complete with envelope and signature, and the digest of the request it answers."""

    digest: bytes
    reply: bytes


class Sameness:
    """The highest n per (terminal, epoch), and the most recent replies of all."""

    def __init__(self) -> None:
        self._highest: dict[tuple[TerminalId, int], int] = {}
        self._recent: OrderedDict[MessageKey, Stored] = OrderedDict()

    def saw(self, terminal: TerminalId, epoch: int, n: int) -> None:
        key = (terminal, epoch)
        if n > self._highest.get(key, -1):
            self._highest[key] = n

    def recent(self, key: MessageKey) -> Stored | None:
        return self._recent.get(key)

    def may_be_stored(self, key: MessageKey) -> bool:
        """Whether only the store can say if this message was answered before."""
        return key not in self._recent and key[2] <= self._highest.get(key[:2], -1)

    def remember(self, key: MessageKey, stored: Stored) -> None:
        self.saw(*key)
        self._recent[key] = stored
        if len(self._recent) > RECENT_MAX:
            self._recent.popitem(last=False)
