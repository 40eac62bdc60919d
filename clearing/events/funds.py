"""Law: a fund never engages more than it received plus the advance voted on what was notified; credit is lots with a date.

An allocation is ONE event per rule and period; every purse derives its own lot from it, so nobody is credited twice.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple

from clearing.events.recorded import Recorded
from clearing.values import CategoryId, Cents, DecisionId, FundId, GrantId, MemberId, MicroTime, PersonId, PurseKind


class Earmark(NamedTuple):
    """What a fund's money may be spent for; empty or None: no restriction of that kind.

    places: ids of producers, conventions or structures, a territory among them; the selling producer carries one. categories:
    of the lines. from_us <= time < until_us. alone: no other money may come into the fund by a transfer.
    """

    places: tuple[str, ...] = ()
    categories: tuple[CategoryId, ...] = ()
    from_us: MicroTime | None = None
    until_us: MicroTime | None = None
    alone: bool = False


UNBOUND: Final = Earmark()
NO_VOTE: Final = DecisionId("")


class ClassCents(NamedTuple):
    """What a person of this credit class brings to her purse, instead of what the others bring."""

    credit_class: str
    cents: Cents


class Amount(NamedTuple):
    """The purses that got this amount."""

    cents: Cents
    members: tuple[MemberId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FundOpened(Recorded):
    """kind: general, tier, solidarity, sponsor, guarantee. advance_cents: how much notified money may be engaged early.

    Version 2: earmark. Version 3: decision, the vote for the advance; "" without one.
    """

    TYPE: ClassVar[int] = 20
    SCHEMA: ClassVar[int] = 3
    fund: FundId
    kind: str
    name: str
    advance_cents: Cents
    by: PersonId
    earmark: Earmark = UNBOUND
    decision: DecisionId = NO_VOTE


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyNotified(Recorded):
    """Money announced for this fund by nobody in particular; what a funder announces is a subsidy (grants.py)."""

    TYPE: ClassVar[int] = 21
    fund: FundId
    cents: Cents
    reference: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyReceived(Recorded):
    """Money on the caisse's bank account for this fund. reference: the bank line.

    Version 2: grant, the subsidy that it is a part of; clears_cents, how much of what was announced for the fund came with it.
    Version 3: on, the bank's ISO date, "" when nobody said it; another: a line just like one before it, as a person said.
    """

    TYPE: ClassVar[int] = 22
    SCHEMA: ClassVar[int] = 3
    fund: FundId
    cents: Cents
    reference: str
    by: PersonId
    grant: GrantId | None = None
    clears_cents: Cents = Cents(0)
    on: str = ""
    another: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationRuleSet(Recorded):
    """Voted: purses in a group of `who` (empty: all) are credited each month into `purse`, paid by `fund`; the lot can be spent
    for months_valid civil months, the month of the credit included.

    form: "fixed": cents_each for the first person of a purse, further_cents for each other, and for persons of a class in
    `classes` that amount instead. "mean": what was paid in for the month, by heads. "top-up": the fixed amount less what the
    purse paid in for the month. after_cotisation: only who paid in, then or later. first_period, last_period: "2026-09" or "".
    short: "wait", "smaller" (all alike) or "fund" (short_fund carries the whole run). lapse_to: fund of what lapses (None: its
    own). rollover_max_cents: what a purse keeps, once, when the lot ends. notice_days: before the end (0: none).
    """

    TYPE: ClassVar[int] = 23
    SCHEMA: ClassVar[int] = 2
    rule: str
    purse: PurseKind
    fund: FundId
    cents_each: Cents
    months_valid: int
    who: tuple[str, ...]
    decision: DecisionId
    by: PersonId
    form: str = "fixed"
    further_cents: Cents = Cents(0)
    classes: tuple[ClassCents, ...] = ()
    after_cotisation: bool = False
    first_period: str = ""
    last_period: str = ""
    short: str = "wait"
    short_fund: FundId | None = None
    lapse_to: FundId | None = None
    rollover_max_cents: Cents = Cents(0)
    notice_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationGranted(Recorded):
    """period: "2017-01". Freezes rule, total and head count at its position. expires_us: first instant it can't be spent.

    amounts: what each purse got, where it depends on more than its groups; empty: cents_each for all in `who`. need_cents: what
    the vote would have given. cover_cents: above 0, every amount was made smaller by cover_cents / need_cents. In the form
    "mean" cents_each is the mean per person.
    """

    TYPE: ClassVar[int] = 24
    SCHEMA: ClassVar[int] = 2
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"amounts"})
    rule: str
    period: str
    purse: PurseKind
    fund: FundId
    cents_each: Cents
    who: tuple[str, ...]
    head_count: int
    total_cents: Cents
    expires_us: MicroTime
    by: PersonId
    need_cents: Cents = Cents(0)
    cover_cents: Cents = Cents(0)
    form: str = "fixed"
    further_cents: Cents = Cents(0)
    classes: tuple[ClassCents, ...] = ()
    after_cotisation: bool = False
    lapse_to: FundId | None = None
    rollover_max_cents: Cents = Cents(0)
    notice_days: int = 0
    amounts: tuple[Amount, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleGranted(Recorded):
    """The same credit for one member who was not there when the period was granted; fills the gap once."""

    TYPE: ClassVar[int] = 25
    rule: str
    period: str
    member: MemberId
    purse: PurseKind
    fund: FundId
    cents: Cents
    expires_us: MicroTime
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationDeclined(Recorded):
    """The fund could not carry the whole run, so nobody was credited."""

    TYPE: ClassVar[int] = 26
    rule: str
    period: str
    fund: FundId
    need_cents: Cents
    cover_cents: Cents
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortLapsed(Recorded):
    """What was neither spent nor held of one granted period, to the fund that the vote named. lot: "<rule>/<period>"."""

    TYPE: ClassVar[int] = 27
    lot: str
    purse: PurseKind
    fund: FundId
    cents: Cents


@dataclass(frozen=True, slots=True, kw_only=True)
class PurseCredited(Recorded):
    """A single credit. fund None: the member's own money, received at the bank with it. Its lot is "x<position>"."""

    TYPE: ClassVar[int] = 28
    member: MemberId
    purse: PurseKind
    fund: FundId | None
    cents: Cents
    expires_us: MicroTime | None
    reference: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class LotLapsed(Recorded):
    """What was left of a single lot ("x<position>") when its time was over, back to the fund it came from."""

    TYPE: ClassVar[int] = 29
    member: MemberId
    purse: PurseKind
    lot: str
    fund: FundId
    cents: Cents


Event = (
    FundOpened
    | MoneyNotified
    | MoneyReceived
    | AllocationRuleSet
    | AllocationGranted
    | SingleGranted
    | AllocationDeclined
    | CohortLapsed
    | PurseCredited
    | LotLapsed
)
"""Every event of this room, for catalogue.py."""
