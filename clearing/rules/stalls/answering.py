"""Law: what the bank says of many transfers is taken row by row; what is known already makes nothing, so twice is once."""

from collections.abc import Sequence
from dataclasses import replace

from clearing.events.settlement import (
    PayoutAnswered,
    PayoutConfirmed,
    PayoutQuestionClosed,
    PayoutReturned,
    PayoutsWithdrawn,
    Withdrawn,
)
from clearing.rules.answers import Declined, not_found, not_now
from clearing.rules.stalls.approving import batch_of
from clearing.rules.stalls.payouts import (
    FAILED,
    NOT_OURS,
    REASON_CHARS_MAX,
    Answer,
    Payout,
    PayoutState,
    Row,
    answered,
    became,
    obstacle,
)
from clearing.rules.stalls.settlement import BatchState, Settlement, fail
from clearing.values import BatchId, PersonId, ProducerId


def evolve_answered(settlement: Settlement, event: PayoutAnswered) -> None:
    payouts = settlement.batches[event.batch].payouts
    row = Row(event.producer, Answer(event.state), event.code, event.text, event.on, event.reference)
    payouts[event.producer] = answered(payouts[event.producer], row, event.became)
    if event.became in FAILED:
        fail(settlement, event.batch, event.producer, event.cents)


def evolve_question_closed(settlement: Settlement, event: PayoutQuestionClosed) -> None:
    settlement.batches[event.batch].payouts[event.producer].question = ""


def evolve_withdrawn(settlement: Settlement, event: PayoutsWithdrawn) -> None:
    for one in event.payouts:
        settlement.batches[event.batch].payouts[one.producer].state = PayoutState.WITHDRAWN
        fail(settlement, event.batch, one.producer, one.cents)


def evolve_confirmed(settlement: Settlement, event: PayoutConfirmed) -> None:
    payouts = settlement.batches[event.batch].payouts
    payouts[event.producer] = replace(
        payouts[event.producer], state=PayoutState.EXECUTED, reference=event.reference, question=""
    )


def evolve_returned(settlement: Settlement, event: PayoutReturned) -> None:
    payouts = settlement.batches[event.batch].payouts
    payouts[event.producer] = replace(payouts[event.producer], state=PayoutState.RETURNED, question="")
    fail(settlement, event.batch, event.producer, event.cents)


def _payout(settlement: Settlement, batch: BatchId, producer: ProducerId) -> Payout | Declined:
    known = settlement.batches.get(batch)
    if known is None or producer not in known.payouts:
        return not_found(f"Batch {batch} has no transfer to {producer} that was sent to the bank.")
    return known.payouts[producer]


def decide_answers(
    settlement: Settlement, *, batch: BatchId, rows: Sequence[Row], by: PersonId
) -> tuple[PayoutAnswered, ...] | Declined:
    """As `new_answers`; declined with "known already" when no row says anything new: whoever sends an answer again has
    nothing left to do."""
    events = new_answers(settlement, batch=batch, rows=rows, by=by)
    return events or not_now(f"All of it is known already: nothing of batch {batch} changed.")


def new_answers(
    settlement: Settlement, *, batch: BatchId, rows: Sequence[Row], by: PersonId
) -> tuple[PayoutAnswered, ...] | Declined:
    """One event per row that says something new. Whole or not at all; a contradiction is recorded as a question."""
    known = batch_of(settlement, batch)
    if isinstance(known, Declined):
        return known
    if known.state is not BatchState.EXPORTED:
        return not_now(f"Batch {batch} is not exported yet, so this can't be the bank's answer to it; look at its number.")
    payouts, events = dict(known.payouts), list[PayoutAnswered]()
    for row in rows:
        payout = payouts.get(row.producer)
        if payout is None or payout.state in NOT_OURS:
            return not_found(f"Batch {batch} has no transfer to {row.producer} that was sent to the bank.")
        if len(row.code) > REASON_CHARS_MAX:
            return not_now(f"{row.code!r} is no reason code of a bank: it has up to {REASON_CHARS_MAX} characters, like AC04.")
        made = became(payout, row)
        if made:
            payouts[row.producer] = answered(payout, row, made)
            events.append(PayoutAnswered(
                batch=batch, producer=row.producer, cents=payout.cents, state=row.state, code=row.code, text=row.text,
                on=row.on, reference=row.reference, became=made, by=by,
            ))  # fmt: skip
    return tuple(events)


def decide_close_question(
    settlement: Settlement, *, batch: BatchId, producer: ProducerId, found: str, by: PersonId
) -> PayoutQuestionClosed | Declined:
    payout = _payout(settlement, batch, producer)
    if isinstance(payout, Declined):
        return payout
    if not payout.question:
        return not_now(f"Nothing is to be asked about the transfer of batch {batch} to {producer}: it is {payout.state}.")
    return PayoutQuestionClosed(batch=batch, producer=producer, found=found, by=by)


def _that_may_become(
    what: PayoutState, settlement: Settlement, batch: BatchId, producer: ProducerId
) -> Payout | Declined:
    payout = _payout(settlement, batch, producer)
    return payout if isinstance(payout, Declined) else obstacle(payout, what) or payout


def decide_confirm(
    settlement: Settlement, *, batch: BatchId, producer: ProducerId, reference: str, by: PersonId
) -> PayoutConfirmed | Declined:
    """By hand, from a line of the bank statement."""
    payout = _that_may_become(PayoutState.EXECUTED, settlement, batch, producer)
    if isinstance(payout, Declined):
        return payout
    return PayoutConfirmed(batch=batch, producer=producer, cents=payout.cents, reference=reference, by=by)


def decide_return(
    settlement: Settlement, *, batch: BatchId, producer: ProducerId, reason: str, by: PersonId
) -> PayoutReturned | Declined:
    payout = _that_may_become(PayoutState.RETURNED, settlement, batch, producer)
    if isinstance(payout, Declined):
        return payout
    return PayoutReturned(batch=batch, producer=producer, cents=payout.cents, reason=reason, by=by)


def decide_withdraw(
    settlement: Settlement, *, batch: BatchId, producers: Sequence[ProducerId], reason: str, by: PersonId
) -> PayoutsWithdrawn | Declined:
    """producers: whose transfers; none: of all. Nothing that left for the bank is withdrawn: that is asked of the bank."""
    known = batch_of(settlement, batch)
    if isinstance(known, Declined):
        return known
    if known.state is BatchState.EXPORTED:
        return not_now(f"The file of batch {batch} was written: ask the bank to recall the transfer, then record its answer "
                       f"(clearing returned {batch} PRODUCER).")  # fmt: skip
    waiting = {who: one for who, one in known.payouts.items() if one.state is PayoutState.WAITING}
    for producer in producers:
        if producer not in waiting:
            return not_found(f"Batch {batch} pays nothing to {producer}; `clearing batches {batch}` lists whom it pays.")
    chosen = [who for who in waiting if who in producers or not producers]
    if not chosen:
        return not_now(f"Batch {batch} pays nobody any more.")
    return PayoutsWithdrawn(
        batch=batch, payouts=tuple(Withdrawn(who, waiting[who].cents) for who in chosen), reason=reason, by=by
    )
