"""Law: the books of a month are looked at entry by entry, each with the way to its piece, before two people close it for ever.

They are made from the log by a process beside this one and kept; a page shows what was made, and says when.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from aiohttp import web

from clearing.books.journal import periods
from clearing.console.pages import LOOKERS, Answer, Download, Visit, page
from clearing.console.rooms.cards import give, notice
from clearing.installation.books_made import FILES, BooksMade, books_made, folder_of, sheet_rows
from clearing.installation.plan_file import PlanRefused, default_plan, plan_text, read_plan
from clearing.rules.calendar import period_start
from clearing.values import InvalidValue

ALL: Final = "all"
MONTHS_SHOWN: Final = 18
PLAN_FILE: Final = "plan.toml"
ENTRIES_SHOWN_MAX: Final = 3_000
_MONTH: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_FEC: Final = re.compile(r"[0-9]{9}FEC[0-9]{8}\.txt")
_YEAR: Final = re.compile(r"2[0-9]{3}")
_PIECES: Final = (
    (re.compile(r"LOT-([0-9]+)"), "batches", "batches/{0}"),
    (re.compile(r"V([0-9]{4})([0-9]{2})([0-9]{2})"), "sales", "sales?day={0}-{1}-{2}"),
    (re.compile(r"(?:VIR|REST|RESTE)-.+"), "funds", "funds"),
    (re.compile(r"(?:CR|EC)[0-9]{8}"), "credits", "credits"),
    (re.compile(r"[a-z0-9.-]+/[0-9]{4}-[0-9]{2}"), "credits", "credits"),
    (re.compile(r"(?:COT|DON|PRL|PRLC|IMP)[EB]?[0-9]{8}"), "cotisations", "cotisations"),
    (re.compile(r"(?:RB|FB)[0-9]{8}"), "bank", "bank"),
)  # fmt: skip
"""What a piece is called -> the page it stands on, and its address there."""


async def act(visit: Visit) -> Answer:
    """A year's file of accounting entries."""
    year = visit.given("year")
    if not _YEAR.fullmatch(year):
        return await _listed(visit, problem="A year has four digits, like 2026.")
    words = ("books", "write", "--year", year, *(("--draft",) if visit.given("draft") else ()))
    return await _made(visit, "books", *words)


async def _made(visit: Visit, back: str, *words: str) -> Answer:
    """Made beside this process; what became of it is told on the page it leads to."""
    made = await visit.console.making.make(visit.code, *words)
    if made is None:
        await notice(visit, "It is being made; open this page again in a minute.")
    elif made.done:
        await notice(visit, "It is made.")
    else:
        await notice(visit, "It was not made: {why}", why=visit.words.refusal(made.said))
    return Answer(go_to=visit.path(back))


@page("books", "Books", roles=LOOKERS, menu=36, post=act)
async def every(visit: Visit) -> Answer:
    return await _listed(visit)


async def _listed(visit: Visit, problem: str = "") -> Answer:
    books, words = visit.book.books, visit.words
    this = visit.book.caisse.calendar.day(visit.at_us).isoformat()[:7]
    found = list(periods(await _first(visit), this))[::-1]
    shown = found if visit.as_sheet or ALL in visit.request.query else found[:MONTHS_SHOWN]
    return Answer("books.html", {
        "rows": [_month_row(visit, period, this) for period in shown], "more": len(found) - len(shown),
        "plan": books.plan, "files": _files(visit), "year": this[:4],
        "problem": words.say(problem) if problem else "",
    }, status=422 if problem else 200)  # fmt: skip


async def _first(visit: Visit) -> str:
    """The month in which the log begins."""
    async with visit.console.installation.reading(visit.code) as log:
        rows = await log.read(0, 1)
    return visit.book.caisse.calendar.day(rows[0].at_us).isoformat()[:7]


def _month_row(visit: Visit, period: str, this: str) -> dict[str, object]:
    words, books = visit.words, visit.book.books
    made, closing = books_made(visit.console.installation.home, visit.code, period), _closing(visit, period)
    if closing:
        closed = books.closed[closing]
        state = words.say("closed by {first} and {second}", first=closed.proposed_by, second=closed.by)
    elif books.proposed is not None and period <= books.proposed.period:
        state = words.say("{person} proposes to close it", person=books.proposed.by)
    else:
        state = words.say("under way") if period == this else words.say("open")
    return {
        "called": words.month(period), "page": visit.path(f"books/{closing or period}"), "state": state,
        "entries": made.entries if made is not None else "", "sum": words.euros(made.debit_cents) if made is not None else "",
    }  # fmt: skip


def _closing(visit: Visit, period: str) -> str:
    """The closed period that holds this month, "" while it is open."""
    return next((closed for closed in visit.book.books.closed if closed >= period), "")


def _books(visit: Visit) -> Path:
    return visit.console.installation.home.files / visit.code / "books"


def _files(visit: Visit) -> list[str]:
    folder = _books(visit)
    return sorted(one.name for one in folder.iterdir() if _FEC.fullmatch(one.name)) if folder.is_dir() else []


@page("books/fec/{name}", "File of accounting entries", roles=LOOKERS)
async def fec(visit: Visit) -> Answer:
    name = visit.asked("name")
    if name not in _files(visit):
        raise web.HTTPNotFound(reason="There is no such file; make it first.")
    return Answer(file=Download(name, (_books(visit) / name).read_bytes(), "text/plain"))


async def record_plan(visit: Visit) -> Answer:
    """A file or its text, checked line by line before it is sent."""
    if not visit.may("set_account_plan"):
        raise web.HTTPForbidden(reason="Your office does not give this command.")
    text = visit.given("file") or visit.given("text")
    try:
        said = read_plan(text, name=PLAN_FILE)
    except PlanRefused as fault:
        return _plan(visit, problem=visit.words.refusal(str(fault)), text=text)
    told = await give(visit, "set_account_plan", {
        "siren": said.siren, "year_starts": said.year_starts, "rows": [row._asdict() for row in said.rows],
    })  # fmt: skip
    if not told.done:
        return _plan(visit, problem=visit.words.refusal(told.why), text=text)
    await notice(visit, "The plan is recorded, for every month that is still open.")
    return Answer(go_to=visit.path("books/plan"))


@page("books/plan", "Plan of accounts", roles=LOOKERS, post=record_plan)
async def plan(visit: Visit) -> Answer:
    return _plan(visit)


def _plan(visit: Visit, *, problem: str = "", text: str = "") -> Answer:
    known = visit.book.books.plan
    rows = [] if known is None else [(visit.words.say(f"plan {row.section}"), row.name, row.value) for row in known.rows]
    shown = text or (default_plan() if known is None else plan_text(known))
    return Answer("plan.html", {
        "rows": rows, "plan": known, "text": shown, "problem": problem, "may": visit.may("set_account_plan"),
        "starts": visit.words.month(f"2026-{known.year_starts:02d}").rpartition(" ")[0] if known is not None else "",
    }, status=422 if problem else 200)  # fmt: skip


@page("books/plan/{name}", "Plan of accounts as a file", roles=LOOKERS)
async def plan_file(visit: Visit) -> Answer:
    """The one that is recorded; the one that is offered while none is."""
    if visit.asked("name") != PLAN_FILE:
        raise web.HTTPNotFound(reason="There is no such file; make it first.")
    known = visit.book.books.plan
    text = default_plan() if known is None else plan_text(known)
    return Answer(file=Download(PLAN_FILE, text.encode(), "text/plain"))


async def act_on_month(visit: Visit) -> Answer:
    """Make its books, propose to close it, close it, or give the proposal up."""
    period = _asked(visit)
    if visit.given("drop"):
        return await _ordered(visit, period, "drop_month_close", {"period": period}, "The month stays open.")
    made = await visit.console.making.make(visit.code, "books", "write", period)
    if made is None:
        await notice(visit, "It is being made; open this page again in a minute.")
        return Answer(go_to=visit.path(f"books/{period}"))
    if not made.done:
        return _month(visit, period, problem=visit.words.refusal(made.said))
    found = books_made(visit.console.installation.home, visit.code, period)
    if found is None or not (visit.given("propose") or visit.given("confirm")):
        await notice(visit, "It is made.")
        return Answer(go_to=visit.path(f"books/{period}"))
    if found.nowhere:
        return _month(visit, period, problem=visit.words.say("Give every account a number in the plan first."))
    if visit.given("propose"):
        body: dict[str, object] = {
            "period": period, "plan": found.plan, "entries": found.entries, "debit_cents": found.debit_cents,
            "sha256": found.sha256,
        }  # fmt: skip
        return await _ordered(visit, period, "propose_month_close", body, "Its closing waits for another person.")
    body = {"period": period, "sha256": found.sha256}
    return await _ordered(visit, period, "confirm_month_close", body, "The month is closed: what comes now is of an open one.")


async def _ordered(visit: Visit, period: str, verb: str, body: dict[str, object], done: str) -> Answer:
    if not visit.may(verb):
        raise web.HTTPForbidden(reason="Your office does not give this command.")
    told = await give(visit, verb, body)
    if not told.done:
        return _month(visit, period, problem=visit.words.refusal(told.why))
    await notice(visit, done)
    return Answer(go_to=visit.path(f"books/{period}"))


def _asked(visit: Visit) -> str:
    period = visit.asked("month")
    try:
        if _MONTH.fullmatch(period):
            return period_start(period).isoformat()[:7]
    except InvalidValue:
        pass
    raise web.HTTPNotFound(reason="There is no such month.")


@page("books/{month}", "Books of a month", roles=LOOKERS, post=act_on_month)
async def one(visit: Visit) -> Answer:
    period = _asked(visit)
    closing = _closing(visit, period)
    return Answer(go_to=visit.path(f"books/{closing}")) if closing not in ("", period) else _month(visit, period)


@page("books/{month}/{name}", "File of a month", roles=LOOKERS)
async def month_file(visit: Visit) -> Answer:
    period, name = _asked(visit), visit.asked("name")
    path = folder_of(visit.console.installation.home, visit.code, period) / name
    if name not in FILES or not path.is_file():
        raise web.HTTPNotFound(reason="There is no such file; make it first.")
    return Answer(file=Download(f"{visit.code}-{period}-{name}", path.read_bytes(), "text/csv"))


def _month(visit: Visit, period: str, problem: str = "") -> Answer:
    words, books = visit.words, visit.book.books
    home = visit.console.installation.home
    made, proposed = books_made(home, visit.code, period), books.proposed
    waits = proposed is not None and proposed.period == period
    over = visit.book.caisse.calendar.day(visit.at_us).isoformat()[:7] > period
    rows = _journal(folder_of(home, visit.code, period) / FILES[0]) if made is not None else []
    return Answer("books_month.html", {
        "period": period, "called": words.month(period), "problem": problem, "made": _made_said(visit, made),
        "files": FILES if made is not None else (), "plan": books.plan is not None, "closed": period in books.closed,
        "state": _month_row(visit, period, "" if over else period)["state"], "over": over,
        "journals": list(_journals(visit, rows)), "entries": [_entry(visit, row) for row in rows[:ENTRIES_SHOWN_MAX]],
        "more": max(0, len(rows) - ENTRIES_SHOWN_MAX), "waits": waits,
        "own": waits and proposed is not None and proposed.by == visit.login.person,
    }, status=422 if problem else 200)  # fmt: skip


def _made_said(visit: Visit, made: BooksMade | None) -> dict[str, object] | None:
    words = visit.words
    return None if made is None else {
        "entries": made.entries, "sum": words.euros(made.debit_cents), "plan": made.plan, "sha256": made.sha256.hex(),
        "when": words.instant(made.at_us), "nowhere": made.nowhere,
    }  # fmt: skip


def _journal(path: Path) -> list[list[str]]:
    return sheet_rows(path.read_bytes())[1:] if path.is_file() else []


def _cents(cell: str) -> int:
    euros, _, cents = cell.partition(",")
    return int(euros or 0) * 100 + int(cents or 0)


def _journals(visit: Visit, rows: Iterable[list[str]]) -> Iterator[dict[str, object]]:
    """How many entries each journal has, and what they come to."""
    sums: dict[str, tuple[set[str], int]] = {}
    for code, number, *_, debit, _credit in rows:
        entries, cents = sums.get(code, (set(), 0))
        sums[code] = (entries | {number}, cents + _cents(debit))
    for code, (entries, cents) in sorted(sums.items()):
        yield {"code": code, "entries": len(entries), "sum": visit.words.euros(cents)}


def _entry(visit: Visit, row: list[str]) -> dict[str, str]:
    _, number, day, account, label, third, name, piece, text, debit, credit = row
    words = visit.words
    return {
        "number": number, "day": words.day(f"{day[6:]}-{day[3:5]}-{day[:2]}"), "account": account, "label": label,
        "third": name, "third_page": visit.path(f"producers/{third}") if third in visit.book.producers.producers else "",
        "piece": piece, "page": piece_page(visit, piece), "text": text,
        "debit": words.euros(_cents(debit)) if _cents(debit) else "",
        "credit": words.euros(_cents(credit)) if _cents(credit) else "",
    }  # fmt: skip


def piece_page(visit: Visit, piece: str) -> str:
    """Where a piece of the journal is looked at; "" where this person opens no such page."""
    for pattern, listed, where in _PIECES:
        found = pattern.fullmatch(piece)
        if found is not None:
            return visit.path(where.format(*found.groups())) if visit.opens(listed) else ""
    for name, one in visit.book.subsidies.known.items():
        if piece == name:
            return visit.path(f"funds/{one.notified.fund}") if visit.opens("funds") else ""
    return visit.path("bank") if visit.opens("bank") else ""
