"""Law: an adjustment is shown with its reason before another person makes it; amounts are euros, and nothing is guessed."""

import argparse
from typing import Final

from clearing.cli.books import read_book
from clearing.cli.desk import Desk, Misused, day, whole
from clearing.cli.entry import Entry, Group
from clearing.cli.proposals import agreed
from clearing.events.adjustments import Adjustment
from clearing.installation.amounts import euros, read_euros
from clearing.rules.treasury.adjusting import DEBIT, KINDS

_NUMBER: Final = whole(1, 10**9)


def told(what: Adjustment) -> str:
    """One adjustment in words."""
    amount = f"{euros(what.cents)} EUR"
    return {
        "owe": f"{amount} more are owed to {what.who}, out of fund {what.fund}",
        "owe-less": f"{amount} less are owed to {what.who}, and go to fund {what.fund}",
        "paid-outside": f"{amount} were paid to {what.who} at the bank, outside a batch",
        "write-off": f"{amount} that {what.who} owes are borne by fund {what.fund}",
        "credit": f"{amount} into the purse {what.purse} of {what.who}, out of fund {what.fund}",
        "debit": f"{amount} out of the purse {what.purse} of {what.who}, at most what is there",
    }[what.kind]


async def propose(desk: Desk) -> None:
    given = desk.arguments
    body: dict[str, object] = {
        "kind": given.kind, "who": given.who, "cents": read_euros(given.euros), "reason": given.reason,
    }  # fmt: skip
    body |= {name: value for name, value in (("fund", given.fund), ("purse", given.purse), ("error", given.error)) if value}
    if given.until is not None:
        calendar = (await read_book(desk)).caisse.calendar
        body["expires_us"] = calendar.end_of_day_us(given.until)
    done = await desk.order("propose_adjustment", body)
    when = ""
    if given.kind == DEBIT:
        when = f" from {done['from_on']} on, and tell the member now, by name and in person"
    desk.say(f"Proposed under number {done['adjustment']}. Another person than you{when}: clearing adjust make "
             f"{done['adjustment']}")  # fmt: skip


async def make(desk: Desk) -> None:
    number = desk.arguments.number
    pending = (await read_book(desk)).adjustments.pending.get(number)
    if pending is None:
        raise Misused(f"Nothing is proposed under number {number}; first: clearing adjust propose")
    desk.say(f"{pending.proposed.by} proposes: {told(pending.proposed.what)}, because {pending.proposed.reason}"
             f"{f' (error: {pending.proposed.error})' if pending.proposed.error else ''}.")  # fmt: skip
    agreed("Is that what the papers say?")
    await desk.order("make_adjustment", {"adjustment": number, "cents": int(pending.proposed.what.cents)})
    left = (await read_book(desk)).adjustments.pending.get(number)
    if left is not None:
        desk.say(f"Made as far as it goes; {euros(left.rest_cents)} EUR may be taken from the next month's credit, once: "
                 f"clearing adjust make {number}")  # fmt: skip
    else:
        desk.say("Made. A producer reads it on the next statement.")


async def drop(desk: Desk) -> None:
    await desk.order("drop_adjustment", {"adjustment": desk.arguments.number})
    desk.say("Dropped; nothing moved by it any more.")


def _propose_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("who", help="the producer, or the member of a credit or debit")
    parser.add_argument("euros", help="like 20.00")
    parser.add_argument("--fund", help="that pays it, or gets it")
    parser.add_argument("--purse", help="of a credit or debit")
    parser.add_argument("--until", type=day, metavar="YYYY-MM-DD", help="last day of a credit (default: it does not end)")
    parser.add_argument("--error", help="of a debit: what the system did wrong")
    parser.add_argument("--reason", required=True, help="for whoever reads it in a year")


def _number(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", type=_NUMBER)


ENTRIES = (
    Entry(words=("adjust", "propose"), group=Group.SETTLEMENT, does="propose what sales don't explain: owed, paid, credited",
          run=propose, arguments=_propose_arguments, signed=True),
    Entry(words=("adjust", "make"), group=Group.SETTLEMENT, does="make it, as another person", run=make, arguments=_number,
          signed=True),
    Entry(words=("adjust", "drop"), group=Group.SETTLEMENT, does="give an adjustment up", run=drop, arguments=_number,
          signed=True),
)  # fmt: skip
