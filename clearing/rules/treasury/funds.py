"""Law: engaged <= received + the voted advance on what is announced and has not come yet. No operation breaks it.

Only a funder who takes a promise back can leave a fund short: it then engages nothing until it is covered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from clearing.events.funds import NO_VOTE, UNBOUND, Earmark, FundOpened, MoneyNotified, MoneyReceived
from clearing.events.grants import AnnouncementWithdrawn
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now
from clearing.rules.treasury.bank_lines import NONE_WAIT, BankLines, refused
from clearing.values import Cents, DecisionId, FundId, PersonId, money

KINDS: Final = ("general", "tier", "solidarity", "sponsor", "guarantee")


@dataclass(slots=True)
class Fund:
    """notified: announced in all. announced, promised: of it, what has not come yet, by nobody in particular and by subsidies.
    received: matched to bank lines, or surplus paid into it, less what left it otherwise than by being engaged. engaged:
    credited to purses or paid for lines. decision: the vote for the
    advance; "" without one, or of before an advance had to name it."""

    kind: str
    name: str
    advance_cents: int
    notified_cents: int = 0
    received_cents: int = 0
    engaged_cents: int = 0
    announced_cents: int = 0
    promised_cents: int = 0
    earmark: Earmark = UNBOUND
    decision: DecisionId = NO_VOTE

    def free_cents(self) -> int:
        """What may still be engaged; below zero when a funder took back what was engaged early."""
        return self.received_cents + min(self.advance_cents, self.to_come_cents()) - self.engaged_cents

    def to_come_cents(self) -> int:
        """Announced, and not come yet."""
        return self.announced_cents + self.promised_cents

    def there_cents(self) -> int:
        """Received and not engaged: what may leave the fund otherwise."""
        return self.received_cents - self.engaged_cents


Funds = dict[FundId, Fund]


def evolve_opened(funds: Funds, event: FundOpened) -> None:
    funds[event.fund] = Fund(
        kind=event.kind, name=event.name, advance_cents=event.advance_cents, earmark=event.earmark,
        decision=event.decision,
    )


def evolve_notified(funds: Funds, event: MoneyNotified) -> None:
    fund = funds[event.fund]
    fund.notified_cents += event.cents
    fund.announced_cents += event.cents


def evolve_received(funds: Funds, event: MoneyReceived) -> None:
    """Money that names no subsidy clears what nobody in particular announced."""
    fund = funds[event.fund]
    fund.received_cents += event.cents
    if event.grant is None:
        fund.announced_cents -= event.clears_cents
    else:
        fund.promised_cents -= event.clears_cents
    if fund.announced_cents < 0 or fund.promised_cents < 0:
        raise BrokenBook(f"more came for fund {event.fund} than was announced")


def evolve_withdrawn(funds: Funds, event: AnnouncementWithdrawn) -> None:
    fund = funds[event.fund]
    fund.notified_cents -= event.cents
    fund.announced_cents -= event.cents
    if fund.announced_cents < 0:
        raise BrokenBook(f"more was withdrawn from fund {event.fund} than was announced")


def engage(funds: Funds, fund: FundId, cents: int) -> None:
    """cents above 0 are engaged, below 0 set free again. Raises BrokenBook if the law would not hold afterwards."""
    state = funds[fund]
    state.engaged_cents += cents
    if state.engaged_cents < 0 or (cents > 0 and state.free_cents() < 0):
        raise BrokenBook(f"{money(state.engaged_cents)} of {money(state.received_cents)} of fund {fund} would be engaged")


def release(funds: Funds, fund: FundId, to: FundId, cents: int) -> None:
    """What a fund had engaged is not spent: its own again, or money in another fund, where a vote sends it."""
    if to == fund:
        engage(funds, fund, -cents)
    else:
        funds[to].received_cents += cents


def leave(funds: Funds, fund: FundId, cents: int) -> None:
    """cents that are there leave the fund: to another, to a funder, to an heir. Raises BrokenBook when they are engaged."""
    state = funds[fund]
    if not 0 < cents <= state.there_cents():
        raise BrokenBook(f"{money(cents)} were to leave fund {fund}, {money(state.there_cents())} are there")
    state.received_cents -= cents


def decide_open(
    funds: Funds, *, fund: FundId, kind: str, name: str, advance_cents: Cents, by: PersonId, earmark: Earmark = UNBOUND,
    decision: DecisionId = NO_VOTE,
) -> FundOpened | Declined:
    """decision: the vote for the advance, and for nothing else."""
    if fund in funds:
        return not_now(f"Fund {fund} exists already; choose another id or use this one.")
    if kind not in KINDS:
        return not_now(f"A fund is one of {', '.join(KINDS)}, not {kind}.")
    if bool(advance_cents) != bool(decision):
        return not_now(f"Using money early that fund {fund} was only promised is voted: name the advance and the decision for "
                       "it, or neither.")  # fmt: skip
    return FundOpened(
        fund=fund, kind=kind, name=name, advance_cents=advance_cents, earmark=earmark, decision=decision, by=by
    )


def decide_notify(funds: Funds, *, fund: FundId, cents: Cents, reference: str, by: PersonId) -> MoneyNotified | Declined:
    if fund not in funds:
        return not_found(f"There is no fund {fund}; open it first.")
    return MoneyNotified(fund=fund, cents=cents, reference=reference, by=by)


def decide_withdraw(
    funds: Funds, *, fund: FundId, cents: Cents, reference: str, by: PersonId
) -> AnnouncementWithdrawn | Declined:
    announced = funds[fund].announced_cents if fund in funds else 0
    if not 1 <= cents <= announced:
        return not_now(f"For fund {fund} {money(announced)} are announced and have not come, no more "
                       "can be taken off; what a funder promised is taken off by: clearing subsidy reduce")  # fmt: skip
    return AnnouncementWithdrawn(fund=fund, cents=cents, reference=reference, by=by)


def decide_receive(
    funds: Funds, lines: BankLines, *, fund: FundId, cents: Cents, reference: str, by: PersonId, on: str = "",
    another: bool = False, at_bank: Mapping[int, int] = NONE_WAIT,
) -> MoneyReceived | Declined:
    """Money that is part of no subsidy; it clears what was announced for the fund, as far as that goes."""
    if fund not in funds:
        return not_found(f"There is no fund {fund}; open it first.")
    clears = Cents(min(cents, funds[fund].announced_cents))
    return refused(
        lines, reference=reference, cents=cents, on=on, another=another, at_bank=at_bank
    ) or MoneyReceived(
        fund=fund, cents=cents, reference=reference, clears_cents=clears, by=by, on=on, another=another
    )
