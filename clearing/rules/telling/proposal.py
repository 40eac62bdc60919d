"""Law: who approves a batch sees first what it takes from the bank, what changed since the last one, and who was checked."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clearing.events.settlement import BatchLine
from clearing.rules.stalls.holding import check_of
from clearing.rules.stalls.payouts import NOT_OURS
from clearing.values import BatchId, ProducerId

if TYPE_CHECKING:
    from clearing.rules.book import Book


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedLine:
    """paid_cents: what this batch pays, 0 when it was withdrawn. before_cents: what the last batch that paid this producer did,
    None: none ever. new_account: not the one that was paid to then. check: Verification of Payee of just this account."""

    line: BatchLine
    paid_cents: int
    before_cents: int | None
    new_account: bool
    check: str

    def changed_cents(self) -> int:
        return self.paid_cents - (self.before_cents or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """at_bank_cents: the last known balance; shortfall_cents: what is missing for this batch, 0 when it is there. alone: one
    transfer only, whose payee every bank checks. gone: producers whom the last batch paid and this one does not."""

    batch: BatchId
    total_cents: int
    at_bank_cents: int
    shortfall_cents: int
    alone: bool
    lines: tuple[ProposedLine, ...]
    last_total_cents: int
    gone: tuple[ProducerId, ...]


def proposal(book: "Book", batch: BatchId, *, at_bank_cents: int) -> Proposal:
    """Raises KeyError for a batch that is not there. at_bank_cents: as the bank, or else the books, say."""
    known = book.settlement.batches[batch]
    before = [one for number, one in sorted(book.settlement.batches.items()) if number < batch]
    lines = []
    for line in known.closed.lines:
        payout = known.payouts.get(line.producer)
        paid = 0 if payout is None or payout.state in NOT_OURS else payout.cents
        last = next((one.payouts[line.producer] for one in reversed(before) if line.producer in one.payouts), None)
        lines.append(ProposedLine(
            line=line, paid_cents=paid, before_cents=None if last is None else last.cents,
            new_account=last is not None and bool(line.details) and last.details != line.details,
            check=check_of(book.settlement, line.producer, line.details),
        ))  # fmt: skip
    paid_now = {one.line.producer for one in lines if one.paid_cents}
    last_batch = before[-1] if before else None
    total = known.to_pay_cents()
    return Proposal(
        batch=batch, total_cents=total, at_bank_cents=at_bank_cents, shortfall_cents=max(0, total - at_bank_cents),
        alone=len(paid_now) == 1, lines=tuple(lines),
        last_total_cents=0 if last_batch is None else last_batch.to_pay_cents(),
        gone=() if last_batch is None else tuple(who for who in last_batch.payouts if who not in paid_now),
    )
