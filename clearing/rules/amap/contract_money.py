"""Law: 100 % of a contract goes to its producer; who leaves gets back exactly what was paid and not consumed.

Recorded: only a fund's part moves money of ours, straight to what is owed to the producer. Through the caisse: the household's
money waits in the contract's own account until its instalments are due and are paid over.
"""

from datetime import date
from typing import NamedTuple

from clearing.events.contracts import (
    ContractEnded,
    ContractPaidOver,
    ContractRefunded,
    InstalmentReceived,
    InstalmentReturned,
)
from clearing.rules.amap.contracting import running
from clearing.rules.amap.contracts import Contract, Contracts, Due
from clearing.rules.answers import Declined, not_found, not_now
from clearing.rules.calendar import civil_date
from clearing.rules.treasury.funds import Funds
from clearing.rules.treasury.takings import ACCOUNT_OF, MEANS, Takings
from clearing.values import Cents, ContractId, PersonId, SeasonId, largest_remainder, money


def decide_pay(
    contracts: Contracts, takings: Takings, *, contract: ContractId, instalment: int, cents: Cents | None, means: str,
    reference: str, by: PersonId,
) -> InstalmentReceived | Declined:
    """The household pays an instalment, or a part of it. cents None: all that is open of it."""
    known = contracts.contracts.get(contract)
    if known is None:
        return not_found(f"There is no contract {contract}; `clearing contract list` shows them.")
    if not 1 <= instalment <= len(known.dues):
        return not_found(f"{contract} has the instalments 1 to {len(known.dues)}.")
    if means not in MEANS:
        return not_now(f"An instalment is paid by {', '.join(MEANS)}, not by {means}.")
    if reference in known.references:
        return not_now(f"{reference} is recorded already for {contract}; give another payment its own reference.")
    due = known.dues[instalment - 1]
    open_cents = due.household_cents - due.household_paid
    paid = open_cents if cents is None else cents
    if not 0 < paid <= open_cents:
        return not_now(f"Of instalment {instalment} of {contract} the household has {money(open_cents)} to pay, not "
                       f"{money(paid)}.")  # fmt: skip
    season = contracts.season_of(known)
    return InstalmentReceived(
        contract=contract, instalment=instalment, payer="household", producer=season.producer, fund=None, cents=Cents(paid),
        into=ACCOUNT_OF[means] if season.through() else "", means=means, reference=reference,
        receipt=takings.receipt_for(means) if season.through() else 0, by=by,
    )


def decide_pay_fund_parts(
    contracts: Contracts, funds: Funds, *, season: SeasonId, up_to_on: str, reference: str, by: PersonId
) -> tuple[InstalmentReceived, ...] | Declined:
    """The funds' parts of all instalments of a season that are due by a day: all of them, or none."""
    known = contracts.seasons.get(season)
    if known is None:
        return not_found(f"There is no season {season}; `clearing contract list` shows them.")
    civil_date(up_to_on, what="up_to_on")
    events: list[InstalmentReceived] = []
    free = {fund: state.free_cents() for fund, state in funds.items()}
    for name, contract in contracts.contracts.items():
        if contract.season != season or contract.fund is None:
            continue
        for number, due in enumerate(contract.dues, start=1):
            cents = due.fund_cents - due.fund_paid
            if cents and due.due_on <= up_to_on and contract.is_funded(due):
                free[contract.fund] -= cents
                events.append(InstalmentReceived(
                    contract=name, instalment=number, payer="fund", producer=known.producer, fund=contract.fund,
                    cents=Cents(cents), into="", means="fund", reference=f"{reference}/{number}", receipt=0, by=by,
                ))  # fmt: skip
    short = next((fund for fund, cents in free.items() if cents < 0 and any(one.fund == fund for one in events)), None)
    if short is not None:
        return not_now(f"The fund {short} is short by {money(-free[short])} for its parts up to {up_to_on}: receive money.")
    if any(one.reference in contracts.contracts[one.contract].references for one in events):
        return not_now(f"{reference} was used before; give this payment another reference.")
    return tuple(events) if events else not_now(f"No fund has a part to pay in {season} up to {up_to_on}.")


def decide_return(
    contracts: Contracts, *, contract: ContractId, instalment: int, reference: str, reason: str, by: PersonId
) -> InstalmentReturned | Declined:
    """A household's cheque or debit came back; reference: under which it had been received."""
    known = running(contracts, contract)
    if isinstance(known, Declined):
        return known
    cents = known.references.get(reference, 0)
    paid = known.paid_for.get(reference)
    if not cents or paid is None or paid.instalment != instalment:
        return not_found(f"Nothing received for instalment {instalment} of {contract} under {reference} can come back.")
    season = contracts.season_of(known)
    over = max(0, cents - known.held_cents) if season.through() else 0
    return InstalmentReturned(
        contract=contract, instalment=instalment, producer=season.producer, cents=Cents(cents), through=season.through(),
        from_producer_cents=Cents(over), reference=reference, reason=reason, by=by,
    )


def decide_pay_over(
    contracts: Contracts, *, season: SeasonId, up_to_on: str, by: PersonId
) -> tuple[ContractPaidOver, ...] | Declined:
    """What households paid for instalments due by a day is owed to the producer."""
    known = contracts.seasons.get(season)
    if known is None or not known.through():
        return not_found(f"There is no season {season} whose money goes through the caisse.")
    civil_date(up_to_on, what="up_to_on")
    events = []
    for name, contract in contracts.contracts.items():
        paid = sum(due.household_paid for due in contract.dues if due.due_on <= up_to_on) - contract.paid_over_cents
        cents = min(paid, contract.held_cents - contract.refundable_cents)
        if contract.season == season and cents > 0:
            events.append(ContractPaidOver(
                contract=name, producer=known.producer, cents=Cents(cents), up_to_on=up_to_on, by=by
            ))  # fmt: skip
    return tuple(events) if events else not_now(f"Nothing that was paid in {season} waits to be paid over by {up_to_on}.")


class Kept(NamedTuple):
    """What the household and the fund keep to pay of the instalments, what of it nobody pays, and the instalments of which
    nothing is left."""

    household_cents: int
    fund_cents: int
    unfunded_cents: int
    cancelled: tuple[int, ...]


def kept(contract: Contract, consumed_cents: int) -> Kept:
    """The earliest instalments, as far as what was consumed goes."""
    household = fund = unfunded = 0
    cancelled: list[int] = []
    left = consumed_cents
    for number, due in enumerate(contract.dues, start=1):
        cents = min(left, due.household_cents + due.fund_cents)
        left -= cents
        own, other = largest_remainder(cents, [due.household_cents, due.fund_cents]) if cents else (0, 0)
        funded = other if contract.is_funded(due) else min(other, due.fund_paid)
        household, fund, unfunded = household + own, fund + funded, unfunded + other - funded
        if not cents and not due.household_paid and not due.fund_paid and _asked(due):
            cancelled.append(number)
    return Kept(household, fund, unfunded, tuple(cancelled))


def _asked(due: Due) -> int:
    return due.household_cents + due.fund_cents


def decide_end(
    contracts: Contracts, *, contract: ContractId, leaving: str, last_on: str, reason: str, by: PersonId, today: date
) -> ContractEnded | Declined:
    """last_on: the last delivery that counts ("" for none); those after it are neither delivered nor paid."""
    known = running(contracts, contract)
    if isinstance(known, Declined):
        return known
    if leaving not in ("member", "producer"):
        return not_now("Who leaves is the member or the producer.")
    if last_on and civil_date(last_on, what="last_on") > today:
        return not_now("A contract ends with a delivery that has been; end it on that day.")
    taken = max((day for day, outcome in known.outcomes.items() if outcome in ("taken", "reduced")), default="")
    if taken > last_on:
        return not_now(f"A basket was fetched on {taken}: the contract can't end before it.")
    consumed = known.consumed_cents(last_on)
    keep = kept(known, consumed)
    back = max(0, known.household_paid() - keep.household_cents)
    back_fund = max(0, known.fund_paid() - keep.fund_cents)
    season = contracts.season_of(known)
    return ContractEnded(
        contract=contract, producer=season.producer, fund=known.fund, leaving=leaving, last_on=last_on, consumed_cents=consumed,
        back_household_cents=Cents(back), back_fund_cents=Cents(back_fund),
        due_household_cents=Cents(max(0, keep.household_cents - known.household_paid())),
        due_fund_cents=Cents(max(0, keep.fund_cents - known.fund_paid())), unfunded_cents=Cents(keep.unfunded_cents),
        cancelled=keep.cancelled, cancelled_cents=Cents(known.total_cents - consumed - back - back_fund),
        from_producer_cents=Cents(max(0, back - known.held_cents) if season.through() else 0), reason=reason, by=by,
    )


def decide_end_season(
    contracts: Contracts, *, season: SeasonId, last_on: str, reason: str, by: PersonId, today: date
) -> tuple[ContractEnded, ...] | Declined:
    """The producer leaves: every contract of the season that runs ends, or none."""
    if season not in contracts.seasons:
        return not_found(f"There is no season {season}; `clearing contract list` shows them.")
    events: list[ContractEnded] = []
    for name, contract in contracts.contracts.items():
        if contract.season == season and contract.ended_on is None:
            ended = decide_end(
                contracts, contract=name, leaving="producer", last_on=last_on, reason=reason, by=by, today=today
            )
            if isinstance(ended, Declined):
                return Declined(code=ended.code, why=f"{name}: {ended.why}")
            events.append(ended)
    return tuple(events) if events else not_now(f"No contract of {season} runs any more.")


def decide_refund(
    contracts: Contracts, *, contract: ContractId, cents: Cents, reference: str, by: PersonId
) -> ContractRefunded | Declined:
    known = contracts.contracts.get(contract)
    if known is None or not known.refundable_cents:
        return not_found(f"The caisse has nothing of {contract} to give back to the household.")
    if cents != known.refundable_cents:
        return not_now(f"{money(known.refundable_cents)} of {contract} go back, not {money(cents)}: pay them in one transfer.")
    return ContractRefunded(contract=contract, cents=cents, reference=reference, by=by)
