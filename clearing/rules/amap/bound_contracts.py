"""Law: a bound fund pays its part of a contract only to a producer, for goods and on days that its earmark allows.

Asked when a contract is signed, and of all that run when a fund is bound more narrowly.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from clearing.events.contracts import ContractSigned, Portion
from clearing.events.funds import UNBOUND, Earmark
from clearing.rules.answers import Declined, not_now
from clearing.rules.calendar import local_text
from clearing.values import ContractId, FundId, SeasonId

if TYPE_CHECKING:
    from clearing.rules.book import Book


class _Part(NamedTuple):
    """What a fund has still to pay of one contract. days: ISO, of its instalments."""

    contract: ContractId
    season: SeasonId
    portions: Sequence[Portion]
    days: Sequence[str]


def signed_outside(event: ContractSigned, book: "Book", at_us: int) -> Declined | None:
    """Why the fund may not pay a part of this contract."""
    known = None if event.fund is None else book.funds.get(event.fund)
    if event.fund is None or known is None or known.earmark == UNBOUND:
        return None
    days = [one.due_on for one in event.instalments if one.fund_cents and one.due_on <= event.fund_until]
    return _declined(event.fund, _Part(event.contract, event.season, event.portions, days), known.earmark, book, at_us)


def running_outside(fund: FundId, earmark: Earmark, book: "Book", at_us: int) -> Declined | None:
    """Why a fund that pays parts of contracts may not be bound like this."""
    if earmark == UNBOUND:
        return None
    for name, one in book.contracts.contracts.items():
        days = [due.due_on for due in one.dues if due.fund_cents > due.fund_paid and one.is_funded(due)]
        if one.fund == fund and one.ended_on is None and days:
            declined = _declined(fund, _Part(name, one.season, one.portions, days), earmark, book, at_us)
            if declined is not None:
                return declined
    return None


def _declined(fund: FundId, part: _Part, earmark: Earmark, book: "Book", at_us: int) -> Declined | None:
    problems = list(_problems(part, earmark, book, at_us))
    if not problems:
        return None
    return not_now(f"Fund {fund} is bound and can't pay its part of contract {part.contract}: {'; '.join(problems)}.")


def _problems(part: _Part, earmark: Earmark, book: "Book", at_us: int) -> Iterator[str]:
    """In which respects the part leaves the earmark, and what to do."""
    seller = book.producers.producers[book.contracts.seasons[part.season].producer]
    convention, calendar = seller.convention_at(at_us), book.caisse.calendar
    places = seller.structures.union((seller.producer, *(() if convention is None else (convention.convention,))))
    if earmark.places and places.isdisjoint(earmark.places):
        yield f"{seller.producer} is none of {', '.join(earmark.places)}; let another fund pay"
    sold = None if convention is None else convention.categories
    if earmark.categories and not (sold is not None and sold <= set(earmark.categories)):
        listed = book.products.listed
        for portion in part.portions:
            product = listed.get(portion.product)
            if product is None or product.category not in earmark.categories:
                what = "is not in the caisse's list" if product is None else f"is listed under {product.category}"
                yield (f"{portion.product} {what}, and the fund pays for {', '.join(earmark.categories)}: list it there "
                       "(clearing product import), or let another fund pay")  # fmt: skip
    first, last = (date.fromisoformat(pick(part.days)) for pick in (min, max)) if part.days else (None, None)
    if first is not None and earmark.from_us is not None and calendar.start_us(first) < earmark.from_us:
        yield f"it pays from {local_text(calendar.zone.key, earmark.from_us)} on, the instalment of {first} is before"
    if last is not None and earmark.until_us is not None and calendar.end_of_day_us(last) > earmark.until_us:
        yield f"it pays until {local_text(calendar.zone.key, earmark.until_us)}: let its part of the contract end before {last}"
