"""Law: every euro that came is somewhere: given back, free, in purses, held, left otherwise, owed, in a batch, or paid.

Folds the log alone, first in, first out within each fund and within each credit (treasury/pieces.py); a repayment takes the
subsidy's own money first. No member, no card, and of time only the day. docs/decisions/0015-money-of-funders.md says why.
Each room's own roads: ledger/roads.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from clearing.events.basket import Share
from clearing.events.catalogue import Event
from clearing.events.grants import SubsidyNotified
from clearing.rules.calendar import CivilCalendar
from clearing.rules.ledger.postings import Origins, UnexplainedPosting, legs
from clearing.rules.ledger.roads import (
    adjustments,
    between,
    contests,
    contracts,
    credit,
    ends,
    money,
    orders,
    sold,
    solidarity,
)
from clearing.rules.ledger.traced import SURPLUS, Part, Receipt, Row, State, Traced, by_how, resolved
from clearing.rules.treasury.pieces import Lot, Piece, Pieces, Pools
from clearing.values import Position

Key = tuple[bytes, bytes]
"""Of an operation (terminal, x), an order (b"order", its number), a contract (b"contract", its id), a sale abroad."""


@dataclass(slots=True)
class Trace:
    """Where all money is; `take` every event of a log, in order."""

    subsidies: dict[str, SubsidyNotified] = field(default_factory=dict)
    reduced: dict[str, int] = field(default_factory=dict)
    receipts: dict[int, Receipt] = field(default_factory=dict)  # by number, from 1, as they came
    pools: Pools = field(default_factory=Pools)
    lots: dict[str, Lot] = field(default_factory=dict)
    credit_of: dict[str, str] = field(default_factory=dict)  # lot -> what it is called
    waiting: dict[str, Lot] = field(default_factory=dict)  # households' money in a contract
    lapsed: dict[int, int] = field(default_factory=dict)  # by receipt
    operations: dict[Key, list[Part]] = field(default_factory=dict)
    captured_by: dict[Key, Key] = field(default_factory=dict)
    named: dict[tuple[str, bytes], Key] = field(default_factory=dict)  # (producer, x) -> its first operation
    gives: dict[Key, int] = field(default_factory=dict)  # the receipt of each
    pending: dict[str, list[Part]] = field(default_factory=dict)
    batches: dict[tuple[int, str], list[Part]] = field(default_factory=dict)
    failed: dict[tuple[int, str], list[Part]] = field(default_factory=dict)
    nettings: dict[str, list[Part]] = field(default_factory=dict)  # by day
    gone: list[tuple[State, str, str, Pieces]] = field(default_factory=list)  # state, how, day
    names: dict[str, str] = field(default_factory=dict)  # of producers
    origins: Origins = field(default_factory=Origins)
    calendar: CivilCalendar = field(default_factory=lambda: CivilCalendar("UTC"))

    def take(self, event: Event, position: int, at_us: int) -> None:
        self.origins.note(event, Position(position))
        day = self.calendar.day(at_us).isoformat()
        road = _ROADS.get(type(event))
        if road is not None:
            road(self, event, position, day)
        else:
            self.otherwise(event, position, day)

    def otherwise(self, event: Event, position: int, day: str) -> None:
        """An event that this reader has no road for: what it takes out of a fund for purses is a lot named by its position,
        what it takes otherwise left the fund, what it brings is a receipt."""
        try:
            moved = legs(event, self.origins)
        except UnexplainedPosting:
            return
        filled = any(account.startswith("purse:") and cents < 0 for account, cents in moved.items())
        for account, cents in moved.items():
            kind, _, fund = account.partition(":")
            if kind == "fund" and cents < 0:
                self.come(position, fund, -cents, type(event).__name__)
            elif kind == "fund" and filled:
                self.credit_of[f"x{position}"] = type(event).__name__
                self.lot(f"x{position}").put(self.pools.take(fund, cents))
            elif kind == "fund":
                self.leave(State.LEFT, type(event).__name__, day, self.pools.take(fund, cents))

    # what roads are made of

    def receive(self, position: int, fund: str, cents: int, how: str, grant: str = "") -> Piece:
        """Money comes from outside; whoever asks puts it somewhere."""
        number = len(self.receipts) + 1
        self.receipts[number] = Receipt(position, fund, cents, how, grant)
        return Piece(number, cents)

    def come(self, position: int, fund: str, cents: int, how: str, grant: str = "") -> None:
        """Money comes from outside into a fund."""
        self.pools.put(fund, [self.receive(position, fund, cents, how, grant)])

    def leave(self, state: State, how: str, day: str, pieces: Pieces) -> None:
        self.gone.append((state, how, day, pieces))

    def lot(self, name: str) -> Lot:
        return self.lots.setdefault(name, Lot())

    def contract(self, name: str) -> Lot:
        return self.waiting.setdefault(name, Lot())

    def lapse(self, fund: str, pieces: Pieces) -> None:
        for receipt, cents in self.pools.put(fund, pieces):
            self.lapsed[receipt] = self.lapsed.get(receipt, 0) + cents

    def spend(self, share: Share) -> Iterable[tuple[str, Pieces]]:
        """What a share takes, by lot; out of a fund the lot is empty."""
        if not share.lots:
            return [("", self.pools.take(share.source[5:], share.cents))]
        return [(use.lot, self.lot(use.lot).take(use.cents)) for use in share.lots]

    def owe(self, parts: list[Part], part: Part) -> None:
        """Held, or owed to the producer; a captured surplus is in its fund at once."""
        if part.what[1] == SURPLUS and not part.held:
            self.pools.put(part.payee[5:], part.pieces)
            return
        parts.append(part)
        if not part.held:
            self.pending.setdefault(part.payee, []).append(part)

    def parts_of(self, kind: bytes, name: str) -> list[Part]:
        """The parts of an order or a contract."""
        return self.operations.setdefault((kind, name.encode()), [])

    def operation_of(self, producer: str, terminal: bytes, x: bytes) -> list[Part]:
        """The parts of an operation, those of its capture when it was a hold that one used up."""
        key = (terminal, x) if (terminal, x) in self.operations else self.named.get((producer, x), (terminal, x))
        return self.operations.get(self.captured_by.get(key, key), [])

    # what is read out

    def of(self, grant: str) -> Traced:
        """Where the money of one subsidy is."""
        said = self.subsidies[grant]
        wanted = {number: one for number, one in self.receipts.items() if one.grant == grant}
        return self._traced(wanted, grant, said, said.cents, self.reduced.get(grant, 0))

    def of_fund(self, fund: str) -> Traced:
        """Where all money is that ever came into one fund from outside, whatever fund it is in by now."""
        wanted = {number: one for number, one in self.receipts.items() if one.fund == fund}
        return self._traced(wanted, fund, None, sum(one.cents for one in wanted.values()), 0)

    def _traced(
        self, wanted: dict[int, Receipt], name: str, said: SubsidyNotified | None, promised: int, reduced: int
    ) -> Traced:
        rows = (row for row in resolved(self.rows(), self.pools.advances) if row.receipt in wanted)
        return Traced(
            grant=name, funder="" if said is None else said.funder, purpose="" if said is None else said.purpose,
            promised_cents=promised, reduced_cents=reduced,
            received_cents=sum(one.cents for one in wanted.values()),
            lapsed_cents=sum(self.lapsed.get(number, 0) for number in wanted),
            all_rows=tuple(row._replace(receipt=wanted[row.receipt].position) for row in rows),
            came=by_how((one.how, one.cents) for one in wanted.values()), names=self.names,
        )

    def rows(self) -> Iterable[Row]:
        """Of all money: what was spent or is held first, in the order of the sales, then what is in purses, gone, and free."""
        for parts in self.operations.values():
            for part in parts:
                lot = part.what[4]
                how = self.credit_of.get(lot, lot) if lot else part.by
                for receipt, cents in part.pieces:
                    yield Row(receipt, how, part.day, part.sale, part.category, part.payee, part.state(), part.batch, cents)
        for name, known in self.lots.items():
            for receipt, cents in known.pieces:
                yield Row(receipt, self.credit_of.get(name, name), "", 0, "", "", State.IN_PURSES, 0, cents)
        for contract in self.waiting.values():
            for receipt, cents in contract.pieces:
                yield Row(receipt, "basket contracts", "", 0, "", "", State.IN_CONTRACTS, 0, cents)
        for state, how, day, pieces in self.gone:
            for receipt, cents in pieces:
                yield Row(receipt, how, day, 0, "", "", state, 0, cents)
        for fund in self.pools.funds():
            for receipt, cents in self.pools.free(fund):
                yield Row(receipt, f"fund {fund}", "", 0, "", "", State.FREE, 0, cents)


_ROADS: Final[dict[type, Callable[[Trace, Any, int, str], None]]] = {
    **money.ROADS, **credit.ROADS, **sold.ROADS, **solidarity.ROADS, **orders.ROADS, **contracts.ROADS, **between.ROADS,
    **ends.ROADS, **contests.ROADS, **adjustments.ROADS,
}
