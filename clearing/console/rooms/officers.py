"""Law: who is to have an office gets an address, chooses her own password, and is named by two officers; who leaves hands over.

No mail is sent: the address is shown once, to who gives it on. What she brings back is a public key, and that key is proposed.
"""

from typing import Final

from aiohttp import web

from clearing.console.arriving import drawing
from clearing.console.invitations import OFFICE_DAYS, Invitation, Standing
from clearing.console.outside import offices
from clearing.console.pages import CODE_ASKED, LOOKERS, Answer, Visit, page, proved
from clearing.console.rooms.cards import give, notice
from clearing.console.rooms.handover import open_in_her_hands
from clearing.rules.answers import Declined
from clearing.rules.voted.caisse import decide_remove_person
from clearing.rules.voted.offices import ALLOWED_ROLES, ROLES, Person
from clearing.values import PersonId

_NOT_YOURS: Final = "Your office does not give this command."
_BUTTONS: Final = "Open the page again and press one of its buttons."


async def act(visit: Visit) -> Answer:
    """Invite, take an invitation back, or propose who came by one."""
    if not visit.may("propose_person"):
        raise web.HTTPForbidden(reason=_NOT_YOURS)
    if short := visit.given("withdraw"):
        await visit.console.invitations.withdraw(visit.code, visit.login.person, short)
        return Answer(go_to=visit.path("officers"))
    if short := visit.given("propose"):
        return await _proposed(visit, short)
    roles = [role for role in ROLES if role in visit.typed.get("roles", ())]
    if not roles or not visit.given("label"):
        return await _listed(visit, problem="Say for whom the address is, and tick an office.")
    if not await proved(visit):
        return await _listed(visit, problem=CODE_ASKED)
    secret = await visit.console.invitations.to_office(
        visit.code, roles, by=visit.login.person, label=visit.given("label"), days=OFFICE_DAYS
    )
    return await _listed(visit, address=f"{visit.request.headers.get('Origin', '')}/join/{secret}")


async def _proposed(visit: Visit, short: str) -> Answer:
    came = {one.short: one for one in await _came(visit)}
    if short not in came:
        raise web.HTTPBadRequest(reason=_BUTTONS)
    one = came[short]
    told = await give(visit, "propose_person", {"person": one.person, "key": one.public, "roles": list(one.roles)})
    if not told.done:
        return await _listed(visit, why=told.why)
    await notice(visit, "{person} is proposed. Another officer than you confirms it.", person=one.person)
    return Answer(go_to=visit.path("officers"))


async def _came(visit: Visit) -> list[Invitation]:
    """Who came by an address and is neither proposed nor named with that key."""
    caisse = visit.book.caisse
    found = []
    for one in await visit.console.invitations.to(visit.code, visit.login.person):
        person = PersonId(one.person)
        named, waits = caisse.persons.get(person), caisse.proposed.get(person)
        in_office = named is not None and named.active and named.key == one.public
        if one.standing is Standing.USED and not in_office and (waits is None or waits.key != one.public):
            found.append(one)
    return found


@page("officers", "Officers", roles=(*LOOKERS, "desk"), menu=72, post=act)
async def every(visit: Visit) -> Answer:
    return await _listed(visit)


async def _listed(visit: Visit, *, problem: str = "", why: str = "", address: str = "") -> Answer:
    words, caisse = visit.words, visit.book.caisse
    leaving = await visit.console.invitations.leaving(visit.code)
    invited = await visit.console.invitations.to(visit.code, visit.login.person)
    return Answer("officers.html", {
        "officers": [
            {"person": one.person, "roles": _roles(visit, one.roles), "key": one.key.hex()[:16],
             "page": visit.path(f"officers/{one.person}"), "leaves": one.person in leaving,
             "opens": _opens(visit, one)}
            for one in caisse.persons.values() if one.active
        ],
        "proposed": [
            {"person": one.person, "roles": _roles(visit, one.roles), "by": one.by, "key": one.key.hex()[:16],
             "own": one.by == visit.login.person,
             "page": visit.path(f"do/confirm_person?person={one.person}&then=officers")}
            for one in caisse.proposed.values()
        ],
        "came": [_row(visit, one) for one in await _came(visit)],
        "waiting": [_row(visit, one) for one in invited if one.standing is Standing.OPEN],
        "roles": offices(words), "days": OFFICE_DAYS, "address": address,
        "picture": drawing(address) if address else "", "problem": problem and words.say(problem),
        "why": words.refusal(why), "ask_code": not visit.login.fresh, "may_invite": visit.may("propose_person"),
        "may_confirm": visit.may("confirm_person"),
    }, status=422 if problem or why else 200)  # fmt: skip


def _roles(visit: Visit, roles: tuple[str, ...]) -> str:
    return ", ".join(visit.words.say(f"role {role}") for role in roles)


def _row(visit: Visit, one: Invitation) -> dict[str, str]:
    return {
        "label": one.label, "person": one.person, "key": one.public.hex()[:16], "short": one.short, "by": one.by,
        "roles": _roles(visit, one.roles), "until": visit.words.instant(one.until_us),
    }  # fmt: skip


def _opens(visit: Visit, person: Person) -> bool:
    """Her handover is hers, and that of who may name and end offices."""
    return person.person == visit.login.person or visit.may("propose_person") or visit.may("remove_person")


def _officer(visit: Visit) -> Person:
    """Raises HTTPNotFound, HTTPForbidden."""
    found = visit.book.caisse.persons.get(PersonId(visit.asked("person")))
    if found is None or not found.active:
        raise web.HTTPNotFound(reason="Nobody of this name has an office in this caisse.")
    if not _opens(visit, found):
        raise web.HTTPForbidden(reason="Your office in this caisse does not open this page.")
    return found


async def leave(visit: Visit) -> Answer:
    """She says that she leaves, or stays; another officer ends the offices."""
    officer, what, own = _officer(visit), visit.given("act"), visit.asked("person") == visit.login.person
    if what == "stay" and own:
        await visit.console.invitations.stay(visit.code, officer.person)
        return Answer(go_to=visit.path(f"officers/{officer.person}"))
    if not (what == "leave" and own) and not (what == "remove" and not own):
        raise web.HTTPBadRequest(reason=_BUTTONS)
    if what == "remove" and not visit.may("remove_person"):
        raise web.HTTPForbidden(reason=_NOT_YOURS)
    if not await proved(visit):
        return await _handover(visit, officer, problem=CODE_ASKED)
    return await (_left(visit, officer) if own else _removed(visit, officer))


async def _left(visit: Visit, officer: Person) -> Answer:
    """Nothing of hers is open any more when this page is answered: it is the last one."""
    if (why := _needed(visit, officer)) is not None:
        return await _handover(visit, officer, why=why)
    await visit.console.invitations.leave(visit.code, officer.person)
    await visit.console.accounts.end_all(officer.person)
    return Answer("left.html", {"confirms": _confirms(visit, officer), "gone": True})


async def _removed(visit: Visit, officer: Person) -> Answer:
    """The command; then whatever she still has open here ends, and her account, unless another caisse needs it."""
    told = await give(visit, "remove_person", {"person": officer.person})
    if not told.done:
        return await _handover(visit, officer, why=told.why)
    accounts, person = visit.console.accounts, officer.person
    await visit.console.invitations.stay(visit.code, person)
    await accounts.end_all(person)
    if not await _needed_elsewhere(visit, person):
        await accounts.drop(person)
    await notice(visit, "{person} has no office here any more; her log-ins and tokens are ended.", person=person)
    return Answer(go_to=visit.path("officers"))


async def _needed_elsewhere(visit: Visit, person: PersonId) -> bool:
    for code in await visit.console.installation.codes():
        book = await visit.console.followers.book(code)
        known = book.caisse.persons.get(person)
        if code != visit.code and known is not None and known.active:
            return True
    return False


def _needed(visit: Visit, officer: Person) -> str | None:
    """Why the rules would not let her go yet."""
    decided = decide_remove_person(visit.book.caisse, person=officer.person, by=visit.login.person)
    return decided.why if isinstance(decided, Declined) else None


def _confirms(visit: Visit, officer: Person) -> list[tuple[str, str]]:
    """Who may end her offices: (person, her roles)."""
    may = set(ALLOWED_ROLES["remove_person"])
    return [
        (one.person, _roles(visit, one.roles)) for one in visit.book.caisse.persons.values()
        if one.active and one.person != officer.person and may & set(one.roles)
    ]  # fmt: skip


@page("officers/{person}", "Handover", roles=ROLES, post=leave)
async def one(visit: Visit) -> Answer:
    return await _handover(visit, _officer(visit))


async def _handover(visit: Visit, officer: Person, *, problem: str = "", why: str = "") -> Answer:
    leaving = await visit.console.invitations.leaving(visit.code)
    words, needed = visit.words, _needed(visit, officer)
    return Answer("handover.html", {
        "person": officer.person, "own": officer.person == visit.login.person, "offices": _roles(visit, officer.roles),
        "key": officer.key.hex()[:16], "today": words.instant(visit.at_us),
        "since": words.instant(leaving[officer.person]) if officer.person in leaving else "",
        "needed": words.refusal(needed or ""), "confirms": _confirms(visit, officer),
        "may_remove": visit.may("remove_person"), "ask_code": not visit.login.fresh,
        "problem": problem and words.say(problem), "why": words.refusal(why), **await open_in_her_hands(visit, officer),
    }, status=422 if problem or why else 200)  # fmt: skip
