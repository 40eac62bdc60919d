"""Law: what came of a subsidy is the sum of where it is; a trace that does not add up is not shown."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from clearing.rules.treasury.pieces import Advance, Piece, Pieces, cut
from clearing.values import CaisseCode

SURPLUS: Final = "surplus"
ABROAD: Final = "caisse "
"""What the name of another caisse's producers, as who sold, begins with."""


class State(StrEnum):
    """Where cents are, or how they left. in a batch: of a settlement, or of a netting with another caisse, and not paid yet."""

    RETURNED = "given back"
    FREE = "free"
    IN_PURSES = "in purses"
    IN_CONTRACTS = "in contracts"
    HELD = "held"
    BEFORE = "spent before the opening"
    WRITTEN_OFF = "written off"
    LEFT = "left otherwise"
    OWED = "owed"
    IN_BATCH = "in a batch"
    PAID = "paid"


SPENT: Final = frozenset({State.OWED, State.IN_BATCH, State.PAID})
"""What producers got or are to get."""


class Receipt(NamedTuple):
    """Money that came from outside. position: of its event; fund: that it came into, "" for a member's own or another's; how:
    as people call it; grant: the subsidy that it is a part of, "" of none."""

    position: int
    fund: str
    cents: int
    how: str
    grant: str = ""


@dataclass(slots=True)
class Part:
    """What one payer pays of one line out of one lot, or out of a fund (lot is empty). by: how a fund paid it; batch: 0 when in
    none; settled_on: the day that a netting with other caisses counts it on; netted: the day of that netting."""

    what: tuple[int, str, str, str, str]  # line, step, payer, source, lot
    category: str
    payee: str
    day: str
    sale: int
    pieces: Pieces
    by: str = ""
    held: bool = False
    batch: int = 0
    paid: bool = False
    settled_on: str = ""
    netted: str = ""

    def state(self) -> State:
        if self.held:
            return State.HELD
        if self.paid:
            return State.PAID
        return State.IN_BATCH if self.batch or self.netted else State.OWED


def lump(payee: str, pieces: Pieces, *, by: str, day: str, category: str = "", sale: int = 0, payer: str = "") -> Part:
    """Money that is owed to a producer without the lines of a sale."""
    what = (0, "payer", payer, "", "")
    return Part(what=what, category=category, payee=payee, day=day, sale=sale, pieces=pieces, by=by)


class Row(NamedTuple):
    """Cents of one receipt in one place. receipt: its number, once read out (Traced) the position of its event; credit: which
    credit, fund or way they went by; day: ISO, sale: position of the sale, batch: 0 when it is none."""

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

    def by_receipt(piece: Piece) -> Iterator[Piece]:
        if piece.receipt >= 0:
            yield piece
            return
        for backed in cut(backing[-piece.receipt], piece.cents):
            yield from by_receipt(backed)

    for row in rows:
        if row.receipt >= 0:
            yield row
        else:
            for receipt, cents in by_receipt(Piece(row.receipt, row.cents)):
                yield row._replace(receipt=receipt, cents=cents)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """One subsidy, or all that came into one fund (then funder is empty and nothing is promised). lapsed: came back to a fund
    out of purses, and may have been credited again. came: cents by how they came; rows name the position of a receipt.
    names: of producers by their ids."""

    grant: str
    funder: str
    purpose: str
    promised_cents: int
    reduced_cents: int
    received_cents: int
    lapsed_cents: int
    all_rows: tuple[Row, ...]
    came: Mapping[str, int]
    names: Mapping[str, str]

    @property
    def to_come_cents(self) -> int:
        return self.promised_cents - self.reduced_cents - self.received_cents

    def cents(self, *states: State) -> int:
        return sum(row.cents for row in self.all_rows if row.state in states)

    @property
    def spent_cents(self) -> int:
        return self.cents(*SPENT)

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
        return sorted(found, key=lambda row: (
            row.state not in SPENT, row.day, row.sale, row.credit, row.category, row.receipt
        ))  # fmt: skip

    def by_producer(self) -> dict[str, dict[State, int]]:
        """What each producer got or is to get, by where it is: who got most first."""
        sums: dict[str, dict[State, int]] = {}
        for row in self.all_rows:
            if row.state in SPENT and row.cents:
                of = sums.setdefault(row.producer, dict.fromkeys((State.PAID, State.IN_BATCH, State.OWED), 0))
                of[row.state] += row.cents
        return dict(sorted(sums.items(), key=lambda one: (-sum(one[1].values()), one[0])))

    def by_credit_and_producer(self) -> dict[tuple[str, str], int]:
        """What is spent, by credit and who sold; where the rest is, by credit or fund."""
        sums: dict[tuple[str, str], int] = defaultdict(int)
        for row in self.all_rows:
            sums[row.credit, row.producer or f"({row.state})"] += row.cents
        return dict(sums)


def by_how(came: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Cents by how they came, in the order in which each first did."""
    sums: dict[str, int] = {}
    for how, cents in came:
        sums[how] = sums.get(how, 0) + cents
    return sums


def together(parts: Mapping[CaisseCode, Traced]) -> Traced:
    """One funder's money for several caisses that call it alike: each sum is theirs added up, each row says whose it is.

    parts: at least one. Sales, batches and receipts keep the numbers of their own log.
    """
    first = next(iter(parts.values()))
    return Traced(
        grant=first.grant, funder=" and ".join(dict.fromkeys(one.funder for one in parts.values())),
        purpose=first.purpose, promised_cents=sum(one.promised_cents for one in parts.values()),
        reduced_cents=sum(one.reduced_cents for one in parts.values()),
        received_cents=sum(one.received_cents for one in parts.values()),
        lapsed_cents=sum(one.lapsed_cents for one in parts.values()),
        all_rows=tuple(
            row._replace(credit=f"{code}: {row.credit}") for code, one in parts.items() for row in one.all_rows
        ),
        came=by_how((how, cents) for one in parts.values() for how, cents in one.came.items()),
        names={producer: name for one in parts.values() for producer, name in one.names.items()},
    )
