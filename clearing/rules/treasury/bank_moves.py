"""Law: what the book says came to the bank or left it is looked for on the bank's statement, movement by movement.

One table of the events that do it; a test holds it against double entry (rules/ledger/legs.py). An opening balance is
none of them: it is a balance of the bank.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from clearing.events import (
    adjustments,
    bank,
    closing,
    contracts,
    corrections,
    cotisations,
    debits,
    funds,
    grants,
    households,
    interchange,
    settlement,
    solidarity,
)
from clearing.rules.stalls.payouts import FAILED, PayoutState
from clearing.rules.treasury.bank import Move
from clearing.rules.treasury.payout_answers import was_paid
from clearing.rules.treasury.takings import ACCOUNT_OF

if TYPE_CHECKING:
    from clearing.rules.book import Book

BANK: Final = "bank"
Moved = Callable[[Any, "Book"], tuple[int, str]]
"""Event and the book before it -> cents at the bank, and whom or what it is about."""


def _by_means(event: Any, _book: "Book") -> tuple[int, str]:
    return (event.cents if ACCOUNT_OF[event.means] == BANK else 0), event.reference


def _corrected(event: corrections.EntryCorrected, _book: "Book") -> tuple[int, str]:
    wrong, right = event.wrong, event.right()
    back = wrong.cents if wrong.account == BANK else 0
    if isinstance(right, contracts.InstalmentReceived):
        there = right.cents if right.into == BANK and right.fund is None else 0
    else:
        there = right.cents if right is not None and ACCOUNT_OF[right.means] == BANK else 0
    return there - back, event.entry.reference


def _payout_back(event: settlement.PayoutReturned, book: "Book") -> tuple[int, str]:
    paid = was_paid(book.settlement, event.batch, event.producer)
    return (event.cents if paid else 0), payout_name(event.batch, event.producer)


def _payout_answered(event: settlement.PayoutAnswered, book: "Book") -> tuple[int, str]:
    """What the bank accepts, or a person has to ask about, moves nothing; nor does what it refused before it left."""
    paid = was_paid(book.settlement, event.batch, event.producer)
    name = payout_name(event.batch, event.producer)
    if event.became == PayoutState.EXECUTED:
        return -event.cents, name
    return (event.cents if event.became in FAILED and paid else 0), name


def _adjusted(event: adjustments.AdjustmentMade, _book: "Book") -> tuple[int, str]:
    """A producer who was paid from the caisse's account by another way than a batch."""
    return (-event.cents if event.what.kind == "paid-outside" else 0), event.what.who


def _debit(event: debits.DebitAnswered, _book: "Book") -> tuple[int, str]:
    cents = sum(part.cents for part in event.parts)
    return (cents if event.state == "executed" else -cents), event.reference


def payout_name(batch: int, producer: str) -> str:
    return f"{batch}/{producer}"


MOVED: Final[dict[type, Moved]] = {
    funds.MoneyReceived: lambda event, _: (event.cents, event.reference),
    funds.PurseCredited: lambda event, _: ((event.cents if event.fund is None else 0), event.reference),
    settlement.PayoutConfirmed: lambda event, _: (-event.cents, payout_name(event.batch, event.producer)),
    settlement.PayoutReturned: _payout_back,
    settlement.PayoutAnswered: _payout_answered,
    adjustments.AdjustmentMade: _adjusted,
    households.MoneyBackConfirmed: lambda event, _: (-event.cents, str(event.member)),
    grants.RepaymentPaid: lambda event, _: (-event.cents, str(event.repayment)),
    grants.RepaymentSentBack: lambda event, _: (event.cents, str(event.repayment)),
    closing.OwnMoneyPaid: lambda event, _: (-event.cents, str(event.member)),
    closing.RestPaid: lambda event, _: (-event.cents, str(event.fund)),
    closing.ProducerRepaid: lambda event, _: (event.cents, str(event.producer)),
    solidarity.CouponsSold: lambda event, _: (event.cents, str(event.fund)),
    cotisations.CotisationReceived: _by_means,
    cotisations.CotisationReturned: lambda event, _: (-event.cents, event.reference),
    cotisations.GiftReceived: _by_means,
    debits.DebitAnswered: _debit,
    cotisations.DepositConfirmed: lambda event, _: (event.cents, str(event.deposit)),
    corrections.EntryCorrected: _corrected,
    contracts.InstalmentReceived: lambda event, _: (
        (event.cents if event.fund is None and event.into == BANK else 0), str(event.contract)),
    contracts.InstalmentReturned: lambda event, _: ((-event.cents if event.through else 0), str(event.contract)),
    contracts.ContractRefunded: lambda event, _: (-event.cents, str(event.contract)),
    interchange.InterchangePaid: lambda event, _: (event.cents, str(event.day)),
    bank.BankCharged: lambda event, _: (-event.cents, str(event.fund)),
}  # fmt: skip


def moved_by(event: Any, book: "Book", at_us: int) -> Move | None:
    """What this event moves at the bank; None when nothing. book: before it."""
    cents, name = MOVED[type(event)](event, book)
    return Move(cents, type(event).__name__, name, book.caisse.calendar.day(at_us).isoformat()) if cents else None
