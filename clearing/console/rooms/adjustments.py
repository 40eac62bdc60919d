"""Law: what sales do not explain is adjusted by two people: one says what and why, another one makes it for the same amount."""

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from clearing.authoriser.forms.fields import Amount, Choice, Id, Text
from clearing.console.offered import choices
from clearing.console.pages import CODE_ASKED, Answer, Shows, Visit, page, proved
from clearing.console.rooms.cards import give, notice
from clearing.console.sheets import Sheet, sheet
from clearing.rules.selling.facts import OWN_PURSE
from clearing.rules.treasury.adjusting import CREDIT, DEBIT, LESS, OUTSIDE, OWE, WRITE_OFF, Pending
from clearing.values import MemberId, ProducerId, PurseKind

SEERS: Final = ("treasurer", "approver", "auditor")
_SAID: Final = (
    (OWE, "A fund pays the producer more"), (LESS, "The producer gets less, a fund gets it back"),
    (OUTSIDE, "The caisse paid the producer by hand"), (WRITE_OFF, "A fund bears what the producer owes"),
    (CREDIT, "A fund's money into a purse"), (DEBIT, "Out of a purse again, after an error of the system"),
)  # fmt: skip
_OF_PRODUCERS: Final = (OWE, LESS, OUTSIDE, WRITE_OFF)
_LABELS: Final = {
    "kind": "What is adjusted", "producer": "Which producer", "member": "Which member (pseudonym)", "cents": "Amount",
    "fund": "Which fund", "purse": "Which purse", "error": "What the system did wrong (only when a purse is debited)",
    "reason": "Reason, for whoever reads it in a year",
}  # fmt: skip


def _sheet(kinds: tuple[tuple[str, str], ...], who: dict[str, Id], purse: dict[str, Id | Text]) -> Sheet:
    form = {
        "kind": Choice(words=tuple(kind for kind, _ in kinds)), **who, "cents": Amount(),
        "fund": Id(of="fund", optional=True), **purse, "reason": Text(),
    }  # fmt: skip
    return sheet(form, _LABELS, {"kind": kinds})


OF_PRODUCER: Final = _sheet(_SAID[:4], {"producer": Id(of="producer")}, {})
OF_MEMBER: Final = _sheet(
    _SAID[4:], {"member": Id(of="member")}, {"purse": Id(of="purse"), "error": Text(optional=True, shortest=0)}
)


async def propose(visit: Visit) -> Answer:
    of_member = visit.request.query.get("of") == "member"
    body, problems = (OF_MEMBER if of_member else OF_PRODUCER).read(visit)
    if problems:
        return _listed(visit, problems=problems)
    who = body.pop("member" if of_member else "producer")
    told = await give(visit, "propose_adjustment", {
        "who": who, **{name: value for name, value in body.items() if value not in (None, "")}
    })  # fmt: skip
    if not told.done:
        return _listed(visit, why=told.why)
    await notice(visit, "It is proposed; another person looks at the papers and makes it.")
    return Answer(go_to=visit.path("adjustments"))


@page("adjustments", "Adjustments", roles=SEERS, menu=22, shows=Shows.PERSONS, post=propose)
async def every(visit: Visit) -> Answer:
    return _listed(visit)


def _listed(visit: Visit, *, problems: dict[str, str] | None = None, why: str = "") -> Answer:
    of_member = visit.request.query.get("of") == "member"
    rows = [_row(visit, number, one) for number, one in visit.book.adjustments.pending.items()]
    first = {name: visit.request.query.get(name, "") for name in ("producer", "member")}
    return Answer("adjustments.html", {
        "rows": rows, "of_member": of_member, "may_propose": visit.may("propose_adjustment"),
        "fields": (OF_MEMBER if of_member else OF_PRODUCER).drawn(visit, problems=problems, first=first, choices_of=_offered),
        "why": visit.words.refusal(visit.words.say(why)) if why else "",
    }, status=422 if problems or why else 200)  # fmt: skip


def _offered(visit: Visit, of: str) -> Sequence[tuple[str, str]] | None:
    """Purses that the rules in force let pay, or that credit comes into; own money is put in by who owns it."""
    if of == "purse":
        charte = visit.book.caisse.charte_at(visit.at_us)
        paying = {payer.purse for payer in charte.payers if payer.purse} if charte is not None else set[PurseKind]()
        credited = {rule.purse for rule in visit.book.allocation.rules.values()}
        return [(kind, kind) for kind in sorted(paying | credited) if kind != OWN_PURSE]
    return choices(visit, of)


def _row(visit: Visit, number: int, one: Pending) -> dict[str, object]:
    words, said = visit.words, one.proposed
    what = said.what
    fund = visit.book.funds.get(what.fund)
    name = visit.book.producers.producers[ProducerId(what.who)].name if what.kind in _OF_PRODUCERS else MemberId(what.who)
    return {
        "number": number, "page": visit.path(f"adjustments/{number}"), "kind": words.say(dict(_SAID)[what.kind]), "who": name,
        "cents": words.euros(what.cents), "fund": fund.name if fund is not None else what.purse, "reason": said.reason,
        "by": said.by, "from_on": words.day(said.from_on), "rest": words.euros(one.rest_cents) if one.made_in else "",
    }  # fmt: skip


def _pending(visit: Visit) -> tuple[int, Pending]:
    text = visit.asked("adjustment")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
    found = visit.book.adjustments.pending.get(number)
    if found is None:
        raise web.HTTPNotFound(reason="There is no such open adjustment; it was made, or dropped.")
    return number, found


async def act(visit: Visit) -> Answer:
    """Made for the amount that was shown, or dropped."""
    number, _ = _pending(visit)
    if visit.given("drop"):
        told = await give(visit, "drop_adjustment", {"adjustment": number})
    elif not await proved(visit):
        return _shown(visit, problem=CODE_ASKED)
    else:
        cents = visit.given("cents")
        told = await give(visit, "make_adjustment", {"adjustment": number, "cents": int(cents) if cents.isdecimal() else 0})
    if not told.done:
        return _shown(visit, why=told.why)
    await notice(visit, "It is recorded.")
    return Answer(go_to=visit.path("adjustments"))


@page("adjustments/{adjustment}", "Adjustment", roles=SEERS, shows=Shows.PERSONS, post=act)
async def one(visit: Visit) -> Answer:
    return _shown(visit)


def _shown(visit: Visit, *, problem: str = "", why: str = "") -> Answer:
    number, found = _pending(visit)
    return Answer("adjustment.html", {
        **_row(visit, number, found), "exact": found.proposed.what.cents, "error": found.proposed.error,
        "own": found.proposed.by == visit.login.person, "may_make": visit.may("make_adjustment"),
        "may_drop": visit.may("drop_adjustment"), "ask_code": not visit.login.fresh, "problem": problem,
        "why": visit.words.refusal(visit.words.say(why)) if why else "",
    }, status=422 if problem or why else 200)  # fmt: skip
