"""Law: what is paid for a contract, and what goes back when somebody leaves, is said to the cent."""

import argparse
from dataclasses import asdict

from clearing.cli.books import events, read_book
from clearing.cli.contract_reports import told_end
from clearing.cli.desk import Desk, Misused, day, today, whole
from clearing.cli.entry import Entry, Group
from clearing.events.contracts import ContractEnded, ContractSigned, SeasonOpened
from clearing.installation.amounts import counted, euros, read_euros
from clearing.rules.amap.contracts import THROUGH
from clearing.rules.amap.schedules import INSTALMENTS_MAX
from clearing.rules.treasury.takings import MEANS
from clearing.values import ContractId, SeasonId

_INSTALMENT = whole(1, INSTALMENTS_MAX)


async def pay(desk: Desk) -> None:
    given = desk.arguments
    done = await desk.order("pay_instalment", {
        "contract": given.contract, "instalment": given.instalment, "means": given.means, "reference": given.reference,
        "cents": read_euros(given.euros) if given.euros else None,
    })
    where = f"at the caisse ({done['into']})" if done.get("into") else f"with {done['producer']}; the caisse only records it"
    receipt = f" Give the receipt number {done['receipt']}." if done.get("receipt") else ""
    desk.say(f"Instalment {given.instalment} of {given.contract}: {euros(int(str(done['cents'])))} EUR by {given.means}, "
             f"{where}.{receipt}")  # fmt: skip


async def pay_fund_parts(desk: Desk) -> None:
    given = desk.arguments
    up_to = (given.up_to or today()).isoformat()
    done = await desk.order("pay_fund_parts", {"season": given.season, "up_to_on": up_to, "reference": given.reference})
    desk.say(f"{counted(int(str(done.get('events', 1))), 'fund part')} of {given.season} due by {up_to}: owed to the "
             "producer, in the next batch.")  # fmt: skip


async def returned(desk: Desk) -> None:
    given = desk.arguments
    done = await desk.order("return_instalment", {
        "contract": given.contract, "instalment": given.instalment, "reference": given.reference, "reason": given.reason
    })
    desk.say(f"{euros(int(str(done['cents'])))} EUR of instalment {given.instalment} came back: they are due again.")


async def pay_over(desk: Desk) -> None:
    given = desk.arguments
    up_to = (given.up_to or today()).isoformat()
    done = await desk.order("pay_over_contracts", {"season": given.season, "up_to_on": up_to})
    desk.say(f"{counted(int(str(done.get('events', 1))), 'contract')} of {given.season}: what is due by {up_to} is owed to the "
             "producer, in the next batch.")  # fmt: skip


async def refund(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("refund_contract", {
        "contract": given.contract, "cents": read_euros(given.euros), "reference": given.reference
    })
    desk.say(f"{given.euros} EUR of {given.contract} went back to the household.")


async def end(desk: Desk) -> None:
    """One contract whose member leaves, or all of a season whose producer stops."""
    given = desk.arguments
    last_on = given.last.isoformat() if given.last else None
    if bool(given.contract) == bool(given.season):
        raise Misused("What ends? Name one contract whose member leaves, or --season SEASON when its producer stops")
    body: dict[str, object] = {"last_on": last_on, "reason": given.reason}
    if given.contract:
        body |= {"contract": given.contract, "leaving": given.leaving}
        await desk.order("end_contract", body)
    else:
        await desk.order("end_season", body | {"season": given.season})
    for line in await _ends(desk):
        desk.say(line)


async def _ends(desk: Desk) -> list[str]:
    """What the log says of the contracts that just ended: each event's own figures."""
    given = desk.arguments
    season_of: dict[ContractId, SeasonId] = {}
    modes: dict[SeasonId, str] = {}
    ends: dict[ContractId, ContractEnded] = {}
    async with desk.opened() as installation, installation.reading(desk.code) as log:
        async for _, event in events(log):
            if isinstance(event, SeasonOpened):
                modes[event.season] = event.mode
            elif isinstance(event, ContractSigned):
                season_of[event.contract] = event.season
            elif isinstance(event, ContractEnded):
                ends[event.contract] = event
    return [
        f"{name}: {told_end(asdict(event), modes[season_of[name]] == THROUGH)}" for name, event in ends.items()
        if name == given.contract or season_of[name] == given.season
    ]


async def take_over(desk: Desk) -> None:
    given = desk.arguments
    done = await desk.order("take_over_fund_part", {"contract": given.contract, "agreed": given.agreed})
    desk.say(f"The household of {given.contract} pays the {euros(int(str(done['cents'])))} EUR that no fund pays.")


async def shrink(desk: Desk) -> None:
    given = desk.arguments
    start = given.start or today()
    done = await desk.order("shrink_contract", {"contract": given.contract, "from_on": start.isoformat()})
    book = await read_book(desk)
    total = book.contracts.contracts[ContractId(given.contract)].total_cents
    desk.say(f"{given.contract} is smaller by {euros(int(str(done['cents'])))} EUR from {start} on: {euros(total)} EUR in all.")


def _pay_arguments(parser: argparse.ArgumentParser) -> None:
    _instalment(parser)
    parser.add_argument("--euros", help="when it is not all that is open of it")
    parser.add_argument("--means", choices=MEANS, default="cheque")


def _instalment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("contract")
    parser.add_argument("instalment", type=_INSTALMENT)
    parser.add_argument("--reference", required=True, help="the cheque's number, the bank line, the page of the cash book")


def _returned_arguments(parser: argparse.ArgumentParser) -> None:
    _instalment(parser)
    parser.add_argument("--reason", required=True)


def _up_to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("season")
    parser.add_argument("--up-to", type=day, metavar="YYYY-MM-DD", help="due by this day (default: today)")


def _fund_parts_arguments(parser: argparse.ArgumentParser) -> None:
    _up_to(parser)
    parser.add_argument("--reference", required=True, help="of this run, like run-2026-05")


def _refund_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("contract")
    parser.add_argument("euros")
    parser.add_argument("--reference", required=True, help="the bank line")


def _end_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("contract", nargs="?")
    parser.add_argument("--season", help="all of its contracts: the producer stops")
    parser.add_argument("--leaving", choices=("member", "producer"), default="member")
    parser.add_argument("--last", type=day, metavar="YYYY-MM-DD", help="the last delivery that counts (left out: none)")
    parser.add_argument("--reason", required=True)


def _take_over_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("contract")
    parser.add_argument("--agreed", required=True, help="how the household said yes: 'letter of 3 August'")


def _shrink_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("contract")
    parser.add_argument("--from", dest="start", type=day, metavar="YYYY-MM-DD", help="first smaller delivery (default: today)")


ENTRIES = (
    Entry(words=("contract", "pay"), group=Group.MONEY, does="a household paid an instalment", run=pay,
          arguments=_pay_arguments, signed=True),
    Entry(words=("contract", "fundparts"), group=Group.MONEY, does="pay the funds' parts of a season's instalments",
          run=pay_fund_parts, arguments=_fund_parts_arguments, signed=True),
    Entry(words=("contract", "returned"), group=Group.MONEY, does="a cheque of a contract came back", run=returned,
          arguments=_returned_arguments, signed=True),
    Entry(words=("contract", "payover"), group=Group.MONEY, does="owe the producer what was paid through the caisse",
          run=pay_over, arguments=_up_to, signed=True),
    Entry(words=("contract", "refund"), group=Group.MONEY, does="an ended contract's rest went back", run=refund,
          arguments=_refund_arguments, signed=True),
    Entry(words=("contract", "end"), group=Group.MONEY, does="a member or the producer leaves: exact pro rata", run=end,
          arguments=_end_arguments, signed=True),
    Entry(words=("contract", "takeover"), group=Group.MONEY, does="the household pays what a fund no longer does",
          run=take_over, arguments=_take_over_arguments, signed=True),
    Entry(words=("contract", "shrink"), group=Group.MONEY, does="the contract loses what no fund pays", run=shrink,
          arguments=_shrink_arguments, signed=True),
)  # fmt: skip
