"""Law: what is owed is closed, approved by another, exported, and paid or sent back."""

from typing import Final

from clearing.authoriser import joint
from clearing.authoriser.bodies import Body
from clearing.authoriser.verbs.order import Order, Result, Verb, one
from clearing.events.settlement import BatchApproved, PayeeChecked, PayoutRulesSet
from clearing.events.solidarity import producers_paid
from clearing.rules.answers import Declined
from clearing.rules.calendar import civil_date
from clearing.rules.reductions import solidarity
from clearing.rules.stalls import answering, approving, holding, settlement
from clearing.rules.stalls.payouts import Answer, Row
from clearing.rules.voted.standing import payout_rules_in_force
from clearing.values import BatchId, Cents, DecisionId, InvalidValue, ProducerId


def _close_batch(o: Order) -> Result:
    """Draws that wait for the day's close are shared first: the batch holds them."""
    book = o.book
    before = solidarity.decide_shared_with_batch(book.solidarity, book.funds)
    shared: dict[ProducerId, int] = {}
    for event in before:
        for producer, cents in producers_paid(event).items():
            shared[producer] = shared.get(producer, 0) + cents
    closed = settlement.decide_close(
        book.settlement, producers=book.producers.producers, calendar=book.caisse.calendar, closed_on=o.body.text("closed_on"),
        position=book.position + len(before), by=o.by, at_us=o.at_us, shared=shared, contested=book.contested(),
        rules=payout_rules_in_force(book, o.at_us),
    )
    return closed if isinstance(closed, Declined) else (*before, closed)


def _batch(b: Body) -> BatchId:
    return BatchId(b.number("batch", lowest=1))


def _producer(b: Body) -> ProducerId:
    return ProducerId(b.id("producer"))


def _approve_batch(o: Order) -> Result:
    book, batch, execution_on = o.book, _batch(o.body), o.body.text("execution_on")
    decided = approving.decide_approve(
        book.settlement, batch=batch, execution_on=execution_on, calendar=book.caisse.calendar, by=o.by, at_us=o.at_us,
        producers=book.producers.producers, rules=payout_rules_in_force(book, o.at_us),
    )
    if not isinstance(decided, BatchApproved):
        return one(decided)
    return decided, *joint.handed_over(book, batch, o.by, at_us=o.at_us)


def _withdraw_payouts(o: Order) -> Result:
    batch, producers = _batch(o.body), tuple(ProducerId(name) for name in o.body.ids("producers"))
    reason = o.body.text("reason")
    return one(answering.decide_withdraw(o.book.settlement, batch=batch, producers=producers, reason=reason, by=o.by))


def _export_batch(o: Order) -> Result:
    batch, message_id, digest = _batch(o.body), o.body.text("message_id"), o.body.bytes("file_sha256", 32)
    return one(approving.decide_export(
        o.book.settlement, batch=batch, message_id=message_id, file_sha256=digest, by=o.by,
        producers=o.book.producers.producers,
    ))


def _confirm_payout(o: Order) -> Result:
    batch, producer, reference = _batch(o.body), _producer(o.body), o.body.text("reference")
    return one(answering.decide_confirm(o.book.settlement, batch=batch, producer=producer, reference=reference, by=o.by))


def _return_payout(o: Order) -> Result:
    batch, producer, reason = _batch(o.body), _producer(o.body), o.body.text("reason")
    return one(answering.decide_return(o.book.settlement, batch=batch, producer=producer, reason=reason, by=o.by))


def _answer_payouts(o: Order) -> Result:
    batch, rows = _batch(o.body), o.body.bodies("rows")
    if not rows:
        raise InvalidValue("An answer of the bank is about one transfer at least: name its producer and what the bank said")
    return answering.decide_answers(o.book.settlement, batch=batch, rows=[_row(row) for row in rows], by=o.by)


def _row(b: Body) -> Row:
    producer, state = _producer(b), b.id("state")
    row = Row(
        producer, Answer(state), b.optional("code", lambda name: b.text(name, shortest=0)) or "",
        b.optional("text", lambda name: b.text(name, shortest=0)) or "", civil_date(b.text("on"), what="on").isoformat(),
        b.optional("reference", lambda name: b.text(name, shortest=0)) or "",
    )
    b.end()
    return row


def _close_question(o: Order) -> Result:
    batch, producer, found = _batch(o.body), _producer(o.body), o.body.text("found")
    return one(answering.decide_close_question(o.book.settlement, batch=batch, producer=producer, found=found, by=o.by))


def _reissue_payout(o: Order) -> Result:
    """payouts: batch and producer of each transfer that failed."""
    payouts = []
    for b in o.body.bodies("payouts"):
        payouts.append((_batch(b), _producer(b)))
        b.end()
    book = o.book
    return one(settlement.decide_reissue(
        book.settlement, payouts=payouts, producers=book.producers.producers, calendar=book.caisse.calendar,
        contested=book.contested(), by=o.by, at_us=o.at_us,
    ))


def _set_payout_rules(o: Order) -> Result:
    b = o.body
    return one(holding.decide_rules(PayoutRulesSet(
        decision=DecisionId(b.id("decision")), minimum_cents=b.optional("minimum_cents", b.cents) or Cents(0),
        minimum_days=b.optional("minimum_days", b.number) or 0,
        negative_cap_cents=b.optional("negative_cap_cents", b.cents) or Cents(0), payout_days=b.ids("payout_days"),
        two_above_cents=b.optional("two_above_cents", b.cents) or Cents(0), by=o.by,
    )))  # fmt: skip


def _hold_payout(o: Order) -> Result:
    producer, reason = _producer(o.body), o.body.text("reason")
    return one(holding.decide_hold(o.book.settlement, o.book.producers, producer=producer, reason=reason, by=o.by))


def _propose_payout_release(o: Order) -> Result:
    producer, reason = _producer(o.body), o.body.text("reason")
    return one(holding.decide_propose_release(o.book.settlement, producer=producer, reason=reason, by=o.by))


def _release_payout(o: Order) -> Result:
    return one(holding.decide_release(o.book.settlement, producer=_producer(o.body), by=o.by))


def _report_account(o: Order) -> Result:
    producer, what = _producer(o.body), o.body.id("what")
    return one(holding.decide_report(o.book.producers, producer=producer, what=what, by=o.by, at_us=o.at_us))


def _record_payee_check(o: Order) -> Result:
    b = o.body
    return one(holding.decide_check(o.book.producers, PayeeChecked(
        producer=_producer(b), details=b.bytes("details", 32), state=b.text("state"),
        name=b.bytes("name", 32, or_empty=True), on=civil_date(b.text("on"), what="on").isoformat(), by=o.by,
    )))  # fmt: skip


VERBS: Final[dict[str, Verb]] = {
    "close_batch": _close_batch,
    "withdraw_payouts": _withdraw_payouts,
    "approve_batch": _approve_batch,
    "export_batch": _export_batch,
    "confirm_payout": _confirm_payout,
    "return_payout": _return_payout,
    "answer_payouts": _answer_payouts,
    "close_payout_question": _close_question,
    "reissue_payout": _reissue_payout,
    "set_payout_rules": _set_payout_rules,
    "hold_payout": _hold_payout,
    "propose_payout_release": _propose_payout_release,
    "release_payout": _release_payout,
    "report_account": _report_account,
    "record_payee_check": _record_payee_check,
}
