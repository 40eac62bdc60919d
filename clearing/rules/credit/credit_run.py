"""Law: a run is worked out whole before it is given: who gets what, what the fund carries, what the vote says when it can't.

The same working out is shown beforehand (`clearing grant --look`), decided by the writer and proved by the audit.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clearing.events.codes import Code
from clearing.events.funds import AllocationDeclined, AllocationGranted, AllocationRuleSet, Amount
from clearing.rules.answers import Declined, not_found, not_now
from clearing.rules.calendar import CivilCalendar, period_start
from clearing.rules.credit.amounts import CreditTerms, Reached, amounts_due, heads, mean_cents, terms_of, total_cents
from clearing.rules.people.members import Members, is_for
from clearing.rules.treasury.cotisations import Cotisations, asked_cents
from clearing.rules.treasury.funds import Funds
from clearing.values import CENTS_MAX, Cents, FundId, PersonId

if TYPE_CHECKING:
    from clearing.rules.credit.allocation import Allocation


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRun:
    """fund: who pays. need: what the vote gives in all; cover: what its own fund has free; given: what this run gives, 0 when
    it waits. terms: what each gets by; amounts: empty for those that are alike. head_count: purses that get something."""

    rule: AllocationRuleSet
    period: str
    fund: FundId
    terms: CreditTerms
    head_count: int
    need_cents: int
    cover_cents: int
    given_cents: int
    expires_us: int
    amounts: tuple[Amount, ...]

    @property
    def short_cents(self) -> int:
        """What its own fund lacks."""
        return max(0, self.need_cents - self.cover_cents)


def work_out(
    allocation: "Allocation", members: Members, funds: Funds, calendar: CivilCalendar,
    *, cotisations: Cotisations, rule: str, period: str, at_us: int,
) -> CreditRun | Declined:
    """What a grant at at_us would do. Nothing is changed."""
    voted = allocation.rules.get(rule)
    if voted is None:
        return not_found(f"There is no allocation rule {rule}; set it by a decision first.")
    if f"{rule}/{period}" in allocation.cohorts:
        why = f"{rule} was granted for {period} already; nobody is credited twice."
        return Declined(code=Code.EXPIRED_OR_RESOLVED, why=why)
    if period_start(period) > calendar.day(at_us):
        return not_now(f"{period} has not begun; the credit of a month is granted from its first day on.")
    if (voted.first_period and period < voted.first_period) or (voted.last_period and period > voted.last_period):
        return not_now(f"{rule} is voted from {voted.first_period or 'its vote'} to {voted.last_period or 'further notice'}; "
                       f"{period} is not part of it.")  # fmt: skip
    expires_us = calendar.period_end_us(period, voted.months_valid)
    if expires_us <= at_us:
        return not_now(f"The credit of {period} would have lapsed already; grant the current month.")
    run = _needed(allocation, members, cotisations, voted, period, expires_us)
    if not run.head_count and not (voted.after_cotisation and members.head_count(voted.who)):
        return not_found("Nobody would be credited: there is no member that this rule is for.")
    return _carried(replace(run, cover_cents=max(0, funds[voted.fund].free_cents())), allocation, members, cotisations, funds)


def _needed(
    allocation: "Allocation", members: Members, cotisations: Cotisations, voted: AllocationRuleSet, period: str, expires_us: int
) -> CreditRun:
    """The run as voted, as if its fund could carry everything."""
    terms, amounts = terms_of(voted), tuple[Amount, ...]()
    if terms.alike:
        head_count = members.head_count(voted.who)
        need = head_count * voted.cents_each
    else:
        reached = _reached(allocation, members, cotisations, voted, period)
        if terms.form == "mean":
            terms = replace(terms, first_cents=mean_cents(reached))
        amounts = amounts_due(terms, reached)
        head_count, need = heads(amounts), total_cents(amounts)
    return CreditRun(
        rule=voted, period=period, fund=voted.fund, terms=terms, head_count=head_count, need_cents=need, cover_cents=0,
        given_cents=need, expires_us=expires_us, amounts=amounts,
    )  # fmt: skip


def _reached(
    allocation: "Allocation", members: Members, cotisations: Cotisations, voted: AllocationRuleSet, period: str
) -> list[Reached]:
    """Every purse that the rule is for: one walk."""
    who = frozenset(voted.who)
    return [
        Reached(
            name, members.persons(name), allocation.paid_cents(name, period),
            asked_cents(cotisations, name, period) if voted.after_cotisation else 1,
        )
        for name, member in members.members.items()
        if not member.gone and is_for(who, member.groups)
    ]


def _carried(
    run: CreditRun, allocation: "Allocation", members: Members, cotisations: Cotisations, funds: Funds
) -> CreditRun:
    """What is done when the fund is short: as voted, for everybody alike."""
    if run.need_cents <= min(run.cover_cents, CENTS_MAX):
        return run
    other = run.rule.short_fund
    if run.rule.short == "smaller":
        return _smaller(run, allocation, members, cotisations)
    if other is not None and run.need_cents <= min(funds[other].free_cents(), CENTS_MAX):
        return replace(run, fund=other)
    return replace(run, given_cents=0)


def _smaller(run: CreditRun, allocation: "Allocation", members: Members, cotisations: Cotisations) -> CreditRun:
    cover = min(run.cover_cents, CENTS_MAX)
    if run.terms.alike:
        each = cover // run.head_count
        return replace(run, terms=replace(run.terms, first_cents=each), given_cents=each * run.head_count)
    terms = replace(run.terms, need_cents=run.need_cents, cover_cents=cover)
    if not cover:
        return replace(run, given_cents=0)
    amounts = amounts_due(terms, _reached(allocation, members, cotisations, run.rule, run.period))
    return replace(run, terms=terms, amounts=amounts, head_count=heads(amounts), given_cents=total_cents(amounts))


def event_of(run: CreditRun, *, by: PersonId) -> AllocationGranted | AllocationDeclined:
    """A period is granted once, to all it is for, or to nobody."""
    voted, terms = run.rule, run.terms
    if not run.given_cents and run.need_cents:
        return AllocationDeclined(
            rule=voted.rule, period=run.period, fund=voted.fund, need_cents=Cents(run.need_cents),
            cover_cents=Cents(run.cover_cents), by=by,
        )  # fmt: skip
    return AllocationGranted(
        rule=voted.rule, period=run.period, purse=voted.purse, fund=run.fund, cents_each=Cents(terms.first_cents),
        who=voted.who, head_count=run.head_count, total_cents=Cents(run.given_cents), expires_us=run.expires_us,  # type: ignore[arg-type]
        by=by, need_cents=Cents(run.need_cents), cover_cents=Cents(terms.cover_cents), form=terms.form,
        further_cents=Cents(terms.further_cents), classes=terms.classes, after_cotisation=terms.after_cotisation,
        lapse_to=voted.lapse_to, rollover_max_cents=voted.rollover_max_cents, notice_days=voted.notice_days,
        amounts=run.amounts,
    )  # fmt: skip
