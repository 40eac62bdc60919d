"""Law: rules come from recorded votes."""

from collections.abc import Callable
from typing import Final

from clearing.authoriser.bodies import Body, charte
from clearing.authoriser.verbs.order import Order, Result, Verb, one
from clearing.events import caisse as said, funds as money
from clearing.events.catalogue import Event
from clearing.rules.answers import Declined
from clearing.rules.calendar import civil_date
from clearing.rules.credit import allocation
from clearing.rules.voted import caisse, decisions
from clearing.values import Cents, DecisionId, FundId, MicroTime, PersonId, PurseKind


def read_decision(b: Body, by: PersonId, *, needs_approval: bool) -> said.DecisionRecorded:
    """A recorded vote, as commands and founding files give it."""

    def day(name: str) -> str:
        return civil_date(b.text(name), what=name).isoformat()

    return said.DecisionRecorded(
        decision=DecisionId(b.id("decision")), title=b.text("title"), body=b.id("body"), method=b.id("method"),
        taken_on=day("taken_on"), votes_for=b.number("votes_for"), votes_against=b.number("votes_against"),
        abstained=b.number("abstained"), minutes_sha256=b.bytes("minutes_sha256", 32, or_empty=True), by=by,
        tallies=tuple(_tally(one) for one in b.bodies("tallies")), drawn=b.optional("drawn", b.number) or 0,
        scope=b.optional("scope", b.text) or decisions.WHOLE_CAISSE, minutes_link=b.optional("minutes_link", b.text) or "",
        effective_on=b.optional("effective_on", day) or "", ends_on=b.optional("ends_on", day) or "",
        needs_approval=needs_approval,
    )


def _tally(b: Body) -> said.Tally:
    tally = said.Tally(b.id("college"), b.number("votes_for"), b.number("votes_against"), b.number("abstained"))
    b.end()
    return tally


def _record_decision(o: Order) -> Result:
    return one(decisions.decide_record(o.book.caisse, read_decision(o.body, o.by, needs_approval=True)))


def _approve_decision(o: Order) -> Result:
    return one(decisions.decide_approve(o.book.caisse, decision=DecisionId(o.body.id("decision")), by=o.by))


def _ruled(decide: Callable[..., Event | Declined]) -> Verb:
    """Suspend, resume or annul; without an instant from the command's own on."""

    def decided(o: Order) -> Result:
        decision, ruling = DecisionId(o.body.id("decision")), DecisionId(o.body.id("ruling"))
        from_us = o.body.optional("from_us", o.body.instant) or MicroTime(o.at_us)
        return one(decide(o.book.caisse, decision=decision, ruling=ruling, from_us=from_us, by=o.by, at_us=o.at_us))

    return decided


def _adopt_charte(o: Order) -> Result:
    adopted = charte(o.body)
    known = frozenset(o.book.funds)
    return one(caisse.decide_adopt(
        o.book.caisse, charte=adopted, funds=known, founding=False, by=o.by, at_us=o.at_us, products=o.book.products,
    ))


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
    return one(allocation.decide_set_rule(read_allocation_rule(o.body, o.by), funds=o.book.funds))


VERBS: Final[dict[str, Verb]] = {
    "record_decision": _record_decision,
    "approve_decision": _approve_decision,
    "suspend_decision": _ruled(decisions.decide_suspend),
    "resume_decision": _ruled(decisions.decide_resume),
    "annul_decision": _ruled(decisions.decide_annul),
    "adopt_charte": _adopt_charte,
    "set_allocation_rule": _set_allocation_rule,
}
