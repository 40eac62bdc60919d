"""Law: the end of credit is announced where that was voted, what is carried over is so once; emergency credit has a vote."""

from dataclasses import dataclass
from typing import ClassVar

from clearing.events.recorded import Recorded
from clearing.values import Cents, DecisionId, FundId, MemberId, MicroTime, PersonId, PurseKind


@dataclass(frozen=True, slots=True, kw_only=True)
class LapseAnnounced(Recorded):
    """The voted notice before a cohort lapses. lot: "<rule>/<period>". head_count: purses that have something left of it."""

    TYPE: ClassVar[int] = 30
    lot: str
    purse: PurseKind
    head_count: int
    cents: Cents
    expires_us: MicroTime


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortRolled(Recorded):
    """At the end of a cohort each purse keeps up to each_max_cents of it in the lot "<lot>+", until expires_us, and no further.

    cents: of all purses. fund: of what will lapse of it."""

    TYPE: ClassVar[int] = 31
    lot: str
    purse: PurseKind
    fund: FundId
    each_max_cents: Cents
    head_count: int
    cents: Cents
    expires_us: MicroTime


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyRuleSet(Recorded):
    """Voted: at most each_max_cents at a time and day_max_cents a civil day in all, from `fund` into `purse`, for days_valid
    civil days after the day it was given. groups: those of the purse that is made for it."""

    TYPE: ClassVar[int] = 32
    rule: str
    purse: PurseKind
    fund: FundId
    each_max_cents: Cents
    day_max_cents: Cents
    days_valid: int
    groups: tuple[str, ...]
    decision: DecisionId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyGiven(Recorded):
    """Counts against the rule's day; the credit itself is the PurseCredited after it."""

    TYPE: ClassVar[int] = 33
    rule: str
    member: MemberId
    cents: Cents
    by: PersonId


Event = LapseAnnounced | CohortRolled | EmergencyRuleSet | EmergencyGiven
"""Every event of this room, for catalogue.py."""
