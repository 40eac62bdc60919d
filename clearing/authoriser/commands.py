"""Law: a person's command is one verb with an exact body; the rules answer with all of its events, or with one decline.

Several items in one command (members, cards, producers) are taken whole or not at all.
"""

from dataclasses import fields
from typing import Final

from clearing.authoriser.verbs import between, money, officers, payouts, people, stalls, voted
from clearing.authoriser.verbs.order import Order, Result, Verb
from clearing.events.catalogue import Event

__all__ = ["VERBS", "Order", "Result", "Verb", "decide", "summary"]

VERBS: Final[dict[str, Verb]] = {
    **officers.VERBS, **voted.VERBS, **money.VERBS, **people.VERBS, **stalls.VERBS, **payouts.VERBS,
    **between.VERBS,
}  # fmt: skip
"""verb -> how it is decided; who may give it is rules/offices.py, ALLOWED_ROLES (a test holds the two together)."""


def decide(verb: str, order: Order) -> Result:
    """All events of the command, or why not. Raises InvalidValue for a body that is not the verb's (a refusal, no event)."""
    result = VERBS[verb](order)
    order.body.end()
    return result


def summary(events: tuple[Event, ...]) -> dict[str, object]:
    """What the person is told of the events: the plain fields of a single one, else how many there were."""
    if len(events) != 1:
        return {"events": len(events)}
    event = events[0]
    plain = {field.name: getattr(event, field.name) for field in fields(event)}
    return {"event": type(event).__name__} | {
        name: value for name, value in plain.items() if isinstance(value, bool | int | str | bytes)
    }
