"""Law: what the bank answers about a payout is recorded as it said; a word that nobody knows is never taken for paid.

The seam between the bank's messages and the life of a payout (rules/stalls/settlement.py).
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from clearing.events.settlement import PayoutConfirmed, PayoutReturned
from clearing.rules.answers import Declined
from clearing.rules.stalls.settlement import PayoutState, Settlement, decide_confirm, decide_return
from clearing.values import BatchId, PersonId, ProducerId

STATES: Final = ("accepted", "executed", "rejected", "returned", "unknown")
_PLACE_DIGITS: Final = 4


class Answer(NamedTuple):
    """state: one of STATES. code: ISO reason, or "". on: civil day the bank names, or "". reference: the bank's."""

    producer: ProducerId
    state: str
    code: str
    text: str
    on: str
    reference: str


def payout_of(settlement: Settlement, end_to_end: str) -> tuple[BatchId, ProducerId] | None:
    """Which payout bears this id; None when it is none of ours."""
    message_id, _, place = end_to_end.rpartition("-")
    if not place.isascii() or not place.isdigit() or len(place) != _PLACE_DIGITS:
        return None
    for number, batch in settlement.batches.items():
        if batch.exported is not None and batch.exported.message_id == message_id:
            lines = batch.closed.lines
            at = int(place) - 1
            return (number, lines[at].producer) if 0 <= at < len(lines) and lines[at].paid_cents else None
    return None


def under_way(settlement: Settlement, batch: BatchId) -> list[ProducerId]:
    """Producers of a batch whose payouts the bank has neither made nor sent back."""
    known = settlement.batches.get(batch)
    payouts = {} if known is None else known.payouts
    return [producer for producer, state in payouts.items() if state is PayoutState.INSTRUCTED]


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
