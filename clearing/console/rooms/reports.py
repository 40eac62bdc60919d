"""Law: a report is read on a page, as a sheet and as a paper, with the same figures; none of them names anybody who buys.

They are made by a process beside this one and kept; the page shows the kept sheet itself.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aiohttp import web

from clearing.console.pages import LOOKERS, Answer, Download, Visit, page
from clearing.console.rooms.cards import notice
from clearing.console.words import LANGUAGES
from clearing.installation.books_made import sheet_rows
from clearing.values import InvalidValue, identifier

SHOWN_MAX: Final = 60
_DAY: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_NAME: Final = re.compile(rf"(meeting-{_DAY}-{_DAY}|auditor-{_DAY}-{_DAY}|funder-[a-z0-9.-]+|compte-rendu-[a-z0-9.-]+)-(fr|en)")
_IS_DAY: Final = re.compile(_DAY)
_AMOUNT: Final = re.compile(r"-?[0-9]+,[0-9]{2}")
_COUNTS: Final = re.compile(r"-?[0-9]+(,[0-9]{2})?")
_FRENCH_DAY: Final = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_OF_DAYS: Final = ("meeting", "auditor")


async def act(visit: Visit) -> Answer:
    """Make one."""
    kind, english = visit.given("kind"), ("--english",) if visit.given("language") == "en" else ()
    if kind in _OF_DAYS:
        first, last = visit.given("first"), visit.given("last")
        if not (_IS_DAY.fullmatch(first) and _IS_DAY.fullmatch(last) and first <= last):
            return _listed(visit, problem="Choose a first day and a last one that is not before it.")
        return await _made(visit, f"{kind}-{first}-{last}", "report", kind, first, last, *english)
    try:
        grant = identifier(visit.given("grant"), what="a subsidy")
    except InvalidValue:
        return _listed(visit, problem="Choose a subsidy.")
    return await _made(visit, f"compte-rendu-{grant}", "report", "funder", grant, *english)


async def _made(visit: Visit, name: str, *words: str) -> Answer:
    made = await visit.console.making.make(visit.code, *words)
    if made is None:
        await notice(visit, "It is being made; open this page again in a minute.")
        return Answer(go_to=visit.path("reports"))
    if not made.done:
        return _listed(visit, problem=made.said)
    await notice(visit, "It is made.")
    language = "en" if "--english" in words else "fr"
    return Answer(go_to=visit.path(f"reports/{name}-{language}"))


@page("reports", "Reports", roles=LOOKERS, menu=38, post=act)
async def every(visit: Visit) -> Answer:
    return _listed(visit)


def _folder(visit: Visit) -> Path:
    return visit.console.installation.home.files / visit.code / "reports"


def _listed(visit: Visit, problem: str = "") -> Answer:
    words, today = visit.words, visit.book.caisse.calendar.day(visit.at_us)
    return Answer("reports.html", {
        "rows": list(_kept(visit)), "problem": words.refusal(words.say(problem)) if problem else "",
        "first": f"{today.year}-01-01", "last": today.isoformat(), "plan": visit.book.books.plan is not None,
        "grants": [(name, f"{one.notified.funder}: {one.notified.purpose}") for name, one in
                   visit.book.subsidies.known.items()],
        "languages": [(one, words.say(f"language {one}")) for one in sorted(LANGUAGES, key=lambda one: one != words.language)],
    }, status=422 if problem else 200)  # fmt: skip


def _kept(visit: Visit) -> Iterator[dict[str, str]]:
    """Those that lie there, the newest first."""
    folder = _folder(visit)
    found = [one for one in folder.glob("*.csv") if _NAME.fullmatch(one.stem)] if folder.is_dir() else []
    for path in sorted(found, key=lambda one: -one.stat().st_mtime)[:SHOWN_MAX]:
        when = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        title, _, *about = sheet_rows(path.read_bytes())[:3]
        of = f", {about[0][1]}" if about and len(about[0]) == 2 else ""
        yield {
            "called": f"{title[0]}{of}", "page": visit.path(f"reports/{path.stem}"),
            "when": visit.words.instant(int(when.timestamp() * 1_000_000)), "name": path.stem,
        }  # fmt: skip


@page("reports/{report}", "Report", roles=LOOKERS)
async def one(visit: Visit) -> Answer:
    path = _path(visit, "csv")
    head, *sections = _sections(sheet_rows(path.read_bytes()))
    return Answer("report.html", {
        "name": path.stem, "title": head[0][0], "pairs": [row for row in head[2:] if len(row) == 2],
        "sections": [_section(visit, rows) for rows in sections], "paper": path.with_suffix(".pdf").is_file(),
    })  # fmt: skip


@page("reports/{report}/{kind}", "Report as a file", roles=LOOKERS)
async def file(visit: Visit) -> Answer:
    kind = visit.asked("kind")
    if kind not in ("csv", "pdf"):
        raise web.HTTPNotFound(reason="There is no such file; make it first.")
    path = _path(visit, kind)
    return Answer(file=Download(path.name, path.read_bytes(), "application/pdf" if kind == "pdf" else "text/csv"))


def _path(visit: Visit, kind: str) -> Path:
    name = visit.asked("report")
    path = _folder(visit) / f"{name}.{kind}"
    if not _NAME.fullmatch(name) or not path.is_file():
        raise web.HTTPNotFound(reason="There is no such file; make it first.")
    return path


def _sections(rows: Sequence[list[str]]) -> list[list[list[str]]]:
    """A sheet's parts: what stands above all, then each heading with its table."""
    parts: list[list[list[str]]] = [[]]
    for row in rows:
        if row:
            parts[-1].append(row)
        elif parts[-1]:
            parts.append([])
    return parts


def _section(visit: Visit, rows: Sequence[list[str]]) -> dict[str, object]:
    """heading, columns, rows; what has fewer cells than columns is a note below them."""
    (heading, *_), columns, *rest = rows
    table = [row for row in rest if len(row) == len(columns)]
    return {
        "heading": heading, "columns": columns, "notes": [row[0] for row in rest if len(row) != len(columns)],
        "rows": [[_cell(visit, cell) for cell in row] for row in table],
        "sums": [all(_COUNTS.fullmatch(row[place]) or not row[place] for row in table) for place in range(len(columns))],
    }  # fmt: skip


def _cell(visit: Visit, cell: str) -> str:
    """As people read it: the sheet has 1234,50 and 31/05/2026."""
    if _AMOUNT.fullmatch(cell):
        euros, _, cents = cell.removeprefix("-").partition(",")
        return visit.words.euros((-1 if cell.startswith("-") else 1) * (int(euros) * 100 + int(cents)))
    day = _FRENCH_DAY.fullmatch(cell)
    return visit.words.day(f"{day[3]}-{day[2]}-{day[1]}") if day is not None else cell
