"""Law: a member is a pseudonym with groups; a card is a token of a member's purses; no name, no birth date, ever."""

from dataclasses import dataclass
from typing import ClassVar

from clearing.events.recorded import Recorded
from clearing.values import CardId, MemberId, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAdmitted(Recorded):
    """groups: tiers, affiliations, credit class: the names that chartes and allocation rules ask for."""

    TYPE: ClassVar[int] = 40
    member: MemberId
    groups: tuple[str, ...]
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberGroupsChanged(Recorded):
    TYPE: ClassVar[int] = 41
    member: MemberId
    groups: tuple[str, ...]
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CardIssued(Recorded):
    """key_version: version of the card's keys (wire.md section 1). alias: what people read on it."""

    TYPE: ClassVar[int] = 42
    card: CardId
    key_version: int
    member: MemberId
    alias: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CardBlocked(Recorded):
    """code: 41 lost, 43 stolen, 62 blocked."""

    TYPE: ClassVar[int] = 43
    card: CardId
    code: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CardUnblocked(Recorded):
    TYPE: ClassVar[int] = 44
    card: CardId
    by: PersonId


Event = (
    MemberAdmitted
    | MemberGroupsChanged
    | CardIssued
    | CardBlocked
    | CardUnblocked
)
"""Every event of this room, for catalogue.py."""
