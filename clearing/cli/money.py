"""Law: amounts are typed in euros with two decimals and become cents exactly, or the command is not given."""

import argparse

from clearing.cli.desk import Desk, Misused, whole, zone_of
from clearing.cli.earmarks import earmark_arguments, earmark_body
from clearing.cli.entry import Entry, Group
from clearing.events.codec import decode
from clearing.events.codes import Code
from clearing.events.funds import MoneyNotified, MoneyReceived, PurseCredited
from clearing.installation.amounts import euros, read_euros
from clearing.installation.founding_file import read_wall_time
from clearing.installation.office import NotAllowed


async def refuse_twice(desk: Desk, kind: type[MoneyNotified | MoneyReceived | PurseCredited], stream: str, cents: int) -> None:
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
    await refuse_twice(desk, MoneyReceived, f"fund/{desk.arguments.fund}", cents)
    await desk.order("receive_money", {"fund": desk.arguments.fund, "cents": cents, "reference": desk.arguments.reference})
    desk.say(f"{euros(cents)} EUR are in {desk.arguments.fund}.")


async def grant(desk: Desk) -> None:
    rule, month = desk.arguments.rule, desk.arguments.month
    done = await desk.order("grant", {"rule": rule, "period": month})
    if done.get("event") == "AllocationDeclined":
        need, cover = int(str(done["need_cents"])), int(str(done["cover_cents"]))
        raise NotAllowed(Code.INSUFFICIENT_CREDIT, (
            f"Nobody was credited for {month}: {euros(need)} EUR are needed, {euros(cover)} are there, {euros(need - cover)} "
            f"are missing. Receive money first (clearing money receive {done['fund']} EUROS --reference LINE), or vote less."
        ))
    desk.say(f"{done['head_count']} members have {euros(int(str(done['cents_each'])))} EUR each for {month}, "
             f"{euros(int(str(done['total_cents'])))} EUR in all.")  # fmt: skip


async def grant_one(desk: Desk) -> None:
    given = desk.arguments
    done = await desk.order("grant_single", {"rule": given.rule, "period": given.month, "member": given.member})
    desk.say(f"{given.member} has the {euros(int(str(done['cents'])))} EUR of {given.month} too.")


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
    await desk.order("open_fund", {"fund": given.fund, "kind": given.kind, "name": given.name, "advance_cents": advance,
                                   **await earmark_body(desk)})  # fmt: skip
    desk.say(f"The fund {given.fund} is open. Next: clearing money receive {given.fund} EUROS --reference LINE")


async def set_rule(desk: Desk) -> None:
    given = desk.arguments
    cents = read_euros(given.euros)
    await desk.order("set_allocation_rule", {
        "rule": given.rule, "purse": given.purse, "fund": given.fund, "cents_each": cents, "months_valid": given.months,
        "who": given.group, "decision": given.decision,
    })
    desk.say(f"From the next grant on, rule {given.rule} gives {euros(cents)} EUR a month.")


def _fund_money(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("fund")
    parser.add_argument("euros", help="like 1500.00")
    parser.add_argument("--reference", required=True, help="the bank line or the letter")


def _grant_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("month", help="like 2026-03")
    parser.add_argument("--rule", default="monthly", help="the allocation rule (default: monthly)")


def _grant_one_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("member")
    _grant_arguments(parser)


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
    earmark_arguments(parser)


def _rule_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rule")
    parser.add_argument("euros", help="each member's amount a month, like 150.00")
    parser.add_argument("--fund", required=True)
    parser.add_argument("--decision", required=True)
    parser.add_argument("--purse", default="credit")
    parser.add_argument("--months", type=whole(1, 120), default=2, help="civil months it can be spent, its own included")
    parser.add_argument("--group", action="append", default=[], help="only members of this group; repeatable")


ENTRIES = (
    Entry(words=("fund", "open"), group=Group.MONEY, does="open a fund", run=open_fund, arguments=_open_arguments, signed=True),
    Entry(words=("money", "notify"), group=Group.MONEY, does="a grant was announced", run=notify, arguments=_fund_money,
          signed=True),
    Entry(words=("money", "withdraw"), group=Group.MONEY, does="announced money will not come", run=withdraw,
          arguments=_fund_money, signed=True),
    Entry(words=("money", "receive"), group=Group.MONEY, does="money arrived at the bank", run=receive, arguments=_fund_money,
          signed=True),
    Entry(words=("grant",), group=Group.MONEY, does="credit the month to all members, once", run=grant,
          arguments=_grant_arguments, signed=True),
    Entry(words=("grant-one",), group=Group.MONEY, does="the month's credit for one who came later", run=grant_one,
          arguments=_grant_one_arguments, signed=True),
    Entry(words=("credit",), group=Group.MONEY, does="put money into one member's purse", run=credit,
          arguments=_credit_arguments, signed=True),
    Entry(words=("credit-rule",), group=Group.MONEY, does="set the voted monthly amount", run=set_rule,
          arguments=_rule_arguments, signed=True),
)  # fmt: skip
