"""Law: a subsidy is received at most as promised; money leaves a fund for another, or for its funder, by two people.

What is engaged never leaves; what is bound goes only where it stays bound as much.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from clearing.events.funds import MoneyReceived
from clearing.events.grants import (
    AdvanceVoted,
    EarmarkSet,
    ProposalDropped,
    RepaymentConfirmed,
    RepaymentPaid,
    RepaymentProposed,
    RepaymentSentBack,
    SubsidyNotified,
    SubsidyReduced,
    TransferConfirmed,
    TransferProposed,
)
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now
from clearing.rules.treasury.bank_lines import NONE_WAIT, BankLines, refused
from clearing.rules.treasury.funds import Fund, Funds, leave
from clearing.rules.voted import earmarks
from clearing.values import CENTS_MAX, Cents, FundId, GrantId, PersonId, money

UTC: Final = ZoneInfo("UTC")
"""In which instants are told unless the caisse's zone is given."""


class Step(StrEnum):
    PROPOSED = "proposed"
    DROPPED = "dropped"
    CONFIRMED = "confirmed"  # of a repayment: payable to the funder
    PAID = "paid"


@dataclass(slots=True)
class Subsidy:
    """repaid: left its fund for the funder again."""

    notified: SubsidyNotified
    reduced_cents: int = 0
    received_cents: int = 0
    repaid_cents: int = 0

    def to_come_cents(self) -> int:
        return self.notified.cents - self.reduced_cents - self.received_cents


@dataclass(slots=True)
class Transfer:
    proposed: TransferProposed
    step: Step = Step.PROPOSED


@dataclass(slots=True)
class Repayment:
    proposed: RepaymentProposed
    step: Step = Step.PROPOSED


@dataclass(slots=True)
class Subsidies:
    """transfers, repayments: by number from 1, without gaps."""

    known: dict[GrantId, Subsidy] = field(default_factory=dict)
    transfers: dict[int, Transfer] = field(default_factory=dict)
    repayments: dict[int, Repayment] = field(default_factory=dict)


def evolve_notified(subsidies: Subsidies, funds: Funds, event: SubsidyNotified) -> None:
    if event.grant in subsidies.known:
        raise BrokenBook(f"subsidy {event.grant} was notified before")
    subsidies.known[event.grant] = Subsidy(event)
    fund = funds[event.fund]
    fund.notified_cents += event.cents
    fund.promised_cents += event.cents


def evolve_reduced(subsidies: Subsidies, funds: Funds, event: SubsidyReduced) -> None:
    subsidy, fund = subsidies.known[event.grant], funds[event.fund]
    subsidy.reduced_cents += event.cents
    fund.notified_cents -= event.cents
    fund.promised_cents -= event.cents
    if subsidy.to_come_cents() < 0 or fund.promised_cents < 0:
        raise BrokenBook(f"subsidy {event.grant} was reduced by more than was to come")


def evolve_received(subsidies: Subsidies, event: MoneyReceived) -> None:
    if event.grant is None:
        return
    subsidy = subsidies.known[event.grant]
    subsidy.received_cents += event.cents
    if subsidy.to_come_cents() < 0 or subsidy.notified.fund != event.fund or event.clears_cents != event.cents:
        raise BrokenBook(f"subsidy {event.grant} did not expect {event.cents} cents for {event.fund}")


def evolve_transfer_confirmed(subsidies: Subsidies, funds: Funds, event: TransferConfirmed) -> None:
    transfer = subsidies.transfers[event.transfer]
    said = transfer.proposed
    if transfer.step is not Step.PROPOSED or (said.fund, said.to, said.cents) != (event.fund, event.to, event.cents):
        raise BrokenBook(f"transfer {event.transfer} is not what was proposed")
    leave(funds, event.fund, event.cents)
    funds[event.to].received_cents += event.cents
    transfer.step = Step.CONFIRMED


def evolve_repayment_confirmed(subsidies: Subsidies, funds: Funds, event: RepaymentConfirmed) -> None:
    repayment = subsidies.repayments[event.repayment]
    said = repayment.proposed
    if repayment.step is not Step.PROPOSED or (said.grant, said.fund, said.cents) != (event.grant, event.fund, event.cents):
        raise BrokenBook(f"repayment {event.repayment} is not what was proposed")
    leave(funds, event.fund, event.cents)
    subsidies.known[event.grant].repaid_cents += event.cents
    repayment.step = Step.CONFIRMED


def evolve_repayment_moved(subsidies: Subsidies, event: RepaymentPaid | RepaymentSentBack) -> None:
    repayment = subsidies.repayments[event.repayment]
    before, after = (Step.CONFIRMED, Step.PAID) if isinstance(event, RepaymentPaid) else (Step.PAID, Step.CONFIRMED)
    if repayment.step is not before or repayment.proposed.cents != event.cents:
        raise BrokenBook(f"repayment {event.repayment} is {repayment.step}")
    repayment.step = after


def evolve_dropped(subsidies: Subsidies, event: ProposalDropped) -> None:
    known: Transfer | Repayment = (
        subsidies.transfers[event.number] if event.kind == "transfer" else subsidies.repayments[event.number]
    )
    if known.step is not Step.PROPOSED:
        raise BrokenBook(f"{event.kind} {event.number} is {known.step}")
    known.step = Step.DROPPED


def decide_notify(
    subsidies: Subsidies, funds: Funds, promise: SubsidyNotified, zone: ZoneInfo = UTC
) -> SubsidyNotified | Declined:
    """The fund it is for must be bound as the funder asks: then nobody can spend it otherwise."""
    if promise.grant in subsidies.known:
        return not_now(f"Subsidy {promise.grant} is recorded already; give the new one another id.")
    fund = funds.get(promise.fund)
    if fund is None:
        return not_found(f"There is no fund {promise.fund}; open it first.")
    wrong = earmarks.problem_of(promise.earmark)
    if wrong is not None:
        return not_now(wrong)
    if not 1 <= promise.cents <= CENTS_MAX - fund.notified_cents:
        return not_now("A subsidy is at least one cent and at most what a bank transfer can carry.")
    wider = earmarks.within(fund.earmark, promise.earmark, zone)
    if wider:
        return not_now(f"Fund {promise.fund} is not bound as the funder asks ({'; '.join(wider)}): bind it so by a decision "
                       f"(clearing fund bind {promise.fund}), or open a fund for this subsidy that is.")  # fmt: skip
    return promise


def decide_reduce(
    subsidies: Subsidies, *, grant: GrantId, cents: Cents | None, reference: str, by: PersonId
) -> SubsidyReduced | Declined:
    """cents None: all that has not come. What was received is given back by a repayment instead."""
    subsidy = subsidies.known.get(grant)
    if subsidy is None:
        return _unknown(grant)
    to_come = subsidy.to_come_cents()
    less = to_come if cents is None else cents
    if not 1 <= less <= to_come:
        return not_now(f"Of {grant} {money(to_come)} are still to come, no more can be taken off; what was received goes "
                       "back by: clearing subsidy return")  # fmt: skip
    return SubsidyReduced(grant=grant, fund=subsidy.notified.fund, cents=Cents(less), reference=reference, by=by)


def decide_receive(
    subsidies: Subsidies, lines: BankLines, *, grant: GrantId, cents: Cents, reference: str, by: PersonId, on: str = "",
    another: bool = False, at_bank: Mapping[int, int] = NONE_WAIT,
) -> MoneyReceived | Declined:
    """A part of a subsidy, matched to a bank line."""
    subsidy = subsidies.known.get(grant)
    if subsidy is None:
        return _unknown(grant)
    to_come = subsidy.to_come_cents()
    if not 1 <= cents <= to_come:
        return not_now(f"Of {grant} {money(to_come)} are still to come. What came beyond that is received into the fund "
                       f"{subsidy.notified.fund} without naming the subsidy, or recorded as a subsidy of its own.")  # fmt: skip
    return refused(
        lines, reference=reference, cents=cents, on=on, another=another, at_bank=at_bank
    ) or MoneyReceived(
        fund=subsidy.notified.fund, cents=cents, reference=reference, grant=grant, clears_cents=cents, by=by, on=on,
        another=another,
    )


def decide_bind(
    subsidies: Subsidies, funds: Funds, wanted: EarmarkSet, zone: ZoneInfo = UTC
) -> EarmarkSet | Declined:
    """An earmark may be loosened only as far as the subsidies that the fund holds allow."""
    fund = funds.get(wanted.fund)
    if fund is None:
        return not_found(f"There is no fund {wanted.fund}; open it first.")
    wrong = earmarks.problem_of(wanted.earmark)
    if wrong is not None:
        return not_now(wrong)
    if wanted.earmark == fund.earmark:
        return not_now(f"Fund {wanted.fund} is bound like this already.")
    for grant, subsidy in subsidies.known.items():
        gone = subsidy.received_cents == subsidy.repaid_cents and not subsidy.to_come_cents()
        wider = earmarks.within(wanted.earmark, subsidy.notified.earmark, zone)
        if subsidy.notified.fund == wanted.fund and not gone and wider:
            return not_now(f"Subsidy {grant} of {subsidy.notified.funder} binds this fund: stay inside {'; '.join(wider)}.")
    return wanted


def decide_advance(funds: Funds, voted: AdvanceVoted) -> AdvanceVoted | Declined:
    fund = funds.get(voted.fund)
    if fund is None:
        return not_found(f"There is no fund {voted.fund}; open it first.")
    short = fund.engaged_cents - fund.received_cents - min(voted.advance_cents, fund.to_come_cents())
    if voted.advance_cents < fund.advance_cents and short > 0:
        return not_now(f"{money(fund.engaged_cents - fund.received_cents)} are engaged early already; the advance can't be "
                       "lower than that until money comes.")  # fmt: skip
    return voted


def decide_propose_transfer(
    subsidies: Subsidies, funds: Funds, wanted: TransferProposed, zone: ZoneInfo = UTC
) -> TransferProposed | Declined:
    """wanted.transfer is set here."""
    obstacle = _transfer_obstacle(funds, wanted, zone)
    if obstacle is not None:
        return obstacle
    return TransferProposed(
        transfer=len(subsidies.transfers) + 1, fund=wanted.fund, to=wanted.to, cents=wanted.cents, reason=wanted.reason,
        decision=wanted.decision, by=wanted.by,
    )


def _transfer_obstacle(funds: Funds, wanted: TransferProposed, zone: ZoneInfo) -> Declined | None:
    source, target = funds.get(wanted.fund), funds.get(wanted.to)
    if source is None or target is None:
        return not_found(f"There is no fund {wanted.fund if source is None else wanted.to}; open it first.")
    if wanted.fund == wanted.to:
        return not_now("A transfer goes from one fund to another one.")
    short = _not_there(wanted.fund, source, wanted.cents)
    if short is not None:
        return short
    wider = earmarks.within(target.earmark, source.earmark, zone)
    if wider:
        return not_now(f"Money of fund {wanted.fund} is bound ({'; '.join(wider)}) and fund {wanted.to} is not bound as "
                       "much: it can't go there. Bind the other fund as much, or ask the funder.")  # fmt: skip
    if target.earmark.alone:
        return not_now(f"Into fund {wanted.to} comes only what its funder pays: its earmark keeps other money out.")
    return None


def _not_there(name: FundId, fund: Fund, cents: int) -> Declined | None:
    there = max(0, fund.there_cents())
    if 1 <= cents <= there:
        return None
    return not_now(f"In fund {name} {money(there)} are received and not engaged; at most that can leave it.")


def decide_confirm_transfer(
    subsidies: Subsidies, funds: Funds, *, transfer: int, by: PersonId, zone: ZoneInfo = UTC
) -> TransferConfirmed | Declined:
    known = subsidies.transfers.get(transfer)
    waiting = _waiting("transfer", transfer, None if known is None else known.step)
    if waiting is not None or known is None:
        return waiting or not_found("")
    said = known.proposed
    if said.by == by:
        return not_now(f"{by} proposed it: a transfer needs a second person to confirm it.")
    obstacle = _transfer_obstacle(funds, said, zone)
    if obstacle is not None:
        return obstacle
    return TransferConfirmed(transfer=transfer, fund=said.fund, to=said.to, cents=said.cents, by=by)


def decide_propose_repayment(subsidies: Subsidies, funds: Funds, wanted: RepaymentProposed) -> RepaymentProposed | Declined:
    """wanted.repayment and wanted.fund are set here."""
    subsidy = subsidies.known.get(wanted.grant)
    if subsidy is None:
        return _unknown(wanted.grant)
    fund = subsidy.notified.fund
    obstacle = _repayment_obstacle(subsidy, funds, wanted.cents)
    if obstacle is not None:
        return obstacle
    return RepaymentProposed(
        repayment=len(subsidies.repayments) + 1, grant=wanted.grant, fund=fund, cents=wanted.cents, reason=wanted.reason,
        decision=wanted.decision, by=wanted.by,
    )


def _repayment_obstacle(subsidy: Subsidy, funds: Funds, cents: int) -> Declined | None:
    kept = subsidy.received_cents - subsidy.repaid_cents
    if cents > kept:
        return not_now(f"Of this subsidy {money(kept)} were received and not given back; no more can go back.")
    return _not_there(subsidy.notified.fund, funds[subsidy.notified.fund], cents)


def decide_confirm_repayment(
    subsidies: Subsidies, funds: Funds, *, repayment: int, by: PersonId
) -> RepaymentConfirmed | Declined:
    known = subsidies.repayments.get(repayment)
    waiting = _waiting("repayment", repayment, None if known is None else known.step)
    if waiting is not None or known is None:
        return waiting or not_found("")
    said = known.proposed
    if said.by == by:
        return not_now(f"{by} proposed it: money goes back to a funder only when a second person confirms it.")
    obstacle = _repayment_obstacle(subsidies.known[said.grant], funds, said.cents)
    if obstacle is not None:
        return obstacle
    return RepaymentConfirmed(repayment=repayment, grant=said.grant, fund=said.fund, cents=said.cents, by=by)


def decide_repayment_paid(
    subsidies: Subsidies, *, repayment: int, reference: str, by: PersonId
) -> RepaymentPaid | Declined:
    known = subsidies.repayments.get(repayment)
    if known is None or known.step is not Step.CONFIRMED:
        return not_now(f"Repayment {repayment} is {known.step if known else 'not there'}; only a confirmed one is paid.")
    said = known.proposed
    return RepaymentPaid(repayment=repayment, grant=said.grant, cents=said.cents, reference=reference, by=by)


def decide_repayment_sent_back(
    subsidies: Subsidies, *, repayment: int, reason: str, by: PersonId
) -> RepaymentSentBack | Declined:
    known = subsidies.repayments.get(repayment)
    if known is None or known.step is not Step.PAID:
        return not_now(f"Repayment {repayment} is {known.step if known else 'not there'}; only a paid one can come back.")
    said = known.proposed
    return RepaymentSentBack(repayment=repayment, grant=said.grant, cents=said.cents, reason=reason, by=by)


def decide_drop(subsidies: Subsidies, *, kind: str, number: int, by: PersonId) -> ProposalDropped | Declined:
    table: dict[int, Transfer] | dict[int, Repayment] = (
        subsidies.transfers if kind == "transfer" else subsidies.repayments
    )
    known = table.get(number)
    waiting = _waiting(kind, number, None if known is None else known.step)
    return waiting if waiting is not None else ProposalDropped(kind=kind, number=number, by=by)


def _waiting(kind: str, number: int, step: Step | None) -> Declined | None:
    if step is None:
        return not_found(f"There is no {kind} {number}; `clearing funds` lists those that wait.")
    return None if step is Step.PROPOSED else not_now(f"The {kind} {number} is {step} already.")


def _unknown(grant: GrantId) -> Declined:
    return not_found(f"There is no subsidy {grant}; record the funder's promise first: clearing subsidy notify {grant}")
