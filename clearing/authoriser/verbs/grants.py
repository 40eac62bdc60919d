"""Law: what funders promise, what binds a fund, and what leaves it for another fund or for its funder."""

from typing import Final
from zoneinfo import ZoneInfo

from clearing.authoriser.bodies import Body
from clearing.authoriser.verbs.order import Order, Result, Verb, one
from clearing.events import grants as events
from clearing.events.funds import UNBOUND, Earmark
from clearing.rules.calendar import civil_date
from clearing.rules.ends import closing
from clearing.rules.treasury import funds, subsidies
from clearing.values import CategoryId, DecisionId, FundId, GrantId


def read_earmark(b: Body) -> Earmark:
    """What binds a fund, as commands and founding files give it; a missing table binds nothing."""
    if not b.has("earmark"):
        b.optional("earmark", b.body)
        return UNBOUND
    said = b.body("earmark")
    earmark = Earmark(
        places=tuple(dict.fromkeys(said.ids("places"))),
        categories=tuple(CategoryId(name) for name in dict.fromkeys(said.ids("categories"))),
        from_us=said.optional("from_us", said.instant), until_us=said.optional("until_us", said.instant),
        alone=bool(said.optional("alone", said.flag)),
    )
    said.end()
    return earmark


def decided(o: Order) -> DecisionId:
    """The vote that the command stands on; whether it stands: rules/voted/standing.py."""
    return DecisionId(o.body.id("decision"))


def _zone(o: Order) -> ZoneInfo:
    return o.book.caisse.calendar.zone


def _notify_subsidy(o: Order) -> Result:
    b = o.body
    return one(subsidies.decide_notify(o.book.subsidies, o.book.funds, events.SubsidyNotified(
        grant=GrantId(b.id("grant")), funder=b.text("funder"), fund=FundId(b.id("fund")), cents=b.cents("cents"),
        purpose=b.text("purpose"), earmark=read_earmark(b), reference=b.text("reference"), by=o.by,
    ), _zone(o)))


def _receive_subsidy(o: Order) -> Result:
    b = o.body
    grant, cents, reference = GrantId(b.id("grant")), b.cents("cents"), b.text("reference")
    on, another = read_line(b)
    return one(subsidies.decide_receive(
        o.book.subsidies, o.book.bank_lines, grant=grant, cents=cents, reference=reference, by=o.by, on=on, another=another,
        at_bank=o.book.bank.waiting,
    ))


def read_line(b: Body) -> tuple[str, bool]:
    """The day of a bank line, "" when it is not said; and whether it is another one just like one before."""
    on = b.optional("on", b.text) or ""
    return civil_date(on, what="'on'").isoformat() if on else "", bool(b.optional("another", b.flag))


def _reduce_subsidy(o: Order) -> Result:
    b = o.body
    grant, cents, reference = GrantId(b.id("grant")), b.optional("cents", b.cents), b.text("reference")
    return one(subsidies.decide_reduce(o.book.subsidies, grant=grant, cents=cents, reference=reference, by=o.by))


def _withdraw_announcement(o: Order) -> Result:
    b = o.body
    fund, cents, reference = FundId(b.id("fund")), b.cents("cents"), b.text("reference")
    return one(funds.decide_withdraw(o.book.funds, fund=fund, cents=cents, reference=reference, by=o.by))


def _bind_fund(o: Order) -> Result:
    b = o.body
    fund, earmark, decision = FundId(b.id("fund")), read_earmark(b), decided(o)
    wanted = events.EarmarkSet(fund=fund, earmark=earmark, decision=decision, by=o.by)
    return one(subsidies.decide_bind(o.book.subsidies, o.book.funds, wanted, _zone(o)))


def _vote_advance(o: Order) -> Result:
    b = o.body
    fund, cents, decision = FundId(b.id("fund")), b.cents("advance_cents"), decided(o)
    voted = events.AdvanceVoted(fund=fund, advance_cents=cents, decision=decision, by=o.by)
    return one(subsidies.decide_advance(o.book.funds, voted))


def _propose_transfer(o: Order) -> Result:
    b = o.body
    fund, to, cents, reason = FundId(b.id("fund")), FundId(b.id("to")), b.cents("cents"), b.text("reason")
    decision = decided(o)
    return one(subsidies.decide_propose_transfer(o.book.subsidies, o.book.funds, events.TransferProposed(
        transfer=0, fund=fund, to=to, cents=cents, reason=reason, decision=decision, by=o.by,
    ), _zone(o)))


def _confirm_transfer(o: Order) -> Result:
    number = o.body.number("transfer", lowest=1)
    return one(subsidies.decide_confirm_transfer(
        o.book.subsidies, o.book.funds, transfer=number, by=o.by, zone=_zone(o)
    ))


def _propose_repayment(o: Order) -> Result:
    b = o.body
    grant, cents, reason, decision = GrantId(b.id("grant")), b.cents("cents"), b.text("reason"), decided(o)
    return one(subsidies.decide_propose_repayment(o.book.subsidies, o.book.funds, events.RepaymentProposed(
        repayment=0, grant=grant, fund=FundId(""), cents=cents, reason=reason, decision=decision, by=o.by,
    )))


def _confirm_repayment(o: Order) -> Result:
    number = o.body.number("repayment", lowest=1)
    return one(subsidies.decide_confirm_repayment(o.book.subsidies, o.book.funds, repayment=number, by=o.by))


def _paid_repayment(o: Order) -> Result:
    number, reference = o.body.number("repayment", lowest=1), o.body.text("reference")
    return one(subsidies.decide_repayment_paid(o.book.subsidies, repayment=number, reference=reference, by=o.by))


def _repayment_sent_back(o: Order) -> Result:
    number, reason = o.body.number("repayment", lowest=1), o.body.text("reason")
    return one(subsidies.decide_repayment_sent_back(o.book.subsidies, repayment=number, reason=reason, by=o.by))


def _drop_transfer(o: Order) -> Result:
    number = o.body.number("transfer", lowest=1)
    return one(subsidies.decide_drop(o.book.subsidies, kind="transfer", number=number, by=o.by))


def _drop_repayment(o: Order) -> Result:
    number = o.body.number("repayment", lowest=1)
    return one(subsidies.decide_drop(o.book.subsidies, kind="repayment", number=number, by=o.by))


def _freeze_credits(o: Order) -> Result:
    return one(closing.decide_freeze(o.book.closing, decision=decided(o), by=o.by))


def _resume_credits(o: Order) -> Result:
    return one(closing.decide_resume(o.book.closing, decision=decided(o), by=o.by))


VERBS: Final[dict[str, Verb]] = {
    "notify_subsidy": _notify_subsidy,
    "receive_subsidy": _receive_subsidy,
    "reduce_subsidy": _reduce_subsidy,
    "withdraw_announcement": _withdraw_announcement,
    "bind_fund": _bind_fund,
    "vote_advance": _vote_advance,
    "propose_transfer": _propose_transfer,
    "confirm_transfer": _confirm_transfer,
    "drop_transfer": _drop_transfer,
    "propose_repayment": _propose_repayment,
    "confirm_repayment": _confirm_repayment,
    "drop_repayment": _drop_repayment,
    "repayment_paid": _paid_repayment,
    "repayment_sent_back": _repayment_sent_back,
    "freeze_credits": _freeze_credits,
    "resume_credits": _resume_credits,
}
