"""Law: the first reason in the order of precedence answers; after the last check nothing may fail.

Sale and authorisation share every check; a sale is captured at once, an authorisation holds. Source: architecture.md section 2.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from clearing.events.basket import Line, Share
from clearing.events.charte import Charte
from clearing.events.codes import Code, till_code
from clearing.events.sales import (
    AuthorisationDecided,
    CaptureDecided,
    OperationHead,
    RefundDecided,
    ReversalDecided,
    SaleDecided,
    Tap,
)
from clearing.rules.calendar import CivilCalendar
from clearing.rules.facts import Facts
from clearing.rules.funding import Funding, fund_basket
from clearing.rules.members import Card, Member
from clearing.rules.producers import Convention, Terminal
from clearing.values import Cents, MicroTime, OperationId, TerminalId

Decided = SaleDecided | AuthorisationDecided | CaptureDecided | ReversalDecided | RefundDecided
OperationKey = tuple[TerminalId, OperationId]
"""An operation for ever: no terminal uses the same x twice."""


class State(StrEnum):
    DECLINED = "declined"
    HELD = "held"
    CAPTURED = "captured"  # owed to the producer
    DELIVERED = "delivered"  # a hold that a capture has used up
    RELEASED = "released"  # a hold that was reversed or expired
    UNDONE = "undone"  # a captured sale that was reversed before its batch closed
    DONE = "done"  # a refund or reversal that took effect


@dataclass(slots=True)
class Operation:
    """What became of one operation. counted_us: the instant whose civil day its ceilings count on; of a capture, its hold's.
    refunded: lines of goods taken back so far. captured_by: the capture that used a hold up."""

    event: Decided
    position: int
    counted_us: int
    state: State
    refunded: tuple[Line, ...] = ()
    captured_by: OperationKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A sale or authorisation as the terminal asked for it. tap None: the card evidence was not genuine."""

    head: OperationHead
    amount_cents: Cents
    lines: tuple[Line, ...]
    all_or_nothing: bool
    price_choice: int | None
    tap: Tap | None


def obstacle(
    asked: Asked, *, terminal: Terminal, convention: Convention | None, reversed_before: bool,
    charte: Charte | None, card: Card | None,
) -> Code | None:
    """The first reason, before money is looked at, why this can't be sold; None when there is none."""
    if terminal.suspended:
        return Code.TERMINAL_SUSPENDED
    if convention is None:
        return Code.NO_CONVENTION
    if sum(line.amount_cents for line in asked.lines) != asked.amount_cents:
        return Code.AMOUNTS_DO_NOT_ADD_UP
    if reversed_before:
        return Code.LATE_AFTER_REVERSAL
    if charte is None:
        return Code.NOT_ALLOWED_NOW
    tap = asked.tap
    if tap is None or not tap.fresh or (card is not None and card.key_version != tap.key_version):
        return Code.TAP_VIOLATION
    if card is None:
        return Code.CARD_UNKNOWN
    return card.blocked


def _fund(asked: Asked, charte: Charte, facts: Facts) -> tuple[Code, Funding | None]:
    funding = fund_basket(asked.lines, charte, facts, all_or_nothing=asked.all_or_nothing)
    code = funding.code()
    return code, funding if code in (Code.APPROVED, Code.PARTIAL) else None


def decide_sale(
    asked: Asked, *, terminal: Terminal, convention: Convention | None, reversed_before: bool, charte: Charte | None,
    card: Card | None, member: Member | None, facts: Callable[[], Facts],
) -> SaleDecided:
    """facts is only called when nothing stands in the way: a declined tap costs no purse."""
    code, funding = obstacle(
        asked, terminal=terminal, convention=convention, reversed_before=reversed_before, charte=charte, card=card
    ), None
    if code is None and charte is not None:
        code, funding = _fund(asked, charte, facts())
    return SaleDecided(
        op=asked.head, answer=till_code(code or Code.INTERNAL_ERROR), amount_cents=asked.amount_cents, lines=asked.lines,
        approved_cents=funding.paid_cents if funding else Cents(0),
        approved_lines=funding.approved_lines if funding else (Cents(0),) * len(asked.lines),
        code=code or Code.INTERNAL_ERROR, tap=asked.tap, member=member.member if member else None,
        charte_version=charte.version if charte else 0, shares=funding.shares if funding else (),
        unsold_lines=unsold(funding),
    )


def decide_authorisation(
    asked: Asked, *, terminal: Terminal, convention: Convention | None, reversed_before: bool, charte: Charte | None,
    card: Card | None, member: Member | None, facts: Callable[[], Facts], calendar: CivilCalendar, at_us: int,
) -> AuthorisationDecided:
    """A hold to the end of the civil day hold_days after today."""
    code, funding, expires_us = obstacle(
        asked, terminal=terminal, convention=convention, reversed_before=reversed_before, charte=charte, card=card
    ), None, MicroTime(0)
    if code is None and charte is not None:
        code, funding = _fund(asked, charte, facts())
    if funding is not None and charte is not None:
        expires_us = calendar.end_of_day_us(calendar.day(at_us) + timedelta(days=charte.hold_days))
    categories = convention.categories if convention is not None else None
    return AuthorisationDecided(
        op=asked.head, answer=till_code(code or Code.INTERNAL_ERROR), amount_cents=asked.amount_cents, lines=asked.lines,
        approved_cents=funding.paid_cents if funding else Cents(0),
        approved_lines=funding.approved_lines if funding else (Cents(0),) * len(asked.lines),
        hold_expires_us=expires_us, code=code or Code.INTERNAL_ERROR, tap=asked.tap,
        member=member.member if member else None, charte_version=charte.version if charte else 0,
        shares=funding.shares if funding else (), applied=tuple(sorted(funding.applied)) if funding else (),
        eligible=None if categories is None else tuple(sorted(categories)), price_choice=asked.price_choice,
        unsold_lines=unsold(funding),
    )


def unsold(funding: Funding | None) -> tuple[Cents, ...]:
    """Cents per line that are not sold at their price; empty when everything is."""
    return funding.unsold_lines if funding is not None and any(funding.unsold_lines) else ()


def goods(event: SaleDecided | CaptureDecided) -> tuple[Line, ...]:
    """The lines that were handed over: what a refund can be about."""
    if not event.unsold_lines:
        return event.lines
    return tuple(
        replace(line, amount_cents=Cents(line.amount_cents - less))
        for line, less in zip(event.lines, event.unsold_lines, strict=True)
    )


def owed(shares: tuple[Share, ...]) -> dict[str, int]:
    """Payee -> cents of goods that the shares pay (a surplus is owed to a fund, not to a producer)."""
    sums: dict[str, int] = {}
    for share in shares:
        if share.step != "surplus":
            sums[share.payee] = sums.get(share.payee, 0) + share.cents
    return sums
