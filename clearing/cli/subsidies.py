"""Law: what a funder promised is recorded as its letter says; money leaves a fund by two people."""

import argparse

from clearing.cli.books import read_book
from clearing.cli.desk import Desk, Misused, whole
from clearing.cli.earmarks import earmark_arguments, earmark_body, earmark_text
from clearing.cli.entry import Entry, Group
from clearing.cli.money import line_arguments, line_body
from clearing.cli.proposals import agreed
from clearing.installation.amounts import euros, read_euros
from clearing.rules.treasury.subsidies import Step


async def notify(desk: Desk) -> None:
    given = desk.arguments
    cents = read_euros(given.euros)
    await desk.order("notify_subsidy", {
        "grant": given.grant, "funder": given.funder, "fund": given.fund, "cents": cents, "purpose": given.purpose,
        "reference": given.reference, **await earmark_body(desk),
    })
    desk.say(f"{given.funder} promised {euros(cents)} EUR for {given.fund}. When a part arrives: "
             f"clearing subsidy receive {given.grant} EUROS --reference LINE")  # fmt: skip


async def receive(desk: Desk) -> None:
    given = desk.arguments
    cents = read_euros(given.euros)
    book = await read_book(desk)
    subsidy = book.subsidies.known.get(given.grant)
    if subsidy is None:
        raise Misused(f"There is no subsidy {given.grant}; those there are: clearing subsidy list")
    await desk.order("receive_subsidy", {
        "grant": given.grant, "cents": cents, "reference": given.reference, **line_body(desk),
    })  # fmt: skip
    left = subsidy.to_come_cents() - cents
    desk.say(f"{euros(cents)} EUR of {given.grant} are in {subsidy.notified.fund}; {euros(left)} EUR are still to come.")


async def reduce(desk: Desk) -> None:
    given = desk.arguments
    body: dict[str, object] = {"grant": given.grant, "reference": given.reference}
    if given.euros is not None:
        body["cents"] = read_euros(given.euros)
    done = await desk.order("reduce_subsidy", body)
    desk.say(f"{given.grant} brings {euros(int(str(done['cents'])))} EUR less than promised. See: clearing funds")


async def give_back(desk: Desk) -> None:
    given = desk.arguments
    cents = read_euros(given.euros)
    done = await desk.order("propose_repayment", {
        "grant": given.grant, "cents": cents, "reason": given.reason, "decision": given.decision,
    })
    desk.say(f"Repayment {done['repayment']} of {euros(cents)} EUR waits for a second person: "
             f"clearing subsidy return-confirm {done['repayment']}")  # fmt: skip


async def give_back_confirm(desk: Desk) -> None:
    number = desk.arguments.number
    book = await read_book(desk)
    known = book.subsidies.repayments.get(number)
    if known is None:
        raise Misused(f"There is no repayment {number}; those that wait: clearing subsidy list")
    said = known.proposed
    desk.say(f"Repayment {number}: {euros(said.cents)} EUR of {said.grant} out of {said.fund}, proposed by {said.by}, "
             f"decision {said.decision}: {said.reason}")  # fmt: skip
    agreed("Give this money back?")
    await desk.order("confirm_repayment", {"repayment": number})
    desk.say(f"{euros(said.cents)} EUR are payable to the funder. When the bank paid: "
             f"clearing subsidy paid {number} --reference LINE")  # fmt: skip


async def give_back_drop(desk: Desk) -> None:
    await desk.order("drop_repayment", {"repayment": desk.arguments.number})
    desk.say(f"Repayment {desk.arguments.number} is given up; the money stays in its fund.")


async def paid(desk: Desk) -> None:
    given = desk.arguments
    done = await desk.order("repayment_paid", {"repayment": given.number, "reference": given.reference})
    desk.say(f"The funder of {done['grant']} has {euros(int(str(done['cents'])))} EUR back.")


async def paid_back(desk: Desk) -> None:
    given = desk.arguments
    done = await desk.order("repayment_sent_back", {"repayment": given.number, "reason": given.reason})
    desk.say(f"{euros(int(str(done['cents'])))} EUR for the funder of {done['grant']} came back; they are payable again.")


async def listing(desk: Desk) -> None:
    book = await read_book(desk)
    zone = book.caisse.calendar.zone
    for grant, one in book.subsidies.known.items():
        said = one.notified
        desk.say(f"{grant:20} {said.funder:24} for {said.fund}: promised {euros(said.cents)}, taken off "
                 f"{euros(one.reduced_cents)}, received {euros(one.received_cents)}, to come {euros(one.to_come_cents())}, "
                 f"given back {euros(one.repaid_cents)} EUR")  # fmt: skip
        desk.say(f"{'':20} {said.purpose}; {earmark_text(said.earmark, zone) or 'not bound'}")
    for number, repayment in book.subsidies.repayments.items():
        if repayment.step in (Step.PROPOSED, Step.CONFIRMED):
            next_step = "return-confirm" if repayment.step is Step.PROPOSED else "paid"
            desk.say(f"Waiting: repayment {number} of {euros(repayment.proposed.cents)} EUR to the funder of "
                     f"{repayment.proposed.grant}: clearing subsidy {next_step} {number}")  # fmt: skip
    if not book.subsidies.known:
        desk.say("No subsidy yet; record a promise with: clearing subsidy notify GRANT EUROS --fund FUND --funder NAME ...")


async def transfer(desk: Desk) -> None:
    given = desk.arguments
    cents = read_euros(given.euros)
    done = await desk.order("propose_transfer", {
        "fund": given.fund, "to": given.to, "cents": cents, "reason": given.reason, "decision": given.decision,
    })
    desk.say(f"Transfer {done['transfer']} of {euros(cents)} EUR waits for a second person: "
             f"clearing fund transfer-confirm {done['transfer']}")  # fmt: skip


async def transfer_confirm(desk: Desk) -> None:
    number = desk.arguments.number
    book = await read_book(desk)
    known = book.subsidies.transfers.get(number)
    if known is None:
        raise Misused(f"There is no transfer {number}; those that wait: clearing funds")
    said = known.proposed
    desk.say(f"Transfer {number}: {euros(said.cents)} EUR from {said.fund} to {said.to}, proposed by {said.by}, decision "
             f"{said.decision}: {said.reason}")  # fmt: skip
    agreed("Move this money?")
    await desk.order("confirm_transfer", {"transfer": number})
    desk.say(f"{euros(said.cents)} EUR went from {said.fund} to {said.to}.")


async def transfer_drop(desk: Desk) -> None:
    await desk.order("drop_transfer", {"transfer": desk.arguments.number})
    desk.say(f"Transfer {desk.arguments.number} is given up; the money stays where it is.")


async def bind(desk: Desk) -> None:
    given = desk.arguments
    body = await earmark_body(desk)
    await desk.order("bind_fund", {"fund": given.fund, "decision": given.decision, **body})
    desk.say(f"From now on rules may take from {given.fund} only inside its earmark." if body else
             f"{given.fund} is not bound any more.")  # fmt: skip


async def advance(desk: Desk) -> None:
    given = desk.arguments
    cents = read_euros(given.euros)
    await desk.order("vote_advance", {"fund": given.fund, "advance_cents": cents, "decision": given.decision})
    desk.say(f"Up to {euros(cents)} EUR of what is promised to {given.fund} may be used before it comes.")


def _notify_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("grant", help="its id, like draaf-2026")
    parser.add_argument("euros", help="like 30000.00")
    parser.add_argument("--fund", required=True, help="the fund it is for, bound as the funder asks")
    parser.add_argument("--funder", required=True, help="the organisation")
    parser.add_argument("--purpose", required=True, help="as the letter says it")
    parser.add_argument("--reference", required=True, help="the letter")
    earmark_arguments(parser)


def _part_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("grant")
    parser.add_argument("euros", help="like 1500.00")
    parser.add_argument("--reference", required=True, help="the bank line")
    line_arguments(parser)


def _reduce_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("grant")
    parser.add_argument("euros", nargs="?", help="how much less; left out: all that has not come (cancelled)")
    parser.add_argument("--reference", required=True, help="the funder's letter")


def _return_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("grant")
    parser.add_argument("euros")
    parser.add_argument("--reason", required=True)
    parser.add_argument("--decision", required=True)


def _number(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", type=whole(1, 1_000_000))


def _paid_arguments(parser: argparse.ArgumentParser) -> None:
    _number(parser)
    parser.add_argument("--reference", required=True, help="the bank line")


def _paid_back_arguments(parser: argparse.ArgumentParser) -> None:
    _number(parser)
    parser.add_argument("--reason", required=True, help="as the bank says it")


def _transfer_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("fund", help="from this fund")
    parser.add_argument("to", help="to this one")
    parser.add_argument("euros")
    parser.add_argument("--reason", required=True)
    parser.add_argument("--decision", required=True)


def _bind_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("fund")
    parser.add_argument("--decision", required=True)
    earmark_arguments(parser)


def _advance_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("fund")
    parser.add_argument("euros")
    parser.add_argument("--decision", required=True)


ENTRIES = (
    Entry(words=("subsidy", "notify"), group=Group.MONEY, does="a funder promised money", run=notify,
          arguments=_notify_arguments, signed=True),
    Entry(words=("subsidy", "receive"), group=Group.MONEY, does="a part of it arrived at the bank", run=receive,
          arguments=_part_arguments, signed=True),
    Entry(words=("subsidy", "reduce"), group=Group.MONEY, does="the funder gives less, or nothing more", run=reduce,
          arguments=_reduce_arguments, signed=True),
    Entry(words=("subsidy", "list"), group=Group.MONEY, does="list what was promised, came, and went back", run=listing),
    Entry(words=("subsidy", "return"), group=Group.MONEY, does="propose to give money back to a funder", run=give_back,
          arguments=_return_arguments, signed=True),
    Entry(words=("subsidy", "return-confirm"), group=Group.MONEY, does="confirm it, as another person", run=give_back_confirm,
          arguments=_number, signed=True),
    Entry(words=("subsidy", "return-drop"), group=Group.MONEY, does="give the proposal up", run=give_back_drop,
          arguments=_number, signed=True),
    Entry(words=("subsidy", "paid"), group=Group.MONEY, does="the bank paid the funder", run=paid,
          arguments=_paid_arguments, signed=True),
    Entry(words=("subsidy", "paid-back"), group=Group.MONEY, does="the bank sent that payment back", run=paid_back,
          arguments=_paid_back_arguments, signed=True),
    Entry(words=("fund", "transfer"), group=Group.MONEY, does="propose to move money to another fund", run=transfer,
          arguments=_transfer_arguments, signed=True),
    Entry(words=("fund", "transfer-confirm"), group=Group.MONEY, does="confirm the move, as another person",
          run=transfer_confirm, arguments=_number, signed=True),
    Entry(words=("fund", "transfer-drop"), group=Group.MONEY, does="give the move up", run=transfer_drop, arguments=_number,
          signed=True),
    Entry(words=("fund", "bind"), group=Group.MONEY, does="bind a fund to places, categories, days", run=bind,
          arguments=_bind_arguments, signed=True),
    Entry(words=("fund", "advance"), group=Group.MONEY, does="how much promised money may be used early", run=advance,
          arguments=_advance_arguments, signed=True),
)  # fmt: skip
