"""Law: what came too late stands in a list until two people have said what becomes of it; orders, with what is open of them.

Neither names a person: an exception is called by its number, an order by its account.
"""

from collections.abc import Iterator
from typing import Final

from aiohttp import web

from clearing.authoriser.forms.fields import Choice, Flag, Text
from clearing.console.pages import Answer, Shows, Visit, page
from clearing.console.rooms.cards import give, notice
from clearing.console.sheets import Sheet, sheet
from clearing.rules.collective.orders import DISPUTED, Order
from clearing.rules.selling.exceptions import LATE_CAPTURE, Item

RESOLVERS: Final = ("desk", "treasurer", "approver", "clerk", "auditor")
_LATE: Final = (("accepted", "The goods left: it is owed"), ("refused", "The goods did not leave: nothing is owed"))
_NOTED: Final = (("noted", "Agreed with the producer; nothing moves"),)
_LABELS: Final = {
    "how": "What becomes of it", "consent": "The member agreed that her purse pays; else the guarantee fund does",
    "reason": "Reason, for whoever reads it in a year",
}  # fmt: skip
LATE: Final = sheet(
    {"how": Choice(words=tuple(word for word, _ in _LATE)), "consent": Flag(optional=True), "reason": Text()}, _LABELS,
    {"how": _LATE},
)  # fmt: skip
BACK: Final = sheet({"how": Choice(words=("noted",)), "reason": Text()}, _LABELS, {"how": _NOTED})


@page("exceptions", "Exceptions", roles=RESOLVERS, menu=20, shows=Shows.PURCHASES)
async def every(visit: Visit) -> Answer:
    rows = [_row(visit, number, item) for number, item in sorted(visit.book.exceptions.open.items())]
    return Answer("exceptions.html", {"rows": rows})


def _row(visit: Visit, number: int, item: Item) -> dict[str, object]:
    words, producer = visit.words, visit.book.producers.producers.get(item.producer)
    proposal = visit.book.exceptions.proposed.get(number)
    return {
        "number": number, "opens": visit.path(f"exceptions/{number}"), "when": words.instant(item.at_us),
        "producer": producer.name if producer is not None else item.producer, "told": words.refusal(item.told),
        "goods": words.euros(item.amount_cents) if item.amount_cents else "",
        "waits": proposal.by if proposal is not None else "",
    }  # fmt: skip


def _open(visit: Visit) -> tuple[int, Item]:
    text = visit.asked("exception")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 10 else 0
    item = visit.book.exceptions.open.get(number)
    if item is None:
        raise web.HTTPNotFound(reason="There is no such open exception; two people may have resolved it.")
    return number, item


async def act(visit: Visit) -> Answer:
    """Proposed by one; agreed to by another, for exactly what was shown."""
    number, item = _open(visit)
    if visit.given("act") == "agree":
        body: dict[str, object] = {
            "exception": number, "how": visit.given("how"), "consent": visit.given("consent") == "yes"
        }
        told = await give(visit, "resolve_exception", body)
        if not told.done:
            return _shown(visit, why=told.why)
        await notice(visit, "Exception {number} is resolved.", number=number)
        return Answer(go_to=visit.path("exceptions"))
    body, problems = _sheet(item).read(visit)
    if problems:
        return _shown(visit, problems=problems)
    told = await give(visit, "propose_exception_end", {"consent": False, **body, "exception": number})
    if not told.done:
        return _shown(visit, why=told.why)
    await notice(visit, "It is proposed; another person agrees or proposes something else.")
    return Answer(go_to=visit.path(f"exceptions/{number}"))


@page("exceptions/{exception}", "Exception", roles=RESOLVERS, shows=Shows.PURCHASES, post=act)
async def one(visit: Visit) -> Answer:
    return _shown(visit)


def _sheet(item: Item) -> Sheet:
    return LATE if item.kind == LATE_CAPTURE else BACK


def _shown(visit: Visit, *, problems: dict[str, str] | None = None, why: str = "") -> Answer:
    number, item = _open(visit)
    proposal = visit.book.exceptions.proposed.get(number)
    said = dict((*_LATE, *_NOTED))
    return Answer("exception.html", {
        **_row(visit, number, item), "late": item.kind == LATE_CAPTURE, "why": visit.words.refusal(why),
        "fields": _sheet(item).drawn(visit, problems=problems), "may_propose": visit.may("propose_exception_end"),
        "lines": [(line.category, visit.words.euros(line.amount_cents)) for line in item.lines],
        "proposal": None if proposal is None else {
            "by": proposal.by, "how": proposal.how, "said": visit.words.say(said[proposal.how]), "reason": proposal.reason,
            "consent": proposal.consent, "own": proposal.by == visit.login.person,
        },
        "may_agree": visit.may("resolve_exception"),
    }, status=422 if problems or why else 200)  # fmt: skip


@page("orders", "Orders", roles=("buyer", "desk", "treasurer", "approver", "auditor"), menu=16, shows=Shows.PURCHASES)
async def orders(visit: Visit) -> Answer:
    """Those with an open line first; settled ones are left to the audit trail."""
    rows = [_order(visit, name, one) for name, one in visit.book.orders.orders.items() if one.unsettled()]
    return Answer("orders.html", {"rows": rows, "any": bool(visit.book.orders.orders)})


def _order(visit: Visit, name: str, order: Order) -> dict[str, object]:
    words, placed = visit.words, order.placed
    seller = visit.book.producers.producers.get(placed.seller)
    return {
        "name": name, "account": placed.account, "seller": seller.name if seller is not None else placed.seller,
        "day": words.day(visit.book.caisse.calendar.day(order.counted_us)), "lines": list(_lines(visit, name, order)),
        "confirm": "" if order.confirmed else visit.path(f"do/confirm_order?order={name}&then=orders"),
        "deliver": visit.path(f"do/note_delivery?order={name}&then=orders"),
        "cancel": visit.path(f"do/cancel_order?order={name}&then=orders"),
    }  # fmt: skip


def _lines(visit: Visit, name: str, order: Order) -> Iterator[dict[str, str]]:
    for place, line in enumerate(order.placed.lines):
        act = "dispute_line"
        if order.states[place] == DISPUTED:
            act = "resolve_dispute" if place in order.proposed else "propose_dispute_end"
        prepared = visit.path(f"do/{act}?order={name}&line={place}&then=orders")
        yield {
            "what": line.category if line.product is None else f"{line.category}, {line.product}",
            "cents": visit.words.euros(line.amount_cents), "state": visit.words.say(f"state {order.states[place]}"),
            "reason": order.reasons.get(place, ""), "act": visit.words.say(f"verb {act}") if visit.may(act) else "",
            "page": prepared,
        }  # fmt: skip
