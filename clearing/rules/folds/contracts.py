"""Law: a fund's part is engaged and owed at once; a household's money is the contract's until it is paid over or goes back."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from clearing.events import contracts as events
from clearing.events.codes import Code
from clearing.rules.amap import contracts
from clearing.rules.selling.operations import State, StoredForm
from clearing.rules.treasury import funds, takings

if TYPE_CHECKING:
    from clearing.rules.book import Book


def _received(book: "Book", event: events.InstalmentReceived, _position: int, _at_us: int) -> None:
    contracts.evolve_received(book.contracts, event)
    if event.fund is not None:
        funds.engage(book.funds, event.fund, event.cents)
        book.settlement.owed_to(event.producer).captured_cents += event.cents
    elif event.into:
        takings.take_in(book.takings, event.into, event.cents, event.receipt)


def _returned(book: "Book", event: events.InstalmentReturned, _position: int, _at_us: int) -> None:
    contracts.evolve_returned(book.contracts, event)
    if event.from_producer_cents:
        book.settlement.owed_to(event.producer).refunded_cents += event.from_producer_cents


def _ended(book: "Book", event: events.ContractEnded, _position: int, _at_us: int) -> None:
    contracts.evolve_ended(book.contracts, event)
    back = event.back_fund_cents + event.from_producer_cents
    if back:
        book.settlement.owed_to(event.producer).refunded_cents += back
    if event.fund is not None and event.back_fund_cents:
        funds.engage(book.funds, event.fund, -event.back_fund_cents)


def _paid_over(book: "Book", event: events.ContractPaidOver, _position: int, _at_us: int) -> None:
    contracts.evolve_paid_over(book.contracts, event)
    book.settlement.owed_to(event.producer).captured_cents += event.cents


def _tapped(book: "Book", event: events.DeliveryDecided, position: int, at_us: int, stored: StoredForm | None) -> None:
    """An operation of a terminal: its tap is used up and it is known by its x for ever."""
    tap = event.tap
    card = book.members.cards.get(tap.card) if tap is not None else None
    if tap is not None and card is not None and tap.fresh and card.key_version == tap.key_version:
        card.use(tap.counter, at_us)
    contracts.evolve_tapped(book.contracts, event)
    state = State.DONE if event.code == Code.APPROVED else State.DECLINED
    key = event.op.terminal, event.op.x
    waiting = book.tombstones.get(event.op.terminal)
    if waiting:
        waiting.pop(event.op.x, None)
    book.operations.record(key, event, stored, position=position, counted_us=at_us, state=state)


DECIDED: Final[dict[type, Callable[..., None]]] = {events.DeliveryDecided: _tapped}
"""Operations of terminals, kept as they are stored."""

FOLDS: Final[dict[type, Callable[..., None]]] = {
    events.SeasonOpened: lambda book, event, _p, _a: contracts.evolve_opened(book.contracts, event),
    events.ContractSigned: lambda book, event, _p, _a: contracts.evolve_signed(
        book.contracts, event, book.caisse.calendar
    ),
    events.InstalmentReceived: _received,
    events.InstalmentReturned: _returned,
    events.DeliveriesRecorded: lambda book, event, _p, _a: contracts.evolve_recorded(book.contracts, event),
    events.DeliverySkipped: lambda book, event, _p, _a: contracts.evolve_skipped(book.contracts, event),
    events.DeliveriesSwapped: lambda book, event, _p, _a: contracts.evolve_swapped(book.contracts, event),
    events.CropLossDeclared: lambda book, event, _p, _a: contracts.evolve_lost(book.contracts, event),
    events.ContractEnded: _ended,
    events.FundPartWarned: lambda book, event, _p, _a: contracts.evolve_warned(book.contracts, event),
    events.FundPartTakenOver: lambda book, event, _p, _a: contracts.evolve_taken_over(book.contracts, event),
    events.ContractShrunk: lambda book, event, _p, _a: contracts.evolve_shrunk(book.contracts, event),
    events.ContractPaidOver: _paid_over,
    events.ContractRefunded: lambda book, event, _p, _a: contracts.evolve_refunded(book.contracts, event),
}
