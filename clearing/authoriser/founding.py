"""Law: a caisse is founded whole by one signed command, or not at all; at least a treasurer and an approver, two people.

Each part is decided on a book that already has the parts before it, with the same rules that decide it later.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from clearing.authoriser.bodies import Body, charte
from clearing.authoriser.verbs.cotisations import read_rule
from clearing.authoriser.verbs.grants import read_earmark
from clearing.authoriser.verbs.households import read_emergency_rule
from clearing.authoriser.verbs.products import read_product
from clearing.authoriser.verbs.solidarity import read_bonus_rule, read_solidarity_rule
from clearing.authoriser.verbs.voted import read_allocation_rule, read_decision
from clearing.events.caisse import CaisseFounded, PersonNamed
from clearing.events.catalogue import Event
from clearing.events.households import HouseholdRulesSet
from clearing.rules.answers import Declined, not_now
from clearing.rules.book import Book
from clearing.rules.calendar import CivilCalendar
from clearing.rules.credit import allocation, bonuses
from clearing.rules.people import emergency, households
from clearing.rules.reductions import solidarity
from clearing.rules.treasury import cotisations, funds
from clearing.rules.voted import caisse, decisions, products
from clearing.rules.voted.offices import ROLES
from clearing.rules.voted.restrictions import restricted
from clearing.values import CaisseCode, DecisionId, FundId, InvalidValue, PersonId
from clearing.wire.commands import person_number
from clearing.wire.signature import acceptable_public_key


class _Refused(Exception):
    def __init__(self, declined: Declined) -> None:
        super().__init__(declined.why)
        self.declined = declined


class Mistake(NamedTuple):
    """Why one item of a founding can't be taken. part: the list it stands in; place: in it, from 0; of the caisse: "", 0."""

    part: str
    place: int
    why: str


def founder_key(body: dict[str, object], kid: bytes) -> bytes | None:
    """The public key, among the persons that a founding names, whose key id signed it."""
    persons = body.get("persons")
    named = persons if isinstance(persons, list) else []
    keys = [person.get("key") for person in named if isinstance(person, dict)]
    return next((key for key in keys if isinstance(key, bytes) and len(key) == 32 and key[:8] == kid), None)


def decide_found(
    code: CaisseCode, fields: dict[str, object], *, founder_kid: bytes, at_us: int
) -> tuple[Event, ...] | Declined:
    """All events of the founding. Raises InvalidValue for a body that is not a founding's."""
    book, body = Book(), Body(fields, "The founding")
    events: list[Event] = []
    try:
        for event in _parts(book, code, body, founder_kid, at_us):
            book.apply(event, len(events) + 1, at_us + len(events))
            events.append(event)
    except _Refused as refused:
        return refused.declined
    body.end()
    return tuple(events)


def check_found(
    code: CaisseCode, fields: dict[str, object], *, founder_kid: bytes, at_us: int
) -> tuple[tuple[Event, ...], list[Mistake]]:
    """A rehearsal: the events of the items that can be taken, and everything that stands in the way of the others."""
    book, body = Book(), Body(fields, "The founding")
    events, mistakes = list[Event](), list[Mistake]()

    def take(event: Event) -> None:
        book.apply(event, len(events) + 1, at_us + len(events))
        events.append(event)

    try:
        for event in _caisse(code, body):
            take(event)
        persons = _persons(body)
        for person in persons:
            take(person)
        by = _founder(persons, founder_kid)
    except (InvalidValue, _Refused) as fault:
        return (), [Mistake("persons" if events else "", 0, str(fault))]
    for name in PARTS:
        for place, one in enumerate(body.bodies(name)):
            found = _one_item(book, name, one, by, at_us)
            if isinstance(found, list):
                mistakes += [Mistake(name, place, why) for why in found]
            else:
                take(found)
    try:
        body.end()
    except InvalidValue as fault:
        mistakes.append(Mistake("", 0, str(fault)))
    return tuple(events), mistakes


def _one_item(book: Book, name: str, one: Body, by: PersonId, at_us: int) -> Event | list[str]:
    """The item's event, or everything that is wrong with it. A charte tells each of its problems by itself."""
    whole = one.copy()
    try:
        found = _allowed(PARTS[name](book, one, by, at_us), book, at_us)
        one.end()
    except InvalidValue as fault:
        return [str(fault)]
    if not isinstance(found, Declined):
        return found
    problems = caisse.charte_problems(charte(whole), frozenset(book.funds), book.products) if name == "chartes" else []
    return problems or [found.why]


def _parts(book: Book, code: CaisseCode, body: Body, founder_kid: bytes, at_us: int) -> Iterator[Event]:
    yield from _caisse(code, body)
    persons = _persons(body)
    yield from persons
    by = _founder(persons, founder_kid)
    for name, decide in PARTS.items():
        for one in body.bodies(name):
            yield _taken(_allowed(decide(book, one, by, at_us), book, at_us))
            one.end()


def _caisse(code: CaisseCode, body: Body) -> Iterator[Event]:
    founded = CaisseFounded(code=code, name=body.text("name"), zone=body.text("zone"), account_name=body.text("account_name"))
    try:
        CivilCalendar(founded.zone)
    except (KeyError, ValueError, OSError):
        raise InvalidValue(f"'zone' must be an IANA time zone like Europe/Paris, not {founded.zone!r}") from None
    yield founded


def _persons(body: Body) -> list[PersonNamed]:
    return _checked([_person(one) for one in body.bodies("persons")])


def _founder(persons: list[PersonNamed], founder_kid: bytes) -> PersonId:
    by = next((person.person for person in persons if person.key[:8] == founder_kid), None)
    if by is None:
        raise InvalidValue("who founds a caisse is one of its persons; name the person with --by, or add [[persons]]")
    return by


def _allowed(result: Event | Declined, book: Book, at_us: int) -> Event | Declined:
    return result if isinstance(result, Declined) else restricted(result, book, at_us) or result


def _taken(result: Event | Declined) -> Event:
    if isinstance(result, Declined):
        raise _Refused(result)
    return result


def _decision(book: Book, one: Body, by: PersonId, _at_us: int) -> Event | Declined:
    """The assembly that founds approves its decisions by founding: the whole is one signed command, or nothing."""
    return decisions.decide_record(book.caisse, read_decision(one, by, needs_approval=False))


def _fund(book: Book, one: Body, by: PersonId, _at_us: int) -> Event | Declined:
    return funds.decide_open(
        book.funds, fund=FundId(one.id("fund")), kind=one.id("kind"), name=one.text("name"),
        advance_cents=one.cents("advance_cents"), earmark=read_earmark(one), by=by,
        decision=DecisionId(one.optional("decision", one.id) or ""),
    )


def _product(book: Book, one: Body, by: PersonId, _at_us: int) -> Event | Declined:
    return products.decide_list(book.products, listed=[read_product(one)], by=by)


def _charte(book: Book, one: Body, by: PersonId, at_us: int) -> Event | Declined:
    rules, known = charte(one), frozenset(book.funds)
    return caisse.decide_adopt(
        book.caisse, charte=rules, funds=known, founding=True, by=by, at_us=at_us, products=book.products
    )


def _allocation_rule(book: Book, one: Body, by: PersonId, _at_us: int) -> Event | Declined:
    rule = read_allocation_rule(one, by)
    return allocation.decide_set_rule(rule, funds=book.funds)


def _emergency_rule(book: Book, one: Body, by: PersonId, _at_us: int) -> Event | Declined:
    rule = read_emergency_rule(one, by)
    return emergency.decide_rule(rule, funds=book.funds)


def _household_rules(_book: Book, one: Body, by: PersonId, _at_us: int) -> Event | Declined:
    rules = HouseholdRulesSet(
        separation=one.id("separation"), leaving=one.id("leaving"), decision=DecisionId(one.id("decision")), by=by
    )
    return households.decide_rules(rules)


def _solidarity_rule(book: Book, one: Body, by: PersonId, _at_us: int) -> Event | Declined:
    rule = read_solidarity_rule(one, by)
    return solidarity.decide_set_rule(rule, funds=book.funds)


def _bonus_rule(book: Book, one: Body, by: PersonId, _at_us: int) -> Event | Declined:
    return bonuses.decide_set_rule(read_bonus_rule(one, by), funds=book.funds)


def _cotisation_rule(book: Book, one: Body, by: PersonId, _at_us: int) -> Event | Declined:
    return cotisations.decide_set_rule(read_rule(one, by), funds=book.funds)


PARTS: Final[dict[str, Callable[[Book, Body, PersonId, int], Event | Declined]]] = {
    "decisions": _decision,
    "funds": _fund,
    "products": _product,
    "chartes": _charte,
    "allocation_rules": _allocation_rule,
    "emergency_rules": _emergency_rule,
    "household_rules": _household_rules,
    "solidarity_rules": _solidarity_rule,
    "bonus_rules": _bonus_rule,
    "cotisation_rules": _cotisation_rule,
}
"""List of the founding's body -> how one item of it is decided, in this order, on the book with all items before it."""


def _person(one: Body) -> PersonNamed:
    person = PersonId(one.id("person"))
    named = PersonNamed(
        person=person, number=person_number(person), epoch=1, key=one.bytes("key", 32), roles=one.ids("roles"), named_by=()
    )
    one.end()
    unknown = set(named.roles) - set(ROLES)
    if unknown or not named.roles:
        raise InvalidValue(f"roles of {person} must be some of {', '.join(ROLES)}")
    if not acceptable_public_key(named.key):
        raise InvalidValue(f"the key of {person} is not a usable Ed25519 public key; make one with `clearing person add`")
    return named


def _checked(persons: list[PersonNamed]) -> list[PersonNamed]:
    names, kids = {person.person for person in persons}, {person.key[:8] for person in persons}
    if not len(names) == len(kids) == len(persons):
        raise _Refused(not_now("Each person of the founding needs an id and a key of their own."))
    treasurers = {person.person for person in persons if "treasurer" in person.roles}
    approvers = {person.person for person in persons if "approver" in person.roles}
    if not treasurers or not approvers or len(treasurers | approvers) < 2:
        raise _Refused(not_now("A caisse needs a treasurer and an approver who are two people, each with an own key."))
    return persons
