"""Law: every command that an office may give has a page with its form; what is declined is told there, nothing is lost."""

from aiohttp import web

from clearing.authoriser.forms import FORMS
from clearing.console.inputs import Input, Reading, inputs
from clearing.console.offered import choices
from clearing.console.ordering import STEP_UP
from clearing.console.pages import Answer, Visit, page
from clearing.console.step_up import NO_FACTOR, ordered
from clearing.console.ways import filled_in
from clearing.rules.voted.offices import ALLOWED_ROLES, ROLES

_MORE = "more"


@page("commands", "All commands", roles=ROLES, menu=90)
async def every(visit: Visit) -> Answer:
    """A list of what this person may order, by room."""
    mine = [(verb, visit.words.say(f"verb {verb}")) for verb in FORMS if visit.may(verb)]
    return Answer("commands.html", {"commands": mine})


async def order(visit: Visit) -> Answer:
    """The form was sent: one more row, or the command."""
    verb = _verb(visit)
    more = visit.given(_MORE)
    reading = Reading(typed=visit.typed, zone=visit.book.caisse.calendar.zone)
    body = reading.body(FORMS[verb])
    if more or reading.problems:
        return _drawn(visit, verb, {} if more else reading.problems, more=more)
    told = await ordered(visit, verb, body)
    if isinstance(told, Answer) or told is NO_FACTOR:
        return told if isinstance(told, Answer) else _drawn(visit, verb, {"one-time-code": told.why})
    if not told.done:
        return _drawn(visit, verb, {}, why=told.why)
    done = visit.words.say("Done: {what}.", what=visit.words.say(f"verb {verb}"))
    await visit.console.accounts.leave_notice(visit.login, done)
    return Answer(go_to=visit.path(visit.request.query.get("then", "")))


@page("do/{verb}", "Command", roles=ROLES, post=order)
async def form(visit: Visit) -> Answer:
    """Filled in with what the address says, so that another page can prepare it."""
    return _drawn(visit, _verb(visit), {})


def _verb(visit: Visit) -> str:
    verb = visit.asked("verb")
    if verb not in FORMS:
        raise web.HTTPNotFound(reason="There is no such command.")
    if not visit.may(verb):
        raise web.HTTPForbidden(reason="Your office does not give this command.")
    return verb


def _drawn(visit: Visit, verb: str, problems: dict[str, str], *, more: str = "", why: str = "") -> Answer:
    typed = visit.typed or filled_in(visit, verb)
    fields: tuple[Input, ...] = inputs(
        FORMS[verb], typed, label=lambda path, name: _label(visit, verb, path, name), choices=lambda of: choices(visit, of),
        problems={name: visit.words.refusal(visit.words.say(text)) for name, text in problems.items()}, more=more,
    )  # fmt: skip
    ask_code = verb in STEP_UP and not visit.login.fresh
    roles = ", ".join(visit.words.say(f"role {role}") for role in ALLOWED_ROLES[verb])
    return Answer("command.html", {
        "verb": verb, "fields": fields, "why": visit.words.refusal(why), "ask_code": ask_code, "roles": roles,
        "step_up": verb in STEP_UP, "code_problem": problems.get("one-time-code", ""),
    }, status=422 if problems or why else 200)  # fmt: skip


def _label(visit: Visit, verb: str, path: str, name: str) -> str:
    """The most exact label that there is: of this command's field, or of the field's name."""
    exact = f"field {verb}.{path}"
    said = visit.words.say(exact)
    return visit.words.say(f"field {name}") if said == exact else said
