"""Law: what no vote carries, or a freeze, a closing or an earmark forbids, is forbidden whoever asks, by whichever command.

Asked of each event before it is recorded, and again by the audit; a room whose events give credit or set rules adds them here.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from clearing.events.bonus import BonusRuleSet
from clearing.events.caisse import CharteAdopted, DecisionAnnulled, DecisionResumed, DecisionSuspended
from clearing.events.catalogue import Event
from clearing.events.charte import Charte
from clearing.events.contracts import ContractSigned
from clearing.events.crediting import EmergencyRuleSet
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
from clearing.events.opening import OpeningAccepted
from clearing.events.settlement import BatchApproved, BatchEndorsed
from clearing.events.solidarity import SolidarityRuleSet
from clearing.rules.amap.bound_contracts import running_outside, signed_outside
from clearing.rules.answers import Declined, not_now
from clearing.rules.treasury.proofs import stopped
from clearing.rules.voted import earmarks
from clearing.rules.voted.caisse import Caisse
from clearing.rules.voted.scope import beyond
from clearing.rules.voted.standing import not_carried, unsupported
from clearing.values import FundId, PurseKind, money

if TYPE_CHECKING:
    from clearing.rules.book import Book

Credit = tuple[FundId | None, PurseKind]
"""From a fund, or from the member's own money, into a purse."""
Lapse = tuple[FundId, FundId | None]
"""A fund's credit, and where it goes when its time is over; None: back into that fund."""

CREDITS: Final[dict[type, Callable[[Any], Iterable[Credit]]]] = {
    AllocationGranted: lambda event: [(event.fund, event.purse)],
    SingleGranted: lambda event: [(event.fund, event.purse)],
    PurseCredited: lambda event: [(event.fund, event.purse)],
}
"""Events that put money into purses."""

PROMISES: Final[dict[type, Callable[[Any], Iterable[Credit]]]] = {
    AllocationRuleSet: lambda event: [(fund, event.purse) for fund in (event.fund, event.short_fund) if fund is not None],
    EmergencyRuleSet: lambda event: [(event.fund, event.purse)],
    BonusRuleSet: lambda event: [(event.fund, event.purse)] if event.month_cents else [],
}
"""Events that say that money will be put into purses."""


def restricted(event: Event, book: "Book", at_us: int) -> Declined | None:
    """Why this event may not be recorded now. book: before it."""
    return unsupported(event, book, at_us) or _forbidden(event, book, at_us)


def _forbidden(event: Event, book: "Book", at_us: int) -> Declined | None:
    kind = type(event)
    given, promised = CREDITS.get(kind), PROMISES.get(kind)
    if given is not None:
        put = list(given(event))
        return (
            _stopped(put, book) or _bound_credit(put, book, at_us) or _lapsing_out(_lapses(event), _earmarks(book))
            or _advanced(event, book, at_us)
        )  # fmt: skip
    if promised is not None:
        return _bound_credit(promised(event), book, at_us) or _lapsing_out(_lapses(event), _earmarks(book))
    match event:
        case CharteAdopted():
            return _beyond_scope(event.charte, book.caisse, at_us) or _outside(
                [event.charte], earmarks.bound_sources(_earmarks(book), filled(book)), book
            )
        case EarmarkSet():
            wanted = _earmarks(book) | {event.fund: event.earmark}
            draws = (_drawn_outside(rule, event.earmark) for rule in book.solidarity.rules.values() if rule.fund == event.fund)
            sources = earmarks.bound_sources(wanted, filled(book))
            out = next(filter(None, draws), None) or _outside(_live(book.caisse, at_us), sources, book)
            return out or _lapsing_out(_still_lapsing(book), wanted) or running_outside(event.fund, event.earmark, book, at_us)
        case BatchApproved() | BatchEndorsed():
            return stopped(book.proofs)
        case ContractSigned():
            return signed_outside(event, book, at_us)
        case SolidarityRuleSet() if event.fund in book.funds:
            return _drawn_outside(event, book.funds[event.fund].earmark)
        case OpeningAccepted():  # credit that was given on paper, so a freeze does not stop it
            put = [(lot.fund, lot.purse) for lot in event.lots]
            return (_stopped(put, book) if book.closing.confirmed is not None else None) or _bound_credit(put, book, at_us)
        case DecisionSuspended() | DecisionResumed() | DecisionAnnulled():
            back = _live(book.caisse.ruled(event), at_us)
            out = _outside(back, earmarks.bound_sources(_earmarks(book), filled(book)), book)
            return out and not_now(f"Another charte would be in force by this; adopt one that takes its place first. {out.why}")
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


def _advanced(event: Event, book: "Book", at_us: int) -> Declined | None:
    """Promised money is engaged only while the vote for the advance stands."""
    match event:
        case AllocationGranted():
            name, cents = event.fund, event.total_cents
        case SingleGranted() | PurseCredited() if event.fund is not None:
            name, cents = event.fund, event.cents
        case _:
            return None
    fund = book.funds.get(name)
    if fund is None or cents <= fund.there_cents():
        return None
    lacking = not_carried(fund, book.caisse, at_us)
    return lacking and not_now(f"Fund {name} has {money(max(0, fund.there_cents()))}, more is only promised. {lacking.why}")


def _bound_credit(given: Iterable[Credit], book: "Book", at_us: int) -> Declined | None:
    """A bound fund fills only purses whose every payer stays inside."""
    for fund, purse in given:
        known = None if fund is None else book.funds.get(fund)
        if fund is not None and known is not None and known.earmark != UNBOUND:
            declined = _outside(_live(book.caisse, at_us), {f"purse:{purse}": [(fund, known.earmark)]}, book)
            if declined is not None:
                return declined
    return None


def _lapses(event: Event) -> Iterable[Lapse]:
    """Where a rule, or a run, sends what lapses."""
    match event:
        case AllocationRuleSet():
            return [(fund, event.lapse_to) for fund in (event.fund, event.short_fund) if fund is not None]
        case AllocationGranted():
            return [(event.fund, event.lapse_to)]
        case _:
            return []


def _still_lapsing(book: "Book") -> Iterable[Lapse]:
    allocation = book.allocation
    yield from ((cohort.fund, cohort.lapse_to) for cohort in allocation.cohorts.values() if not cohort.lapsed)
    for rule in allocation.rules.values():
        yield from _lapses(rule)


def _lapsing_out(lapses: Iterable[Lapse], every: Mapping[FundId, Earmark]) -> Declined | None:
    """What lapses stays as bound as it was: a funder's euro is not freed by not being spent."""
    for fund, to in lapses:
        if to is None or to == fund or to not in every or fund not in every:
            continue
        wider = earmarks.within(every[to], every[fund])
        if wider or every[to].alone:
            what = f"is bound ({'; '.join(wider)}) and fund {to} is not" if wider else f"may not come into fund {to}"
            return not_now(f"Credit of fund {fund} {what}: what lapses of it can't go there. Let it lapse into fund {fund} "
                           "itself, or into one that is bound as much.")  # fmt: skip
    return None


def _earmarks(book: "Book") -> dict[FundId, Earmark]:
    return {name: fund.earmark for name, fund in book.funds.items()}


def filled(book: "Book") -> set[tuple[FundId, PurseKind]]:
    """Which fund fills which purse: by a rule that is set, or what it ever gave."""
    credit = book.allocation
    rules = (*credit.rules.values(), *book.emergency.rules.values(), *book.bonuses.rules.values())
    pairs: list[Credit] = [pair for rule in rules for pair in PROMISES[type(rule)](rule)]
    pairs += [(cohort.fund, cohort.purse) for cohort in credit.cohorts.values()]
    pairs += [(single.fund, single.purse) for single in credit.singles.values()]
    return {(fund, purse) for fund, purse in pairs if fund is not None}


def _beyond_scope(charte: Charte, caisse: Caisse, at_us: int) -> Declined | None:
    """A charte changes nothing beyond those that its vote is about."""
    before = caisse.charte_at(max(at_us, charte.effective_us))
    problems = beyond(caisse.decisions[charte.decision].scope, charte, before)
    return not_now("The charte can't be carried out: " + "; ".join(problems) + ".") if problems else None


def _drawn_outside(rule: SolidarityRuleSet, earmark: Earmark) -> Declined | None:
    """A rule's reductions have no dates: a fund that is bound in time can't pay them."""
    drawn = Earmark(places=rule.where, categories=rule.categories)
    wider = earmarks.within(drawn, earmark) if rule.rates else []
    if not wider:
        return None
    return not_now(f"Reductions of the rule {rule.rule} would spend money of the fund {rule.fund} outside its earmark "
                   f"({'; '.join(wider)}): give the rule places and categories inside, or another fund.")  # fmt: skip


def _live(caisse: Caisse, at_us: int) -> list[Charte]:
    """The charte in force, those to come, and those that come back when the decision of a later one ends."""
    found = [caisse.charte_at(at_us)] + [charte for from_us, charte in caisse.in_force if from_us > at_us]
    found += [charte for charte in caisse.chartes if charte.effective_us > at_us]
    return [charte for place, charte in enumerate(found) if charte is not None and charte not in found[:place]]


def _outside(chartes: Iterable[Charte], sources: earmarks.Sources, book: "Book") -> Declined | None:
    problems = [
        problem for charte in chartes for problem in earmarks.outside(charte, sources, book.caisse.calendar.zone)
    ]
    if not problems:
        return None
    return not_now("Money that is bound would be spent outside its earmark: " + "; ".join(dict.fromkeys(problems)) + ".")
