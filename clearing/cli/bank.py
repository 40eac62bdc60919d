"""Law: what the bank sends is given to the caisse as it came; the same file again changes nothing, and says so."""

import argparse
from pathlib import Path

from clearing.bank.pain002 import StatusReport
from clearing.bank.reading import read_file
from clearing.bank.statement import Statement
from clearing.cli.books import whole_book
from clearing.cli.desk import Desk, Misused, day, today
from clearing.cli.entry import Entry, Group
from clearing.installation.amounts import counted, euros, read_euros
from clearing.installation.bank_import import Taken, answer_payouts, answers_of, import_statement
from clearing.installation.bank_reading import known_lines
from clearing.installation.debits_answered import DebitsAnswered, answer_debits, answered_debits
from clearing.installation.office import NotAllowed, Officer
from clearing.installation.opening import Installation
from clearing.rules.book import Book
from clearing.rules.treasury.bank import gaps

_SIGNS = {"comma": ",", "point": ".", "semicolon": ";", "tab": "tab", "bar": "|"}


async def take_in(desk: Desk) -> None:
    """Every file is read before anything of the first is recorded: a bad one among them loses nothing."""
    given, officer = desk.arguments, desk.officer(desk.code)
    async with desk.opened() as installation:
        book = await _book(installation, desk)
        if given.mapping is not None and given.mapping not in book.bank.mappings:
            raise Misused(f"No mapping is called {given.mapping}; {_known(book)}")
        columns = None if given.mapping is None else book.bank.mappings[given.mapping]
        read = [(path, read_file(_content(path), columns)) for path in given.file]
        for path, found in read:
            if isinstance(found, StatusReport):
                await _answers(desk, officer, found, await _book(installation, desk))
                continue
            for statement in sorted(found, key=lambda one: (one.from_on, one.to_on)):
                await _statement(desk, installation, officer, statement, path)
        _next(desk, await _book(installation, desk))


async def _book(installation: Installation, desk: Desk) -> Book:
    async with installation.reading(desk.code) as log:
        return await whole_book(log)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise Misused(f"{path} can't be read ({fault.strerror}); name the file that the bank's page gave") from None


async def _statement(desk: Desk, installation: Installation, officer: Officer, statement: Statement, path: Path) -> None:
    book = await _book(installation, desk)
    before = len(book.bank.lines)
    async with installation.people_of(desk.code) as people:
        taken = await import_statement(
            statement, book=book, people=people, give=lambda body: officer.order("import_statement", body),
            moved=desk.arguments.new_account,
        )  # fmt: skip
    lines = len((await _book(installation, desk)).bank.lines) - before
    desk.say(f"{path.name}: {_told(taken, lines)}")


def _told(taken: Taken, lines: int) -> str:
    span = taken.from_on if taken.from_on == taken.to_on else f"{taken.from_on} to {taken.to_on}"
    said = f"{taken.source} of {span}, {counted(taken.entries, 'booking')}"
    if not taken.commands:
        return f"{said}: all of it was here already, nothing changed."
    balance = "" if taken.closing_cents is None else f" Balance at its end: {euros(taken.closing_cents)} EUR."
    return f"{said}, {counted(lines, 'new line')}, the rest was here already.{balance}" if lines != taken.entries else (
        f"{said}, all new.{balance}")  # fmt: skip


async def _answers(desk: Desk, officer: Officer, report: StatusReport, book: Book) -> None:
    debits = answered_debits(report, book)
    if debits is not None:
        await _debits(desk, officer, debits)
        return
    answered = answers_of(report, book)
    if answered.copy:
        desk.say(f"The file of batch {answered.batch} came twice, and the bank refused the second one: nobody is paid twice. "
                 "The first one stands.")  # fmt: skip
        return
    try:
        changed = await answer_payouts(answered, book=book, give=officer.order)
    except NotAllowed as declined:  # known already, or for a person to look at: other files go on
        desk.say(f"The bank answers to batch {answered.batch}: {declined}")
        return
    states = [str(row.state) for row in answered.rows]
    told = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states)) or "nothing"
    desk.say(f"The bank answers to batch {answered.batch}: {told}; {counted(changed, 'payout')} changed by it.")
    for row in answered.rows:
        if row.state in ("rejected", "returned", "unknown"):
            desk.say(f"  {row.producer}: {row.state} {row.code} {row.text}".rstrip() + ". What to do: docs/BANK.md")
    for status in answered.strange:
        desk.say(f"  {status.end_to_end} is no payout of batch {answered.batch}: ask the bank what it means.")


async def _debits(desk: Desk, officer: Officer, answered: DebitsAnswered) -> None:
    number = answered.collection
    if answered.copy:
        desk.say(f"The file of collection {number} came twice, and the bank refused the second one: nobody is debited twice. "
                 "The first one stands.")  # fmt: skip
    try:
        await answer_debits(answered, officer.order)
        desk.say(f"The bank answers to collection {number}: {counted(len(answered.rows), 'debit')} changed, {answered.known} "
                 f"known before. Look: clearing collections {number}")  # fmt: skip
    except NotAllowed as declined:  # known already, or for a person to look at: other files go on
        desk.say(f"The bank answers to collection {number}: {declined}")
    for status in answered.strange:
        desk.say(f"  {status.end_to_end} is no debit of collection {number}: ask the bank what it means.")


def _next(desk: Desk, book: Book) -> None:
    bank = book.bank
    known = len(known_lines(book))
    if bank.waiting:
        desk.say(f"{counted(len(bank.waiting), 'line')} on the waiting account, {known} of them known by their id. Look: "
                 "clearing bank lines. Confirm those that are known: clearing bank match --all")  # fmt: skip
    for gap in gaps(bank):
        desk.say(f"Between {gap.after} and {gap.until} the lines explain all but {euros(gap.missing_cents)} EUR of the change "
                 "of the balance: import the statement that is missing.")  # fmt: skip


async def mapping(desk: Desk) -> None:
    given = desk.arguments
    if given.name is None or given.date is None:
        async with desk.opened() as installation:
            book = await _book(installation, desk)
        if given.name is not None and given.name not in book.bank.mappings:
            raise Misused(f"No mapping is called {given.name}: name at least --date and --amount, or --debit and --credit")
        for name, one in book.bank.mappings.items():
            if given.name in (None, name):
                desk.say(f"{name}: " + ", ".join(f"{field} {said!r}" for field, said in one._asdict().items() if said))
        if not book.bank.mappings:
            desk.say("No mapping is saved. Look at the heading of your bank's CSV, then for example: clearing bank mapping "
                     "NAME --date Date --amount Montant --text Libelle")  # fmt: skip
        return
    columns = {
        "on": given.date, "amount": given.amount, "debit": given.debit, "credit": given.credit, "text": given.text,
        "name": given.payer, "iban": given.iban, "reference": given.reference, "balance": given.balance,
    }
    body = {name: said for name, said in columns.items() if said}
    await desk.order("save_column_mapping", {"name": given.name, "mapping": {
        "delimiter": _SIGNS[given.delimiter], "decimal": _SIGNS[given.decimal], "days": given.days, **body,
    }})  # fmt: skip
    desk.say(f"The mapping {given.name} is saved. Next: clearing bank import FILE --mapping {given.name}")


def _known(book: Book) -> str:
    names = ", ".join(book.bank.mappings)
    return f"there are {names}" if names else "save it first with: clearing bank mapping NAME --date COLUMN --amount COLUMN"


async def balance(desk: Desk) -> None:
    given = desk.arguments
    if given.euros is not None:
        overdrawn = given.euros.startswith("-")
        cents = read_euros(given.euros.removeprefix("-")) * (-1 if overdrawn else 1)
        on = (given.on or today()).isoformat()
        await desk.order("state_bank_balance", {"on": on, "cents": cents})
        desk.say(f"At the end of {on} the bank has {euros(cents)} EUR.")
        return
    async with desk.opened() as installation:
        bank = (await _book(installation, desk)).bank
    known = bank.last_known()
    if known is None:
        desk.say("No balance is known: import a statement, or: clearing bank balance EUROS --on DAY")
        return
    later = sum(line.said.cents for line in bank.lines.values() if line.on > known[0])
    open_moves = bank.under_way()
    under_way = sum(move.cents for move in open_moves.values())
    desk.say(f"At the end of {known[0]} the bank had {euros(known[1])} EUR.")
    if later:
        desk.say(f"Lines after that day: {euros(later)} EUR.")
    desk.say(f"In the book and not on a statement yet: {euros(under_way)} EUR in {counted(len(open_moves), 'movement')} "
             "(clearing bank lines --book).")  # fmt: skip
    desk.say(f"On a statement and nobody said what: {euros(bank.waiting_cents())} EUR in {counted(len(bank.waiting), 'line')} "
             "(clearing bank lines).")  # fmt: skip


async def charges(desk: Desk) -> None:
    await desk.order("set_charges_rule", {"fund": desk.arguments.fund, "decision": desk.arguments.decision})
    desk.say(f"From now on what the bank takes for itself is borne by {desk.arguments.fund}. A line of it: clearing bank match "
             "LINE --charge")  # fmt: skip


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="+", type=Path, help="camt.053, camt.054, pain.002, CSV, OFX or QIF, as the bank gave it")
    parser.add_argument("--new-account", action="store_true", help="the caisse has changed its account at the bank")
    parser.add_argument("--mapping", metavar="NAME", help="of a CSV (or the order of days of a QIF): clearing bank mapping")


def _mapping_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="left out: list those that are saved")
    parser.add_argument("--delimiter", choices=("semicolon", "comma", "tab", "bar"), default="semicolon")
    parser.add_argument("--decimal", choices=("comma", "point"), default="comma")
    parser.add_argument("--days", choices=("dmy", "ymd", "mdy"), default="dmy", help="order of day, month, year (default dmy)")
    parser.add_argument("--date", metavar="COLUMN", help="the day on which the bank booked")
    parser.add_argument("--amount", metavar="COLUMN", help="signed amounts; or --debit and --credit")
    parser.add_argument("--debit", metavar="COLUMN")
    parser.add_argument("--credit", metavar="COLUMN")
    parser.add_argument("--text", metavar="COLUMN", help="what the line is about")
    parser.add_argument("--payer", metavar="COLUMN", help="name of the other side")
    parser.add_argument("--iban", metavar="COLUMN", help="account of the other side")
    parser.add_argument("--reference", metavar="COLUMN", help="the bank's own number of the line")
    parser.add_argument("--balance", metavar="COLUMN", help="the balance after the line")


def _balance_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("euros", nargs="?", help="as the bank's page says, like 1500.00; left out: say what is known")
    parser.add_argument("--on", type=day, metavar="YYYY-MM-DD", help="at the end of which day (default: today)")


def _charges_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("fund")
    parser.add_argument("--decision", required=True, help="the vote")


ENTRIES = (
    Entry(words=("bank", "import"), group=Group.BANK, does="take in statements and answers of the bank", run=take_in,
          arguments=_import_arguments, signed=True),
    Entry(words=("bank", "mapping"), group=Group.BANK, does="save, or list, how a bank's CSV is read", run=mapping,
          arguments=_mapping_arguments, signed=True),
    Entry(words=("bank", "balance"), group=Group.BANK, does="say, or record, what is at the bank", run=balance,
          arguments=_balance_arguments, signed=True),
    Entry(words=("bank", "charges"), group=Group.BANK, does="which fund bears the bank's charges, as voted", run=charges,
          arguments=_charges_arguments, signed=True),
)  # fmt: skip
