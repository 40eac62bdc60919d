"""Law: a log is sealed when no room holds or owes a cent; each says what is left in it, and which command moves it."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Final

from clearing.rules.collective.orders import DISPUTED
from clearing.rules.people import members
from clearing.rules.stalls.contests import ContestState
from clearing.rules.treasury.debit_answers import unanswered, window_ends
from clearing.rules.treasury.debits import DebitState, held_by_fund
from clearing.rules.treasury.subsidies import Step
from clearing.values import MemberId, money

if TYPE_CHECKING:
    from clearing.rules.book import Book


def own_lots(book: "Book") -> Iterator[tuple[MemberId, members.Purse, list[members.OpenLot]]]:
    """Every purse that holds money of the member's own."""
    for member in book.members.members.values():
        for purse in member.purses:
            lots = [lot for lot in purse.lots if lot.fund is None]
            if lots:
                yield member.member, purse, lots


def of_funds(book: "Book") -> Iterator[str]:
    for name, fund in book.funds.items():
        if fund.there_cents() < 0:
            yield f"fund {name} is {money(-fund.there_cents())} short (transfer it from another fund)"
        elif fund.there_cents():
            yield f"fund {name} has {money(fund.there_cents())} (clearing caisse rest)"
        if fund.to_come_cents():
            yield f"fund {name} still expects {money(fund.to_come_cents())} (receive it, or: subsidy reduce, money withdraw)"
    for name, cents in book.closing.rests.items():
        yield f"{money(cents)} of fund {name} are payable (clearing caisse rest-paid {name})"
    for kind, table in (("transfer", book.subsidies.transfers), ("repayment", book.subsidies.repayments)):
        for number, one in table.items():
            if one.step is Step.PROPOSED:
                yield f"{kind} {number} waits for a second person (confirm or drop it)"
            elif kind == "repayment" and one.step is Step.CONFIRMED:
                yield f"repayment {number} is payable to its funder (clearing subsidy paid {number})"


def of_purses(book: "Book") -> Iterator[str]:
    held = sum(1 for _ in book.operations.held())
    if held:
        yield f"{held} authorisations hold money (they end by themselves, or are captured or cancelled)"
    waiting = sum(1 for _ in own_lots(book))
    if waiting:
        yield f"{waiting} purses hold money of members' own (clearing caisse own)"
    if any(cohort.left for cohort in book.allocation.cohorts.values()) or _credit_left(book):
        yield "credit has not lapsed yet (it does by itself)"
    for member, cents in book.households.owed.items():
        yield f"{money(cents)} are payable to {member}, who left (clearing member pay-back {member})"
    for member, cents in book.closing.own.items():
        yield f"{money(cents)} are payable to member {member} (clearing caisse own-paid {member})"


def _credit_left(book: "Book") -> bool:
    """Whether a purse holds credit that is no cohort's."""
    return any(
        lot.fund is not None and lot.id not in book.allocation.cohorts
        for member in book.members.members.values() for purse in member.purses for lot in purse.lots
    )


def of_producers(book: "Book") -> Iterator[str]:
    for producer, owed in book.settlement.owed.items():
        if owed.net_cents() > 0:
            yield f"{money(owed.net_cents())} are owed to {producer} (close a batch; it needs an approved account)"
        elif owed.net_cents():
            yield f"{producer} owes {money(-owed.net_cents())} (clearing producer repaid {producer})"
    for number, batch in book.settlement.batches.items():
        if batch.under_way():
            yield f"batch {number} is not paid yet (approve, export, paid)"
        for producer, payout in batch.payouts.items():
            if payout.question:
                yield f"the bank is to be asked about batch {number}'s transfer to {producer} (clearing payout asked)"


def of_takings(book: "Book") -> Iterator[str]:
    for box, cents in book.takings.in_box.items():
        if cents:
            yield f"{money(cents)} of {box} are in the box (two people count it to the bank: clearing deposit count)"
    for number in book.takings.counted:
        yield f"deposit {number} waits for a second count (clearing deposit confirm {number}, or discard)"


def of_cotisations(book: "Book") -> Iterator[str]:
    """A fund counts as its own what came back and nobody made good: its rest would be paid from money that is not there."""
    for (member, period, fund), unpaid in book.cotisations.unpaid.items():
        yield (f"{money(unpaid.cents)} that {member} paid for {period} came back from the bank (receive it again, or write "
               f"it off fund {fund}: clearing cotisation writeoff)")  # fmt: skip


def of_debits(book: "Book") -> Iterator[str]:
    for number, collection in book.debits.collections.items():
        if collection.dropped:
            continue
        if collection.exported is None:
            yield f"collection {number} is not at the bank (clearing collection export {number}, or drop)"
            continue
        if silent := unanswered(collection):
            yield f"the bank has not said what became of {len(silent)} debits of collection {number} (collection answer)"
        if any(one.question for one in collection.kept()):
            yield f"a question about collection {number} is open (clearing collection answer {number} MEMBER STATE --sure)"
    for fund, cents in held_by_fund(book.debits).items():
        yield f"{money(cents)} of debits for fund {fund} count as received by nobody yet (clearing collection count)"


def may_return(book: "Book", today: date) -> str:
    """Why a caisse can't end while debits that were made may come back without a reason; "" when none may."""
    ends = [
        window_ends(one) for collection in book.debits.collections.values() for one in collection.kept()
        if one.state is DebitState.EXECUTED and window_ends(one) >= today
    ]
    return f"debits may come back until {max(ends)}" if ends else ""


def of_orders(book: "Book") -> Iterator[str]:
    for name, order in book.orders.orders.items():
        if open_lines := order.unsettled():
            disputed = any(order.states[line] == DISPUTED for line in open_lines)
            what = "order settle, order agree" if disputed else "order deliver or order cancel"
            yield f"order {name} holds money for {len(open_lines)} lines ({what})"


def of_contracts(book: "Book") -> Iterator[str]:
    for name, contract in book.contracts.contracts.items():
        if contract.ended_on is None and contract.unfunded_cents():
            yield f"contract {name} has a part that no fund pays (contract takeover, shrink or end)"
        if contract.held_cents:
            yield f"{money(contract.held_cents)} of contract {name} are at the caisse (contract payover, or: end and refund)"


def of_other_caisses(book: "Book") -> Iterator[str]:
    between = book.interchange
    for ref in between.open_halves:
        half = between.halves[ref]
        yield f"a sale of {half.day} waits for {half.issuer}'s word (it comes by itself while clearing serve runs)"
    for ref in between.refused:
        half = between.halves[ref]
        yield f"{half.issuer} refused {money(half.cents)} of {half.day} (clearing interchange write-off)"
    for ref in between.open_parts:
        handed = between.parts[ref]
        yield f"a payout of batch {handed.batch} waits for {handed.to}'s word (it comes by itself while clearing serve runs)"
    for other, cents in between.held.items():
        if cents:
            yield f"{money(cents)} are held for {other} (they are captured, or come back by themselves)"
    for other, cents in between.balances.items():
        if cents:
            what = f"{other} owes {money(cents)}" if cents > 0 else f"{money(-cents)} are owed to {other}"
            yield f"{what} (clearing interchange net)"
    for day, net in between.nets.items():
        if net.net_cents and net.reference is None:
            yield f"the netting of {day} is not paid (clearing interchange paid {day})"


def of_exceptions(book: "Book") -> Iterator[str]:
    """A producer may still be owed a late capture, and what was reversed too late is to be agreed on with the producer."""
    for position in book.exceptions.open:
        yield f"exception {position} is open (two people end it: clearing exception propose)"


def of_adjustments(book: "Book") -> Iterator[str]:
    for number in book.adjustments.pending:
        yield f"adjustment {number} waits for a second person, or for a rest (clearing adjust make {number}, or drop)"


def of_contests(book: "Book") -> Iterator[str]:
    """What is decided may still be appealed; money would then come back to purses that are gone."""
    for number, contest in book.contests.contests.items():
        if contest.state is not ContestState.CLOSED:
            yield f"contest {number} is {contest.state} (clearing contest decide, or close)"


def of_draws(book: "Book") -> Iterator[str]:
    if book.solidarity.claims:
        yield "draws of a day wait for its close (it comes by itself)"


def of_opening(book: "Book") -> Iterator[str]:
    """Only while it could still be accepted: once something was sold or settled it never is, and moves nothing."""
    if book.opening.proposed is not None and not book.operations.kept and not book.settlement.batches:
        yield "opening balances wait for a second person (clearing opening accept)"


def of_bank(book: "Book") -> Iterator[str]:
    if book.bank.waiting:
        yield f"{len(book.bank.waiting)} lines of the bank are on the waiting account (clearing bank match)"


ROOMS: Final[tuple[Callable[["Book"], Iterable[str]], ...]] = (
    of_funds, of_purses, of_producers, of_takings, of_cotisations, of_debits, of_contracts, of_orders, of_exceptions, of_draws,
    of_other_caisses, of_opening, of_bank, of_contests, of_adjustments,
)  # fmt: skip
"""Every room that may still hold, owe or wait for something: a room whose events keep money adds its own."""
