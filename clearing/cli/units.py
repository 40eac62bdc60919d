"""Law: a second unit is counted in pieces, entered at a desk or from a stall's list, and shown apart from every euro."""

import argparse
from pathlib import Path

from clearing.cli.books import events, read_book
from clearing.cli.desk import Desk, Misused, whole
from clearing.cli.entry import Entry, Group
from clearing.cli.lists import read_list
from clearing.events.catalogue import Event
from clearing.events.units import UnitIssued, UnitMoved, UnitOpened, UnitTakenBack
from clearing.installation.amounts import counted
from clearing.rules.collective.units import MOVES
from clearing.values import identifier

_PIECES = whole(1, 100_000_000)


def holder(text: str) -> str:
    """ "m-1" is a member, "producer:field" a producer. Raises InvalidValue."""
    kind, colon, who = text.partition(":")
    if not colon:
        return f"member:{identifier(text, what='a member')}"
    if kind not in ("member", "producer"):
        raise Misused(f"Write a member's pseudonym, or producer:SHORTNAME, not {text!r}")
    return f"{kind}:{identifier(who, what=f'a {kind}')}"


def spoken(name: str) -> str:
    return name.removeprefix("member:").replace(":", " ")


async def open_unit(desk: Desk) -> None:
    await desk.order("open_unit", {"unit": desk.arguments.unit, "name": desk.arguments.name})
    desk.say(f"{desk.arguments.name} is a unit of its own: no operation turns it into euros or into another unit. "
             f"Next: clearing unit issue {desk.arguments.unit} MEMBER PIECES --for TEXT")  # fmt: skip


async def issue(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("issue_unit", {
        "unit": given.unit, "pieces": given.pieces, "holder": holder(given.to), "reference": given.reference,
    })  # fmt: skip
    desk.say(f"{spoken(holder(given.to))} has {given.pieces} {given.unit} more.")


async def pay(desk: Desk) -> None:
    given = desk.arguments
    await _move(desk, given.unit, [_one(given.member, f"producer:{given.producer}", given.pieces, given.reference)])
    desk.say(f"{given.member} paid {given.pieces} {given.unit} to {given.producer}.")


async def move(desk: Desk) -> None:
    given = desk.arguments
    await _move(desk, given.unit, [_one(given.giver, given.taker, given.pieces, given.reference)])
    desk.say(f"{given.pieces} {given.unit} went from {spoken(holder(given.giver))} to {spoken(holder(given.taker))}.")


async def evening_list(desk: Desk) -> None:
    """What a stall wrote down during the day; all lines or none."""
    given = desk.arguments
    rows = read_list(given.file, needs=("member", "pieces"), may=("reference",))
    moves = []
    for place, row in enumerate(rows, start=2):
        if not row["pieces"].isdecimal() or not 1 <= int(row["pieces"]) <= 100_000_000:
            raise Misused(f"{given.file}, line {place}: pieces are a whole number, not {row['pieces']!r}")
        reference = row.get("reference") or given.file.stem
        moves.append(_one(row["member"], f"producer:{given.producer}", int(row["pieces"]), reference))
    await _move(desk, given.unit, moves)
    total = sum(int(row["pieces"]) for row in rows)
    desk.say(f"{counted(len(rows), 'payment')} to {given.producer} entered, {total} {given.unit} in all.")


def _one(giver: str, taker: str, pieces: int, reference: str) -> dict[str, object]:
    return {"giver": holder(giver), "taker": holder(taker), "pieces": pieces, "reference": reference}


async def _move(desk: Desk, unit: str, moves: list[dict[str, object]]) -> None:
    await desk.order("move_units", {"unit": unit, "moves": moves})


async def take_back(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("take_back_unit", {
        "unit": given.unit, "pieces": given.pieces, "holder": holder(given.holder), "reference": given.reference,
    })  # fmt: skip
    desk.say(f"{given.pieces} {given.unit} of {spoken(holder(given.holder))} are out of circulation.")


async def list_units(desk: Desk) -> None:
    units = (await read_book(desk)).units.units
    for code, unit in units.items():
        desk.say(f"{code}: {unit.name}, {unit.issued} in circulation, no euro behind it")
        for name, pieces in sorted(unit.held.items()):
            desk.say(f"  {spoken(name):30} {pieces:>12}")
    if not units:
        desk.say("No second unit; open one with: clearing unit open CODE --name NAME")


async def statement(desk: Desk) -> None:
    """What one holder got and gave, oldest first."""
    unit, name = desk.arguments.unit, holder(desk.arguments.holder)
    balance = 0
    opened = False
    async with desk.opened() as installation, installation.reading(desk.code) as log:
        async for row, event in events(log):
            opened = opened or (isinstance(event, UnitOpened) and event.unit == unit)
            pieces = _pieces(event, unit, name)
            if pieces:
                balance += pieces
                desk.say(f"{row.position:>8}  {pieces:>+10}  {balance:>10}  {getattr(event, 'reference', '')}")
    if not opened:
        raise Misused(f"There is no unit {unit}; those there are: clearing unit list")
    desk.say(f"{spoken(name)} holds {balance} {unit}.")


def _pieces(event: Event, unit: str, name: str) -> int:
    """What the event adds to the holder's pieces of this unit."""
    if not isinstance(event, UnitIssued | UnitMoved | UnitTakenBack) or event.unit != unit:
        return 0
    return -MOVES[type(event)](event).get(name, 0)


def _unit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("unit", help="the unit's code")


def _open_arguments(parser: argparse.ArgumentParser) -> None:
    _unit(parser)
    parser.add_argument("--name", required=True, help="as people say it")


def _reference(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--for", dest="reference", required=True, metavar="TEXT", help="what for; never a name")


def _issue_arguments(parser: argparse.ArgumentParser) -> None:
    _unit(parser)
    parser.add_argument("to", help="a member, or producer:SHORTNAME")
    parser.add_argument("pieces", type=_PIECES)
    _reference(parser)


def _pay_arguments(parser: argparse.ArgumentParser) -> None:
    _unit(parser)
    parser.add_argument("member")
    parser.add_argument("producer")
    parser.add_argument("pieces", type=_PIECES)
    _reference(parser)


def _move_arguments(parser: argparse.ArgumentParser) -> None:
    _unit(parser)
    parser.add_argument("giver", help="a member, or producer:SHORTNAME")
    parser.add_argument("taker", help="a member, or producer:SHORTNAME")
    parser.add_argument("pieces", type=_PIECES)
    _reference(parser)


def _evening_arguments(parser: argparse.ArgumentParser) -> None:
    _unit(parser)
    parser.add_argument("producer", help="whose stall it was")
    parser.add_argument("file", type=Path, help="CSV with the columns member, pieces, reference")


def _back_arguments(parser: argparse.ArgumentParser) -> None:
    _unit(parser)
    parser.add_argument("holder", help="a member, or producer:SHORTNAME")
    parser.add_argument("pieces", type=_PIECES)
    _reference(parser)


def _statement_arguments(parser: argparse.ArgumentParser) -> None:
    _unit(parser)
    parser.add_argument("holder", help="a member, or producer:SHORTNAME")


ENTRIES = (
    Entry(words=("unit", "open"), group=Group.MONEY, does="a second unit with no euro behind it", run=open_unit,
          arguments=_open_arguments, signed=True),
    Entry(words=("unit", "issue"), group=Group.MONEY, does="give new pieces of a unit", run=issue, arguments=_issue_arguments,
          signed=True),
    Entry(words=("unit", "pay"), group=Group.MONEY, does="a member pays a producer in a unit", run=pay,
          arguments=_pay_arguments, signed=True),
    Entry(words=("unit", "move"), group=Group.MONEY, does="pieces change hands, or go back", run=move,
          arguments=_move_arguments, signed=True),
    Entry(words=("unit", "evening"), group=Group.MONEY, does="enter a stall's list of payments in a unit", run=evening_list,
          arguments=_evening_arguments, signed=True),
    Entry(words=("unit", "take-back"), group=Group.MONEY, does="take pieces out of circulation", run=take_back,
          arguments=_back_arguments, signed=True),
    Entry(words=("unit", "list"), group=Group.MONEY, does="list the units and who holds what", run=list_units),
    Entry(words=("unit", "statement"), group=Group.MONEY, does="what a holder got and gave", run=statement,
          arguments=_statement_arguments),
)  # fmt: skip
