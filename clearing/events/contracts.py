"""Law: a contract has two schedules, what is paid and what is delivered; both sum to its total, to the cent.

A season is what all of its contracts share: producer, delivery days, mode, what a skipped basket becomes. In the mode
"recorded" cheques go to the producer's order and no event moves money but the fund's part; "through-caisse" is voted.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from clearing.events.basket import Line
from clearing.events.recorded import Recorded
from clearing.events.sales import OperationHead, Tap
from clearing.values import (
    Cents,
    ContractId,
    DecisionId,
    FundId,
    MemberId,
    OperationId,
    PersonId,
    ProducerId,
    Rate,
    SeasonId,
)


class Portion(NamedTuple):
    """What a delivery brings: a basket or a share of one; qty in thousandths."""

    product: str
    qty_milli: int


class Day(NamedTuple):
    """A delivery day. weight: a double basket is 2; a contract's cents are spread over its days by their weights."""

    on: str
    weight: int


class Instalment(NamedTuple):
    """due_on: ISO date. cents: of it fund_cents is the fund's part, the rest the household's."""

    due_on: str
    cents: Cents
    fund_cents: Cents


class Taken(NamedTuple):
    """One line of an attendance sheet. outcome: taken, reduced (less than a basket), absent."""

    contract: ContractId
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonOpened(Recorded):
    """mode: recorded, through-caisse. skip: moved (to a later delivery), lost, none; until skip_days before the day.
    decision: the vote that chose through-caisse, "" for recorded."""

    TYPE: ClassVar[int] = 140
    season: SeasonId
    title: str
    producer: ProducerId
    days: tuple[Day, ...]
    mode: str
    skip: str
    skip_days: int
    decision: DecisionId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractSigned(Recorded):
    """number: the 16 bytes that stand for it on the wire. full_cents: the whole season; total_cents: the part of it from
    joins_on on. fund_until: last ISO day on which an instalment's fund part is paid, "" without a fund."""

    TYPE: ClassVar[int] = 141
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"member", "fund", "fund_until"})
    contract: ContractId
    number: OperationId
    season: SeasonId
    member: MemberId
    portions: tuple[Portion, ...]
    joins_on: str
    full_cents: Cents
    total_cents: Cents
    instalments: tuple[Instalment, ...]
    fund: FundId | None
    fund_until: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalmentReceived(Recorded):
    """instalment: from 1. payer: household, fund. means: cheque, cash, transfer, debit; fund. into: account that the
    household's money is in (bank, cash, cheques), "" when it went to the producer. reference: used once in a contract."""

    TYPE: ClassVar[int] = 142
    contract: ContractId
    instalment: int
    payer: str
    producer: ProducerId
    fund: FundId | None
    cents: Cents
    into: str
    receipt: int
    means: str
    reference: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalmentReturned(Recorded):
    """A household's cheque or debit came back: its instalment is due again. through: it had come to the caisse, which gives it
    back to the bank; from_producer_cents: of it what had been paid over."""

    TYPE: ClassVar[int] = 143
    contract: ContractId
    instalment: int
    producer: ProducerId
    cents: Cents
    through: bool
    from_producer_cents: Cents
    reference: str
    reason: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryDecided(Recorded):
    """A member's tap at the distribution: lines are what was handed over, none: the day's basket as it is. on: the delivery
    day, "" when declined. original: the contract's number as the terminal said it."""

    TYPE: ClassVar[int] = 144
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"code", "tap", "member", "contract"})
    op: OperationHead
    answer: str
    original: OperationId
    amount_cents: Cents
    lines: tuple[Line, ...]
    on: str
    code: str
    tap: Tap | None
    member: MemberId | None
    contract: ContractId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveriesRecorded(Recorded):
    """An attendance sheet of one distribution, typed afterwards."""

    TYPE: ClassVar[int] = 145
    season: SeasonId
    on: str
    taken: tuple[Taken, ...]
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySkipped(Recorded):
    """to_on: the day its value moves to, "" when it is lost (the season's rule)."""

    TYPE: ClassVar[int] = 146
    contract: ContractId
    on: str
    to_on: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveriesSwapped(Recorded):
    """The other's member fetches the basket of `on`, and this contract's member the other's of other_on. No money moves."""

    TYPE: ClassVar[int] = 147
    contract: ContractId
    on: str
    other: ContractId
    other_on: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CropLossDeclared(Recorded):
    """The risk is shared: every basket of the day is kept_rate of itself (0: empty); what the producer gets stays."""

    TYPE: ClassVar[int] = 148
    season: SeasonId
    on: str
    kept_rate: Rate
    reason: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractEnded(Recorded):
    """leaving: member, producer. last_on: the last delivery that counts, "" for none. consumed_cents: exact pro rata of the
    deliveries up to it. back_*: paid and not consumed; due_*: consumed and not paid; cancelled: instalments of which nothing
    is left to pay. unfunded_cents: consumed and nobody's. from_producer_cents: of the household's money that came through the
    caisse, what the producer, already paid, owes back (the fund's part it always owes back)."""

    TYPE: ClassVar[int] = 149
    contract: ContractId
    producer: ProducerId
    fund: FundId | None
    leaving: str
    last_on: str
    consumed_cents: Cents
    back_household_cents: Cents
    back_fund_cents: Cents
    due_household_cents: Cents
    due_fund_cents: Cents
    unfunded_cents: Cents
    cancelled: tuple[int, ...]
    cancelled_cents: Cents
    from_producer_cents: Cents
    reason: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class FundPartWarned(Recorded):
    """Thirty days before a fund stops paying its part: unfunded_cents are then nobody's until the household says yes or the
    contract shrinks."""

    TYPE: ClassVar[int] = 150
    contract: ContractId
    until_on: str
    unfunded_cents: Cents


@dataclass(frozen=True, slots=True, kw_only=True)
class FundPartTakenOver(Recorded):
    """The household said yes: the parts that no fund pays are its own from now on."""

    TYPE: ClassVar[int] = 151
    contract: ContractId
    cents: Cents
    agreed: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractShrunk(Recorded):
    """The parts that no fund pays are dropped: from from_on on the deliveries are worth that much less."""

    TYPE: ClassVar[int] = 152
    contract: ContractId
    from_on: str
    cents: Cents
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractPaidOver(Recorded):
    """Through the caisse: what households paid for instalments due by up_to_on is owed to the producer, for the next batch."""

    TYPE: ClassVar[int] = 153
    contract: ContractId
    producer: ProducerId
    cents: Cents
    up_to_on: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractRefunded(Recorded):
    """Through the caisse: what an ended contract had left went back to the household's bank account."""

    TYPE: ClassVar[int] = 154
    contract: ContractId
    cents: Cents
    reference: str
    by: PersonId


Event = (
    SeasonOpened
    | ContractSigned
    | InstalmentReceived
    | InstalmentReturned
    | DeliveryDecided
    | DeliveriesRecorded
    | DeliverySkipped
    | DeliveriesSwapped
    | CropLossDeclared
    | ContractEnded
    | FundPartWarned
    | FundPartTakenOver
    | ContractShrunk
    | ContractPaidOver
    | ContractRefunded
)
"""Every event of this room, for catalogue.py."""
