"""Law: a draw or a give is decided like a sale: the first reason in the order of precedence answers, then nothing may fail.

What is undone or taken back goes where it came from: a draw's cents to the fund, a give's to the producer. No member has any.
"""

from dataclasses import replace
from typing import NamedTuple

from clearing.events.basket import Line, Return, Share
from clearing.events.codes import Code, till_code
from clearing.events.sales import OperationHead, RefundDecided, ReversalDecided
from clearing.events.solidarity import DrawDecided, GiveDecided, SolidarityRuleSet, WhenShort
from clearing.rules.reductions.solidarity import (
    COUPON,
    Solidarity,
    count,
    draw_ceilings,
    give_ceilings,
    lower_rates,
    rules_at,
    split_up,
)
from clearing.rules.selling.afterwards import Afterwards, per_line, remaining
from clearing.rules.selling.funding import refund
from clearing.rules.selling.operations import Operation, State
from clearing.rules.selling.returns import fund_named, pool_surplus, total, within_funds
from clearing.rules.stalls.producers import Convention, Producer, Terminal
from clearing.rules.stalls.settlement import Settlement
from clearing.rules.treasury.funds import Funds, engage
from clearing.values import WHOLE, Cents, MicroTime, Rate

Anonymous = DrawDecided | GiveDecided
_PERCENT = 100  # ten-thousandths


def names_nobody(event: ReversalDecided | RefundDecided) -> bool:
    """Whether it undid a draw or a give, or took drawn goods back: what a sale gives back, it gives to a member."""
    return event.member is None and (bool(event.returned) or getattr(event, "effect", "") == "undone")


class AskedDraw(NamedTuple):
    """A draw or give as the terminal asked for it. percent: the reduction, or the price paid."""

    head: OperationHead
    amount_cents: Cents
    lines: tuple[Line, ...]
    percent: int


class _Found(NamedTuple):
    code: Code
    rule: str = ""
    rate: Rate = Rate(0)
    shares: tuple[Share, ...] = ()
    per_line: tuple[Cents, ...] = ()
    claimed: bool = False


def decide_draw(
    asked: AskedDraw, *, terminal: Terminal, producer: Producer, convention: Convention | None, reversed_before: bool,
    ended: bool = False, solidarity: Solidarity, funds: Funds, day: str,
) -> DrawDecided:
    """day: the civil day, ISO. convention None: not in force, or a line names a payee without one. ended: the caisse's last
    day to spend is over."""
    code = _obstacle(terminal, convention, reversed_before=reversed_before, ended=ended)
    found = _Found(code or Code.NO_CONVENTION) if code is not None or convention is None else _drawn(
        asked, producer, convention, solidarity=solidarity, funds=funds, day=day
    )
    lines = found.per_line or (Cents(0),) * len(asked.lines)
    return DrawDecided(
        op=asked.head, answer=till_code(found.code), day=day, asked=asked.percent, amount_cents=asked.amount_cents,
        lines=asked.lines, approved_cents=Cents(sum(lines)), approved_lines=lines, code=found.code, rule=found.rule,
        rate=found.rate, shares=found.shares, claimed=found.claimed,
    )


def _obstacle(terminal: Terminal, convention: Convention | None, *, reversed_before: bool, ended: bool) -> Code | None:
    if terminal.suspended:
        return Code.TERMINAL_SUSPENDED
    if convention is None:
        return Code.NO_CONVENTION
    if reversed_before:
        return Code.LATE_AFTER_REVERSAL
    return Code.NOT_ALLOWED_NOW if ended else None


def _drawn(
    asked: AskedDraw, producer: Producer, convention: Convention, *, solidarity: Solidarity, funds: Funds, day: str
) -> _Found:
    wanted = Rate(asked.percent * _PERCENT)
    rule = next((one for one in rules_at(solidarity, _places(producer, convention)) if wanted in one.rates), None)
    if rule is None:
        return _Found(Code.NOTHING_ELIGIBLE)
    shares, lines = split_up(asked.lines, wanted, rule, asked.head.producer, convention.categories)
    cents = sum(lines)
    if not cents:
        return _Found(Code.NOTHING_ELIGIBLE)
    if any(solidarity.used_on(day, name) + cents > most for name, most in draw_ceilings(rule, asked.head)):
        return _Found(Code.AMOUNT_LIMIT)
    if rule.when_short is WhenShort.PRO_RATA:
        return _Found(Code.APPROVED, rule.rule, wanted, shares, lines, claimed=True)
    free = funds[rule.fund].free_cents()
    if cents <= free:
        return _Found(Code.APPROVED, rule.rule, wanted, shares, lines)
    for rate in lower_rates(rule, wanted):
        shares, lines = split_up(asked.lines, rate, rule, asked.head.producer, convention.categories)
        if 0 < sum(lines) <= free:
            return _Found(Code.PARTIAL, rule.rule, rate, shares, lines)
    return _Found(Code.INSUFFICIENT_CREDIT)


def _places(producer: Producer, convention: Convention) -> frozenset[str]:
    return producer.structures.union((producer.producer, convention.convention))


def decide_give(
    asked: AskedDraw, *, terminal: Terminal, producer: Producer, convention: Convention | None, reversed_before: bool,
    ended: bool = False, solidarity: Solidarity, settlement: Settlement, day: str,
) -> GiveDecided:
    code = _obstacle(terminal, convention, reversed_before=reversed_before, ended=ended)
    found = _Found(code or Code.NO_CONVENTION) if code is not None or convention is None else _given(
        asked, producer, convention, solidarity=solidarity, settlement=settlement, day=day
    )
    lines = found.per_line or (Cents(0),) * len(asked.lines)
    return GiveDecided(
        op=asked.head, answer=till_code(found.code), day=day, asked=asked.percent, amount_cents=asked.amount_cents,
        lines=asked.lines, approved_cents=Cents(sum(lines)), approved_lines=lines, code=found.code, rule=found.rule,
        shares=found.shares,
    )


def _given(
    asked: AskedDraw, producer: Producer, convention: Convention, *, solidarity: Solidarity, settlement: Settlement, day: str
) -> _Found:
    places, seller = _places(producer, convention), asked.head.producer
    rule = next((one for one in rules_at(solidarity, places) if _takes(one, asked)), None)
    if rule is None:
        return _Found(Code.NOTHING_ELIGIBLE)
    if asked.percent * _PERCENT == WHOLE:
        coupons = replace(rule, categories=(COUPON,))
        shares, lines = split_up(asked.lines, WHOLE, coupons, seller, None, given_by=seller)
    else:
        more = asked.percent * _PERCENT - WHOLE
        shares, lines = split_up(asked.lines, more, rule, seller, convention.categories, given_by=seller)
    cents = sum(lines)
    if not cents:
        return _Found(Code.NOTHING_ELIGIBLE)
    owed = settlement.owed.get(seller)
    net = 0 if owed is None else owed.net_cents()
    over = any(solidarity.used_on(day, name) + cents > most for name, most in give_ceilings(rule, asked.head))
    if over or cents - net > rule.give_debt_cents:
        return _Found(Code.AMOUNT_LIMIT)
    return _Found(Code.APPROVED, rule.rule, Rate(0), shares, lines)


def _takes(rule: SolidarityRuleSet, asked: AskedDraw) -> bool:
    """Whether the rule takes this give: coupons are whole ones and nothing else."""
    if asked.percent * _PERCENT != WHOLE:
        return asked.percent * _PERCENT in rule.prices
    whole = rule.coupon_cents and all(line.amount_cents % rule.coupon_cents == 0 for line in asked.lines)
    return bool(whole) and all(line.category == COUPON for line in asked.lines)


def decide_undo(
    asked: Afterwards, event: Anonymous, original: Operation, *, settled: bool, solidarity: Solidarity, funds: Funds,
    sealed: bool = False,
) -> ReversalDecided:
    """The reversal of a draw or give by the same terminal. original: what became of it; settled: its batch has closed;
    sealed: the caisse takes nothing in any more."""
    code, effect, back, exception = Code.APPROVED, "nothing", tuple[Return, ...](), ""
    if sealed:
        code = Code.NOT_ALLOWED_NOW
    elif original.state is State.CAPTURED and settled:
        exception = "reversed after its batch had closed: agree with the producer"
    elif original.state is State.CAPTURED:
        due = tuple(_return(share) for share in left_of(event, original, solidarity))
        effect, back = "undone", within_funds(due, funds)
        if back != due:
            exception = "a give stays in its fund, which has engaged it: agree with the producer"
    return ReversalDecided(
        op=asked.head, answer=till_code(code), original=asked.original, code=code, member=None, effect=effect, returned=back,
        exception=exception,
    )


def left_of(event: Anonymous, original: Operation, solidarity: Solidarity) -> tuple[Share, ...]:
    """What is still moved for it after refunds; nothing for a draw that waits for its day's close."""
    shares = solidarity.paid_for(event)
    if not original.refunded or not shares:
        return shares
    rest = remaining(event.lines, original.refunded, event.op.producer)
    return refund(event.lines, shares, original.refunded, rest, producer=event.op.producer) or ()


def _return(share: Share) -> Return:
    return Return(
        line=share.line, payer=share.payer, step=share.step, source=share.source, cents=share.cents, payee=share.payee
    )


def decide_take_back(
    asked: Afterwards, event: Anonymous, original: Operation, *, suspended: bool, reversed_before: bool,
    solidarity: Solidarity, sealed: bool = False,
) -> RefundDecided:
    """Drawn goods come back, gross: the fund's part goes to the fund, the rest in cash at the stall."""
    code, shares = Code.APPROVED, tuple[Share, ...]()
    if suspended:
        code = Code.TERMINAL_SUSPENDED
    elif original.state is State.DECLINED:
        code = Code.ORIGINAL_NOT_FOUND
    elif reversed_before:
        code = Code.LATE_AFTER_REVERSAL
    elif original.state is not State.CAPTURED:
        code = Code.EXPIRED_OR_RESOLVED
    elif sealed or isinstance(event, GiveDecided) or solidarity.claim_of(event.op.terminal, event.op.x) is not None:
        code = Code.NOT_ALLOWED_NOW  # a give is reversed, not refunded; a draw's part is known at the day's close
    else:
        back = refund(event.lines, solidarity.paid_for(event), original.refunded, asked.lines, producer=event.op.producer)
        code, shares = (Code.AMOUNT_LIMIT, ()) if back is None else (Code.APPROVED, back)
    returned = tuple(_return(share) for share in shares)
    return RefundDecided(
        op=asked.head, answer=till_code(code), original=asked.original, amount_cents=asked.amount_cents, lines=asked.lines,
        card_cents=total(returned), card_lines=per_line(asked.lines, event.lines, event.op.producer, returned), code=code,
        member=None, returned=returned, new_lot_expires_us=MicroTime(0),
    )


def evolve_given_back(
    event: Anonymous, back: ReversalDecided | RefundDecided, solidarity: Solidarity, funds: Funds, settlement: Settlement,
    *, today: str,
) -> None:
    """A draw or give was undone, or drawn goods came back: fund, debt, and the ceilings if their day is still today."""
    refunded = isinstance(back, RefundDecided)
    pool_surplus(back.returned, funds, -1)
    for part in back.returned:
        owed = settlement.owed_to(event.op.producer if part.step == "surplus" else part.payee)
        if part.step == "surplus":
            owed.given_cents -= part.cents
            continue
        engage(funds, fund_named(part.source), -part.cents)
        if refunded:
            owed.refunded_cents += part.cents
        else:
            owed.captured_cents -= part.cents
    claim = solidarity.claim_of(event.op.terminal, event.op.x)
    if claim is not None:
        solidarity.claims.remove(claim)
    rule = solidarity.rules[event.rule]
    ceilings = draw_ceilings(rule, event.op) if isinstance(event, DrawDecided) else give_ceilings(rule, event.op)
    cents = sum(share.cents for share in claim.shares) if claim is not None else sum(part.cents for part in back.returned)
    if event.day == today:
        count(solidarity, event.day, (name for name, _ in ceilings), -cents)
