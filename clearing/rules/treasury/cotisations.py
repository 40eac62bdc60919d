"""Law: what is due is what was agreed, forward only; what is paid is what arrived and stayed; the difference is arrears.

A debit that comes back makes the member owe the caisse: no purse goes below zero, and credit given on it stays.
"""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from clearing.events.cotisations import (
    CotisationAgreed,
    CotisationEnded,
    CotisationReceived,
    CotisationReturned,
    CotisationRuleSet,
    CotisationWrittenOff,
)
from clearing.events.debits import DebitCounted
from clearing.events.opening import OpeningArrear
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now
from clearing.rules.calendar import period_start
from clearing.rules.people.members import Members
from clearing.rules.treasury.funds import Funds
from clearing.rules.treasury.takings import MEANS, Takings
from clearing.values import Cents, FundId, MemberId, PersonId, largest_remainder, money

EVERY: Final = {"monthly": 1, "quarterly": 3, "yearly": 12}
AHEAD_MONTHS_MAX: Final = 12
BACK_MONTHS_MAX: Final = 12
LEVELS_MAX: Final = 50


@dataclass(slots=True)
class Agreement:
    """cents every so many months from a month on; 0: nothing any more."""

    rule: str
    cents: int
    every_months: int
    from_period: str
    means: str


@dataclass(slots=True)
class Payment:
    """year: civil, of the day it was recorded. months: that it covers, as agreed then. receipt: of the
    paper, 0 for none. cleared_cents: as CotisationReceived.
    returned_by: "" while it stands."""

    member: MemberId
    rule: str
    fund: FundId
    period: str
    cents: int
    gift_cents: int
    means: str
    year: int
    receipt: int = 0
    returned_by: str = ""
    months: tuple[str, ...] = ()
    cleared_cents: int = 0

    def by_month(self) -> list[tuple[str, int]]:
        return spread(self.months, self.cents)


@dataclass(slots=True)
class Unpaid:
    """What the bank took back and nobody made good. by: everybody who recorded a return of it."""

    cents: int
    by: tuple[PersonId, ...]


@dataclass(slots=True)
class Cotisations:
    """agreements: per member, by rising from_period. payments: by reference. paid, written_off: cents by member and month.
    brought: from paper, by member and first month; if there are any, they say all that is due up to brought_until."""

    rules: dict[str, CotisationRuleSet] = field(default_factory=dict)
    agreements: dict[MemberId, list[Agreement]] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    paid: dict[MemberId, dict[str, int]] = field(default_factory=dict)
    written_off: dict[MemberId, dict[str, int]] = field(default_factory=dict)
    unpaid: dict[tuple[MemberId, str, FundId], Unpaid] = field(default_factory=dict)
    brought: dict[MemberId, dict[str, OpeningArrear]] = field(default_factory=dict)
    brought_until: str = ""


class Standing(NamedTuple):
    """One member's month. returned_cents: of what is open, what had been paid and came back."""

    member: MemberId
    period: str
    due_cents: int
    paid_cents: int
    returned_cents: int
    written_off_cents: int

    def open_cents(self) -> int:
        """Above zero: arrears; below: paid beyond what was agreed."""
        return max(0, self.due_cents - self.written_off_cents) - self.paid_cents


def month_index(period: str) -> int:
    """Months since the year 0. Raises InvalidValue for another text than YYYY-MM."""
    first = period_start(period)
    return first.year * 12 + first.month - 1


def period_of(index: int) -> str:
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


def agreed_for(cotisations: Cotisations, member: MemberId, period: str) -> Agreement | None:
    """What was agreed for a month; None when nothing was, or it had ended."""
    found = None
    for agreement in cotisations.agreements.get(member, ()):
        if agreement.from_period <= period:
            found = agreement
    return found if found is not None and found.cents else None


def due_period(agreement: Agreement, period: str) -> str:
    """The month whose payment covers this one: itself, or the first month of its quarter or year of the agreement."""
    behind = (month_index(period) - month_index(agreement.from_period)) % agreement.every_months
    return period_of(month_index(period) - behind)


def covering(cotisations: Cotisations, member: MemberId, period: str) -> tuple[str, int]:
    """The month for which a payment of `period` is recorded, and how many months it covers from there on."""
    index = month_index(period)
    for brought in cotisations.brought.get(member, {}).values():
        if 0 <= index - month_index(brought.period) < brought.months:
            return brought.period, brought.months
    agreement = agreed_for(cotisations, member, period)
    return (period, 1) if agreement is None else (due_period(agreement, period), agreement.every_months)


def covered_months(cotisations: Cotisations, member: MemberId, period: str) -> tuple[str, ...]:
    """The months that a payment for `period`, the first of its quarter or year, covers."""
    (first, months), index = covering(cotisations, member, period), month_index(period)
    return tuple(period_of(one) for one in range(index, index + (months if first == period else 1)))


def spread(months: tuple[str, ...], cents: int) -> list[tuple[str, int]]:
    """A payment by the months it covers, the spare cents on the first ones: what credits of those months go by."""
    return list(zip(months, largest_remainder(cents, (1,) * len(months)), strict=True))


def asked_cents(cotisations: Cotisations, member: MemberId, period: str) -> int:
    """What has to arrive before the month's cotisation counts as paid: what the member agreed to for it, else the least that a
    voted rule asks for; never nothing."""
    agreement = agreed_for(cotisations, member, period)
    if agreement is None:
        return max(1, min((rule.minimum_cents for rule in cotisations.rules.values()), default=1))
    months = covered_months(cotisations, member, due_period(agreement, period))
    return dict(spread(months, agreement.cents))[period]


def standings(cotisations: Cotisations, member: MemberId, *, until: str) -> list[Standing]:
    """Every month of a member with anything due or paid, up to the month `until`."""
    due: dict[str, int] = {}
    agreements = cotisations.agreements.get(member, [])
    for place, agreement in enumerate(agreements):
        end = month_index(until)
        if place + 1 < len(agreements):
            end = min(end, month_index(agreements[place + 1].from_period) - 1)
        for index in range(month_index(agreement.from_period), end + 1, agreement.every_months):
            if agreement.cents and period_of(index) > cotisations.brought_until:
                due[period_of(index)] = agreement.cents
    due |= {period: one.due_cents for period, one in cotisations.brought.get(member, {}).items()}
    paid, forgiven = cotisations.paid.get(member, {}), cotisations.written_off.get(member, {})
    back: dict[str, int] = {}
    for (who, period, _), unpaid in cotisations.unpaid.items():
        if who == member:
            back[period] = back.get(period, 0) + unpaid.cents
    months = sorted(period for period in {*due, *paid, *forgiven, *back} if period <= until)
    return [
        Standing(member, month, due.get(month, 0), paid.get(month, 0), back.get(month, 0), forgiven.get(month, 0))
        for month in months
    ]


def evolve_rule(cotisations: Cotisations, event: CotisationRuleSet) -> None:
    cotisations.rules[event.rule] = event


def evolve_agreed(cotisations: Cotisations, event: CotisationAgreed) -> None:
    _replace(cotisations, event.member, Agreement(
        event.rule, event.cents, event.every_months, event.from_period, event.means
    ))  # fmt: skip


def evolve_ended(cotisations: Cotisations, event: CotisationEnded) -> None:
    _replace(cotisations, event.member, Agreement("", 0, 1, event.until_period, ""))


def evolve_member_left(cotisations: Cotisations, member: MemberId, this_period: str) -> None:
    """Nothing is due any more from the next month on: nobody writes to the family of one who died for what was agreed."""
    if cotisations.agreements.get(member):
        following = period_of(month_index(this_period) + 1)
        _replace(cotisations, member, Agreement("", 0, 1, following, ""))


def _replace(cotisations: Cotisations, member: MemberId, agreement: Agreement) -> None:
    kept = [one for one in cotisations.agreements.get(member, []) if one.from_period < agreement.from_period]
    cotisations.agreements[member] = [*kept, agreement]


def evolve_received(cotisations: Cotisations, event: CotisationReceived | DebitCounted, year: int) -> None:
    if event.reference in cotisations.payments:
        raise BrokenBook(f"the cotisation of {event.reference} was received before")
    cotisations.payments[event.reference] = Payment(
        event.member, event.rule, event.fund, event.period, event.cents, event.gift_cents, event.means, year,
        event.receipt, months=covered_months(cotisations, event.member, event.period), cleared_cents=event.cleared_cents,
    )
    _pay(cotisations, event.member, event.period, event.cents)
    if event.cleared_cents:
        _clear(cotisations, (event.member, event.period, event.fund), event.cleared_cents)


def evolve_returned(cotisations: Cotisations, event: CotisationReturned) -> None:
    payment = cotisations.payments[event.reference]
    if payment.returned_by:
        raise BrokenBook(f"the cotisation of {event.reference} came back before")
    payment.returned_by = event.by
    _pay(cotisations, event.member, event.period, -event.cents)
    unpaid = cotisations.unpaid.setdefault((event.member, event.period, event.fund), Unpaid(0, ()))
    unpaid.cents += event.cents
    unpaid.by = (*unpaid.by, event.by)


def evolve_brought(cotisations: Cotisations, arrears: tuple[OpeningArrear, ...], until: str) -> None:
    """until: the month up to which they say all that is due."""
    for one in arrears:
        cotisations.brought.setdefault(one.member, {})[one.period] = one
        _pay(cotisations, one.member, one.period, one.paid_cents)
    if arrears:
        cotisations.brought_until = until


def evolve_written_off(cotisations: Cotisations, event: CotisationWrittenOff) -> None:
    _clear(cotisations, (event.member, event.period, event.fund), event.cents)
    forgiven = cotisations.written_off.setdefault(event.member, {})
    forgiven[event.period] = forgiven.get(event.period, 0) + event.cents


def _pay(cotisations: Cotisations, member: MemberId, period: str, cents: int) -> None:
    months = cotisations.paid.setdefault(member, {})
    months[period] = months.get(period, 0) + cents


def _clear(cotisations: Cotisations, key: tuple[MemberId, str, FundId], cents: int) -> None:
    unpaid = cotisations.unpaid.get(key)
    if unpaid is None or unpaid.cents < cents:
        raise BrokenBook(f"{money(cents)} are made good of what {key[0]} does not owe")
    unpaid.cents -= cents
    if not unpaid.cents:
        del cotisations.unpaid[key]


def decide_set_rule(rule: CotisationRuleSet, *, funds: Funds) -> CotisationRuleSet | Declined:
    if rule.fund not in funds:
        return not_found(f"There is no fund {rule.fund}; open it first.")
    unknown = [one for one in rule.means if one not in MEANS]
    if unknown or not rule.means:
        return not_now(f"Cotisations are paid by {', '.join(MEANS)}; give at least one of them.")
    if not rule.levels and not rule.free:
        return not_now("Without a grid the amount is free: say so, or give the levels of the grid.")
    if rule.step_cents < 1 or len(rule.levels) > LEVELS_MAX or any(one.cents < rule.minimum_cents for one in rule.levels):
        return not_now(f"A step is at least one cent, a grid has at most {LEVELS_MAX} levels, none below the minimum.")
    return rule


def _amount_refused(rule: CotisationRuleSet, cents: int, months: int) -> str:
    """Why this is no amount of the rule; "" when it is one. cents: of a payment for so many months."""
    if cents in [level.cents * months for level in rule.levels]:
        return ""
    if not rule.free:
        grid = ", ".join(f"{level.label} {money(level.cents)}" for level in rule.levels)
        return f"The rule {rule.rule} has a grid (a month: {grid}); choose one of its levels."
    if cents < rule.minimum_cents * months or cents % (rule.step_cents * months):
        span = "a month" if months == 1 else f"for {months} months"
        return (f"The rule {rule.rule} asks for at least {money(rule.minimum_cents)} a month in steps of "
                f"{money(rule.step_cents)}; {money(cents)} {span} is not that.")  # fmt: skip
    return ""


def decide_agree(
    cotisations: Cotisations, members: Members, agreed: CotisationAgreed, *, this_period: str
) -> CotisationAgreed | Declined:
    """The first agreement may begin up to a year back; a change never before this month."""
    rule = cotisations.rules.get(agreed.rule)
    if agreed.member not in members.members:
        return not_found(f"There is no member {agreed.member}; admit them first.")
    if rule is None:
        return not_found(f"There is no cotisation rule {agreed.rule}; set the voted one first.")
    if agreed.means not in rule.means:
        return not_now(f"The rule {rule.rule} is paid by {', '.join(rule.means)}, not by {agreed.means}.")
    if agreed.every_months not in EVERY.values():
        return not_now("A cotisation is paid monthly, quarterly or yearly.")
    refused = _amount_refused(rule, agreed.cents, agreed.every_months)
    if refused:
        return not_now(refused)
    return _forward(cotisations, agreed.member, agreed.from_period, this_period) or agreed


def decide_end(
    cotisations: Cotisations, *, member: MemberId, until_period: str, by: PersonId, this_period: str
) -> CotisationEnded | Declined:
    if not cotisations.agreements.get(member) or not cotisations.agreements[member][-1].cents:
        return not_found(f"{member} has agreed to no cotisation, or ended it.")
    refused = _forward(cotisations, member, until_period, this_period)
    return refused or CotisationEnded(member=member, until_period=until_period, by=by)


def _forward(cotisations: Cotisations, member: MemberId, period: str, this_period: str) -> Declined | None:
    first = not cotisations.agreements.get(member)
    earliest = period_of(month_index(this_period) - (BACK_MONTHS_MAX if first else 0))
    if month_index(period) > month_index(this_period) + AHEAD_MONTHS_MAX or period < earliest:
        return not_now(f"What was agreed changes forward only: choose a month from {earliest} on, within a year.")
    return None


def decide_receive(
    cotisations: Cotisations, members: Members, takings: Takings, *, member: MemberId, rule: str, period: str, cents: Cents,
    means: str, reference: str, gifts_count: bool, by: PersonId, this_period: str,
) -> CotisationReceived | Declined:
    """gifts_count: whether the legal basis lets what goes beyond the minimum be a gift."""
    known = cotisations.rules.get(rule)
    if member not in members.members:
        return not_found(f"There is no member {member}; admit them first.")
    if known is None:
        return not_found(f"There is no cotisation rule {rule}; set the voted one first.")
    if means not in known.means:
        return not_now(f"The rule {rule} is paid by {', '.join(known.means)}, not by {means}.")
    if not cents or month_index(period) > month_index(this_period) + AHEAD_MONTHS_MAX:
        return not_now("A payment is more than 0.00 and for a month at most a year ahead.")
    before = cotisations.payments.get(reference)
    covered, months = covering(cotisations, member, period)
    if before is not None:
        same = (before.member, before.period, before.cents) == (member, covered, cents)
        return not_now(f"The reference {reference} is recorded already" + (
            ": this payment is in the book." if same else f", for {before.member} and {before.period}: give this one another."
        ))  # fmt: skip
    unpaid = cotisations.unpaid.get((member, covered, known.fund))
    cleared = min(cents, unpaid.cents) if unpaid is not None else 0
    gift = 0
    if gifts_count and known.over_is_gift:
        paid = cotisations.paid.get(member, {}).get(covered, 0)
        gift = min(cents, max(0, paid + cents - known.minimum_cents * months))
    return CotisationReceived(
        member=member, rule=rule, fund=known.fund, period=covered, cents=cents, cleared_cents=Cents(cleared),
        gift_cents=Cents(gift), means=means, reference=reference, receipt=takings.receipt_for(means), by=by,
    )


def decide_return(
    cotisations: Cotisations, *, reference: str, reason: str, by: PersonId
) -> CotisationReturned | Declined:
    payment = cotisations.payments.get(reference)
    if payment is None:
        return not_found(f"No cotisation was received under the reference {reference}; `clearing cotisations` lists them.")
    if payment.returned_by:
        return not_now(f"The payment {reference} came back before; it is among the arrears.")
    if payment.means == "cash":
        return not_now("Cash does not come back from a bank; choose the reference of a debit, a cheque or a transfer.")
    return CotisationReturned(
        member=payment.member, fund=payment.fund, period=payment.period, cents=Cents(payment.cents),
        gift_cents=Cents(payment.gift_cents), reference=reference, reason=reason, by=by,
    )


def decide_write_off(
    cotisations: Cotisations, funds: Funds, *, member: MemberId, period: str, reason: str, by: PersonId
) -> CotisationWrittenOff | Declined:
    found = next(((key, one) for key, one in cotisations.unpaid.items() if key[:2] == (member, period)), None)
    if found is None:
        return not_found(f"Nothing that {member} paid for {period} came back from the bank.")
    (_, _, fund), unpaid = found
    if by in unpaid.by:
        return not_now("Who recorded the return can't write it off: ask another person.")
    if funds[fund].free_cents() < unpaid.cents:
        left = money(max(0, funds[fund].free_cents()))
        return not_now(f"The fund {fund} has {left} left, {money(unpaid.cents)} are to be given up: receive money "
                       "first.")  # fmt: skip
    return CotisationWrittenOff(
        member=member, fund=fund, period=period, cents=Cents(unpaid.cents), reason=reason, by=by
    )
