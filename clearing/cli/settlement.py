"""Law: one person closes, another one approves, then a file is written; run again, it is the same file or none."""

import argparse
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from clearing.cli.books import read_book, voted_payout_rules
from clearing.cli.desk import Desk, Misused, day, today, whole
from clearing.cli.entry import Entry, Group
from clearing.installation.amounts import counted, euros
from clearing.projections.answers import BatchLineRow, BatchRow
from clearing.rules.ledger.postings import BANK
from clearing.rules.stalls.payouts import NOT_OURS
from clearing.rules.telling.proposal import Proposal, proposal

_PAY_WITHIN: Final = timedelta(days=90)
_BATCH: Final = whole(1, 1_000_000)


async def close(desk: Desk) -> None:
    done = await desk.order("close_batch", {"closed_on": (desk.arguments.on or today()).isoformat()})
    desk.say(f"Batch {done['batch']} is closed: {euros(int(str(done['total_cents'])))} EUR to pay. Look at it with "
             f"clearing batches {done['batch']}; then another person than you: clearing approve {done['batch']}")  # fmt: skip


async def approve(desk: Desk) -> None:
    from clearing.rules.stalls.approving import next_payout_day
    from clearing.settlement.calendar import is_business_day, next_business_day

    batch, asked = desk.arguments.batch, desk.arguments.pay_on
    if asked is not None and not is_business_day(asked):
        raise Misused(f"Banks are closed on {asked}; choose {next_business_day(asked)}")
    if asked is not None and asked > today() + _PAY_WITHIN:
        raise Misused(f"{asked} is more than {_PAY_WITHIN.days} days away; banks take no such order, choose an earlier day")
    rules = None if asked is not None or desk.elsewhere is not None else await voted_payout_rules(desk)
    pay_on = asked or next_payout_day(rules, next_business_day(today()))
    done = await desk.order("approve_batch", {"batch": batch, "execution_on": pay_on.isoformat()})
    if done["event"] == "BatchEndorsed":
        desk.say(f"Your approval of batch {batch} is recorded. It is large: another approver approves it too, for {pay_on}.")
        return
    desk.say(f"Batch {batch} is approved, to be paid on {pay_on}. Next: clearing export {batch}")


async def export(desk: Desk) -> None:
    from clearing.installation.payment import make_files

    batch, code = desk.arguments.batch, desk.code
    officer = desk.officer(code)
    async with desk.opened() as installation:
        made = await make_files(installation, code, batch)
    path = made.write(desk.home.batch(code, batch))
    if made.exported is None:
        body: dict[str, object] = {"batch": batch, "message_id": made.message_id, "file_sha256": made.sha256}
        await officer.order("export_batch", body)
        desk.say(f"Written: {path}")
    else:
        desk.say(f"Written again, the same bytes as before: {path}   Send it to the bank once only.")
    desk.say(f"{counted(made.payouts, 'transfer')}, {euros(made.total_cents)} EUR in all. SHA-256 {made.sha256.hex()}")
    for note in made.notes:
        desk.say(f"Note: {note}")
    statements = counted(made.payouts, "statement")
    desk.say(f"Beside it: overview.csv, transfers.csv (to type where the bank takes no file) and {statements}.")
    desk.say(f"When the bank has paid: clearing paid {batch} PRODUCER --reference LINE")
    desk.say(f"When it sent one back: clearing returned {batch} PRODUCER --reason REASON")


async def batches(desk: Desk) -> None:
    given = desk.arguments
    async with desk.opened() as installation, installation.asking(desk.code) as views:
        known = {one.batch: one for one in await views.batches()}
        lines = await views.batch_lines(given.batch or 0)
        sales = await views.statement(given.batch, given.producer) if given.producer else ()
        at_bank = next((one.cents for one in await views.accounts() if one.account == BANK), 0)
    if given.batch is None:
        for one in known.values():
            desk.say(f"{one.batch:4}  {one.closed_on}  {euros(one.total_cents):>14} EUR  {next_step(one)}")
        if not known:
            desk.say("No batch yet; close one with: clearing close")
        return
    if given.batch not in known:
        raise Misused(f"There is no batch {given.batch}; clearing batches lists them")
    if given.producer:
        for sale in sales:
            goods, card = euros(sale.gross_cents), euros(sale.card_cents)
            when = f"{sale.day} {sale.local_time:%H:%M}"
            desk.say(f"{sale.position:>9}  {when}  {sale.kind:10} {goods:>12} of goods {card:>12} EUR")
        desk.say(f"{counted(len(sales), 'line')} of {given.producer}. Down to what was signed: clearing why NUMBER")
        return
    for line in lines:
        desk.say(line_told(line))
    to_pay = sum(line.paid_cents for line in lines if line.payout not in NOT_OURS)
    desk.say(f"{counted(len(lines), 'producer')}, {euros(to_pay)} EUR to pay")
    if known[given.batch].state == "closed":
        for text in proposal_told(proposal(await read_book(desk), given.batch, at_bank_cents=at_bank)):
            desk.say(text)


def line_told(line: BatchLineRow) -> str:
    """One line of a batch: what it is made of, what is paid, and how that stands."""
    also = (
        (line.given_cents, "taken for funds"), (line.adjusted_cents, "adjusted"), (line.contested_cents, "contested"),
        (line.parts_cents, "for other caisses"),
    )  # fmt: skip
    more = "".join(f" {euros(cents):>10} {what}" for cents, what in also if cents)
    return (f"{line.producer:30} {euros(line.captured_cents):>12} sold {euros(line.refunded_cents):>10} refunded{more} "
            f"{euros(line.carried_cents):>10} carried {euros(line.paid_cents):>12} EUR  {told(line)}")  # fmt: skip


def proposal_told(proposed: Proposal) -> Iterator[str]:
    """What who approves has to look at before: the bank, what changed, accounts and names."""
    yield f"In the bank, by the books: {euros(proposed.at_bank_cents)} EUR"
    if proposed.shortfall_cents:
        yield f"SHORT by {euros(proposed.shortfall_cents)} EUR: do not approve before money came, or withdraw transfers"
    yield f"The last batch paid {euros(proposed.last_total_cents)} EUR"
    for one in proposed.lines:
        if one.paid_cents and one.before_cents is None:
            yield f"  {one.line.producer} is paid for the first time"
        if one.new_account:
            yield f"  {one.line.producer} has another account than the last time: look at the RIB"
        if one.paid_cents and one.check not in ("RCVC", "none"):
            yield f"  The bank did not confirm the name of {one.line.producer}: {one.check}"
    if proposed.gone:
        yield f"  Paid the last time and not now: {', '.join(proposed.gone)}"
    if proposed.alone:
        yield "One transfer only: the bank checks the payee's name, so it has to be spelled as the bank knows it"


_WHY: Final = {
    "account": "no account", "held": "held", "contested": "contested", "minimum": "below the minimum", "below zero": "owes",
}  # fmt: skip


def told(line: BatchLineRow) -> str:
    """A line's payout in words, with what the bank said, what a person has to do, and which batch pays it anew."""
    said = f"{line.payout} ({_WHY[line.why]})" if line.why in _WHY else line.payout
    if line.payout in ("handed-over", "taken", "not-taken"):
        said += f" {'to' if line.payout == 'handed-over' else 'by'} {line.reference}"
    if line.code:
        said += f" {line.code}"
    if line.attempt > 1:
        said += f", attempt {line.attempt}"
    if line.paid_in:
        said += f", paid anew by batch {line.paid_in}"
    if line.question:
        said += f"; ASK THE BANK: {line.question}"
    return said


def next_step(one: BatchRow) -> str:
    """The batch's state and what it waits for."""
    if one.state == "closed":
        return f"closed, waits for another person than {one.closed_by}: clearing approve {one.batch}"
    if one.state == "approved" and not one.total_cents:
        return "approved, and nothing of it goes to the bank: taken out, or handed over to another caisse"
    if one.state == "approved":
        return f"approved, to be paid on {one.execution_on}, waits for: clearing export {one.batch}"
    return f"exported, to be paid on {one.execution_on} from the file {one.message_id}.xml"


async def paid(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("confirm_payout", {"batch": given.batch, "producer": given.producer, "reference": given.reference})
    desk.say(f"The bank paid {given.producer} for batch {given.batch}.")


async def returned(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("return_payout", {"batch": given.batch, "producer": given.producer, "reason": given.reason})
    desk.say(f"The transfer to {given.producer} came back: it is owed again, in the next batch. Check the account first.")


def _close_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--on", type=day, metavar="YYYY-MM-DD", help="the day it is called by (default: today)")


def _batch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("batch", type=_BATCH)


def _approve_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("batch", type=_BATCH)
    parser.add_argument("--pay-on", type=day, metavar="YYYY-MM-DD", help="when the bank pays (default: the next banking day)")


def _batches_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("batch", type=_BATCH, nargs="?")
    parser.add_argument("producer", nargs="?", help="the sales behind one line")


def _paid_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("batch", type=_BATCH)
    parser.add_argument("producer")
    parser.add_argument("--reference", required=True, help="the bank line")


def _returned_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("batch", type=_BATCH)
    parser.add_argument("producer")
    parser.add_argument("--reason", required=True, help="as the bank says it")


ENTRIES = (
    Entry(words=("close",), group=Group.SETTLEMENT, does="close a batch: all that is owed until now", run=close,
          arguments=_close_arguments, signed=True),
    Entry(words=("batches",), group=Group.SETTLEMENT, does="list the batches, one batch's lines, or a line's sales",
          run=batches, arguments=_batches_arguments),
    Entry(words=("approve",), group=Group.SETTLEMENT, does="approve a batch, as another person than who closed it", run=approve,
          arguments=_approve_arguments, signed=True),
    Entry(words=("export",), group=Group.SETTLEMENT, does="write the bank file, the statements and the overview", run=export,
          arguments=_batch, signed=True),
    Entry(words=("paid",), group=Group.SETTLEMENT, does="the bank paid a producer", run=paid, arguments=_paid_arguments,
          signed=True),
    Entry(words=("returned",), group=Group.SETTLEMENT, does="the bank sent a transfer back", run=returned,
          arguments=_returned_arguments, signed=True),
)  # fmt: skip
