"""Law: how a caisse ends is one page: what is voted, what that means for whom, what is left to do, until the log is sealed.

What merges or splits begins here too: for the log each of them is a closing and a beginning.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from clearing.console.pages import PAGES, Answer, Shows, Visit, page
from clearing.console.rooms.cards import give, notice
from clearing.console.step_up import NO_FACTOR, ordered
from clearing.events.closing import Heir
from clearing.rules.book import Book
from clearing.rules.ends import closing_rooms as rooms

SEERS: Final = ("treasurer", "approver", "clerk", "auditor")
MOVED_ON: Final[Mapping[Callable[[Book], Iterable[str]], str]] = {
    rooms.of_funds: "funds", rooms.of_purses: "members", rooms.of_producers: "batches", rooms.of_takings: "cotisations",
    rooms.of_cotisations: "collections/returned", rooms.of_debits: "collections", rooms.of_contracts: "", rooms.of_draws: "",
    rooms.of_orders: "orders", rooms.of_exceptions: "exceptions", rooms.of_other_caisses: "", rooms.of_opening: "",
    rooms.of_bank: "bank/waiting", rooms.of_contests: "contests", rooms.of_adjustments: "adjustments",
}  # fmt: skip
"""Room that may still hold money -> the page on which it is moved, "" where it goes by itself or by a command."""
TAKEN_ALONG: Final = ("members", "producers", "cotisations", "mandates", "funds", "votes", "books", "reports")
"""Pages whose tables another caisse needs."""
_COMMAND: Final = re.compile(r" \([^()]*\bclearing [^()]*\)")
_BUTTONS: Final = {"own": "release_own_money", "rests": "release_rests", "seal": "seal_caisse"}


async def act(visit: Visit) -> Answer:
    """One of the last steps."""
    asked = visit.given("act")
    verb = _BUTTONS.get(asked, "")
    if not verb or not visit.may(verb):
        raise web.HTTPForbidden(reason="Your office does not give this command.")
    told = await (ordered(visit, verb, {}) if asked == "seal" else give(visit, verb, {}))
    if isinstance(told, Answer) or told is NO_FACTOR:
        return told if isinstance(told, Answer) else _shown(visit, problem=told.why)
    if not told.done:
        return _shown(visit, why=told.why)
    await notice(visit, "Done: {what}.", what=visit.words.say(f"verb {verb}"))
    return Answer(go_to=visit.path("closing"))


@page("closing", "Close, merge or split", roles=SEERS, menu=76, shows=Shows.PERSONS, post=act)
async def every(visit: Visit) -> Answer:
    return _shown(visit)


def _phase(visit: Visit) -> str:
    closing = visit.book.closing
    if closing.sealed:
        return "sealed"
    if closing.confirmed is not None:
        return "over" if visit.at_us >= closing.ends_us else "closing"
    return "proposed" if closing.proposed is not None else "open"


def _shown(visit: Visit, *, problem: str = "", why: str = "") -> Answer:
    words, closing, phase = visit.words, visit.book.closing, _phase(visit)
    said = closing.confirmed or closing.proposed
    own = closing.proposed is not None and closing.proposed.by == visit.login.person
    left, later = list(_left(visit)), rooms.may_return(visit.book, visit.book.caisse.calendar.day(visit.at_us))
    return Answer("closing.html", {
        "phase": phase, "frozen": closing.frozen or "", "day": words.day(said.last_day) if said is not None else "",
        "decision": said.decision if said is not None else "", "by": said.by if said is not None else "", "own": own,
        "heirs": _heirs(visit, said.heirs if said is not None else ()),
        "propose": _form(visit), "confirm": visit.path("do/confirm_closure?then=closing"),
        "left": left, "later": words.refusal(later) if later else "",
        "own_waits": sum(1 for _ in rooms.own_lots(visit.book)),
        "rests_wait": any(fund.there_cents() > 0 for fund in visit.book.funds.values()),
        "payable": list(_payable(visit)), "rests": list(_rests(visit)), "may_seal": not left and not later,
        "lists": _lists(visit), "ask_code": not visit.login.fresh, "problem": problem, "why": words.refusal(why),
    }, status=422 if problem or why else 200)  # fmt: skip


def _form(visit: Visit) -> str:
    """The form of the proposal with a line for each fund."""
    funds = {f"heirs.{place}.fund": name for place, name in enumerate(visit.book.funds)}
    return visit.path(f"do/propose_closure?{urlencode({**funds, 'then': 'closing'})}")


def _heirs(visit: Visit, heirs: Iterable[Heir]) -> list[tuple[str, str]]:
    return [(visit.book.funds[one.fund].name, one.body) for one in heirs]


def _left(visit: Visit) -> Iterator[dict[str, str]]:
    """Everything that stands in the way of the seal, with the page on which it is moved."""
    for room in rooms.ROOMS:
        path = MOVED_ON[room]
        for text in room(visit.book):
            yield {
                "text": _COMMAND.sub("", visit.words.refusal(text)), "page": visit.path(path) if visit.opens(path) else "",
            }  # fmt: skip


def _payable(visit: Visit) -> Iterator[dict[str, str]]:
    """Own money that goes back to its member."""
    may = visit.may("own_money_paid")
    for member, cents in visit.book.closing.own.items():
        yield {
            "called": member, "body": "", "cents": visit.words.euros(cents),
            "page": visit.path(f"do/own_money_paid?member={member}&then=closing") if may else "",
        }  # fmt: skip


def _rests(visit: Visit) -> Iterator[dict[str, str]]:
    """What a fund had left, on its way to who was voted."""
    confirmed, may = visit.book.closing.confirmed, visit.may("rest_paid")
    bodies = {one.fund: one.body for one in confirmed.heirs} if confirmed is not None else {}
    for fund, cents in visit.book.closing.rests.items():
        yield {
            "called": visit.book.funds[fund].name, "body": bodies.get(fund, ""), "cents": visit.words.euros(cents),
            "page": visit.path(f"do/rest_paid?fund={fund}&then=closing") if may else "",
        }  # fmt: skip


def _lists(visit: Visit) -> list[tuple[str, str]]:
    """(address, title) of what another caisse needs."""
    return [(visit.path(path), visit.words.say(PAGES[path].title)) for path in TAKEN_ALONG if visit.opens(path)]
