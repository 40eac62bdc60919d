"""Law: proofs are recorded with the figures that their taker signed; whether they hold is what the figures say."""

from typing import Final

from clearing.authoriser.bodies import Body
from clearing.authoriser.verbs.order import Order, Result, Verb, one
from clearing.events.proofs import ProofFigure, ProofResult
from clearing.rules.treasury import proofs
from clearing.values import Position


def _figure(b: Body) -> ProofFigure:
    figure = ProofFigure(
        b.text("name"), b.optional("log", b.signed), b.optional("book", b.signed), b.optional("shown", b.signed)
    )
    b.end()
    return figure


def _result(b: Body) -> ProofResult:
    result = ProofResult(b.id("proof"), b.number("compared"), tuple(_figure(row) for row in b.bodies("figures")))
    b.end()
    return result


def _take(o: Order) -> Result:
    b = o.body
    day, up_to = b.text("day"), Position(b.number("up_to", lowest=1, highest=2**62))
    return one(proofs.decide_take(
        tuple(_result(row) for row in b.bodies("results")), calendar=o.book.caisse.calendar, day=day, up_to=up_to,
        position=o.book.position, by=o.by, at_us=o.at_us,
    ))  # fmt: skip


def _propose(o: Order) -> Result:
    return one(proofs.decide_propose(o.book.proofs, reason=o.body.text("reason"), by=o.by))


def _confirm(o: Order) -> Result:
    taken = Position(o.body.number("taken", lowest=1, highest=2**62))
    return one(proofs.decide_confirm(o.book.proofs, taken=taken, by=o.by))


VERBS: Final[dict[str, Verb]] = {
    "take_proofs": _take,
    "propose_going_on": _propose,
    "confirm_going_on": _confirm,
}
