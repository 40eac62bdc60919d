"""Law: the audit stops at the first event that does not hold, and names it by its position and by what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from clearing.event_store.rows import EventRow, Head, ReplyRow, SignedHead, TapRow


class Level(StrEnum):
    """How much an audit proves; each level proves what those below it do. docs/OPERATING.md says what that is worth."""

    WHOLE = "whole"
    WITHOUT_SIGNATURES = "without-signatures"
    HASHES = "hashes"


class BadEvent(Exception):
    """The event at `position` does not hold; `reason` is a sentence for whoever has to look at it."""

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(f"event {position}: {reason}")
        self.position = position
        self.reason = reason


class BatchFrames(Protocol):
    """Where signed batch frames are kept under their SHA-256."""

    async def batch_frame(self, digest: bytes) -> bytes | None: ...


class StoredLog(BatchFrames, Protocol):
    """What the audit reads: a caisse's log in the database, or one that was exported or made in memory."""

    async def stored_head(self) -> Head: ...
    async def read(self, after: int, limit: int) -> list[EventRow]: ...
    async def replies_between(self, after: int, up_to: int) -> list[ReplyRow]: ...
    async def taps_between(self, after: int, up_to: int) -> list[TapRow]: ...
    async def filed_under(self, prefix: str) -> list[EventRow]: ...
    async def signed_heads(self, after_size: int) -> list[SignedHead]: ...


@dataclass(slots=True)
class Checked:
    """How often each promise was checked, by what is printed of it."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, what: str, times: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + times


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """ok False: `position` (0: no single event) and `reason` say what is wrong first. checked: promise -> times checked.

    head: the last position that was replayed; head_hash: the chain there. balances: cents per account of the books there, what
    is owed or held as a credit above zero.
    """

    ok: bool
    head: int
    head_hash: bytes
    checked: dict[str, int]
    balances: dict[str, int]
    position: int = 0
    reason: str = ""

    def text(self) -> Sequence[str]:
        """What was checked, a line each, and the verdict last."""
        lines = [f"{times:>12,}  {what}" for what, times in self.checked.items()]
        if self.ok:
            return [*lines, f"The log holds up to event {self.head}, chain {self.head_hash.hex()}."]
        place = f"First bad event: {self.position}. " if self.position else ""
        return [*lines, f"{place}{self.reason} Change nothing; keep a copy of the database, and call the operator."]
