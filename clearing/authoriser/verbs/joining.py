"""Law: a look at a person with her purchases is asked for by herself, or proposed by one officer and agreed to by another."""

from typing import Final

from clearing.authoriser.verbs.order import Order, Result, Verb, one
from clearing.rules.people import joining
from clearing.values import MemberId


def _asked(o: Order) -> Result:
    member, reason = MemberId(o.body.id("member")), o.body.text("reason")
    return one(joining.decide_asked(o.book.joining, o.book.members, member=member, reason=reason, by=o.by, at_us=o.at_us))


def _propose(o: Order) -> Result:
    member, reason = MemberId(o.body.id("member")), o.body.text("reason")
    return one(joining.decide_propose(o.book.joining, o.book.members, member=member, reason=reason, by=o.by, at_us=o.at_us))


def _allow(o: Order) -> Result:
    member, reason = MemberId(o.body.id("member")), o.body.text("reason")
    return one(joining.decide_allow(o.book.joining, member=member, reason=reason, by=o.by, at_us=o.at_us))


def _drop(o: Order) -> Result:
    return one(joining.decide_drop(o.book.joining, member=MemberId(o.body.id("member")), by=o.by))


VERBS: Final[dict[str, Verb]] = {
    "record_join_asked": _asked,
    "propose_join": _propose,
    "allow_join": _allow,
    "drop_join": _drop,
}
