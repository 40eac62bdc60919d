"""Law: what came of a subsidy is the sum of where it is; a trace that does not add up is not shown."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from clearing.rules.pieces import Advance, Pieces, cut
from clearing.values import CaisseCode


class State(StrEnum):
    RETURNED = "given back"
    FREE = "free"
    IN_PURSES = "in purses"
    HELD = "held"
    LEFT = "left otherwise"
    OWED = "owed"
    IN_BATCH = "in a batch"
    PAID = "paid"


class Row(NamedTuple):
    """Cents of one receipt (the position of its event) in one place. credit: which credit, fund or way they went by; day: ISO,
    sale: position of the sale, batch: 0 when it is none."""

    receipt: int
    credit: str
    day: str
    sale: int
    category: str
    producer: str
    state: State
    batch: int
    cents: int


class Unreconciled(AssertionError):
    """The places do not sum to what came: the program is wrong; run `clearing audit` on this log."""


def resolved(rows: Iterable[Row], advances: Mapping[int, Advance]) -> Iterator[Row]:
    """Rows of advances by the money that backed them since, in the order of the rows; what nothing backed is left out."""
    backing: dict[int, Pieces] = {number: list(one.backing) for number, one in advances.items()}
    for row in rows:
        if row.receipt >= 0:
            yield row
        else:
            for receipt, cents in cut(backing[-row.receipt], row.cents):
                yield row._replace(receipt=receipt, cents=cents)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """One subsidy. lapsed: came back to a fund out of purses, and may have been credited again."""

    grant: str
    funder: str
    promised_cents: int
    reduced_cents: int
    received_cents: int
    lapsed_cents: int
    all_rows: tuple[Row, ...]

    @property
    def to_come_cents(self) -> int:
        return self.promised_cents - self.reduced_cents - self.received_cents

    def cents(self, *states: State) -> int:
        return sum(row.cents for row in self.all_rows if row.state in states)

    @property
    def spent_cents(self) -> int:
        return self.cents(State.OWED, State.IN_BATCH, State.PAID)

    def reconcile(self) -> None:
        """Raises Unreconciled."""
        found = self.cents(*State)
        if found != self.received_cents:
            raise Unreconciled(f"{self.received_cents} cents of {self.grant} came, {found} are found; run `clearing audit`")

    def rows(self) -> list[Row]:
        """One per credit, day, sale, category, producer, state and batch: what is spent first, by day."""
        sums: dict[Row, int] = defaultdict(int)
        for row in self.all_rows:
            sums[row._replace(cents=0)] += row.cents
        found = [row._replace(cents=cents) for row, cents in sums.items()]
        return sorted(found, key=lambda row: (not row.sale, row.day, row.sale, row.credit, row.category, row.receipt))

    def by_credit_and_producer(self) -> dict[tuple[str, str], int]:
        """What is spent, by credit and who sold; where the rest is, by credit or fund."""
        sums: dict[tuple[str, str], int] = defaultdict(int)
        for row in self.all_rows:
            sums[row.credit, row.producer or f"({row.state})"] += row.cents
        return dict(sums)


def together(parts: Mapping[CaisseCode, Traced]) -> Traced:
    """One funder's money for several caisses that call it alike: each sum is theirs added up, each row says whose it is.

    parts: at least one. Sales, batches and receipts keep the numbers of their own log.
    """
    first = next(iter(parts.values()))
    return Traced(
        grant=first.grant, funder=" and ".join(dict.fromkeys(one.funder for one in parts.values())),
        promised_cents=sum(one.promised_cents for one in parts.values()),
        reduced_cents=sum(one.reduced_cents for one in parts.values()),
        received_cents=sum(one.received_cents for one in parts.values()),
        lapsed_cents=sum(one.lapsed_cents for one in parts.values()),
        all_rows=tuple(
            row._replace(credit=f"{code}: {row.credit}") for code, one in parts.items() for row in one.all_rows
        ),
    )
