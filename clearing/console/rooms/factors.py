"""Law: a lost second factor is replaced by two other officers: one proposes, one agrees and gets an address that is shown once.

The address goes from the second officer to the person, by hand or voice; it is good for some hours and for her password alone.
"""

import os
from dataclasses import replace
from hashlib import sha256
from typing import Final

from aiohttp import web

from clearing.authoriser.forms.fields import Id, Text
from clearing.console.pages import Answer, Shows, Visit, page
from clearing.console.rooms.cards import notice
from clearing.console.sheets import sheet
from clearing.console.step_up import NO_FACTOR, ordered
from clearing.values import PersonId

PARTNERS: Final = ("treasurer", "approver", "clerk")
SECRET_BYTES: Final = 16
PROPOSED: Final = sheet(
    {"person": Id(of="officer"), "reason": Text()},
    {"person": "Whose app or passkey is lost", "reason": "What happened, in a sentence"},
)


async def propose(visit: Visit) -> Answer:
    body, problems = PROPOSED.read(visit)
    if problems:
        return _all(visit, problems=problems)
    told = await ordered(visit, "propose_new_factor", body)
    if isinstance(told, Answer):
        return told
    if not told.done:
        return _all(visit, why=told.why)
    await notice(visit, "It is proposed. A third officer agrees, or refuses.")
    return Answer(go_to=visit.path("factors"))


@page("factors", "Lost second factors", roles=PARTNERS, menu=93, shows=Shows.NEITHER, post=propose)
async def every(visit: Visit) -> Answer:
    """What waits for another officer, and who may pair just now."""
    return _all(visit)


def _all(visit: Visit, *, problems: dict[str, str] | None = None, why: str = "") -> Answer:
    factors, words = visit.book.factors, visit.words
    waits = [
        {"person": person, "by": one.by, "reason": one.reason, "page": visit.path(f"factors/{person}")}
        for person, one in factors.proposed.items()
    ]  # fmt: skip
    opened = [
        {"person": person, "until": words.instant(one.until_us), "by": ", ".join(one.allowed_by)}
        for person, one in factors.allowed.items() if visit.at_us < one.until_us
    ]  # fmt: skip
    return Answer("factors.html", {
        "waits": waits, "opened": opened, "fields": PROPOSED.drawn(visit, problems=problems), "why": words.refusal(why),
    }, status=422 if problems or why else 200)  # fmt: skip


async def act(visit: Visit) -> Answer:
    """The third officer agrees, or somebody drops it."""
    person = _person(visit)
    if visit.given("act") == "drop":
        told = await ordered(visit, "drop_new_factor", {"person": person})
        if isinstance(told, Answer):
            return told
        if not told.done:
            return _shown(visit, why=told.why)
        await notice(visit, "It is dropped; her second factor stands as it was.")
        return Answer(go_to=visit.path("factors"))
    secret = visit.given("secret") or os.urandom(SECRET_BYTES).hex()
    if visit.given("with") == "passkey":
        visit = replace(visit, typed={**visit.typed, "secret": (secret,)})
    return await _allowed(visit, person, secret)


async def _allowed(visit: Visit, person: PersonId, secret: str) -> Answer:
    try:
        address = sha256(bytes.fromhex(secret)).digest()
    except ValueError:
        raise web.HTTPBadRequest(reason="Open the page again and press one of its buttons.") from None
    told = await ordered(visit, "allow_new_factor", {"person": person, "address_sha256": address})
    if isinstance(told, Answer):
        return told
    if told is NO_FACTOR:
        return _shown(visit, problem=told.why)
    if not told.done:
        return _shown(visit, why=told.why)
    await visit.console.accounts.lose_factor(person)
    until_us = told.out["until_us"] if told.out else 0
    assert isinstance(until_us, int)
    return Answer("factor_address.html", {
        "person": person, "address": f"{visit.console.site.origin}/new-factor/{secret}",
        "until": visit.words.instant(until_us),
    })  # fmt: skip


@page("factors/{person}", "A new second factor", roles=PARTNERS, shows=Shows.NEITHER, post=act)
async def one(visit: Visit) -> Answer:
    return _shown(visit)


def _person(visit: Visit) -> PersonId:
    person = PersonId(visit.asked("person"))
    if person not in visit.book.factors.proposed:
        raise web.HTTPNotFound(reason="Nobody proposed a new second factor for this person.")
    return person


def _shown(visit: Visit, *, problem: str = "", why: str = "") -> Answer:
    person = _person(visit)
    proposal = visit.book.factors.proposed[person]
    return Answer("factor.html", {
        "person": person, "by": proposal.by, "reason": proposal.reason, "own": visit.login.person in (proposal.by, person),
        "why": visit.words.refusal(visit.words.say(why)) if why else "", "problem": problem, "ask_code": not visit.login.fresh,
    }, status=422 if problem or why else 200)  # fmt: skip
