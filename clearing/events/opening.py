"""Law: a caisse that lived on paper before begins with what it holds: all of it in one event, which two people read alike.

Purses, funds, debts, arrears and running contracts as they stood at the end of one day; what came into the bank after that day
is recorded line by line.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from clearing.events.contracts import Instalment, Portion
from clearing.events.recorded import Recorded
from clearing.values import (
    Cents,
    ContractId,
    FundId,
    MemberId,
    MicroTime,
    OperationId,
    PersonId,
    ProducerId,
    PurseKind,
    SeasonId,
)


class OpeningTotals(NamedTuple):
    """What two people compare. free_cents: left in all funds together, below zero when they advanced; contracts_cents: money
    of contracts that is at the caisse; bank_cents: the balance of its account, which is the sum of these two, purses and debts.
    arrears_cents: what households still owe of cotisations; it is in no sum."""

    free_cents: int
    purses_cents: Cents
    owed_cents: Cents
    bank_cents: int
    contracts_cents: Cents = Cents(0)
    arrears_cents: Cents = Cents(0)


class OpeningLot(NamedTuple):
    """fund None: the member's own money. expires_us None: it never lapses. Its id: lot_ids below."""

    member: MemberId
    purse: PurseKind
    fund: FundId | None
    cents: Cents
    expires_us: MicroTime | None


class OpeningFund(NamedTuple):
    """notified_cents: of a signed grant, what was received included. engaged_cents: credited to purses, spent or not."""

    fund: FundId
    notified_cents: Cents
    received_cents: Cents
    engaged_cents: Cents

    @property
    def to_come_cents(self) -> int:
        """Announced, and not come yet."""
        return max(0, self.notified_cents - self.received_cents)


class OpeningDebt(NamedTuple):
    """What was sold on paper and not paid to the producer yet."""

    producer: ProducerId
    cents: Cents


class OpeningArrear(NamedTuple):
    """A cotisation that is not paid in full. period: its month, "2026-02", or the first of the months that it is for."""

    member: MemberId
    rule: str
    period: str
    months: int
    due_cents: Cents
    paid_cents: Cents

    @property
    def open_cents(self) -> Cents:
        return Cents(self.due_cents - self.paid_cents)


class OpeningPayment(NamedTuple):
    """Paid of one instalment (from 1). payer: household, fund. means: cheque, cash, transfer, debit; fund. A cheque that the
    producer holds and has not cashed is paid, as it is here."""

    instalment: int
    payer: str
    cents: Cents
    means: str
    reference: str


class OpeningBasket(NamedTuple):
    """outcome: taken, reduced, absent, skipped. to_on: the day its value moved to, "" when it is lost or was not skipped."""

    on: str
    outcome: str
    to_on: str


class OpeningContract(NamedTuple):
    """A contract in the middle of its season, as ContractSigned. delivered_until: every basket up to that day was taken, but
    those in `baskets`; "" for none. held_cents: of what the household paid, at the caisse; the producer has the rest.
    price_from: day from which on a smaller price holds, "" for none; before_cents: worth of the deliveries before it."""

    contract: ContractId
    number: OperationId
    season: SeasonId
    member: MemberId
    portions: tuple[Portion, ...]
    joins_on: str
    instalments: tuple[Instalment, ...]
    fund: FundId | None
    fund_until: str
    payments: tuple[OpeningPayment, ...]
    delivered_until: str
    baskets: tuple[OpeningBasket, ...]
    held_cents: Cents
    price_from: str
    before_cents: Cents

    def paid_cents(self, payer: str) -> int:
        return sum(one.cents for one in self.payments if one.payer == payer)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningProposed(Recorded):
    """as_of: ISO date, at whose end the balances stood. digest: SHA-256 of the whole list, 32 bytes.

    Version 2: the totals name contracts and arrears.
    """

    TYPE: ClassVar[int] = 210
    SCHEMA: ClassVar[int] = 2
    as_of: str
    digest: bytes
    totals: OpeningTotals
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningAccepted(Recorded):
    """The same list, read and signed by another person: from now on it is in the books. Once, before the first sale.

    Version 2: arrears, contracts, and the totals of both.
    """

    TYPE: ClassVar[int] = 211
    SCHEMA: ClassVar[int] = 2
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"lots", "arrears", "contracts"})
    as_of: str
    digest: bytes
    totals: OpeningTotals
    lots: tuple[OpeningLot, ...]
    funds: tuple[OpeningFund, ...]
    debts: tuple[OpeningDebt, ...]
    by: PersonId
    arrears: tuple[OpeningArrear, ...] = ()
    contracts: tuple[OpeningContract, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningDiscarded(Recorded):
    """The list that waits is withdrawn by who proposed it, or refused by another person. digest: of that list."""

    TYPE: ClassVar[int] = 212
    digest: bytes
    reason: str
    by: PersonId


Event = OpeningProposed | OpeningAccepted | OpeningDiscarded
"""Every event of this room, for catalogue.py."""


def lot_ids(event: OpeningAccepted, position: int) -> list[str]:
    """The lots' ids, in the order of the rows, when the event stands at `position`."""
    return [f"x{position}" if place == 0 else f"x{position}.{place}" for place in range(len(event.lots))]
