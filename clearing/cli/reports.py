"""Law: a report is a sheet and a paper with the same figures, made from the log; it names nobody who buys."""

import argparse
from datetime import date
from pathlib import Path
from typing import Final, Protocol, TypeVar

from clearing.books.auditor import Auditor
from clearing.books.funder import financial_account, statement
from clearing.books.kept import Kept
from clearing.books.meeting import Meeting
from clearing.books.moves import Move
from clearing.books.report import Report, as_paper, as_sheet
from clearing.books.words import Words
from clearing.cli.books import events, whole_book
from clearing.cli.desk import Desk, Misused, day, today, whole
from clearing.cli.entry import Entry, Group
from clearing.event_store.reader import Reader
from clearing.events.catalogue import Event
from clearing.events.settlement import BatchApproved
from clearing.installation.amounts import counted
from clearing.installation.fonts import find_fonts
from clearing.installation.home import write_many_private, write_private
from clearing.rules.ledger.tracing import Trace

_BATCH: Final = whole(1, 1_000_000)
_YEAR: Final = whole(2000, 9999)


class Folded(Protocol):
    def take(self, event: Event, position: int, at_us: int) -> None: ...


F = TypeVar("F", bound=Folded)


async def _folded(log: Reader, *kinds: F) -> None:
    async for row, event in events(log):
        for one in kinds:
            one.take(event, row.position, row.at_us)


def _words(desk: Desk) -> Words:
    return Words("en" if desk.arguments.english else "fr")


def _write(desk: Desk, name: str, report: Report, words: Words) -> None:
    """The sheet first, which needs no font. Raises FontMissing."""
    folder = desk.home.files / desk.code / "reports"
    write_private(folder / f"{name}.csv", as_sheet(report, words))
    desk.say(f"Written: {folder / f'{name}.csv'}")
    write_private(folder / f"{name}.pdf", as_paper(report, find_fonts(), words))
    desk.say(f"Written: {folder / f'{name}.pdf'}")


def _days(desk: Desk) -> tuple[date, date]:
    first, last = desk.arguments.first, desk.arguments.last
    if last < first:
        raise Misused(f"The last day {last} is before the first one {first}; name the earlier day first")
    return first, last


async def meeting(desk: Desk) -> None:
    first, last = _days(desk)
    words, found = _words(desk), Meeting()
    async with desk.opened() as installation, installation.reading(desk.code) as log:
        await _folded(log, found)
    _write(desk, f"meeting-{first}-{last}-{words.language}", found.report(first, last, words), words)


async def auditor(desk: Desk) -> None:
    first, last = _days(desk)
    words, found = _words(desk), Auditor()
    async with desk.opened() as installation, installation.reading(desk.code) as log:
        await _folded(log, found)
    report = found.report(first, last, words)
    _write(desk, f"auditor-{first}-{last}-{words.language}", report, words)


class _Paid:
    """On which day each batch was to be paid."""

    def __init__(self) -> None:
        self.days: dict[int, date] = {}

    def take(self, event: Event, _position: int, _at_us: int) -> None:
        if isinstance(event, BatchApproved):
            self.days[event.batch] = date.fromisoformat(event.execution_on)


async def funder(desk: Desk) -> None:
    """Two papers: where the money is, and the figures of the form."""
    grant, words = desk.arguments.grant, _words(desk)
    trace, kept, paid = Trace(), Kept(), _Paid()
    async with desk.opened() as installation, installation.reading(desk.code) as log:
        await _folded(log, trace, kept, paid)
    if grant not in trace.subsidies:
        raise Misused(f"There is no subsidy {grant}; those there are: clearing subsidy list")
    said, dated = trace.of(grant), date.fromisoformat(kept.gathered.last)
    plan = kept.newest()
    account = plan.place(Move(f"fund:{trace.subsidies[grant].fund}", "subsidy", 0, grant)).number
    products = -sum(
        line.cents for month in kept.year(desk.arguments.year or kept.year_of(dated)) for entry in month.entries
        for line in entry.lines if line.place.number.startswith("7")
    )  # fmt: skip
    form = financial_account(
        said, paid.days, kept.caisse, dated, words, account=account, spending=plan.nature("credit"), products_cents=products
    )
    _write(desk, f"funder-{grant}-{words.language}", statement(said, kept.caisse, dated, words), words)
    _write(desk, f"compte-rendu-{grant}-{words.language}", form, words)


async def batch_papers(desk: Desk) -> None:
    """For each producer that a batch pays: the advice and the statement."""
    from clearing.books.papers import producer_statement, remittance_advice
    from clearing.installation.payment import make_files

    batch, code, words = desk.arguments.batch, desk.code, _words(desk)
    fonts = find_fonts()
    async with desk.opened() as installation:
        made = await make_files(installation, code, batch)
    papers: dict[str, bytes] = {}
    for producer, (head, rows) in made.statements.items():
        papers[f"papers/{producer}-advice-{words.language}.pdf"] = remittance_advice(head, rows, fonts, words)
        papers[f"papers/{producer}-statement-{words.language}.pdf"] = producer_statement(head, rows, fonts, words)
    if not papers:
        raise Misused(f"Batch {batch} pays nobody, so there is nothing to print; look at it with: clearing batches {batch}")
    folder = desk.home.batch(code, batch)
    write_many_private(folder, papers, last=next(reversed(papers)))
    desk.say(f"{counted(len(papers), 'paper')} of {counted(len(made.statements), 'producer')}: {folder / 'papers'}")


async def receipts(desk: Desk) -> None:
    """A year's tax receipts as papers, of the texts that `taxreceipt issue` wrote."""
    from clearing.books.papers import tax_receipt

    year, words = desk.arguments.year, Words("fr")
    fonts = find_fonts()
    folder = desk.home.files / desk.code / "tax-receipts" / str(year)
    async with desk.opened() as installation, installation.reading(desk.code) as log:
        book = await whole_book(log)
    written = 0
    for receipt in book.gifts.receipts.get(year, []):
        said = receipt.issued
        text = _text(folder / f"{said.number:04d}.txt")
        if receipt.cancelled or text is None:
            continue
        paper = tax_receipt(
            text, caisse=book.caisse.name, year=year, number=said.number, issued=said.issued_on, fonts=fonts, words=words
        )
        write_private(folder / f"{said.number:04d}.pdf", paper)
        written += 1
    if not written:
        raise Misused(f"No receipt of {year} lies there to print; issue them first: clearing taxreceipt issue {year}")
    desk.say(f"{counted(written, 'receipt')} of {year} as PDF in {folder}")


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _english(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--english", action="store_true", help="in English (default: in French)")


def _days_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("first", type=day, metavar="FIRST-DAY")
    parser.add_argument("last", type=day, metavar="LAST-DAY", nargs="?", default=today())
    _english(parser)


def _funder_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("grant")
    parser.add_argument("--year", type=_YEAR, help="the accounting year that ends in it (default: that of the last event)")
    _english(parser)


def _batch_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("batch", type=_BATCH)
    _english(parser)


def _year_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("year", type=_YEAR)


ENTRIES = (
    Entry(words=("report", "meeting"), group=Group.LOOKING, does="the general meeting's file, as CSV and PDF", run=meeting,
          arguments=_days_arguments),
    Entry(words=("report", "funder"), group=Group.LOOKING, does="a funder's statement and the figures of its form", run=funder,
          arguments=_funder_arguments),
    Entry(words=("report", "auditor"), group=Group.LOOKING, does="an auditor's account: everything but persons", run=auditor,
          arguments=_days_arguments),
    Entry(words=("books", "papers"), group=Group.SETTLEMENT, does="a batch's advices and statements as PDF", run=batch_papers,
          arguments=_batch_arguments),
    Entry(words=("taxreceipt", "print"), group=Group.MONEY, does="a year's tax receipts as PDF", run=receipts,
          arguments=_year_arguments),
)  # fmt: skip
