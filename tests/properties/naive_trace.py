"""Law: the trace again, the most stupid way: every cent is one entry of a list, and moving money is moving entries.

A cent is the number of the receipt it came by, or minus the number of the advance that it is. Boxes are lists of cents: what
is free in a fund, a lot, a contract's waiting money, what one payer pays of a line out of a lot. No code of the trace is used.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from clearing.events import (
    bonus,
    closing,
    contracts,
    cotisations,
    crediting,
    funds,
    grants,
    households,
    interchange,
    opening,
    orders,
    sales,
    settlement,
    solidarity,
)
from clearing.events.catalogue import Event
from clearing.rules.between.abroad import payees
from clearing.rules.selling.returns import new_lot_ids

Box = tuple[Any, ...]
_PAID = "cotisation"


class NaiveTrace:
    """cents: of each box. of: what became of a part: producer, "held", "owed", "in a batch", "paid", its netting's day."""

    def __init__(self) -> None:
        self.cents: dict[Box, list[int]] = defaultdict(list)
        self.of: dict[Box, list[str]] = {}
        self.receipts: list[tuple[str, str]] = [("", "")]  # fund, grant
        self.kinds = [""]
        self.unbacked: dict[int, int] = {}
        self.backing: dict[int, list[int]] = {}
        self.fund_of: dict[int, str] = {}
        self.ends: dict[str, str] = {}  # lot -> fund of what lapses
        self.captured_by: dict[Any, Any] = {}
        self.first: dict[Any, Any] = {}
        self.gives: dict[Any, int] = {}
        self.in_batch: dict[Any, list[Box]] = defaultdict(list)

    # moving cents

    def come(self, box: Box, cents: int, fund: str = "", grant: str = "", kind: str = "") -> None:
        if cents:
            self.receipts.append((fund, grant))
            self.kinds.append(kind)
            self.put(box, [len(self.receipts) - 1] * cents)

    def put(self, box: Box, cents: Iterable[int]) -> None:
        """Into a fund: its own advances end first, what nothing backed before what something did; the rest backs or is free."""
        if box[0] != "fund":
            self.cents[box] += cents
            return
        come = [cent if cent > 0 or self.fund_of[-cent] != box[1] else self._ended(-cent) for cent in cents]
        for cent in come:
            waits = [number for number, fund in self.fund_of.items() if fund == box[1] and self.unbacked[number]]
            if waits and cent:
                self.unbacked[waits[0]] -= 1
                self.backing[waits[0]].append(cent)
            elif cent:
                self.cents[box].append(cent)

    def _ended(self, number: int) -> int:
        """One cent of an advance is not needed any more; 0 when nothing had backed it."""
        if not self.unbacked[number]:
            return self.backing[number].pop()
        self.unbacked[number] -= 1
        return 0

    def take(self, box: Box, cents: int, *, wanted: Iterable[int] = ()) -> list[int]:
        """wanted: these receipts first, in their order; then the oldest, advances last."""
        here = self.cents[box]
        if box[0] in ("fund", "lot", "contract"):
            first = {receipt: place - 10**9 for place, receipt in reversed(list(enumerate(wanted)))}
            here.sort(key=lambda cent: first.get(cent, (cent if cent > 0 else 10**9 - cent)))
        taken, here[:] = here[:cents], here[cents:]
        assert len(taken) == cents or box[0] in ("fund", "part"), box
        if len(taken) < cents and box[0] == "fund":
            number = len(self.fund_of) + 1
            self.fund_of[number], self.backing[number], self.unbacked[number] = box[1], [], cents - len(taken)
            taken += [-number] * (cents - len(taken))
        return taken

    def move(self, box: Box, to: Box, cents: int) -> None:
        self.put(to, self.take(box, cents))

    def gone(self, how: str, cents: Iterable[int]) -> None:
        self.put(("gone", how), cents)

    # parts of what was sold or held

    def part(self, key: Any, share: Any, lot: str, cents: list[int], *, held: bool, position: int, payee: str = "") -> None:
        if share.step == "surplus" and not held:
            self.put(("fund", share.payee[5:]), cents)
            return
        box = ("part", key, share.line, share.step, share.payer, share.source, lot, position, len(self.of))
        self.put(box, cents)
        self.of[box] = [payee or share.payee, "held" if held else "owed", ""]

    def pay(self, key: Any, event: Any, position: int, *, held: bool = False, payee: str = "") -> None:
        for share in event.shares:
            if not share.lots:
                cents = self.take(("fund", share.source[5:]), share.cents)
                self.part(key, share, "", cents, held=held, position=position, payee=payee)
            for use in share.lots:
                cents = self.take(("lot", use.lot), use.cents)
                self.part(key, share, use.lot, cents, held=held, position=position, payee=payee)

    def out(self, key: Any, back: Any, lot: str, cents: int, line: int | None) -> list[int]:
        taken: list[int] = []
        for box in list(self.of):
            if box[1] == key and box[3:7] == (back.step, back.payer, back.source, lot) and line in (None, box[2]):
                taken += self.take(box, cents - len(taken))
        return taken

    def settle(self, key: Any, to: Any, event: Any, position: int, *, by_line: bool) -> None:
        for share in event.shares:
            for lot, cents in [(use.lot, use.cents) for use in share.lots] or [("", share.cents)]:
                taken = self.out(key, share, lot, cents, share.line if by_line else None)
                self.part(to, share, lot, taken, held=False, position=position)

    def give_back(self, key: Any, returned: Any, position: int, *, held: bool, by_line: bool = False) -> None:
        new = new_lot_ids(returned, position)
        for back in returned:
            for lot, cents, outcome in back.lots or [("", back.cents, "")]:
                if back.step == "surplus" and not held:
                    fund = ("fund", back.payee[5:])
                    taken = self.take(fund, cents, wanted=sorted(self.cents[fund], reverse=True))
                else:
                    taken = self.out(key, back, lot, cents, back.line if by_line or not held else None)
                if not lot:
                    self.put(("fund", back.source[5:]), taken)
                elif outcome == "lapsed" and lot in self.ends:
                    self.put(("fund", self.ends[lot]), taken)
                elif outcome == "new":
                    self.put(("lot", new[lot]), taken)
                    self.ends |= {new[lot]: self.ends[lot]} if lot in self.ends else {}
                else:
                    self.put(("lot", lot), taken)

    def key(self, producer: str, terminal: bytes, x: bytes) -> Any:
        """Of what a producer's terminal calls x: its own, or another's; of a hold that was captured, the capture."""
        own = any(box[1] == (terminal, x) for box in self.of)
        key = (terminal, x) if own else self.first.get((producer, x), (terminal, x))
        return self.captured_by.get(key, key)

    def found(self) -> dict[tuple[int, str, str], int]:
        """Cents by receipt or advance, state and producer."""
        found: Counter[tuple[int, str, str]] = Counter()
        states = {"fund": "free", "lot": "in purses", "contract": "in contracts"}
        for box, cents in self.cents.items():
            producer, state = self.of[box][:2] if box[0] == "part" else ("", states.get(box[0]) or box[1])
            found.update((cent, state, producer) for cent in cents)
        return dict(found)

    def take_in(self, event: Event, position: int) -> None:
        stupid = STUPID.get(type(event))
        if stupid is not None:
            stupid(self, event, position)


def _opened(n: NaiveTrace, e: opening.OpeningAccepted, p: int) -> None:
    for fund in e.funds:
        if fund.received_cents:
            n.come(("fund", fund.fund), fund.received_cents, fund.fund)
        in_purses = sum(lot.cents for lot in e.lots if lot.fund == fund.fund)
        if fund.engaged_cents > in_purses:
            n.gone("spent before the opening", n.take(("fund", fund.fund), fund.engaged_cents - in_purses))
    for lot_id, lot in zip(opening.lot_ids(e, p), e.lots, strict=True):
        if lot.fund is None:
            n.come(("lot", lot_id), lot.cents)
        else:
            n.move(("fund", lot.fund), ("lot", lot_id), lot.cents)
            n.ends[lot_id] = lot.fund
    for debt in e.debts:
        _lump(n, ("paper", p), debt.producer, debt.cents, p)


def _lump(n: NaiveTrace, key: Any, producer: str, cents: int, p: int, taken: list[int] | None = None) -> None:
    box = ("part", key, 0, "payer", "", "", "", p, len(n.of))
    if taken is None:
        n.come(box, cents)
    else:
        n.put(box, taken)
    n.of[box] = [producer, "owed", ""]


def _newest(n: NaiveTrace, key: Any, cents: int) -> list[int]:
    """The cents of a contract that were paid last."""
    taken: list[int] = []
    for box in reversed([box for box in n.of if box[1] == key]):
        while n.cents[box] and len(taken) < cents:
            taken.append(n.cents[box].pop())
    return taken


def _granted(n: NaiveTrace, e: Any, _p: int) -> None:
    lot = f"{e.rule}/{e.period}"
    n.move(("fund", e.fund), ("lot", lot), e.total_cents if isinstance(e, funds.AllocationGranted) else e.cents)
    n.ends.setdefault(lot, getattr(e, "lapse_to", None) or e.fund)


def _credited(n: NaiveTrace, e: funds.PurseCredited | bonus.BonusCredited, p: int) -> None:
    if e.fund is None:
        n.come(("lot", f"x{p}"), e.cents)
    else:
        n.move(("fund", e.fund), ("lot", f"x{p}"), e.cents)
        n.ends[f"x{p}"] = e.fund


def _rolled(n: NaiveTrace, e: crediting.CohortRolled, _p: int) -> None:
    n.move(("lot", e.lot), ("lot", f"{e.lot}+"), e.cents)
    n.ends[f"{e.lot}+"] = e.fund


def _separated(n: NaiveTrace, e: households.HouseholdSeparated, _p: int) -> None:
    for lot in e.lots:
        if lot.new_lot != lot.lot:
            n.move(("lot", lot.lot), ("lot", lot.new_lot), lot.cents)
            end = lot.lapse_to or lot.fund
            n.ends |= {lot.new_lot: end} if end is not None else {}


def _emptied(n: NaiveTrace, e: households.PurseEmptied, _p: int) -> None:
    for lot in e.lots:
        n.move(("lot", lot.lot), ("gone", "left otherwise") if lot.fund is None else ("fund", lot.fund), lot.cents)


def _written_off(n: NaiveTrace, e: cotisations.CotisationWrittenOff, _p: int) -> None:
    loose = [number for number, (fund, grant) in enumerate(n.receipts) if fund == e.fund and not grant]
    paid = [number for number in loose if n.kinds[number] == _PAID]
    others = [number for number in loose if n.kinds[number] != _PAID]
    n.gone("written off", n.take(("fund", e.fund), e.cents, wanted=[*reversed(paid), *reversed(others)]))


def _repaid(n: NaiveTrace, e: grants.RepaymentConfirmed, _p: int) -> None:
    own = [number for number, (_, grant) in enumerate(n.receipts) if grant == e.grant]
    n.gone("given back", n.take(("fund", e.fund), e.cents, wanted=own))


def _sold(n: NaiveTrace, e: Any, p: int) -> None:
    if e.shares:
        n.first.setdefault((e.op.producer, e.op.x), (e.op.terminal, e.op.x))
        n.pay((e.op.terminal, e.op.x), e, p, held=isinstance(e, sales.AuthorisationDecided))


def _captured(n: NaiveTrace, e: sales.CaptureDecided, p: int) -> None:
    if e.shares or e.released:
        key, hold = (e.op.terminal, e.op.x), n.key(e.op.producer, e.op.terminal, e.original)
        n.settle(hold, key, e, p, by_line=False)
        n.give_back(hold, e.released, p, held=True)
        n.captured_by[hold] = key
        n.first.setdefault((e.op.producer, e.op.x), key)


def _undone(n: NaiveTrace, e: Any, p: int) -> None:
    given = n.gives.get((e.op.terminal, e.original))
    if given is None:
        key = n.key(e.op.producer, e.op.terminal, e.original)
        n.give_back(key, e.returned, p, held=any(box[1] == key and n.of[box][1] == "held" for box in n.of))
        return
    for back in e.returned:
        wanted = [given, *range(len(n.receipts), 0, -1)]
        n.gone("left otherwise", n.take(("fund", back.payee[5:]), back.cents, wanted=wanted))


def _expired(n: NaiveTrace, e: sales.HoldExpired, p: int) -> None:
    n.give_back(n.key(e.producer, e.terminal, e.original), e.released, p, held=True)


def _shared(n: NaiveTrace, e: solidarity.DrawsShared, p: int) -> None:
    for draw in e.draws:
        n.pay((draw.terminal, draw.x), draw, p)


def _given(n: NaiveTrace, e: solidarity.GiveDecided, _p: int) -> None:
    if e.shares:
        fund = e.shares[0].payee[5:]
        n.come(("fund", fund), sum(share.cents for share in e.shares), fund)
        n.gives[e.op.terminal, e.op.x] = len(n.receipts) - 1


def _delivered(n: NaiveTrace, e: Any, p: int) -> None:
    n.settle(("order", e.order), ("delivered", e.order), e, p, by_line=True)
    n.give_back(("order", e.order), e.released, p, held=True, by_line=True)


def _instalment(n: NaiveTrace, e: contracts.InstalmentReceived, p: int) -> None:
    if e.fund is not None:
        _lump(n, ("fund part", e.contract), e.producer, 0, p, n.take(("fund", e.fund), e.cents))
    elif e.into:
        n.come(("contract", e.contract), e.cents)


def _instalment_back(n: NaiveTrace, e: contracts.InstalmentReturned, _p: int) -> None:
    if e.through:
        n.gone("left otherwise", _newest(n, ("household part", e.contract), e.from_producer_cents))
        n.gone("left otherwise", n.take(("contract", e.contract), e.cents - e.from_producer_cents))


def _paid_over(n: NaiveTrace, e: contracts.ContractPaidOver, p: int) -> None:
    _lump(n, ("household part", e.contract), e.producer, 0, p, n.take(("contract", e.contract), e.cents))


def _ended(n: NaiveTrace, e: contracts.ContractEnded, _p: int) -> None:
    n.put(("fund", e.fund), _newest(n, ("fund part", e.contract), e.back_fund_cents))
    n.put(("contract", e.contract), _newest(n, ("household part", e.contract), e.from_producer_cents))


def _batched(n: NaiveTrace, e: settlement.BatchClosed, _p: int) -> None:
    for line in e.lines:
        for box, of in n.of.items():
            if line.paid_cents and of[:2] == [line.producer, "owed"]:
                of[1] = "in a batch"
                n.in_batch[e.batch, line.producer].append(box)


def _bank(n: NaiveTrace, e: Any, _p: int) -> None:
    for box in n.in_batch[e.batch, e.producer]:
        n.of[box][1] = "paid" if isinstance(e, settlement.PayoutConfirmed) else "owed"


def _abroad(n: NaiveTrace, e: Any, p: int) -> None:
    key = ("abroad", e.ref)
    match e:
        case interchange.InterchangeHeld():
            n.pay(key, e, p, held=True, payee=f"caisse {e.acquirer}")
        case interchange.InterchangeCaptured():
            n.of |= {box: [of[0], "owed", e.day] for box, of in n.of.items() if box[1] == key}
        case _:
            n.give_back(key, e.returned, p, held=True)


def _netted(n: NaiveTrace, e: Any, _p: int) -> None:
    for of in n.of.values():
        if isinstance(e, interchange.InterchangePaid) and of[2] == f"net {e.day}":
            of[1] = "paid"
        elif isinstance(e, interchange.InterchangeNetted) and "" < of[2] <= e.day:
            of[1:] = ["in a batch" if e.net_cents else "paid", f"net {e.day}"]


def _neighbour(n: NaiveTrace, e: Any, p: int) -> None:
    if isinstance(e, interchange.InterchangeSold):
        for producer, cents in payees(e):
            _lump(n, (e.op.terminal, e.op.x), producer, cents, p)
        return
    for producer, cents in e.taken_back:
        for box, of in list(n.of.items()):
            if box[1] == (e.op.terminal, e.original) and of[0] == producer:
                n.gone("left otherwise", n.take(box, cents))


def _own_left(n: NaiveTrace, e: closing.OwnMoneyReleased, _p: int) -> None:
    for use in e.lots:
        n.move(("lot", use.lot), ("gone", "left otherwise"), use.cents)


STUPID: dict[type, Callable[[NaiveTrace, Any, int], None]] = {
    funds.MoneyReceived: lambda n, e, p: n.come(("fund", e.fund), e.cents, e.fund, e.grant or ""),
    cotisations.CotisationReceived: lambda n, e, p: n.come(("fund", e.fund), e.cents - e.cleared_cents, e.fund, "", _PAID),
    cotisations.CotisationWrittenOff: _written_off,
    cotisations.GiftReceived: lambda n, e, p: n.come(("fund", e.fund), e.cents, e.fund),
    solidarity.CouponsSold: lambda n, e, p: n.come(("fund", e.fund), e.cents, e.fund),
    opening.OpeningAccepted: _opened,
    funds.AllocationGranted: _granted, funds.SingleGranted: _granted, funds.PurseCredited: _credited,
    funds.CohortLapsed: lambda n, e, p: n.move(("lot", e.lot), ("fund", e.fund), e.cents),
    funds.LotLapsed: lambda n, e, p: n.move(("lot", e.lot), ("fund", e.fund), e.cents),
    crediting.CohortRolled: _rolled, households.HouseholdSeparated: _separated, households.PurseEmptied: _emptied,
    bonus.BonusCredited: _credited, bonus.BonusTakenBack: lambda n, e, p: n.move(("lot", e.lot), ("fund", e.fund), e.cents),
    grants.TransferConfirmed: lambda n, e, p: n.move(("fund", e.fund), ("fund", e.to), e.cents),
    grants.RepaymentConfirmed: _repaid,
    sales.SaleDecided: _sold, sales.AuthorisationDecided: _sold, sales.CaptureDecided: _captured, sales.HoldExpired: _expired,
    sales.ReversalDecided: _undone, sales.RefundDecided: _undone,
    solidarity.DrawDecided: lambda n, e, p: None if e.claimed else _sold(n, e, p),
    solidarity.DrawsShared: _shared, solidarity.GiveDecided: _given,
    orders.OrderPlaced: lambda n, e, p: n.pay(("order", e.order), e, p, held=True),
    orders.DeliveryNoted: _delivered, orders.DisputeResolved: _delivered,
    orders.OrderCancelled: lambda n, e, p: n.give_back(("order", e.order), e.released, p, held=True, by_line=True),
    orders.ExceptionResolved: lambda n, e, p: n.pay(("late", e.exception), e, p),
    contracts.InstalmentReceived: _instalment, contracts.InstalmentReturned: _instalment_back,
    contracts.ContractPaidOver: _paid_over, contracts.ContractEnded: _ended,
    contracts.ContractRefunded: lambda n, e, p: n.move(("contract", e.contract), ("gone", "left otherwise"), e.cents),
    settlement.BatchClosed: _batched, settlement.PayoutConfirmed: _bank, settlement.PayoutReturned: _bank,
    interchange.InterchangeHeld: _abroad, interchange.InterchangeCaptured: _abroad, interchange.InterchangeReleased: _abroad,
    interchange.InterchangeExpired: _abroad, interchange.InterchangeNetted: _netted, interchange.InterchangePaid: _netted,
    interchange.InterchangeSold: _neighbour, interchange.InterchangeReversed: _neighbour,
    closing.OwnMoneyReleased: _own_left,
    closing.RestReleased: lambda n, e, p: n.move(("fund", e.fund), ("gone", "left otherwise"), e.cents),
}  # fmt: skip
