"""Law: a passkey is registered and ended by its own person; a lost second factor is replaced when two other officers agree."""

from dataclasses import dataclass, field
from typing import Final

from clearing.events.factors import (
    NewFactorAllowed,
    NewFactorDropped,
    NewFactorPaired,
    NewFactorProposed,
    PasskeyAdded,
    PasskeyRemoved,
)
from clearing.rules.answers import Declined, not_found, not_now
from clearing.rules.voted.offices import Person
from clearing.values import MicroTime, PersonId

PASSKEYS_MAX: Final = 10  # of one person
ADDRESS_US: Final = 4 * 3_600 * 1_000_000
"""How long the address lets her pair: an evening, not a weekend."""
REASON_CHARS_MIN: Final = 10


@dataclass(slots=True)
class Factors:
    """passkeys: by name. proposed: what waits for another officer. allowed: whose address may still be open, by person."""

    passkeys: dict[bytes, PasskeyAdded] = field(default_factory=dict)
    proposed: dict[PersonId, NewFactorProposed] = field(default_factory=dict)
    allowed: dict[PersonId, NewFactorAllowed] = field(default_factory=dict)

    def of(self, person: PersonId) -> list[PasskeyAdded]:
        """Oldest first."""
        return [one for one in self.passkeys.values() if one.person == person]


def evolve_added(factors: Factors, event: PasskeyAdded) -> None:
    factors.passkeys[event.passkey] = event


def evolve_removed(factors: Factors, event: PasskeyRemoved) -> None:
    del factors.passkeys[event.passkey]


def evolve_proposed(factors: Factors, event: NewFactorProposed) -> None:
    factors.proposed[event.person] = event


def evolve_allowed(factors: Factors, event: NewFactorAllowed) -> None:
    """Who holds the lost one approves nothing with it."""
    evolve_left(factors, event.person)
    factors.allowed[event.person] = event


def evolve_paired(factors: Factors, event: NewFactorPaired) -> None:
    del factors.allowed[event.person]


def evolve_dropped(factors: Factors, event: NewFactorDropped) -> None:
    del factors.proposed[event.person]


def evolve_left(factors: Factors, person: PersonId) -> None:
    """Whose office ends has no passkey here, and nothing waits for her."""
    factors.passkeys = {name: one for name, one in factors.passkeys.items() if one.person != person}
    factors.proposed.pop(person, None)
    factors.allowed.pop(person, None)


def decide_add(
    factors: Factors, *, passkey: bytes, algorithm: str, key: bytes, site: str, label: str, by: PersonId
) -> PasskeyAdded | Declined:
    """key: known to be one of its algorithm."""
    known = factors.passkeys.get(passkey)
    if known is not None:
        return not_now(f"This passkey is registered here already, as '{known.label}' of {known.person}.")
    mine = factors.of(by)
    if len(mine) >= PASSKEYS_MAX:
        return not_now(f"A person has {PASSKEYS_MAX} passkeys at most; end one that you don't use any more.")
    if any(one.label == label for one in mine):
        return not_now(f"You have a passkey called '{label}' already; choose another name.")
    return PasskeyAdded(person=by, passkey=passkey, algorithm=algorithm, key=key, site=site, label=label)


def decide_remove(factors: Factors, *, passkey: bytes, by: PersonId) -> PasskeyRemoved | Declined:
    known = factors.passkeys.get(passkey)
    if known is None or known.person != by:
        return not_found("You have no such passkey here; it may be ended already.")
    return PasskeyRemoved(person=by, passkey=passkey)


def decide_propose(
    factors: Factors, persons: dict[PersonId, Person], *, person: PersonId, reason: str, by: PersonId
) -> NewFactorProposed | Declined:
    known = persons.get(person)
    if known is None or not known.active:
        return not_found(f"{person} holds no office in this caisse.")
    if person == by:
        return not_now("A second factor is lost to somebody else: ask another officer to propose a new one for you.")
    waiting = factors.proposed.get(person)
    if waiting is not None:
        return not_now(f"{waiting.by} proposed that for {person} already; another officer agrees to it or drops it.")
    if len(reason.strip()) < REASON_CHARS_MIN:
        return not_now("Write in a sentence what happened to the second factor.")
    return NewFactorProposed(person=person, reason=reason, by=by)


def decide_allow(
    factors: Factors, *, person: PersonId, address_sha256: bytes, by: PersonId, at_us: int
) -> NewFactorAllowed | Declined:
    proposal = factors.proposed.get(person)
    if proposal is None:
        return not_found(f"Nobody proposed a new second factor for {person}; one officer proposes it, another agrees.")
    if by in (proposal.by, person):
        return not_now("A new second factor takes two people: not the one who proposed it, and not the one whom it is for.")
    return NewFactorAllowed(
        person=person, address_sha256=address_sha256, until_us=MicroTime(at_us + ADDRESS_US), allowed_by=(proposal.by, by)
    )


def decide_pair(factors: Factors, *, by: PersonId, at_us: int) -> NewFactorPaired | Declined:
    allowed = factors.allowed.get(by)
    if allowed is None or at_us >= allowed.until_us:
        return not_now("No address lets you pair a new second factor now, or its hours are over; ask two officers again.")
    return NewFactorPaired(person=by)


def decide_drop(factors: Factors, *, person: PersonId, by: PersonId) -> NewFactorDropped | Declined:
    if person not in factors.proposed:
        return not_found(f"Nobody proposed a new second factor for {person}.")
    return NewFactorDropped(person=person, by=by)
