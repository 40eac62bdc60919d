"""Law: a batch is looked at line by line before it is approved, by another person than the one who closed it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aiohttp import web

from clearing.console.pages import LOOKERS, Answer, Download, Shows, Visit, page
from clearing.console.rooms.producers import account_said
from clearing.console.rooms.transfers import WHY, line_said, notes_said
from clearing.console.step_up import ordered
from clearing.installation.payment import NotReady, make_files
from clearing.people import NotKept
from clearing.rules.stalls.approving import next_payout_day
from clearing.rules.stalls.payouts import FAILED, PayoutState
from clearing.rules.stalls.settlement import Batch, BatchState
from clearing.rules.voted.standing import payout_rules_in_force
from clearing.settlement.calendar import next_business_day
from clearing.settlement.pain001 import UnpayableFile
from clearing.settlement.statement import StatementMismatch
from clearing.values import BatchId, ProducerId

_DAYS_LOOKED_AT: Final = 40  # a voted weekday may be a holiday of the bank
PAYERS: Final = ("treasurer", "approver")
STATES: Final = {
    "closed": "Waits for its approval", "approved": "Approved, the bank's file is to be written", "withdrawn": "All taken out",
    "failed": "In part not paid", "at the bank": "With the bank", "over": "All paid", "nothing": "Nothing to pay in it",
    "anew": "What failed is paid anew by another batch",
    "handed over": "Handed over to another caisse, whose word is still to come", "elsewhere": "Paid by another caisse",
}  # fmt: skip
"""What has become of a batch -> how it is called."""
CANT_PAY: Final = (NotReady, NotKept, UnpayableFile, StatementMismatch)


@page("batches", "Batches", roles=LOOKERS, menu=12, shows=Shows.PURCHASES)
async def every(visit: Visit) -> Answer:
    words, settlement = visit.words, visit.book.settlement
    rows = [
        {"number": number, "day": words.day(batch.closed.closed_on), "state": words.say(STATES[state_of(batch)]),
         "total": words.euros(batch.to_pay_cents()), "page": visit.path(f"batches/{number}")}
        for number, batch in sorted(settlement.batches.items(), reverse=True)
    ]  # fmt: skip
    owed = [
        {"name": visit.book.producers.producers[producer].name, "owed": words.euros(one.net_cents()),
         "page": visit.path(f"producers/{producer}") if visit.opens("producers/{producer}") else "",
         "why": _left_out(visit, producer, one.net_cents())}
        for producer, one in settlement.owed.items() if one.net_cents()
    ]  # fmt: skip
    total = words.euros(sum(one.net_cents() for one in settlement.owed.values()))
    return Answer("batches.html", {"batches": rows, "owed": owed, "total": total, "today": _today(visit)})


def _left_out(visit: Visit, producer: ProducerId, net_cents: int) -> str:
    """Why a batch closed now would pay this producer nothing, or not all; "" when it would."""
    words, known = visit.words, visit.book.producers.producers[producer]
    if net_cents < 0:
        return words.say(WHY["below zero"])
    if producer in visit.book.settlement.held:
        return words.say("Payments are held: the next batch leaves it out.")
    if not known.details_at(visit.at_us):
        return account_said(visit, known)
    return words.say("In part contested, that part waits") if visit.book.contests.held().get(producer) else ""


def state_of(batch: Batch) -> str:
    """A batch's own state; once exported, what the bank has made of it so far."""
    states = {one.state for one in batch.payouts.values()} - {PayoutState.WITHDRAWN}
    if not batch.payouts:
        return "nothing"
    if batch.state is not BatchState.EXPORTED and (batch.state is BatchState.CLOSED or batch.waits_for_file() or not states):
        return "withdrawn" if not states else batch.state.value
    if any(one.state in FAILED and not one.paid_in for one in batch.payouts.values()):
        return "failed"
    if PayoutState.HANDED_OVER in states:
        return "handed over"
    if batch.under_way():
        return "at the bank"
    if states == {PayoutState.TAKEN}:
        return "elsewhere"
    return "anew" if any(one.paid_in for one in batch.payouts.values()) else "over"


async def act(visit: Visit) -> Answer:
    """One button of the page."""
    asked = next((one for one in ("export", "withdraw", "reissue") if visit.given(one)), "")
    return await {"export": _export, "withdraw": _withdraw, "reissue": _reissue, "": _approve}[asked](visit)


async def _approve(visit: Visit) -> Answer:
    """As the second person, with a second factor that is minutes old at most."""
    number, _ = _batch(visit)
    told = await ordered(visit, "approve_batch", {"batch": number, "execution_on": visit.given("execution_on")})
    if isinstance(told, Answer):
        return told
    if not told.done:
        return _shown(visit, problem=told.why)
    await visit.console.accounts.leave_notice(visit.login, visit.words.say("Batch {number} is approved.", number=number))
    return Answer(go_to=visit.path(f"batches/{number}"))


async def _withdraw(visit: Visit) -> Answer:
    """Out of the batch before its file is written: owed again."""
    number, _ = _batch(visit)
    chosen = list(visit.typed.get("producer", ()))
    if not chosen:
        return _shown(visit, problem="Choose at least one transfer.")
    body: dict[str, object] = {"batch": number, "producers": chosen, "reason": visit.given("reason")}
    told = await visit.console.orders.give(visit.login, visit.code, "withdraw_payouts", body)
    if not told.done:
        return _shown(visit, problem=told.why)
    await visit.console.accounts.leave_notice(visit.login, visit.words.say("It is taken out of the batch, and owed again."))
    return Answer(go_to=visit.path(f"batches/{number}"))


async def _reissue(visit: Visit) -> Answer:
    """What failed, in a batch of its own, which another person approves."""
    number, _ = _batch(visit)
    chosen = visit.typed.get("producer", ())
    if not chosen:
        return _shown(visit, problem="Choose at least one transfer.")
    body: dict[str, object] = {"payouts": [{"batch": number, "producer": one} for one in chosen]}
    told = await visit.console.orders.give(visit.login, visit.code, "reissue_payout", body)
    if not told.done:
        return _shown(visit, problem=told.why)
    new = (told.out or {}).get("batch", number)
    await visit.console.accounts.leave_notice(visit.login, visit.words.say(
        "Batch {number} pays anew what failed; another person approves it.", number=new
    ))
    return Answer(go_to=visit.path(f"batches/{new}"))


async def _export(visit: Visit) -> Answer:
    """Write the files where the home keeps them; told to the log the first time, the same bytes ever after."""
    number, _ = _batch(visit)
    installation = visit.console.installation
    try:
        made = await make_files(installation, visit.code, number)
        made.write(installation.home.batch(visit.code, number))
    except CANT_PAY as fault:
        return _shown(visit, problem=str(fault))
    if made.exported is None:
        body: dict[str, object] = {"batch": number, "message_id": made.message_id, "file_sha256": made.sha256}
        told = await visit.console.orders.give(visit.login, visit.code, "export_batch", body)
        if not told.done:
            return _shown(visit, problem=told.why)
    await visit.console.accounts.leave_notice(visit.login, visit.words.say(
        "The bank's file is written: {count} transfers, {total}.", count=made.payouts, total=visit.words.euros(made.total_cents)
    ))
    return Answer(go_to=visit.path(f"batches/{number}"))


@page("batches/{batch}/files/{name}", "File", roles=PAYERS, shows=Shows.PURCHASES)
async def file(visit: Visit) -> Answer:
    """A file of a batch that was exported, as it was written."""
    number, batch = _batch(visit)
    name = visit.asked("name")
    folder = visit.console.installation.home.batch(visit.code, number)
    if batch.exported is None or name not in _names(folder):
        raise web.HTTPNotFound(reason="There is no such file; write the bank's file of this batch first.")
    kind = "application/xml" if name.endswith(".xml") else "text/csv"
    return Answer(file=Download(name, (folder / name).read_bytes(), kind))


def _names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir() if one.is_file()) if folder.is_dir() else []


@page("batches/{batch}", "Batch", roles=LOOKERS, shows=Shows.PURCHASES, post=act)
async def one(visit: Visit) -> Answer:
    return _shown(visit)


def _shown(visit: Visit, problem: str = "") -> Answer:
    number, batch = _batch(visit)
    words, closed = visit.words, batch.closed
    own = visit.login.person in (closed.by, batch.endorsed.by if batch.endorsed is not None else "")
    lines = [line_said(visit, batch, line) for line in sorted(closed.lines, key=lambda line: not line.paid_cents)]
    open_now = batch.state is BatchState.CLOSED and batch.under_way()
    return Answer("batch.html", {
        "number": number, "lines": [one for one in lines if one["payout"]],
        "unpaid": [one for one in lines if not one["payout"]],
        "total": words.euros(batch.to_pay_cents()), "shown": words.say(STATES[state_of(batch)]),
        "waits": open_now,
        "closed_by": closed.by, "closed_on": words.day(closed.closed_on), "own": own, "anew": closed.reissue,
        "approved_by": batch.approved.by if batch.approved is not None else "",
        "pays_on": words.day(batch.approved.execution_on) if batch.approved is not None else "",
        "endorsed_by": batch.endorsed.by if batch.endorsed is not None and batch.approved is None else "",
        "columns": [name for name in ("other", "parts", "carried", "contested")
                    if any(one[name] or (name == "parts" and one["parts_of"]) for one in lines)],
        "notes": notes_said(visit, number, batch) if open_now else (),
        "may_approve": open_now and visit.may("approve_batch") and not own,
        "may_withdraw": batch.state is not BatchState.EXPORTED and batch.waits_for_file() and visit.may("withdraw_payouts"),
        "may_reissue": visit.may("reissue_payout"),
        "may_export": batch.state is not BatchState.CLOSED and bool(batch.to_pay_cents()) and visit.may("export_batch"),
        "files": _names(visit.console.installation.home.batch(visit.code, number))
        if batch.exported is not None and set(PAYERS) & set(visit.roles) else [],
        "execution_on": _execution_on(visit, batch), "reason": visit.given("reason"),
        "ask_code": not visit.login.fresh, "problem": words.refusal(words.say(problem)) if problem else "",
    }, status=422 if problem else 200)  # fmt: skip


def _execution_on(visit: Visit, batch: Batch) -> str:
    """What the first approver chose, else the next day on which bank and caisse pay."""
    if batch.endorsed is not None:
        return batch.endorsed.execution_on
    rules = payout_rules_in_force(visit.book, visit.at_us)
    day = next_business_day(datetime.fromtimestamp(visit.at_us / 1_000_000, UTC).date())
    for _ in range(_DAYS_LOOKED_AT):
        if next_payout_day(rules, day) == day:
            break
        day = next_business_day(day)
    return day.isoformat()


def _batch(visit: Visit) -> tuple[BatchId, Batch]:
    text = visit.asked("batch")
    number = BatchId(int(text)) if text.isdecimal() and len(text) < 9 else BatchId(0)
    batch = visit.book.settlement.batches.get(number)
    if batch is None:
        raise web.HTTPNotFound(reason="There is no such batch.")
    return number, batch


def _today(visit: Visit) -> str:
    return visit.book.caisse.calendar.day(visit.at_us).isoformat()
