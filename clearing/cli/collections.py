"""Law: what is due is collected by two people: one proposes, another looks at the list and approves; then members are told.

What the bank says of a debit is typed once, or read from its files; a list given again changes nothing.
"""

import argparse
from datetime import timedelta
from pathlib import Path
from typing import Final

from clearing.cli.books import read_book
from clearing.cli.desk import Desk, Misused, day, today, whole
from clearing.cli.entry import Entry, Group
from clearing.cli.lists import read_list
from clearing.cli.proposals import agreed
from clearing.events.codes import Code
from clearing.installation.amounts import counted, euros
from clearing.installation.office import NotAllowed
from clearing.rules.book import Book
from clearing.rules.calendar import period_start
from clearing.rules.telling.household_statement import household_statement
from clearing.rules.treasury.collecting import announce_by, doubts, first_day, send_by, work_out
from clearing.rules.treasury.debit_answers import SAID
from clearing.rules.treasury.debits import Collection
from clearing.values import MemberId

_COLUMNS: Final = ("debit", "state")
_MAY: Final = ("code", "text", "on", "reference")
_ROWS_A_COMMAND: Final = 500  # the writer sells between two commands
_COLLECTION: Final = whole(1, 1_000_000)


async def propose(desk: Desk) -> None:
    given, book = desk.arguments, await read_book(desk)
    month = given.month or f"{today():%Y-%m}"
    period_start(month)
    day_of = given.on or first_day(book.debits, today() + timedelta(days=1))  # a day, for who approves tomorrow
    due = work_out(
        book.cotisations, book.members, book.debits, code=desk.code, period=month, collect_on=day_of, arrears=given.arrears
    )
    done = await desk.order("propose_collection", {
        "period": month, "collect_on": day_of.isoformat(), "arrears": given.arrears
    })
    number = done["collection"]
    desk.say(f"Collection {number}: {counted(len(due.rows), 'debit')}, {euros(int(str(done['total_cents'])))} EUR on {day_of}.")
    for one in due.skipped:
        desk.say(f"  not asked: {one.member}, {euros(one.cents)} EUR: {one.why}")
    desk.say(f"Next, another person than you, who looks at clearing collections {number}: clearing collection approve {number}")


async def approve(desk: Desk) -> None:
    number = desk.arguments.collection
    book = await read_book(desk)
    for line in _table(book, number):
        desk.say(line)
    agreed("Is that what these members owe, and did they sign?")
    await desk.order("approve_collection", {"collection": number})
    last = announce_by(book.debits, book.debits.collections[number])
    desk.say(f"Collection {number} is approved. By {last} the members are told: clearing collection announce {number}")


async def drop(desk: Desk) -> None:
    await desk.order("drop_collection", {"collection": desk.arguments.collection, "reason": desk.arguments.reason})
    desk.say(f"Nothing of collection {desk.arguments.collection} is collected.")


async def leave_out(desk: Desk) -> None:
    given = desk.arguments
    body: dict[str, object] = {"collection": given.collection, "member": given.member, "reason": given.reason}
    done = await desk.order("leave_out_debit", body)
    desk.say(f"{euros(int(str(done['cents'])))} EUR of {given.member} are not collected by collection {given.collection}.")


async def announce(desk: Desk) -> None:
    from clearing.installation.collecting import make_notices

    number, code = desk.arguments.collection, desk.code
    officer = desk.officer(code)
    async with desk.opened() as installation:
        made = await make_notices(installation, code, number)
    path = made.write(desk.home.collection(code, number))
    if not made.before:
        await officer.order("announce_collection", {"collection": number, "sha256": made.sha256})
    again = " again, the same as before" if made.before else ""
    desk.say(f"Written{again}: {counted(made.debits, 'notice')} in {path.parent / 'notices'}. Send each to its member today.")
    desk.say(f"Then the file for the bank: clearing collection export {number}")


async def export(desk: Desk) -> None:
    from clearing.installation.collecting import make_bank_file

    number, code = desk.arguments.collection, desk.code
    officer, book = desk.officer(code), await read_book(desk)
    async with desk.opened() as installation:
        made = await make_bank_file(installation, code, number)
    known = book.debits.collections[number]
    if known.exported is None:
        body: dict[str, object] = {"collection": number, "message_id": made.message_id, "file_sha256": made.sha256}
        await officer.order("export_collection", body)  # declined: nothing is written that nobody may send
    path = made.write(desk.home.collection(code, number))
    if made.before:
        desk.say(f"Written again, the same bytes as before: {path}   Send it to the bank once only.")
    else:
        desk.say(f"Written: {path}   The bank wants it by {send_by(book.debits, known)}.")
    desk.say(f"{counted(made.debits, 'debit')}, {euros(made.total_cents)} EUR in all on {made.collect_on}. SHA-256 "
             f"{made.sha256.hex()}")  # fmt: skip
    desk.say(f"What the bank says: clearing collection answer {number} MEMBER STATE, or a list: clearing collection answers")


async def answer(desk: Desk) -> None:
    given = desk.arguments
    row: dict[str, object] = {
        "member": given.member, "state": given.state, "code": given.code, "text": given.text,
        "on": (given.on or today()).isoformat(), "reference": given.reference, "sure": given.sure,
    }
    if await _order(desk, given.collection, [row]):
        for line in _told_of(await read_book(desk), given.collection, MemberId(given.member)):
            desk.say(line)


async def answers(desk: Desk) -> None:
    rows = read_list(desk.arguments.file, needs=_COLUMNS, may=_MAY)
    unknown = next((row for row in rows if row["state"] not in SAID), None)
    if unknown is not None:
        raise Misused(f"Line {unknown.line}: a state is one of {', '.join(SAID)}, not {unknown['state']}")
    collection, new = desk.arguments.collection, False
    for start in range(0, len(rows), _ROWS_A_COMMAND):
        new = await _order(desk, collection, [dict(row) for row in rows[start : start + _ROWS_A_COMMAND]]) or new
    if new:
        for line in _table(await read_book(desk), collection):
            desk.say(line)


async def _order(desk: Desk, collection: int, rows: list[dict[str, object]]) -> bool:
    """Whether anything was new."""
    try:
        await desk.order("answer_collection", {"collection": collection, "rows": rows})
    except NotAllowed as no:
        if no.code is not Code.NOT_ALLOWED_NOW or "says all of that already" not in str(no):
            raise
        desk.say("The book says that already; nothing changed.")
        return False
    return True


def _told_of(book: Book, number: int, member: MemberId) -> list[str]:
    debit = book.debits.collections[number].debits[member]
    said = f"The debit of {member}, {euros(debit.row.cents)} EUR, is {debit.state}."
    if debit.held:
        said += " Its money waits at the bank until it counts as received."
    lines = [said, f"A person has to look: {debit.question}"] if debit.question else [said]
    mandate = book.debits.find(debit.row.mandate)
    if mandate is not None and mandate.state == "suspended":
        lines.append(f"The mandate {debit.row.mandate} is suspended: {mandate.why}. Ask the member.")
    return lines


async def count(desk: Desk) -> None:
    number = desk.arguments.collection
    done = await desk.order("count_collection", {"collection": number})
    many = int(str(done.get("events", 1)))
    desk.say(f"What waited of collection {number} counts as received now ({counted(many, 'entry') if many == 1 else many}).")


async def listed(desk: Desk) -> None:
    book, number = await read_book(desk), desk.arguments.collection
    if number is not None:
        for line in _table(book, number):
            desk.say(line)
        return
    for one, collection in book.debits.collections.items():
        proposed = collection.proposed
        desk.say(f"{one:4}  {proposed.period}  on {proposed.collect_on}  {euros(proposed.total_cents):>12} EUR  "
                 f"{next_step(book, collection)}")  # fmt: skip
    if not book.debits.collections:
        desk.say("No collection yet; propose one with: clearing collection propose")


def next_step(book: Book, collection: Collection) -> str:
    """The collection's state and what it waits for."""
    number = collection.proposed.collection
    if collection.dropped:
        return "dropped"
    if collection.approved is None:
        return f"waits for another person than {collection.proposed.by}: clearing collection approve {number}"
    if collection.announced is None:
        return f"by {announce_by(book.debits, collection)}: clearing collection announce {number}"
    if collection.exported is None:
        return f"by {send_by(book.debits, collection)}: clearing collection export {number}"
    states = [str(one.state) for one in collection.kept()]
    return ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))


def _table(book: Book, number: int) -> list[str]:
    collection = book.debits.collections.get(number)
    if collection is None:
        raise Misused(f"There is no collection {number}; clearing collections lists them")
    wrong = {} if collection.exported is not None else {one.row.member: why for one, why in doubts(book.debits, collection)}
    lines = []
    for debit in collection.debits.values():
        row, told = debit.row, debit.question or wrong.get(debit.row.member, "")
        months = " ".join(part.period for part in row.parts)
        state = f"{debit.state}; {told}" if told else f"{debit.state}"
        lines.append(f"{row.member:20} {euros(row.cents):>10} EUR  {months:16} {row.mandate:20} {row.sequence}  "
                     f"{row.reference}  {state}")  # fmt: skip
    total = sum(one.row.cents for one in collection.kept())
    said = f"Collection {number} of {collection.proposed.period} on {collection.proposed.collect_on}"
    many = counted(len(collection.kept()), "debit")
    return [*lines, f"{said}: {many}, {euros(total)} EUR; {next_step(book, collection)}"]


async def statement(desk: Desk) -> None:
    given, book = desk.arguments, await read_book(desk)
    if given.member not in book.members.members:
        raise Misused(f"There is no member {given.member}; clearing member list lists them")
    found = household_statement(book, MemberId(given.member), until=given.until or f"{today():%Y-%m}")
    for one in found:
        if one.due_cents or one.what.startswith("due"):
            sums = f"due {euros(one.due_cents):>10}  paid {euros(one.cents):>10}  open {euros(one.open_cents):>10}"
            desk.say(f"{one.period}  {sums}")
        else:
            desk.say(f"           {euros(one.cents):>10}  {one.what}")
    if not found:
        desk.say(f"{given.member} has agreed to no cotisation and paid none.")


def _propose_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("month", nargs="?", metavar="YYYY-MM", help="the month whose cotisations are due (default: this one)")
    parser.add_argument("--on", type=day, metavar="YYYY-MM-DD", help="the banking day of the debits (default: the first one)")
    parser.add_argument("--arrears", action="store_true", help="also earlier months that are open, and what came back")


def _collection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("collection", type=_COLLECTION)


def _drop_arguments(parser: argparse.ArgumentParser) -> None:
    _collection(parser)
    parser.add_argument("--reason", required=True)


def _leave_out_arguments(parser: argparse.ArgumentParser) -> None:
    _collection(parser)
    parser.add_argument("member")
    parser.add_argument("--reason", required=True)


def _answer_arguments(parser: argparse.ArgumentParser) -> None:
    _collection(parser)
    parser.add_argument("member")
    parser.add_argument("state", choices=SAID)
    parser.add_argument("--code", default="", help="the bank's reason, like AM04")
    parser.add_argument("--text", default="", help="what the bank says beside it")
    parser.add_argument("--on", type=day, metavar="YYYY-MM-DD", help="the bank's day (default: today)")
    parser.add_argument("--reference", default="", help="the bank line")
    parser.add_argument("--sure", action="store_true", help="you looked at the bank account: this is how it is")


def _answers_arguments(parser: argparse.ArgumentParser) -> None:
    _collection(parser)
    parser.add_argument("file", type=Path, help=f"CSV with the columns {', '.join(_COLUMNS)}; and {', '.join(_MAY)}")


def _listed_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("collection", type=_COLLECTION, nargs="?")


def _statement_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("member")
    parser.add_argument("--until", metavar="YYYY-MM", help="last month (default: this one)")


ENTRIES = (
    Entry(words=("collection", "propose"), group=Group.MONEY, does="list the debits of a month's cotisations", run=propose,
          arguments=_propose_arguments, signed=True),
    Entry(words=("collection", "approve"), group=Group.MONEY, does="approve it, as another person", run=approve,
          arguments=_collection, signed=True),
    Entry(words=("collection", "announce"), group=Group.MONEY, does="write what members are told before", run=announce,
          arguments=_collection, signed=True),
    Entry(words=("collection", "export"), group=Group.MONEY, does="write the bank's file of a collection", run=export,
          arguments=_collection, signed=True),
    Entry(words=("collection", "drop"), group=Group.MONEY, does="collect nothing of it, before the bank has it", run=drop,
          arguments=_drop_arguments, signed=True),
    Entry(words=("collection", "leave-out"), group=Group.MONEY, does="take one member's debit out of it", run=leave_out,
          arguments=_leave_out_arguments, signed=True),
    Entry(words=("collection", "answer"), group=Group.MONEY, does="what the bank says of a debit", run=answer,
          arguments=_answer_arguments, signed=True),
    Entry(words=("collection", "answers"), group=Group.MONEY, does="the same from a CSV file", run=answers,
          arguments=_answers_arguments, signed=True),
    Entry(words=("collection", "count"), group=Group.MONEY, does="count as received what can't come back", run=count,
          arguments=_collection, signed=True),
    Entry(words=("collections",), group=Group.MONEY, does="list the collections, or one's debits", run=listed,
          arguments=_listed_arguments),
    Entry(words=("cotisation", "statement"), group=Group.MONEY, does="a household's cotisations, paid and open", run=statement,
          arguments=_statement_arguments),
)  # fmt: skip
