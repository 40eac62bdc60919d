"""Law: amounts are typed in euros with two decimals and become cents exactly, or the command is not given."""

import argparse

from clearing.cli.desk import Desk, Misused, day, zone_of
from clearing.cli.earmarks import earmark_arguments, earmark_body
from clearing.cli.entry import Entry, Group
from clearing.events.codec import decode
from clearing.events.funds import MoneyNotified, PurseCredited
from clearing.installation.amounts import euros, read_euros
from clearing.installation.founding_tables import read_wall_time


async def refuse_twice(desk: Desk, kind: type[MoneyNotified | PurseCredited], stream: str, cents: int) -> None:
    """A line of the bank's statement typed a second time is the commonest slip. Raises Misused."""
    reference = desk.arguments.reference
    async with desk.opened() as installation, installation.reading(desk.code) as log:
        after = 0
        while rows := await log.events_of(stream, after=after):
            for row in rows:
                event = decode(row.type, row.schema_version, row.public, row.private)
                if isinstance(event, kind) and (event.cents, event.reference) == (cents, reference):
                    raise Misused(f"{euros(cents)} EUR are recorded already under '{reference}' (event {row.position}); if "
                                  "this is another line, give it a reference of its own")  # fmt: skip
            after = rows[-1].position


async def notify(desk: Desk) -> None:
    cents = read_euros(desk.arguments.euros)
    await refuse_twice(desk, MoneyNotified, f"fund/{desk.arguments.fund}", cents)
    await desk.order("notify_money", {"fund": desk.arguments.fund, "cents": cents, "reference": desk.arguments.reference})
    desk.say(f"{euros(cents)} EUR are announced for {desk.arguments.fund}. When they arrive: clearing money receive")


async def withdraw(desk: Desk) -> None:
    given = desk.arguments
    cents = read_euros(given.euros)
    await desk.order("withdraw_announcement", {"fund": given.fund, "cents": cents, "reference": given.reference})
    desk.say(f"{euros(cents)} EUR less are expected for {given.fund}.")


async def receive(desk: Desk) -> None:
    cents = read_euros(desk.arguments.euros)
    await desk.order("receive_money", {
        "fund": desk.arguments.fund, "cents": cents, "reference": desk.arguments.reference, **line_body(desk),
    })  # fmt: skip
    desk.say(f"{euros(cents)} EUR are in {desk.arguments.fund}.")


async def credit(desk: Desk) -> None:
    given = desk.arguments
    cents = read_euros(given.euros)
    await refuse_twice(desk, PurseCredited, f"member/{given.member}", cents)
    body: dict[str, object] = {"member": given.member, "purse": given.purse, "cents": cents, "reference": given.reference}
    if given.fund:
        body["fund"] = given.fund
    if given.until:
        async with desk.opened() as installation:
            body["expires_us"] = read_wall_time(given.until, await zone_of(installation, desk.code), what="--until")
    await desk.order("credit_purse", body)
    desk.say(f"{euros(cents)} EUR are in the purse '{given.purse}' of {given.member}.")


async def open_fund(desk: Desk) -> None:
    given = desk.arguments
    advance = read_euros(given.advance, what="--advance")
    voted = {"decision": given.decision} if given.decision else {}
    await desk.order("open_fund", {"fund": given.fund, "kind": given.kind, "name": given.name, "advance_cents": advance,
                                   **voted, **await earmark_body(desk)})  # fmt: skip
    desk.say(f"The fund {given.fund} is open. Next: clearing money receive {given.fund} EUROS --reference LINE")


def _fund_money(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("fund")
    parser.add_argument("euros", help="like 1500.00")
    parser.add_argument("--reference", required=True, help="the bank line or the letter")


def line_arguments(parser: argparse.ArgumentParser) -> None:
    """What tells a line of the bank's statement from another one."""
    parser.add_argument("--on", type=day, metavar="YYYY-MM-DD", help="the bank's day of it")
    parser.add_argument("--another", action="store_true", help="the bank did send another line just like one before")


def line_body(desk: Desk) -> dict[str, object]:
    given = desk.arguments
    said: dict[str, object] = {"on": given.on.isoformat()} if given.on else {}
    return said | ({"another": True} if given.another else {})


def _received(parser: argparse.ArgumentParser) -> None:
    _fund_money(parser)
    line_arguments(parser)


def _credit_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("member")
    parser.add_argument("euros", help="like 20.00")
    parser.add_argument("--purse", default="own", help="own: the member's own money (default); or another purse with --fund")
    parser.add_argument("--fund", help="the fund it comes from; left out for the member's own money")
    parser.add_argument("--until", metavar="YYYY-MM-DD", help="first day on which it can't be spent (only with --fund)")
    parser.add_argument("--reference", required=True, help="the bank line or the receipt")


def _open_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("fund")
    parser.add_argument("--kind", required=True, choices=("general", "tier", "solidarity", "sponsor", "guarantee"))
    parser.add_argument("--name", required=True)
    parser.add_argument("--advance", default="0.00", help="how much announced money may be used early (default 0.00)")
    parser.add_argument("--decision", help="the vote for the advance; left out without one")
    earmark_arguments(parser)


ENTRIES = (
    Entry(words=("fund", "open"), group=Group.MONEY, does="open a fund", run=open_fund, arguments=_open_arguments, signed=True),
    Entry(words=("money", "notify"), group=Group.MONEY, does="a grant was announced", run=notify, arguments=_fund_money,
          signed=True),
    Entry(words=("money", "withdraw"), group=Group.MONEY, does="announced money will not come", run=withdraw,
          arguments=_fund_money, signed=True),
    Entry(words=("money", "receive"), group=Group.MONEY, does="money arrived at the bank", run=receive, arguments=_received,
          signed=True),
    Entry(words=("credit",), group=Group.MONEY, does="put money into one member's purse", run=credit,
          arguments=_credit_arguments, signed=True),
)  # fmt: skip
