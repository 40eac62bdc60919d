"""Law: credit is what a fund gave, in the lot it was given in; what lapses is a fund's again and as old as it was."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from clearing.events import bonus, crediting, funds, households
from clearing.rules.ledger.traced import State

if TYPE_CHECKING:
    from clearing.rules.ledger.tracing import Trace

BACK_TO_MEMBERS: Final = "back to members"


def _granted(trace: "Trace", event: funds.AllocationGranted | funds.SingleGranted, _position: int, _day: str) -> None:
    cents = event.total_cents if isinstance(event, funds.AllocationGranted) else event.cents
    trace.lot(f"{event.rule}/{event.period}").put(trace.pools.take(event.fund, cents))


def _credited(trace: "Trace", event: funds.PurseCredited, position: int, _day: str) -> None:
    lot = f"x{position}"
    trace.credit_of[lot] = "own money" if event.fund is None else "single credit"
    pieces = (
        [trace.receive(position, "", event.cents, "own money")]
        if event.fund is None
        else trace.pools.take(event.fund, event.cents)
    )
    trace.lot(lot).put(pieces)


def _lapsed(trace: "Trace", event: funds.CohortLapsed | funds.LotLapsed, _position: int, _day: str) -> None:
    trace.lapse(event.fund, trace.lot(event.lot).take(event.cents))


def _rolled(trace: "Trace", event: crediting.CohortRolled, _position: int, _day: str) -> None:
    kept = f"{event.lot}+"
    trace.credit_of[kept] = trace.credit_of.get(event.lot, event.lot)
    trace.lot(kept).put(trace.lot(event.lot).take(event.cents))


def _separated(trace: "Trace", event: households.HouseholdSeparated, _position: int, _day: str) -> None:
    for moved in event.lots:
        if moved.new_lot != moved.lot:
            trace.credit_of[moved.new_lot] = trace.credit_of.get(moved.lot, moved.lot)
            trace.lot(moved.new_lot).put(trace.lot(moved.lot).take(moved.cents))


def _emptied(trace: "Trace", event: households.PurseEmptied, _position: int, day: str) -> None:
    for ended in event.lots:
        pieces = trace.lot(ended.lot).take(ended.cents)
        if ended.fund is None:
            trace.leave(State.LEFT, BACK_TO_MEMBERS, day, pieces)
        else:
            trace.lapse(ended.fund, pieces)


def _bonus(trace: "Trace", event: bonus.BonusCredited, position: int, _day: str) -> None:
    lot = f"x{position}"
    trace.credit_of[lot] = f"bonus {event.rule}"
    trace.lot(lot).put(trace.pools.take(event.fund, event.cents))


def _taken_back(trace: "Trace", event: bonus.BonusTakenBack, _position: int, _day: str) -> None:
    trace.pools.put(event.fund, trace.lot(event.lot).take(event.cents))


ROADS: Final[dict[type, Callable[["Trace", Any, int, str], None]]] = {
    funds.AllocationGranted: _granted,
    funds.SingleGranted: _granted,
    funds.PurseCredited: _credited,
    funds.CohortLapsed: _lapsed,
    funds.LotLapsed: _lapsed,
    crediting.CohortRolled: _rolled,
    households.HouseholdSeparated: _separated,
    households.PurseEmptied: _emptied,
    bonus.BonusCredited: _bonus,
    bonus.BonusTakenBack: _taken_back,
}
