"""Law: persons share a purse; one adult's word is enough to part, at once, with her part; who leaves takes no credit along.

Own money of who left is owed to the person until two people say that it was paid back.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from clearing.events.codes import Code
from clearing.events.households import (
    EaterClassChanged,
    EaterClassSet,
    EaterJoined,
    EaterLeft,
    HouseholdRulesSet,
    HouseholdSeparated,
    LotEnded,
    LotMoved,
    MemberLeft,
    MoneyBackConfirmed,
    MoneyBackProposed,
    PurseEmptied,
)
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now
from clearing.rules.calendar import CivilCalendar, period_start
from clearing.rules.credit.allocation import Allocation, SingleLot
from clearing.rules.people.members import Eater, Member, Members, OpenLot
from clearing.rules.treasury.funds import Funds, engage
from clearing.values import Cents, EaterId, MemberId, MicroTime, PersonId, PurseKind, largest_remainder, money

SEPARATION: Final = ("split", "stay")
LEAVING: Final = ("at-once", "month-end")
REASONS: Final = ("left", "moved", "died")
WAYS: Final = ("transfer", "cash")
EATERS_MAX: Final = 30  # of one purse


@dataclass(slots=True)
class Households:
    """leaving_at: (instant, member) of who left and whose purses are still open. closed: whose purses were emptied. again: of
    those, into whose purses something came back. owed: own money to be paid back. proposed: paid, as one person says."""

    separation: str = "split"
    leaving: str = "at-once"
    leaving_at: list[tuple[int, MemberId]] = field(default_factory=list)
    closed: set[MemberId] = field(default_factory=set)
    again: list[MemberId] = field(default_factory=list)
    owed: dict[MemberId, int] = field(default_factory=dict)
    proposed: dict[MemberId, MoneyBackProposed] = field(default_factory=dict)

    def came_back(self, member: MemberId) -> None:
        """Cents came back into a purse: of who left, they go on at once."""
        if member in self.closed and member not in self.again:
            self.again.append(member)


def evolve_rules(households: Households, event: HouseholdRulesSet) -> None:
    households.separation, households.leaving = event.separation, event.leaving


def evolve_class(members: Members, calendar: CivilCalendar, event: EaterJoined | EaterClassSet) -> None:
    eater = Eater(event.credit_class, event.next_class, event.next_period)
    members.eaters.setdefault(event.member, {})[event.eater] = eater
    _expect_change(members, calendar, event.member, event.eater, eater)


def _expect_change(members: Members, calendar: CivilCalendar, member: MemberId, name: EaterId, eater: Eater) -> None:
    if eater.next_period:
        heapq.heappush(members.class_changes, (calendar.start_us(period_start(eater.next_period)), member, name))


def evolve_eater_left(members: Members, event: EaterLeft) -> None:
    del members.eaters[event.member][event.eater]


def evolve_class_changed(members: Members, event: EaterClassChanged) -> None:
    eater = members.eaters[event.member][event.eater]
    if eater.next_class != event.credit_class:
        raise BrokenBook(f"{event.eater} was to become {eater.next_class}, not {event.credit_class}")
    heapq.heappop(members.class_changes)
    members.eaters[event.member][event.eater] = Eater(event.credit_class)


def evolve_separated(
    members: Members, allocation: Allocation, calendar: CivilCalendar, event: HouseholdSeparated
) -> None:
    old, new = members.members[event.member], members.members[event.new_member]
    for moved in event.lots:
        allocation.open_purse(old, moved.purse).take(moved.lot, moved.cents)
        if moved.lot in allocation.cohorts:
            allocation.open_purse(new, moved.purse).put(moved.lot, moved.fund, moved.expires_us, moved.cents)
        else:
            single = SingleLot(new.member, moved.purse, moved.fund, moved.expires_us, moved.lapse_to)
            allocation.new_lot(moved.new_lot, new, single, moved.cents)
    for cohort in allocation.cohorts.values():
        if not cohort.lapsed and (old.member in cohort.had or cohort.reached(old)):
            cohort.had.add(new.member)
    for name in event.eaters:
        eater = members.eaters[old.member].pop(name)
        members.eaters.setdefault(new.member, {})[name] = eater
        _expect_change(members, calendar, new.member, name, eater)


def evolve_left(households: Households, members: Members, allocation: Allocation, event: MemberLeft) -> None:
    member = members.members[event.member]
    allocation.settle(member)
    members.leave(member)
    members.eaters.pop(event.member, None)
    heapq.heappush(households.leaving_at, (event.ends_us, event.member))


def evolve_emptied(
    households: Households, members: Members, allocation: Allocation, funds: Funds, event: PurseEmptied
) -> None:
    member = members.members[event.member]
    for lot in event.lots:
        allocation.open_purse(member, lot.purse).take(lot.lot, lot.cents)
        cohort = allocation.cohorts.get(lot.lot)
        if cohort is not None:
            cohort.left -= lot.cents
        if lot.fund is None:
            households.owed[event.member] = households.owed.get(event.member, 0) + lot.cents
        else:
            engage(funds, lot.fund, -lot.cents)
    if next(_alive(allocation, member), None) is not None:
        raise BrokenBook(f"the purses of {event.member} were emptied and still hold something")
    for card in members.cards_of(event.member):
        card.blocked = card.blocked or Code.BLOCKED
    if event.member in households.closed:
        households.again.remove(event.member)
    else:
        households.closed.add(event.member)
        if heapq.heappop(households.leaving_at)[1] != event.member:
            raise BrokenBook(f"the purses of {event.member} were emptied before their turn")


def evolve_back_proposed(households: Households, event: MoneyBackProposed) -> None:
    households.proposed[event.member] = event


def evolve_back_confirmed(households: Households, event: MoneyBackConfirmed) -> None:
    del households.proposed[event.member]
    households.owed[event.member] -= event.cents
    if households.owed[event.member] < 0:
        raise BrokenBook(f"{event.member} was paid back more than was owed")
    if not households.owed[event.member]:
        del households.owed[event.member]


def _alive(allocation: Allocation, member: Member) -> Iterator[tuple[PurseKind, OpenLot]]:
    """Every lot that the member's purses hold, with every grant so far in them."""
    for kind in dict.fromkeys((*(purse.kind for purse in member.purses), *allocation.grants)):
        for lot in allocation.open_purse(member, kind).lots:
            cohort = allocation.cohorts.get(lot.id)
            if cohort is None or not cohort.lapsed:
                yield kind, lot


def next_change(members: Members, calendar: CivilCalendar) -> tuple[int, EaterClassChanged] | None:
    """The next change of a class, and when; changes that were corrected since are passed over."""
    while members.class_changes:
        at_us, member, name = members.class_changes[0]
        eater = members.eaters.get(member, {}).get(name)
        if eater is not None and eater.next_period and calendar.start_us(period_start(eater.next_period)) == at_us:
            return at_us, EaterClassChanged(member=member, eater=name, credit_class=eater.next_class)
        heapq.heappop(members.class_changes)
    return None


def next_emptied(households: Households, members: Members, allocation: Allocation) -> tuple[int, PurseEmptied] | None:
    """The next purses to empty, and when."""
    if households.again:
        return 0, _emptied(allocation, members.members[households.again[0]])
    if not households.leaving_at:
        return None
    at_us, member = households.leaving_at[0]
    return at_us, _emptied(allocation, members.members[member])


def _emptied(allocation: Allocation, member: Member) -> PurseEmptied:
    lots = [LotEnded(kind, lot.id, allocation.lot_fund(lot.id), Cents(lot.cents)) for kind, lot in _alive(allocation, member)]
    return PurseEmptied(member=member.member, lots=tuple(lots))


def _present(members: Members, member: MemberId) -> Member | Declined:
    found = members.members.get(member)
    if found is None:
        return not_found(f"There is no member {member}; admit the member first.")
    return found if not found.gone else not_now(f"{member} has left; nothing changes in this purse any more.")


def decide_rules(event: HouseholdRulesSet) -> HouseholdRulesSet | Declined:
    if event.separation not in SEPARATION or event.leaving not in LEAVING:
        return not_now(f"Separation is {' or '.join(SEPARATION)}, leaving is {' or '.join(LEAVING)}.")
    return event


def decide_class(
    members: Members, calendar: CivilCalendar, event: EaterJoined | EaterClassSet, *, at_us: int
) -> EaterJoined | EaterClassSet | Declined:
    """A person joins a household, or her class is corrected."""
    member = _present(members, event.member)
    if isinstance(member, Declined):
        return member
    known = members.eaters.get(event.member, {})
    if isinstance(event, EaterJoined) and (event.eater in known or len(known) >= EATERS_MAX):
        return not_now(f"{event.eater} is in {event.member} already, or {EATERS_MAX} persons are; give another pseudonym.")
    if isinstance(event, EaterClassSet) and event.eater not in known:
        return not_found(f"{event.eater} is not in {event.member}; see: clearing household list {event.member}")
    if bool(event.next_class) != bool(event.next_period):
        return not_now("A class that changes has both: the class that follows, and the month from which it holds.")
    if event.next_period and calendar.start_us(period_start(event.next_period)) <= at_us:
        return not_now(f"{event.next_period} has begun; give {event.next_class} as the class that holds now.")
    return event


def decide_eater_leaves(members: Members, *, member: MemberId, eater: EaterId, by: PersonId) -> EaterLeft | Declined:
    known = members.eaters.get(member, {})
    if eater not in known:
        return not_found(f"{eater} is not in {member}; see: clearing household list {member}")
    if len(known) == 1:
        return not_now(f"{eater} is the last of {member}; if nobody uses the purse any more: clearing member leave {member}")
    return EaterLeft(member=member, eater=eater, by=by)


def decide_separate(
    households: Households, members: Members, allocation: Allocation, *, member: MemberId, new_member: MemberId,
    eaters: tuple[EaterId, ...], by: PersonId,
) -> HouseholdSeparated | Declined:
    """Each lot by heads, largest remainder, who stays first; or, by vote, all stays. Asks nobody of the household."""
    old = _present(members, member)
    if isinstance(old, Declined):
        return old
    known = members.eaters.get(member, {})
    if not eaters or not set(eaters) < set(known) or len(set(eaters)) != len(eaters):
        return not_now(f"Name who goes, and leave at least one person; in {member} are: {', '.join(known) or 'nobody yet'}. "
                       f"Persons are named with: clearing household add {member} PERSON")  # fmt: skip
    weights = (len(known) - len(eaters), len(eaters))
    moved = []
    for kind, lot in _alive(allocation, old) if households.separation == "split" else ():
        part = largest_remainder(lot.cents, weights)[1]
        cohort = lot.id in allocation.cohorts
        held = allocation.cohorts.get(lot.id) or allocation.singles[lot.id]
        if part:
            moved.append(LotMoved(
                purse=kind, lot=lot.id, new_lot=lot.id if cohort else f"{lot.id}~{new_member}", cents=part, fund=lot.fund,
                lapse_to=held.lapse_to, expires_us=None if lot.expires_us is None else MicroTime(lot.expires_us),
            ))  # fmt: skip
    return HouseholdSeparated(member=member, new_member=new_member, eaters=eaters, lots=tuple(moved), by=by)


def decide_leave(
    households: Households, members: Members, calendar: CivilCalendar, *, member: MemberId, reason: str, by: PersonId,
    at_us: int,
) -> MemberLeft | Declined:
    """As voted: the purses end at once, or with the civil month."""
    found = _present(members, member)
    if isinstance(found, Declined):
        return found
    if reason not in REASONS:
        return not_now(f"Say why: {', '.join(REASONS)}.")
    day = calendar.day(at_us)
    month_end_us = calendar.period_end_us(f"{day.year:04}-{day.month:02}", 1)
    ends_us = month_end_us if households.leaving == "month-end" else MicroTime(at_us)
    return MemberLeft(member=member, reason=reason, ends_us=ends_us, by=by)


def decide_back(
    households: Households, *, member: MemberId, how: str, reference: str, by: PersonId
) -> MoneyBackProposed | Declined:
    owed = households.owed.get(member, 0)
    if not owed:
        return not_found(f"Nothing is owed to {member}; see: clearing member owed")
    if how not in WAYS:
        return not_now(f"It was paid by {' or '.join(WAYS)}.")
    return MoneyBackProposed(member=member, cents=Cents(owed), how=how, reference=reference, by=by)


def decide_back_confirmed(
    households: Households, *, member: MemberId, cents: Cents, by: PersonId
) -> MoneyBackConfirmed | Declined:
    seen = households.proposed.get(member)
    if seen is None or seen.cents != cents:
        return not_found(f"Nobody said that {member} was paid {money(cents)} back; first: clearing member pay-back {member}")
    if seen.by == by:
        return not_now(f"{by} said so already; another person confirms it.")
    return MoneyBackConfirmed(member=member, cents=seen.cents, how=seen.how, reference=seen.reference, by=by)
