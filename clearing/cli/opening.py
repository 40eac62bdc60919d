"""Law: what a caisse brings along from paper is accepted by two people who read the same file and saw the same totals.

One proposes, another one accepts; both are shown what the bank account has to hold. Nothing counts before that.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from clearing.authoriser.bodies import Body
from clearing.authoriser.verbs.opening import known_of, read_balances
from clearing.cli.desk import Desk, now_ms
from clearing.cli.entry import Entry, Group
from clearing.cli.opening_file import OpeningFile, read_opening_file
from clearing.cli.proposals import agreed
from clearing.cli.registers import book_of
from clearing.installation.amounts import counted, euros
from clearing.installation.slips import Slips
from clearing.rules.book import Book
from clearing.rules.opening import Balances, problems


async def propose(desk: Desk) -> None:
    file, balances = await _read(desk)
    for line in told(file, balances):
        desk.say(line)
    await desk.order("propose_opening", file.body)
    desk.say(f"Proposed. Next, another person who reads the same file: clearing opening accept {desk.arguments.file}")


async def accept(desk: Desk) -> None:
    file, balances = await _read(desk)
    for line in told(file, balances):
        desk.say(line)
    agreed("Is that what the papers and the bank's statement of that day say?")
    await desk.order("accept_opening", file.body)
    desk.say("Accepted: from now on these balances are in the books. Next: clearing status, then the first sale.")


async def _read(desk: Desk) -> tuple[OpeningFile, Balances]:
    """Raises InvalidValue with every mistake of the file, Misused for a list that is none."""
    book = await book_of(desk)
    slips = Slips()
    file = read_opening_file(desk.arguments.file, book.caisse.calendar.zone, slips)
    slips.end()
    return file, checked(file, book, now_ms() * 1_000)


def checked(file: OpeningFile, book: Book, at_us: int) -> Balances:
    """What the rules would say, with the lines. Raises InvalidValue."""
    slips, balances = Slips(), read_balances(Body(file.body, "The list"))
    for problem in problems(balances, known=known_of(book, at_us), at_us=at_us):
        slips.add(*file.place_of(problem), _in_euros(problem, balances))
    slips.end()
    return balances


def _in_euros(problem: str, balances: Balances) -> str:
    totals = balances.totals()
    if "at the bank" not in problem:
        return problem
    missing = abs(totals.bank_cents - balances.bank_cents)
    return (
        f"funds {euros(totals.free_cents)}, purses {euros(totals.purses_cents)} and debts {euros(totals.owed_cents)} add up to "
        f"{euros(totals.bank_cents)} EUR, but {euros(balances.bank_cents)} EUR are said to be at the bank: find the "
        f"{euros(missing)} EUR between them before anything is proposed"
    )


def told(file: OpeningFile, balances: Balances) -> Iterator[str]:
    """Totals to compare with the papers: per fund, kind of purse, producer, and in all."""
    totals, kinds = balances.totals(), dict[str, list[int]]()
    for lot in balances.lots:
        kinds.setdefault(lot.purse, []).append(lot.cents)
    yield f"Opening balances at the end of {balances.as_of}, from {file.path}:"
    for fund in balances.funds:
        announced = f", announced {euros(fund.notified_cents - fund.received_cents)}" if fund.notified_cents else ""
        said = f"received {euros(fund.received_cents)}, credited or spent {euros(fund.engaged_cents)}{announced}"
        yield _line(f"left in the fund {fund.fund}", fund.received_cents - fund.engaged_cents, said)
    for kind, cents in sorted(kinds.items()):
        yield _line(f"in purses ({kind})", sum(cents), counted(len(cents), "lot"))
    for debt in balances.debts:
        yield _line(f"owed to {debt.producer}", debt.cents, "")
    yield _line("in all, as at the bank", totals.bank_cents, f"list {balances.digest.hex()[:16]}")


def _line(what: str, cents: int, said: str) -> str:
    return f"  {what:40} {euros(cents):>14} EUR{f'   {said}' if said else ''}"


def _one_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="like examples/opening.toml, with its lists beside it")


ENTRIES = (
    Entry(words=("opening", "propose"), group=Group.START, does="propose what a caisse that lived on paper begins with",
          run=propose, arguments=_one_file, signed=True),
    Entry(words=("opening", "accept"), group=Group.START, does="accept it, as another person who read the same file",
          run=accept, arguments=_one_file, signed=True),
)  # fmt: skip
