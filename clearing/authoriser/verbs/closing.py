"""Law: a caisse is closed by a vote and two officers, emptied step by step, and sealed."""

from typing import Final

from clearing.authoriser.bodies import Body
from clearing.authoriser.verbs.grants import decided
from clearing.authoriser.verbs.order import Order, Result, Verb, one
from clearing.events.closing import Heir
from clearing.rules.ends import closing
from clearing.values import FundId, MemberId, ProducerId


def _heir(one_of: Body) -> Heir:
    heir = Heir(FundId(one_of.id("fund")), one_of.text("body"))
    one_of.end()
    return heir


def _propose_closure(o: Order) -> Result:
    last_day, heirs = o.body.text("last_day"), tuple(_heir(item) for item in o.body.bodies("heirs"))
    decision = decided(o)
    return one(closing.decide_propose(o.book, last_day=last_day, heirs=heirs, decision=decision, by=o.by, at_us=o.at_us))


def _confirm_closure(o: Order) -> Result:
    last_day, heirs = o.body.text("last_day"), tuple(_heir(item) for item in o.body.bodies("heirs"))
    decision = decided(o)
    return one(closing.decide_confirm(o.book, last_day=last_day, heirs=heirs, decision=decision, by=o.by, at_us=o.at_us))


def _release_own(o: Order) -> Result:
    return closing.decide_release_own(o.book, by=o.by, at_us=o.at_us)


def _own_paid(o: Order) -> Result:
    member, reference = MemberId(o.body.id("member")), o.body.text("reference")
    return one(closing.decide_own_paid(o.book.closing, member=member, reference=reference, by=o.by))


def _release_rests(o: Order) -> Result:
    return closing.decide_release_rests(o.book, by=o.by, at_us=o.at_us)


def _rest_paid(o: Order) -> Result:
    fund, reference = FundId(o.body.id("fund")), o.body.text("reference")
    return one(closing.decide_rest_paid(o.book.closing, fund=fund, reference=reference, by=o.by))


def _producer_repaid(o: Order) -> Result:
    b = o.body
    producer, cents, reference = ProducerId(b.id("producer")), b.cents("cents"), b.text("reference")
    return one(closing.decide_producer_repaid(o.book, producer=producer, cents=cents, reference=reference, by=o.by))


def _seal(o: Order) -> Result:
    return one(closing.decide_seal(o.book, by=o.by, at_us=o.at_us))


VERBS: Final[dict[str, Verb]] = {
    "propose_closure": _propose_closure,
    "confirm_closure": _confirm_closure,
    "release_own_money": _release_own,
    "own_money_paid": _own_paid,
    "release_rests": _release_rests,
    "rest_paid": _rest_paid,
    "producer_repaid": _producer_repaid,
    "seal_caisse": _seal,
}
