"""Law: whom the caisse recognises or pays for is voted; what both books say is netted; a transfer is recorded when made."""

from datetime import date
from typing import Final

from clearing.authoriser.bodies import Body
from clearing.authoriser.verbs.order import Order, Result, Verb, one
from clearing.events.interchange import CategoryPair, NetLine, RecognitionSet
from clearing.events.joint import JointProducer, JointProposed
from clearing.rules.answers import not_now
from clearing.rules.between import interchange, joint, write_offs
from clearing.rules.calendar import civil_date
from clearing.values import CaisseCode, CategoryId, Cents, DecisionId, FundId, OperationId, ProducerId
from clearing.wire.signature import acceptable_public_key


def _recognise(o: Order) -> Result:
    b = o.body
    event = RecognitionSet(
        other=CaisseCode(b.id("other")), key=b.bytes("key", 32), decision=DecisionId(b.id("decision")),
        debit_cap_cents=b.cents("debit_cap_cents"), categories=tuple(_pair(one) for one in b.bodies("categories")),
        from_us=b.instant("from_us"), until_us=b.optional("until_us", b.instant), by=o.by,
    )
    if not acceptable_public_key(event.key):
        return not_now("This is not a usable Ed25519 public key; `clearing interchange key` shows the other caisse's.")
    return one(interchange.decide_recognise(event, own=CaisseCode(o.book.caisse.code)))


def _pair(body: Body) -> CategoryPair:
    pair = CategoryPair(CategoryId(body.id("theirs")), CategoryId(body.id("ours")))
    body.end()
    return pair


def _net(o: Order) -> Result:
    day = civil_date(o.body.text("day"), what="day").isoformat()
    lines = tuple(_line(one) for one in o.body.bodies("lines"))
    return one(interchange.decide_net(
        o.book.interchange, day=day, lines=lines, calendar=o.book.caisse.calendar, by=o.by, at_us=o.at_us
    ))


def _line(body: Body) -> NetLine:
    """Below zero on a day on which more was reversed than sold."""
    line = NetLine(CaisseCode(body.id("other")), body.signed("in_cents"), body.signed("out_cents"))
    body.end()
    return line


def _paid(o: Order) -> Result:
    day, reference = civil_date(o.body.text("day"), what="day").isoformat(), o.body.text("reference")
    return one(interchange.decide_paid(o.book.interchange, day=day, reference=reference, by=o.by))


def _ref(o: Order) -> OperationId:
    return OperationId(o.body.bytes("ref", 16))


def _today(o: Order) -> date:
    return o.book.caisse.calendar.day(o.at_us)


def _propose_write_off(o: Order) -> Result:
    ref, fund, decision = _ref(o), FundId(o.body.id("fund")), DecisionId(o.body.id("decision"))
    reason = o.body.text("reason")
    return one(write_offs.decide_propose(
        o.book.interchange, o.book.funds, ref=ref, fund=fund, decision=decision, reason=reason, by=o.by, today=_today(o)
    ))


def _confirm_write_off(o: Order) -> Result:
    ref, fund, cents = _ref(o), FundId(o.body.id("fund")), o.body.signed("cents")
    return one(write_offs.decide_confirm(
        o.book.interchange, o.book.funds, ref=ref, fund=fund, cents=cents, by=o.by, today=_today(o)
    ))


def _drop_write_off(o: Order) -> Result:
    return one(write_offs.decide_drop(o.book.interchange, ref=_ref(o), by=o.by))


def _propose_joint(o: Order) -> Result:
    b = o.body
    wanted = JointProposed(
        other=CaisseCode(b.id("other")), role=b.id("role"), decision=DecisionId(b.id("decision")),
        cap_cents=Cents(b.optional("cap_cents", b.cents) or 0),
        from_on=civil_date(b.text("from_on"), what="from_on").isoformat(),
        producers=tuple(_joint_producer(one) for one in b.bodies("producers")), by=o.by,
    )
    return one(joint.decide_propose(
        o.book.interchange, o.book.producers.producers, wanted, own=CaisseCode(o.book.caisse.code), at_us=o.at_us
    ))


def _joint_producer(body: Body) -> JointProducer:
    named = JointProducer(
        ProducerId(body.id("ours")), ProducerId(body.id("theirs")), body.bytes("details", 32), body.bytes("account", 16),
        body.text("consent"),
    )
    body.end()
    return named


def _agree_joint(o: Order) -> Result:
    other, role, proposed = CaisseCode(o.body.id("other")), o.body.id("role"), o.body.number("proposed", lowest=1)
    return one(joint.decide_agree(o.book.interchange, other=other, role=role, proposed=proposed, by=o.by))


def _end_joint(o: Order) -> Result:
    other, role, reason = CaisseCode(o.body.id("other")), o.body.id("role"), o.body.text("reason")
    return one(joint.decide_end(o.book.interchange, other=other, role=role, reason=reason, by=o.by))


VERBS: Final[dict[str, Verb]] = {
    "recognise_caisse": _recognise,
    "net_interchange": _net,
    "pay_netting": _paid,
    "propose_write_off": _propose_write_off,
    "confirm_write_off": _confirm_write_off,
    "drop_write_off": _drop_write_off,
    "propose_joint_payout": _propose_joint,
    "agree_joint_payout": _agree_joint,
    "end_joint_payout": _end_joint,
}
