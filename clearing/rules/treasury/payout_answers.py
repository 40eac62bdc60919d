"""Law: what the bank answers about a payout is recorded as it said; a word that nobody knows is never taken for paid.

The one seam between the bank's files and the life of a payout (rules/stalls/settlement.py): nothing else of the bank's
rooms knows its states."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from clearing.events.settlement import BatchLine, PayoutAnswered
from clearing.rules.answers import Declined, not_now
from clearing.rules.stalls.answering import new_answers
from clearing.rules.stalls.payouts import QUESTION, UNDER_WAY, PayoutState, Row, asked
from clearing.rules.stalls.settlement import Batch, Settlement
from clearing.values import BatchId, PersonId, ProducerId

_END_TO_END: Final = re.compile(r"(?P<message>.+)-(?P<place>[0-9]{4})(?:-[0-9]{1,3})?")
"""The batch's file, the line from 1, and from the second on which attempt it is."""
_AT_THE_BANK: Final = UNDER_WAY - {PayoutState.WAITING, PayoutState.HANDED_OVER}


def batch_called(settlement: Settlement, message_id: str) -> BatchId | None:
    """The batch whose file bears this id; None when it is none of ours."""
    named = (
        number for number, one in settlement.batches.items()
        if one.exported is not None and one.exported.message_id == message_id
    )  # fmt: skip
    return next(named, None)


def payout_of(settlement: Settlement, end_to_end: str) -> tuple[BatchId, ProducerId] | None:
    """Which payout bears this id; None when it is none of ours."""
    found = _END_TO_END.fullmatch(end_to_end)
    batch = None if found is None else batch_called(settlement, found["message"])
    if found is None or batch is None:
        return None
    lines, at = settlement.batches[batch].closed.lines, int(found["place"]) - 1
    return (batch, lines[at].producer) if 0 <= at < len(lines) and lines[at].paid_cents else None


def under_way(settlement: Settlement, batch: BatchId) -> list[ProducerId]:
    """Producers of a batch whose payouts the bank has neither made nor sent back."""
    known = settlement.batches.get(batch)
    return [] if known is None else [line.producer for line in lines_under_way(known)]


def lines_under_way(batch: Batch) -> Iterator[BatchLine]:
    """Given to the bank, which has neither made them nor sent them back."""
    return (line for line in batch.closed.lines if _state(batch, line.producer) in _AT_THE_BANK)


def lines_that_may_come_back(batch: Batch) -> Iterator[BatchLine]:
    """Given to the bank, and not back yet."""
    states = {*_AT_THE_BANK, PayoutState.EXECUTED}
    return (line for line in batch.closed.lines if _state(batch, line.producer) in states)


def _state(batch: Batch, producer: ProducerId) -> PayoutState | None:
    payout = batch.payouts.get(producer)
    return None if payout is None else payout.state


def was_paid(settlement: Settlement, batch: BatchId, producer: ProducerId) -> bool:
    """Whether the money left: what was refused never did."""
    known = settlement.batches.get(batch)
    return known is not None and _state(known, producer) is PayoutState.EXECUTED


def decide_booked(
    settlement: Settlement, *, batch: BatchId, rows: Sequence[Row], by: PersonId
) -> tuple[PayoutAnswered, ...] | Declined:
    """The events of what a bank line says; what is known already makes none. A line that contradicts what the bank said before
    moves nothing, so it is no match: it waits for a person."""
    events = new_answers(settlement, batch=batch, rows=rows, by=by)
    if isinstance(events, Declined):
        return events
    strange = {event.producer for event in events if event.became == QUESTION}
    for row in rows:
        if row.producer in strange:
            return not_now(f"The transfer of batch {batch} to {row.producer} is a question for the bank: "
                           f"{asked(settlement.batches[batch].payouts[row.producer], row)}. Ask it and write down what it "
                           "answers; the line waits until then.")  # fmt: skip
    return events
