"""Law: a transfer is shown as the bank's last word left it; who looks sees why it is not paid, and what to do about it."""

from collections.abc import Iterator
from typing import Final

from aiohttp import web

from clearing.authoriser.forms.fields import Choice, Day, Text
from clearing.console.apart import SALES
from clearing.console.pages import LOOKERS, Answer, Shows, Visit, page
from clearing.console.rooms.cards import give, notice
from clearing.console.sheets import sheet
from clearing.events.settlement import BatchLine
from clearing.rules.between.joint import Refusal
from clearing.rules.stalls.holding import check_of
from clearing.rules.stalls.payouts import FAILED, NOT_OURS, REASON_CHARS_MAX, Payout, PayoutState
from clearing.rules.stalls.settlement import Batch
from clearing.values import BatchId, ProducerId

WHY: Final = {
    "below zero": "Owes the caisse, so nothing is paid", "account": "No account to pay to", "held": "Payments are held",
    "contested": "All of it is contested", "minimum": "Below the voted minimum, waits",
}  # fmt: skip
CHECKS: Final = {
    "RCVC": "The bank knows the account under this name", "RVMC": "The bank knows a name that is close",
    "RVNM": "The bank knows another name", "RVNA": "The bank could not check the name", "none": "Name not checked",
}  # fmt: skip
SAID: Final = (
    ("accepted", "Accepted, not paid yet"), ("executed", "Paid by the bank"), ("rejected", "Refused before it left"),
    ("returned", "Came back"), ("unknown", "A word that nobody here knows"),
)  # fmt: skip
ANSWERING: Final = sheet(
    {"state": Choice(words=tuple(word for word, _ in SAID)), "on": Day(),
     "code": Text(shortest=0, longest=REASON_CHARS_MAX, optional=True), "reference": Text(shortest=0, optional=True),
     "text": Text(shortest=0, optional=True)},
    {"state": "What the bank says", "on": "On which day", "code": "Its reason code, like AC04", "reference": "Its reference",
     "text": "Its words"},
    {"state": SAID},
)  # fmt: skip
NOT_TAKEN: Final = {
    Refusal.CLOSED: "it closes, and takes nothing on", Refusal.NO_AGREEMENT: "it has no agreement in force for this caisse",
    Refusal.PRODUCER: "its agreement does not name this producer", Refusal.ACCOUNT: "it pays this producer to another account",
    Refusal.HELD: "it holds payments to this producer", Refusal.OWES: "the producer owes it money",
    Refusal.CAP: "it would advance more than it agreed to",
}  # fmt: skip
"""Why another caisse does not pay what was handed over to it."""
_CARRIED: Final = {"failed": "not paid by batch {number}", "carried": "left by batch {number}"}


def line_said(visit: Visit, batch: Batch, line: BatchLine) -> dict[str, object]:
    """A line of a batch as its table shows it."""
    words, payout = visit.words, batch.payouts.get(line.producer)
    opens = bool(set(visit.roles) & set(SALES))
    other = line.adjusted_cents - line.given_cents
    check = check_of(visit.book.settlement, line.producer, line.details) if line.details else ""
    return {
        "id": line.producer, "name": visit.book.producers.producers[line.producer].name,
        "page": visit.path(f"producers/{line.producer}"), "sold": words.euros(line.captured_cents),
        "back": words.euros(-line.refunded_cents), "other": words.euros(other) if other else "",
        "carried": words.euros(line.carried_cents) if line.carried_cents else "",
        "contested": words.euros(-line.contested_cents) if line.contested_cents else "",
        "parts": words.euros(line.parts_cents()) if len(line.parts) > 1 else "", "parts_of": parts_said(visit, line),
        "paid": words.euros(line.paid_cents), "why": words.say(WHY[line.why]) if line.why else "",
        "links": [
            {"text": words.say(_CARRIED[one.what], number=one.batch), "cents": words.euros(one.cents),
             "page": visit.path(f"batches/{one.batch}")} for one in line.links
        ],
        "sales": visit.path(f"producers/{line.producer}/statements/{batch.closed.batch}") if opens else "",
        "check": words.say(CHECKS[check]) if check else "", "check_bad": check in ("RVMC", "RVNM"),
        "attempt": line.attempt if line.attempt > 1 else 0,
        "payout": payout is not None, **_payout_said(visit, batch, line, payout),
    }  # fmt: skip


def _payout_said(visit: Visit, batch: Batch, line: BatchLine, payout: Payout | None) -> dict[str, object]:
    words = visit.words
    if payout is None:
        return {"state": "", "transfer": "", "waits": False, "failed": False, "anew": "", "said": "", "question": ""}
    if payout.state in (PayoutState.HANDED_OVER, PayoutState.TAKEN, PayoutState.NOT_TAKEN):
        said = _elsewhere_said(visit, batch, line, payout)
    else:
        said = ", ".join(word for word in (payout.code, words.day(payout.on) if payout.on else "") if word)
    return {
        "state": words.say(f"payout {payout.state}"), "said": said, "question": words.refusal(payout.question),
        "transfer": visit.path(f"transfers/{batch.closed.batch}/{line.producer}")
        if payout.state is not PayoutState.WAITING and payout.state not in NOT_OURS else "",
        "waits": payout.state is PayoutState.WAITING, "failed": payout.state in FAILED and not payout.paid_in,
        "anew": visit.path(f"batches/{payout.paid_in}") if payout.paid_in else "", "anew_number": payout.paid_in,
    }  # fmt: skip


def parts_said(visit: Visit, line: BatchLine) -> list[dict[str, str]]:
    """What a line pays for other caisses, one by one."""
    words = visit.words
    return [
        {"text": words.say("for {caisse}, its batch {number}", caisse=part.caisse, number=part.batch),
         "cents": words.euros(part.cents)}
        for part in line.parts
    ]  # fmt: skip


def _elsewhere_said(visit: Visit, batch: Batch, line: BatchLine, payout: Payout) -> str:
    """Which caisse was asked to pay it, and why it does not."""
    here = (batch.closed.batch, line.producer)
    parts = visit.book.interchange.parts.values()
    to = next((one.to for one in parts if (one.batch, one.part.producer) == here), "")
    why = visit.words.say(NOT_TAKEN[Refusal(payout.reference)]) if payout.state is PayoutState.NOT_TAKEN else ""
    return ", ".join(word for word in (to, why) if word)


def notes_said(visit: Visit, number: int, batch: Batch) -> list[dict[str, object]]:
    """What an approver weighs before the file is written; bad: what needs a look."""
    return [
        {"text": text, "bad": bad}
        for text, bad in (*_balance(visit, batch), *_since_last(visit, number, batch), *_names(visit, batch))
    ]


def _balance(visit: Visit, batch: Batch) -> Iterator[tuple[str, bool]]:
    """The batch against the bank's own last balance, less what is on its way already."""
    words, known = visit.words, visit.book.bank.last_known()
    others = sum(
        payout.cents for one in visit.book.settlement.batches.values() if one is not batch and one.approved is not None
        for payout in one.payouts.values()
        if payout.state in (PayoutState.WAITING, PayoutState.INSTRUCTED, PayoutState.ACCEPTED)
    )  # fmt: skip
    if known is None:
        yield words.say("The bank's balance is not known: import a statement, or type its balance."), True
        return
    day, cents = known
    yield words.say("On {day} the bank had {balance}.", day=words.day(day), balance=words.euros(cents)), False
    if others:
        yield words.say("{total} of other batches are on their way.", total=words.euros(others)), False
    missing = batch.to_pay_cents() + others - cents
    if missing > 0:
        yield words.say("{missing} are missing for this batch: wait for money, or take transfers out.",
                        missing=words.euros(missing)), True  # fmt: skip


def _since_last(visit: Visit, number: int, batch: Batch) -> Iterator[tuple[str, bool]]:
    """What is other than in the batch before: in all, who is new, who is gone, whose account changed."""
    words, names = visit.words, visit.book.producers.producers
    before = next((one for at, one in sorted(visit.book.settlement.batches.items(), reverse=True)
                   if at < number and not one.closed.reissue), None)  # fmt: skip
    if before is None or batch.closed.reissue:
        return
    more = batch.closed.total_cents - before.closed.total_cents
    yield words.say("{more} against the batch before ({total}).", more=words.signed(more),
                    total=words.euros(before.closed.total_cents)), False  # fmt: skip
    paid, paid_before = ({who: one.details for who, one in each.payouts.items()} for each in (batch, before))
    for text, who in (
        ("Paid now and not the time before: {names}.", paid.keys() - paid_before.keys()),
        ("Paid the time before and not now: {names}.", paid_before.keys() - paid.keys()),
    ):
        if who:
            yield words.say(text, names=", ".join(sorted(names[one].name for one in who))), False
    changed = sorted(names[who].name for who, details in paid.items() if paid_before.get(who, details) != details)
    if changed:
        yield words.say("To another account than the time before: {names}.", names=", ".join(changed)), True


def _names(visit: Visit, batch: Batch) -> Iterator[tuple[str, bool]]:
    """Verification of Payee: a file of one payment is always checked by the bank."""
    words, settlement = visit.words, visit.book.settlement
    if len(batch.payouts) == 1:
        yield words.say("A file with one transfer: the bank always compares the name with the account."), False
    wrong = [
        visit.book.producers.producers[who].name for who, one in batch.payouts.items()
        if check_of(settlement, who, one.details) in ("RVMC", "RVNM")
    ]  # fmt: skip
    if wrong:
        yield words.say("The bank knows another name for: {names}.", names=", ".join(sorted(wrong))), True


def _found(visit: Visit) -> tuple[BatchId, ProducerId, Payout]:
    text, producer = visit.asked("batch"), ProducerId(visit.asked("producer"))
    batch = visit.book.settlement.batches.get(BatchId(int(text))) if text.isdecimal() and len(text) < 9 else None
    payout = batch.payouts.get(producer) if batch is not None else None
    if batch is None or payout is None:
        raise web.HTTPNotFound(reason="There is no such transfer.")
    return batch.closed.batch, producer, payout


async def answer(visit: Visit) -> Answer:
    """The bank's word, typed by hand; or what it said when it was asked."""
    batch, producer, _ = _found(visit)
    if found := visit.given("found"):
        body: dict[str, object] = {"batch": batch, "producer": producer, "found": found}
        told = await give(visit, "close_payout_question", body)
    else:
        body, problems = ANSWERING.read(visit)
        if problems:
            return _drawn(visit, problems=problems)
        told = await give(visit, "answer_payouts", {"batch": batch, "rows": [{**body, "producer": producer}]})
    if not told.done:
        return _drawn(visit, why=told.why)
    await notice(visit, "The bank's word is recorded.")
    return Answer(go_to=visit.path(f"batches/{batch}"))


@page("transfers/{batch}/{producer}", "Transfer", roles=LOOKERS, shows=Shows.PURCHASES, post=answer)
async def one(visit: Visit) -> Answer:
    return _drawn(visit)


def _drawn(visit: Visit, *, problems: dict[str, str] | None = None, why: str = "") -> Answer:
    batch, producer, payout = _found(visit)
    words, lines = visit.words, visit.book.settlement.batches[batch].closed.lines
    line = next(one for one in lines if one.producer == producer)
    today = visit.book.caisse.calendar.day(visit.at_us).isoformat()
    return Answer("transfer.html", {
        "number": batch, "name": visit.book.producers.producers[producer].name, "cents": words.euros(payout.cents),
        "line": line_said(visit, visit.book.settlement.batches[batch], line), "reference": payout.reference,
        "fields": ANSWERING.drawn(visit, problems=problems, first={"on": today}),
        "may_answer": visit.may("answer_payouts") and payout.state not in (PayoutState.WAITING, *NOT_OURS),
        "may_ask": visit.may("close_payout_question") and bool(payout.question),
        "why": words.refusal(words.say(why)) if why else "",
    }, status=422 if problems or why else 200)  # fmt: skip
