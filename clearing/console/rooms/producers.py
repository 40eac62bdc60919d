"""Law: a producer's page says what it may sell, what it is owed and where it is paid.

One person enters an account, another approves it. It lies sealed apart: only who approves it sees it whole.
"""

from collections.abc import Iterator
from typing import Final

from aiohttp import web

from clearing.authoriser.forms.fields import Day, Form, Id, Many, Text
from clearing.console.apart import SALES
from clearing.console.pages import Answer, Shows, Visit, page
from clearing.console.rooms.cards import give, notice
from clearing.console.rooms.transfers import parts_said
from clearing.console.sheets import sheet
from clearing.console.step_up import NO_FACTOR, ordered
from clearing.installation.bank_entry import bank_record, sealed_accounts
from clearing.people import NotKept
from clearing.rules.calendar import civil_date
from clearing.rules.stalls.producers import Convention, Producer
from clearing.rules.stalls.settlement import Batch, BatchState
from clearing.settlement.bank_details import last_4
from clearing.settlement.overview import in_fours
from clearing.values import BatchId, InvalidValue, ProducerId

SEERS: Final = ("treasurer", "approver", "clerk", "desk", "auditor", "operator")
_PAPERS: Final = (("advice", "fr"), ("statement", "fr"), ("advice", "en"), ("statement", "en"))
_TERM: Final[Form] = {"first_day": Day(), "until": Day(optional=True), "categories": Many(each=Id(of="category"))}
_TERM_SAID: Final = {
    "first_day": "First day of the convention", "until": "First day after it, if it ends",
    "categories": "What it covers; nothing chosen: all that the rules cover",
}  # fmt: skip
ADMISSION: Final = sheet(
    {"producer": Id(new=True), "name": Text(), "structures": Many(each=Id()), **_TERM},
    {
        "producer": "Short name: small letters, digits, dot, dash; it never changes", "name": "Name, as people know the stall",
        "structures": "Names under which the rules may speak of it (a market, a territory)", **_TERM_SAID,
    },
)  # fmt: skip
ACCOUNT: Final = sheet(
    {"holder": Text(), "iban": Text(), "bic": Text(optional=True)},
    {"holder": "Account holder, as the bank knows the name", "iban": "IBAN", "bic": "BIC"},
)


@page("producers", "Producers", roles=SEERS, menu=14)
async def every(visit: Visit) -> Answer:
    book, words = visit.book, visit.words
    rows = [
        {
            "name": one.name, "page": visit.path(f"producers/{name}"), "sells": one.convention_at(visit.at_us) is not None,
            "account": account_said(visit, one), "owed": words.euros(_owed_cents(visit, name)),
            "terminals": sum(1 for number in book.producers.terminals_of.get(name, ()) if _sells(visit, name, number)),
        }
        for name, one in book.producers.producers.items()
    ]  # fmt: skip
    return Answer("producers.html", {"rows": rows})


def _sells(visit: Visit, producer: ProducerId, number: bytes) -> bool:
    terminal = visit.book.producers.terminals[number]  # type: ignore[index]
    return terminal.producer == producer and not terminal.suspended


def _owed_cents(visit: Visit, producer: ProducerId) -> int:
    owed = visit.book.settlement.owed.get(producer)
    return 0 if owed is None else owed.net_cents()


def account_said(visit: Visit, one: Producer) -> str:
    """Whether it can be paid, in words."""
    words = visit.words
    if one.proposed is not None:
        said = "Entered by {person}, waits for an approver." if not one.details else (
            "A new one is entered by {person} and waits for an approver; the old one is paid."
        )
        return words.say(said, person=one.proposed.by)
    if not one.details:
        return words.say("No account: it can't be paid.")
    usable_us, _ = one.details[-1]
    if usable_us <= visit.at_us:
        return words.say("Approved.")
    return words.say("The new account is paid from {instant} on.", instant=words.instant(usable_us))


async def admit(visit: Visit) -> Answer:
    """The producer and its first convention."""
    body, problems = ADMISSION.read(visit)
    convention: dict[str, object] = {}
    if not problems:
        convention, problems = _convention(visit, body, f"{body['producer']}-1")
    if problems:
        return _admission(visit, problems)
    admitted = {name: body.get(name) or [] for name in ("producer", "name", "structures")}
    told = await give(visit, "admit_producers", {"producers": [admitted]})
    if told.done:
        told = await give(visit, "sign_conventions", {"conventions": [convention]})
    if not told.done:
        return _admission(visit, {}, told.why)
    await notice(visit, "{name} is admitted. Next: its account, then a pairing code for its till.", name=body["name"])
    return Answer(go_to=visit.path(f"producers/{body['producer']}"))


def _convention(visit: Visit, body: dict[str, object], name: str) -> tuple[dict[str, object], dict[str, str]]:
    """(the line of sign_conventions, problems): days are civil days of the caisse."""
    calendar = visit.book.caisse.calendar
    line: dict[str, object] = {
        "convention": name, "producer": body["producer"],
        "from_us": calendar.start_us(civil_date(str(body["first_day"]))),
    }  # fmt: skip
    if body.get("until"):
        if str(body["until"]) <= str(body["first_day"]):
            return {}, {"until": "It ends before it begins."}
        line["until_us"] = calendar.start_us(civil_date(str(body["until"])))
    if body.get("categories"):
        line["categories"] = body["categories"]
    return line, {}


@page("producers/new", "New producer", roles=("treasurer",), post=admit)
async def new(visit: Visit) -> Answer:
    return _admission(visit, {})


def _admission(visit: Visit, problems: dict[str, str], why: str = "") -> Answer:
    today = visit.book.caisse.calendar.day(visit.at_us).isoformat()
    return Answer("producer_new.html", {
        "fields": ADMISSION.drawn(visit, problems=problems, first={"first_day": today}), "why": visit.words.refusal(why),
    }, status=422 if problems or why else 200)  # fmt: skip


def producer_at(visit: Visit) -> Producer:
    found = visit.book.producers.producers.get(ProducerId(visit.asked("producer")))
    if found is None:
        raise web.HTTPNotFound(reason="There is no such producer.")
    return found


async def enter_account(visit: Visit) -> Answer:
    """Sealed apart first; the command carries its digest alone."""
    producer = producer_at(visit)
    if not visit.may("propose_bank_details"):
        raise web.HTTPForbidden(reason="Your office does not give this command.")
    body, problems = ACCOUNT.read(visit)
    if problems:
        return await _shown(visit, problems=problems)
    try:
        record = bank_record(
            producer.producer, name=str(body["holder"]), iban=str(body["iban"]), bic=str(body.get("bic") or "")
        )
        details = await sealed_accounts(visit.console.installation, visit.code, [record])
    except InvalidValue as fault:
        return await _shown(visit, problems={"iban": str(fault)})
    told = await give(visit, "propose_bank_details", {"details": details})
    if not told.done:
        return await _shown(visit, why=told.why)
    await notice(visit, "The account {end} is entered. Next, another person with the paper in hand approves it.",
                 end=last_4(record.fields["iban"]))  # fmt: skip
    return Answer(go_to=visit.path(f"producers/{producer.producer}"))


@page("producers/{producer}", "Producer", roles=SEERS, post=enter_account)
async def one(visit: Visit) -> Answer:
    return await _shown(visit)


async def _shown(visit: Visit, *, problems: dict[str, str] | None = None, why: str = "") -> Answer:
    producer, words = producer_at(visit), visit.words
    owed = visit.book.settlement.owed.get(producer.producer)
    parts = [] if owed is None else [
        (words.say(text), words.euros(cents)) for text, cents in (
            ("Sold since the last batch", owed.captured_cents), ("Refunded", -owed.refunded_cents),
            ("Cash taken for funds", -owed.given_cents), ("Adjusted by two people", owed.adjusted_cents),
            ("Carried over from earlier batches", owed.carried_cents),
            ("Handed over by other caisses", sum(part.cents for part in owed.parts)),
        ) if cents
    ]  # fmt: skip
    proposed = producer.proposed
    return Answer("producer.html", {
        "id": producer.producer, "name": producer.name, "structures": sorted(producer.structures),
        "conventions": [_convention_said(visit, one) for one in producer.conventions],
        "suspended": any(one.suspended for one in producer.conventions),
        "account": account_said(visit, producer), "fields": ACCOUNT.drawn(visit, problems=problems),
        "approve": proposed is not None and visit.may("approve_bank_details") and proposed.by != visit.login.person,
        "parts": parts, "owed": words.euros(_owed_cents(visit, producer.producer)), "lines": list(_lines(visit, producer)),
        "terminals": list(terminals_said(visit, producer.producer)), "why": visit.words.refusal(why),
    }, status=422 if problems or why else 200)  # fmt: skip


def _convention_said(visit: Visit, one: Convention) -> dict[str, object]:
    words = visit.words
    state = "suspended" if one.suspended else "in force" if one.in_force(visit.at_us) else "not in force"
    verb = "resume_convention" if one.suspended else "suspend_convention"
    where = visit.path(f"do/{verb}?convention={one.convention}&then=producers/{one.producer}") if visit.may(verb) else ""
    day = visit.book.caisse.calendar.day
    return {
        "id": one.convention, "since": words.day(day(one.from_us)) if one.from_us else words.say("the founding"),
        "until": words.day(day(one.until_us)) if one.until_us is not None else "", "state": words.say(state),
        "what": ", ".join(sorted(one.categories)) if one.categories is not None else words.say("all that the rules cover"),
        "act": where, "text": words.say("Let cards pay there again") if one.suspended else words.say("Suspend"),
    }  # fmt: skip


def _lines(visit: Visit, producer: Producer) -> Iterator[dict[str, str]]:
    """What each batch held for it, the newest first."""
    words, opens = visit.words, bool(set(visit.roles) & set(SALES))
    for number, batch in sorted(visit.book.settlement.batches.items(), reverse=True):
        for line in batch.closed.lines:
            if line.producer == producer.producer:
                payout = batch.payouts.get(line.producer)
                yield {
                    "batch": words.say("Batch {number}", number=number), "sold": words.euros(line.captured_cents),
                    "back": words.euros(line.refunded_cents), "paid": words.euros(line.paid_cents),
                    "state": _when(visit, batch) or words.say("payout open" if payout is None else f"payout {payout.state}"),
                    "page": visit.path(f"producers/{producer.producer}/statements/{number}") if opens else "",
                }  # fmt: skip


def _when(visit: Visit, batch: Batch) -> str:
    """Of what is not at the bank yet: the day that a producer who asks is told."""
    words = visit.words
    if batch.state is BatchState.CLOSED and batch.under_way():
        return words.say("waits for its approval since {day}", day=words.day(batch.closed.closed_on))
    if batch.state is BatchState.APPROVED and batch.approved is not None and batch.under_way():
        return words.say("approved, is paid on {day}", day=words.day(batch.approved.execution_on))
    return ""


def terminals_said(visit: Visit, producer: ProducerId) -> Iterator[dict[str, str]]:
    for number in visit.book.producers.terminals_of.get(producer, ()):
        terminal = visit.book.producers.terminals[number]
        if terminal.producer == producer:
            yield {
                "number": number.hex(), "state": visit.words.say("suspended" if terminal.suspended else "sells"),
                "page": visit.path(f"terminals/{number.hex()}"),
            }  # fmt: skip


async def approve_account(visit: Visit) -> Answer:
    """By another person than who entered it, for exactly the account that was shown."""
    producer = producer_at(visit)
    try:
        digest = bytes.fromhex(visit.given("digest"))
    except ValueError:
        digest = b""
    body: dict[str, object] = {"producers": [{"producer": producer.producer, "digest": digest}]}
    told = await ordered(visit, "approve_bank_details", body)
    if isinstance(told, Answer) or told is NO_FACTOR:
        return told if isinstance(told, Answer) else await _account(visit, problem=told.why)
    if not told.done:
        return await _account(visit, why=told.why)
    await notice(visit, "The account is approved. A first one is paid to at once, a changed one after its waiting time.")
    return Answer(go_to=visit.path(f"producers/{producer.producer}"))


@page("producers/{producer}/account", "Approve an account", roles=("approver",), post=approve_account)
async def account(visit: Visit) -> Answer:
    return await _account(visit)


async def _account(visit: Visit, *, problem: str = "", why: str = "") -> Answer:
    producer = producer_at(visit)
    entered, fields = producer.proposed, {"name": "", "iban": ""}
    if entered is not None:
        async with visit.console.installation.people_of(visit.code) as people:
            try:
                fields = dict((await people.read([entered.details]))[entered.details].fields)
            except NotKept:
                why = why or "What was entered is not kept any more; enter the account again."
    return Answer("producer_account.html", {
        "id": producer.producer, "name": producer.name, "by": entered.by if entered is not None else "",
        "own": entered is not None and entered.by == visit.login.person, "holder": fields["name"],
        "iban": in_fours(fields["iban"]), "bic": fields.get("bic", ""), "digest": entered.details.hex() if entered else "",
        "first": not producer.details, "ask_code": not visit.login.fresh, "problem": problem,
        "why": visit.words.refusal(visit.words.say(why)) if why else "",
    }, status=422 if problem or why else 200)  # fmt: skip


@page("producers/{producer}/statements/{batch}", "Statement", roles=SALES, shows=Shows.PURCHASES)
async def statement(visit: Visit) -> Answer:
    """What a batch paid for, sale by sale, at gross price; each drills down to the signed sale."""
    producer, text, words = producer_at(visit), visit.asked("batch"), visit.words
    batch = visit.book.settlement.batches.get(BatchId(int(text))) if text.isdecimal() and len(text) < 9 else None
    line = next((one for one in batch.closed.lines if one.producer == producer.producer), None) if batch is not None else None
    if batch is None or line is None:
        raise web.HTTPNotFound(reason="There is no such statement.")
    async with visit.console.installation.asking(visit.code) as views:
        rows = await views.statement(batch.closed.batch, producer.producer)
    return Answer("statement.html", {
        "name": producer.name, "id": producer.producer, "number": batch.closed.batch,
        "day": words.day(batch.closed.closed_on), "paid": words.euros(line.paid_cents),
        "carried": words.euros(line.carried_cents) if line.carried_cents else "",
        "papers": _PAPERS if line.paid_cents and batch.state is not BatchState.CLOSED else (),
        "rows": [
            {"day": words.day(row.day), "time": f"{row.local_time:%H:%M}", "kind": words.say(f"entry {row.kind}"),
             "gross": words.euros(row.gross_cents), "card": words.euros(row.card_cents),
             "page": visit.path(f"sales/{row.sale_position}"), "number": row.sale_position}
            for row in rows if row.kind != "part"
        ],
        "card": words.euros(sum(row.card_cents for row in rows if row.kind != "part")), "parts": parts_said(visit, line),
    })  # fmt: skip
