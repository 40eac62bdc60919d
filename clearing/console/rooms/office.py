"""Law: the first page says what waits for a person and how the caisse stands, each figure as the rules know it now."""

from dataclasses import dataclass
from typing import Final

from clearing.console.pages import LOOKERS, Answer, Visit, page
from clearing.console.rooms.funds import fund_rows
from clearing.console.rooms.standing import alerts, figures, gauge_drawn, newest, proofs_said, runway_said
from clearing.console.ways import way_of
from clearing.rules.stalls.settlement import BatchState
from clearing.rules.telling.waiting import Wait
from clearing.rules.voted.offices import ALLOWED_ROLES

SHOWN_AT_HOME: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Todo:
    """Something that waits. day: ISO, "" when none is known; by: it is the last one, not the first.

    page: where it is done, "" where it can't be from here; mine: this person may do it; who: roles that may.
    """

    day: str
    by: bool
    text: str
    page: str
    mine: bool
    who: str


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
    return sorted((*found, *_batches(visit)), key=lambda one: one.day or "9999")


def _told(visit: Visit, wait: Wait, command: str) -> Todo:
    verb, where = way_of(command) or ("", "")
    roles = ALLOWED_ROLES[verb] if verb else ()
    return Todo(
        day=wait.day,
        by=wait.by,
        text=visit.words.refusal(wait.told),
        page=visit.path(where) if where else "",
        mine=visit.may(verb) if verb else bool(where),
        who=", ".join(visit.words.say(f"role {role}") for role in roles),
    )


def _batches(visit: Visit) -> list[Todo]:
    book, words = visit.book, visit.words
    found = []
    for number, batch in book.settlement.batches.items():
        verb = {BatchState.CLOSED: "approve_batch", BatchState.APPROVED: "export_batch"}.get(batch.state)
        if verb is None:
            continue
        total = words.euros(batch.closed.total_cents)
        if verb == "approve_batch":
            text = words.say("Batch {number} of {total} waits for its approval.", number=number, total=total)
        else:
            text = words.say("Batch {number} of {total} waits for its bank file.", number=number, total=total)
        own = verb == "approve_batch" and batch.closed.by == visit.login.person
        found.append(
            Todo(
                day=batch.closed.closed_on,
                by=False,
                text=text,
                page=visit.path(f"batches/{number}"),
                mine=visit.may(verb) and not own,
                who=", ".join(words.say(f"role {role}") for role in ALLOWED_ROLES[verb]),
            )
        )
    return found
