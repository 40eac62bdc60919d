"""Law: money comes into funds, and out of them into purses."""

from typing import Final

from clearing.authoriser.verbs.grants import read_earmark, read_line
from clearing.authoriser.verbs.order import Order, Result, Verb, one
from clearing.events import funds as money
from clearing.rules.credit import allocation
from clearing.rules.treasury import funds
from clearing.values import DecisionId, FundId, MemberId, PurseKind


def _open_fund(o: Order) -> Result:
    b = o.body
    return one(funds.decide_open(
        o.book.funds, fund=FundId(b.id("fund")), kind=b.id("kind"), name=b.text("name"),
        advance_cents=b.cents("advance_cents"), earmark=read_earmark(b), by=o.by,
        decision=DecisionId(b.optional("decision", b.id) or ""),
    ))


def _notify_money(o: Order) -> Result:
    b = o.body
    fund, cents, reference = FundId(b.id("fund")), b.cents("cents"), b.text("reference")
    return one(funds.decide_notify(o.book.funds, fund=fund, cents=cents, reference=reference, by=o.by))


def _receive_money(o: Order) -> Result:
    b = o.body
    fund, cents, reference = FundId(b.id("fund")), b.cents("cents"), b.text("reference")
    on, another = read_line(b)
    return one(funds.decide_receive(
        o.book.funds, o.book.bank_lines, fund=fund, cents=cents, reference=reference, by=o.by, on=on, another=another,
        at_bank=o.book.bank.waiting,
    ))


def _grant(o: Order) -> Result:
    book, rule, period = o.book, o.body.id("rule"), o.body.text("period")
    return one(allocation.decide_grant(
        book.allocation, book.members, book.funds, book.caisse.calendar, cotisations=book.cotisations, rule=rule,
        period=period, by=o.by, at_us=o.at_us,
    ))


def _grant_single(o: Order) -> Result:
    rule, period, member = o.body.id("rule"), o.body.text("period"), MemberId(o.body.id("member"))
    return one(allocation.decide_grant_single(
        o.book.allocation, o.book.members, o.book.funds, cotisations=o.book.cotisations, rule=rule, period=period,
        member=member, by=o.by, at_us=o.at_us,
    ))


def _credit_purse(o: Order) -> Result:
    b = o.body
    fund = b.optional("fund", b.id)
    credit = money.PurseCredited(
        member=MemberId(b.id("member")), purse=PurseKind(b.id("purse")), fund=None if fund is None else FundId(fund),
        cents=b.cents("cents"), expires_us=b.optional("expires_us", b.instant), reference=b.text("reference"), by=o.by,
    )
    return one(allocation.decide_credit(o.book.members, o.book.funds, credit, at_us=o.at_us))


VERBS: Final[dict[str, Verb]] = {
    "open_fund": _open_fund,
    "notify_money": _notify_money,
    "receive_money": _receive_money,
    "grant": _grant,
    "grant_single": _grant_single,
    "credit_purse": _credit_purse,
}
