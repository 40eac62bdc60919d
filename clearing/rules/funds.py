"""Law: engaged <= received + the voted advance on what is notified and not received yet. No operation breaks it."""

from dataclasses import dataclass
from typing import Final

from clearing.events.funds import FundOpened, MoneyNotified, MoneyReceived
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now
from clearing.values import Cents, FundId, PersonId

KINDS: Final = ("general", "tier", "solidarity", "sponsor", "guarantee")


@dataclass(slots=True)
class Fund:
    """received: matched to bank lines, or surplus paid into it. engaged: credited to purses or paid for lines."""

    kind: str
    name: str
    advance_cents: int
    notified_cents: int = 0
    received_cents: int = 0
    engaged_cents: int = 0

    def free_cents(self) -> int:
        """What may still be engaged."""
        receivable = max(0, self.notified_cents - self.received_cents)
        return self.received_cents + min(self.advance_cents, receivable) - self.engaged_cents


Funds = dict[FundId, Fund]


def evolve_opened(funds: Funds, event: FundOpened) -> None:
    funds[event.fund] = Fund(kind=event.kind, name=event.name, advance_cents=event.advance_cents)


def evolve_notified(funds: Funds, event: MoneyNotified) -> None:
    funds[event.fund].notified_cents += event.cents


def evolve_received(funds: Funds, event: MoneyReceived) -> None:
    funds[event.fund].received_cents += event.cents


def engage(funds: Funds, fund: FundId, cents: int) -> None:
    """cents above 0 are engaged, below 0 set free again. Raises BrokenBook if the law would not hold afterwards."""
    state = funds[fund]
    state.engaged_cents += cents
    if state.engaged_cents < 0 or (cents > 0 and state.free_cents() < 0):
        raise BrokenBook(f"fund {fund} would have engaged {state.engaged_cents} of {state.received_cents} cents received")


def release(funds: Funds, fund: FundId, to: FundId, cents: int) -> None:
    """What a fund had engaged is not spent: its own again, or money in another fund, where a vote sends it."""
    if to == fund:
        engage(funds, fund, -cents)
    else:
        funds[to].received_cents += cents


def decide_open(
    funds: Funds, *, fund: FundId, kind: str, name: str, advance_cents: Cents, by: PersonId
) -> FundOpened | Declined:
    if fund in funds:
        return not_now(f"Fund {fund} exists already; choose another id or use this one.")
    if kind not in KINDS:
        return not_now(f"A fund is one of {', '.join(KINDS)}, not {kind}.")
    return FundOpened(fund=fund, kind=kind, name=name, advance_cents=advance_cents, by=by)


def decide_notify(funds: Funds, *, fund: FundId, cents: Cents, reference: str, by: PersonId) -> MoneyNotified | Declined:
    if fund not in funds:
        return not_found(f"There is no fund {fund}; open it first.")
    return MoneyNotified(fund=fund, cents=cents, reference=reference, by=by)


def decide_receive(funds: Funds, *, fund: FundId, cents: Cents, reference: str, by: PersonId) -> MoneyReceived | Declined:
    if fund not in funds:
        return not_found(f"There is no fund {fund}; open it first.")
    return MoneyReceived(fund=fund, cents=cents, reference=reference, by=by)
