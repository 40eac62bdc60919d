"""Law: a caisse that lived on paper before begins with what it holds: all of it in one event, which two people read alike.

Purses, funds and debts as they stood at the end of one day; what came into the bank after that day is recorded line by line.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from clearing.values import Cents, FundId, MemberId, MicroTime, PersonId, ProducerId, PurseKind


class OpeningTotals(NamedTuple):
    """What two people compare. free_cents: left in all funds together, below zero when they advanced; bank_cents: the balance
    of the caisse's account, which is the sum of the three others."""

    free_cents: int
    purses_cents: Cents
    owed_cents: Cents
    bank_cents: int


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


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningProposed:
    """as_of: ISO date, at whose end the balances stood. digest: SHA-256 of the whole list, 32 bytes."""

    TYPE: ClassVar[int] = 210
    as_of: str
    digest: bytes
    totals: OpeningTotals
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningAccepted:
    """The same list, read and signed by another person: from now on it is in the books. Once, before the first sale."""

    TYPE: ClassVar[int] = 211
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"lots"})
    as_of: str
    digest: bytes
    totals: OpeningTotals
    lots: tuple[OpeningLot, ...]
    funds: tuple[OpeningFund, ...]
    debts: tuple[OpeningDebt, ...]
    by: PersonId


Event = OpeningProposed | OpeningAccepted
"""Every event of this room, for catalogue.py."""


def lot_ids(event: OpeningAccepted, position: int) -> list[str]:
    """The lots' ids, in the order of the rows, when the event stands at `position`."""
    return [f"x{position}" if place == 0 else f"x{position}.{place}" for place in range(len(event.lots))]
