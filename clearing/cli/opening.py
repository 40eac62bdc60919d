"""Law: what a caisse brings along from paper is accepted by two people who read the same file and saw the same totals.

One proposes, another one accepts; both are shown what the bank account has to hold. Nothing counts before that.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from clearing.authoriser.bodies import Body
from clearing.authoriser.verbs.opening import known_of, read_balances
from clearing.cli.books import read_book
from clearing.cli.desk import Desk, now_ms
from clearing.cli.entry import Entry, Group
from clearing.cli.opening_file import OpeningFile, read_opening_file
from clearing.cli.proposals import agreed
from clearing.installation.amounts import counted, euros
from clearing.installation.slips import Slips
from clearing.rules.book import Book
from clearing.rules.ends.opening import Balances, problems


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
    book = await read_book(desk)
    slips = Slips()
    file = read_opening_file(desk.arguments.file, book.caisse.calendar.zone, slips)
    slips.end()
    return file, checked(file, book, now_ms() * 1_000)


def checked(file: OpeningFile, book: Book, at_us: int) -> Balances:
    """What the rules would say, with the lines. Raises InvalidValue."""
    slips, balances = Slips(), read_balances(Body(file.body, "The list"))
    for problem in problems(balances, known=known_of(book, at_us), at_us=at_us):
        slips.add(*file.place_of(problem), problem)
    slips.end()
    return balances


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
    yield from _of_contracts(balances)
    yield _line("in all, as at the bank", totals.bank_cents, f"list {balances.digest.hex()[:16]}")
    if balances.arrears:
        members = counted(len({one.member for one in balances.arrears}), "member")
        yield _line("not counted: arrears", totals.arrears_cents, f"{members}, {counted(len(balances.arrears), 'month')}")


def _of_contracts(balances: Balances) -> Iterator[str]:
    """Per season: only what is at the caisse counts; what is paid and to come is told beside it."""
    for season in dict.fromkeys(one.season for one in balances.contracts):
        rows = [one for one in balances.contracts if one.season == season]
        total = sum(due.cents for one in rows for due in one.instalments)
        paid = sum(one.paid_cents("household") + one.paid_cents("fund") for one in rows)
        said = f"{counted(len(rows), 'contract')} of {euros(total)}, paid {euros(paid)}, to come {euros(total - paid)}"
        yield _line(f"at the caisse for {season}", sum(one.held_cents for one in rows), said)


def _line(what: str, cents: int, said: str) -> str:
    return f"  {what:40} {euros(cents):>14} EUR{f'   {said}' if said else ''}"


async def discard(desk: Desk) -> None:
    await desk.order("discard_opening", {"reason": desk.arguments.reason})
    desk.say("The opening balances that waited are discarded. Next: correct the file, then: clearing opening propose FILE")


def _reason(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reason", required=True, help="like: typed the wrong month")


def _one_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="like examples/opening.toml, with its lists beside it")


ENTRIES = (
    Entry(words=("opening", "propose"), group=Group.START, does="propose what a caisse that lived on paper begins with",
          run=propose, arguments=_one_file, signed=True),
    Entry(words=("opening", "accept"), group=Group.START, does="accept it, as another person who read the same file",
          run=accept, arguments=_one_file, signed=True),
    Entry(words=("opening", "discard"), group=Group.START, does="withdraw it, or refuse what another person proposed",
          run=discard, arguments=_reason, signed=True),
)  # fmt: skip
