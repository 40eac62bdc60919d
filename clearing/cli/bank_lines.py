"""Law: a treasurer sees each line of the bank with what it may be, and says what it is; what is sure is confirmed
together."""

import argparse
from collections.abc import Mapping

from clearing.cli.books import read_book, whole_book
from clearing.cli.desk import Desk, Misused, today
from clearing.cli.entry import Entry, Group
from clearing.installation.amounts import counted, euros
from clearing.installation.bank_reading import known_lines, match_of, producers_by_account, written
from clearing.people import Record
from clearing.rules.book import Book
from clearing.rules.treasury.bank_hints import hints
from clearing.rules.treasury.bank_matching import Proposed, said

MATCHES_A_COMMAND = 500
SHOWN_MAX = 200


async def lines(desk: Desk) -> None:
    given = desk.arguments
    async with desk.opened() as installation:
        async with installation.reading(desk.code) as log:
            book = await whole_book(log)
        if given.book:
            _say_moves(desk, book)
            return
        async with installation.people_of(desk.code) as people:
            accounts = await producers_by_account(book, people)
            wanted = [given.line] if given.line is not None else list(book.bank.lines if given.all else book.bank.waiting)
            records = await written(book, wanted[-SHOWN_MAX:], people)
    if given.line is not None and given.line not in book.bank.lines:
        raise Misused(f"There is no line {given.line} of the bank; those that wait: clearing bank lines")
    known = known_lines(book)
    if len(wanted) > SHOWN_MAX:
        desk.say(f"The newest {SHOWN_MAX} of {len(wanted)}:")
    for number in wanted[-SHOWN_MAX:]:
        _say_line(desk, book, number, records.get(number), known.get(number), accounts)
    if not wanted:
        desk.say("No line of the bank waits." if not given.all else "No statement was imported yet: clearing bank import FILE")
    elif book.bank.waiting and given.line is None:
        desk.say(f"On the waiting account: {euros(book.bank.waiting_cents())} EUR in "
                 f"{counted(len(book.bank.waiting), 'line')}.")  # fmt: skip


def _say_line(
    desk: Desk, book: Book, number: int, record: Record | None, known: Proposed | None, accounts: Mapping[bytes, str]
) -> None:
    line = book.bank.lines[number]
    fields = {} if record is None else record.fields
    about = "  ".join(text for text in (fields.get("name", ""), fields.get("text", "")) if text) or line.said.end_to_end
    code = f"  {line.said.code}" if line.said.code else ""
    desk.say(f"{number:6}  {line.on}  {euros(line.said.cents):>12} EUR{code}  {about}".rstrip())
    if line.match:
        match = book.bank.matches[line.match]
        desk.say(f"{'':8}is {said(match)} (match {line.match}, by {match.by})")
    elif known is not None:
        desk.say(f"{'':8}names {known.kind.replace('_', ' ')} {known.about}: clearing bank match --all")
    else:
        texts = f"{fields.get('text', '')} {fields.get('end_to_end', '')}"
        for hint in hints(book, number, texts, accounts):
            desk.say(f"{'':8}may be: clearing bank match {number} {hint.options()}")


def _say_moves(desk: Desk, book: Book) -> None:
    """What the book recorded at the bank and no statement has told of."""
    under_way = book.bank.under_way()
    for position, move in under_way.items():
        desk.say(f"{position:8}  {move.on}  {euros(move.cents):>12} EUR  {move.kind} {move.name}")
    desk.say(f"In the book and not on a statement: {euros(sum(move.cents for move in under_way.values()))} EUR in "
             f"{counted(len(under_way), 'movement')}.")  # fmt: skip


async def match(desk: Desk) -> None:
    given = desk.arguments
    if given.all == bool(given.line):
        raise Misused("Name the lines and what they are, or confirm all that their id names with --all")
    if given.all:
        await _match_all(desk)
        return
    item = _item(given)
    await desk.order("match_lines", {"matches": [{"lines": given.line, **item} | ({"another": True} if given.another else {})]})
    which = "line" if len(given.line) == 1 else "lines"
    desk.say(f"Recorded: {which} {', '.join(str(one) for one in given.line)}: {str(item['kind']).replace('_', ' ')}.")


def _item(given: argparse.Namespace) -> dict[str, object]:
    """What the lines are, as the options say. Raises Misused unless they say exactly one thing."""
    month = given.month or f"{today():%Y-%m}"
    said: dict[str, dict[str, object] | None] = {
        "booked": {"moves": given.moves} if given.moves else None,
        "payout": _pair(given.payout) if given.payout else ({"batch": given.batch} if given.batch else None),
        "payout_returned": _pair(given.returned) if given.returned else None,
        "subsidy": {"grant": given.subsidy} if given.subsidy else None,
        "cotisation": {
            "member": given.cotisation, "rule": given.rule, "period": month, "means": given.means,
        } if given.cotisation else None,
        "cotisation_returned": {"reference": given.cotisation_returned} if given.cotisation_returned else None,
        "gift": {"donor": given.gift, "fund": given.fund} if given.gift else None,
        "top_up": {"member": given.top_up, "purse": given.purse} if given.top_up else None,
        "deposit": {"deposit": given.deposit} if given.deposit else None,
        "charge": ({"fund": given.fund} if given.fund else {}) if given.charge else None,
        "repayment": {"repayment": given.repayment} if given.repayment else None,
        "nothing": {} if given.nothing else None,
    }  # fmt: skip
    named = {kind: body for kind, body in said.items() if body is not None}
    if not named and given.fund:
        return {"kind": "fund", "fund": given.fund}
    if len(named) != 1:
        raise Misused("Say one thing that the lines are: --fund, --subsidy, --cotisation, --gift, --deposit, --payout, "
                      "--returned, --charge, --with or another; see clearing bank match --help")  # fmt: skip
    kind, body = next(iter(named.items()))
    if kind in ("cotisation", "gift") and None in body.values():
        raise Misused("A cotisation needs --rule, a gift needs --fund")
    return {"kind": kind, **body} | ({"reason": given.reason} if given.reason and "returned" in kind else {})


def _pair(said: list[str]) -> dict[str, object]:
    batch, producer = said
    if not batch.isdecimal():
        raise Misused(f"A payout is named by its batch and producer, like 3 ferme-a, not {batch} {producer}")
    return {"batch": int(batch), "producer": producer}


async def _match_all(desk: Desk) -> None:
    book = await read_book(desk)
    found = list(known_lines(book).values())
    if not found:
        desk.say("No line that waits names what it is. Those that wait: clearing bank lines")
        return
    for one in found:
        line = book.bank.lines[one.line]
        desk.say(f"{one.line:6}  {line.on}  {euros(line.said.cents):>12} EUR  {one.kind.replace('_', ' ')} {one.about}")
    for start in range(0, len(found), MATCHES_A_COMMAND):
        some = found[start : start + MATCHES_A_COMMAND]
        await desk.order("match_lines", {"matches": [match_of(one) for one in some]})
    desk.say(f"{counted(len(found), 'line')} confirmed. Those that still wait: clearing bank lines")


async def unmatch(desk: Desk) -> None:
    await desk.order("undo_match", {"match": desk.arguments.match})
    desk.say(f"Match {desk.arguments.match} is undone: its lines wait again. Money that was recorded with it is in the book: "
             "match it anew, or correct it (clearing correct propose).")  # fmt: skip


def _lines_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("line", nargs="?", type=int, help="only this line")
    parser.add_argument("--all", action="store_true", help="also those that are matched")
    parser.add_argument("--book", action="store_true", help="what the book has and no statement told of")


def _match_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("line", nargs="*", type=int, help="lines that together are one thing")
    parser.add_argument("--all", action="store_true", help="confirm every line whose id names what it is")
    parser.add_argument("--with", dest="moves", type=int, action="append", metavar="EVENT", help="it is in the book already")
    parser.add_argument("--payout", nargs=2, metavar=("BATCH", "PRODUCER"), help="the bank paid a producer")
    parser.add_argument("--batch", type=int, help="the bank paid all of a batch in one line")
    parser.add_argument("--returned", nargs=2, metavar=("BATCH", "PRODUCER"), help="a payout came back")
    parser.add_argument("--subsidy", metavar="GRANT", help="a part of what a funder promised")
    parser.add_argument("--fund", help="money for a fund; with --gift and --charge: of which fund")
    parser.add_argument("--cotisation", metavar="MEMBER", help="with --rule, --month and --means")
    parser.add_argument("--rule")
    parser.add_argument("--month", metavar="YYYY-MM", help="of the cotisation (default: this month)")
    parser.add_argument("--means", choices=("transfer", "debit"), default="transfer")
    parser.add_argument("--cotisation-returned", metavar="REFERENCE", help="the bank took a cotisation back")
    parser.add_argument("--gift", metavar="DONOR", help="donor:ID or member:ID, with --fund")
    parser.add_argument("--top-up", metavar="MEMBER", help="a member's own money, into --purse")
    parser.add_argument("--purse", default="own")
    parser.add_argument("--deposit", type=int, help="cash or cheques that one person counted")
    parser.add_argument("--charge", action="store_true", help="the bank's charges, of --fund or as voted")
    parser.add_argument("--repayment", type=int, help="a funder was paid back")
    parser.add_argument("--nothing", action="store_true", help="the lines cancel each other")
    parser.add_argument("--reason", help="of what came back, when the bank gave no code")
    parser.add_argument("--another", action="store_true", help="it is not what was recorded by hand with that amount")


def _unmatch_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("match", type=int)


ENTRIES = (
    Entry(words=("bank", "lines"), group=Group.BANK, does="lines of the bank that wait, and what they may be", run=lines,
          arguments=_lines_arguments),
    Entry(words=("bank", "match"), group=Group.BANK, does="say what lines are, one by one or all that are known", run=match,
          arguments=_match_arguments, signed=True),
    Entry(words=("bank", "unmatch"), group=Group.BANK, does="a match was wrong", run=unmatch, arguments=_unmatch_arguments,
          signed=True),
)  # fmt: skip
