"""Law: a wrong entry is corrected by one who proposes and another one who sends the same; credit that waited follows."""

from typing import Final

from clearing.authoriser.bodies import Body
from clearing.authoriser.verbs.cotisations import debited, this_period, waited
from clearing.authoriser.verbs.order import Order, Result, Verb, one
from clearing.events.corrections import EntryName, RightEntry
from clearing.rules.answers import Declined
from clearing.rules.treasury import corrections


def _entry(b: Body) -> EntryName:
    return EntryName(b.id("kind"), b.optional("contract", b.id) or "", b.text("reference"))


def _right(b: Body) -> RightEntry | None:
    """Missing: nothing was paid."""
    if not b.has("right"):
        b.optional("right", b.text)
        return None
    row = b.body("right")
    right = RightEntry(
        row.text("who"), row.optional("rule", row.id) or "", row.optional("month", row.text) or "", row.cents("cents"),
        row.id("means"),
    )
    row.end()
    return right


def _rooms(o: Order) -> corrections.Rooms:
    book = o.book
    return corrections.Rooms(
        book.cotisations, book.gifts, book.contracts, book.members, book.funds, book.takings, this_period(o)
    )


def _propose(o: Order) -> Result:
    entry, right, reason = _entry(o.body), _right(o.body), o.body.text("reason")
    held = debited(o, entry.reference) if entry.kind == "cotisation" else None
    return held or one(corrections.decide_propose(_rooms(o), entry=entry, right=right, reason=reason, by=o.by))


def _confirm(o: Order) -> Result:
    """Credit that waited for the right payment is given with it, unless it had been given on the wrong one: that stands."""
    entry, right = _entry(o.body), _right(o.body)
    event = corrections.decide_confirm(o.book.corrections, _rooms(o), entry=entry, right=right, by=o.by)
    if isinstance(event, Declined):
        return event
    paid = event.cotisation
    if paid is None or (paid.member, paid.period) == (event.wrong.who, event.wrong.month):
        return (event,)
    gone = event.wrong.cents - event.wrong.cleared_cents
    if paid.fund == event.wrong.fund:
        gone = max(0, gone - paid.cents + paid.cleared_cents)
    return (event, *waited(o, paid, {event.wrong.fund: gone}))


def _drop(o: Order) -> Result:
    return one(corrections.decide_drop(o.book.corrections, entry=_entry(o.body), by=o.by))


VERBS: Final[dict[str, Verb]] = {
    "propose_correction": _propose,
    "confirm_correction": _confirm,
    "drop_correction": _drop,
}
