"""Law: what came too late stands in a list with what to do about it, until two people have said what becomes of it."""

import argparse
from datetime import datetime

from clearing.cli.books import read_book
from clearing.cli.desk import Desk, Misused, whole
from clearing.cli.entry import Entry, Group
from clearing.cli.proposals import agreed
from clearing.installation.amounts import counted, euros
from clearing.rules.selling.exceptions import HOWS, LATE_CAPTURE

_NUMBER = whole(1, 10**10)
_TO_DO = {
    LATE_CAPTURE: "Ask whether the goods left. If they did: accepted, with --consent when the member agreed that her purse "
                  "pays; else the guarantee fund does. If not: refused",
    "reversal": "Agree with the producer (a refund at the till, or money returned), then: noted",
}  # fmt: skip


async def list_exceptions(desk: Desk) -> None:
    book = await read_book(desk)
    zone = book.caisse.calendar.zone
    for number, item in sorted(book.exceptions.open.items()):
        when = datetime.fromtimestamp(item.at_us // 1_000_000, zone)
        much = f", {euros(item.amount_cents)} EUR of goods" if item.amount_cents else ""
        desk.say(f"{number:>8}  {when:%Y-%m-%d %H:%M}  {item.producer:24} {item.kind}{much}: {item.told}")
        proposal = book.exceptions.proposed.get(number)
        if proposal is None:
            desk.say(f"          {_TO_DO[item.kind]}: clearing exception propose {number} --how HOW --reason TEXT")
        else:
            desk.say(f"          {proposal.by} proposes: {proposal.how}{' with consent' if proposal.consent else ''} "
                     f"({proposal.reason}). Another person: clearing exception resolve {number}")  # fmt: skip
    desk.say(f"{counted(len(book.exceptions.open), 'exception')} open. One sale in full: clearing why NUMBER")


async def propose(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("propose_exception_end", {
        "exception": given.number, "how": given.how, "consent": given.consent, "reason": given.reason,
    })  # fmt: skip
    desk.say(f"It is proposed that exception {given.number} is {given.how}. Next, another person than you: clearing exception "
             f"resolve {given.number}")  # fmt: skip


async def resolve(desk: Desk) -> None:
    number = desk.arguments.number
    proposal = (await read_book(desk)).exceptions.proposed.get(number)
    if proposal is None:
        raise Misused(f"Nobody proposed what becomes of exception {number}; first: clearing exception propose {number} ...")
    consent = ", the member agreed that her purse pays" if proposal.consent else ""
    desk.say(f"{proposal.by} proposes that exception {number} is {proposal.how}{consent}: {proposal.reason}")
    agreed("Agree?")
    await desk.order("resolve_exception", {"exception": number, "how": proposal.how, "consent": proposal.consent})
    desk.say(f"Exception {number} is {proposal.how} and no longer open.")


def _number(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", type=_NUMBER, help="as clearing exceptions shows it")


def _propose_arguments(parser: argparse.ArgumentParser) -> None:
    _number(parser)
    parser.add_argument("--how", required=True, choices=HOWS)
    parser.add_argument("--consent", action="store_true", help="the member agreed that her purse pays what it can")
    parser.add_argument("--reason", required=True, help="for whoever reads it in a year")


ENTRIES = (
    Entry(words=("exceptions",), group=Group.LOOKING, does="list what came too late, and what to do about it",
          run=list_exceptions),
    Entry(words=("exception", "propose"), group=Group.SETTLEMENT, does="propose what becomes of an exception", run=propose,
          arguments=_propose_arguments, signed=True),
    Entry(words=("exception", "resolve"), group=Group.SETTLEMENT, does="another person agrees to it", run=resolve,
          arguments=_number, signed=True),
)  # fmt: skip
