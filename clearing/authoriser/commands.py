"""Law: a person's command is one verb with an exact body; the rules answer with all of its events, or with one decline.

Several items in one command (members, cards, producers) are taken whole or not at all.
"""

from dataclasses import fields
from typing import Final

from clearing.authoriser.forms import FORMS
from clearing.authoriser.verbs import (
    accounts,
    adjustments,
    bank,
    between,
    books,
    closing,
    contests,
    contracts,
    corrections,
    cotisations,
    debits,
    factors,
    grants,
    households,
    joining,
    money,
    officers,
    opening,
    orders,
    payouts,
    people,
    products,
    proofs,
    solidarity,
    stalls,
    units,
    voted,
)
from clearing.authoriser.verbs.order import Order, Result, Verb
from clearing.events.catalogue import Event
from clearing.events.settlement import BatchApproved, BatchClosed
from clearing.rules.answers import Declined, not_now
from clearing.rules.book import Book
from clearing.rules.voted.restrictions import restricted

__all__ = ["VERBS", "Order", "Result", "Verb", "allowed", "decide", "summary"]

VERBS: Final[dict[str, Verb]] = {
    **officers.VERBS,
    **factors.VERBS,
    **voted.VERBS,
    **money.VERBS,
    **people.VERBS,
    **stalls.VERBS,
    **payouts.VERBS,
    **adjustments.VERBS,
    **contests.VERBS,
    **products.VERBS,
    **households.VERBS,
    **grants.VERBS,
    **closing.VERBS,
    **solidarity.VERBS,
    **cotisations.VERBS,
    **debits.VERBS,
    **corrections.VERBS,
    **contracts.VERBS,
    **accounts.VERBS,
    **orders.VERBS,
    **units.VERBS,
    **opening.VERBS,
    **between.VERBS,
    **joining.VERBS,
    **proofs.VERBS,
    **bank.VERBS,
    **books.VERBS,
}
"""verb -> how it is decided; who may give it is rules/voted/offices.py, ALLOWED_ROLES (a test holds the two together)."""

AFTER_THE_SEAL: Final = ("confirm_clock",)
"""What a sealed caisse still takes: who reads it must be told the time."""


def decide(verb: str, order: Order) -> Result:
    """All events of the command, or why not. Raises InvalidValue for a body that is not the verb's (a refusal, no event)."""
    if order.book.closing.sealed and verb not in AFTER_THE_SEAL:
        name = order.book.caisse.name
        return not_now(f"{name} is closed and its log is sealed: it can be read and proved, nothing is added.")
    order.body.check(FORMS[verb])
    result = VERBS[verb](order)
    order.body.end()
    return result if isinstance(result, Declined) else allowed(result, order.book, order.at_us)


def allowed(events: tuple[Event, ...], book: Book, at_us: int) -> Result:
    """The same events, or why a freeze, a closing or an earmark forbids one of them."""
    for event in events:
        declined = restricted(event, book, at_us)
        if declined is not None:
            return declined
    return events


def summary(events: tuple[Event, ...]) -> dict[str, object]:
    """What the person is told of the events: the plain fields of a single one, else how many there were.

    A batch is told of alone, though draws of the day may have been shared just before it, or payouts handed over after it.
    """
    events = tuple(one for one in events if isinstance(one, BatchClosed | BatchApproved)) or events
    if len(events) != 1:
        return {"events": len(events)}
    event = events[0]
    plain = {field.name: getattr(event, field.name) for field in fields(event)}
    return {"event": type(event).__name__} | {
        name: str(value) if isinstance(value, str) else value  # a choice of an enum is said as its text
        for name, value in plain.items() if isinstance(value, bool | int | str | bytes)
    }
