"""Law: what a freeze, a closing or an earmark forbids is forbidden whoever asks, by whichever command.

Asked of each event before it is recorded, and again by the audit; a room whose events give credit or set rules adds them here.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from clearing.events.caisse import CharteAdopted, DecisionAnnulled, DecisionResumed, DecisionSuspended
from clearing.events.catalogue import Event
from clearing.events.charte import Charte
from clearing.events.funds import (
    UNBOUND,
    AllocationGranted,
    AllocationRuleSet,
    Earmark,
    FundOpened,
    PurseCredited,
    SingleGranted,
)
from clearing.events.grants import EarmarkSet
from clearing.rules import earmarks
from clearing.rules.answers import Declined, not_now
from clearing.values import FundId, PurseKind

if TYPE_CHECKING:
    from clearing.rules.book import Book

Credit = tuple[FundId | None, PurseKind]
"""From a fund, or from the member's own money, into a purse."""

CREDITS: Final[dict[type, Callable[[Any], Iterable[Credit]]]] = {
    AllocationGranted: lambda event: [(event.fund, event.purse)],
    SingleGranted: lambda event: [(event.fund, event.purse)],
    PurseCredited: lambda event: [(event.fund, event.purse)],
}
"""Events that put money into purses."""

PROMISES: Final[dict[type, Callable[[Any], Iterable[Credit]]]] = {
    AllocationRuleSet: lambda event: [(event.fund, event.purse)],
}
"""Events that say that money will be put into purses."""



def restricted(event: Event, book: "Book", at_us: int) -> Declined | None:
    """Why this event may not be recorded now. book: before it."""
    kind = type(event)
    given, promised = CREDITS.get(kind), PROMISES.get(kind)
    if given is not None:
        put = list(given(event))
        return _stopped(put, book) or _bound_credit(put, book, at_us)
    if promised is not None:
        return _bound_credit(promised(event), book, at_us)
    match event:
        case CharteAdopted():
            return _outside([event.charte], earmarks.bound_sources(_earmarks(book), book.allocation), book)
        case DecisionSuspended() | DecisionResumed() | DecisionAnnulled():
            back = book.caisse.after_ruling(event, at_us)
            declined = _outside(back, earmarks.bound_sources(_earmarks(book), book.allocation), book)
            return declined and not_now(f"{declined.why} These are the rules that would be in force again; adopt others first.")
        case EarmarkSet():
            wanted = _earmarks(book) | {event.fund: event.earmark}
            return _outside(_live(book, at_us), earmarks.bound_sources(wanted, book.allocation), book)
        case FundOpened() if book.closing.confirmed is not None:
            return not_now("The caisse is closing: no fund is opened any more.")
        case FundOpened():
            wrong = earmarks.problem_of(event.earmark)
            return None if wrong is None else not_now(wrong)
        case _:
            return None


def _stopped(given: Iterable[Credit], book: "Book") -> Declined | None:
    closing = book.closing
    if closing.confirmed is not None:
        return not_now(f"The caisse is closing (decision {closing.confirmed.decision}): nothing is put into purses any more; "
                       f"what is there is spent until the end of {closing.confirmed.last_day}.")  # fmt: skip
    if closing.frozen is not None and any(fund is not None for fund, _ in given):
        return not_now(f"Credits are frozen by decision {closing.frozen}: nobody is credited until another decision resumes "
                       "them (clearing credits resume). What is in purses can be spent.")  # fmt: skip
    return None


def _bound_credit(given: Iterable[Credit], book: "Book", at_us: int) -> Declined | None:
    """A bound fund fills only purses whose every payer stays inside."""
    for fund, purse in given:
        known = None if fund is None else book.funds.get(fund)
        if fund is not None and known is not None and known.earmark != UNBOUND:
            declined = _outside(_live(book, at_us), {f"purse:{purse}": [(fund, known.earmark)]}, book)
            if declined is not None:
                return declined
    return None


def _earmarks(book: "Book") -> dict[FundId, Earmark]:
    return {name: fund.earmark for name, fund in book.funds.items()}


def _live(book: "Book", at_us: int) -> list[Charte]:
    """The charte in force, those to come, and those that come back when a decision ends."""
    coming = book.caisse.coming(at_us)
    return [charte for charte in book.caisse.chartes if charte in coming or charte.effective_us > at_us]


def _outside(chartes: Iterable[Charte], sources: earmarks.Sources, book: "Book") -> Declined | None:
    problems = [
        problem for charte in chartes for problem in earmarks.outside(charte, sources, book.caisse.calendar.zone)
    ]
    if not problems:
        return None
    return not_now("Money that is bound would be spent outside its earmark: " + "; ".join(dict.fromkeys(problems)) + ".")
