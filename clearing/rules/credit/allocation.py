"""Law: one event grants a whole period; credit's identity is (member, rule, period); granted = spent + held + left + lapsed.

A cohort is everything granted under one lot id "<rule>/<period>". Its `left` is kept as a sum, so that it lapses in one event.
What time does to lots is in lapsing.py, how a run is worked out in credit_run.py.
"""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from clearing.events.codes import Code
from clearing.events.funds import (
    AllocationDeclined,
    AllocationGranted,
    AllocationRuleSet,
    PurseCredited,
    SingleGranted,
)
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now
from clearing.rules.calendar import CivilCalendar, period_start
from clearing.rules.credit.amounts import FORMS, SHORT, CreditTerms, terms_of
from clearing.rules.credit.credit_run import event_of, work_out
from clearing.rules.people.members import EMERGENCY_GROUP, Member, Members, OpenLot, Purse, is_for
from clearing.rules.selling.facts import OWN_PURSE
from clearing.rules.treasury.cotisations import Cotisations, asked_cents
from clearing.rules.treasury.funds import Fund, Funds
from clearing.values import Cents, FundId, MemberId, MicroTime, PersonId, PurseKind, money

DAY_US: Final = 86_400_000_000
NOTICE_DAYS_MAX: Final = 90


@dataclass(slots=True)
class Cohort:
    """left: cents granted that were neither spent nor are held. had: members known to have had it whatever their groups are now
    (single grants, and members whose groups changed since). amounts: what each purse got, where they are not alike.

    rolled: what could be carried over, was. "<period>+" is what was carried over from a period.
    """

    rule: str
    period: str
    purse: PurseKind
    fund: FundId
    cents_each: int
    who: frozenset[str]
    position: int
    expires_us: int
    left: int
    terms: CreditTerms
    lapsed: bool = False
    had: set[MemberId] = field(default_factory=set)
    amounts: dict[MemberId, int] = field(default_factory=dict)
    lapse_to: FundId | None = None
    rollover_max_cents: int = 0
    rolled: bool = False

    def reached(self, member: Member) -> bool:
        """Whether the grant itself credited this member; attributes are those of the grant's position."""
        if not self.terms.alike:
            return member.member in self.amounts
        return member.since < self.position and is_for(self.who, member.groups)

    def given_cents(self, member: Member) -> int:
        """What the grant gave to a member it reached."""
        return self.cents_each if self.terms.alike else self.amounts[member.member]


@dataclass(slots=True)
class SingleLot:
    """lapse_to: the fund that the vote named for what lapses; None: its own."""

    member: MemberId
    purse: PurseKind
    fund: FundId | None
    expires_us: int | None
    lapse_to: FundId | None = None


@dataclass(slots=True)
class Allocation:
    """grants: per purse kind, the cohorts in order, that purses turn into lots. due: (instant, lot id) of lots to lapse.

    notices: (instant, lot id) of lapses to announce. paid_in: cotisations per member and period.
    """

    rules: dict[str, AllocationRuleSet] = field(default_factory=dict)
    cohorts: dict[str, Cohort] = field(default_factory=dict)
    grants: dict[PurseKind, list[Cohort]] = field(default_factory=dict)
    singles: dict[str, SingleLot] = field(default_factory=dict)
    due: list[tuple[int, str]] = field(default_factory=list)
    notices: list[tuple[int, str]] = field(default_factory=list)
    paid_in: dict[MemberId, dict[str, int]] = field(default_factory=dict)

    def paid_cents(self, member: MemberId, period: str) -> int:
        """What the member's purse paid in for this period so far."""
        paid = self.paid_in.get(member)
        return 0 if paid is None else paid.get(period, 0)

    def open_purse(self, member: Member, kind: PurseKind) -> Purse:
        """The member's purse with every grant so far in it."""
        purse = member.purse(kind)
        grants = self.grants.get(kind)
        if grants is not None and purse.grants_seen < len(grants):
            purse.lots = [lot for lot in purse.lots if lot.id not in self.cohorts or not self.cohorts[lot.id].lapsed]
            for cohort in grants[purse.grants_seen :]:
                if not cohort.lapsed and cohort.reached(member):
                    purse.put(f"{cohort.rule}/{cohort.period}", cohort.fund, cohort.expires_us, cohort.given_cents(member))
            purse.grants_seen = len(grants)
        return purse

    def settle(self, member: Member) -> None:
        """Take every grant into the purses and remember what was had: before a member's groups change."""
        for kind, cohorts in self.grants.items():
            self.open_purse(member, kind)
            for cohort in cohorts:
                if not cohort.lapsed and cohort.reached(member):
                    cohort.had.add(member.member)

    def spendable(self, member: Member, kind: PurseKind, at_us: int) -> list[OpenLot]:
        """Lots that can be spent at at_us, soonest expiry first; lots whose time is over are passed over."""
        purse = self.open_purse(member, kind)
        if any(lot.expires_us is not None and lot.expires_us <= at_us for lot in purse.lots):
            return [lot for lot in purse.lots if lot.expires_us is None or lot.expires_us > at_us]
        return purse.lots

    def lot_expires_us(self, lot: str) -> int | None:
        """None: never. Raises KeyError for a lot that never was."""
        cohort = self.cohorts.get(lot)
        return cohort.expires_us if cohort is not None else self.singles[lot].expires_us

    def lot_fund(self, lot: str) -> FundId | None:
        cohort = self.cohorts.get(lot)
        return cohort.fund if cohort is not None else self.singles[lot].fund

    def lapse_fund(self, lot: str) -> FundId | None:
        """Where it goes when its time is over; None: own money, which does not lapse."""
        held = self.cohorts.get(lot) or self.singles[lot]
        return held.lapse_to or held.fund

    def give_back(self, member: Member, kind: PurseKind, lot: str, cents: int) -> None:
        """Cents go back to a lot that can still be spent."""
        self.open_purse(member, kind).put(lot, self.lot_fund(lot), self.lot_expires_us(lot), cents)
        cohort = self.cohorts.get(lot)
        if cohort is not None:
            cohort.left += cents
        elif (expires_us := self.singles[lot].expires_us) is not None:
            heapq.heappush(self.due, (expires_us, lot))

    def new_lot(self, lot: str, member: Member, single: SingleLot, cents: int) -> None:
        self.singles[lot] = single
        self.open_purse(member, single.purse).put(lot, single.fund, single.expires_us, cents)
        if single.expires_us is not None and single.fund is not None:
            heapq.heappush(self.due, (single.expires_us, lot))


def evolve_rule(allocation: Allocation, event: AllocationRuleSet) -> None:
    allocation.rules[event.rule] = event


def evolve_granted(allocation: Allocation, event: AllocationGranted, position: int) -> None:
    lot = f"{event.rule}/{event.period}"
    if lot in allocation.cohorts:
        raise BrokenBook(f"{lot} was granted before")
    cohort = Cohort(
        rule=event.rule, period=event.period, purse=event.purse, fund=event.fund, cents_each=event.cents_each,
        who=frozenset(event.who), position=position, expires_us=event.expires_us, left=event.total_cents,
        terms=terms_of(event), lapse_to=event.lapse_to, rollover_max_cents=event.rollover_max_cents,
        amounts={member: one.cents for one in event.amounts for member in one.members},
    )
    allocation.cohorts[lot] = cohort
    allocation.grants.setdefault(event.purse, []).append(cohort)
    heapq.heappush(allocation.due, (event.expires_us, lot))
    if event.notice_days:
        heapq.heappush(allocation.notices, (event.expires_us - event.notice_days * DAY_US, lot))


def evolve_single(allocation: Allocation, members: Members, event: SingleGranted) -> None:
    lot = f"{event.rule}/{event.period}"
    cohort, member = allocation.cohorts[lot], members.members[event.member]
    allocation.open_purse(member, event.purse).put(lot, event.fund, cohort.expires_us, event.cents)
    cohort.had.add(event.member)
    cohort.left += event.cents


def evolve_credited(allocation: Allocation, members: Members, event: PurseCredited, position: int) -> None:
    single = SingleLot(member=event.member, purse=event.purse, fund=event.fund, expires_us=event.expires_us)
    allocation.new_lot(f"x{position}", members.members[event.member], single, event.cents)


def paid_in(allocation: Allocation, members: Members, member: MemberId, period: str, cents: int) -> None:
    """A cotisation of this period arrived (or, below zero, bounced): what later runs and late credits go by.

    Grants before it keep what they gave: they froze it.
    """
    if member not in members.members:
        raise BrokenBook(f"{member} paid in and is no member")
    paid = allocation.paid_in.setdefault(member, {})
    paid[period] = paid.get(period, 0) + cents


def due_by_payment(
    allocation: Allocation, members: Members, funds: Funds, *, cotisations: Cotisations, member: MemberId, period: str,
    cents: int, by: PersonId, at_us: int,
) -> tuple[SingleGranted, ...]:
    """The credits that waited for this member's cotisation of the period, if `cents` arrive at at_us and make it whole; each
    once.

    Of the book before the payment. What a fund can't carry waits for a single grant.
    """
    person = members.members.get(member)
    if person is None or person.gone or cents < 1:
        return ()
    paid, found, free = allocation.paid_cents(member, period) + cents, list[SingleGranted](), dict[FundId, int]()
    asked = asked_cents(cotisations, member, period)
    for cohort in allocation.cohorts.values():
        if cohort.period != period or not cohort.terms.after_cotisation or _had(cohort, person) or _over(cohort, at_us):
            continue
        if not is_for(cohort.who, person.groups):
            continue
        due = cohort.terms.due_cents(members.persons(member), paid, asked)
        room = free.setdefault(cohort.fund, funds[cohort.fund].free_cents())
        if 0 < due <= room:
            free[cohort.fund] = room - due
            found.append(_single(cohort, member, due, by))
    return tuple(found)


def _had(cohort: Cohort, person: Member) -> bool:
    return person.member in cohort.had or cohort.reached(person)


def _over(cohort: Cohort, at_us: int) -> bool:
    return cohort.lapsed or cohort.expires_us <= at_us


def _single(cohort: Cohort, member: MemberId, due_cents: int, by: PersonId) -> SingleGranted:
    return SingleGranted(
        rule=cohort.rule, period=cohort.period, member=member, purse=cohort.purse, fund=cohort.fund, cents=Cents(due_cents),
        expires_us=MicroTime(cohort.expires_us), by=by,
    )  # fmt: skip


def single_cents(
    allocation: Allocation, members: Members, cotisations: Cotisations, cohort: Cohort, member: MemberId
) -> int:
    """What a purse that the run did not reach would get of it now."""
    if cohort.terms.alike:
        return cohort.cents_each
    asked = asked_cents(cotisations, member, cohort.period)
    return cohort.terms.due_cents(members.persons(member), allocation.paid_cents(member, cohort.period), asked)


def missing_cents(allocation: Allocation, members: Members, cotisations: Cotisations, member: MemberId, period: str) -> int:
    """What of the month's cotisation has still to arrive before a credit that waits for it is given; 0: none waits."""
    person = members.members.get(member)
    if person is None or person.gone or not any(
        cohort.period == period and cohort.terms.after_cotisation and is_for(cohort.who, person.groups)
        and not cohort.lapsed and not _had(cohort, person)
        for cohort in allocation.cohorts.values()
    ):
        return 0
    return max(0, asked_cents(cotisations, member, period) - allocation.paid_cents(member, period))


def decide_set_rule(rule: AllocationRuleSet, *, funds: Iterable[FundId]) -> AllocationRuleSet | Declined:
    known = set(funds)
    for fund in (rule.fund, rule.short_fund, rule.lapse_to):
        if fund is not None and fund not in known:
            return not_found(f"There is no fund {fund}; open it first.")
    if rule.purse == OWN_PURSE:
        return not_now(f"The purse {OWN_PURSE} holds what members added themselves; name another purse for the credit.")
    if rule.form not in FORMS or rule.short not in SHORT:
        return not_now(f"A credit is one of {', '.join(FORMS)}; when its fund is short, one of {', '.join(SHORT)}.")
    if not 1 <= rule.months_valid <= 24 or not (rule.form == "mean" or rule.cents_each or any(c.cents for c in rule.classes)):
        return not_now("A monthly credit is at least one cent and can be spent for 1 to 24 months.")
    if rule.form == "mean" and (rule.cents_each or rule.further_cents or rule.classes):
        return not_now("The mean of what was paid in needs no amounts; leave them out.")
    if len({one.credit_class for one in rule.classes}) != len(rule.classes):
        return not_now("Each credit class has one amount; remove the second.")
    return _checked_ends(rule)


def _checked_ends(rule: AllocationRuleSet) -> AllocationRuleSet | Declined:
    """Months, other funds and notice fit together."""
    if (rule.short == "fund") != (rule.short_fund is not None) or rule.short_fund == rule.fund:
        return not_now("Name the other fund that pays when the rule's own is short, if and only if that was voted.")
    for period in filter(None, (rule.first_period, rule.last_period)):
        period_start(period)
    if rule.first_period and rule.last_period and rule.last_period < rule.first_period:
        return not_now("The last month of the programme is before its first; correct one of the two.")
    if not 0 <= rule.notice_days <= NOTICE_DAYS_MAX:
        return not_now(f"Notice is given 1 to {NOTICE_DAYS_MAX} days before the end, or not at all (0).")
    return rule if rule.lapse_to != rule.fund else replace(rule, lapse_to=None)


def decide_grant(
    allocation: Allocation, members: Members, funds: Funds, calendar: CivilCalendar,
    *, cotisations: Cotisations, rule: str, period: str, by: PersonId, at_us: int,
) -> AllocationGranted | AllocationDeclined | Declined:
    """A period is granted once, to all it is for, or to nobody."""
    run = work_out(
        allocation, members, funds, calendar, cotisations=cotisations, rule=rule, period=period, at_us=at_us
    )
    return run if isinstance(run, Declined) else event_of(run, by=by)


def decide_grant_single(
    allocation: Allocation, members: Members, funds: Funds, *, cotisations: Cotisations, rule: str, period: str,
    member: MemberId, by: PersonId, at_us: int,
) -> SingleGranted | Declined:
    """Fills the gap of one member in a period that was granted without her; once."""
    period_start(period)
    cohort, person = allocation.cohorts.get(f"{rule}/{period}"), members.members.get(member)
    if cohort is None or person is None:
        return not_found(f"There is no member {member}, or {rule} was not granted for {period}.")
    if person.gone:
        return not_now(f"{member} has left; no credit is given any more.")
    if _over(cohort, at_us):
        return Declined(code=Code.EXPIRED_OR_RESOLVED, why=f"The credit of {period} has lapsed for everybody.")
    if _had(cohort, person):
        return Declined(code=Code.EXPIRED_OR_RESOLVED, why=f"{member} had the credit of {period} already; it is given once.")
    if not cohort.who and EMERGENCY_GROUP in person.groups:
        return not_now(f"{member} is a purse of emergency credit, which the credit of a month does not reach. When a household "
                       f"keeps it, put it into its groups first: clearing member groups {member} GROUP")  # fmt: skip
    if cohort.terms.after_cotisation and (missing := missing_cents(allocation, members, cotisations, member, period)):
        paid = allocation.paid_cents(member, period)
        return not_now(f"{member} paid {money(paid)} of the {money(paid + missing)} for {period}: {money(missing)} are "
                       "missing, and the credit follows by itself when they arrive.")  # fmt: skip
    due = single_cents(allocation, members, cotisations, cohort, member)
    if not due:
        return not_now(f"By the vote {member} gets nothing of {period}: look at what was paid in for that month.")
    if funds[cohort.fund].free_cents() < due:
        return not_now(f"Fund {cohort.fund} can't carry it: {_short(funds[cohort.fund], due)}.")
    return _single(cohort, member, due, by)


def decide_credit(
    members: Members, funds: Funds, credit: PurseCredited, *, at_us: int
) -> PurseCredited | Declined:
    """A single credit to one purse: own money that arrived, or an emergency credit from a fund."""
    if credit.member not in members.members:
        return not_found(f"There is no member {credit.member}.")
    if members.members[credit.member].gone:
        return not_now(f"{credit.member} has left; nothing is put into these purses any more.")
    if credit.cents < 1:
        return not_now("Credit at least one cent.")
    if credit.expires_us is not None and credit.expires_us <= at_us:
        return not_now("The credit would have lapsed already; choose a later expiry.")
    if credit.fund is not None and credit.purse == OWN_PURSE:
        return not_now(f"The purse {OWN_PURSE} holds what members added themselves; put a fund's credit into another purse.")
    if credit.fund is None and credit.expires_us is not None:
        return not_now("A member's own money does not lapse; leave the expiry out.")
    if credit.fund is not None and credit.fund not in funds:
        return not_found(f"There is no fund {credit.fund}; open it first.")
    if credit.fund is not None and funds[credit.fund].free_cents() < credit.cents:
        return not_now(f"Fund {credit.fund} can't carry it: {_short(funds[credit.fund], credit.cents)}.")
    return credit


def _short(fund: Fund, need_cents: int) -> str:
    return f"{money(need_cents)} are needed, {money(max(0, fund.free_cents()))} are free; receive money first"
