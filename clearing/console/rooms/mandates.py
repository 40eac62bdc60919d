"""Law: what a member signed for her bank is entered once and sealed apart; a page shows the end of her account, never more."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from aiohttp import web

from clearing.authoriser.forms.fields import Choice, Day, Form, Id, Text
from clearing.console.apart import mandate_tag
from clearing.console.pages import Answer, Shows, Visit, page
from clearing.console.rooms.cards import give, notice
from clearing.console.sheets import Sheet, sheet
from clearing.installation.mandate_entry import free_reference, read_row, sealed
from clearing.people import NotKept
from clearing.rules.treasury.debits import Mandate, MandateState, mandate_key
from clearing.rules.treasury.mandates import HOW, KINDS, ends_on, obstacle
from clearing.settlement.bank_details import last_4
from clearing.values import InvalidValue

HOLDERS: Final = ("desk", "treasurer", "approver")
SHOWN_MAX: Final = 300
_KINDS: Final = {"recurrent": "For every cotisation to come", "one-off": "For one debit only"}
_HOW: Final = {"paper": "On paper", "page": "On a page of the caisse"}
_ACCOUNT: Final[Form] = {"holder": Text(), "iban": Text(), "bic": Text(optional=True)}
_ACCOUNT_SAID: Final = {"holder": "Account holder, as the bank knows the name", "iban": "IBAN", "bic": "BIC"}
SIGNING: Final = sheet(
    {
        "member": Id(of="member"), **_ACCOUNT, "signed_on": Day(), "how": Choice(words=HOW), "kind": Choice(words=KINDS),
        "mandate": Text(optional=True), "used_on": Day(optional=True),
    },
    {
        "member": "Member", **_ACCOUNT_SAID, "signed_on": "Signed on", "how": "How it was signed", "kind": "Kind of mandate",
        "mandate": "Reference (RUM); left empty, one of the caisse's own",
        "used_on": "Last debit under it, where it comes from another tool",
    },
    {"kind": tuple(_KINDS.items()), "how": tuple(_HOW.items())},
)
ACCOUNT: Final = sheet(_ACCOUNT, _ACCOUNT_SAID)
ENDING: Final = sheet(
    {"on": Day(), "reason": Text()}, {"on": "First day without it", "reason": "Reason, for whoever reads it in a year"}
)
PAUSING: Final = sheet({"why": Text()}, {"why": "Reason, for whoever reads it in a year"})
_ACTS: Final[dict[str, tuple[str, Sheet]]] = {
    "account": ("change_mandate", ACCOUNT), "revoke": ("revoke_mandate", ENDING), "suspend": ("suspend_mandate", PAUSING),
    "resume": ("resume_mandate", PAUSING),
}  # fmt: skip


def _today(visit: Visit) -> date:
    return visit.book.caisse.calendar.day(visit.at_us)


@page("mandates", "Mandates", roles=HOLDERS, menu=56, shows=Shows.PERSONS)
async def every(visit: Visit) -> Answer:
    """By member; found by a part of her pseudonym or of the reference."""
    asked, debits = visit.request.query.get("q", "").strip(), visit.book.debits
    rows = [
        _row(visit, debits.mandates[key]) for member in sorted(debits.of_member) for key in debits.of_member[member]
        if asked.lower() in member or asked.lower() in key.lower()
    ]  # fmt: skip
    return Answer("mandates.html", {
        "rows": rows[:SHOWN_MAX], "more": max(0, len(rows) - SHOWN_MAX), "asked": asked, "any": bool(debits.mandates),
        "creditor": debits.creditor.creditor if debits.creditor is not None else "",
        "lead": debits.lead_days(), "notice": debits.notice_days(), "window": debits.counts_on() == "window",
    })  # fmt: skip


def _row(visit: Visit, one: Mandate) -> dict[str, str]:
    words = visit.words
    why = obstacle(visit.book.debits, one, _today(visit))
    return {
        "reference": one.signed.mandate, "member": one.signed.member,
        "opens": visit.path(f"mandates/{mandate_tag(one.signed.mandate)}"),
        "signed": words.day(one.signed.signed_on), "kind": words.say(_KINDS[one.signed.kind]),
        "state": words.refusal(why) if why else words.say("in force until {day}", day=words.day(ends_on(one))),
    }  # fmt: skip


async def sign(visit: Visit) -> Answer:
    """Her account is sealed apart first; the command carries its digest alone."""
    body, problems = SIGNING.read(visit)
    if problems:
        return _signing(visit, problems)
    reference = str(body.get("mandate") or free_reference(visit.book, visit.code))
    row = {name: str(value) for name, value in body.items()} | {"mandate": reference, "name": str(body["holder"])}
    try:
        item, record = read_row(row)
        (digest,) = await sealed(visit.console.installation, visit.code, [record])
    except InvalidValue as fault:
        return _signing(visit, {"iban": str(fault)})
    told = await give(visit, "sign_mandates", {"mandates": [item | {"digest": digest}]})
    if not told.done:
        return _signing(visit, {}, told.why)
    await notice(visit, "The mandate {mandate} is recorded. Write its reference on the signed paper.", mandate=reference)
    return Answer(go_to=visit.path(f"mandates/{mandate_tag(reference)}"))


@page("mandates/new", "New mandate", roles=("desk", "treasurer"), shows=Shows.PERSONS, post=sign)
async def new(visit: Visit) -> Answer:
    return _signing(visit, {})


def _signing(visit: Visit, problems: dict[str, str], why: str = "") -> Answer:
    first = {"signed_on": _today(visit).isoformat(), "how": HOW[0], "kind": KINDS[0],
             "member": visit.request.query.get("member", "")}  # fmt: skip
    return Answer("mandate_new.html", {
        "fields": SIGNING.drawn(visit, problems=problems, first=first), "why": visit.words.refusal(why),
        "creditor": visit.book.debits.creditor is not None,
    }, status=422 if problems or why else 200)  # fmt: skip


def _asked(visit: Visit) -> Mandate:
    tag, known = visit.asked("mandate"), visit.book.debits.mandates.values()
    found = next((one for one in known if mandate_tag(one.signed.mandate) == tag), None)
    if found is None:
        raise web.HTTPNotFound(reason="There is no such mandate.")
    return found


async def act(visit: Visit) -> Answer:
    """Another account, an end, a pause."""
    one, act_ = _asked(visit), visit.given("act")
    if act_ not in _ACTS or not visit.may(_ACTS[act_][0]):
        raise web.HTTPForbidden(reason="Your office does not give this command.")
    verb, asked = _ACTS[act_]
    body, problems = asked.read(visit)
    if problems:
        return await _shown(visit, act_, problems)
    given: dict[str, object] = {"mandate": one.signed.mandate}
    if act_ == "account":
        row = {"member": one.signed.member, "mandate": one.signed.mandate, "signed_on": one.signed.signed_on,
               "name": str(body["holder"]), "iban": str(body["iban"]), "bic": str(body.get("bic") or "")}  # fmt: skip
        try:
            (given["digest"],) = await sealed(visit.console.installation, visit.code, [read_row(row)[1]])
        except InvalidValue as fault:
            return await _shown(visit, act_, {"iban": str(fault)})
    elif act_ == "revoke":
        given |= body
    else:
        given["reason"] = body["why"]
    told = await give(visit, verb, given)
    if not told.done:
        return await _shown(visit, act_, {}, told.why)
    await notice(visit, "Done: {what}.", what=visit.words.say(f"verb {verb}"))
    return Answer(go_to=visit.path(f"mandates/{mandate_tag(one.signed.mandate)}"))


@page("mandates/{mandate}", "Mandate", roles=HOLDERS, shows=Shows.PERSONS, post=act)
async def one(visit: Visit) -> Answer:
    return await _shown(visit, "", {})


async def _shown(visit: Visit, act_: str, problems: dict[str, str], why: str = "") -> Answer:
    one, words = _asked(visit), visit.words
    holder, account = "", ""
    async with visit.console.installation.people_of(visit.code) as people:
        try:
            fields = (await people.read([one.details]))[one.details].fields
            holder, account = fields["name"], last_4(fields["iban"])
        except NotKept:
            why = why or words.say("Her account is not kept any more.")
    revoked = one.state is MandateState.REVOKED
    acts = [] if revoked else ["account", "resume" if one.state is MandateState.SUSPENDED else "suspend", "revoke"]
    return Answer("mandate.html", {
        **_row(visit, one), "holder": holder, "account": account, "how": words.say(_HOW[one.signed.how]),
        "why": words.refusal(why), "debits": list(_debits(visit, one)),
        "acts": [
            (name, words.say(f"verb {_ACTS[name][0]}"), _ACTS[name][1].drawn(
                visit, problems=problems if name == act_ else {}, first={"on": _today(visit).isoformat()}
            ), name == act_)
            for name in acts if visit.may(_ACTS[name][0])
        ],
    }, status=422 if problems or why else 200)  # fmt: skip


def _debits(visit: Visit, one: Mandate) -> Iterator[dict[str, str]]:
    """What was collected under it, the newest first."""
    words = visit.words
    for number, debit in reversed(list(visit.book.debits.debits_of(one.signed.member))):
        if mandate_key(debit.row.mandate) == mandate_key(one.signed.mandate):
            yield {
                "number": words.say("Collection {number}", number=number), "opens": visit.path(f"collections/{number}"),
                "months": ", ".join(words.month(part.period) for part in debit.row.parts),
                "cents": words.euros(debit.row.cents), "state": words.say(f"state debit.{debit.state}"),
            }  # fmt: skip
