"""Law: a closing is led step by step; whoever asks where it stands is told each thing that is left, with its command."""

import argparse
from datetime import date

from clearing.cli.books import read_book
from clearing.cli.desk import Desk, Misused, day, today
from clearing.cli.entry import Entry, Group
from clearing.cli.proposals import agreed
from clearing.events.closing import Heir
from clearing.installation.amounts import counted, euros, read_euros
from clearing.rules.ends.closing import RELEASES_MAX, leftovers
from clearing.rules.ends.closing_rooms import may_return, own_lots


async def close(desk: Desk) -> None:
    given = desk.arguments
    last_day: date = given.last_day
    book = await read_book(desk)
    bodies = {fund: given.rest_of_all for fund in book.funds if given.rest_of_all}
    for named in given.rest:
        fund, _, body = named.partition("=")
        if not body:
            raise Misused(f"--rest names a fund and who gets its rest, like general='Caisse de Lille', not {named!r}")
        bodies[fund] = body
    await desk.order("propose_closure", {
        "last_day": last_day.isoformat(), "decision": given.decision,
        "heirs": [{"fund": fund, "body": body} for fund, body in bodies.items()],
    })
    desk.say(f"The closing waits for a second officer: clearing caisse close-confirm. Then nobody is credited any more, and "
             f"cards pay until the end of {last_day}.")  # fmt: skip


async def close_confirm(desk: Desk) -> None:
    book = await read_book(desk)
    said = book.closing.proposed
    if said is None:
        raise Misused("No closing waits for a second officer; propose it with: clearing caisse close")
    desk.say(f"Proposed by {said.by}, decision {said.decision}: cards pay until the end of {said.last_day}. This can't be "
             "undone.")  # fmt: skip
    for heir in said.heirs:
        desk.say(f"  the rest of {heir.fund} goes to {heir.body}")
    agreed("Close the caisse like this?")
    await desk.order("confirm_closure", {
        "last_day": said.last_day, "decision": said.decision, "heirs": [heir._asdict() for heir in said.heirs],
    })
    desk.say(f"The caisse is closing. Cards pay until the end of {said.last_day}; tell members and producers. Where it stands: "
             "clearing caisse status")  # fmt: skip


async def own(desk: Desk) -> None:
    """In parts, until no purse is left."""
    book = await read_book(desk)
    purses = sum(1 for _ in own_lots(book))
    for _ in range(max(1, -(-purses // RELEASES_MAX))):
        await desk.order("release_own_money", {})
    book = await read_book(desk)
    for member, cents in book.closing.own.items():
        desk.say(f"  {member:30} {euros(cents):>14} EUR   clearing caisse own-paid {member} --reference LINE")
    desk.say(f"{counted(len(book.closing.own), 'member')} get {euros(sum(book.closing.own.values()))} EUR of their own back.")


async def own_paid(desk: Desk) -> None:
    given = desk.arguments
    done = await desk.order("own_money_paid", {"member": given.member, "reference": given.reference})
    desk.say(f"{given.member} has {euros(int(str(done['cents'])))} EUR back.")


async def rest(desk: Desk) -> None:
    await desk.order("release_rests", {})
    book = await read_book(desk)
    heirs = {heir.fund: heir for heir in book.closing.confirmed.heirs} if book.closing.confirmed is not None else {}
    for fund, cents in book.closing.rests.items():
        body = heirs.get(fund, Heir(fund, "?")).body
        desk.say(f"  {fund:20} {euros(cents):>14} EUR to {body}   clearing caisse rest-paid {fund} --reference LINE")


async def rest_paid(desk: Desk) -> None:
    given = desk.arguments
    done = await desk.order("rest_paid", {"fund": given.fund, "reference": given.reference})
    desk.say(f"The rest of {given.fund}, {euros(int(str(done['cents'])))} EUR, is paid.")


async def seal(desk: Desk) -> None:
    agreed("Seal the log for ever? It can be read and proved afterwards, nothing can be added.")
    await desk.order("seal_caisse", {})
    desk.say("The log is sealed. Keep it with its keys; it can be proved at any time: clearing audit")


async def status(desk: Desk) -> None:
    book = await read_book(desk)
    closing = book.closing
    if closing.sealed:
        desk.say(f"{book.caisse.name} is closed and sealed: every account is empty.")
        return
    if closing.confirmed is None:
        waits = closing.proposed is not None
        desk.say(f"{book.caisse.name} is open" + (f"; credits are frozen by {closing.frozen}." if closing.frozen else "."))
        if waits:
            desk.say("A closing waits for a second officer: clearing caisse close-confirm")
        desk.say("What waits for somebody meanwhile: clearing status")
        return
    desk.say(f"{book.caisse.name} is closing by decision {closing.confirmed.decision}; cards pay until the end of "
             f"{closing.confirmed.last_day}.")  # fmt: skip
    left = [*leftovers(book), *filter(None, [may_return(book, today())])]
    for one in left:
        desk.say(f"  {one}")
    desk.say("Every account is empty: clearing caisse seal" if not left else f"{counted(len(left), 'thing')} left to do.")


async def repaid(desk: Desk) -> None:
    given = desk.arguments
    cents = read_euros(given.euros)
    await desk.order("producer_repaid", {"producer": given.producer, "cents": cents, "reference": given.reference})
    desk.say(f"{given.producer} paid {euros(cents)} EUR back.")


async def freeze(desk: Desk) -> None:
    await desk.order("freeze_credits", {"decision": desk.arguments.decision})
    desk.say("Credits are frozen: nobody is credited, cards still pay with what is there, producers are paid as before.")


async def resume(desk: Desk) -> None:
    await desk.order("resume_credits", {"decision": desk.arguments.decision})
    desk.say("Credits are given again. This month's, if it was not granted: clearing grant YYYY-MM")


def _close_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--last-day", type=day, required=True, metavar="YYYY-MM-DD", help="the last day on which a card pays")
    parser.add_argument("--decision", required=True)
    parser.add_argument("--rest", action="append", default=[],
                        metavar="FUND=BODY", help="who gets what a fund has left; repeatable")
    parser.add_argument("--rest-of-all", metavar="BODY", help="who gets the rest of every fund that --rest does not name")


def _member_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("member")
    parser.add_argument("--reference", required=True, help="the bank line or the receipt")


def _fund_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("fund")
    parser.add_argument("--reference", required=True, help="the bank line")


def _repaid_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("producer")
    parser.add_argument("euros")
    parser.add_argument("--reference", required=True, help="the bank line")


def _decision(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--decision", required=True)


ENTRIES = (
    Entry(words=("credits", "freeze"), group=Group.RULES, does="give no credit for now; cards and payouts go on", run=freeze,
          arguments=_decision, signed=True),
    Entry(words=("credits", "resume"), group=Group.RULES, does="give credit again", run=resume, arguments=_decision,
          signed=True),
    Entry(words=("producer", "repaid"), group=Group.SETTLEMENT, does="a producer paid back what it owed", run=repaid,
          arguments=_repaid_arguments, signed=True),
    Entry(words=("caisse", "close"), group=Group.RULES, does="propose to close the caisse, by a vote", run=close,
          arguments=_close_arguments, signed=True),
    Entry(words=("caisse", "close-confirm"), group=Group.RULES, does="confirm the closing, as another person",
          run=close_confirm, signed=True),
    Entry(words=("caisse", "own"), group=Group.RULES, does="closing: what members get back of their own", run=own, signed=True),
    Entry(words=("caisse", "own-paid"), group=Group.RULES, does="closing: a member has it back", run=own_paid,
          arguments=_member_arguments, signed=True),
    Entry(words=("caisse", "rest"), group=Group.RULES, does="closing: what is left of each fund, for its heir", run=rest,
          signed=True),
    Entry(words=("caisse", "rest-paid"), group=Group.RULES, does="closing: the heir has it", run=rest_paid,
          arguments=_fund_arguments, signed=True),
    Entry(words=("caisse", "seal"), group=Group.RULES, does="closing: nothing is left, seal the log", run=seal, signed=True),
    Entry(words=("caisse", "status"), group=Group.RULES, does="where a closing stands, and what is left to do", run=status),
)  # fmt: skip
