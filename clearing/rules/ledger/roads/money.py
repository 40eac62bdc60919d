"""Law: money that comes is a receipt of its fund; what is written off was the members' before it was any funder's."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from clearing.events import bank, cotisations, funds, grants, opening, solidarity
from clearing.events.caisse import CaisseFounded
from clearing.events.debits import DebitCounted
from clearing.events.producers import ProducerAdmitted
from clearing.rules.calendar import CivilCalendar
from clearing.rules.ledger.traced import State, lump

if TYPE_CHECKING:
    from clearing.rules.ledger.tracing import Trace

_COTISATIONS: Final = "cotisations"


def _founded(trace: "Trace", event: CaisseFounded, _position: int, _day: str) -> None:
    trace.calendar = CivilCalendar(event.zone)


def _admitted(trace: "Trace", event: ProducerAdmitted, _position: int, _day: str) -> None:
    trace.names[event.producer] = event.name


def _promised(trace: "Trace", event: grants.SubsidyNotified, _position: int, _day: str) -> None:
    trace.subsidies[event.grant] = event


def _reduced(trace: "Trace", event: grants.SubsidyReduced, _position: int, _day: str) -> None:
    trace.reduced[event.grant] = trace.reduced.get(event.grant, 0) + event.cents


def _came(trace: "Trace", event: funds.MoneyReceived, position: int, _day: str) -> None:
    how = "at the bank" if event.grant is None else f"subsidy {event.grant}"
    trace.come(position, event.fund, event.cents, how, event.grant or "")


def _cotisation(
    trace: "Trace", event: cotisations.CotisationReceived | DebitCounted, position: int, _day: str
) -> None:
    """What makes good a payment that had come back is no new money of the fund."""
    if event.cents > event.cleared_cents:
        trace.come(position, event.fund, event.cents - event.cleared_cents, _COTISATIONS)


def _written_off(trace: "Trace", event: cotisations.CotisationWrittenOff, _position: int, day: str) -> None:
    """Cotisations that never came are borne by what members paid, the newest first, then by what nobody bound."""
    unbound = [number for number, one in trace.receipts.items() if one.fund == event.fund and not one.grant]
    unbound.sort(key=lambda number: (trace.receipts[number].how != _COTISATIONS, -number))
    pieces = trace.pools.take_first(event.fund, event.cents, unbound)
    trace.leave(State.WRITTEN_OFF, "cotisations that came back", day, pieces)


def _charged(trace: "Trace", event: bank.BankCharged, _position: int, day: str) -> None:
    trace.leave(State.LEFT, "bank charges", day, trace.pools.take(event.fund, event.cents))


def _gift(trace: "Trace", event: cotisations.GiftReceived, position: int, _day: str) -> None:
    trace.come(position, event.fund, event.cents, "gifts")


def _coupons(trace: "Trace", event: solidarity.CouponsSold, position: int, _day: str) -> None:
    trace.come(position, event.fund, event.cents, "coupons")


def _opened(trace: "Trace", event: opening.OpeningAccepted, position: int, day: str) -> None:
    """What a fund had engaged by then and purses do not hold was spent on paper; a debt of that time is paid by no fund."""
    in_purses: dict[str, int] = {}
    for lot in event.lots:
        if lot.fund is not None:
            in_purses[lot.fund] = in_purses.get(lot.fund, 0) + lot.cents
    for one in event.funds:
        if one.received_cents:
            trace.come(position, one.fund, one.received_cents, "opening balance")
        spent = one.engaged_cents - in_purses.get(one.fund, 0)
        if spent:
            trace.leave(State.BEFORE, "before the opening", day, trace.pools.take(one.fund, spent))
    for name, lot in zip(opening.lot_ids(event, position), event.lots, strict=True):
        trace.credit_of[name] = "own money" if lot.fund is None else "opening credit"
        pieces = (
            [trace.receive(position, "", lot.cents, "own money")]
            if lot.fund is None
            else trace.pools.take(lot.fund, lot.cents)
        )
        trace.lot(name).put(pieces)
    for debt in event.debts:
        paper = [trace.receive(position, "", debt.cents, "sold on paper")]
        trace.owe(trace.parts_of(b"paper", debt.producer), lump(debt.producer, paper, by="sold on paper", day=day))


def _moved(trace: "Trace", event: grants.TransferConfirmed, _position: int, _day: str) -> None:
    trace.pools.put(event.to, trace.pools.take(event.fund, event.cents))


def _repaid(trace: "Trace", event: grants.RepaymentConfirmed, _position: int, day: str) -> None:
    own = [number for number, one in trace.receipts.items() if one.grant == event.grant]
    pieces = trace.pools.take_first(event.fund, event.cents, own)
    trace.leave(State.RETURNED, f"to funder of {event.grant}", day, pieces)


ROADS: Final[dict[type, Callable[["Trace", Any, int, str], None]]] = {
    CaisseFounded: _founded,
    ProducerAdmitted: _admitted,
    grants.SubsidyNotified: _promised,
    grants.SubsidyReduced: _reduced,
    grants.TransferConfirmed: _moved,
    grants.RepaymentConfirmed: _repaid,
    funds.MoneyReceived: _came,
    cotisations.CotisationReceived: _cotisation,
    DebitCounted: _cotisation,
    cotisations.CotisationWrittenOff: _written_off,
    cotisations.GiftReceived: _gift,
    bank.BankCharged: _charged,
    solidarity.CouponsSold: _coupons,
    opening.OpeningAccepted: _opened,
}
