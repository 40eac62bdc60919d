"""Law: a lot ends at its instant: announced if that was voted, carried over once as far as that was voted, the rest lapses.

A cohort lapses in one event with its total. Only a voted notice or a voted carry-over looks into the purses.
"""

import heapq
from collections.abc import Iterator

from clearing.events.crediting import CohortRolled, LapseAnnounced
from clearing.events.funds import CohortLapsed, LotLapsed
from clearing.rules.answers import BrokenBook
from clearing.rules.calendar import CivilCalendar
from clearing.rules.credit.allocation import Allocation, Cohort
from clearing.rules.people.members import Member, Members
from clearing.values import Cents, MicroTime

CARRIED = "+"  # ends the lot id, and the period, of what was carried over


def evolve_cohort_lapsed(allocation: Allocation, members: Members, event: CohortLapsed) -> None:
    cohort = allocation.cohorts[event.lot]
    if cohort.lapsed or cohort.left != event.cents:
        raise BrokenBook(f"{event.lot} has {cohort.left} cents left, {event.cents} lapsed")
    cohort.left, cohort.lapsed = 0, True
    cohort.amounts = {}
    _forget_due(allocation, members, event.lot)


def evolve_lot_lapsed(allocation: Allocation, members: Members, event: LotLapsed) -> None:
    _forget_due(allocation, members, event.lot)
    purse = allocation.open_purse(members.members[event.member], event.purse)
    purse.take(event.lot, event.cents)
    if purse.lot(event.lot) is not None:
        raise BrokenBook(f"{event.lot} lapsed and still holds cents")


def evolve_announced(allocation: Allocation, event: LapseAnnounced) -> None:
    if not allocation.notices or heapq.heappop(allocation.notices)[1] != event.lot:
        raise BrokenBook(f"{event.lot} was announced before its turn")


def evolve_rolled(allocation: Allocation, members: Members, event: CohortRolled) -> None:
    """Every purse keeps its part, in a lot that ends later and is carried over no more."""
    old, lot = allocation.cohorts[event.lot], f"{event.lot}{CARRIED}"
    if old.rolled or lot in allocation.cohorts:
        raise BrokenBook(f"{event.lot} was carried over before")
    new = Cohort(
        rule=old.rule, period=f"{old.period}{CARRIED}", purse=old.purse, fund=old.fund, cents_each=0, who=old.who, position=0,
        expires_us=event.expires_us, left=event.cents, terms=old.terms, lapse_to=old.lapse_to, rolled=True,
    )  # fmt: skip
    kept = [(member, min(cents, event.each_max_cents)) for member, cents in holders(allocation, members, event.lot)]
    if (len(kept), sum(cents for _, cents in kept)) != (event.head_count, event.cents):
        raise BrokenBook(f"{event.lot} has another sum to carry over than {event.cents} cents")
    for member, cents in kept:
        purse = allocation.open_purse(member, old.purse)
        purse.take(event.lot, cents)
        purse.put(lot, old.fund, event.expires_us, cents)
    allocation.cohorts[lot] = new
    allocation.grants.setdefault(old.purse, []).append(new)
    old.rolled, old.left = True, old.left - event.cents
    heapq.heappush(allocation.due, (event.expires_us, lot))


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


def holders(allocation: Allocation, members: Members, lot: str) -> Iterator[tuple[Member, int]]:
    """Who has what left of a cohort; purses that were not touched since the grant are not opened for it."""
    cohort = allocation.cohorts[lot]
    grants = allocation.grants.get(cohort.purse, ())
    place = next((place for place, one in enumerate(grants) if one is cohort), len(grants))
    for member in members.members.values():
        purse = next((one for one in member.purses if one.kind == cohort.purse), None)
        held = purse.lot(lot) if purse is not None else None
        cents = held.cents if held is not None else 0
        if (purse is None or purse.grants_seen <= place) and cohort.reached(member):
            cents += cohort.given_cents(member)
        if cents:
            yield member, cents


def next_due_us(allocation: Allocation, members: Members) -> int | None:
    first = _first_due(allocation, members)
    return None if first is None else first[0]


def decide_lapse(
    allocation: Allocation, members: Members, calendar: CivilCalendar, *, at_us: int
) -> CohortLapsed | CohortRolled | LotLapsed | None:
    """The next lot whose time is over at at_us; None when there is none."""
    first = _first_due(allocation, members)
    if first is None or first[0] > at_us:
        return None
    lot = first[1]
    cohort = allocation.cohorts.get(lot)
    if cohort is not None:
        if cohort.rollover_max_cents and cohort.left and not cohort.rolled:
            return _rolled(allocation, members, calendar, lot, cohort)
        return CohortLapsed(lot=lot, purse=cohort.purse, fund=cohort.lapse_to or cohort.fund, cents=Cents(cohort.left))
    single = allocation.singles[lot]
    if single.fund is None:
        raise BrokenBook(f"{lot} is a member's own money, which does not lapse")
    return LotLapsed(
        member=single.member, purse=single.purse, lot=lot, fund=single.lapse_to or single.fund,
        cents=Cents(_single_left(allocation, members, lot)),
    )


def _rolled(allocation: Allocation, members: Members, calendar: CivilCalendar, lot: str, cohort: Cohort) -> CohortRolled:
    """Kept for as many civil months as the credit itself was good for."""
    first = int(cohort.period[:4]) * 12 + int(cohort.period[5:7]) - 1
    ended = calendar.day(cohort.expires_us)
    months = ended.year * 12 + ended.month - 1 - first
    kept = [min(cents, cohort.rollover_max_cents) for _, cents in holders(allocation, members, lot)]
    return CohortRolled(
        lot=lot, purse=cohort.purse, fund=cohort.lapse_to or cohort.fund, each_max_cents=Cents(cohort.rollover_max_cents),
        head_count=len(kept), cents=Cents(sum(kept)), expires_us=calendar.period_end_us(cohort.period, 2 * months),
    )  # fmt: skip


def decide_notice(allocation: Allocation, members: Members, *, at_us: int) -> LapseAnnounced | None:
    """The next lapse to announce at at_us; None when there is none."""
    if not allocation.notices or allocation.notices[0][0] > at_us:
        return None
    lot = allocation.notices[0][1]
    cohort = allocation.cohorts[lot]
    left = [cents for _, cents in holders(allocation, members, lot)]
    return LapseAnnounced(
        lot=lot, purse=cohort.purse, head_count=len(left), cents=Cents(sum(left)), expires_us=MicroTime(cohort.expires_us)
    )
