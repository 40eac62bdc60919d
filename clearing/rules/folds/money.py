"""Law: what a fund engages is what purses were given; what lapses is the fund's again."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from clearing.events import funds as fund_events
from clearing.rules.credit import allocation, lapsing
from clearing.rules.treasury import bank_lines, funds, subsidies

if TYPE_CHECKING:
    from clearing.rules.book import Book


def _granted(book: "Book", event: fund_events.AllocationGranted, position: int, _at_us: int) -> None:
    funds.engage(book.funds, event.fund, event.total_cents)
    allocation.evolve_granted(book.allocation, event, position)


def _single_granted(book: "Book", event: fund_events.SingleGranted, _position: int, _at_us: int) -> None:
    funds.engage(book.funds, event.fund, event.cents)
    allocation.evolve_single(book.allocation, book.members, event)


def _credited(book: "Book", event: fund_events.PurseCredited, position: int, _at_us: int) -> None:
    if event.fund is not None:
        funds.engage(book.funds, event.fund, event.cents)
    allocation.evolve_credited(book.allocation, book.members, event, position)


def _cohort_lapsed(book: "Book", event: fund_events.CohortLapsed, _position: int, _at_us: int) -> None:
    granted_by = book.allocation.cohorts[event.lot].fund
    lapsing.evolve_cohort_lapsed(book.allocation, book.members, event)
    funds.release(book.funds, granted_by, event.fund, event.cents)


def _lot_lapsed(book: "Book", event: fund_events.LotLapsed, _position: int, _at_us: int) -> None:
    given_by = book.allocation.lot_fund(event.lot)
    lapsing.evolve_lot_lapsed(book.allocation, book.members, event)
    funds.release(book.funds, given_by or event.fund, event.fund, event.cents)


def _received(book: "Book", event: fund_events.MoneyReceived, _position: int, _at_us: int) -> None:
    funds.evolve_received(book.funds, event)
    subsidies.evolve_received(book.subsidies, event)
    bank_lines.evolve_received(book.bank_lines, event)


FOLDS: Final[dict[type, Callable[..., None]]] = {
    fund_events.AllocationGranted: _granted,
    fund_events.SingleGranted: _single_granted,
    fund_events.PurseCredited: _credited,
    fund_events.CohortLapsed: _cohort_lapsed,
    fund_events.LotLapsed: _lot_lapsed,
    fund_events.AllocationRuleSet: lambda book, event, _p, _a: allocation.evolve_rule(book.allocation, event),
    fund_events.FundOpened: lambda book, event, _p, _a: funds.evolve_opened(book.funds, event),
    fund_events.MoneyNotified: lambda book, event, _p, _a: funds.evolve_notified(book.funds, event),
    fund_events.MoneyReceived: _received,
}
