"""Law: what is taken in by hand lies in a box until two people have counted it to the bank; its receipts have no gap."""

from dataclasses import dataclass, field
from typing import Final

from clearing.events.cotisations import DepositConfirmed, DepositCounted, DepositDiscarded
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now
from clearing.values import Cents, PersonId, money

ACCOUNT_OF: Final = {"debit": "bank", "transfer": "bank", "cash": "cash", "cheque": "cheques"}
"""By which means -> into which account of double entry."""
MEANS: Final = tuple(ACCOUNT_OF)
BOXES: Final = ("cash", "cheques")


@dataclass(slots=True)
class Takings:
    """in_box: cents by box. receipts: how many papers were given for cash. counted: deposits on their way to the bank."""

    in_box: dict[str, int] = field(default_factory=dict)
    receipts: int = 0
    deposits: int = 0
    counted: dict[int, DepositCounted] = field(default_factory=dict)

    def receipt_for(self, means: str) -> int:
        """The number of the paper to give now; 0 where none is given."""
        return self.receipts + 1 if means == "cash" else 0


def take_in(takings: Takings, account: str, cents: int, receipt: int) -> None:
    """Money came in by hand, or into the bank, which no box holds. Raises BrokenBook for a receipt out of its order."""
    if account in BOXES:
        takings.in_box[account] = takings.in_box.get(account, 0) + cents
    if receipt:
        if receipt != takings.receipts + 1:
            raise BrokenBook(f"receipt {receipt} does not follow receipt {takings.receipts}")
        takings.receipts = receipt


def evolve_counted(takings: Takings, event: DepositCounted) -> None:
    takings.deposits = event.deposit
    takings.counted[event.deposit] = event


def evolve_confirmed(takings: Takings, event: DepositConfirmed) -> None:
    del takings.counted[event.deposit]
    takings.in_box[event.account] -= event.cents
    if takings.in_box[event.account] < 0:
        raise BrokenBook(f"more {event.account} went to the bank than were taken in")


def evolve_discarded(takings: Takings, event: DepositDiscarded) -> None:
    del takings.counted[event.deposit]


def decide_count(takings: Takings, *, account: str, cents: Cents, by: PersonId) -> DepositCounted | Declined:
    if account not in BOXES:
        return not_now(f"What goes to the bank is one of {', '.join(BOXES)}, not {account}.")
    there = takings.in_box.get(account, 0) - sum(one.cents for one in takings.counted.values() if one.account == account)
    if not 0 < cents <= there:
        return not_now(f"The book has {money(there)} of {account} that no deposit holds yet, not {money(cents)}: count "
                       "again, or record first what was taken in.")  # fmt: skip
    return DepositCounted(deposit=takings.deposits + 1, account=account, cents=cents, by=by)


def decide_confirm(
    takings: Takings, *, deposit: int, cents: Cents, reference: str, by: PersonId
) -> DepositConfirmed | Declined:
    """cents: what the second person counted."""
    counted = takings.counted.get(deposit)
    if counted is None:
        return not_found(f"Deposit {deposit} waits for nobody: it was confirmed or discarded, or never counted.")
    if counted.by == by:
        return not_now("Who counted a deposit can't confirm it: ask another person to count it too.")
    if counted.cents != cents:
        return not_now(f"Two people counted differently: deposit {deposit} is {money(counted.cents)} by the first "
                       f"count, {money(cents)} by the second. Count again together, or discard it.")  # fmt: skip
    return DepositConfirmed(deposit=deposit, account=counted.account, cents=cents, reference=reference, by=by)


def decide_discard(takings: Takings, *, deposit: int, by: PersonId) -> DepositDiscarded | Declined:
    if deposit not in takings.counted:
        return not_found(f"Deposit {deposit} waits for nobody: it was confirmed or discarded, or never counted.")
    return DepositDiscarded(deposit=deposit, by=by)
