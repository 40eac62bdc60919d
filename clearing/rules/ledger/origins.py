"""Law: what postings need from earlier events is kept as a few texts: the fund of a lot, and payouts that were confirmed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from clearing.events.basket import LotReturn, Return
from clearing.events.bonus import BonusCredited
from clearing.events.catalogue import Event
from clearing.events.contests import ContestDecided
from clearing.events.crediting import CohortRolled
from clearing.events.funds import (
    AllocationGranted,
    PurseCredited,
)
from clearing.events.households import HouseholdSeparated
from clearing.events.interchange import (
    InterchangeExpired,
    InterchangeReleased,
)
from clearing.events.opening import OpeningAccepted, lot_ids
from clearing.events.orders import DeliveryNoted, DisputeResolved, OrderCancelled
from clearing.events.sales import (
    CaptureDecided,
    HoldExpired,
    RefundDecided,
    ReversalDecided,
)
from clearing.events.settlement import PayoutAnswered, PayoutConfirmed, PayoutReturned
from clearing.rules.selling.returns import new_lot_ids
from clearing.values import BatchId, FundId, Position, ProducerId


class UnexplainedPosting(AssertionError):
    """An event moves money that no earlier event explains: the log or a rule is wrong; run `clearing audit` on this log."""


@dataclass(slots=True)
class Origins:
    """What postings need from earlier events: the fund of a lot (a LotReturn names the lot only) and whether a returned payout
    had been confirmed (then the money comes back from the bank, else it never left).

    known: texts, so that a table can keep them: "lot:<lot>" -> fund, "payout:<batch>:<producer>" -> "confirmed". Own-money lots
    have no fund and are not kept. Feed every event to `note`, in order, before asking for its postings.
    """

    known: dict[str, str] = field(default_factory=dict)

    def note(self, event: Event, at: Position) -> None:
        self.known.update(origins_named(event, at, self.known))

    def fund_of(self, lot: str) -> FundId:
        """Raises UnexplainedPosting for a lot that no fund is known of."""
        fund = self.known.get(_lot_key(lot))
        if fund is None:
            raise UnexplainedPosting(f"lot {lot} lapses, but no earlier event names its fund; run `clearing audit`")
        return FundId(fund)

    def was_confirmed(self, batch: BatchId, producer: ProducerId) -> bool:
        return _payout_key(batch, producer) in self.known


def origins_named(event: Event, at: Position, known: Mapping[str, str]) -> dict[str, str]:
    """What this event adds to Origins.known. A refund's new lots inherit the funds of the lapsed ones."""
    match event:
        case AllocationGranted():
            return {_lot_key(f"{event.rule}/{event.period}"): event.lapse_to or event.fund}
        case CohortRolled():
            return {_lot_key(f"{event.lot}+"): event.fund}
        case HouseholdSeparated():
            ends = {lot.new_lot: lot.lapse_to or lot.fund for lot in event.lots if lot.new_lot != lot.lot}
            return {_lot_key(lot): fund for lot, fund in ends.items() if fund is not None}
        case PurseCredited():
            return {} if event.fund is None else {_lot_key(f"x{at}"): event.fund}
        case BonusCredited():
            return {_lot_key(f"x{at}"): event.fund}
        case OpeningAccepted():
            lots = zip(lot_ids(event, at), event.lots, strict=True)
            return {_lot_key(lot_id): lot.fund for lot_id, lot in lots if lot.fund is not None}
        case RefundDecided() | ContestDecided():
            renewed = {_lot_key(new): known.get(_lot_key(old)) for old, new in new_lot_ids(event.returned, at).items()}
            return {new: fund for new, fund in renewed.items() if fund is not None}
        case PayoutConfirmed():
            return {_payout_key(event.batch, event.producer): "confirmed"}
        case PayoutAnswered(became="executed"):
            return {_payout_key(event.batch, event.producer): "confirmed"}
        case _:
            return {}


def origins_asked(event: Event) -> frozenset[str]:
    """The keys of Origins.known that this event's postings or origins may ask for; empty for nearly every event."""
    match event:
        case CaptureDecided() | HoldExpired() | DeliveryNoted() | DisputeResolved() | OrderCancelled():
            returned = event.released
        case InterchangeReleased() | InterchangeExpired():
            returned = event.returned
        case ReversalDecided() | RefundDecided() | ContestDecided():
            returned = event.returned
        case PayoutReturned() | PayoutAnswered():
            return frozenset([_payout_key(event.batch, event.producer)])
        case _:
            return frozenset()
    return frozenset(_lot_key(lot.lot) for lot in _lots(returned) if lot.outcome != "back")


def _lots(returned: Iterable[Return]) -> Iterable[LotReturn]:
    return (lot for back in returned for lot in back.lots)


def _lot_key(lot: str) -> str:
    return f"lot:{lot}"


def _payout_key(batch: BatchId, producer: ProducerId) -> str:
    return f"payout:{batch}:{producer}"
