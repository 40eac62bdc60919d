"""Law: what a solidarity fund gave and got is told by the day, and never of fewer than five draws by themselves."""

import argparse
from typing import Final

from clearing.cli.books import events
from clearing.cli.desk import Desk, Misused, whole, zone_of
from clearing.cli.entry import Entry, Group
from clearing.installation.amounts import counted, euros, read_euros
from clearing.installation.founding_tables import read_bonus_rule, read_solidarity_rule
from clearing.projections.solidarity import FundReport, Solidarities
from clearing.rules.reductions.solidarity import COUPONS_MAX, MEANS

_POLICIES: Final = ("first-come", "lower", "pro-rata")


async def set_rule(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("set_solidarity_rule", read_solidarity_rule({
        "rule": given.rule, "fund": given.fund, "rates": given.reduce, "when_short": given.when_short, "where": given.at,
        "categories": given.category, "terminal_day": given.terminal_day, "producer_day": given.producer_day,
        "fund_day": given.fund_day, "prices": given.price, "coupon": given.coupon,
        "give_terminal_day": given.give_terminal_day, "give_producer_day": given.give_producer_day,
        "give_debt": given.give_debt, "watch": given.watch, "decision": given.decision,
    }))
    offers = ", ".join(f"{percent} %" for percent in given.reduce) or "no reduction"
    desk.say(f"From now on {given.rule} offers {offers} from the fund {given.fund}. Coupons: clearing coupons sell NUMBER "
             f"--fund {given.fund} --means cash --reference RECEIPT")  # fmt: skip


async def sell_coupons(desk: Desk) -> None:
    given = desk.arguments
    done = await desk.order("sell_coupons", {
        "fund": given.fund, "number": given.number, "means": given.means, "reference": given.reference,
    })
    desk.say(f"{counted(given.number, 'coupon')} sold: {euros(int(str(done['cents'])))} EUR are in {given.fund}. Who bought "
             "them is written nowhere.")  # fmt: skip


async def set_bonus(desk: Desk) -> None:
    given = desk.arguments
    table: dict[str, object] = {
        "rule": given.rule, "fund": given.fund, "purse": given.purse, "covers": [_cover(text) for text in given.on],
        "month": given.month, "months_valid": given.months, "short": given.short, "decision": given.decision,
        "who": given.group, "where": given.at,
    }
    if given.since:
        table["from"] = given.since
    if given.until:
        table["until"] = given.until
    async with desk.opened() as installation:
        zone = await zone_of(installation, desk.code)
    await desk.order("set_bonus_rule", read_bonus_rule(table, zone))
    ends = read_euros(given.month, what="--month") == 0
    desk.say(f"The bonus {given.rule} is ended." if ends else
             f"From the next sale on {given.rule} adds to the purse '{given.purse}', at most {given.month} EUR a month each.")


def _cover(text: str) -> dict[str, object]:
    """"fruit-veg=50", or "fruit-veg/3017620422003=50" for one product. Raises Misused."""
    what, equals, percent = text.partition("=")
    category, slash, product = what.partition("/")
    if not equals or not category or (slash and not product):
        raise Misused(f"'{text}' is no bonus; write CATEGORY=PERCENT, like fruit-veg=50, or CATEGORY/PRODUCT=PERCENT")
    cover: dict[str, object] = {"category": category, "rate": percent}
    return cover | {"product": product} if product else cover


async def solidarity(desk: Desk) -> None:
    found = Solidarities()
    async with desk.opened() as installation, installation.reading(desk.code) as log:
        async for row, event in events(log):
            found.take(event, row.position, row.at_us)
    for report in found.reports():
        _say_fund(desk, report)
    for producer, percent in found.watched():
        desk.say(f"Look before payout: draws are {percent} % of the card sales of {producer} since the last batch, more than "
                 "was voted to pass by itself. Ask the producer; nothing is held back.")  # fmt: skip
    if not found.reports():
        desk.say("No fund has a solidarity rule; set one with: clearing solidarity-rule RULE --fund FUND ...")


def _say_fund(desk: Desk, report: FundReport) -> None:
    desk.say(f"Fund {report.fund}: {report.name}")
    desk.say(f"  {'coupons sold':42} {euros(report.coupons_cents):>14} EUR  {counted(report.coupons, 'coupon')}")
    desk.say(f"  {'given at tills':42} {euros(report.given_cents):>14} EUR")
    desk.say(f"  {'drawn, less what was undone or refunded':42} {euros(-report.drawn_cents):>14} EUR")
    desk.say(f"  {'coupons + gives - draws':42} {euros(report.own_cents):>14} EUR")
    desk.say(f"  {'other money in, less other uses':42} {euros(report.other_cents):>14} EUR")
    desk.say(f"  {'in the fund':42} {euros(report.balance_cents):>14} EUR")
    for line in report.lines:
        desk.say(f"    {line.named:40} {line.draws:>6} draws {euros(line.cents):>14} EUR")
    if report.hidden:
        desk.say(f"    {report.hidden}")


def _rule_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rule")
    parser.add_argument("--fund", required=True)
    parser.add_argument("--decision", required=True)
    parser.add_argument("--reduce", action="append", default=[], metavar="PERCENT",
                        help="a reduction that is offered; repeatable")  # fmt: skip
    parser.add_argument("--when-short", choices=_POLICIES, default="first-come",
                        help="what becomes of a draw the fund can't carry (default: first-come, it is refused)")  # fmt: skip
    parser.add_argument("--at", action="append", default=[], metavar="WHERE",
                        help="only at this producer, convention or structure; repeatable")  # fmt: skip
    parser.add_argument("--category", action="append", default=[], help="only on these goods; repeatable")
    parser.add_argument("--terminal-day", default="0.00", metavar="EUROS", help="most that one till draws a day")
    parser.add_argument("--producer-day", default="0.00", metavar="EUROS",
                        help="most that one producer's tills draw a day")  # fmt: skip
    parser.add_argument("--fund-day", default="0.00", metavar="EUROS", help="most that is drawn from the fund a day")
    parser.add_argument("--price", action="append", default=[], metavar="PERCENT",
                        help="a price above 100 that gives; repeatable")  # fmt: skip
    parser.add_argument("--coupon", default="1.00", metavar="EUROS",
                        help="price of a coupon (default 1.00; 0.00: none are sold)")  # fmt: skip
    parser.add_argument("--give-terminal-day", default="100.00", metavar="EUROS",
                        help="most that one till takes for the fund a day")  # fmt: skip
    parser.add_argument("--give-producer-day", default="200.00", metavar="EUROS", help="the same for one producer")
    parser.add_argument("--give-debt", default="300.00", metavar="EUROS",
                        help="most that a producer may come to owe by gives")  # fmt: skip
    parser.add_argument("--watch", default="50", metavar="PERCENT",
                        help="draws as a share of card sales above which the report names the producer")  # fmt: skip


def _coupons_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", type=whole(1, COUPONS_MAX))
    parser.add_argument("--fund", required=True)
    parser.add_argument("--means", required=True, choices=MEANS)
    parser.add_argument("--reference", required=True, help="the receipt or the bank line; never who bought them")


def _bonus_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rule")
    parser.add_argument("--fund", required=True)
    parser.add_argument("--decision", required=True)
    parser.add_argument("--on", action="append", required=True, metavar="CATEGORY=PERCENT",
                        help="of the full price of these goods, like fruit-veg=50; repeatable")  # fmt: skip
    parser.add_argument("--month", required=True, metavar="EUROS",
                        help="most per purse and month, like 25.00 (0.00 ends the bonus)")  # fmt: skip
    parser.add_argument("--purse", default="bonus", help="where it is added (default: bonus)")
    parser.add_argument("--months", type=whole(1, 24), default=2, help="civil months it can be spent, its own included")
    parser.add_argument("--short", choices=("less", "none"), default="less",
                        help="what a short fund does (default: less)")  # fmt: skip
    parser.add_argument("--group", action="append", default=[], help="only members of this group; repeatable")
    parser.add_argument("--at", action="append", default=[], metavar="WHERE",
                        help="only at this producer or structure; repeatable")  # fmt: skip
    parser.add_argument("--since", metavar="YYYY-MM-DD", help="first day it is given")
    parser.add_argument("--until", metavar="YYYY-MM-DD", help="first day it is no longer given")


ENTRIES = (
    Entry(words=("solidarity-rule",), group=Group.MONEY, does="set the voted reductions and prices of a solidarity fund",
          run=set_rule, arguments=_rule_arguments, signed=True),
    Entry(words=("coupons", "sell"), group=Group.MONEY, does="sell coupons to anybody: the fund gets their price",
          run=sell_coupons, arguments=_coupons_arguments, signed=True),
    Entry(words=("bonus-rule",), group=Group.MONEY, does="set the voted bonus after sales", run=set_bonus,
          arguments=_bonus_arguments, signed=True),
    Entry(words=("solidarity",), group=Group.LOOKING, does="coupons, gives and draws of the solidarity funds", run=solidarity),
)  # fmt: skip
