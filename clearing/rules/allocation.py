"""Law: one event grants a whole period; credit's identity is (member, rule, period); granted = spent + held + left + lapsed.

A cohort is everything granted under one lot id "<rule>/<period>". Its `left` is kept as a sum, so that it lapses in one event.
"""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field

from clearing.events.codes import Code
from clearing.events.funds import (
    AllocationDeclined,
    AllocationGranted,
    AllocationRuleSet,
    CohortLapsed,
    LotLapsed,
    PurseCredited,
    SingleGranted,
)
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now
from clearing.rules.caisse import Caisse
from clearing.rules.calendar import CivilCalendar, period_start
from clearing.rules.decisions import GROUP, WHOLE_CAISSE, standing
from clearing.rules.facts import OWN_PURSE
from clearing.rules.funds import Fund, Funds
from clearing.rules.members import Member, Members, OpenLot, Purse
from clearing.values import CENTS_MAX, Cents, FundId, MemberId, MicroTime, PersonId, PurseKind


@dataclass(slots=True)
class Cohort:
    """left: cents granted that were neither spent nor are held. had: members known to have had it whatever their groups are now
    (single grants, and members whose groups changed since)."""

    rule: str
    period: str
    purse: PurseKind
    fund: FundId
    cents_each: int
    who: frozenset[str]
    position: int
    expires_us: int
    left: int
    lapsed: bool = False
    had: set[MemberId] = field(default_factory=set)

    def reached(self, member: Member) -> bool:
        """Whether the grant itself credited this member; attributes are those of the grant's position."""
        return member.since < self.position and (not self.who or bool(self.who & member.groups))


@dataclass(slots=True)
class SingleLot:
    member: MemberId
    purse: PurseKind
    fund: FundId | None
    expires_us: int | None


@dataclass(slots=True)
class Allocation:
    """grants: per purse kind, the cohorts in order, that purses turn into lots. due: (instant, lot id) of lots to lapse."""

    rules: dict[str, AllocationRuleSet] = field(default_factory=dict)
    cohorts: dict[str, Cohort] = field(default_factory=dict)
    grants: dict[PurseKind, list[Cohort]] = field(default_factory=dict)
    singles: dict[str, SingleLot] = field(default_factory=dict)
    due: list[tuple[int, str]] = field(default_factory=list)

    def open_purse(self, member: Member, kind: PurseKind) -> Purse:
        """The member's purse with every grant so far in it."""
        purse = member.purse(kind)
        grants = self.grants.get(kind)
        if grants is not None and purse.grants_seen < len(grants):
            purse.lots = [lot for lot in purse.lots if lot.id not in self.cohorts or not self.cohorts[lot.id].lapsed]
            for cohort in grants[purse.grants_seen :]:
                if not cohort.lapsed and cohort.reached(member):
                    purse.put(f"{cohort.rule}/{cohort.period}", cohort.fund, cohort.expires_us, cohort.cents_each)
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
    known = allocation.cohorts.get(lot)
    cohort = Cohort(
        rule=event.rule, period=event.period, purse=event.purse, fund=event.fund, cents_each=event.cents_each,
        who=frozenset(event.who), position=position, expires_us=event.expires_us, left=event.total_cents,
    )
    if known is not None:
        raise BrokenBook(f"{lot} was granted before")
    allocation.cohorts[lot] = cohort
    allocation.grants.setdefault(event.purse, []).append(cohort)
    heapq.heappush(allocation.due, (event.expires_us, lot))


def evolve_single(allocation: Allocation, members: Members, event: SingleGranted) -> None:
    lot = f"{event.rule}/{event.period}"
    cohort, member = allocation.cohorts[lot], members.members[event.member]
    allocation.open_purse(member, event.purse).put(lot, event.fund, cohort.expires_us, event.cents)
    cohort.had.add(event.member)
    cohort.left += event.cents


def evolve_credited(allocation: Allocation, members: Members, event: PurseCredited, position: int) -> None:
    single = SingleLot(member=event.member, purse=event.purse, fund=event.fund, expires_us=event.expires_us)
    allocation.new_lot(f"x{position}", members.members[event.member], single, event.cents)


def evolve_cohort_lapsed(allocation: Allocation, members: Members, event: CohortLapsed) -> None:
    cohort = allocation.cohorts[event.lot]
    if cohort.lapsed or cohort.left != event.cents:
        raise BrokenBook(f"{event.lot} has {cohort.left} cents left, {event.cents} lapsed")
    cohort.left, cohort.lapsed = 0, True
    _forget_due(allocation, members, event.lot)


def evolve_lot_lapsed(allocation: Allocation, members: Members, event: LotLapsed) -> None:
    _forget_due(allocation, members, event.lot)
    purse = allocation.open_purse(members.members[event.member], event.purse)
    purse.take(event.lot, event.cents)
    if purse.lot(event.lot) is not None:
        raise BrokenBook(f"{event.lot} lapsed and still holds cents")


def _forget_due(allocation: Allocation, members: Members, lot: str) -> None:
    first = _first_due(allocation, members)
    if first is None or first[1] != lot:
        raise BrokenBook(f"{lot} lapsed before its turn")
    heapq.heappop(allocation.due)


def _first_due(allocation: Allocation, members: Members) -> tuple[int, str] | None:
    """The next lot to lapse. Single lots that were spent are passed over for good: one that is refilled is due anew."""
    while allocation.due:
        first = allocation.due[0]
        if first[1] in allocation.cohorts or _single_left(allocation, members, first[1]):
            return first
        heapq.heappop(allocation.due)
    return None


def _single_left(allocation: Allocation, members: Members, lot: str) -> int:
    single = allocation.singles[lot]
    held = members.members[single.member].purse(single.purse).lot(lot)
    return 0 if held is None else held.cents


def next_due_us(allocation: Allocation, members: Members) -> int | None:
    first = _first_due(allocation, members)
    return None if first is None else first[0]


def decide_lapse(allocation: Allocation, members: Members, *, at_us: int) -> CohortLapsed | LotLapsed | None:
    """The next lot whose time is over at at_us; None when there is none."""
    first = _first_due(allocation, members)
    if first is None or first[0] > at_us:
        return None
    lot = first[1]
    cohort = allocation.cohorts.get(lot)
    if cohort is not None:
        return CohortLapsed(lot=lot, purse=cohort.purse, fund=cohort.fund, cents=Cents(cohort.left))
    single = allocation.singles[lot]
    if single.fund is None:
        raise BrokenBook(f"{lot} is a member's own money, which does not lapse")
    return LotLapsed(
        member=single.member, purse=single.purse, lot=lot, fund=single.fund,
        cents=Cents(_single_left(allocation, members, lot)),
    )


def decide_set_rule(
    rule: AllocationRuleSet, *, funds: Iterable[FundId], caisse: Caisse, at_us: int
) -> AllocationRuleSet | Declined:
    """A rule stands on a decision that is in force now, and reaches nobody beyond its scope."""
    if rule.fund not in funds:
        return not_found(f"There is no fund {rule.fund}; open it first.")
    stands = standing(caisse, rule.decision, at_us)
    if stands is not None:
        return stands
    kind, _, name = caisse.decisions[rule.decision].scope.partition(":")
    if kind != WHOLE_CAISSE and (kind, rule.who) != (GROUP, (name,)):
        return not_now(f"Decision {rule.decision} is about {kind} {name} only; a credit for others needs a vote of the caisse.")
    if rule.purse == OWN_PURSE:
        return not_now(f"The purse {OWN_PURSE} holds what members added themselves; name another purse for the credit.")
    if rule.cents_each < 1 or not 1 <= rule.months_valid <= 24:
        return not_now("A monthly credit is at least one cent and can be spent for 1 to 24 months.")
    return rule


def decide_grant(
    allocation: Allocation, members: Members, funds: Funds, calendar: CivilCalendar,
    *, rule: str, period: str, by: PersonId, at_us: int,
) -> AllocationGranted | AllocationDeclined | Declined:
    """A period is granted once, to all it is for, or to nobody."""
    voted = allocation.rules.get(rule)
    if voted is None:
        return not_found(f"There is no allocation rule {rule}; set it by a decision first.")
    if f"{rule}/{period}" in allocation.cohorts:
        why = f"{rule} was granted for {period} already; nobody is credited twice."
        return Declined(code=Code.EXPIRED_OR_RESOLVED, why=why)
    if period_start(period) > calendar.day(at_us):
        return not_now(f"{period} has not begun; the credit of a month is granted from its first day on.")
    expires_us = calendar.period_end_us(period, voted.months_valid)
    if expires_us <= at_us:
        return not_now(f"The credit of {period} would have lapsed already; grant the current month.")
    head_count = members.head_count(voted.who)
    if not head_count:
        return not_found("Nobody would be credited: there is no member that this rule is for.")
    need, cover = head_count * voted.cents_each, funds[voted.fund].free_cents()
    if need > min(cover, CENTS_MAX):
        return AllocationDeclined(
            rule=rule, period=period, fund=voted.fund, need_cents=Cents(need), cover_cents=Cents(max(0, cover)), by=by
        )
    return AllocationGranted(
        rule=rule, period=period, purse=voted.purse, fund=voted.fund, cents_each=voted.cents_each, who=voted.who,
        head_count=head_count, total_cents=Cents(need), expires_us=expires_us, by=by,
    )


def decide_grant_single(
    allocation: Allocation, members: Members, funds: Funds, *, rule: str, period: str, member: MemberId, by: PersonId,
    at_us: int,
) -> SingleGranted | Declined:
    """Fills the gap of one member in a period that was granted without her; once."""
    cohort, person = allocation.cohorts.get(f"{rule}/{period}"), members.members.get(member)
    if cohort is None or person is None:
        return not_found(f"There is no member {member}, or {rule} was not granted for {period}.")
    if cohort.lapsed or cohort.expires_us <= at_us:
        return Declined(code=Code.EXPIRED_OR_RESOLVED, why=f"The credit of {period} has lapsed for everybody.")
    if cohort.reached(person) or member in cohort.had:
        return Declined(code=Code.EXPIRED_OR_RESOLVED, why=f"{member} had the credit of {period} already; it is given once.")
    if funds[cohort.fund].free_cents() < cohort.cents_each:
        return not_now(f"Fund {cohort.fund} can't carry it: {_short(funds[cohort.fund], cohort.cents_each)}.")
    return SingleGranted(
        rule=rule, period=period, member=member, purse=cohort.purse, fund=cohort.fund, cents=Cents(cohort.cents_each),
        expires_us=MicroTime(cohort.expires_us), by=by,
    )


def decide_credit(
    members: Members, funds: Funds, credit: PurseCredited, *, at_us: int
) -> PurseCredited | Declined:
    """A single credit to one purse: own money that arrived, or an emergency credit from a fund."""
    if credit.member not in members.members:
        return not_found(f"There is no member {credit.member}.")
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
    return f"{need_cents} cents are needed, {fund.free_cents()} are free; receive money first"
