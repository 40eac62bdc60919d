"""Law: a tax receipt's text has a name on it, so it is a private file; the log has its number, cents and digest."""

import argparse
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from clearing.cli.books import read_book, whole_book
from clearing.cli.desk import Desk, Misused, today, whole
from clearing.cli.entry import Entry, Group
from clearing.cli.proposals import agreed
from clearing.events.cotisations import LegalBasisEntered, LegalBasisProposed
from clearing.installation.amounts import counted, euros, read_euros
from clearing.installation.home import write_private
from clearing.people import Record
from clearing.rules.book import Book
from clearing.rules.treasury.takings import MEANS
from clearing.values import CaisseCode

_YEAR = whole(2000, 9999)
KIND = "donor"
"""Of the sealed record with name and address that a receipt needs."""


class Paper(NamedTuple):
    """A receipt to be written: issued_on is the day on it."""

    number: int
    donor: str
    cents: int
    issued_on: str


async def gift(desk: Desk) -> None:
    given = desk.arguments
    donor = f"member:{given.member}" if given.member else f"donor:{given.donor}"
    if bool(given.member) == bool(given.donor):
        raise Misused("Who gave it? Name a donor's pseudonym, or a member with --member MEMBER")
    done = await desk.order("receive_gift", {
        "donor": donor, "fund": given.fund, "cents": read_euros(given.euros), "means": given.means, "reference": given.reference
    })
    receipt = f" Give the receipt number {done['receipt']}." if done.get("receipt") else ""
    desk.say(f"{given.euros} EUR are a gift into {given.fund}.{receipt}")


async def donor(desk: Desk) -> None:
    given = desk.arguments
    subject = f"member:{given.donor}" if given.is_member else f"donor:{given.donor}"
    record = Record(subject=subject, kind=KIND, fields={"name": given.name, "address": given.address})
    async with desk.opened() as installation, installation.people_of(desk.code) as people:
        await people.keep([record])
    desk.say("Kept sealed, apart from the log. It is used for tax receipts only.")


async def propose_basis(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("propose_legal_basis", {
        "text": given.text, "articles": given.articles, "over_contribution": given.over_contribution
    })
    desk.say("Proposed. Tax receipts stay off until another person enters it: clearing taxreceipt enter")


async def enter_basis(desk: Desk) -> None:
    seen = (await read_book(desk)).gifts.proposed
    if seen is None:
        raise Misused("Nobody proposed a legal basis; first run: clearing taxreceipt basis TEXT --articles ARTICLES")
    over = "Cotisations beyond the minimum count as gifts" if seen.over_contribution else "Only gifts count"
    desk.say(f"{seen.by} proposes: {seen.text}, articles {seen.articles}. {over}.")
    agreed("Did you read the articles, and do they hold for this caisse?")
    await desk.order("enter_legal_basis", {
        "text": seen.text, "articles": seen.articles, "over_contribution": seen.over_contribution
    })
    desk.say("The legal basis is entered by two people: tax receipts can be issued.")


async def issue(desk: Desk) -> int:
    """New receipts for what no receipt covers; those that were issued are written again, the same bytes."""
    year, code = desk.arguments.year, desk.code
    async with desk.opened() as installation:
        async with installation.reading(code) as log:
            book = await whole_book(log)
        if book.gifts.basis is None:
            raise Misused("Tax receipts are off: two people enter the legal basis first (clearing taxreceipt basis)")
        donors = sorted({*book.gifts.given.get(year, {}), *(one.issued.donor for one in book.gifts.receipts.get(year, []))})
        async with installation.people_of(code) as people:
            known = {one: await people.newest(one, KIND) for one in donors}
    folder = desk.home.files / code / "tax-receipts" / str(year)
    problems = _write_again(book, year, known, folder)
    fresh, unnamed = new_papers(book, year, known, today().isoformat())
    problems += [f"{one} has no name and address yet: clearing gift donor" for one in unnamed]
    texts = {paper.number: receipt_text(book, year, paper, _record(known, paper.donor)) for paper in fresh}
    if fresh:
        await desk.order("issue_tax_receipts", {"year": year, "issued_on": fresh[0].issued_on, "receipts": [
            {"number": paper.number, "donor": paper.donor, "cents": paper.cents,
             "sha256": sha256(texts[paper.number]).digest()} for paper in fresh
        ]})  # fmt: skip
        for number, text in texts.items():
            write_private(_path(folder, number), text)
    for line in problems:
        desk.say(line)
    desk.say(f"{counted(len(fresh), 'new receipt')} of {year}, {euros(sum(paper.cents for paper in fresh))} EUR, in {folder}")
    return 1 if problems else 0


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:04d}.txt"


def _record(known: dict[str, Record | None], donor: str) -> Record:
    record = known[donor]
    assert record is not None, "papers are made for named donors only"
    return record


def _write_again(book: Book, year: int, known: dict[str, Record | None], folder: Path) -> list[str]:
    """Receipts in force, byte for byte; what is wrong with any."""
    problems = []
    for receipt in book.gifts.receipts.get(year, []):
        event = receipt.issued
        if receipt.cancelled:
            continue
        record = known[event.donor]
        paper = Paper(event.number, event.donor, event.cents, event.issued_on)
        text = None if record is None else receipt_text(book, year, paper, record)
        if text is not None and sha256(text).digest() == event.sha256:
            write_private(_path(folder, event.number), text)
        else:
            problems.append(f"Receipt {event.number} can't be written again as it was: name, address or legal basis changed. "
                            f"To replace it: clearing taxreceipt cancel {year} {event.number} --reason REASON")  # fmt: skip
        if book.gifts.uncovered_cents(year, event.donor) < 0:
            problems.append(f"Receipt {event.number} covers money that came back since: cancel it, then issue again.")
    return problems


def new_papers(book: Book, year: int, known: dict[str, Record | None], issued_on: str) -> tuple[list[Paper], list[str]]:
    """Receipts for what none covers, numbered on; and the donors without a name."""
    papers: list[Paper] = []
    unnamed: list[str] = []
    number = len(book.gifts.receipts.get(year, [])) + 1
    for one in sorted(known):
        cents = book.gifts.uncovered_cents(year, one)
        if cents <= 0:
            continue
        if known[one] is None:
            unnamed.append(one)
            continue
        papers.append(Paper(number + len(papers), one, cents, issued_on))
    return papers, unnamed


def receipt_text(book: Book, year: int, paper: Paper, record: Record) -> bytes:
    """The receipt as it is printed; the same bytes for the same facts."""
    basis = book.gifts.basis
    assert basis is not None, "receipts are off without a legal basis"
    return "\n".join([
        f"Reçu n° {year}-{paper.number:04d} au titre des dons", "", book.caisse.name, _basis_line(basis), "",
        f"Donateur : {record.fields['name']}", f"Adresse : {record.fields['address']}", "",
        f"La caisse reconnaît avoir reçu en {year} des dons pour {euros(paper.cents)} EUR.",
        f"Articles du code général des impôts : {basis.articles}", f"Fait le {paper.issued_on}", "",
    ]).encode()  # fmt: skip


def _basis_line(basis: LegalBasisEntered | LegalBasisProposed) -> str:
    return f"Base légale : {basis.text}"


async def cancel(desk: Desk) -> None:
    given = desk.arguments
    code: CaisseCode = desk.code
    await desk.order("cancel_tax_receipt", {"year": given.year, "number": given.number, "reason": given.reason})
    path = _path(desk.home.files / code / "tax-receipts" / str(given.year), given.number)
    path.unlink(missing_ok=True)
    desk.say(f"Receipt {given.number} of {given.year} is cancelled; its number stays used. Ask for the paper back.")


def _gift_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("euros", help="like 50.00")
    parser.add_argument("donor", nargs="?", help="a pseudonym; the name is given with: clearing gift donor")
    parser.add_argument("--member", help="when a member gives")
    parser.add_argument("--fund", required=True)
    parser.add_argument("--means", choices=MEANS, required=True)
    parser.add_argument("--reference", required=True, help="the bank line, the cheque's number or the page of the cash book")


def _donor_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("donor", help="the pseudonym")
    parser.add_argument("--is-member", action="store_true", help="it is a member's pseudonym")
    parser.add_argument("--name", required=True)
    parser.add_argument("--address", required=True, help="on one line")


def _basis_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", help="what makes the caisse entitled to issue receipts, as it is to be printed")
    parser.add_argument("--articles", required=True, help="like '200 and 238 bis'")
    parser.add_argument("--over-contribution", action="store_true", help="cotisations beyond the minimum count as gifts")


def _issue_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("year", type=_YEAR)


def _cancel_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("year", type=_YEAR)
    parser.add_argument("number", type=whole(1, 1_000_000))
    parser.add_argument("--reason", required=True)


ENTRIES = (
    Entry(words=("gift", "receive"), group=Group.MONEY, does="somebody gave, apart from cotisations", run=gift,
          arguments=_gift_arguments, signed=True),
    Entry(words=("gift", "donor"), group=Group.MONEY, does="keep a donor's name and address, sealed", run=donor,
          arguments=_donor_arguments),
    Entry(words=("taxreceipt", "basis"), group=Group.MONEY, does="propose what entitles the caisse to tax receipts",
          run=propose_basis, arguments=_basis_arguments, signed=True),
    Entry(words=("taxreceipt", "enter"), group=Group.MONEY, does="enter it, as another person who read it", run=enter_basis,
          signed=True),
    Entry(words=("taxreceipt", "issue"), group=Group.MONEY, does="write a year's tax receipts", run=issue,
          arguments=_issue_arguments, signed=True),
    Entry(words=("taxreceipt", "cancel"), group=Group.MONEY, does="a tax receipt was wrong", run=cancel,
          arguments=_cancel_arguments, signed=True),
)  # fmt: skip
