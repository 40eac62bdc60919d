"""Law: the books are made from the log each time they are asked for; closed ones are the same bytes, or nothing is written."""

import argparse
import re
from pathlib import Path
from typing import Final

from clearing.books.fec import fec
from clearing.books.fec_rules import judge
from clearing.books.kept import Kept, Span
from clearing.books.sheets import balance_sheet, paheko_sheet
from clearing.cli.books import events
from clearing.cli.desk import Desk, Misused, whole
from clearing.cli.entry import Entry, Group
from clearing.cli.proposals import agreed
from clearing.installation.amounts import euros
from clearing.installation.books_made import MADE, as_made
from clearing.installation.home import write_many_private, write_private
from clearing.installation.opening import Installation
from clearing.installation.plan_file import default_plan, read_plan
from clearing.rules.calendar import period_start
from clearing.values import CaisseCode

_YEAR: Final = whole(2000, 9999)
_PERIOD: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


async def read_kept(installation: Installation, code: CaisseCode) -> Kept:
    """The books of the whole log."""
    found = Kept()
    async with installation.reading(code) as log:
        async for row, event in events(log):
            found.take(event, row.position, row.at_us)
    return found


async def _kept(desk: Desk) -> Kept:
    async with desk.opened() as installation:
        return await read_kept(installation, desk.code)


async def plan(desk: Desk) -> None:
    path: Path | None = desk.arguments.file
    if path is None:
        desk.say(default_plan().rstrip())
        return
    said = read_plan(_text(path), name=path.name)
    done = await desk.order("set_account_plan", {
        "siren": said.siren, "year_starts": said.year_starts, "rows": [row._asdict() for row in said.rows],
    })  # fmt: skip
    desk.say(f"Plan {done['plan']} is recorded, for every month that is still open. Look at one: clearing books month 2026-05")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise Misused(f"{path} can't be read; write one with: clearing books plan --default > {path}") from None


async def month(desk: Desk) -> None:
    books = await _kept(desk)
    for line in told(books, books.span(_begun(books, desk.arguments.month))):
        desk.say(line)


def told(books: Kept, span: Span) -> list[str]:
    """What one closing holds, or would hold, by journal."""
    closing = books.closing_of(span.period)
    state = "open" if closing is None else f"closed on {closing.on} by {closing.said.proposed_by} and {closing.said.by}"
    held = f"from {span.months[0].period} " if len(span.months) > 1 else ""
    lines = [f"Books {held}up to {span.period}, by plan {span.plan}: {state}"]
    sums: dict[tuple[str, str], list[int]] = {}
    for entry in (entry for one in span.months for entry in one.entries):
        of = sums.setdefault((entry.code, entry.journal), [0, 0])
        of[0] += 1
        of[1] += entry.debit_cents
    lines += [f"  {code:4} {name:32} {of[0]:6} {euros(of[1]):>16} EUR" for (code, name), of in sorted(sums.items())]
    lines.append(f"  {'together':37} {span.entries:6} {euros(span.debit_cents):>16} EUR")
    lines += [f"  Account {name} of the ledger stands nowhere in the plan: give it a number" for name in span.nowhere]
    return lines


def _begun(books: Kept, period: str) -> str:
    if not books.gathered.first or not books.gathered.first[:7] <= period <= books.gathered.last[:7]:
        began = f"they begin in {books.gathered.first[:7]}, the last event is of {books.gathered.last[:7]}"
        raise Misused(f"There is nothing of {period} in the books: {began}")
    return period


async def propose(desk: Desk) -> None:
    period = desk.arguments.month
    books = await _kept(desk)
    span = books.span(_begun(books, period))
    if books.closing_of(period) is None:
        mapped(span)
    await desk.order("propose_month_close", {
        "period": period, "plan": span.plan, "entries": span.entries, "debit_cents": span.debit_cents,
        "sha256": span.sha256,
    })  # fmt: skip
    for line in told(books, span):
        desk.say(line)
    desk.say(f"Its closing waits for another person, who makes the same books: clearing books confirm {period}")


def mapped(span: Span) -> None:
    """Raises Misused for accounts that the plan does not know."""
    if span.nowhere:
        raise Misused(f"These accounts of the ledger stand nowhere in the plan: {', '.join(span.nowhere)}. Give each a number "
                      "under [accounts], and record the plan again: clearing books plan FILE")  # fmt: skip


async def confirm(desk: Desk) -> None:
    period = desk.arguments.month
    books = await _kept(desk)
    span = books.span(_begun(books, period))
    for line in told(books, span):
        desk.say(line)
    agreed(f"Close {period} for ever?")
    await desk.order("confirm_month_close", {"period": period, "sha256": span.sha256})
    write_many_private(_folder(desk, period), _files(books, span), last=MADE)
    desk.say(f"{period} is closed: what comes now is of an open month. Written: {_folder(desk, period)}")


async def drop(desk: Desk) -> None:
    await desk.order("drop_month_close", {"period": desk.arguments.month})
    desk.say(f"The closing of {desk.arguments.month} is given up; the month stays open.")


async def write(desk: Desk) -> None:
    """One closing's files, or the accounting file of a year."""
    books = await _kept(desk)
    given = desk.arguments
    if given.month is not None:
        span = books.span(_begun(books, given.month))
        same_as_closed(books, span)
        folder = _folder(desk, span.period)
        write_many_private(folder, _files(books, span), last=MADE)
        desk.say(f"{span.entries} entries, {euros(span.debit_cents)} EUR in debits and in credits: {folder}")  # fmt: skip
        for name in span.nowhere:
            desk.say(f"Account {name} of the ledger stands nowhere in the plan; it is in 471 for now.")
        return
    name, content = fec(books, given.year, draft=given.draft)
    judged = judge(name, content)
    if judged.problems:
        raise Misused(f"The file would not hold, so nothing was written: {judged.problems[0]}; run: clearing audit")
    path = desk.home.files / desk.code / "books" / name
    write_private(path, content)
    desk.say(f"{judged.entries} entries, {euros(judged.debit_cents)} EUR in debits and in credits: {path}")


def same_as_closed(books: Kept, span: Span) -> None:
    """Raises Misused when a closed month would be other bytes now."""
    closing = books.closing_of(span.period)
    if closing is not None and closing.said.sha256 != span.sha256:
        raise Misused(f"The books of {span.period} would differ from those that two people closed, so nothing was written. "
                      "Keep the files of then, and ask who maintains this program: clearing books verify")  # fmt: skip


def _files(books: Kept, span: Span) -> dict[str, bytes]:
    known, names = books.plan_of(span.period), books.gathered.names
    return {
        "paheko.csv": paheko_sheet(span.months, known, names), "balance.csv": balance_sheet(span.months, known, names),
        "journal.csv": span.journal, MADE: as_made(span),
    }  # fmt: skip


def _folder(desk: Desk, period: str) -> Path:
    return desk.home.files / desk.code / "books" / period


async def verify(desk: Desk) -> int:
    """Exit code 1 when closed books are not the bytes that two people agreed on."""
    books = await _kept(desk)
    changed = list(books.changed())
    for one in books.closings:
        state = "DIFFERS from what was closed" if one.said.period in changed else "the same bytes as when it was closed"
        desk.say(f"{one.said.period}  closed on {one.on} by {one.said.proposed_by} and {one.said.by}  {state}")
    if not books.closings:
        desk.say("No month is closed yet; when one is over: clearing books propose MONTH")
    return 1 if changed else 0


def _month(text: str) -> str:
    if not _PERIOD.fullmatch(text):
        raise argparse.ArgumentTypeError(f"a month is written YYYY-MM, like 2026-05, not {text!r}")
    return period_start(text).isoformat()[:7]


def _plan_arguments(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("file", type=Path, nargs="?", help="record this plan")
    which.add_argument("--default", action="store_true", help="print the plan to begin with, with its comments")


def _month_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("month", type=_month, metavar="YYYY-MM")


def _write_arguments(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("month", type=_month, metavar="YYYY-MM", nargs="?", help="journal, Paheko's import and balance")
    which.add_argument("--year", type=_YEAR, help="the FEC of the accounting year that ends in it")
    parser.add_argument("--draft", action="store_true", help="a FEC with months that are not closed yet")


ENTRIES = (
    Entry(words=("books", "plan"), group=Group.MONEY, does="record where each account stands in the association's books",
          run=plan, arguments=_plan_arguments, signed=True),
    Entry(words=("books", "month"), group=Group.MONEY, does="a month of the books, by journal", run=month,
          arguments=_month_arguments),
    Entry(words=("books", "write"), group=Group.MONEY, does="write a month's journal and Paheko file, or a year's FEC",
          run=write, arguments=_write_arguments),
    Entry(words=("books", "propose"), group=Group.MONEY, does="propose to close a month for ever", run=propose,
          arguments=_month_arguments, signed=True),
    Entry(words=("books", "confirm"), group=Group.MONEY, does="close it, as another person", run=confirm,
          arguments=_month_arguments, signed=True),
    Entry(words=("books", "drop"), group=Group.MONEY, does="give that proposal up", run=drop, arguments=_month_arguments,
          signed=True),
    Entry(words=("books", "verify"), group=Group.MONEY, does="closed months are the bytes that were closed", run=verify),
)  # fmt: skip
