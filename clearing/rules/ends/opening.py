"""Law: what a caisse begins with is accepted once, before the first sale, by another person than the one who proposed it, and
only if purses, funds, debts and contracts' money add up to what is on the bank account.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from clearing.events.opening import (
    OpeningAccepted,
    OpeningArrear,
    OpeningContract,
    OpeningDebt,
    OpeningDiscarded,
    OpeningFund,
    OpeningLot,
    OpeningProposed,
    OpeningTotals,
)
from clearing.rules.amap.brought import arrear_problem, contract_problems
from clearing.rules.amap.contracts import Contracts
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now
from clearing.rules.selling.facts import OWN_PURSE
from clearing.rules.treasury.cotisations import Cotisations, month_index
from clearing.rules.treasury.funds import Fund, Funds
from clearing.values import CENTS_MAX, Cents, ContractId, FundId, MemberId, PersonId, ProducerId, money

ROWS_MAX: Final = 5_000  # rows of all lists together: a command's body holds no more


@dataclass(slots=True)
class Opening:
    """proposed: the newest list that waits to be accepted; accepted_at: position of the one that was, 0 before."""

    proposed: OpeningProposed | None = None
    accepted_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Balances:
    """The rows of a list. as_of: ISO date; bank_cents: as typed from the bank's statement of that day, below zero: overdrawn;
    digest: of the whole list as it was signed."""

    as_of: str
    bank_cents: int
    lots: tuple[OpeningLot, ...]
    funds: tuple[OpeningFund, ...]
    debts: tuple[OpeningDebt, ...]
    digest: bytes
    arrears: tuple[OpeningArrear, ...] = ()
    contracts: tuple[OpeningContract, ...] = ()

    def totals(self) -> OpeningTotals:
        free = sum(row.received_cents - row.engaged_cents for row in self.funds)
        purses, owed = sum(row.cents for row in self.lots), sum(row.cents for row in self.debts)
        held, due = sum(row.held_cents for row in self.contracts), sum(row.open_cents for row in self.arrears)
        return OpeningTotals(free, Cents(purses), Cents(owed), free + purses + owed + held, Cents(held), Cents(due))

    def rows(self) -> int:
        """How many lines of a file it takes."""
        parts = sum(1 + len(one.instalments) + len(one.baskets) for one in self.contracts)
        return len(self.lots) + len(self.funds) + len(self.debts) + len(self.arrears) + parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the book knows of those that rows may name. sold: whether anything was sold or settled yet. today: ISO date,
    where the caisse is."""

    members: Mapping[MemberId, object]
    producers: Mapping[ProducerId, object]
    funds: Funds
    cotisations: Cotisations
    contracts: Contracts
    sold: bool
    today: str


def evolve_proposed(opening: Opening, event: OpeningProposed) -> None:
    opening.proposed = event


def evolve_accepted(opening: Opening, event: OpeningAccepted, position: int) -> None:
    if opening.accepted_at or opening.proposed is None or opening.proposed.digest != event.digest:
        raise BrokenBook("opening balances are accepted once, and only those that were proposed")
    opening.proposed, opening.accepted_at = None, position


def evolve_discarded(opening: Opening, event: OpeningDiscarded) -> None:
    if opening.proposed is None or opening.proposed.digest != event.digest:
        raise BrokenBook("these opening balances wait for nobody")
    opening.proposed = None


def open_fund(funds: Funds, row: OpeningFund) -> None:
    """Raises BrokenBook when the fund would have engaged more than it may."""
    fund = funds[row.fund]
    fund.notified_cents += row.notified_cents
    fund.announced_cents += row.to_come_cents
    fund.received_cents += row.received_cents
    fund.engaged_cents += row.engaged_cents
    if row.engaged_cents and fund.free_cents() < 0:
        raise BrokenBook(f"fund {row.fund} would open with more engaged than it may")


def decide_propose(
    opening: Opening, balances: Balances, *, known: Known, by: PersonId, at_us: int
) -> OpeningProposed | Declined:
    """A proposal takes the place of the one before it. Problems are those of the first row that has one."""
    if declined := _too_late(opening, known):
        return declined
    problem = next(iter(problems(balances, known=known, at_us=at_us)), None)
    if problem is not None:
        return not_now(problem)
    return OpeningProposed(as_of=balances.as_of, digest=balances.digest, totals=balances.totals(), by=by)


def decide_accept(
    opening: Opening, balances: Balances, *, known: Known, by: PersonId, at_us: int
) -> OpeningAccepted | Declined:
    """balances: what the second person read for herself."""
    proposed = opening.proposed
    if declined := _too_late(opening, known):
        return declined
    if proposed is None:
        return not_found("No opening balances were proposed; first one person runs: clearing opening propose FILE")
    if proposed.by == by:
        return not_now(f"{by} proposed these opening balances; another person has to read the file and accept it.")
    if proposed.digest != balances.digest or proposed.totals != balances.totals():
        return not_now(f"This is not the list that {proposed.by} proposed: compare the two files, then propose the right one.")
    problem = next(iter(problems(balances, known=known, at_us=at_us)), None)
    if problem is not None:
        return not_now(f"{problem} It was right when {proposed.by} proposed it: correct the file and propose it again.")
    return OpeningAccepted(
        as_of=balances.as_of, digest=balances.digest, totals=balances.totals(), lots=balances.lots, funds=balances.funds,
        debts=balances.debts, by=by, arrears=balances.arrears, contracts=balances.contracts,
    )


def decide_discard(opening: Opening, *, reason: str, by: PersonId) -> OpeningDiscarded | Declined:
    """By who proposed it, or by anybody else who may accept it: then it is refused."""
    if opening.proposed is None:
        return not_found("No opening balances wait to be accepted, so there is nothing to discard.")
    return OpeningDiscarded(digest=opening.proposed.digest, reason=reason, by=by)


def _too_late(opening: Opening, known: Known) -> Declined | None:
    if opening.accepted_at:
        return not_now("The opening balances are accepted already; they are given once. Record what is missing line by line.")
    if known.sold:
        return not_now("Something was sold or settled here already: opening balances come before the first sale.")
    return None


def problems(balances: Balances, *, known: Known, at_us: int) -> Iterable[str]:
    """Everything that keeps a list from being accepted, row by row and then its sums; each a sentence."""
    if balances.as_of > known.today:
        yield f"{balances.as_of} is not over yet; opening balances are those of a day that is."
    rows = balances.rows()
    if not 1 <= rows <= ROWS_MAX:
        yield f"The list has {rows} rows; it needs 1 to {ROWS_MAX}."
    for place, lot in enumerate(balances.lots, start=1):
        if why := _lot(lot, known, at_us):
            yield f"Purse {place}, of {lot.member}: {why}"
    yield from _funds(balances, known)
    seen = set[ProducerId]()
    for place, debt in enumerate(balances.debts, start=1):
        if debt.producer not in known.producers:
            yield f"Debt {place}: there is no producer {debt.producer}; admit the producer first."
        elif debt.cents < 1 or debt.producer in seen:
            yield f"Debt {place}: {debt.producer} stands once in the list, with at least one cent."
        seen.add(debt.producer)
    yield from _arrears(balances, known)
    yield from _contracts(balances, known)
    totals = balances.totals()
    if totals.bank_cents != balances.bank_cents:
        yield _not_at_the_bank(totals, balances.bank_cents)
    elif max(abs(sum_cents) for sum_cents in totals) > CENTS_MAX:
        yield "The sums are larger than a bank file can carry."


def _not_at_the_bank(totals: OpeningTotals, bank_cents: int) -> str:
    contracts = f", contracts {money(totals.contracts_cents)}" if totals.contracts_cents else ""
    return (
        f"Funds {money(totals.free_cents)}, purses {money(totals.purses_cents)}{contracts} and debts "
        f"{money(totals.owed_cents)} add up to {money(totals.bank_cents)}, but {money(bank_cents)} are said to be at the "
        f"bank: find the {money(abs(totals.bank_cents - bank_cents))} between them before anything is accepted."
    )


def _arrears(balances: Balances, known: Known) -> Iterable[str]:
    seen = set[tuple[MemberId, int]]()
    for place, row in enumerate(balances.arrears, start=1):
        why = arrear_problem(row, known.cotisations, members=known.members, as_of=balances.as_of)
        first = month_index(row.period)
        months = {(row.member, index) for index in range(first, first + row.months)}
        if why is None and months & seen:
            why = f"{row.period} stands in the list before; a month stands once for a member."
        seen |= months
        if why is not None:
            yield f"Arrear {place}, of {row.member}: {why}"


def _contracts(balances: Balances, known: Known) -> Iterable[str]:
    seen = set[ContractId]()
    for place, row in enumerate(balances.contracts, start=1):
        if row.contract in seen:
            yield f"Contract {place}: {row.contract} stands once in the list."
        seen.add(row.contract)
        for why in contract_problems(
            row, known.contracts, members=known.members, funds=known.funds, as_of=balances.as_of
        ):
            part = "," if why.startswith(("instalment ", "basket ")) else f", {row.contract}:"
            yield f"Contract {place}{part} {why}"


def _lot(lot: OpeningLot, known: Known, at_us: int) -> str | None:
    if lot.member not in known.members:
        return f"there is no member {lot.member}; admit the member first."
    if lot.cents < 1:
        return "a lot has at least one cent; leave empty purses out."
    if lot.fund is None and lot.expires_us is not None:
        return "a member's own money does not lapse; leave the expiry out or name the fund."
    if (lot.fund is None) != (lot.purse == OWN_PURSE):
        return f"the purse {OWN_PURSE} holds what members added themselves, with no fund; any other purse names its fund."
    if lot.fund is not None and lot.fund not in known.funds:
        return f"there is no fund {lot.fund}; open it first."
    if lot.expires_us is not None and lot.expires_us <= at_us:
        return "it has lapsed already; leave it out, its cents are the fund's again."
    return None


def _funds(balances: Balances, known: Known) -> Iterable[str]:
    in_purses, in_contracts = dict[FundId, int](), dict[FundId, int]()
    for lot in balances.lots:
        if lot.fund is not None:
            in_purses[lot.fund] = in_purses.get(lot.fund, 0) + lot.cents
    for contract in balances.contracts:
        if contract.fund is not None and (paid := contract.paid_cents("fund")):
            in_contracts[contract.fund] = in_contracts.get(contract.fund, 0) + paid
    listed = [row.fund for row in balances.funds]
    for place, row in enumerate(balances.funds, start=1):
        fund = known.funds.get(row.fund)
        held, paid = in_purses.get(row.fund, 0), in_contracts.get(row.fund, 0)
        if fund is None:
            yield f"Fund {place}: there is no fund {row.fund}; open it first."
        elif listed.count(row.fund) > 1:
            yield f"Fund {place}: {row.fund} stands once in the list; add its amounts up."
        elif row.engaged_cents < held + paid:
            also = f" and it paid {money(paid)} of contracts" if paid else ""
            yield f"Fund {place}: {row.fund} has engaged {money(row.engaged_cents)}, but purses hold {money(held)} of it{also}."
        elif _opened(fund, row).free_cents() < 0:
            yield f"Fund {place}: {row.fund} has engaged more than it received and may advance on what was announced."
    for fund_id in sorted((in_purses.keys() | in_contracts.keys()) - set(listed)):
        yield f"Purses or contracts hold credit of the fund {fund_id}, which is not among the funds: add its line."


def _opened(fund: Fund, row: OpeningFund) -> Fund:
    return replace(
        fund, announced_cents=fund.announced_cents + row.to_come_cents, received_cents=fund.received_cents + row.received_cents,
        engaged_cents=fund.engaged_cents + row.engaged_cents,
    )
