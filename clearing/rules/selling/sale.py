"""Law: the first reason in the order of precedence answers; after the last check nothing may fail.

Sale and authorisation share every check; a sale is captured at once, an authorisation holds. Source: architecture.md section 2.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final, NamedTuple

from clearing.events.basket import Line, Share
from clearing.events.charte import Charte
from clearing.events.codes import Code, till_code
from clearing.events.interchange import InterchangeSold
from clearing.events.records import record_maker
from clearing.events.sales import AuthorisationDecided, CaptureDecided, OperationHead, SaleDecided, Tap
from clearing.rules.calendar import CivilCalendar
from clearing.rules.people.members import Card, Member
from clearing.rules.selling.facts import Facts
from clearing.rules.selling.funding import Funding, fund_basket
from clearing.rules.stalls.producers import Convention, Terminal
from clearing.values import Cents, MicroTime

_NOTHING: Final = Cents(0)
_made_sale: Final[Callable[[tuple[object, ...]], SaleDecided]] = record_maker(SaleDecided, (
    "op", "answer", "amount_cents", "lines", "approved_cents", "approved_lines", "code", "tap", "member", "charte_version",
    "shares", "unsold_lines",
))  # fmt: skip
"""A sale of its fields in this order: one per operation, 1.1 us against 2.6 by name."""

class Asked(NamedTuple):
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
    if sum([line.amount_cents for line in asked.lines]) != asked.amount_cents:
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
    code = code or Code.INTERNAL_ERROR
    approved: tuple[Cents, tuple[Cents, ...]] = _NOTHING, (_NOTHING,) * len(asked.lines)
    shares: tuple[Share, ...] = ()
    if funding is not None:
        approved, shares = (funding.paid_cents, funding.approved_lines), funding.shares
    return _made_sale((
        asked.head, till_code(code), asked.amount_cents, asked.lines, *approved, code, asked.tap,
        member.member if member is not None else None, charte.version if charte is not None else 0, shares, unsold(funding),
    ))  # fmt: skip


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


def goods(event: SaleDecided | CaptureDecided | InterchangeSold) -> tuple[Line, ...]:
    """The lines that were handed over: what a refund can be about."""
    if not event.unsold_lines:
        return event.lines
    return tuple(
        line._replace(amount_cents=Cents(line.amount_cents - less))
        for line, less in zip(event.lines, event.unsold_lines, strict=True)
    )
