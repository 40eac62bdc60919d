"""Law: a gift is no cotisation; its tax receipt stands on a legal basis that two people entered, and no number has a gap."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, NamedTuple

from clearing.events.cotisations import (
    GiftReceived,
    LegalBasisEntered,
    LegalBasisProposed,
    TaxReceiptCancelled,
    TaxReceiptIssued,
)
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now
from clearing.rules.calendar import civil_date
from clearing.rules.treasury.funds import Funds
from clearing.rules.treasury.takings import MEANS, Takings
from clearing.values import Cents, FundId, PersonId

DONORS: Final = ("donor:", "member:")


@dataclass(slots=True)
class TaxReceipt:
    issued: TaxReceiptIssued
    cancelled: bool = False


class Given(NamedTuple):
    """year: civil, of the day it was recorded."""

    donor: str
    fund: FundId
    means: str
    year: int
    cents: Cents


@dataclass(slots=True)
class Gifts:
    """given: cents by civil year and donor; covered: of them, by receipts in force. receipts: by year, number 1 first.
    references: of gifts, each used once."""

    given: dict[int, dict[str, int]] = field(default_factory=dict)
    covered: dict[int, dict[str, int]] = field(default_factory=dict)
    references: dict[str, Given] = field(default_factory=dict)
    proposed: LegalBasisProposed | None = None
    basis: LegalBasisEntered | None = None
    receipts: dict[int, list[TaxReceipt]] = field(default_factory=dict)

    def over_contribution_counts(self) -> bool:
        return self.basis is not None and self.basis.over_contribution

    def uncovered_cents(self, year: int, donor: str) -> int:
        """Gifts of the year that no receipt in force covers; below zero: a receipt covers what came back."""
        return self.given.get(year, {}).get(donor, 0) - self.covered.get(year, {}).get(donor, 0)


class Wanted(NamedTuple):
    """A receipt as it was written: number, donor, cents and the digest of its text."""

    number: int
    donor: str
    cents: Cents
    sha256: bytes


def give(gifts: Gifts, year: int, donor: str, cents: int) -> None:
    """cents below zero: what came back."""
    _add(gifts.given, year, donor, cents)


def _add(sums: dict[int, dict[str, int]], year: int, donor: str, cents: int) -> None:
    if cents:
        of_year = sums.setdefault(year, {})
        of_year[donor] = of_year.get(donor, 0) + cents


def evolve_gift(gifts: Gifts, event: GiftReceived, year: int) -> None:
    if event.reference in gifts.references:
        raise BrokenBook(f"the gift of {event.reference} was received before")
    gifts.references[event.reference] = Given(event.donor, event.fund, event.means, year, event.cents)
    give(gifts, year, event.donor, event.cents)


def take_back(gifts: Gifts, reference: str) -> None:
    """As if it had never been received."""
    given = gifts.references.pop(reference)
    give(gifts, given.year, given.donor, -given.cents)


def evolve_proposed(gifts: Gifts, event: LegalBasisProposed) -> None:
    gifts.proposed = event


def evolve_entered(gifts: Gifts, event: LegalBasisEntered) -> None:
    gifts.basis, gifts.proposed = event, None


def evolve_issued(gifts: Gifts, event: TaxReceiptIssued) -> None:
    of_year = gifts.receipts.setdefault(event.year, [])
    if event.number != len(of_year) + 1:
        raise BrokenBook(f"tax receipt {event.number} of {event.year} does not follow number {len(of_year)}")
    of_year.append(TaxReceipt(event))
    _add(gifts.covered, event.year, event.donor, event.cents)


def evolve_cancelled(gifts: Gifts, event: TaxReceiptCancelled) -> None:
    receipt = gifts.receipts[event.year][event.number - 1]
    receipt.cancelled = True
    _add(gifts.covered, event.year, receipt.issued.donor, -receipt.issued.cents)


def decide_gift(
    gifts: Gifts, funds: Funds, takings: Takings, *, donor: str, fund: FundId, cents: Cents, means: str, reference: str,
    by: PersonId,
) -> GiftReceived | Declined:
    if fund not in funds:
        return not_found(f"There is no fund {fund}; open it first.")
    if means not in MEANS:
        return not_now(f"A gift comes by {', '.join(MEANS)}, not by {means}.")
    if not cents:
        return not_now("A gift is more than 0.00.")
    if reference in gifts.references:
        return not_now(f"A gift is recorded already under {reference}; if this is another one, give it its own reference.")
    return GiftReceived(
        donor=donor, fund=fund, cents=cents, means=means, reference=reference, receipt=takings.receipt_for(means), by=by
    )


def decide_propose_basis(
    gifts: Gifts, *, text: str, articles: str, over_contribution: bool, by: PersonId
) -> LegalBasisProposed | Declined:
    basis = gifts.basis
    if basis is not None and (basis.text, basis.articles, basis.over_contribution) == (text, articles, over_contribution):
        return not_now("This legal basis is in force already.")
    return LegalBasisProposed(text=text, articles=articles, over_contribution=over_contribution, by=by)


def decide_enter_basis(
    gifts: Gifts, *, text: str, articles: str, over_contribution: bool, by: PersonId
) -> LegalBasisEntered | Declined:
    """text, articles, over_contribution: what the second person read and agrees to."""
    proposed = gifts.proposed
    if proposed is None:
        return not_found("Nobody proposed a legal basis; propose it first, then another person enters it.")
    if (proposed.text, proposed.articles, proposed.over_contribution) != (text, articles, over_contribution):
        return not_now("The legal basis was proposed with other words by now; read it again, then enter it.")
    if proposed.by == by:
        return not_now("Who proposed the legal basis can't enter it: ask another person to read the articles too.")
    return LegalBasisEntered(
        text=text, articles=articles, over_contribution=over_contribution, entered_by=(proposed.by, by)
    )


def decide_issue(
    gifts: Gifts, *, year: int, wanted: Sequence[Wanted], issued_on: str, by: PersonId, today: date
) -> tuple[TaxReceiptIssued, ...] | Declined:
    """All of them or none, each with the next number."""
    if gifts.basis is None:
        return not_now("Tax receipts are off until two people have entered a legal basis: clearing taxreceipt basis.")
    if not timedelta(0) <= today - civil_date(issued_on, what="issued_on") <= timedelta(days=1) or year > today.year:
        return not_now("A tax receipt bears the day on which it is issued, and no year to come.")
    following = len(gifts.receipts.get(year, ())) + 1
    events, named = list[TaxReceiptIssued](), set[str]()
    for number, one in enumerate(wanted, following):
        if one.number != number:
            return not_now(f"The next tax receipt of {year} is number {number}, not {one.number}: run the command again.")
        uncovered = gifts.uncovered_cents(year, one.donor)
        if one.donor in named or one.cents != uncovered or not one.cents:
            return not_now(f"Receipt {number} is not over what {one.donor} gave and no receipt covers: run the command again.")
        named.add(one.donor)
        events.append(TaxReceiptIssued(
            year=year, number=number, donor=one.donor, cents=one.cents, issued_on=issued_on, sha256=one.sha256, by=by
        ))  # fmt: skip
    return tuple(events) if events else not_now(f"All gifts of {year} are on tax receipts already.")


def decide_cancel(
    gifts: Gifts, *, year: int, number: int, reason: str, by: PersonId
) -> TaxReceiptCancelled | Declined:
    of_year = gifts.receipts.get(year, [])
    if not 1 <= number <= len(of_year):
        return not_found(f"There is no tax receipt {number} of {year}.")
    if of_year[number - 1].cancelled:
        return not_now(f"Tax receipt {number} of {year} is cancelled already; its number stays used.")
    return TaxReceiptCancelled(year=year, number=number, reason=reason, by=by)
