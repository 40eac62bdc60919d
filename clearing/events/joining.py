"""Law: a person and her purchases are seen together when she asked for it, or two officers wrote why; each time is an event.

The reason may tell of her, so it is private: it never leaves the caisse.
"""

from dataclasses import dataclass
from typing import ClassVar

from clearing.events.recorded import Recorded
from clearing.values import MemberId, MicroTime, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinAsked(Recorded):
    """The member asked to be shown what she bought; by: the officer who heard it. From until_us on nobody sees it any more."""

    TYPE: ClassVar[int] = 360
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"reason"})
    member: MemberId
    reason: str
    until_us: MicroTime
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinProposed(Recorded):
    """An officer writes why a member's purchases have to be looked at without her asking."""

    TYPE: ClassVar[int] = 361
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"reason"})
    member: MemberId
    reason: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinAllowed(Recorded):
    """Another officer agreed to that reason. allowed_by: who proposed, who agreed; both may look until until_us."""

    TYPE: ClassVar[int] = 362
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"reason"})
    member: MemberId
    reason: str
    until_us: MicroTime
    allowed_by: tuple[PersonId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinDropped(Recorded):
    """A proposal was refused by another officer, or taken back: nothing was looked at."""

    TYPE: ClassVar[int] = 363
    member: MemberId
    by: PersonId


Event = JoinAsked | JoinProposed | JoinAllowed | JoinDropped
"""Every event of this room, for catalogue.py."""
