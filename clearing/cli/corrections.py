"""Law: who corrects an entry says only what differs; who confirms sees the entry as it stands and as it should be."""

import argparse

from clearing.cli.books import read_book
from clearing.cli.desk import Desk, Misused
from clearing.cli.entry import Entry, Group
from clearing.cli.proposals import agreed
from clearing.events.corrections import EntryName, RightEntry, TakenBack
from clearing.installation.amounts import read_euros
from clearing.rules.answers import Declined
from clearing.rules.book import Book
from clearing.rules.treasury.corrections import KINDS, Rooms, in_command, standing
from clearing.rules.treasury.takings import ACCOUNT_OF, MEANS
from clearing.values import ContractId, money


def _named(desk: Desk) -> EntryName:
    given = desk.arguments
    if (given.kind == "instalment") != bool(given.contract):
        raise Misused("An instalment is named with its --contract, anything else without one")
    return EntryName(given.kind, given.contract or "", given.reference)


def _body(entry: EntryName, right: RightEntry | None) -> dict[str, object]:
    body: dict[str, object] = {"kind": entry.kind, "reference": entry.reference}
    if entry.contract:
        body["contract"] = entry.contract
    if right is not None:
        body["right"] = {name: value for name, value in right._asdict().items() if value != ""}
    return body


def _as_it_stands(book: Book, entry: EntryName) -> tuple[TakenBack, RightEntry]:
    """Raises Misused."""
    rooms = Rooms(book.cotisations, book.gifts, book.contracts, book.members, book.funds, book.takings, "")
    wrong = standing(entry, rooms)
    if isinstance(wrong, Declined):
        raise Misused(wrong.why)
    match entry.kind:
        case "cotisation":
            payment = book.cotisations.payments[entry.reference]
            rule, means = payment.rule, payment.means
        case "gift":
            rule, means = "", book.gifts.references[entry.reference].means
        case _:
            into = book.contracts.contracts[ContractId(entry.contract)].paid_for[entry.reference].into
            rule, means = "", next((name for name, account in ACCOUNT_OF.items() if account == into), "cheque")
    return wrong, RightEntry(wrong.who, rule, wrong.month, wrong.cents, means)


def _told(wrong: TakenBack | RightEntry, entry: EntryName, means: str) -> str:
    what = {"cotisation": "for", "instalment": "for instalment"}.get(entry.kind, "")
    month = f" {what} {wrong.month}" if wrong.month else ""
    return f"{money(wrong.cents)} of {wrong.who}{month} by {means}"


async def propose(desk: Desk) -> None:
    given, entry = desk.arguments, _named(desk)
    wrong, now = _as_it_stands(await read_book(desk), entry)
    changes: dict[str, object] = {
        "who": given.to, "rule": given.rule, "month": given.month, "means": given.means,
        "cents": None if given.euros is None else read_euros(given.euros),
    }  # fmt: skip
    said = {name: value for name, value in changes.items() if value is not None}
    if given.nothing == bool(said):
        raise Misused("Say what differs (--to, --month, --euros, --means), or with --nothing that nothing was paid at all")
    right = None if given.nothing else RightEntry(**(now._asdict() | said))
    await desk.order("propose_correction", _body(entry, right) | {"reason": given.reason})
    desk.say(f"The books say: {_told(wrong, entry, now.means)}.")
    desk.say(f"It should be: {_told(right, entry, right.means) if right is not None else 'nothing'}. Another person looks at "
             f"the papers: clearing correct confirm {in_command(entry)}")  # fmt: skip


async def confirm(desk: Desk) -> None:
    entry, book = _named(desk), await read_book(desk)
    proposed = book.corrections.proposed.get(entry)
    if proposed is None:
        raise Misused(f"Nobody proposed to correct {in_command(entry)}; first: clearing correct propose")
    wrong, now = _as_it_stands(book, entry)
    right = proposed.right
    desk.say(f"The books say: {_told(wrong, entry, now.means)}. {proposed.by} says, because {proposed.reason}, it should be: "
             f"{_told(right, entry, right.means) if right is not None else 'nothing'}.")  # fmt: skip
    agreed("Is that what the papers say?")
    await desk.order("confirm_correction", _body(entry, right))
    desk.say("Corrected. Credit that was given stays; what is unpaid now is among the arrears: clearing cotisations --arrears")
    paper = (await read_book(desk)).cotisations.payments.get(entry.reference) if entry.kind == "cotisation" else None
    if paper is not None and paper.receipt:
        desk.say(f"Give the receipt number {paper.receipt}, and take the wrong one back.")


async def drop(desk: Desk) -> None:
    entry = _named(desk)
    await desk.order("drop_correction", _body(entry, None))
    desk.say(f"The correction of {in_command(entry)} is dropped; the entry stays as it was.")


def _entry_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("reference", help="under which it was received")
    parser.add_argument("--contract", help="of an instalment")


def _propose_arguments(parser: argparse.ArgumentParser) -> None:
    _entry_arguments(parser)
    parser.add_argument("--to", metavar="WHO", help="the member, the donor (donor:ID, member:ID) or the contract it is of")
    parser.add_argument("--rule", help="the cotisation rule")
    parser.add_argument("--month", help="YYYY-MM of a cotisation, the number of an instalment")
    parser.add_argument("--euros", help="like 20.00")
    parser.add_argument("--means", choices=MEANS)
    parser.add_argument("--nothing", action="store_true", help="nothing was paid at all")
    parser.add_argument("--reason", required=True, help="like: typed 200.00 instead of 20.00")


ENTRIES = (
    Entry(words=("correct", "propose"), group=Group.MONEY, does="a payment was entered wrong: say what it should have been",
          run=propose, arguments=_propose_arguments, signed=True),
    Entry(words=("correct", "confirm"), group=Group.MONEY, does="take it back and enter it right, as another person",
          run=confirm, arguments=_entry_arguments, signed=True),
    Entry(words=("correct", "drop"), group=Group.MONEY, does="give a correction up", run=drop, arguments=_entry_arguments,
          signed=True),
)  # fmt: skip
