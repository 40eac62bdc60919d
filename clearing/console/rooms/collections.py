"""Law: a collection is proposed by one and approved by another who saw its list; members are told before the bank is.

Its files are the same bytes however often they are made. What came back is owed to the caisse, and no card goes below zero.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from aiohttp import web

from clearing.authoriser.forms.fields import Day, Flag, Month, Text
from clearing.console.apart import mandate_tag
from clearing.console.pages import CODE_ASKED, Answer, Download, Shows, Visit, page, proved
from clearing.console.rooms.cards import give, notice
from clearing.console.sheets import sheet
from clearing.installation.collecting import CollectionFiles, make_bank_file, make_notices
from clearing.installation.payment import NotReady
from clearing.people import NotKept
from clearing.rules.treasury.collecting import Due, announce_by, doubts, first_day, send_by, work_out
from clearing.rules.treasury.debit_answers import came_back, countable, still_owed, unanswered
from clearing.rules.treasury.debits import Collection, Debit, DebitState
from clearing.rules.treasury.reason_codes import REASONS, told as code_told
from clearing.settlement.pain001 import UnpayableFile

COLLECTORS: Final = ("treasurer", "approver", "desk")
CANT_MAKE: Final = (NotReady, NotKept, UnpayableFile)
PROPOSING: Final = sheet(
    {"period": Month(), "collect_on": Day(), "arrears": Flag()},
    {"period": "Month whose cotisations are due", "collect_on": "Banking day of the debits",
     "arrears": "Also earlier months that are open, and what came back"},
)  # fmt: skip
LEAVING: Final = sheet({"member": Text(of="debited"), "reason": Text()}, {
    "member": "Member", "reason": "Reason, for whoever reads it in a year",
})  # fmt: skip
DROPPING: Final = sheet({"why": Text()}, {"why": "Reason, for whoever reads it in a year"})


def _today(visit: Visit) -> date:
    return visit.book.caisse.calendar.day(visit.at_us)


async def propose(visit: Visit) -> Answer:
    """Looked at first: who is asked for what, and who is not."""
    if not visit.may("propose_collection"):
        raise web.HTTPForbidden(reason="Your office does not give this command.")
    body, problems = PROPOSING.read(visit)
    if problems or visit.given("act") != "propose":
        return _shown(visit, problems=problems, look=not problems)
    told = await give(visit, "propose_collection", body)
    if not told.done:
        return _shown(visit, why=told.why, look=True)
    number = (told.out or {}).get("collection", len(visit.book.debits.collections))
    await notice(visit, "Collection {number} is proposed. Next, another person looks at its list and approves it.",
                 number=number)  # fmt: skip
    return Answer(go_to=visit.path(f"collections/{number}"))


@page("collections", "Collections", roles=COLLECTORS, menu=58, shows=Shows.PERSONS, post=propose)
async def every(visit: Visit) -> Answer:
    return _shown(visit)


def _shown(visit: Visit, *, problems: dict[str, str] | None = None, why: str = "", look: bool = False) -> Answer:
    words, debits = visit.words, visit.book.debits
    rows = [
        {"number": number, "page": visit.path(f"collections/{number}"), "month": words.month(one.proposed.period),
         "day": words.day(one.proposed.collect_on), "total": words.euros(sum(debit.row.cents for debit in one.kept())),
         "debits": len(one.kept()), "state": _step(visit, one)}
        for number, one in sorted(debits.collections.items(), reverse=True)
    ]  # fmt: skip
    today = _today(visit)
    first = {"period": f"{today:%Y-%m}", "collect_on": first_day(debits, today + timedelta(days=1)).isoformat()}
    return Answer("collections.html", {
        "rows": rows, "why": words.refusal(why), "creditor": debits.creditor is not None, "mandates": bool(debits.mandates),
        "fields": PROPOSING.drawn(visit, problems=problems, first=first), "due": _due(visit) if look else None,
        "may_propose": visit.may("propose_collection"), "returned": sum(1 for _ in came_back(visit.book.debits)),
    }, status=422 if problems or why else 200)  # fmt: skip


def _due(visit: Visit) -> dict[str, object]:
    """Whom this collection would ask, and whom not."""
    words, book = visit.words, visit.book
    due: Due = work_out(
        book.cotisations, book.members, book.debits, code=visit.code, period=visit.given("period"),
        collect_on=date.fromisoformat(visit.given("collect_on")), arrears=bool(visit.given("arrears")),
    )
    return {
        "rows": [(row.member, words.euros(row.cents), ", ".join(words.month(part.period) for part in row.parts))
                 for row in due.rows],
        "total": words.euros(sum(row.cents for row in due.rows)),
        "skipped": [(one.member, words.euros(one.cents), words.refusal(one.why)) for one in due.skipped],
    }  # fmt: skip


def _step(visit: Visit, one: Collection) -> str:
    """Its state, and what it waits for."""
    words, debits = visit.words, visit.book.debits
    if one.dropped:
        return words.say("dropped: nothing was collected")
    if one.approved is None:
        return words.say("waits for another person than {person}", person=one.proposed.by)
    if one.announced is None:
        return words.say("the members are to be told by {day}", day=words.day(announce_by(debits, one)))
    if one.exported is None:
        return words.say("the bank's file is to be sent by {day}", day=words.day(send_by(debits, one)))
    states = [one.state for one in one.kept()]
    return ", ".join(f"{states.count(state)} {words.say(f'state debit.{state}')}" for state in dict.fromkeys(sorted(states)))


@page("collections/returned", "Debits that came back", roles=COLLECTORS, shows=Shows.PERSONS)
async def returned(visit: Visit) -> Answer:
    """What members owe to the caisse again, why it came back, and what a person can do."""
    rows = [_back(visit, number, debit) for number, debit in came_back(visit.book.debits)]
    total = sum(still_owed(visit.book.cotisations, debit) for _, debit in came_back(visit.book.debits))
    return Answer("collections_returned.html", {
        "rows": [one for one in rows if one["owed"]], "settled": [one for one in rows if not one["owed"]],
        "total": visit.words.euros(total),
    })  # fmt: skip


def _back(visit: Visit, number: int, debit: Debit) -> dict[str, object]:
    words, reason, cents = visit.words, REASONS.get(debit.code), still_owed(visit.book.cotisations, debit)
    member, period = debit.row.member, debit.row.parts[0].period
    return {
        "member": member, "collection": number, "page": visit.path(f"collections/{number}"), "owed": cents,
        "cents": words.euros(debit.row.cents), "open": words.euros(cents), "day": words.day(debit.on) if debit.on else "",
        "months": ", ".join(words.month(part.period) for part in debit.row.parts),
        "reason": words.refusal(code_told(debit.code, debit.text)),
        "do": words.refusal(reason.do) if reason else "",
        "mandate": debit.row.mandate, "mandate_page": visit.path(f"mandates/{mandate_tag(debit.row.mandate)}"),
        "receive": visit.path(f"do/receive_cotisation?member={member}&period={period}&then=collections/returned"),
        "give_up": visit.path(f"do/write_off_cotisation?member={member}&period={period}&then=collections/returned"),
    }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The collection that the page is about."""

    number: int
    collection: Collection


def collection_at(visit: Visit) -> Asked:
    text = visit.asked("collection")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
    found = visit.book.debits.collections.get(number)
    if found is None:
        raise web.HTTPNotFound(reason="There is no such collection.")
    return Asked(number=number, collection=found)


async def act(visit: Visit) -> Answer:
    """One button of the page."""
    number, done = collection_at(visit).number, visit.given("act")
    acts = {"approve": "approve_collection", "announce": "announce_collection", "export": "export_collection",
            "drop": "drop_collection", "leave": "leave_out_debit", "count": "count_collection"}  # fmt: skip
    if done not in acts or not visit.may(acts[done]):
        raise web.HTTPForbidden(reason="Your office does not give this command.")
    body: dict[str, object] = {"collection": number}
    if done in ("announce", "export"):
        return await _made(visit, done, acts[done])
    if done == "approve" and not await proved(visit):
        return _one(visit, problem=CODE_ASKED)
    if done in ("drop", "leave"):
        typed, problems = (DROPPING if done == "drop" else LEAVING).read(visit)
        if problems:
            return _one(visit, problems=problems)
        body |= {"reason": typed["why"]} if done == "drop" else typed
    told = await give(visit, acts[done], body)
    if not told.done:
        return _one(visit, why=told.why)
    await notice(visit, "Done: {what}.", what=visit.words.say(f"verb {acts[done]}"))
    return Answer(go_to=visit.path(f"collections/{number}"))


async def _made(visit: Visit, what: str, verb: str) -> Answer:
    """The files are written where the home keeps them; told to the log the first time, the same bytes ever after."""
    number, installation = collection_at(visit).number, visit.console.installation
    body: dict[str, object] = {"collection": number}
    try:
        made = await (make_notices if what == "announce" else make_bank_file)(installation, visit.code, number)
        if not made.before:
            body |= {"sha256": made.sha256} if what == "announce" else {
                "message_id": made.message_id, "file_sha256": made.sha256
            }  # fmt: skip
            told = await give(visit, verb, body)
            if not told.done:  # declined: nothing is written that nobody may send
                return _one(visit, why=told.why)
        made.write(installation.home.collection(visit.code, number))
    except CANT_MAKE as fault:
        return _one(visit, why=str(fault))
    text = "Notices written: {count}. Send each to its member today."
    if what == "export":
        text = "The bank's file is written: {count} debits, {total}. Send it to the bank once only."
    await notice(visit, text, count=made.debits, total=visit.words.euros(made.total_cents))
    return Answer(go_to=visit.path(f"collections/{number}" + ("/notices" if what == "announce" else "")))


@page("collections/{collection}", "Collection", roles=COLLECTORS, shows=Shows.PERSONS, post=act)
async def one(visit: Visit) -> Answer:
    return _one(visit)


def _one(visit: Visit, *, problem: str = "", problems: dict[str, str] | None = None, why: str = "") -> Answer:
    asked, words, debits = collection_at(visit), visit.words, visit.book.debits
    one, kept = asked.collection, asked.collection.kept()
    before = one.exported is None and not one.dropped
    wrong = {debit.row.member: why for debit, why in doubts(debits, one)} if before else {}
    ready, own = countable(debits, one, _today(visit)), one.proposed.by == visit.login.person
    members = [(debit.row.member, debit.row.member) for debit in kept]
    return Answer("collection.html", {
        "number": asked.number, "month": words.month(one.proposed.period), "day": words.day(one.proposed.collect_on),
        "by": one.proposed.by, "approved_by": one.approved.by if one.approved else "", "own": own,
        "step": _step(visit, one), "total": words.euros(sum(debit.row.cents for debit in kept)),
        "rows": [_debit(visit, debit, wrong.get(debit.row.member, "")) for debit in one.debits.values()],
        "may_approve": before and one.approved is None and visit.may("approve_collection") and not own,
        "waits_for_another": before and one.approved is None and own,
        "may_announce": not one.dropped and one.approved is not None and visit.may("announce_collection"),
        "announced": one.announced is not None, "exported": one.exported is not None,
        "may_export": not one.dropped and one.announced is not None and visit.may("export_collection"),
        "may_drop": before and visit.may("drop_collection"),
        "answers": one.exported is not None and visit.may("answer_collection"),
        "silent": len(unanswered(one)) if one.exported is not None else 0,
        "count": words.euros(sum(part.cents for debit in ready for part in debit.held_parts())) if ready else "",
        "may_count": visit.may("count_collection"), "files": _names(visit, asked.number) if one.announced is not None else [],
        "leave": LEAVING.drawn(visit, problems=problems, choices_of=lambda _, of: members if of == "debited" else None),
        "drop": DROPPING.drawn(visit, problems=problems), "leaves": len(kept) > 1,
        "ask_code": not visit.login.fresh, "problem": problem, "why": words.refusal(why),
    }, status=422 if why or problem or problems else 200)  # fmt: skip


def _debit(visit: Visit, debit: Debit, wrong: str) -> dict[str, object]:
    words = visit.words
    reason = code_told(debit.code, debit.text) if debit.code else ""
    return {
        "member": debit.row.member, "months": ", ".join(words.month(part.period) for part in debit.row.parts),
        "cents": words.euros(debit.row.cents), "mandate": debit.row.mandate,
        "page": visit.path(f"mandates/{mandate_tag(debit.row.mandate)}"), "kind": debit.row.sequence,
        "state": words.say(f"state debit.{debit.state}"), "reason": words.refusal(reason) if reason else "",
        "question": words.refusal(debit.question or wrong) if debit.question or wrong else "",
        "held": words.euros(sum(part.cents for part in debit.held_parts())) if debit.held else "",
        "back": debit.state in (DebitState.RETURNED, DebitState.REJECTED),
    }  # fmt: skip


def _names(visit: Visit, number: int) -> list[str]:
    folder = visit.console.installation.home.collection(visit.code, number)
    return sorted(one.name for one in folder.iterdir() if one.is_file()) if folder.is_dir() else []


@page("collections/{collection}/files/{name}", "File", roles=("treasurer", "approver"), shows=Shows.PERSONS)
async def file(visit: Visit) -> Answer:
    """As it was written: the bank's file, and the list."""
    number, name = collection_at(visit).number, visit.asked("name")
    if name not in _names(visit, number):
        raise web.HTTPNotFound(reason="There is no such file; write the bank's file of this collection first.")
    kind = "application/xml" if name.endswith(".xml") else "text/csv"
    content = (visit.console.installation.home.collection(visit.code, number) / name).read_bytes()
    return Answer(file=Download(name, content, kind))


@page("collections/{collection}/notices", "Notices", roles=("desk", "treasurer"), shows=Shows.PERSONS)
async def notices(visit: Visit) -> Answer:
    """What members are told, to be printed: one a page."""
    asked = collection_at(visit)
    found: CollectionFiles | None = None
    why = "The members have not been told yet: write the notices first." if asked.collection.announced is None else ""
    if not why:
        try:
            found = await make_notices(visit.console.installation, visit.code, asked.number)
        except CANT_MAKE as fault:
            why = str(fault)
    texts = {} if found is None else {
        name.removeprefix("notices/").removesuffix(".txt"): content.decode()
        for name, content in found.files.items() if name.startswith("notices/")
    }  # fmt: skip
    return Answer("collection_notices.html", {
        "number": asked.number, "texts": texts, "why": visit.words.refusal(visit.words.say(why)) if why else "",
    })  # fmt: skip
