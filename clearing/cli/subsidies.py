"""Law: what a funder promised is followed from the letter to the last cent; money leaves a fund by two people."""

import argparse
import csv
import io
from collections.abc import Mapping
from pathlib import Path

from clearing.cli.desk import Desk, Misused, whole
from clearing.cli.earmarks import earmark_arguments, earmark_body, earmark_text
from clearing.cli.entry import Entry, Group
from clearing.cli.money import line_arguments, line_body
from clearing.cli.proposals import agreed
from clearing.cli.registers import events, read_book
from clearing.installation.amounts import counted, euros, read_euros
from clearing.installation.opening import Installation
from clearing.rules.subsidies import Step
from clearing.rules.traced import State, Traced, together
from clearing.rules.tracing import Trace
from clearing.values import CaisseCode


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
    book, _ = await read_book(desk)
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
    book, _ = await read_book(desk)
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
    book, _ = await read_book(desk)
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


async def trace(desk: Desk) -> None:
    """Where each euro of one subsidy is by now."""
    given = desk.arguments
    found: dict[CaisseCode, Traced] = {}
    async with desk.opened() as installation:
        for code in desk.home.caisses() if given.all_caisses else [desk.code]:
            traced = await _traced(installation, code, given.grant)
            if traced is not None:
                found[code] = traced
    if not found:
        raise Misused(f"There is no subsidy {given.grant}; those there are: clearing subsidy list")
    for line in consolidated_text(found):
        desk.say(line)
    if given.csv is not None:
        whole_one = together(found) if given.all_caisses else next(iter(found.values()))
        given.csv.write_text(trace_csv(whole_one), encoding="utf-8")
        desk.say(f"Line by line, without members and cards: {given.csv}")


async def _traced(installation: Installation, code: CaisseCode, grant: str) -> Traced | None:
    """None: this caisse knows no such subsidy."""
    found = Trace()
    async with installation.reading(code) as log:
        async for row, event in events(log):
            found.take(event, row.position, row.at_us)
    return found.of(grant) if grant in found.subsidies else None


def consolidated_text(found: Mapping[CaisseCode, Traced]) -> list[str]:
    """Each caisse's own, then all of them added up by the same sums; of one caisse just its own."""
    if len(found) == 1:
        return [line for one in found.values() for line in trace_text(one)]
    lines = []
    for code, one in found.items():
        lines += [f"Caisse {code}", *trace_text(one), ""]
    return [*lines, f"{counted(len(found), 'caisse')} together", *trace_text(together(found))]


def trace_text(traced: Traced) -> list[str]:
    """The sums of each stage; each line adds up to the one above it, or it is not printed."""
    traced.reconcile()
    told = {state: euros(traced.cents(state)) for state in State}
    promised = (
        f"{traced.grant}: {traced.funder} promised {euros(traced.promised_cents)} EUR, took off {euros(traced.reduced_cents)}, "
        f"{euros(traced.to_come_cents)} are still to come"
    )
    received = (
        f"received {euros(traced.received_cents)} = given back {told[State.RETURNED]} + free in funds {told[State.FREE]} "
        f"+ in purses {told[State.IN_PURSES]} + held {told[State.HELD]} + left otherwise {told[State.LEFT]} "
        f"+ spent {euros(traced.spent_cents)} EUR"
    )
    spent = (
        f"spent {euros(traced.spent_cents)} = owed to producers {told[State.OWED]} + in batches {told[State.IN_BATCH]} "
        f"+ paid {told[State.PAID]} EUR"
    )
    lines = [promised, received, spent]
    if traced.lapsed_cents:
        lines.append(f"of what is free, or was credited again, {euros(traced.lapsed_cents)} EUR had lapsed in purses")
    for (credit, producer), cents in sorted(traced.by_credit_and_producer().items()):
        lines.append(f"  {credit:28} {producer:28} {euros(cents):>14} EUR")
    return lines


def trace_csv(traced: Traced) -> str:
    out = io.StringIO()
    sheet = csv.writer(out, delimiter=";", lineterminator="\n")
    sheet.writerow(("subsidy", "received_at_event", "credit", "day", "sale", "category", "producer", "state", "batch", "euros"))
    for row in traced.rows():
        sheet.writerow((
            traced.grant, row.receipt, row.credit, row.day, row.sale or "", row.category, row.producer, row.state,
            row.batch or "", f"{row.cents // 100},{row.cents % 100:02d}",
        ))  # fmt: skip
    return out.getvalue()


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
    book, _ = await read_book(desk)
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


def _trace_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("grant")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="also write every line into this file")
    parser.add_argument("--all-caisses", action="store_true",
                        help="of all caisses of this home that record it under this id, then added up")  # fmt: skip


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
    Entry(words=("subsidy", "trace"), group=Group.MONEY, does="follow each euro to the producer who was paid", run=trace,
          arguments=_trace_arguments),
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
