"""Law: a contract is typed from its paper: its season, its price, its instalments; the cents are the rules' business."""

import argparse
import calendar
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from clearing.cli.books import read_book, whole_book
from clearing.cli.contract_reports import instalments, seasons, sheet, shown, statement
from clearing.cli.desk import Desk, Misused, day, today, whole
from clearing.cli.entry import Entry, Group
from clearing.cli.lists import Row, read_list
from clearing.cli.opening_contracts import read_portion
from clearing.installation.amounts import counted, read_euros, read_percent
from clearing.installation.office import NotAllowed
from clearing.rules.amap.contracting import DAYS_MAX, SKIPS
from clearing.rules.amap.contracts import Contract, Season
from clearing.rules.amap.schedules import INSTALMENTS_MAX
from clearing.rules.book import Book
from clearing.values import WHOLE, ContractId, InvalidValue, MemberId, ProducerId, SeasonId

_NEEDS: Final = ("contract", "season", "member", "euros", "instalments", "first_due", "portion")
_MAY: Final = ("joins", "fund", "fund_percent", "fund_until")


async def season(desk: Desk) -> None:
    given = desk.arguments
    days = [given.first + timedelta(days=given.every * number) for number in range(given.number)]
    left = [one for one in days if one not in given.without]
    double = set(given.double)
    await desk.order("open_season", {
        "season": given.season, "title": given.title or given.season, "producer": given.producer,
        "days": [{"on": one.isoformat(), "weight": 2 if one in double else 1} for one in left],
        "mode": "through-caisse" if given.through_caisse else "recorded", "skip": given.skip, "skip_days": given.skip_days,
        "decision": given.decision,
    })
    money = "Money goes through the caisse." if given.through_caisse else "Cheques go to the producer; the caisse records."
    desk.say(f"The season {given.season} has {counted(len(left), 'delivery day')} from {left[0]} to {left[-1]}. {money}")


async def add(desk: Desk) -> None:
    given = desk.arguments
    due = [one.isoformat() for one in given.due] or monthly(given.first_due or today(), given.instalments)
    body: dict[str, object] = {
        "contract": given.contract, "season": given.season, "member": given.member, "full_cents": read_euros(given.euros),
        "portions": [_portion(one) for one in given.portion], "instalments": [{"due_on": one} for one in due],
        "joins_on": given.joins.isoformat() if given.joins else None,
        **_fund(given.fund, given.fund_percent, given.fund_until.isoformat() if given.fund_until else ""),
    }
    await desk.order("sign_contract", body)
    contract, _ = _known(await read_book(desk), given.contract)
    desk.say(f"{given.contract} of {given.member} is signed:")
    for line in instalments(contract, today().isoformat()):
        desk.say(line)


def monthly(first: date, number: int) -> list[str]:
    """The same day of so many months; the last of a shorter one."""
    days = []
    for place in range(number):
        year, month = first.year + (first.month - 1 + place) // 12, (first.month - 1 + place) % 12 + 1
        days.append(date(year, month, min(first.day, calendar.monthrange(year, month)[1])).isoformat())
    return days


def _fund(fund: str | None, percent: str | None, until: str) -> dict[str, object]:
    if not fund:
        return {}
    return {"fund": fund, "fund_rate": read_percent(percent or "", what="the fund's part"), "fund_until": until}


def _portion(text: str) -> dict[str, object]:
    """ "basket" or "eggs=0.5". Raises Misused."""
    try:
        return read_portion(text)
    except InvalidValue as wrong:
        raise Misused(str(wrong)) from None


async def import_list(desk: Desk) -> int:
    """Contract by contract: one that is signed already is left, one that can't be signed is told with its reason."""
    rows = read_list(desk.arguments.file, needs=_NEEDS, may=_MAY)
    bodies = [_body_of(row) for row in rows]
    officer, book = desk.officer(desk.code), await read_book(desk)
    signed = 0
    refused: list[str] = []
    for body in bodies:
        if _is_signed(book, body):
            continue
        try:
            await officer.order("sign_contract", body)
            signed += 1
        except NotAllowed as no:
            refused.append(f"{body['contract']}: {no}")
    for reason in refused:
        desk.say(reason)
    before = len(bodies) - signed - len(refused)
    desk.say(f"{counted(signed, 'contract')} signed, {before} signed before, {len(refused)} refused.")
    return 1 if refused else 0


def _body_of(row: Row) -> dict[str, object]:
    try:
        number = whole(1, INSTALMENTS_MAX)(row["instalments"])
        return {
            "contract": row["contract"], "season": row["season"], "member": row["member"],
            "full_cents": read_euros(row["euros"]), "portions": [_portion(one) for one in row["portion"].split("+")],
            "instalments": [{"due_on": one} for one in monthly(day(row["first_due"]), number)],
            "joins_on": row.get("joins") or None,
            **_fund(row.get("fund"), row.get("fund_percent"), row.get("fund_until") or ""),
        }
    except (ValueError, Misused, argparse.ArgumentTypeError) as wrong:
        raise Misused(f"The line of {row['contract']}: {wrong}. Nothing was signed") from None


def _is_signed(book: Book, body: dict[str, object]) -> bool:
    known = book.contracts.contracts.get(ContractId(str(body["contract"])))
    return known is not None and (known.season, known.member) == (body["season"], body["member"])


def _known(book: Book, name: str) -> tuple[Contract, Season]:
    """Raises Misused."""
    contract = book.contracts.contracts.get(ContractId(name))
    if contract is None:
        raise Misused(f"There is no contract {name}; clearing contract list shows them")
    return contract, book.contracts.season_of(contract)


def _season(book: Book, name: str) -> SeasonId:
    """Raises Misused."""
    if SeasonId(name) not in book.contracts.seasons:
        raise Misused(f"There is no season {name}; clearing contract list shows them")
    return SeasonId(name)


async def deliver(desk: Desk) -> None:
    """An attendance sheet, as `contract sheet` prints it, with its column `taken` filled in."""
    given = desk.arguments
    rows = read_list(given.file, needs=("contract",), may=("fetched by", "portion", "crop", "taken"))
    taken = [{"contract": row["contract"], "outcome": row.get("taken") or "absent"} for row in rows]
    await desk.order("record_deliveries", {"season": given.season, "on": given.on.isoformat(), "taken": taken})
    absent = sum(one["outcome"] == "absent" for one in taken)
    desk.say(f"{counted(len(taken) - absent, 'basket')} of {given.season} fetched on {given.on}, {absent} not.")


async def skip(desk: Desk) -> None:
    given = desk.arguments
    to_on = given.to.isoformat() if given.to else None
    await desk.order("skip_delivery", {"contract": given.contract, "on": given.on.isoformat(), "to_on": to_on})
    desk.say(f"No basket for {given.contract} on {given.on}; " + (f"it comes on {to_on}." if to_on else "its value is lost."))


async def swap(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("swap_deliveries", {
        "contract": given.contract, "on": given.on.isoformat(), "other": given.other, "other_on": given.other_on.isoformat()
    })
    desk.say(f"{given.other} fetches the basket of {given.on}, {given.contract} the one of {given.other_on}. No money moves.")


async def loss(desk: Desk) -> None:
    given = desk.arguments
    kept = read_percent(given.kept, what="--kept")
    if kept > WHOLE:
        raise Misused(f"--kept is what is left of each basket, from 0 to 100 percent, not {given.kept}")
    await desk.order("declare_crop_loss", {
        "season": given.season, "on": given.on.isoformat(), "kept_rate": kept,
        "reason": given.reason,
    })
    desk.say(f"The baskets of {given.season} on {given.on} are {given.kept} % of themselves. What the producer gets stays.")


async def listed(desk: Desk) -> None:
    for line in seasons(await read_book(desk), today().isoformat()):
        desk.say(line)


async def show(desk: Desk) -> None:
    book = await read_book(desk)
    _known(book, desk.arguments.contract)
    for line in shown(book, ContractId(desk.arguments.contract), today().isoformat()):
        desk.say(line)


async def show_instalments(desk: Desk) -> None:
    contract, _ = _known(await read_book(desk), desk.arguments.contract)
    for line in instalments(contract, today().isoformat()):
        desk.say(line)


async def print_sheet(desk: Desk) -> None:
    given = desk.arguments
    names: dict[MemberId, str] = {}
    async with desk.opened() as installation:
        async with installation.reading(desk.code) as log:
            book = await whole_book(log)
        name = _season(book, given.season)
        if given.names:
            members = {one.member for one in book.contracts.contracts.values() if one.season == name}
            async with installation.people_of(desk.code) as people:
                for member in sorted(members):
                    record = await people.newest(f"member:{member}", "name")
                    if record is not None:
                        names[member] = record.fields["name"]
    for line in sheet(book, name, given.on.isoformat(), names):
        desk.say(line)


async def print_statement(desk: Desk) -> None:
    book = await read_book(desk)
    if desk.arguments.producer not in book.producers.producers:
        raise Misused(f"There is no producer {desk.arguments.producer}; clearing producer list shows them")
    for line in statement(book, ProducerId(desk.arguments.producer), today().isoformat()):
        desk.say(line)


def _season_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("season", help="a short name, like veg-2026")
    parser.add_argument("--producer", required=True)
    parser.add_argument("--title")
    parser.add_argument("--first", type=day, required=True, metavar="YYYY-MM-DD", help="the first delivery day")
    parser.add_argument("--every", type=whole(1, 366), default=7, metavar="DAYS", help="days from one to the next (default 7)")
    parser.add_argument("--number", type=whole(1, DAYS_MAX), required=True, help="how many delivery days")
    parser.add_argument("--without", type=day, action="append", default=[], metavar="YYYY-MM-DD", help="no delivery then")
    parser.add_argument("--double", type=day, action="append", default=[], metavar="YYYY-MM-DD", help="two baskets then")
    parser.add_argument("--skip", choices=SKIPS, default="moved", help="what becomes of a skipped basket (default: moved)")
    parser.add_argument("--skip-days", type=whole(0, 365), default=7, help="skipped at least so long before (default 7)")
    parser.add_argument("--through-caisse", action="store_true", help="the households' money goes through the caisse: voted")
    parser.add_argument("--decision", help="the vote for it")


def _terms(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("contract", help="a short name, used once: it is typed at the till")
    parser.add_argument("--season", required=True)
    parser.add_argument("--member", required=True)
    parser.add_argument("--euros", required=True, help="price of the whole season, like 128.50")
    parser.add_argument("--portion", action="append", required=True, metavar="NAME=QUANTITY", help="each time; repeatable")
    parser.add_argument("--instalments", type=whole(1, INSTALMENTS_MAX), default=1)
    parser.add_argument("--first-due", type=day, metavar="YYYY-MM-DD", help="first instalment, the others month by month")
    parser.add_argument("--due", type=day, action="append", default=[], metavar="YYYY-MM-DD", help="or each day; repeatable")
    parser.add_argument("--fund", help="pays a part of each instalment")
    parser.add_argument("--fund-percent", metavar="PERCENT", help="its part, like 50")
    parser.add_argument("--fund-until", type=day, metavar="YYYY-MM-DD", help="the last day on which it pays")


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    _terms(parser)
    parser.set_defaults(joins=None)


def _join_arguments(parser: argparse.ArgumentParser) -> None:
    _terms(parser)
    parser.add_argument("--from", dest="joins", type=day, required=True, metavar="YYYY-MM-DD", help="first delivery they get")


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help=f"CSV with the columns {', '.join(_NEEDS)}; and if need be {', '.join(_MAY)}")


def _on(parser: argparse.ArgumentParser, name: str = "on") -> None:
    parser.add_argument(name, type=day, metavar="YYYY-MM-DD")


def _deliver_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("season")
    _on(parser)
    parser.add_argument("file", type=Path, help="the sheet of clearing contract sheet; taken: taken, reduced, absent")


def _skip_arguments(parser: argparse.ArgumentParser) -> None:
    _one(parser)
    _on(parser)
    parser.add_argument("--to", type=day, metavar="YYYY-MM-DD", help="the later delivery it moves to")


def _swap_arguments(parser: argparse.ArgumentParser) -> None:
    _one(parser)
    _on(parser)
    parser.add_argument("other", help="the other household's contract")
    _on(parser, "other_on")


def _loss_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("season")
    _on(parser)
    parser.add_argument("--kept", required=True, metavar="PERCENT", help="how much of each basket there is; 0: none")
    parser.add_argument("--reason", required=True)


def _one(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("contract")


def _sheet_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("season")
    _on(parser)
    parser.add_argument("--names", action="store_true", help="members' names instead of pseudonyms, at the desk")


def _statement_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("producer")


ENTRIES = (
    Entry(words=("contract", "season"), group=Group.PRODUCERS, does="open a season of AMAP contracts", run=season,
          arguments=_season_arguments, signed=True),
    Entry(words=("contract", "add"), group=Group.PRODUCERS, does="sign a household's contract", run=add,
          arguments=_add_arguments, signed=True),
    Entry(words=("contract", "join"), group=Group.PRODUCERS, does="sign one that begins late, at its exact part", run=add,
          arguments=_join_arguments, signed=True),
    Entry(words=("contract", "import"), group=Group.PRODUCERS, does="sign the contracts of a CSV file", run=import_list,
          arguments=_import_arguments, signed=True),
    Entry(words=("contract", "sheet"), group=Group.PRODUCERS, does="print a distribution's attendance sheet", run=print_sheet,
          arguments=_sheet_arguments),
    Entry(words=("contract", "deliver"), group=Group.PRODUCERS, does="record a filled-in attendance sheet", run=deliver,
          arguments=_deliver_arguments, signed=True),
    Entry(words=("contract", "skip"), group=Group.PRODUCERS, does="a household leaves a basket out", run=skip,
          arguments=_skip_arguments, signed=True),
    Entry(words=("contract", "swap"), group=Group.PRODUCERS, does="two households swap their days", run=swap,
          arguments=_swap_arguments, signed=True),
    Entry(words=("contract", "loss"), group=Group.PRODUCERS, does="a crop was lost: baskets of a day are smaller", run=loss,
          arguments=_loss_arguments, signed=True),
    Entry(words=("contract", "list"), group=Group.PRODUCERS, does="list seasons and contracts", run=listed),
    Entry(words=("contract", "show"), group=Group.PRODUCERS, does="show one contract whole", run=show, arguments=_one),
    Entry(words=("contract", "instalments"), group=Group.PRODUCERS, does="show who pays what when", run=show_instalments,
          arguments=_one),
    Entry(words=("contract", "statement"), group=Group.PRODUCERS, does="a producer's contracts: delivered, received, to come",
          run=print_statement, arguments=_statement_arguments),
)  # fmt: skip
