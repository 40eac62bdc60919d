"""Law: a contested purchase shows its evidence and who has the word now; only what is disputed is held.

It is called by its number and its sale: whose purchase it is, no page of it says.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from aiohttp import web

from clearing.authoriser.forms.fields import Choice, Flag, Id, Number, Text
from clearing.console.apart import SALES
from clearing.console.offered import choices
from clearing.console.pages import Answer, Shows, Visit, page
from clearing.console.rooms.cards import give, notice
from clearing.console.sheets import Sheet, sheet
from clearing.rules.calendar import civil_date
from clearing.rules.stalls.contests import ANSWER_WORKING_DAYS, OPEN_DAYS, Contest, ContestState, appeal_until

HEARERS: Final = ("desk", "treasurer", "approver", "clerk", "auditor")
STATES: Final = {
    "open": "Waits for the producer's answer", "answered": "Answered, to be decided", "decided": "It is decided",
    "appealed": "Before the second body", "heard": "Heard by the second body", "closed": "It is closed",
}  # fmt: skip
_SIDES: Final = (("member", "For the member: the purchase is given back"), ("producer", "For the producer: it stands"))
_OF: Final = (("member", "The member appeals"), ("producer", "The producer appeals"))
_COSTS: Final = (("producer", "Out of what the producer is owed"), ("fund", "Nobody is at fault: out of a fund"))
_REASON: Final = "Reason, for whoever reads it in a year"
OPENING: Final = sheet(
    {"operation": Text(shortest=6, longest=64), "place": Number(lowest=1, highest=200), "reason": Text()},
    {"operation": "Operation id on her receipt, 6 digits or more", "place": "Which line of the receipt, from 1",
     "reason": "What the member says"},
)  # fmt: skip
ANSWERING: Final = sheet(
    {"agrees": Flag(), "text": Text()},
    {"agrees": "The producer agrees that it is given back", "text": "What the producer says"},
)
DECIDING: Final = sheet(
    {"outcome": Choice(words=tuple(word for word, _ in _SIDES)),
     "cost": Choice(words=tuple(word for word, _ in _COSTS), optional=True), "fund": Id(of="guarantee", optional=True),
     "reason": Text()},
    {"outcome": "Decision", "cost": "Who bears what she gets back", "fund": "Which guarantee fund, when it is a fund",
     "reason": _REASON},
    {"outcome": _SIDES, "cost": _COSTS},
)  # fmt: skip
APPEALING: Final = sheet(
    {"of": Choice(words=tuple(word for word, _ in _OF)), "body": Text(), "reason": Text()},
    {"of": "Who appeals", "body": "Which second body hears it", "reason": _REASON}, {"of": _OF},
)  # fmt: skip
CLOSING: Final = sheet({"reason": Text()}, {"reason": _REASON})
SHEETS: Final[dict[str, Sheet]] = {
    "answer_contest": ANSWERING, "decide_contest": DECIDING, "appeal_contest": APPEALING, "close_contest": CLOSING,
}  # fmt: skip
NEXT: Final[dict[ContestState, tuple[str, ...]]] = {
    ContestState.OPEN: ("answer_contest", "decide_contest", "close_contest"),
    ContestState.ANSWERED: ("decide_contest", "close_contest"), ContestState.DECIDED: ("appeal_contest", "close_contest"),
    ContestState.APPEALED: ("decide_contest",), ContestState.HEARD: ("close_contest",), ContestState.CLOSED: (),
}  # fmt: skip
"""What may come next in each state: commands, each with its small form."""


async def open_one(visit: Visit) -> Answer:
    """By what stands on the member's own receipt: nobody looks her purchases up for it."""
    body, problems = OPENING.read(visit)
    if problems:
        return _listed(visit, problems=problems)
    digits = str(body["operation"]).replace(" ", "")
    try:
        prefix = bytes.fromhex(digits[: len(digits) // 2 * 2])
    except ValueError:
        return _listed(visit, problems={"operation": "It has digits and letters from a to f, as on the receipt."})
    async with visit.console.installation.asking(visit.code) as views:
        found = [one.row for one in await views.sale(prefix)]
    if len(found) != 1:
        return _listed(visit, problems={"operation": "No single sale has an operation id that begins so; type more of it."})
    row = found[0]
    told = await give(visit, "open_contest", {
        "terminal": row.terminal, "x": row.x, "line": int(str(body["place"])) - 1, "reason": body["reason"],
    })  # fmt: skip
    if not told.done:
        return _listed(visit, why=told.why)
    number = max(visit.book.contests.contests, default=0) + 1
    out = told.out or {}
    await notice(visit, "It is contested. The producer answers within {days} working days.", days=ANSWER_WORKING_DAYS)
    return Answer(go_to=visit.path(f"contests/{out.get('contest', number)}"))


@page("contests", "Contested purchases", roles=HEARERS, menu=18, shows=Shows.PURCHASES, post=open_one)
async def every(visit: Visit) -> Answer:
    return _listed(visit)


def _listed(visit: Visit, *, problems: dict[str, str] | None = None, why: str = "") -> Answer:
    rows = [_row(visit, number, one) for number, one in sorted(visit.book.contests.contests.items(), reverse=True)]
    first = {"operation": visit.request.query.get("operation", "")}
    return Answer("contests.html", {
        "rows": rows, "fields": OPENING.drawn(visit, problems=problems, first=first), "may_open": visit.may("open_contest"),
        "days": OPEN_DAYS, "why": visit.words.refusal(visit.words.say(why)) if why else "",
    }, status=422 if problems or why else 200)  # fmt: skip


def _row(visit: Visit, number: int, one: Contest) -> dict[str, object]:
    words, said = visit.words, one.opened
    return {
        "number": number, "page": visit.path(f"contests/{number}"), "state": words.say(STATES[one.state]),
        "producer": visit.book.producers.producers[said.payee].name, "cents": words.euros(said.cents),
        "answer_by": words.day(said.answer_by) if one.state is ContestState.OPEN else "", "held": one.waits(),
        "appeal_until": words.day(until) if (until := _appeal_until(one)) is not None else "",
    }  # fmt: skip


def _appeal_until(one: Contest) -> date | None:
    """The last day for an appeal, while there may be one."""
    return appeal_until(one.decided_on) if one.state is ContestState.DECIDED else None


def _steps(visit: Visit, one: Contest) -> list[str]:
    """Commands that this person may give now: not what the rules would decline because it is too early, or is another's."""
    today = visit.book.caisse.calendar.day(visit.at_us)
    until, steps = _appeal_until(one), [verb for verb in NEXT[one.state] if visit.may(verb)]
    decided = {one.opened.by, one.decided.by if one.decided is not None else ""}
    if visit.login.person in decided or (one.state is ContestState.OPEN and today <= civil_date(one.opened.answer_by)):
        steps = [verb for verb in steps if verb != "decide_contest"]
    if until is not None:
        ended = "close_contest" if today <= until else "appeal_contest"
        steps = [verb for verb in steps if verb != ended]
    return steps


def _offered(visit: Visit, of: str) -> Sequence[tuple[str, str]] | None:
    """What nobody is at fault for is borne by a guarantee fund and by no other."""
    if of == "guarantee":
        return [(name, fund.name) for name, fund in visit.book.funds.items() if fund.kind == "guarantee"]
    return choices(visit, of)


def _contest(visit: Visit) -> tuple[int, Contest]:
    text = visit.asked("contest")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
    found = visit.book.contests.contests.get(number)
    if found is None:
        raise web.HTTPNotFound(reason="There is no such contest.")
    return number, found


async def act(visit: Visit) -> Answer:
    """One of the small forms of the page."""
    number, one = _contest(visit)
    verb = visit.given("act")
    if verb not in NEXT[one.state]:
        return _shown(visit, why="It has changed meanwhile; look again.")
    body, problems = SHEETS[verb].read(visit)
    if problems:
        return _shown(visit, verb=verb, problems=problems)
    told = await give(visit, verb, {**{name: value for name, value in body.items() if value is not None}, "contest": number})
    if not told.done:
        return _shown(visit, why=told.why)
    await notice(visit, "It is recorded.")
    return Answer(go_to=visit.path(f"contests/{number}"))


@page("contests/{contest}", "Contested purchase", roles=HEARERS, shows=Shows.PURCHASES, post=act)
async def one(visit: Visit) -> Answer:
    return _shown(visit)


def _shown(visit: Visit, *, verb: str = "", problems: dict[str, str] | None = None, why: str = "") -> Answer:
    number, one = _contest(visit)
    words, said, decided = visit.words, one.opened, one.decided
    steps = _steps(visit, one)
    asked = verb or visit.request.query.get("act", "") or (steps[0] if steps else "")
    return Answer("contest.html", {
        **_row(visit, number, one), "reason": said.reason, "opened_by": said.by,
        "sale": visit.path(f"sales/{said.sale}") if set(visit.roles) & set(SALES) else "", "sale_number": said.sale,
        "answer": one.answer.text if one.answer is not None else "",
        "agrees": one.answer is not None and one.answer.agrees,
        "decided": words.say(dict(_SIDES)[decided.outcome]) if decided is not None else "",
        "others": one.state in (ContestState.ANSWERED, ContestState.APPEALED) and "decide_contest" not in steps,
        "decided_by": decided.by if decided is not None else "", "why_so": decided.reason if decided is not None else "",
        "back": words.euros(decided.card_cents) if decided is not None and decided.card_cents else "",
        "appeal": one.appealed.body if one.appealed is not None else "",
        "steps": [(step, words.say(f"verb {step}"), visit.path(f"contests/{number}?act={step}")) for step in steps],
        "act": asked if asked in steps else "",
        "fields": SHEETS[asked].drawn(visit, problems=problems, choices_of=_offered) if asked in steps else (),
        "why": words.refusal(words.say(why)) if why else "",
    }, status=422 if problems or why else 200)  # fmt: skip
