"""Law: only the contested line waits, if no batch held it; who opens a contest does not decide it; others hear the appeal.

For the member the lots come back from the producer or, nobody being at fault, from the guarantee fund; a member is never
debited by it: what an appeal gives a producer comes from the fund.
"""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from clearing.events.basket import Line, Return
from clearing.events.contests import (
    ContestAnswered,
    ContestAppealed,
    ContestClosed,
    ContestDecided,
    ContestOpened,
    Purchase,
)
from clearing.events.sales import CaptureDecided, SaleDecided
from clearing.rules.answers import Declined, not_found, not_now
from clearing.rules.calendar import CivilCalendar, civil_date
from clearing.rules.credit.allocation import Allocation
from clearing.rules.selling.afterwards import remaining
from clearing.rules.selling.funding import refund
from clearing.rules.selling.operations import Operation, State
from clearing.rules.selling.returns import returned, total, within_funds
from clearing.rules.selling.sale import goods
from clearing.rules.stalls.working_days import after_working_days
from clearing.rules.treasury.funds import Funds
from clearing.values import Cents, FundId, MicroTime, PersonId, Position, ProducerId, money

OPEN_DAYS: Final = 90
ANSWER_WORKING_DAYS: Final = 10
APPEAL_DAYS: Final = 30
MEMBER, PRODUCER, FUND = "member", "producer", "fund"
OUTCOMES: Final = (MEMBER, PRODUCER)
COSTS: Final = (PRODUCER, FUND)
"""Who bears what a member gets back."""


class ContestState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    DECIDED = "decided"
    APPEALED = "appealed"
    HEARD = "heard"
    CLOSED = "closed"


@dataclass(slots=True)
class Contest:
    """decided_on: ISO day of the first decision."""

    opened: ContestOpened
    state: ContestState = ContestState.OPEN
    answer: ContestAnswered | None = None
    decided: ContestDecided | None = None
    decided_on: str = ""
    appealed: ContestAppealed | None = None

    def waits(self) -> bool:
        """Whether its cents are held back: not paid yet, and nobody has decided."""
        return self.opened.unpaid and self.state in (ContestState.OPEN, ContestState.ANSWERED)


@dataclass(slots=True)
class Contests:
    contests: dict[int, Contest] = field(default_factory=dict)

    def held(self) -> dict[ProducerId, int]:
        """Cents of each producer that wait for a decision."""
        found: dict[ProducerId, int] = {}
        for contest in self.contests.values():
            if contest.waits():
                found[contest.opened.payee] = found.get(contest.opened.payee, 0) + contest.opened.cents
        return found


class Goods(NamedTuple):
    """What is left of a contested line. cents: the card's part."""

    event: SaleDecided | CaptureDecided
    lines: tuple[Line, ...]
    returned: tuple[Return, ...]
    cents: Cents


def appeal_until(decided_on: str) -> date:
    """The last day for an appeal against a decision of that ISO day."""
    return civil_date(decided_on) + timedelta(days=APPEAL_DAYS)


def evolve_opened(contests: Contests, event: ContestOpened) -> None:
    contests.contests[event.contest] = Contest(event)


def evolve_answered(contests: Contests, event: ContestAnswered) -> None:
    contest = contests.contests[event.contest]
    contest.state, contest.answer = ContestState.ANSWERED, event


def evolve_decided(contests: Contests, event: ContestDecided, on: str) -> None:
    contest = contests.contests[event.contest]
    contest.state = ContestState.HEARD if event.appeal else ContestState.DECIDED
    contest.decided, contest.decided_on = event, contest.decided_on or on


def evolve_appealed(contests: Contests, event: ContestAppealed) -> None:
    contest = contests.contests[event.contest]
    contest.state, contest.appealed = ContestState.APPEALED, event


def evolve_closed(contests: Contests, event: ContestClosed) -> None:
    contests.contests[event.contest].state = ContestState.CLOSED


def goods_left(
    original: Operation | None, about: Purchase, allocation: Allocation, funds: Funds, at_us: int
) -> Goods | Declined:
    """The contested line less what refunds gave back, and where its cents would go back to now."""
    event = original.event if original is not None else None
    if original is None or not isinstance(event, SaleDecided | CaptureDecided):
        return not_found("There is no such sale that a card paid; look it up with `clearing sales`, and name its line.")
    if original.state is not State.CAPTURED:
        return not_now("That sale was declined or reversed: nothing of it is left to contest.")
    if not 0 <= about.line < len(event.lines):
        return not_found(f"That sale has {len(event.lines)} lines, from 1 on; `clearing why` shows them.")
    line, seller = event.lines[about.line], event.op.producer
    key = line.category, line.product, line.payee or seller
    left = next(
        (one for one in remaining(goods(event), original.refunded, seller)
         if (one.category, one.product, one.payee or seller) == key), None,
    )  # fmt: skip
    if left is None:
        return not_now("These goods were given back already; nothing of that line is left to contest.")
    asked = (left._replace(amount_cents=Cents(min(left.amount_cents, line.amount_cents))),)
    shares = refund(goods(event), event.shares, original.refunded, asked, producer=seller)
    back = within_funds(returned(shares or (), allocation, at_us=at_us, when_lapsed="new"), funds)
    if not total(back):
        return not_now("The card paid nothing of that line: what was paid otherwise is between the member and the seller.")
    return Goods(event, asked, back, total(back))


def decide_open(
    contests: Contests, *, about: Purchase, original: Operation | None, allocation: Allocation, funds: Funds,
    settled_up_to: int, calendar: CivilCalendar, reason: str, by: PersonId, at_us: int,
) -> ContestOpened | Declined:
    left = goods_left(original, about, allocation, funds, at_us)
    if isinstance(left, Declined):
        return left
    if original is None or any(
        one.opened.about == about and one.state is not ContestState.CLOSED for one in contests.contests.values()
    ):
        return not_now("This line is contested already; `clearing contests` shows how it stands.")
    today = calendar.day(at_us)
    if (today - calendar.day(original.counted_us)).days > OPEN_DAYS:
        return not_now(f"A purchase is contested within {OPEN_DAYS} days; this one is older. Talk with the producer.")
    line = left.event.lines[about.line]
    return ContestOpened(
        contest=len(contests.contests) + 1, about=about, sale=Position(original.position),
        payee=line.payee or left.event.op.producer, cents=left.cents, unpaid=original.position > settled_up_to, reason=reason,
        answer_by=after_working_days(today, ANSWER_WORKING_DAYS).isoformat(), by=by,
    )


def _known(contests: Contests, number: int, *states: ContestState) -> Contest | Declined:
    contest = contests.contests.get(number)
    if contest is None:
        return not_found(f"There is no contest {number}; `clearing contests` lists them.")
    if contest.state not in states:
        return not_now(f"Contest {number} is {contest.state}; that is no longer, or not yet, the step for it.")
    return contest


def decide_answer(contests: Contests, *, contest: int, agrees: bool, text: str, by: PersonId) -> ContestAnswered | Declined:
    known = _known(contests, contest, ContestState.OPEN)
    if isinstance(known, Declined):
        return known
    return ContestAnswered(contest=contest, about=known.opened.about, agrees=agrees, text=text, by=by)


def decide_end(
    contests: Contests, *, contest: int, outcome: str, cost: str, fund: FundId, reason: str, original: Operation | None,
    allocation: Allocation, funds: Funds, new_lot_expires_us: MicroTime, calendar: CivilCalendar, by: PersonId, at_us: int,
) -> ContestDecided | Declined:
    """The first decision, or that of the second body once somebody appealed."""
    known = _known(contests, contest, ContestState.OPEN, ContestState.ANSWERED, ContestState.APPEALED)
    if isinstance(known, Declined):
        return known
    declined = _may_decide(known, by, calendar, at_us) or _sensible(outcome, cost, fund, funds)
    if declined is not None:
        return declined
    first = known.decided
    event = ContestDecided(
        contest=contest, about=known.opened.about, sale=known.opened.sale, payee=known.opened.payee, appeal=first is not None,
        outcome=outcome, cost=cost, fund=fund, lines=(), card_cents=Cents(0), paid_cents=Cents(0), reason=reason, by=by,
        member=None, returned=(), new_lot_expires_us=new_lot_expires_us,
    )  # fmt: skip
    if first is not None and outcome == first.outcome:
        return _only_words(event)
    if outcome == PRODUCER:
        return event if first is None else _made_good(event, first, funds)
    left = goods_left(original, known.opened.about, allocation, funds, at_us)
    if isinstance(left, Declined):
        return left
    if cost == FUND and funds[fund].free_cents() < left.cents:
        return not_now(f"Fund {fund} has {money(max(0, funds[fund].free_cents()))} free, {money(left.cents)} go back.")
    return replace(
        event, lines=left.lines, card_cents=left.cents, member=left.event.member, returned=left.returned
    )


def _only_words(event: ContestDecided) -> ContestDecided:
    """The second body decides like the first, or nobody is out of pocket: no cent moves."""
    return replace(event, cost="", fund=FundId(""))


def _made_good(event: ContestDecided, first: ContestDecided, funds: Funds) -> ContestDecided | Declined:
    """The producer should not have borne it: the fund pays it back, for a member is never debited by a contest."""
    if first.cost != PRODUCER:
        return _only_words(event)
    fund = event.fund or guarantee(funds)
    if fund not in funds:
        return not_now("Name the fund that pays the producer back: the member keeps what she got.")
    if funds[fund].free_cents() < first.card_cents:
        return not_now(f"Fund {fund} has {money(max(0, funds[fund].free_cents()))} free, {money(first.card_cents)} are due.")
    return replace(event, cost=FUND, fund=fund, paid_cents=first.card_cents)


def _may_decide(known: Contest, by: PersonId, calendar: CivilCalendar, at_us: int) -> Declined | None:
    first = known.decided
    if by == known.opened.by:
        return not_now(f"{by} opened this contest; another person decides it.")
    if first is not None and by == first.by:
        return not_now(f"{by} decided it first; the appeal is heard by others.")
    if known.state is ContestState.OPEN and calendar.day(at_us) <= civil_date(known.opened.answer_by):
        return not_now(f"The producer has until {known.opened.answer_by} to answer; record the answer first (clearing contest "
                       "answer), or decide after that day.")  # fmt: skip
    return None


def _sensible(outcome: str, cost: str, fund: FundId, funds: Funds) -> Declined | None:
    if outcome not in OUTCOMES:
        return not_now(f"A contest is decided for the {MEMBER} or the {PRODUCER}, not for {outcome}.")
    if outcome == MEMBER and cost not in COSTS:
        return not_now(f"Say who bears it: the {PRODUCER}, or a {FUND} when nobody is at fault.")
    if outcome == PRODUCER and cost:
        return not_now("Nothing goes back to the member, so nobody bears anything; leave the cost out.")
    if (cost == FUND) != bool(fund) and not (outcome == PRODUCER and fund):
        return not_now("Name the fund when a fund bears it, and only then.")
    if fund and fund not in funds:
        return not_found(f"There is no fund {fund}; `clearing funds` lists them.")
    if cost == FUND and funds[fund].kind != "guarantee":
        return not_now(f"What nobody is at fault for is borne by a guarantee fund; {fund} is of the kind {funds[fund].kind}.")
    return None


def guarantee(funds: Funds) -> FundId:
    """The first guarantee fund; "" when there is none."""
    return next((name for name, fund in funds.items() if fund.kind == "guarantee"), FundId(""))


def decide_appeal(
    contests: Contests, *, contest: int, body: str, of: str, reason: str, calendar: CivilCalendar, by: PersonId, at_us: int
) -> ContestAppealed | Declined:
    known = _known(contests, contest, ContestState.DECIDED)
    if isinstance(known, Declined):
        return known
    if of not in OUTCOMES:
        return not_now(f"The {MEMBER} or the {PRODUCER} appeals, not {of}.")
    last = appeal_until(known.decided_on)
    if calendar.day(at_us) > last:
        return not_now(f"An appeal is made within {APPEAL_DAYS} days, here until {last}; close the contest.")
    return ContestAppealed(contest=contest, about=known.opened.about, body=body, of=of, reason=reason, by=by)


def decide_close(
    contests: Contests, *, contest: int, reason: str, calendar: CivilCalendar, by: PersonId, at_us: int
) -> ContestClosed | Declined:
    """Before a decision it is withdrawn; after it, when the time for an appeal is over or the second body has decided."""
    known = _known(
        contests, contest, ContestState.OPEN, ContestState.ANSWERED, ContestState.DECIDED, ContestState.HEARD
    )
    if isinstance(known, Declined):
        return known
    if known.state is ContestState.DECIDED:
        last = appeal_until(known.decided_on)
        if calendar.day(at_us) <= last:
            return not_now(f"Member and producer may appeal until {last}; it is closed after that.")
    return ContestClosed(contest=contest, about=known.opened.about, reason=reason, by=by)
