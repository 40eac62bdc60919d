"""Law: what the bank answers about a payout is recorded as it said; a word that nobody knows is never taken for paid.

The one seam between the bank's files and the life of a payout (rules/stalls/settlement.py): nothing else of the bank's
rooms knows its states. """

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from clearing.events.settlement import BatchLine, PayoutConfirmed, PayoutReturned
from clearing.rules.answers import Declined
from clearing.rules.stalls.settlement import Batch, PayoutState, Settlement, decide_confirm, decide_return
from clearing.values import BatchId, PersonId, ProducerId

STATES: Final = ("accepted", "executed", "rejected", "returned", "unknown")
_END_TO_END: Final = re.compile(r"(?P<message>.+)-(?P<place>[0-9]{4})(?:-[0-9]{1,3})?")
"""The batch's file, the line from 1, and from the second on which attempt it is."""


class Answer(NamedTuple):
    """state: one of STATES. code: ISO reason, or "". on: civil day the bank names, or "". reference: the bank's."""

    producer: ProducerId
    state: str
    code: str
    text: str
    on: str
    reference: str


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
    return (line for line in batch.closed.lines if batch.payouts.get(line.producer) is PayoutState.INSTRUCTED)


def lines_that_may_come_back(batch: Batch) -> Iterator[BatchLine]:
    """Given to the bank, and not back yet."""
    states = (PayoutState.INSTRUCTED, PayoutState.CONFIRMED)
    return (line for line in batch.closed.lines if batch.payouts.get(line.producer) in states)


def was_paid(settlement: Settlement, batch: BatchId, producer: ProducerId) -> bool:
    """Whether the money left: what was refused never did."""
    known = settlement.batches.get(batch)
    return known is not None and known.payouts.get(producer) is PayoutState.CONFIRMED


def decide_answers(
    settlement: Settlement, *, batch: BatchId, rows: Iterable[Answer], by: PersonId
) -> tuple[PayoutConfirmed | PayoutReturned, ...] | Declined:
    """The events of these answers; what is known already makes none, nor does what leaves a payout under way."""
    found: list[PayoutConfirmed | PayoutReturned] = []
    for row in rows:
        known = settlement.batches.get(batch)
        state = None if known is None else known.payouts.get(row.producer)
        done: PayoutConfirmed | PayoutReturned | Declined
        if row.state == "executed" and state is not PayoutState.CONFIRMED:
            done = decide_confirm(settlement, batch=batch, producer=row.producer, reference=row.reference, by=by)
        elif row.state in ("rejected", "returned") and state is not PayoutState.RETURNED:
            reason = f"{row.code} {row.text}".strip() or row.state
            done = decide_return(settlement, batch=batch, producer=row.producer, reason=reason, by=by)
        else:
            continue
        if isinstance(done, Declined):
            return done
        found.append(done)
    return tuple(found)
