"""Law: persons and purchases stay apart by office: who may look at sales sees no card's alias beside a person.

An alias is all that would join a person and her purchases. Who has both offices, as in a small caisse, sees cards unnamed.
"""

from hashlib import blake2b
from typing import Final

from aiohttp import web

from clearing.console.pages import Visit
from clearing.rules.people.members import Card, Member
from clearing.rules.treasury.debits import mandate_key
from clearing.values import CardId, MemberId

SALES: Final = ("treasurer", "approver", "auditor")
"""Roles that look at sales by card alias."""
PERSONS: Final = ("desk", "treasurer", "clerk")
"""Roles that look at persons."""


def names_cards(visit: Visit) -> bool:
    """Whether this person may see which card is whose."""
    return not set(visit.roles) & set(SALES)


def member_at(visit: Visit) -> Member:
    """The member that the page is about. Raises HTTPNotFound."""
    found = visit.book.members.members.get(MemberId(visit.asked("member")))
    if found is None:
        raise web.HTTPNotFound(reason="There is no such member.")
    return found


def cards_given(visit: Visit, member: Member) -> list[tuple[str, CardId, Card]]:
    """(tag, id, card) of every card of a member, the one given last first."""
    found, name = [], member.first_card
    while name is not None:
        card = visit.book.members.cards[name]
        found.append((card_tag(name), name, card))
        name = card.next_card
    return found


def card_tag(card: CardId) -> str:
    """What a page's address calls a card by: neither its alias, nor what a reader reads of it."""
    return blake2b(card, digest_size=6, person=b"clearing tag").hexdigest()


def mandate_tag(mandate: str) -> str:
    """What a page's address calls a mandate by: its reference may hold signs that no address does."""
    return blake2b(mandate_key(mandate).encode(), digest_size=6, person=b"clearing rum").hexdigest()
