"""Law: the first page says what waits for a person and how the caisse stands, each figure as the rules know it now."""

from dataclasses import dataclass
from typing import Final

from clearing.console.pages import LOOKERS, Answer, Visit, page
from clearing.console.rooms.funds import fund_rows
from clearing.console.rooms.standing import alerts, figures, gauge_drawn, newest, proofs_said, runway_said
from clearing.console.ways import way_of
from clearing.rules.telling.waiting import Wait
from clearing.rules.voted.offices import ALLOWED_ROLES

SHOWN_AT_HOME: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Todo:
    """Something that waits. day: ISO, "" when none is known; by: it is the last one, not the first.

    page: where it is done, "" where it can't be from here; mine: this person may do it; who: roles that may, as read.
    """

    day: str
    by: bool
    text: str
    page: str
    mine: bool
    who: str
    roles: tuple[str, ...] = ()


@page("", "Home", roles=(*LOOKERS, "desk"), menu=1)
async def home(visit: Visit) -> Answer:
    found, todo = newest(visit), await todos(visit)
    runway = runway_said(visit, found)
    return Answer(
        "office.html",
        {
            "funds": fund_rows(visit),
            "figures": figures(visit, found),
            "runway": runway,
            "proofs": proofs_said(visit, found),
            "alerts": alerts(visit, found, runway),
            "gauge": gauge_drawn(visit, found),
            "todo": todo[:SHOWN_AT_HOME],
            "more": max(0, len(todo) - SHOWN_AT_HOME),
            "empty": not any(fund.received_cents for fund in visit.book.funds.values()),
        },
    )


@page("todo", "To do", roles=(*LOOKERS, "desk"), menu=2)
async def todo_list(visit: Visit) -> Answer:
    found = await todos(visit)
    return Answer(
        "todo.html", {"mine": [one for one in found if one.mine], "others": [one for one in found if not one.mine]}
    )


async def todos(visit: Visit) -> list[Todo]:
    """What waits in this caisse, the oldest first."""
    followed = await visit.console.followers.followed(visit.code)
    found = [
        _told(visit, wait, command)
        for wait in followed.waiting.told(visit.book, visit.at_us)
        for command in wait.commands[:1]
    ]
    return sorted((*found, *await _leaving(visit), *_factors(visit)), key=lambda one: one.day or "9999")


async def _leaving(visit: Visit) -> list[Todo]:
    """Who said that she leaves, and still has an office."""
    caisse, roles = visit.book.caisse, ALLOWED_ROLES["remove_person"]
    return [
        Todo(
            day=caisse.calendar.day(at_us).isoformat(), by=False, page=visit.path(f"officers/{person}"),
            text=visit.words.say("{person} leaves: another officer ends her offices.", person=person),
            mine=visit.may("remove_person") and person != visit.login.person, roles=roles,
            who=", ".join(visit.words.say(f"role {role}") for role in roles),
        )
        for person, at_us in (await visit.console.invitations.leaving(visit.code)).items()
        if person in caisse.persons and caisse.persons[person].active
    ]  # fmt: skip


def _told(visit: Visit, wait: Wait, command: str) -> Todo:
    verb, where = way_of(command) or ("", "")
    roles, text = ALLOWED_ROLES[verb] if verb else (), visit.words.refusal(wait.told)
    return Todo(
        day=wait.day,
        by=wait.by,
        text=text[:1].upper() + text[1:],  # most begin as a part of a sentence
        page=visit.path(where) if where else "",
        mine=(visit.may(verb) if verb else bool(where)) and visit.login.person not in wait.barred,
        who=", ".join(visit.words.say(f"role {role}") for role in roles),
        roles=tuple(roles),
    )


def _factors(visit: Visit) -> list[Todo]:
    """Who waits to be let in again."""
    words, verb = visit.words, "allow_new_factor"
    return [
        Todo(
            day="",
            by=False,
            text=words.say("{person} lost her second factor, as {by} says: a third officer lets her pair a new one.",
                           person=person, by=one.by),
            page=visit.path(f"factors/{person}"),
            mine=visit.may(verb) and visit.login.person not in (person, one.by),
            who=", ".join(words.say(f"role {role}") for role in ALLOWED_ROLES[verb]),
            roles=ALLOWED_ROLES[verb],
        )
        for person, one in visit.book.factors.proposed.items()
    ]
