"""Law: a month of the books is closed when it is over, in order, by two people who made the same bytes, for ever."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from clearing.events.books import AccountPlanSet, MonthClosed, MonthDropped, MonthProposed, PlanRow
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now
from clearing.rules.calendar import CivilCalendar, period_start
from clearing.rules.treasury.account_plan import wrong_plan
from clearing.values import Cents, PersonId


@dataclass(slots=True)
class Books:
    """plans: how many there were; plan: the newest; since: the month of the first. closed: by period, in order."""

    plans: int = 0
    since: str = ""
    plan: AccountPlanSet | None = None
    proposed: MonthProposed | None = None
    closed: dict[str, MonthClosed] = field(default_factory=dict)

    def last_closed(self) -> str:
        """The newest closed period, "" before the first."""
        return next(reversed(self.closed), "")


def evolve_plan(books: Books, event: AccountPlanSet, period: str) -> None:
    """period: the month it was recorded in."""
    if event.plan != books.plans + 1:
        raise BrokenBook(f"plan {event.plan} does not follow plan {books.plans}")
    books.plans, books.plan, books.since = event.plan, event, books.since or period


def evolve_proposed(books: Books, event: MonthProposed) -> None:
    books.proposed = event


def evolve_closed(books: Books, event: MonthClosed) -> None:
    if event.period <= books.last_closed():
        raise BrokenBook(f"the books of {event.period} are closed already")
    books.closed[event.period] = event
    books.proposed = None


def evolve_dropped(books: Books, _event: MonthDropped) -> None:
    books.proposed = None


def to_close(books: Books, today: date) -> str:
    """The newest month that is over and could be closed, "" when there is none or a closing waits already."""
    newest = (today.replace(day=1) - timedelta(days=1)).isoformat()[:7]
    wanted = books.plan is not None and books.proposed is None and newest >= books.since and newest > books.last_closed()
    return newest if wanted else ""


def decide_set_plan(
    books: Books, *, siren: str, year_starts: int, rows: tuple[PlanRow, ...], by: PersonId
) -> AccountPlanSet | Declined:
    """The plan of the months that are still open."""
    if why := wrong_plan(siren, year_starts, rows):
        return not_now(f"The plan of accounts can't be recorded: {why}.")
    known = books.plan
    if known is not None and (known.siren, known.year_starts, known.rows) == (siren, year_starts, rows):
        return not_now(f"This is plan {known.plan} already, word for word.")
    if known is not None and books.closed and known.year_starts != year_starts:
        return not_now("Months of this accounting year are closed: its first month can't be changed any more.")
    return AccountPlanSet(plan=books.plans + 1, siren=siren, year_starts=year_starts, rows=rows, by=by)


def decide_propose(
    books: Books, calendar: CivilCalendar, *, period: str, plan: int, entries: int, debit_cents: Cents, sha256: bytes,
    by: PersonId, at_us: int,
) -> MonthProposed | Declined:  # fmt: skip
    """A proposal takes the place of one before it. Raises InvalidValue for a period that is no month."""
    period_start(period)
    declined = _open(books, calendar, period, plan, at_us)
    if declined is not None:
        return declined
    return MonthProposed(period=period, plan=plan, entries=entries, debit_cents=debit_cents, sha256=sha256, by=by)


def _open(books: Books, calendar: CivilCalendar, period: str, plan: int, at_us: int) -> Declined | None:
    if books.plan is None:
        return not_now("There is no plan of accounts yet: write one with `clearing books plan --default`, then record it.")
    if plan != books.plan.plan:
        return not_now(f"These books were made by plan {plan}; plan {books.plan.plan} is in force now: make them again.")
    if period <= books.last_closed():
        return not_now(f"The books are closed up to {books.last_closed()}; nothing opens them again. What was wrong is "
                       "corrected by an entry of today, which lands in the open month.")  # fmt: skip
    if calendar.day(at_us).isoformat()[:7] <= period:
        return not_now(f"{period} is not over yet; its books are closed from the first day of the next month on.")
    return None


def decide_confirm(
    books: Books, calendar: CivilCalendar, *, period: str, sha256: bytes, by: PersonId, at_us: int
) -> MonthClosed | Declined:
    """sha256: of the journal as the second person made it."""
    said = books.proposed
    if said is None or said.period != period:
        return not_found(f"Nobody proposed to close the books of {period}: they were closed or dropped, or never proposed.")
    if said.by == by:
        return not_now(f"{by} proposed to close {period}; another person has to look at the books and confirm it.")
    declined = _open(books, calendar, period, said.plan, at_us)
    if declined is not None:
        return declined
    if said.sha256 != sha256:
        return not_now(f"These are not the books that {said.by} proposed: compare the two files, then propose or drop again.")
    return MonthClosed(
        period=period, plan=said.plan, entries=said.entries, debit_cents=said.debit_cents, sha256=sha256,
        proposed_by=said.by, by=by,
    )


def decide_drop(books: Books, *, period: str, by: PersonId) -> MonthDropped | Declined:
    if books.proposed is None or books.proposed.period != period:
        return not_found(f"Nobody proposed to close the books of {period}: they were closed or dropped, or never proposed.")
    return MonthDropped(period=period, by=by)
