"""Law: a closing caisse gives no credit; on its last day's end credit lapses and cards stop; it is sealed with empty accounts.

Producers are paid in full, members get their own money back, each fund's rest goes to the body that the vote named.
A freeze is the milder form: no credit for now, everything else goes on.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from clearing.events.basket import LotUse
from clearing.events.closing import (
    CaisseSealed,
    ClosureConfirmed,
    ClosureProposed,
    Heir,
    OwnMoneyPaid,
    OwnMoneyReleased,
    ProducerRepaid,
    RestPaid,
    RestReleased,
)
from clearing.events.grants import CreditsFrozen, CreditsResumed
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now
from clearing.rules.calendar import civil_date
from clearing.rules.ends.closing_rooms import ROOMS, may_return, own_lots
from clearing.rules.people import members
from clearing.rules.treasury import funds
from clearing.values import Cents, DecisionId, FundId, MemberId, PersonId, ProducerId, money

if TYPE_CHECKING:
    from clearing.rules.book import Book

DAYS_AHEAD_MAX: Final = 400  # a last day further off is a slip of the pen
RELEASES_MAX: Final = 500  # purses emptied by one command


@dataclass(slots=True)
class Closing:
    """ends_us: the first instant on which no card pays; 0 while nothing is to end. own: payable to members, rests: payable of
    funds. frozen: the decision that froze credits."""

    proposed: ClosureProposed | None = None
    confirmed: ClosureConfirmed | None = None
    ends_us: int = 0
    own: dict[MemberId, int] = field(default_factory=dict)
    rests: dict[FundId, int] = field(default_factory=dict)
    sealed: bool = False
    frozen: DecisionId | None = None


def evolve_confirmed(book: "Book", event: ClosureConfirmed) -> None:
    """All credit ends with the last day and is carried over no more; what ends sooner still does, and is announced as many days
    before as was voted. Own money stays."""
    closing, credit, ends_us = book.closing, book.allocation, event.ends_us
    if closing.confirmed is not None:
        raise BrokenBook("the caisse is closing already")
    closing.confirmed, closing.proposed, closing.ends_us, book.caisse.ends_us = event, None, ends_us, ends_us
    book.caisse.prepare()
    credit.notices = [(at_us - max(0, credit.cohorts[lot].expires_us - ends_us), lot) for at_us, lot in credit.notices]
    heapq.heapify(credit.notices)
    for cohort in credit.cohorts.values():
        cohort.expires_us, cohort.rolled = min(cohort.expires_us, ends_us), True
    endless: list[tuple[int, str]] = []
    for lot, single in credit.singles.items():
        if single.fund is not None:
            if single.expires_us is None:
                endless.append((ends_us, lot))
            single.expires_us = min(single.expires_us or ends_us, ends_us)
    credit.due = [(min(at_us, ends_us), lot) for at_us, lot in credit.due] + endless
    heapq.heapify(credit.due)
    for member in book.members.members.values():
        for purse in member.purses:
            for one in purse.lots:
                if one.fund is not None:
                    one.expires_us = min(one.expires_us or ends_us, ends_us)
            purse.lots.sort(key=members.ends_us)


def evolve_own_released(book: "Book", event: OwnMoneyReleased) -> None:
    purse = book.allocation.open_purse(book.members.members[event.member], event.purse)
    if not event.lots or sum(use.cents for use in event.lots) != event.cents:
        raise BrokenBook(f"the lots of {event.member} do not sum to what is released")
    for use in event.lots:
        if book.allocation.lot_fund(use.lot) is not None:
            raise BrokenBook(f"{use.lot} is no money of the member's own")
        purse.take(use.lot, use.cents)
    book.closing.own[event.member] = book.closing.own.get(event.member, 0) + event.cents


def evolve_own_paid(closing: Closing, event: OwnMoneyPaid) -> None:
    if closing.own.pop(event.member, 0) != event.cents:
        raise BrokenBook(f"{event.cents} cents are not what is payable to {event.member}")


def evolve_rest_released(book: "Book", event: RestReleased) -> None:
    funds.leave(book.funds, event.fund, event.cents)
    book.closing.rests[event.fund] = book.closing.rests.get(event.fund, 0) + event.cents


def evolve_rest_paid(closing: Closing, event: RestPaid) -> None:
    if closing.rests.pop(event.fund, 0) != event.cents:
        raise BrokenBook(f"{event.cents} cents are not what is payable of {event.fund}")


def decide_freeze(closing: Closing, *, decision: DecisionId, by: PersonId) -> CreditsFrozen | Declined:
    if closing.frozen is not None:
        return not_now(f"Credits are frozen already, by decision {closing.frozen}.")
    return CreditsFrozen(decision=decision, by=by)


def decide_resume(closing: Closing, *, decision: DecisionId, by: PersonId) -> CreditsResumed | Declined:
    if closing.frozen is None:
        return not_now("Credits are not frozen; grant the month as usual.")
    return CreditsResumed(decision=decision, by=by)


def decide_propose(
    book: "Book", *, last_day: str, heirs: tuple[Heir, ...], decision: DecisionId, by: PersonId, at_us: int
) -> ClosureProposed | Declined:
    """Another officer confirms it; until then nothing changes."""
    day, today = civil_date(last_day, what="the last day"), book.caisse.calendar.day(at_us)
    if book.closing.confirmed is not None:
        return not_now(f"The caisse is closing already: its last day is {book.closing.confirmed.last_day}.")
    if not today <= day <= today + timedelta(days=DAYS_AHEAD_MAX):
        return not_now(f"The last day to spend is today or later, and within {DAYS_AHEAD_MAX} days.")
    obstacle = _heirs_obstacle(book, heirs)
    if obstacle is not None:
        return obstacle
    ends_us = book.caisse.calendar.end_of_day_us(day)
    return ClosureProposed(last_day=last_day, ends_us=ends_us, heirs=heirs, decision=decision, by=by)


def _heirs_obstacle(book: "Book", heirs: tuple[Heir, ...]) -> Declined | None:
    named = [heir.fund for heir in heirs]
    unknown = [fund for fund in named if fund not in book.funds]
    missing = [fund for fund in book.funds if fund not in named]
    if unknown or missing or len(set(named)) != len(named):
        what = f"{missing[0]} has none" if missing else f"{unknown[0]} does not exist" if unknown else "one is named twice"
        return not_now(f"Name the body that gets the rest of each fund, once per fund: {what}.")
    return None


def decide_confirm(
    book: "Book", *, last_day: str, heirs: tuple[Heir, ...], decision: DecisionId, by: PersonId, at_us: int
) -> ClosureConfirmed | Declined:
    """last_day, heirs, decision: what the second officer saw; who gets the rest may have been proposed anew meanwhile."""
    said = book.closing.proposed
    if said is None or (said.last_day, said.decision) != (last_day, decision):
        return not_found(f"No closing on {last_day} by {decision} waits for a second officer; look at: clearing caisse status")
    if said.heirs != heirs:
        return not_now("By now it is proposed that others get the rest of the funds; look again: clearing caisse close-confirm")
    if said.by == by:
        return not_now(f"{by} proposed it: closing a caisse needs a second officer.")
    if said.ends_us <= at_us:
        return not_now("The last day is over by now: propose the closing anew with a later one.")
    obstacle = _heirs_obstacle(book, said.heirs)
    if obstacle is not None:
        return obstacle
    return ClosureConfirmed(last_day=last_day, ends_us=said.ends_us, heirs=said.heirs, decision=decision, by=by)


def _not_over(closing: Closing, at_us: int) -> Declined | None:
    if closing.confirmed is None:
        return not_now("The caisse is not closing; first: clearing caisse close, and another officer confirms.")
    if at_us < closing.ends_us:
        return not_now(f"Cards still pay until the end of {closing.confirmed.last_day}; come back the day after.")
    return None


def decide_release_own(book: "Book", *, by: PersonId, at_us: int) -> tuple[OwnMoneyReleased, ...] | Declined:
    obstacle = _not_over(book.closing, at_us)
    if obstacle is not None:
        return obstacle
    found = [
        OwnMoneyReleased(
            member=member, purse=purse.kind, lots=tuple(LotUse(lot.id, Cents(lot.cents)) for lot in lots),
            cents=Cents(sum(lot.cents for lot in lots)), by=by,
        )
        for (member, purse, lots), _ in zip(own_lots(book), range(RELEASES_MAX), strict=False)
    ]
    return tuple(found) if found else not_now("No purse holds money of a member's own.")


def decide_own_paid(closing: Closing, *, member: MemberId, reference: str, by: PersonId) -> OwnMoneyPaid | Declined:
    cents = closing.own.get(member)
    if not cents:
        return not_found(f"Nothing is payable to {member}; look at: clearing caisse status")
    return OwnMoneyPaid(member=member, cents=Cents(cents), reference=reference, by=by)


def decide_release_rests(book: "Book", *, by: PersonId, at_us: int) -> tuple[RestReleased, ...] | Declined:
    """What each fund has left, for the body that the vote named."""
    obstacle = _not_over(book.closing, at_us)
    if obstacle is not None or book.closing.confirmed is None:
        return obstacle or not_now("")
    found = tuple(
        RestReleased(fund=heir.fund, body=heir.body, cents=Cents(book.funds[heir.fund].there_cents()), by=by)
        for heir in book.closing.confirmed.heirs
        if book.funds[heir.fund].there_cents() > 0
    )
    return found or not_now("No fund has anything left.")


def decide_rest_paid(closing: Closing, *, fund: FundId, reference: str, by: PersonId) -> RestPaid | Declined:
    cents = closing.rests.get(fund)
    if not cents:
        return not_found(f"Nothing of fund {fund} is payable; look at: clearing caisse status")
    return RestPaid(fund=fund, cents=Cents(cents), reference=reference, by=by)


def decide_producer_repaid(
    book: "Book", *, producer: ProducerId, cents: Cents, reference: str, by: PersonId
) -> ProducerRepaid | Declined:
    """At any time: refunds after the last batch can leave a producer owing the caisse."""
    owed = book.settlement.owed.get(producer)
    owes = 0 if owed is None else max(0, -owed.net_cents())
    if not 1 <= cents <= owes:
        return not_now(f"{producer} owes the caisse {money(owes)}; record that or less.")
    return ProducerRepaid(producer=producer, cents=cents, reference=reference, by=by)


def decide_seal(book: "Book", *, by: PersonId, at_us: int) -> CaisseSealed | Declined:
    """Nothing may be owed, held, payable or waiting."""
    obstacle = _not_over(book.closing, at_us)
    if obstacle is not None:
        return obstacle
    left = [*leftovers(book), *filter(None, [may_return(book, book.caisse.calendar.day(at_us))])]
    if left:
        more = f" And {len(left) - 3} more: clearing caisse status" if len(left) > 3 else ""
        return not_now(f"The log can't be sealed yet: {'; '.join(left[:3])}.{more}")
    return CaisseSealed(by=by)


def leftovers(book: "Book") -> Iterator[str]:
    """What still stands in the way of a seal, each with what to do."""
    for room in ROOMS:
        yield from room(book)
