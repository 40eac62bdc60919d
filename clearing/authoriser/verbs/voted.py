"""Law: rules come from recorded votes."""

from typing import Final

from clearing.authoriser.bodies import Body, charte
from clearing.authoriser.verbs.order import Order, Result, Verb, one
from clearing.events import caisse as said, funds as money
from clearing.rules import allocation, caisse
from clearing.rules.calendar import civil_date
from clearing.values import Cents, DecisionId, FundId, PersonId, PurseKind


def read_decision(body: Body, by: PersonId) -> said.DecisionRecorded:
    """A recorded vote, as commands and founding files give it."""
    return said.DecisionRecorded(
        decision=DecisionId(body.id("decision")), title=body.text("title"), body=body.id("body"), method=body.id("method"),
        taken_on=civil_date(body.text("taken_on"), what="taken_on").isoformat(), votes_for=body.number("votes_for"),
        votes_against=body.number("votes_against"), abstained=body.number("abstained"),
        minutes_sha256=body.bytes("minutes_sha256", 32, or_empty=True), by=by,
    )


def _record_decision(o: Order) -> Result:
    return one(caisse.decide_record(o.book.caisse, read_decision(o.body, o.by)))


def _adopt_charte(o: Order) -> Result:
    adopted = charte(o.body)
    known = frozenset(o.book.funds)
    return one(caisse.decide_adopt(o.book.caisse, charte=adopted, funds=known, founding=False, by=o.by, at_us=o.at_us))


def read_allocation_rule(b: Body, by: PersonId) -> money.AllocationRuleSet:
    """A voted monthly credit, as commands and founding files give it."""
    short_fund, lapse_to = b.optional("short_fund", b.id), b.optional("lapse_to", b.id)
    classes = []
    for one_class in b.bodies("classes"):
        classes.append(money.ClassCents(one_class.id("credit_class"), one_class.cents("cents")))
        one_class.end()
    return money.AllocationRuleSet(
        rule=b.id("rule"), purse=PurseKind(b.id("purse")), fund=FundId(b.id("fund")), cents_each=b.cents("cents_each"),
        months_valid=b.number("months_valid", lowest=1, highest=24), who=b.ids("who"), decision=DecisionId(b.id("decision")),
        by=by, form=b.optional("form", b.id) or "fixed", further_cents=b.optional("further_cents", b.cents) or Cents(0),
        classes=tuple(classes), after_cotisation=bool(b.optional("after_cotisation", b.flag)),
        first_period=b.optional("first_period", b.text) or "", last_period=b.optional("last_period", b.text) or "",
        short=b.optional("short", b.id) or "wait", short_fund=None if short_fund is None else FundId(short_fund),
        lapse_to=None if lapse_to is None else FundId(lapse_to),
        rollover_max_cents=b.optional("rollover_max_cents", b.cents) or Cents(0),
        notice_days=b.optional("notice_days", b.number) or 0,
    )  # fmt: skip


def _set_allocation_rule(o: Order) -> Result:
    rule = read_allocation_rule(o.body, o.by)
    return one(allocation.decide_set_rule(rule, funds=o.book.funds, decisions=o.book.caisse.decisions))


VERBS: Final[dict[str, Verb]] = {
    "record_decision": _record_decision,
    "adopt_charte": _adopt_charte,
    "set_allocation_rule": _set_allocation_rule,
}
