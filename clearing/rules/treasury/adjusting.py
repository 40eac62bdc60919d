"""Law: two people adjust, with a reason; a member is debited for an error of the system only, after notice, never below zero.

At most what is left of the purse now, and what is missing once from the next month's credit; the rest is the fund's loss.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from clearing.events.adjustments import Adjustment, AdjustmentDropped, AdjustmentMade, AdjustmentProposed, Taken
from clearing.events.funds import UNBOUND, PurseCredited
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now
from clearing.rules.calendar import CivilCalendar, civil_date
from clearing.rules.credit.allocation import Allocation
from clearing.rules.people.members import Members, OpenLot
from clearing.rules.selling.facts import OWN_PURSE
from clearing.rules.stalls.debts import debts
from clearing.rules.stalls.producers import Producer
from clearing.rules.stalls.settlement import Settlement
from clearing.rules.treasury.funds import Funds, engage, release
from clearing.values import Cents, MemberId, MicroTime, PersonId, ProducerId, money

OWE, LESS, OUTSIDE, WRITE_OFF, CREDIT, DEBIT = "owe", "owe-less", "paid-outside", "write-off", "credit", "debit"
KINDS: Final = (OWE, LESS, OUTSIDE, WRITE_OFF, CREDIT, DEBIT)
NOTICE_DAYS: Final = 10  # between telling a member and debiting her
_OF_PRODUCERS: Final = frozenset({OWE, LESS, OUTSIDE, WRITE_OFF})
_FROM_A_FUND: Final = frozenset({OWE, WRITE_OFF, CREDIT})


@dataclass(slots=True)
class Pending:
    """made_in: month in which a debit was made whose rest is still open, "" before it was made."""

    proposed: AdjustmentProposed
    made_in: str = ""
    rest_cents: int = 0


@dataclass(slots=True)
class Adjustments:
    """pending: by number. count: how many were ever proposed."""

    pending: dict[int, Pending] = field(default_factory=dict)
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """What an adjustment is looked up in."""

    settlement: Settlement
    producers: Mapping[ProducerId, Producer]
    members: Members
    allocation: Allocation
    funds: Funds
    calendar: CivilCalendar


def evolve_proposed(adjustments: Adjustments, event: AdjustmentProposed) -> None:
    adjustments.count = event.adjustment
    adjustments.pending[event.adjustment] = Pending(event)


def evolve_dropped(adjustments: Adjustments, event: AdjustmentDropped) -> None:
    del adjustments.pending[event.adjustment]


def evolve_made(adjustments: Adjustments, rooms: Rooms, event: AdjustmentMade, month: str) -> None:
    pending = adjustments.pending[event.adjustment]
    pending.made_in, pending.rest_cents = month, event.rest_cents
    if not event.rest_cents:
        del adjustments.pending[event.adjustment]
    what = event.what
    if what.kind in _OF_PRODUCERS:
        rooms.settlement.owed_to(ProducerId(what.who)).adjusted_cents += sum(debt.adjusted_cents for debt in debts(event))
    if what.kind in (OWE, WRITE_OFF):
        engage(rooms.funds, what.fund, event.cents)
    elif what.kind == LESS:
        rooms.funds[what.fund].received_cents += event.cents
    elif what.kind == DEBIT:
        purse = rooms.allocation.open_purse(rooms.members.members[MemberId(what.who)], what.purse)
        for lot, fund, cents in event.taken:
            purse.take(lot, cents)
            if lot in rooms.allocation.cohorts:
                rooms.allocation.cohorts[lot].left -= cents
            release(rooms.funds, fund, fund, cents)
    if sum(one.cents for one in event.taken) != (event.cents if what.kind == DEBIT else 0):
        raise BrokenBook(f"adjustment {event.adjustment} takes other cents than its lots")


def decide_propose(
    adjustments: Adjustments, rooms: Rooms, *, what: Adjustment, error: str, reason: str, by: PersonId, at_us: int
) -> AdjustmentProposed | Declined:
    declined = _of_form(what, error) or _possible(what, rooms, what.cents)
    if declined is not None:
        return declined
    day = rooms.calendar.day(at_us)
    from_on = day + timedelta(days=NOTICE_DAYS) if what.kind == DEBIT else day
    return AdjustmentProposed(
        adjustment=adjustments.count + 1, what=what, error=error, reason=reason, from_on=from_on.isoformat(), by=by
    )


def decide_make(
    adjustments: Adjustments, rooms: Rooms, *, adjustment: int, cents: Cents, by: PersonId, at_us: int
) -> tuple[AdjustmentMade | PurseCredited, ...] | Declined:
    """cents: what the second person saw. Of a debit whose rest is open: from the credit of the month after, once."""
    pending = adjustments.pending.get(adjustment)
    if pending is None:
        return not_found(f"Nothing is proposed under number {adjustment}: it was made or dropped, or never proposed.")
    what, proposed = pending.proposed.what, pending.proposed
    if proposed.by == by:
        return not_now(f"{by} proposed it; another person looks at the papers and makes it.")
    if what.cents != cents:
        return not_now(f"{proposed.by} proposed {money(what.cents)}, not {money(cents)}; look again, and make it or drop it.")
    if rooms.calendar.day(at_us) < civil_date(proposed.from_on):
        return not_now(f"The member is told before she is debited: it is made from {proposed.from_on} on.")
    if what.kind == DEBIT:
        return _debit(pending, rooms, by=by, at_us=at_us)
    declined = _possible(what, rooms, cents)
    if declined is not None:
        return declined
    made = AdjustmentMade(
        adjustment=adjustment, what=what, cents=cents, taken=(), rest_cents=Cents(0), reason=proposed.reason,
        proposed_by=proposed.by, by=by,
    )
    if what.kind != CREDIT:
        return (made,)
    credited = PurseCredited(
        member=MemberId(what.who), purse=what.purse, fund=what.fund, cents=cents, by=by, reference=f"adjustment {adjustment}",
        expires_us=MicroTime(what.expires_us) if what.expires_us else None,
    )
    return (made, credited)


def decide_drop(adjustments: Adjustments, *, adjustment: int, by: PersonId) -> AdjustmentDropped | Declined:
    if adjustment not in adjustments.pending:
        return not_found(f"Nothing is proposed under number {adjustment}: it was made or dropped, or never proposed.")
    return AdjustmentDropped(adjustment=adjustment, by=by)


def _of_form(what: Adjustment, error: str) -> Declined | None:
    if what.kind not in KINDS:
        return not_now(f"An adjustment is one of {', '.join(KINDS)}, not {what.kind}.")
    if not what.cents:
        return not_now("An adjustment moves at least one cent; give its amount.")
    if bool(what.fund) != (what.kind in _FROM_A_FUND or what.kind == LESS):
        return not_now("Name the fund that pays or gets it; what the bank paid, and a debit, name none.")
    if bool(what.purse) != (what.kind in (CREDIT, DEBIT)):
        return not_now("Name the purse of a member's credit or debit, and of nothing else.")
    if what.expires_us and what.kind != CREDIT:
        return not_now("Only a credit has a day on which it ends.")
    if (what.kind == DEBIT) != bool(error):
        return not_now("A member is debited for an error of the system only: say which one it was, and of a debit only.")
    if what.purse == OWN_PURSE:
        return not_now(f"The purse {OWN_PURSE} holds what members added themselves; correct that payment: clearing correct")
    return None


def _possible(what: Adjustment, rooms: Rooms, cents: int) -> Declined | None:
    """Why it can't be made as the books stand now."""
    fund = rooms.funds.get(what.fund)
    if what.fund and fund is None:
        return not_found(f"There is no fund {what.fund}; `clearing funds` lists them.")
    if fund is not None and what.kind in (OWE, WRITE_OFF) and fund.earmark != UNBOUND:
        return not_now(f"Fund {what.fund} is bound to its purpose; an adjustment is borne by a fund that is not.")
    if fund is not None and what.kind in _FROM_A_FUND and fund.free_cents() < cents:
        return not_now(f"Fund {what.fund} has {money(max(0, fund.free_cents()))} free, {money(cents)} are needed.")
    if what.kind in _OF_PRODUCERS:
        if what.who not in rooms.producers:
            return not_found(f"There is no producer {what.who}; `clearing producer list` shows them.")
        owed = rooms.settlement.owed.get(ProducerId(what.who))
        debt = 0 if owed is None else -owed.net_cents()
        if what.kind == WRITE_OFF and debt < cents:
            return not_now(f"{what.who} owes {money(max(0, debt))}, so {money(cents)} can't be written off.")
        return None
    member = rooms.members.members.get(MemberId(what.who))
    if member is None or member.gone:
        return not_found(f"There is no member {what.who}, or the member has left.")
    return None


def _debit(pending: Pending, rooms: Rooms, *, by: PersonId, at_us: int) -> tuple[AdjustmentMade] | Declined:
    proposed, what = pending.proposed, pending.proposed.what
    member = rooms.members.members.get(MemberId(what.who))
    if member is None or member.gone:
        return not_found(f"There is no member {what.who}, or the member has left; drop it, the fund bears it.")
    month = rooms.calendar.day(at_us).isoformat()[:7]
    lots: Iterable[OpenLot] = rooms.allocation.spendable(member, what.purse, at_us)
    due = pending.rest_cents or what.cents
    if pending.made_in:
        if month != _month_after(pending.made_in):
            return not_now(f"What was missing is taken from the credit of {_month_after(pending.made_in)} only; before that "
                           "wait, after that drop it: the fund bears it.")  # fmt: skip
        lots = [lot for lot in lots if lot.id.endswith(f"/{month}")]
    taken, left = list[Taken](), due
    for lot in lots:
        cents = min(left, lot.cents)
        if lot.fund is not None and cents:
            taken.append(Taken(lot.id, lot.fund, Cents(cents)))
            left -= cents
    if not taken and pending.made_in:
        return not_now(f"Nothing of the credit of {month} is there: give that credit first, or drop it: the fund bears it.")
    return (AdjustmentMade(
        adjustment=proposed.adjustment, what=what, cents=Cents(due - left), taken=tuple(taken),
        rest_cents=Cents(0 if pending.made_in else left), reason=proposed.reason, proposed_by=proposed.by, by=by,
    ),)  # fmt: skip


def _month_after(month: str) -> str:
    return (civil_date(f"{month}-01") + timedelta(days=31)).isoformat()[:7]
