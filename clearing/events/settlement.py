"""Law: every captured cent is in exactly one batch; a batch is frozen at a position, and another person approves it."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from clearing.values import BatchId, Cents, PersonId, Position, ProducerId


class BatchLine(NamedTuple):
    """net = captured - refunded - given + carried (what an earlier batch left: below zero, or waiting for bank details).
    given_cents: cash that the producer took for funds and owes them (events/solidarity.py).

    Paid if above zero. details: digest of the bank details this payout goes to (events/producers.py), empty when there are
    none yet: then the net is carried to the next batch and paid_cents is 0, as when the net is not above zero.
    """

    producer: ProducerId
    captured_cents: Cents
    refunded_cents: Cents
    carried_cents: int
    net_cents: int
    paid_cents: Cents
    details: bytes
    given_cents: Cents = Cents(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchClosed:
    """closed_on: the civil date whose end it closes, ISO. Holds all captures after the previous batch up to up_to."""

    TYPE: ClassVar[int] = 100
    SCHEMA: ClassVar[int] = 2
    batch: BatchId
    closed_on: str
    up_to: Position
    lines: tuple[BatchLine, ...]
    total_cents: Cents
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchApproved:
    """execution_on: ISO date on which the bank is to pay."""

    TYPE: ClassVar[int] = 101
    batch: BatchId
    execution_on: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchExported:
    """The bank file was written. A rerun gives the same bytes, or is refused."""

    TYPE: ClassVar[int] = 102
    batch: BatchId
    message_id: str
    file_sha256: bytes
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutConfirmed:
    TYPE: ClassVar[int] = 103
    batch: BatchId
    producer: ProducerId
    cents: Cents
    reference: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutReturned:
    """The bank sent it back: owed to the producer again, for the next batch."""

    TYPE: ClassVar[int] = 104
    batch: BatchId
    producer: ProducerId
    cents: Cents
    reason: str
    by: PersonId


Event = (
    BatchClosed
    | BatchApproved
    | BatchExported
    | PayoutConfirmed
    | PayoutReturned
)
"""Every event of this room, for catalogue.py."""
