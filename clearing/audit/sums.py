"""Law: two roads lead to every sum: what the book holds, and what double entry adds up from the events. They meet."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from clearing.audit.findings import BadEvent, Checked
from clearing.events.basket import Return, Share
from clearing.events.catalogue import Event
from clearing.events.sales import CaptureDecided, ReversalDecided, SaleDecided
from clearing.rules.between.interchange import TAKEN, HoldState
from clearing.rules.book import Book
from clearing.rules.collective.units import UnitLedger, unit_balances
from clearing.rules.ledger.postings import (
    BANK,
    HELD,
    HELD_ABROAD,
    NETTING,
    WAITING,
    Ledger,
    Legs,
    UnexplainedPosting,
    payable_member,
    payee_account,
)
from clearing.rules.stalls.debts import debts
from clearing.rules.stalls.payouts import UNDER_WAY
from clearing.rules.treasury.debits import held_by_fund
from clearing.rules.treasury.proofs import LOOK_BACK_EVENTS
from clearing.rules.treasury.subsidies import Step
from clearing.values import FundId, Position, ProducerId

POSTINGS: Final = "postings that sum to zero and agree with the book"
UNITS: Final = "moves of second units that sum to zero and agree with the book"


_NEVER_DEBIT: Final = ("purse", HELD, HELD_ABROAD, "payable", "contract", "collected")
_NEVER_CREDIT: Final = ("cash", "cheques", "returned")


def book_balances(book: Book) -> dict[str, int]:
    """Cents per account of double entry (rules/ledger/postings.py), as the book has them: a credit above zero, none empty."""
    found: dict[str, int] = {f"fund:{name}": fund.received_cents - fund.engaged_cents for name, fund in book.funds.items()}
    for producer, owed in book.settlement.owed.items():
        found[f"owed:{producer}"] = owed.net_cents()
    found |= _purses(book) | _payable(book) | _by_hand(book)
    found |= {payable_member(member): cents for member, cents in book.households.owed.items()}
    for account, cents in (*_leaving(book), *_expected(book)):
        found[account] = found.get(account, 0) + cents
    found[HELD] = sum(
        share.cents for one in book.operations.held() for share in getattr(one.event, "shares", ())
    ) + sum(share.cents for order in book.orders.orders.values() for share in order.held(order.unsettled()))
    found |= _between(book)
    found[WAITING] = sum(line.said.cents for line in book.bank.lines.values() if not line.match)
    return {account: cents for account, cents in found.items() if cents}


def _between(book: Book) -> dict[str, int]:
    """Other caisses, from the halves and holds one by one; what a netting took out is taken off."""
    room = book.interchange
    found: dict[str, int] = {NETTING: 0}
    for half in room.halves.values():
        if half.effect == "captured":
            _add(found, f"interchange:{half.issuer}", -half.cents)
        if half.written_off_cents:
            _add(found, f"interchange:{half.issuer}", half.written_off_cents)
    for hold in room.holds.values():
        if hold.state is HoldState.CAPTURED:
            _add(found, f"interchange:{hold.event.acquirer}", hold.event.approved_cents)
        elif hold.state is HoldState.HELD:
            _add(found, HELD_ABROAD, hold.event.approved_cents)
    for handed in room.parts.values():
        if handed.outcome == TAKEN:
            _add(found, f"interchange:{handed.to}", handed.part.cents)
    for taken in room.answered.values():
        if not taken.reason:
            _add(found, f"interchange:{taken.other}", -taken.cents)
    for net in room.nets.values():
        for line in net.lines:
            _add(found, f"interchange:{line.other}", line.in_cents - line.out_cents)
        found[NETTING] -= net.net_cents if net.reference is None else 0
    return found


def _add(sums: dict[str, int], account: str, cents: int) -> None:
    sums[account] = sums.get(account, 0) + cents


def _purses(book: Book) -> dict[str, int]:
    """Cohorts by what is left of them, other lots one by one: no purse has to be opened."""
    found: dict[str, int] = {}
    for cohort in book.allocation.cohorts.values():
        found[f"purse:{cohort.purse}"] = found.get(f"purse:{cohort.purse}", 0) + cohort.left
    for member in book.members.members.values():
        for purse in member.purses:
            kind = purse.kind
            single = sum(lot.cents for lot in purse.lots if lot.id not in book.allocation.cohorts)
            found[f"purse:{kind}"] = found.get(f"purse:{kind}", 0) + single
    return found


def _by_hand(book: Book) -> dict[str, int]:
    """Boxes, what came back of cotisations, and contracts' money that waits; what is the caisse's own is below zero."""
    found = {box: -cents for box, cents in book.takings.in_box.items()}
    for (_, _, fund), unpaid in book.cotisations.unpaid.items():
        found[f"returned:{fund}"] = found.get(f"returned:{fund}", 0) - unpaid.cents
    for fund, cents in held_by_fund(book.debits).items():
        found[f"collected:{fund}"] = cents
    return found | {f"contract:{name}": one.held_cents for name, one in book.contracts.contracts.items()}


def _payable(book: Book) -> dict[str, int]:
    """Instructed, or on its way to it: every paid line of a batch that the bank has neither made nor sent back."""
    found: dict[str, int] = {}
    for batch in book.settlement.batches.values():
        for producer, payout in batch.payouts.items():
            if payout.state in UNDER_WAY:
                found[f"payable:{producer}"] = found.get(f"payable:{producer}", 0) + payout.cents
    return found


def _leaving(book: Book) -> Iterator[tuple[str, int]]:
    """Payable to funders, to members and to who gets the rest of a closed caisse."""
    for repayment in book.subsidies.repayments.values():
        if repayment.step is Step.CONFIRMED:
            yield f"payable:grantor:{repayment.proposed.grant}", repayment.proposed.cents
    for member, cents in book.closing.own.items():
        yield f"payable:member:{member}", cents
    for fund, cents in book.closing.rests.items():
        yield f"payable:heir:{fund}", cents


def _expected(book: Book) -> Iterator[tuple[str, int]]:
    """Announced and not come yet; of subsidies one by one, not as the funds add them up."""
    to_come = {name: fund.announced_cents for name, fund in book.funds.items()}
    for subsidy in book.subsidies.known.values():
        to_come[subsidy.notified.fund] += subsidy.to_come_cents()
    for fund, cents in to_come.items():
        yield f"receivable:{fund}", -cents
        yield f"notified:{fund}", cents


def lots_of_cohorts(book: Book) -> dict[str, int]:
    """Cents of each granted cohort as they lie in the purses of all members: a third road, which opens every purse."""
    found: dict[str, int] = {}
    for member in book.members.members.values():
        for kind in book.allocation.grants:
            for lot in book.allocation.open_purse(member, kind).lots:
                if lot.id in book.allocation.cohorts and not book.allocation.cohorts[lot.id].lapsed:
                    found[lot.id] = found.get(lot.id, 0) + lot.cents
    return found


class TwoRoads:
    """The ledger beside the book; what it moved lately, to know what it was at the moment a day was proved."""

    def __init__(self, checked: Checked) -> None:
        self.ledger = Ledger()
        self.units = UnitLedger()
        self._captured: dict[str, int] = {}
        self._lately: deque[tuple[int, Legs]] = deque(maxlen=LOOK_BACK_EVENTS)
        self._checked = checked

    def post(self, event: Event, position: int, book: Book) -> None:
        """Post the event and compare the accounts it touched; book: after the event. Raises BadEvent."""
        if type(event) is SaleDecided:
            self._sale(event, position, book)
            return
        try:
            legs = self.ledger.post(event, Position(position))
        except (UnexplainedPosting, KeyError) as fault:
            raise BadEvent(position, f"its postings do not explain themselves: {fault}") from fault
        self._capture(event)
        if legs:
            self._lately.append((position, legs))
            self._touched(legs, position, book)
            self._checked.add(POSTINGS, len(legs))
        elif moved := self.units.post(event):
            self._units(position, book)
            self._checked.add(UNITS, len(moved))

    def _units(self, position: int, book: Book) -> None:
        """Second units, each in a ledger of its own: what the book holds, and what their events add up to."""
        posted = {key: pieces for key, pieces in self.units.balances.items() if pieces}
        if posted != unit_balances(book.units):
            raise BadEvent(position, "the pieces that the book holds differ from those that were issued and moved")

    def _sale(self, event: SaleDecided, position: int, book: Book) -> None:
        """The same for what nearly every event is, in one walk over its shares."""
        legs: Legs = {}
        captured = self._captured
        for _, _, step, source, _, cents, payee, _ in event.shares:
            legs[source] = legs.get(source, 0) + cents
            account = payee_account(step, payee)
            legs[account] = legs.get(account, 0) - cents
            if step != "surplus":
                captured[payee] = captured.get(payee, 0) + cents
        if legs:
            self.ledger.move(legs)
            self._lately.append((position, legs))
            self._touched(legs, position, book)
            self._checked.add(POSTINGS, len(legs))

    def _capture(self, event: Event) -> None:
        match event:
            case SaleDecided() | CaptureDecided():
                parts: Iterable[Share | Return] = event.shares
                sign = 1
            case ReversalDecided(effect="undone"):
                parts, sign = event.returned, -1
            case _:
                for debt in debts(event):
                    self._captured[debt.producer] = self._captured.get(debt.producer, 0) + debt.captured_cents
                return
        for part in parts:
            if part.step != "surplus":
                self._captured[part.payee] = self._captured.get(part.payee, 0) + sign * part.cents

    def _touched(self, legs: Legs, position: int, book: Book) -> None:
        balances = self.ledger.balances
        for account, cents in legs.items():
            kind, _, name = account.partition(":")
            if kind == "owed":
                owed = book.settlement.owed.get(ProducerId(name))
                if owed is None or owed.net_cents() != -balances[account]:
                    self._agree(account, 0 if owed is None else owed.net_cents(), position)
            elif kind == "fund":
                fund = book.funds[FundId(name)]
                if fund.received_cents - fund.engaged_cents != -balances[account]:
                    self._agree(account, fund.received_cents - fund.engaged_cents, position)
                if cents > 0 and fund.free_cents() < 0:
                    raise BadEvent(position, f"fund {name} is below what it may engage")
            elif (kind in _NEVER_DEBIT and balances[account] > 0) or (kind in _NEVER_CREDIT and balances[account] < 0):
                raise BadEvent(position, f"{account} is below zero")

    def balances_at(self, position: int) -> dict[str, int]:
        """Cents per account as they were at a position, at most LOOK_BACK_EVENTS ago; a debit above zero."""
        found = dict(self.ledger.balances)
        for moved_at, legs in reversed(self._lately):
            if moved_at <= position:
                break
            for account, cents in legs.items():
                found[account] -= cents
        return found

    def balance(self, account: str) -> int:
        """Cents of the account, a credit above zero."""
        return -self.ledger.balances.get(account, 0)

    def _agree(self, account: str, cents: int, position: int) -> None:
        if self.balance(account) != cents:
            raise BadEvent(position, f"{account} holds {cents} cents in the book, {self.balance(account)} by its postings")

    def compare(self, position: int, book: Book) -> dict[str, int]:
        """All accounts at once; returns them. Raises BadEvent with the first that differs."""
        held = book_balances(book)
        posted = {account: -cents for account, cents in self.ledger.balances.items() if cents and in_books(account)}
        for account in sorted({*held, *posted}):
            self._agree(account, held.get(account, 0), position)
        for lot, cents in lots_of_cohorts(book).items():
            if cents != book.allocation.cohorts[lot].left:
                left = book.allocation.cohorts[lot].left
                raise BadEvent(position, f"the purses hold {cents} cents of {lot}, the book {left}")
        self._in_one_batch(position, book)
        self._units(position, book)
        self._checked.add("times all purses, funds, holds and debts agree by two roads")
        return held


    def _in_one_batch(self, position: int, book: Book) -> None:
        """Every captured cent is in exactly one batch, or waits for the next."""
        found = {str(producer): owed.captured_cents for producer, owed in book.settlement.owed.items()}
        for batch in book.settlement.batches.values():
            for line in batch.closed.lines:
                found[line.producer] = found.get(line.producer, 0) + line.captured_cents
        for producer in differences(found, self._captured):
            raise BadEvent(position, f"{producer} captured {self._captured.get(producer, 0)} cents, "
                                     f"{found.get(producer, 0)} are in batches or wait for one")  # fmt: skip


def in_books(account: str) -> bool:
    """Accounts that the book holds too. The bank is the sum of all others that are not off the balance."""
    return account != BANK


def differences(one: Mapping[str, int], other: Mapping[str, int]) -> list[str]:
    """Accounts that the two hold differently."""
    return sorted(account for account in {*one, *other} if one.get(account, 0) != other.get(account, 0))
