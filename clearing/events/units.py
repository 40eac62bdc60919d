"""Law: a second unit has no euro behind it: it is issued, moved and taken back, and never becomes a cent or another unit."""

from dataclasses import dataclass
from typing import ClassVar

from clearing.events.recorded import Recorded
from clearing.values import PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitOpened(Recorded):
    """unit: its code, like "gemme"; name: as people say it."""

    TYPE: ClassVar[int] = 200
    unit: str
    name: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitIssued(Recorded):
    """New pieces. holder: "member:<id>" or "producer:<id>". reference: what they were given for, no name."""

    TYPE: ClassVar[int] = 201
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"holder", "reference", "by"})
    unit: str
    pieces: int
    holder: str
    reference: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitMoved(Recorded):
    """Pieces that change hands. giver, taker: holders as in UnitIssued."""

    TYPE: ClassVar[int] = 202
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"giver", "taker", "reference", "by"})
    unit: str
    pieces: int
    giver: str
    taker: str
    reference: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitTakenBack(Recorded):
    """Pieces that leave circulation: the caisse takes them back and gives nothing that these books know."""

    TYPE: ClassVar[int] = 203
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"holder", "reference", "by"})
    unit: str
    pieces: int
    holder: str
    reference: str
    by: PersonId


Event = UnitOpened | UnitIssued | UnitMoved | UnitTakenBack
"""Every event of this room, for catalogue.py."""
