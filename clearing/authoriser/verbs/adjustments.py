"""Law: an adjustment is proposed with its reason by one, and made by another one who says the same amount."""

from typing import Final

from clearing.authoriser.verbs.order import Order, Result, Verb, one
from clearing.events.adjustments import Adjustment
from clearing.rules.folds.adjustments import rooms_of
from clearing.rules.treasury import adjusting
from clearing.values import FundId, PurseKind


def _propose(o: Order) -> Result:
    b = o.body
    what = Adjustment(
        b.id("kind"), b.id("who"), FundId(b.optional("fund", b.id) or ""), PurseKind(b.optional("purse", b.id) or ""),
        b.cents("cents"), b.optional("expires_us", b.instant) or 0,
    )
    return one(adjusting.decide_propose(
        o.book.adjustments, rooms_of(o.book), what=what, error=b.optional("error", b.text) or "", reason=b.text("reason"),
        by=o.by, at_us=o.at_us,
    ))  # fmt: skip


def _make(o: Order) -> Result:
    number, cents = o.body.number("adjustment", lowest=1), o.body.cents("cents")
    return adjusting.decide_make(
        o.book.adjustments, rooms_of(o.book), adjustment=number, cents=cents, by=o.by, at_us=o.at_us
    )


def _drop(o: Order) -> Result:
    number = o.body.number("adjustment", lowest=1)
    return one(adjusting.decide_drop(o.book.adjustments, adjustment=number, by=o.by))


VERBS: Final[dict[str, Verb]] = {
    "propose_adjustment": _propose,
    "make_adjustment": _make,
    "drop_adjustment": _drop,
}
