"""Law: who commands is named by two people; a jumped clock is confirmed by one who looks after machines."""

from typing import Final

from clearing.authoriser.verbs.order import Order, Result, Verb, one
from clearing.events import caisse as said
from clearing.rules.answers import not_now
from clearing.rules.voted import caisse
from clearing.values import PersonId
from clearing.wire.commands import person_number
from clearing.wire.signature import acceptable_public_key


def _propose_person(o: Order) -> Result:
    key = o.body.bytes("key", 32)
    if not acceptable_public_key(key):
        return not_now("This is not a usable Ed25519 public key; make a new one with `clearing person add`.")
    person, roles = PersonId(o.body.id("person")), o.body.ids("roles")
    return one(caisse.decide_propose_person(o.book.caisse, person=person, key=key, roles=roles, by=o.by))


def _confirm_person(o: Order) -> Result:
    person = PersonId(o.body.id("person"))
    key, roles = o.body.bytes("key", 32), o.body.ids("roles")
    return one(caisse.decide_confirm_person(
        o.book.caisse, person=person, number=person_number(person), key=key, roles=roles, by=o.by
    ))


def _remove_person(o: Order) -> Result:
    return one(caisse.decide_remove_person(o.book.caisse, person=PersonId(o.body.id("person")), by=o.by))


def _confirm_clock(o: Order) -> Result:
    if not o.clock_step_us:
        return not_now("The clock runs as it should; there is nothing to confirm.")
    return (said.ClockConfirmed(step_us=o.clock_step_us, by=o.by),)


VERBS: Final[dict[str, Verb]] = {
    "propose_person": _propose_person,
    "confirm_person": _confirm_person,
    "remove_person": _remove_person,
    "confirm_clock": _confirm_clock,
}
