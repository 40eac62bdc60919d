"""Law: what a person reads about one operation is what its signed event says, and what later events did to it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, time
from typing import Any, NamedTuple, Self

from clearing.events.adjustments import AdjustmentMade
from clearing.events.catalogue import Event
from clearing.events.closing import ProducerRepaid
from clearing.events.contests import ContestDecided
from clearing.events.contracts import ContractEnded, ContractPaidOver, InstalmentReceived, InstalmentReturned
from clearing.events.interchange import InterchangeReversed, InterchangeSold
from clearing.events.joint import PartAnswered
from clearing.events.opening import OpeningAccepted
from clearing.events.orders import DeliveryNoted, DisputeResolved, ExceptionResolved
from clearing.events.sales import CaptureDecided, RefundDecided, ReversalDecided, SaleDecided
from clearing.projections.answers import SaleRow, ShareRow
from clearing.projections.drawn import Together, gross_of
from clearing.projections.operations import Operation, operation
from clearing.projections.owed import per_payee
from clearing.rules.between.abroad import payees
from clearing.rules.selling.sale import goods
from clearing.rules.stalls.debts import Debt, debts
from clearing.values import ProducerId


class Instant(NamedTuple):
    """When an event was recorded; day and local_time: civil, in the caisse's zone."""

    at_us: int
    day: date
    local_time: time


class Standing(NamedTuple):
    """What later operations did to one. state: None when it stands as it was decided."""

    state: str | None = None
    released_cents: int = 0
    given_back_cents: int = 0
    refunded_goods_cents: int = 0

    @classmethod
    def of(cls, row: Mapping[str, Any] | None) -> Self:
        return cls() if row is None else cls(**{name: row[name] for name in cls._fields})


class Entry(NamedTuple):
    """A line of a producer's statement; answers.StatementRow without its time."""

    position: int
    sale_position: int
    kind: str
    gross_cents: int
    card_cents: int


class About(NamedTuple):
    """Operations and what they are about. events: position -> (at_us, event), of all of them; original: operation -> the sale,
    hold or capture that it changes; later: that one -> all operations about it."""

    events: Mapping[int, tuple[int, Event]]
    original: Mapping[int, int | None]
    later: Mapping[int, Sequence[int]]


def sale_row(position: int, when: Instant, done: Operation, original_position: int | None, now: Standing) -> SaleRow:
    return SaleRow(
        position=position, at_us=when.at_us, day=when.day, local_time=when.local_time, kind=done.kind,
        terminal=done.op.terminal, x=done.op.x, original_position=original_position, producer=done.op.producer,
        member=done.member, card=done.card, code=done.code, answer=done.answer, state=now.state or done.state,
        amount_cents=done.amount_cents, approved_cents=done.approved_cents, captured_cents=done.captured_cents,
        released_cents=now.released_cents, given_back_cents=now.given_back_cents,
        refunded_goods_cents=now.refunded_goods_cents, charte_version=done.charte_version, note=done.note,
    )  # fmt: skip


def share_rows(at: tuple[int, Event]) -> tuple[ShareRow, ...]:
    """at: (at_us, event). Who paid which cents of which line; none for what is no sale, hold or capture."""
    done = operation(at[1])
    if done is None:
        return ()
    return tuple(
        ShareRow(
            line=share.line, category=done.lines[share.line].category, payer=share.payer, step=share.step,
            source=share.source, payee=share.payee, rate=share.rate, cents=share.cents,
        )
        for share in done.shares
    )  # fmt: skip


def entries(producer: str, positions: Iterable[int], about: About) -> Iterator[Entry]:
    """What the producer's goods brought and what went back, of the operations at these positions; draws and gives last."""
    together = Together(producer)
    for at in positions:
        event = about.events[at][1]
        if together.take(at, event):
            continue
        entry = _entry(producer, at, event, about.original.get(at))
        if entry is None:
            continue
        undoes = isinstance(event, ReversalDecided | InterchangeReversed)
        if undoes and entry.sale_position:  # takes back what was not refunded before
            before = [entry.sale_position, *(one for one in about.later[entry.sale_position] if one < at)]
            parts = (_entry(producer, one, about.events[one][1], entry.sale_position) for one in before)
            entry = entry._replace(gross_cents=-sum(part.gross_cents for part in parts if part is not None))
        yield entry
    yield from (Entry(at, at, kind, gross, card) for at, kind, gross, card in together.lines())


def _entry(producer: str, at: int, event: Event, original: int | None) -> Entry | None:
    """gross_cents of a reversal: 0 here. None when the event moves nothing between the producer's goods and payers."""
    match event:
        case SaleDecided() | CaptureDecided() if event.shares:
            card = per_payee(event.shares).get(producer)
            gross = gross_of(goods(event), event.op.producer)
            return None if card is None else Entry(at, at, "capture", gross.get(producer, 0), card)
        case InterchangeSold() if event.approved_cents:
            card = dict(payees(event)).get(ProducerId(producer))
            gross = gross_of(goods(event), event.op.producer)
            return None if card is None else Entry(at, at, "capture", gross.get(producer, 0), card)
        case InterchangeReversed():
            card = dict(event.taken_back).get(ProducerId(producer))
            return None if card is None else Entry(at, original or 0, "reversal", 0, -card)
        case RefundDecided():
            card = per_payee(event.returned).get(producer)
            gross = gross_of(event.lines, event.op.producer)
            return None if card is None else Entry(at, original or 0, "refund", -gross.get(producer, 0), -card)
        case ReversalDecided(effect="undone"):
            card = per_payee(event.returned).get(producer)
            return None if card is None else Entry(at, original or 0, "reversal", 0, -card)
        case ProducerRepaid() if event.producer == producer:
            return Entry(at, at, "repaid", 0, event.cents)
        case InstalmentReceived() | InstalmentReturned() | ContractEnded() | ContractPaidOver():
            return next((_contract(at, debt) for debt in debts(event) if debt.producer == producer), None)
        case DeliveryNoted() | DisputeResolved() | ExceptionResolved():
            card = per_payee(event.shares).get(producer)
            return None if card is None else Entry(at, at, "capture", _delivered(producer, event), card)
        case AdjustmentMade():
            found = [Entry(at, at, "adjustment", 0, debt.adjusted_cents) for debt in debts(event) if debt.producer == producer]
            return found[0] if found else None
        case ContestDecided():
            return next((_contest(at, event, debt) for debt in debts(event) if debt.producer == producer), None)
        case PartAnswered() if event.producer == producer and not event.reason:
            return Entry(at, at, "part", 0, event.cents)
        case OpeningAccepted():
            owed = next((debt.cents for debt in event.debts if debt.producer == producer), None)
            return None if owed is None else Entry(at, at, "opening", owed, owed)
        case _:
            return None


def _contest(at: int, event: ContestDecided, debt: Debt) -> Entry:
    """Goods that a member got her money back for, at full price; or what a fund made good after an appeal."""
    if debt.refunded_cents:
        return Entry(at, event.sale, "refund", -sum(line.amount_cents for line in event.lines), -debt.refunded_cents)
    return Entry(at, at, "adjustment", 0, debt.adjusted_cents)


def _contract(at: int, debt: Debt) -> Entry:
    """What a contract brings, or what goes back of it: the whole of it is the producer's."""
    if debt.captured_cents:
        return Entry(at, at, "capture", debt.captured_cents, debt.captured_cents)
    return Entry(at, at, "refund", -debt.refunded_cents, -debt.refunded_cents)


def _delivered(producer: str, event: DeliveryNoted | DisputeResolved | ExceptionResolved) -> int:
    """Goods of an order, or of a late capture that two people accepted, at full price."""
    lines = {share.line for share in event.shares if share.payee == producer and share.step != "surplus"}
    match event:
        case DeliveryNoted():
            return sum(one.amount_cents for one in event.lines if one.line in lines)
        case DisputeResolved():
            return event.amount_cents
        case _:
            return gross_of(event.lines, event.producer).get(producer, 0)
