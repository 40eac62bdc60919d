"""Law: the book is the fold of all events of one caisse, in order; it decides nothing and looks facts up for those who do.

Memory of the writer; audit folds the same book from the log alone. Positions rise by one, instants strictly.
"""

import heapq
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final

from clearing.events import (
    caisse as caisse_events,
    funds as fund_events,
    members as member_events,
    producers as producer_events,
    sales as sale_events,
    settlement as settlement_events,
)
from clearing.events.basket import Line, Return, Share
from clearing.events.catalogue import Event
from clearing.events.charte import Span
from clearing.events.codes import Code
from clearing.rules import afterwards, allocation, caisse, funds, members, producers, settlement
from clearing.rules.answers import BrokenBook
from clearing.rules.ceilings import Usage
from clearing.rules.facts import Facts, Spendable
from clearing.rules.members import Member
from clearing.rules.operations import Bodies, Decided, Operation, OperationKey, Operations, State, StoredForm
from clearing.rules.producers import Convention, Producer
from clearing.rules.returns import give_back, pool_surplus, take_shares
from clearing.values import FundId, MemberId, MicroTime, OperationId, PayerId, ProducerId, PurseKind, TerminalId

_APPROVED: Final = frozenset({Code.APPROVED, Code.PARTIAL})


class Book:
    """Everything the writer knows of one caisse at `position`."""

    def __init__(self, bodies: Bodies | None = None) -> None:
        """bodies: how operations are kept; None: as the objects they are, which is for small books."""
        self.position = 0
        self.at_us = 0
        self.caisse = caisse.Caisse()
        self.funds: funds.Funds = {}
        self.members = members.Members()
        self.producers = producers.Producers()
        self.allocation = allocation.Allocation()
        self.settlement = settlement.Settlement()
        self.usage = Usage()
        self.operations = Operations(bodies)
        self.tombstones: dict[TerminalId, dict[OperationId, int]] = {}
        self.holds_due: list[tuple[int, OperationKey]] = []
        self.alerted: set[tuple[TerminalId, int, int]] = set()

    def apply(self, event: Event, position: int, at_us: int, stored: StoredForm | None = None) -> None:
        """Fold the next event in. stored: its stored form, when the caller has it at hand (codec.Encoded).

        Raises BrokenBook when it contradicts what is there: the program is wrong then.
        """
        if position != self.position + 1 or at_us <= self.at_us:
            raise BrokenBook(f"event {position} at {at_us} us does not follow event {self.position} at {self.at_us} us")
        decided = _DECIDED.get(type(event))
        if decided is not None:
            decided(self, event, position, at_us, stored)
        elif (evolve := _EVOLVE.get(type(event))) is not None:
            evolve(self, event, position, at_us)
        self.position, self.at_us = position, at_us

    def due(self, at_us: int) -> Event | None:
        """The next thing that time alone makes happen at at_us: a hold expires, then credit lapses. None: nothing is due."""
        hold = self._next_hold()
        lapse_us = allocation.next_due_us(self.allocation, self.members)
        if hold is not None and hold[0] <= at_us and (lapse_us is None or hold[0] <= lapse_us):
            return afterwards.decide_hold_expiry(self.operations[hold[1]], allocation=self.allocation, at_us=at_us)
        if lapse_us is not None and lapse_us <= at_us:
            return allocation.decide_lapse(self.allocation, self.members, at_us=at_us)
        return None

    def _next_hold(self) -> tuple[int, OperationKey] | None:
        while self.holds_due and not self.operations.is_held(self.holds_due[0][1]):
            heapq.heappop(self.holds_due)
        return self.holds_due[0] if self.holds_due else None

    def operation_of(self, producer: ProducerId, terminal: TerminalId, x: OperationId) -> Operation | None:
        """The operation that a producer's terminal calls x: its own, else that of another terminal of the producer."""
        own = self.operations.get((terminal, x))
        if own is not None:
            return own
        others = (one.terminal for one in self.producers.terminals.values() if one.producer == producer)
        return next((self.operations[other, x] for other in others if (other, x) in self.operations), None)

    def capture_of(self, producer: ProducerId, terminal: TerminalId, x: OperationId) -> Operation | None:
        """The same, but a hold leads to the capture that used it up."""
        found = self.operation_of(producer, terminal, x)
        return self.operations[found.captured_by] if found is not None and found.captured_by is not None else found

    def all_conventioned(self, lines: Iterable[Line], at_us: int) -> bool:
        """Whether every payee that a line names is a producer with a convention in force: nobody else can be owed money."""
        for line in lines:
            if line.payee is not None:
                producer = self.producers.producers.get(line.payee)
                if producer is None or producer.convention_at(at_us) is None:
                    return False
        return True

    def reversed_before(self, terminal: TerminalId, x: OperationId, at_us: int) -> bool:
        """Whether the terminal reversed this operation before it came."""
        waiting = self.tombstones.get(terminal)
        since_us = waiting.get(x) if waiting else None
        return since_us is not None and since_us + afterwards.TOMBSTONE_US > at_us

    def open_tombstones(self, terminal: TerminalId, at_us: int) -> dict[OperationId, int]:
        """Reversals whose original has not come, by original; older ones than 7 days no longer count."""
        waiting = self.tombstones.get(terminal, {})
        return {x: since for x, since in waiting.items() if since + afterwards.TOMBSTONE_US > at_us}

    def facts(
        self, member: Member, convention: Convention, producer: Producer, *, price_choice: int | None, at_us: int
    ) -> Facts:
        """What funding has to know about one sale (rules/facts.py)."""
        return Facts(
            at_us=MicroTime(at_us), producer=producer.producer, groups=member.groups,
            places=producer.structures.union((producer.producer, convention.convention)),
            purses=_PursesOf(self.allocation, member), funds=_FreeCentsOf(self.funds),  # type: ignore[arg-type]  # only get
            used=partial(self._used, member.member, at_us), eligible=convention.categories, price_choice=price_choice,
        )

    def _used(self, member: MemberId, at_us: int, payer: PayerId, span: Span, per_purse: bool) -> int:
        return self.usage.used(payer, span, self.caisse.calendar.day(at_us), member if per_purse else None)


class _PursesOf:
    """A member's purses, opened when funding asks for one: nothing is looked up or copied for payers that are not asked."""

    __slots__ = ("_allocation", "_member")

    def __init__(self, open_in: allocation.Allocation, member: Member) -> None:
        self._allocation, self._member = open_in, member

    def get(self, kind: PurseKind, _other: tuple[Spendable, ...], /) -> Sequence[Spendable]:
        return self._allocation.open_purse(self._member, kind).lots


class _FreeCentsOf:
    __slots__ = ("_funds",)

    def __init__(self, all_funds: funds.Funds) -> None:
        self._funds = all_funds

    def get(self, fund: FundId, _other: int, /) -> int:
        return self._funds[fund].free_cents()


def _take(book: Book, shares: tuple[Share, ...], member: MemberId | None, charte_version: int, at_us: int) -> None:
    if member is None:
        raise BrokenBook("money moves only for a member")
    take_shares(shares, book.allocation, book.funds, book.members.members[member])
    book.usage.count(book.caisse.charte(charte_version), shares, book.caisse.calendar.day(at_us), member, 1)


def _return(
    book: Book, returns: tuple[Return, ...], member: MemberId | None, original: Operation, position: int,
    new_expires_us: int = 0,
) -> None:
    """Give cents back, and the ceilings of the day they were counted on with them."""
    event = original.event
    if member is None or isinstance(event, sale_events.ReversalDecided | sale_events.RefundDecided):
        raise BrokenBook("money comes back only from a sale or a hold of a member")
    person = book.members.members[member]
    give_back(returns, book.allocation, book.funds, person, position=position, new_expires_us=new_expires_us)
    day = book.caisse.calendar.day(original.counted_us)
    book.usage.count(book.caisse.charte(event.charte_version), returns, day, member, -1)


def _owe(book: Book, shares: tuple[Share, ...]) -> None:
    """Goods are owed to their producers; a surplus is in its fund from now on."""
    owed = book.settlement.owed
    for share in shares:
        if share.step == "surplus":
            pool_surplus((share,), book.funds, 1)
            continue
        account = owed.get(share.payee)
        if account is None:
            account = book.settlement.owed_to(share.payee)
        account.captured_cents += share.cents


def _use_tap(book: Book, tap: sale_events.Tap | None, at_us: int) -> None:
    card = book.members.cards.get(tap.card) if tap is not None else None
    if tap is not None and card is not None and tap.fresh and card.key_version == tap.key_version:
        card.use(tap.counter, at_us)


def _record(
    book: Book, event: Decided, stored: StoredForm | None, position: int, counted_us: int, state: State
) -> None:
    head = event.op
    book.operations.record((head.terminal, head.x), event, stored, position=position, counted_us=counted_us, state=state)
    waiting = book.tombstones.get(head.terminal)
    if waiting:
        waiting.pop(head.x, None)  # whatever was decided, this x is known from now on


def _sale(book: Book, event: sale_events.SaleDecided, position: int, at_us: int, stored: StoredForm | None) -> None:
    _use_tap(book, event.tap, at_us)
    sold = event.code in _APPROVED
    if sold:
        _take(book, event.shares, event.member, event.charte_version, at_us)
        _owe(book, event.shares)
    _record(book, event, stored, position, at_us, State.CAPTURED if sold else State.DECLINED)


def _authorisation(
    book: Book, event: sale_events.AuthorisationDecided, position: int, at_us: int, stored: StoredForm | None
) -> None:
    _use_tap(book, event.tap, at_us)
    held = event.code in _APPROVED
    if held:
        _take(book, event.shares, event.member, event.charte_version, at_us)
        heapq.heappush(book.holds_due, (event.hold_expires_us, (event.op.terminal, event.op.x)))
    _record(book, event, stored, position, at_us, State.HELD if held else State.DECLINED)


def _capture(book: Book, event: sale_events.CaptureDecided, position: int, at_us: int, stored: StoredForm | None) -> None:
    if event.code not in _APPROVED:
        _record(book, event, stored, position, at_us, State.DECLINED)
        return
    hold = book.operation_of(event.op.producer, event.op.terminal, event.original)
    if hold is None or hold.state is not State.HELD:
        raise BrokenBook(f"capture at {position} has no open hold")
    book.operations.change(_key_of(hold), State.DELIVERED, captured_by=(event.op.terminal, event.op.x))
    _record(book, event, stored, position, hold.counted_us, State.CAPTURED)
    _return(book, event.released, event.member, hold, position)
    _owe(book, event.shares)


def _key_of(operation: Operation) -> OperationKey:
    return operation.event.op.terminal, operation.event.op.x


def _reversal(book: Book, event: sale_events.ReversalDecided, position: int, at_us: int, stored: StoredForm | None) -> None:
    _record(book, event, stored, position, at_us, State.DONE if event.code in _APPROVED else State.DECLINED)
    if event.effect == "tombstone":
        book.tombstones[event.op.terminal] = book.open_tombstones(event.op.terminal, at_us) | {event.original: at_us}
    elif event.effect in ("released", "undone"):
        key = (event.op.terminal, event.original)
        original = book.operations[key]
        book.operations.change(key, State.RELEASED if event.effect == "released" else State.UNDONE)
        _return(book, event.returned, event.member, original, position)
        if event.effect == "undone":
            pool_surplus(event.returned, book.funds, -1)
            _owe_less(book, event.returned)


def _owe_less(book: Book, returns: tuple[Return, ...]) -> None:
    for part in returns:
        if part.step != "surplus":
            book.settlement.owed_to(part.payee).captured_cents -= part.cents


def _refund(book: Book, event: sale_events.RefundDecided, position: int, at_us: int, stored: StoredForm | None) -> None:
    done = event.code in _APPROVED
    _record(book, event, stored, position, at_us, State.DONE if done else State.DECLINED)
    if done:
        original = book.capture_of(event.op.producer, event.op.terminal, event.original)
        if original is None:
            raise BrokenBook(f"refund at {position} has no original")
        book.operations.change(_key_of(original), original.state, refunded=event.lines)
        _return(book, event.returned, event.member, original, position, event.new_lot_expires_us)
        pool_surplus(event.returned, book.funds, -1)
        for part in event.returned:
            if part.step != "surplus":
                book.settlement.owed_to(part.payee).refunded_cents += part.cents


def _hold_expired(book: Book, event: sale_events.HoldExpired, position: int, _at_us: int) -> None:
    key = (event.terminal, event.original)
    hold = book.operations[key]
    book.operations.change(key, State.RELEASED)
    _return(book, event.released, event.member, hold, position)


def _granted(book: Book, event: fund_events.AllocationGranted, position: int, _at_us: int) -> None:
    funds.engage(book.funds, event.fund, event.total_cents)
    allocation.evolve_granted(book.allocation, event, position)


def _single_granted(book: Book, event: fund_events.SingleGranted, _position: int, _at_us: int) -> None:
    funds.engage(book.funds, event.fund, event.cents)
    allocation.evolve_single(book.allocation, book.members, event)


def _credited(book: Book, event: fund_events.PurseCredited, position: int, _at_us: int) -> None:
    if event.fund is not None:
        funds.engage(book.funds, event.fund, event.cents)
    allocation.evolve_credited(book.allocation, book.members, event, position)


def _cohort_lapsed(book: Book, event: fund_events.CohortLapsed, _position: int, _at_us: int) -> None:
    allocation.evolve_cohort_lapsed(book.allocation, book.members, event)
    funds.engage(book.funds, event.fund, -event.cents)


def _lot_lapsed(book: Book, event: fund_events.LotLapsed, _position: int, _at_us: int) -> None:
    allocation.evolve_lot_lapsed(book.allocation, book.members, event)
    funds.engage(book.funds, event.fund, -event.cents)


def _groups_changed(book: Book, event: member_events.MemberGroupsChanged, position: int, _at_us: int) -> None:
    book.allocation.settle(book.members.members[event.member])
    members.evolve_groups(book.members, event, position)


def _alerted(book: Book, event: caisse_events.SecurityAlerted, _position: int, _at_us: int) -> None:
    book.alerted.add((event.terminal, event.epoch, event.n))


_DECIDED: Final[dict[type, Callable[..., None]]] = {
    sale_events.SaleDecided: _sale,
    sale_events.AuthorisationDecided: _authorisation,
    sale_events.CaptureDecided: _capture,
    sale_events.ReversalDecided: _reversal,
    sale_events.RefundDecided: _refund,
}
"""The operations of terminals, which are kept as they are stored."""

_EVOLVE: Final[dict[type, Callable[..., None]]] = {
    sale_events.HoldExpired: _hold_expired,
    fund_events.AllocationGranted: _granted,
    fund_events.SingleGranted: _single_granted,
    fund_events.PurseCredited: _credited,
    fund_events.CohortLapsed: _cohort_lapsed,
    fund_events.LotLapsed: _lot_lapsed,
    fund_events.AllocationRuleSet: lambda book, event, _p, _a: allocation.evolve_rule(book.allocation, event),
    fund_events.FundOpened: lambda book, event, _p, _a: funds.evolve_opened(book.funds, event),
    fund_events.MoneyNotified: lambda book, event, _p, _a: funds.evolve_notified(book.funds, event),
    fund_events.MoneyReceived: lambda book, event, _p, _a: funds.evolve_received(book.funds, event),
    member_events.MemberAdmitted: lambda book, event, p, _a: members.evolve_admitted(book.members, event, p),
    member_events.MemberGroupsChanged: _groups_changed,
    member_events.CardIssued: lambda book, event, _p, _a: members.evolve_card_issued(book.members, event),
    member_events.CardBlocked: lambda book, event, _p, _a: members.evolve_card_blocked(book.members, event),
    member_events.CardUnblocked: lambda book, event, _p, _a: members.evolve_card_unblocked(book.members, event),
    producer_events.ProducerAdmitted: lambda book, event, _p, _a: producers.evolve_admitted(book.producers, event),
    producer_events.ConventionSigned: lambda book, event, _p, _a: producers.evolve_signed(book.producers, event),
    producer_events.ConventionSuspended: lambda book, event, _p, _a: producers.evolve_suspended(book.producers, event),
    producer_events.ConventionResumed: lambda book, event, _p, _a: producers.evolve_resumed(book.producers, event),
    producer_events.BankDetailsProposed: lambda book, event, _p, _a: producers.evolve_details_proposed(book.producers, event),
    producer_events.BankDetailsApproved: lambda book, event, _p, _a: producers.evolve_details_approved(book.producers, event),
    producer_events.TerminalSlotOpened: lambda book, event, _p, _a: producers.evolve_slot_opened(book.producers, event),
    producer_events.TerminalSlotClosed: lambda book, event, _p, _a: producers.evolve_slot_closed(book.producers, event),
    producer_events.TerminalEnrolled: lambda book, event, _p, _a: producers.evolve_enrolled(book.producers, event),
    producer_events.TerminalSuspended: lambda book, event, _p, _a: producers.evolve_terminal_suspended(book.producers, event),
    producer_events.TerminalResumed: lambda book, event, _p, _a: producers.evolve_terminal_resumed(book.producers, event),
    settlement_events.BatchClosed: lambda book, event, _p, _a: settlement.evolve_closed(book.settlement, event),
    settlement_events.BatchApproved: lambda book, event, _p, _a: settlement.evolve_approved(book.settlement, event),
    settlement_events.BatchExported: lambda book, event, _p, _a: settlement.evolve_exported(book.settlement, event),
    settlement_events.PayoutConfirmed: lambda book, event, _p, _a: settlement.evolve_confirmed(book.settlement, event),
    settlement_events.PayoutReturned: lambda book, event, _p, _a: settlement.evolve_returned(book.settlement, event),
    caisse_events.CaisseFounded: lambda book, event, _p, _a: caisse.evolve_founded(book.caisse, event),
    caisse_events.PersonProposed: lambda book, event, _p, _a: caisse.evolve_person_proposed(book.caisse, event),
    caisse_events.PersonNamed: lambda book, event, _p, _a: caisse.evolve_person_named(book.caisse, event),
    caisse_events.PersonRemoved: lambda book, event, _p, _a: caisse.evolve_person_removed(book.caisse, event),
    caisse_events.DecisionRecorded: lambda book, event, _p, _a: caisse.evolve_decision(book.caisse, event),
    caisse_events.CharteAdopted: lambda book, event, _p, _a: caisse.evolve_charte(book.caisse, event),
    caisse_events.SecurityAlerted: _alerted,
}
"""What each event does to the book. Events that are not here are evidence only: declines of commands and allocations, held
frames, confirmed clocks, repeats."""
