"""Law: every euro of a subsidy is somewhere: given back, free, in purses, held, left otherwise, owed, in a batch, or paid.

Folds the log alone, first in, first out within each fund and within each credit (rules/pieces.py); a repayment takes the
subsidy's own money first. No member, no card, and of time only the day. docs/decisions/0015-money-of-funders.md says why.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from clearing.events import bonus, closing, crediting, funds, grants, households, sales, settlement
from clearing.events.basket import Line, Return, Share
from clearing.events.caisse import CaisseFounded
from clearing.events.catalogue import Event
from clearing.rules.calendar import CivilCalendar
from clearing.rules.pieces import Lot, Piece, Pieces, Pools, cut, total
from clearing.rules.postings import Origins, UnexplainedPosting, legs
from clearing.rules.returns import new_lot_ids
from clearing.rules.traced import Row, State, Traced, resolved
from clearing.values import Position

Key = tuple[bytes, bytes]
SURPLUS: Final = "surplus"


@dataclass(slots=True)
class Part:
    """What one payer pays of one line out of one lot, or out of a fund (lot is empty). batch: 0 when in none."""

    what: tuple[int, str, str, str, str]  # line, step, payer, source, lot
    category: str
    payee: str
    day: str
    sale: int
    pieces: Pieces
    held: bool = False
    batch: int = 0
    paid: bool = False

    def state(self) -> State:
        if self.held:
            return State.HELD
        if self.paid:
            return State.PAID
        return State.IN_BATCH if self.batch else State.OWED


@dataclass(slots=True)
class Trace:
    """Where all money is; `take` every event of a log, in order."""

    subsidies: dict[str, grants.SubsidyNotified] = field(default_factory=dict)
    reduced: dict[str, int] = field(default_factory=dict)
    receipts: dict[int, str] = field(default_factory=dict)  # position -> subsidy
    received: dict[str, int] = field(default_factory=dict)
    pools: Pools = field(default_factory=Pools)
    lots: dict[str, Lot] = field(default_factory=dict)
    credit_of: dict[str, str] = field(default_factory=dict)  # lot -> what it is called
    lapsed: dict[int, int] = field(default_factory=dict)  # by receipt
    operations: dict[Key, list[Part]] = field(default_factory=dict)
    captured_by: dict[Key, Key] = field(default_factory=dict)
    named: dict[tuple[str, bytes], Key] = field(default_factory=dict)  # (producer, x) -> its first operation
    pending: dict[str, list[Part]] = field(default_factory=dict)
    batches: dict[tuple[int, str], list[Part]] = field(default_factory=dict)
    gone: list[tuple[State, str, str, Pieces]] = field(default_factory=list)  # state, how, day
    origins: Origins = field(default_factory=Origins)
    calendar: CivilCalendar = field(default_factory=lambda: CivilCalendar("UTC"))

    def take(self, event: Event, position: int, at_us: int) -> None:
        self.origins.note(event, Position(position))
        day = self.calendar.day(at_us).isoformat()
        followed = _FOLLOWED.get(type(event))
        if followed is not None:
            followed(self, event, position, day)
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
                self.pools.put(fund, [Piece(position, -cents)])
            elif kind == "fund" and filled:
                self.credit_of[f"x{position}"] = type(event).__name__
                self.lot(f"x{position}").put(self.pools.take(fund, cents))
            elif kind == "fund":
                self.gone.append((State.LEFT, type(event).__name__, day, self.pools.take(fund, cents)))

    def of(self, grant: str) -> Traced:
        """Where the money of one subsidy is."""
        said = self.subsidies[grant]
        wanted = {position for position, name in self.receipts.items() if name == grant}
        rows = [row for row in resolved(self.rows(), self.pools.advances) if row.receipt in wanted]
        return Traced(
            grant=grant, funder=said.funder, promised_cents=said.cents, reduced_cents=self.reduced.get(grant, 0),
            received_cents=self.received.get(grant, 0), lapsed_cents=sum(self.lapsed.get(one, 0) for one in wanted),
            all_rows=tuple(rows),
        )

    def rows(self) -> Iterable[Row]:
        """Of all money: what was spent or is held first, in the order of the sales, then what is in purses, gone, and free."""
        for parts in self.operations.values():
            for part in parts:
                lot = part.what[4]
                credit = self.credit_of.get(lot, lot) if lot else f"fund by {part.what[2]}"
                for receipt, cents in part.pieces:
                    yield Row(receipt, credit, part.day, part.sale, part.category, part.payee, part.state(), part.batch, cents)
        for name, known in self.lots.items():
            for receipt, cents in known.pieces:
                yield Row(receipt, self.credit_of.get(name, name), "", 0, "", "", State.IN_PURSES, 0, cents)
        for state, how, day, pieces in self.gone:
            for receipt, cents in pieces:
                yield Row(receipt, how, day, 0, "", "", state, 0, cents)
        for fund in self.pools.funds():
            for receipt, cents in self.pools.free(fund):
                yield Row(receipt, f"fund {fund}", "", 0, "", "", State.FREE, 0, cents)

    def lot(self, name: str) -> Lot:
        return self.lots.setdefault(name, Lot())

    def lapse(self, fund: str, pieces: Pieces) -> None:
        for receipt, cents in self.pools.put(fund, pieces):
            self.lapsed[receipt] = self.lapsed.get(receipt, 0) + cents

    def operation_of(self, producer: str, terminal: bytes, x: bytes) -> list[Part]:
        """The parts of an operation, those of its capture when it was a hold that one used up."""
        key = (terminal, x) if (terminal, x) in self.operations else self.named.get((producer, x), (terminal, x))
        return self.operations.get(self.captured_by.get(key, key), [])


def _founded(trace: Trace, event: CaisseFounded, _position: int, _day: str) -> None:
    trace.calendar = CivilCalendar(event.zone)


def _promised(trace: Trace, event: grants.SubsidyNotified, _position: int, _day: str) -> None:
    trace.subsidies[event.grant] = event


def _reduced(trace: Trace, event: grants.SubsidyReduced, _position: int, _day: str) -> None:
    trace.reduced[event.grant] = trace.reduced.get(event.grant, 0) + event.cents


def _money_came(trace: Trace, event: funds.MoneyReceived, position: int, _day: str) -> None:
    if event.grant is not None:
        trace.receipts[position] = event.grant
        trace.received[event.grant] = trace.received.get(event.grant, 0) + event.cents
    trace.pools.put(event.fund, [Piece(position, event.cents)])


def _granted(trace: Trace, event: funds.AllocationGranted | funds.SingleGranted, _position: int, _day: str) -> None:
    lot = f"{event.rule}/{event.period}"
    cents = event.total_cents if isinstance(event, funds.AllocationGranted) else event.cents
    trace.lot(lot).put(trace.pools.take(event.fund, cents))


def _credited(trace: Trace, event: funds.PurseCredited, position: int, _day: str) -> None:
    lot = f"x{position}"
    trace.credit_of[lot] = "single credit" if event.fund is not None else "own money"
    own = [Piece(position, event.cents)]
    trace.lot(lot).put(own if event.fund is None else trace.pools.take(event.fund, event.cents))


def _lapsed(trace: Trace, event: funds.CohortLapsed | funds.LotLapsed, _position: int, _day: str) -> None:
    trace.lapse(event.fund, trace.lot(event.lot).take(event.cents))


def _rolled(trace: Trace, event: crediting.CohortRolled, _position: int, _day: str) -> None:
    kept = f"{event.lot}+"
    trace.credit_of[kept] = event.lot
    trace.lot(kept).put(trace.lot(event.lot).take(event.cents))


def _separated(trace: Trace, event: households.HouseholdSeparated, _position: int, _day: str) -> None:
    for moved in event.lots:
        if moved.new_lot != moved.lot:
            trace.credit_of[moved.new_lot] = trace.credit_of.get(moved.lot, moved.lot)
            trace.lot(moved.new_lot).put(trace.lot(moved.lot).take(moved.cents))


def _emptied(trace: Trace, event: households.PurseEmptied, _position: int, day: str) -> None:
    for ended in event.lots:
        pieces = trace.lot(ended.lot).take(ended.cents)
        if ended.fund is None:
            trace.gone.append((State.LEFT, "back to members", day, pieces))
        else:
            trace.lapse(ended.fund, pieces)


def _taken_back(trace: Trace, event: bonus.BonusTakenBack, _position: int, _day: str) -> None:
    trace.pools.put(event.fund, trace.lot(event.lot).take(event.cents))


def _sold(trace: Trace, event: sales.SaleDecided | sales.AuthorisationDecided, position: int, day: str) -> None:
    if not event.shares:
        return
    held = isinstance(event, sales.AuthorisationDecided)
    parts = trace.operations.setdefault((event.op.terminal, event.op.x), [])
    trace.named.setdefault((event.op.producer, event.op.x), (event.op.terminal, event.op.x))
    for share in event.shares:
        uses = [(use.lot, trace.lot(use.lot).take(use.cents)) for use in share.lots]
        if not uses:
            uses = [("", trace.pools.take(share.source[5:], share.cents))]
        for lot, pieces in uses:
            _paid(trace, parts, _part(share, lot, event.lines, position, day, pieces), held=held)


def _part(share: Share, lot: str, lines: tuple[Line, ...], position: int, day: str, pieces: Pieces) -> Part:
    return Part(
        what=(share.line, share.step, share.payer, share.source, lot), category=lines[share.line].category, payee=share.payee,
        day=day, sale=position, pieces=pieces,
    )


def _paid(trace: Trace, parts: list[Part], part: Part, *, held: bool) -> None:
    """Held, or owed to the producer; a captured surplus is in its fund at once."""
    part.held = held
    if part.what[1] == SURPLUS and not held:
        trace.pools.put(part.payee[5:], part.pieces)
        return
    parts.append(part)
    if not held:
        trace.pending.setdefault(part.payee, []).append(part)


def _captured(trace: Trace, event: sales.CaptureDecided, position: int, day: str) -> None:
    if not event.shares and not event.released:
        return
    hold: Key = (event.op.terminal, event.original)
    if hold not in trace.operations:
        hold = trace.named.get((event.op.producer, event.original), hold)
    held = trace.operations.get(hold, [])
    key: Key = (event.op.terminal, event.op.x)
    trace.captured_by[hold] = key
    parts = trace.operations.setdefault(key, [])
    trace.named.setdefault((event.op.producer, event.op.x), key)
    for share in event.shares:
        for lot, cents in [(use.lot, use.cents) for use in share.lots] or [("", share.cents)]:
            pieces = _out(held, (share.step, share.payer, share.source, lot), cents)
            _paid(trace, parts, _part(share, lot, event.lines, position, day, pieces), held=False)
    _give_back(trace, held, event.released, position)


def _out(parts: list[Part], what: tuple[str, str, str, str], cents: int, line: int | None = None) -> Pieces:
    """Cents out of the parts of one payer and lot, of one line or of any."""
    taken: Pieces = []
    for part in parts:
        if part.what[1:] == what and (line is None or part.what[0] == line):
            taken += cut(part.pieces, cents - total(taken))
    return taken


def _give_back(trace: Trace, parts: list[Part], returned: tuple[Return, ...], position: int) -> None:
    """Out of held or captured parts, back to where they came from."""
    renewed = new_lot_ids(returned, position)
    for back in returned:
        for lot, cents, outcome in back.lots or [("", back.cents, "")]:
            held = any(part.held for part in parts)
            if back.step == SURPLUS and not held:
                pieces = trace.pools.take_newest(back.payee[5:], cents)
            else:
                pieces = _out(parts, (back.step, back.payer, back.source, lot), cents, None if held else back.line)
            fund = trace.origins.known.get(f"lot:{lot}")  # of own money there is none
            if not lot:
                trace.pools.put(back.source[5:], pieces)
            elif outcome == "lapsed" and fund is not None:
                trace.lapse(fund, pieces)
            elif outcome == "new":
                new = renewed[lot]
                trace.credit_of[new] = trace.credit_of.get(lot, lot)
                trace.lot(new).put(pieces)
            else:
                trace.lot(lot).put(pieces)


def _expired(trace: Trace, event: sales.HoldExpired, position: int, _day: str) -> None:
    _give_back(trace, trace.operation_of(event.producer, event.terminal, event.original), event.released, position)


def _undone(trace: Trace, event: sales.ReversalDecided | sales.RefundDecided, position: int, _day: str) -> None:
    if event.returned:
        parts = trace.operation_of(event.op.producer, event.op.terminal, event.original)
        _give_back(trace, parts, event.returned, position)


def _batched(trace: Trace, event: settlement.BatchClosed, _position: int, _day: str) -> None:
    for line in event.lines:
        if line.paid_cents:
            parts = trace.batches[event.batch, line.producer] = trace.pending.pop(line.producer, [])
            for part in parts:
                part.batch = event.batch


def _confirmed(trace: Trace, event: settlement.PayoutConfirmed, _position: int, _day: str) -> None:
    for part in trace.batches.get((event.batch, event.producer), ()):
        part.paid = True


def _sent_back(trace: Trace, event: settlement.PayoutReturned, _position: int, _day: str) -> None:
    parts = trace.batches.pop((event.batch, event.producer), [])
    for part in parts:
        part.batch, part.paid = 0, False
    trace.pending.setdefault(event.producer, []).extend(parts)


def _moved(trace: Trace, event: grants.TransferConfirmed, _position: int, _day: str) -> None:
    trace.pools.put(event.to, trace.pools.take(event.fund, event.cents))


def _repaid(trace: Trace, event: grants.RepaymentConfirmed, _position: int, day: str) -> None:
    own = [position for position, grant in trace.receipts.items() if grant == event.grant]
    pieces = trace.pools.take_first(event.fund, event.cents, own)
    trace.gone.append((State.RETURNED, f"to funder of {event.grant}", day, pieces))


def _own_left(trace: Trace, event: closing.OwnMoneyReleased, _position: int, day: str) -> None:
    for use in event.lots:
        trace.gone.append((State.LEFT, "back to members", day, trace.lot(use.lot).take(use.cents)))


def _rest_left(trace: Trace, event: closing.RestReleased, _position: int, day: str) -> None:
    trace.gone.append((State.LEFT, f"to {event.body}", day, trace.pools.take(event.fund, event.cents)))


_FOLLOWED: Final[dict[type, Callable[[Trace, Any, int, str], None]]] = {
    crediting.CohortRolled: _rolled, households.HouseholdSeparated: _separated, households.PurseEmptied: _emptied,
    bonus.BonusTakenBack: _taken_back,
    CaisseFounded: _founded, grants.SubsidyNotified: _promised, grants.SubsidyReduced: _reduced,
    funds.MoneyReceived: _money_came, funds.AllocationGranted: _granted, funds.SingleGranted: _granted,
    funds.PurseCredited: _credited, funds.CohortLapsed: _lapsed, funds.LotLapsed: _lapsed, sales.SaleDecided: _sold,
    sales.AuthorisationDecided: _sold, sales.CaptureDecided: _captured, sales.HoldExpired: _expired,
    sales.ReversalDecided: _undone, sales.RefundDecided: _undone, settlement.BatchClosed: _batched,
    settlement.PayoutConfirmed: _confirmed, settlement.PayoutReturned: _sent_back, grants.TransferConfirmed: _moved,
    grants.RepaymentConfirmed: _repaid, closing.OwnMoneyReleased: _own_left, closing.RestReleased: _rest_left,
}
