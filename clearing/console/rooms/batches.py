"""Law: a batch is looked at line by line before it is approved, by another person than the one who closed it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aiohttp import web

from clearing.console.pages import LOOKERS, Answer, Download, Shows, Visit, page
from clearing.console.step_up import ordered
from clearing.installation.payment import NotReady, make_files
from clearing.people import NotKept
from clearing.rules.stalls.settlement import Batch, BatchState, PayoutState
from clearing.settlement.calendar import next_business_day
from clearing.settlement.pain001 import UnpayableFile
from clearing.settlement.statement import StatementMismatch
from clearing.values import BatchId

PAYERS: Final = ("treasurer", "approver")
CANT_PAY: Final = (NotReady, NotKept, UnpayableFile, StatementMismatch)


@page("batches", "Batches", roles=LOOKERS, menu=20, shows=Shows.PURCHASES)
async def every(visit: Visit) -> Answer:
    words, settlement = visit.words, visit.book.settlement
    rows = [
        {"number": number, "day": words.day(batch.closed.closed_on), "state": words.say(f"state {batch.state}"),
         "total": words.euros(_total(batch)), "page": visit.path(f"batches/{number}")}
        for number, batch in sorted(settlement.batches.items(), reverse=True)
    ]  # fmt: skip
    owed = [
        {"name": visit.book.producers.producers[producer].name, "owed": words.euros(one.net_cents())}
        for producer, one in settlement.owed.items() if one.net_cents()
    ]  # fmt: skip
    total = words.euros(sum(one.net_cents() for one in settlement.owed.values()))
    return Answer("batches.html", {"batches": rows, "owed": owed, "total": total, "today": _today(visit)})


async def act(visit: Visit) -> Answer:
    """One button of the page: approve, or write the bank's file."""
    return await (_export(visit) if visit.given("export") else _approve(visit))


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
    words = visit.words
    lines = [
        {"name": visit.book.producers.producers[line.producer].name, "sold": words.euros(line.captured_cents),
         "back": words.euros(line.refunded_cents), "carried": words.euros(line.carried_cents),
         "paid": words.euros(line.paid_cents), "state": words.say(f"payout {batch.payouts.get(line.producer, 'open')}"),
         "answer": visit.path(f"do/{{}}?batch={number}&producer={line.producer}&then=batches/{number}")
         if batch.payouts.get(line.producer) is PayoutState.INSTRUCTED else ""}
        for line in batch.closed.lines
    ]  # fmt: skip
    own = batch.closed.by == visit.login.person
    return Answer("batch.html", {
        "number": number, "lines": lines, "total": words.euros(_total(batch)), "state": batch.state.value,
        "closed_by": batch.closed.by, "closed_on": words.day(batch.closed.closed_on), "own": own,
        "may_approve": batch.state is BatchState.CLOSED and visit.may("approve_batch") and not own,
        "may_export": batch.state is not BatchState.CLOSED and visit.may("export_batch"),
        "files": _names(visit.console.installation.home.batch(visit.code, number))
        if batch.exported is not None and set(PAYERS) & set(visit.roles) else [],
        "execution_on": next_business_day(datetime.fromtimestamp(visit.at_us / 1_000_000, UTC).date()).isoformat(),
        "ask_code": not visit.login.fresh, "problem": words.refusal(words.say(problem)) if problem else "",
    }, status=422 if problem else 200)  # fmt: skip


def _batch(visit: Visit) -> tuple[BatchId, Batch]:
    text = visit.asked("batch")
    number = BatchId(int(text)) if text.isdecimal() and len(text) < 9 else BatchId(0)
    batch = visit.book.settlement.batches.get(number)
    if batch is None:
        raise web.HTTPNotFound(reason="There is no such batch.")
    return number, batch


def _total(batch: Batch) -> int:
    return sum(line.paid_cents for line in batch.closed.lines)


def _today(visit: Visit) -> str:
    return visit.book.caisse.calendar.day(visit.at_us).isoformat()
