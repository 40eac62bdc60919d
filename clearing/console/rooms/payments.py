"""Law: payments to a producer are stopped by one officer at once, let go on by two; an account is what the bank says of it."""

from typing import Final

from clearing.authoriser.forms.fields import Choice, Day, Text
from clearing.console.pages import CODE_ASKED, LOOKERS, Answer, Visit, page, proved
from clearing.console.rooms.cards import give, notice
from clearing.console.rooms.producers import producer_at
from clearing.console.rooms.transfers import CHECKS
from clearing.console.sheets import sheet
from clearing.people import Record
from clearing.rules.stalls.holding import check_of
from clearing.rules.stalls.producers import Producer

_REPORTS: Final = (("closed", "The account is closed"), ("stolen", "Somebody else took the account over"))
REASON: Final = sheet({"reason": Text()}, {"reason": "Reason, for whoever reads it in a year"})
REPORTING: Final = sheet(
    {"what": Choice(words=tuple(word for word, _ in _REPORTS))}, {"what": "What the producer says of the account paid to now"},
    {"what": _REPORTS},
)  # fmt: skip
CHECKING: Final = sheet(
    {"state": Choice(words=tuple(CHECKS)), "name": Text(shortest=0, longest=70, optional=True), "on": Day()},
    {"state": "What the bank says of the name", "name": "The name as the bank knows it", "on": "On which day"},
    {"state": tuple(CHECKS.items())},
)  # fmt: skip
_BUTTONS: Final = {
    "hold": "hold_payout", "propose": "propose_payout_release", "release": "release_payout", "report": "report_account",
    "check": "record_payee_check",
}  # fmt: skip
_SHEETS: Final = {"hold": REASON, "propose": REASON, "report": REPORTING, "check": CHECKING}
_PAYEE: Final = "payee-name"


async def act(visit: Visit) -> Answer:
    """One of the small forms of the page."""
    producer, button = producer_at(visit), visit.given("act")
    if button not in _BUTTONS:
        return _shown(visit, why="It has changed meanwhile; look again.")
    body: dict[str, object] = {}
    if button in _SHEETS:
        body, problems = _SHEETS[button].read(visit)
        if problems:
            return _shown(visit, problems=problems)
    elif not await proved(visit):
        return _shown(visit, problem=CODE_ASKED)
    if button == "check":
        body = await _checked(visit, producer, body)
    told = await give(visit, _BUTTONS[button], {**body, "producer": producer.producer})
    if not told.done:
        return _shown(visit, why=told.why)
    await notice(visit, "It is recorded.")
    return Answer(go_to=visit.path(f"producers/{producer.producer}/payments"))


async def _checked(visit: Visit, producer: Producer, body: dict[str, object]) -> dict[str, object]:
    """The name lies sealed, apart from the log."""
    name, digest = str(body.pop("name", None) or ""), b""
    if name:
        async with visit.console.installation.people_of(visit.code) as people:
            record = Record(subject=f"producer:{producer.producer}", kind=_PAYEE, fields={"name": name})
            (digest,) = await people.keep([record])
    return {**body, "details": _account(visit, producer), "name": digest}


def _account(visit: Visit, producer: Producer) -> bytes:
    """The account that waits for its approval, else the one that is paid to."""
    return producer.proposed.details if producer.proposed is not None else producer.details_at(visit.at_us)


@page("producers/{producer}/payments", "Payments", roles=LOOKERS, post=act)
async def one(visit: Visit) -> Answer:
    return _shown(visit)


def _shown(visit: Visit, *, problems: dict[str, str] | None = None, problem: str = "", why: str = "") -> Answer:
    producer, words, settlement = producer_at(visit), visit.words, visit.book.settlement
    held, releasing = settlement.held.get(producer.producer), settlement.releasing.get(producer.producer)
    account, today = _account(visit, producer), visit.book.caisse.calendar.day(visit.at_us).isoformat()
    check = check_of(settlement, producer.producer, account) if account else ""
    reported = producer.reported.get(producer.details_at(visit.at_us), "")
    return Answer("payments.html", {
        "id": producer.producer, "name": producer.name, "held": held.reason if held is not None else "",
        "held_by": held.by if held is not None else "",
        "releasing": releasing.reason if releasing is not None else "",
        "releasing_by": releasing.by if releasing is not None else "",
        "own": releasing is not None and releasing.by == visit.login.person,
        "may": {button: visit.may(verb) for button, verb in _BUTTONS.items()}, "account": bool(account),
        "reported": words.say(dict(_REPORTS)[reported]) if reported else "", "check": words.say(CHECKS[check]) if check else "",
        "reason": REASON.drawn(visit, problems=problems), "reporting": REPORTING.drawn(visit, problems=problems),
        "checking": CHECKING.drawn(visit, problems=problems, first={"on": today}), "ask_code": not visit.login.fresh,
        "problem": problem, "why": words.refusal(words.say(why)) if why else "",
    }, status=422 if problems or problem or why else 200)  # fmt: skip
