"""Law: a hold is captured once and never above what it holds; a reversal is idempotent; a refund never exceeds the capture.

What can still happen to an operation after it was decided. Source: wire.md section 4, domain.md section 2 rules 5 and 7.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from clearing.events.basket import Line, Return, Share
from clearing.events.charte import Charte
from clearing.events.codes import Code, till_code
from clearing.events.contracts import DeliveryDecided
from clearing.events.interchange import InterchangeReversed, InterchangeSold
from clearing.events.sales import (
    AuthorisationDecided,
    CaptureDecided,
    HoldExpired,
    OperationHead,
    RefundDecided,
    ReversalDecided,
    SaleDecided,
)
from clearing.rules.answers import BrokenBook
from clearing.rules.credit.allocation import Allocation
from clearing.rules.selling.facts import Held
from clearing.rules.selling.funding import fund_capture, refund
from clearing.rules.selling.operations import Operation, State
from clearing.rules.selling.returns import returned, total, within_funds
from clearing.rules.selling.sale import goods, unsold
from clearing.rules.treasury.funds import Funds
from clearing.values import WHOLE, CategoryId, Cents, MicroTime, OperationId, ProducerId

TOMBSTONES_MAX: Final = 100  # open at once per terminal
TOMBSTONE_US: Final = 7 * 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Afterwards:
    """A capture, reversal or refund as the terminal asked for it. original: the x it is about."""

    head: OperationHead
    original: OperationId
    amount_cents: Cents
    lines: tuple[Line, ...]


def decide_capture(
    asked: Afterwards, *, original: Operation | None, suspended: bool, reversed_before: bool, charte: Charte | None,
    allocation: Allocation, at_us: int, confirmed: bool = True,
) -> CaptureDecided:
    """charte: the version that the hold fixed. reversed_before: the terminal cancelled this capture before it came.
    confirmed: no second mandatary has to agree to it first."""
    hold = original.event if original is not None and isinstance(original.event, AuthorisationDecided) else None
    code, funding = _capture_obstacle(
        asked, original, hold, suspended=suspended, reversed_before=reversed_before, confirmed=confirmed, at_us=at_us
    ), None
    if code is None and hold is not None and charte is not None:
        funding = fund_capture(asked.lines, held_by(hold, charte))
        code = funding.code() if asked.lines else Code.APPROVED  # nothing was delivered: the whole hold is released
        if beyond(asked.amount_cents, hold.amount_cents, charte) and code is not Code.NOTHING_ELIGIBLE:
            code = Code.AMOUNT_LIMIT
        funding = funding if code in (Code.APPROVED, Code.PARTIAL) else None
    if code is None:
        raise BrokenBook("a hold has no charte version in the log")
    released = () if funding is None else returned(funding.released, allocation, at_us=at_us, when_lapsed="lapsed")
    return CaptureDecided(
        op=asked.head, answer=till_code(code), original=asked.original, amount_cents=asked.amount_cents, lines=asked.lines,
        approved_cents=funding.paid_cents if funding else Cents(0),
        approved_lines=funding.approved_lines if funding else (Cents(0),) * len(asked.lines),
        code=code, member=hold.member if hold else None, charte_version=hold.charte_version if hold else 0,
        shares=funding.shares if funding else (), released=released, unsold_lines=unsold(funding),
    )


def _capture_obstacle(
    asked: Afterwards, original: Operation | None, hold: AuthorisationDecided | None, *, suspended: bool,
    reversed_before: bool, confirmed: bool, at_us: int,
) -> Code | None:
    """The first reason before money is looked at."""
    if suspended:
        return Code.TERMINAL_SUSPENDED
    if original is None or hold is None:
        return Code.ORIGINAL_NOT_FOUND
    if reversed_before:
        return Code.LATE_AFTER_REVERSAL
    if original.state is not State.HELD or hold.hold_expires_us <= at_us:
        return Code.EXPIRED_OR_RESOLVED
    return None if confirmed and same_payees(asked.lines, hold) else Code.NOT_ALLOWED_NOW


def beyond(asked_cents: int, held_cents: int, charte: Charte) -> bool:
    """Whether goods weigh more than the charte's tolerance over what was held or ordered; exact, nothing is rounded."""
    return asked_cents * WHOLE > held_cents * (WHOLE + charte.capture_tolerance)


def same_payees(lines: Sequence[Line], hold: AuthorisationDecided) -> bool:
    """Whether a capture owes nobody whom the hold was not for."""
    return _payees(lines, hold) <= _payees(hold.lines, hold)


def _payees(lines: Sequence[Line], hold: AuthorisationDecided) -> set[ProducerId]:
    return {line.payee or hold.op.producer for line in lines}


def held_by(hold: AuthorisationDecided, charte: Charte) -> Held:
    eligible = None if hold.eligible is None else frozenset[CategoryId](hold.eligible)
    return Held(
        charte=charte, producer=hold.op.producer, shares=hold.shares, applied=frozenset(hold.applied), eligible=eligible,
        price_choice=hold.price_choice,
    )


def decide_hold_expiry(original: Operation, *, allocation: Allocation, at_us: int) -> HoldExpired:
    hold = original.event
    if not isinstance(hold, AuthorisationDecided) or hold.member is None or original.state is not State.HELD:
        raise BrokenBook("only a hold expires")
    return HoldExpired(
        terminal=hold.op.terminal, original=hold.op.x, producer=hold.op.producer, member=hold.member,
        released=returned(hold.shares, allocation, at_us=at_us, when_lapsed="lapsed"),
    )


def decide_reversal(
    asked: Afterwards, *, original: Operation | None, open_tombstones: Collection[OperationId], settled: bool,
    allocation: Allocation, funds: Funds, at_us: int, sealed: bool = False,
) -> ReversalDecided:
    """original: the operation of the SAME terminal. open_tombstones: the terminal's. settled: its batch has closed.
    sealed: the caisse takes nothing in any more."""
    code, effect, back, exception = Code.APPROVED, "nothing", tuple[Return, ...](), ""
    if sealed:
        code = Code.NOT_ALLOWED_NOW
    elif original is None:
        effect = "tombstone"
        if asked.original not in open_tombstones and len(open_tombstones) >= TOMBSTONES_MAX:
            code, effect = Code.FREQUENCY_LIMIT, "nothing"
    elif isinstance(
        original.event, ReversalDecided | RefundDecided | DeliveryDecided | InterchangeSold | InterchangeReversed
    ):
        code = Code.NOT_ALLOWED_NOW
    elif original.state is State.HELD and isinstance(original.event, AuthorisationDecided):
        effect, back = "released", returned(original.event.shares, allocation, at_us=at_us, when_lapsed="lapsed")
    elif original.state is State.CAPTURED and settled:
        exception = "reversed after its batch had closed: agree with the producer on a refund"
    elif original.state is State.CAPTURED and isinstance(original.event, SaleDecided | CaptureDecided):
        due = returned(_left_of(original), allocation, at_us=at_us, when_lapsed="lapsed")
        effect, back = "undone", within_funds(due, funds)
        if back != due:
            exception = "a surplus stays in its fund, which has engaged it: agree with the member"
    elif original.state is State.DELIVERED:
        exception = "reversed after the goods were delivered: reverse the capture instead"
    member = getattr(original.event, "member", None) if original is not None else None
    return ReversalDecided(
        op=asked.head, answer=till_code(code), original=asked.original, code=code, member=member, effect=effect,
        returned=back, exception=exception,
    )


def _left_of(original: Operation) -> tuple[Share, ...]:
    """What a captured operation still owes: its shares less what refunds gave back."""
    event = original.event
    if not isinstance(event, SaleDecided | CaptureDecided):
        raise BrokenBook("only a capture can be undone")
    if not original.refunded:
        return event.shares
    rest = remaining(goods(event), original.refunded, event.op.producer)
    left = refund(goods(event), event.shares, original.refunded, rest, producer=event.op.producer)
    if left is None:
        raise BrokenBook("more was refunded than captured")
    return left


def remaining(sold: Sequence[Line], back: Sequence[Line], producer: ProducerId) -> tuple[Line, ...]:
    """Lines of goods that were not taken back, per category, product and payee."""
    sums: dict[tuple[CategoryId, str | None, ProducerId], int] = {}
    for lines, sign in ((sold, 1), (back, -1)):
        for line in lines:
            key = (line.category, line.product, line.payee or producer)
            sums[key] = sums.get(key, 0) + sign * line.amount_cents
    return tuple(
        Line(category=category, amount_cents=Cents(cents), product=product, payee=payee)
        for (category, product, payee), cents in sums.items() if cents
    )


def decide_refund(
    asked: Afterwards, *, original: Operation | None, suspended: bool, reversed_before: bool, allocation: Allocation,
    funds: Funds, new_lot_expires_us: MicroTime, at_us: int, sealed: bool = False,
) -> RefundDecided:
    """original: a capture of the same producer. Goods at full price; the card's part goes back to its lots.

    reversed_before: the terminal cancelled this refund before it came. sealed: the caisse takes nothing in any more.
    """
    sold = original.event if original is not None else None
    shares: tuple[Share, ...] | None = None
    code: Code | None = None
    if suspended:
        code = Code.TERMINAL_SUSPENDED
    elif original is None or not isinstance(sold, SaleDecided | CaptureDecided) or original.state is State.DECLINED:
        code = Code.ORIGINAL_NOT_FOUND
    elif reversed_before:
        code = Code.LATE_AFTER_REVERSAL
    elif original.state is not State.CAPTURED:
        code = Code.EXPIRED_OR_RESOLVED
    elif sealed:
        code = Code.NOT_ALLOWED_NOW
    else:
        shares = refund(goods(sold), sold.shares, original.refunded, asked.lines, producer=sold.op.producer)
        code = Code.AMOUNT_LIMIT if shares is None else Code.APPROVED
    back = within_funds(returned(shares or (), allocation, at_us=at_us, when_lapsed="new"), funds)
    return RefundDecided(
        op=asked.head, answer=till_code(code), original=asked.original, amount_cents=asked.amount_cents, lines=asked.lines,
        card_cents=total(back), card_lines=(
            per_line(asked.lines, sold.lines, sold.op.producer, back)
            if isinstance(sold, SaleDecided | CaptureDecided) else (Cents(0),) * len(asked.lines)
        ),
        code=code, member=getattr(sold, "member", None), returned=back,
        new_lot_expires_us=new_lot_expires_us,
    )


def per_line(
    taken_back: Sequence[Line], sold: Sequence[Line], producer: ProducerId, back: Sequence[Return]
) -> tuple[Cents, ...]:
    """The payers' cents per line of the refund; several lines of one kind share theirs in order, each up to its amount."""
    pool: dict[tuple[CategoryId, str | None, ProducerId], int] = {}
    for part in back:
        if part.step != "surplus":
            line = sold[part.line]
            key = (line.category, line.product, line.payee or producer)
            pool[key] = pool.get(key, 0) + part.cents
    shown = []
    for line in taken_back:
        key = (line.category, line.product, line.payee or producer)
        cents = min(pool.get(key, 0), line.amount_cents)
        pool[key] = pool.get(key, 0) - cents
        shown.append(Cents(cents))
    return tuple(shown)
