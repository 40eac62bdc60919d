"""Law: what members pay in is typed once; a list may be given again, and what is in the book already stays as it is."""

import argparse
from pathlib import Path

from clearing.cli.books import read_book
from clearing.cli.desk import Desk, Misused, today
from clearing.cli.entry import Entry, Group
from clearing.cli.lists import read_list
from clearing.installation.amounts import counted, euros, read_euros
from clearing.installation.office import NotAllowed
from clearing.rules.book import Book
from clearing.rules.credit.allocation import missing_cents
from clearing.rules.treasury.cotisations import EVERY, Standing, covering, standings
from clearing.rules.treasury.takings import BOXES, MEANS
from clearing.values import MemberId

_COLUMNS = ("member", "month", "euros", "means", "reference")


async def set_rule(desk: Desk) -> None:
    given = desk.arguments
    levels = [_level(one) for one in given.level]
    await desk.order("set_cotisation_rule", {
        "rule": given.rule, "fund": given.fund, "minimum_cents": read_euros(given.minimum, what="--minimum"),
        "step_cents": read_euros(given.step, what="--step"), "levels": levels, "free": given.free or not levels,
        "means": given.means or list(MEANS), "over_is_gift": given.over_is_gift, "decision": given.decision,
    })
    grid = f", or {', '.join(str(one['label']) for one in levels)}" if levels else ""
    desk.say(f"From now on the cotisation {given.rule} is at least {given.minimum} EUR a month in steps of {given.step}{grid}, "
             f"into the fund {given.fund}. What was agreed before stays.")  # fmt: skip


def _level(text: str) -> dict[str, object]:
    """ "B=30.00". Raises Misused."""
    label, sign, amount = text.rpartition("=")
    if not sign or not label:
        raise Misused(f"A level of the grid is written LABEL=EUROS, like B=30.00, not {text}")
    return {"label": label, "cents": read_euros(amount, what=f"level {label}")}


async def agree(desk: Desk) -> None:
    given = desk.arguments
    start = given.start or f"{today():%Y-%m}"
    await desk.order("agree_cotisation", {
        "member": given.member, "rule": given.rule, "cents": read_euros(given.euros), "every_months": EVERY[given.every],
        "from_period": start, "means": given.means,
    })
    desk.say(f"{given.member} pays {given.euros} EUR {given.every} by {given.means}, from {start} on.")


async def end(desk: Desk) -> None:
    await desk.order("end_cotisation", {"member": desk.arguments.member, "until_period": desk.arguments.month})
    desk.say(f"From {desk.arguments.month} on nothing is due from {desk.arguments.member} any more.")


async def receive(desk: Desk) -> None:
    given = desk.arguments
    month = given.month or f"{today():%Y-%m}"
    done = await desk.order("receive_cotisation", _received(
        given.member, given.rule, month, given.euros, given.means, given.reference
    ))
    if "event" in done:
        desk.say(f"{given.euros} EUR of {given.member} for {done['period']} are in {done['fund']}.{_receipt(done)}")
        await _say_what_is_missing(desk, MemberId(given.member), month)
        return
    payment = (await read_book(desk)).cotisations.payments[given.reference]
    paper = f" Give the receipt number {payment.receipt}." if payment.receipt else ""
    desk.say(f"{given.euros} EUR of {given.member} for {payment.period} are in {payment.fund}, and the credit that waited for "
             f"them is in the purse.{paper}")  # fmt: skip


async def _say_what_is_missing(desk: Desk, member: MemberId, month: str) -> None:
    """Of a cotisation that a credit waits for and that came in part."""
    book = await read_book(desk)
    missing = missing_cents(book.allocation, book.members, book.cotisations, member, month)
    if missing:
        desk.say(f"{euros(missing)} EUR are missing for {month}: the credit of the month follows by itself when they arrive.")


def _received(member: str, rule: str, period: str, amount: str, means: str, reference: str) -> dict[str, object]:
    return {
        "member": member, "rule": rule, "period": period, "cents": read_euros(amount), "means": means, "reference": reference
    }


def _receipt(done: dict[str, object]) -> str:
    """The number to write on the paper given for cash."""
    return f" Give the receipt number {done['receipt']}." if done.get("receipt") else ""


async def import_list(desk: Desk) -> int:
    """Line by line: a line that is in the book already is left, one that can't be taken is told with its reason."""
    rows = read_list(desk.arguments.file, needs=_COLUMNS)
    bodies = []
    for row in rows:
        try:
            bodies.append(_received(*(row["member"], desk.arguments.rule, row["month"], row["euros"]), row["means"],
                                    row["reference"]))  # fmt: skip
        except ValueError as wrong:
            raise Misused(f"The line of {row['reference']}: {wrong}. Nothing was recorded") from None
    officer, book = desk.officer(desk.code), await read_book(desk)
    taken = known = 0
    refused, given = list[str](), list[str]()
    for body in bodies:
        if _in_the_book(book, body):
            known += 1
            continue
        try:
            await officer.order("receive_cotisation", body)
            taken += 1
            given.append(str(body["reference"]) if body["means"] == "cash" else "")
        except NotAllowed as no:
            refused.append(f"The line of {body['reference']} ({body['member']}): {no}")
    if any(given):
        payments = (await read_book(desk)).cotisations.payments
        for reference in filter(None, given):
            desk.say(f"{payments[reference].member}: receipt number {payments[reference].receipt} for {reference}")
    for reason in refused:
        desk.say(reason)
    desk.say(f"{counted(taken, 'payment')} recorded, {known} in the book before, {len(refused)} refused.")
    return 1 if refused else 0


def _in_the_book(book: Book, body: dict[str, object]) -> bool:
    """The same payment, not only the same reference."""
    member, period = MemberId(str(body["member"])), str(body["period"])
    payment = book.cotisations.payments.get(str(body["reference"]))
    covered, _ = covering(book.cotisations, member, period)
    return payment is not None and (payment.member, payment.period, payment.cents) == (member, covered, body["cents"])


async def returned(desk: Desk) -> None:
    done = await desk.order("return_cotisation", {"reference": desk.arguments.reference, "reason": desk.arguments.reason})
    desk.say(f"{euros(int(str(done['cents'])))} EUR of {done['member']} for {done['period']} came back and are among the "
             "arrears. Credit that was given stays; no card goes below zero.")  # fmt: skip


async def write_off(desk: Desk) -> None:
    given = desk.arguments
    done = await desk.order("write_off_cotisation", {"member": given.member, "period": given.month, "reason": given.reason})
    cents = euros(int(str(done["cents"])))
    desk.say(f"{cents} EUR of {given.member} for {given.month} are given up; {done['fund']} bears them.")


async def listed(desk: Desk) -> None:
    given = desk.arguments
    until = given.period or f"{today():%Y-%m}"
    book = await read_book(desk)
    found = table(book, until=until, only=given.period, arrears=given.arrears)
    lines = as_csv(found) if given.csv else as_text(found)
    for line in lines:
        desk.say(line)


def table(book: Book, *, until: str, only: str | None, arrears: bool) -> list[Standing]:
    """By member and month. only: this month; arrears: what is open."""
    found = [one for member in book.members.members for one in standings(book.cotisations, member, until=until)]
    return [one for one in found if (only is None or one.period == only) and (not arrears or one.open_cents() > 0)]


def as_csv(found: list[Standing]) -> list[str]:
    rows = [
        f"{one.member};{one.period};{_plain(one.due_cents)};{_plain(one.paid_cents)};{_plain(one.returned_cents)};"
        f"{_plain(one.written_off_cents)};{_plain(one.open_cents())}" for one in found
    ]
    return ["member;month;due;paid;returned;given up;open", *rows]


def _plain(cents: int) -> str:
    return euros(cents).replace(" ", "")


def as_text(found: list[Standing]) -> list[str]:
    lines = []
    for one in found:
        back = f", {euros(one.returned_cents)} came back from the bank" if one.returned_cents else ""
        lines.append(f"{one.member:24} {one.period}  due {euros(one.due_cents):>10}  paid {euros(one.paid_cents):>10}  "
                     f"{_state(one.open_cents())}{back}")  # fmt: skip
    due, paid = sum(one.due_cents for one in found), sum(one.paid_cents for one in found)
    missing = sum(max(0, one.open_cents()) for one in found)
    if not found:
        return ["No cotisation is due or paid there; enter what a member pays with: clearing cotisation agree MEMBER EUROS"]
    return [*lines, f"{counted(len(found), 'line')}: {euros(due)} EUR due, {euros(paid)} EUR paid, {euros(missing)} EUR open"]


def _state(open_cents: int) -> str:
    if open_cents > 0:
        return f"{euros(open_cents)} open"
    return f"{euros(-open_cents)} more than agreed" if open_cents else "paid"


async def count(desk: Desk) -> None:
    given = desk.arguments
    done = await desk.order("count_deposit", {"account": given.box, "cents": read_euros(given.euros)})
    desk.say(f"Deposit {done['deposit']}: {given.euros} EUR of {given.box}. Another person counts it too, and at the bank: "
             f"clearing deposit confirm {done['deposit']} EUROS --reference LINE")  # fmt: skip


async def confirm(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("confirm_deposit", {
        "deposit": given.deposit, "cents": read_euros(given.euros), "reference": given.reference
    })
    desk.say(f"Deposit {given.deposit} of {given.euros} EUR is at the bank, counted by two people.")


async def discard(desk: Desk) -> None:
    await desk.order("discard_deposit", {"deposit": desk.arguments.deposit})
    desk.say(f"Deposit {desk.arguments.deposit} is discarded; what it held lies in its box again.")


def _rule_arguments(parser: argparse.ArgumentParser) -> None:
    _rule(parser)
    parser.add_argument("--fund", required=True, help="what it goes into")
    parser.add_argument("--decision", required=True)
    parser.add_argument("--minimum", default="0.01", help="a month, like 10.00")
    parser.add_argument("--step", default="0.01", help="amounts are multiples of this, like 5.00")
    parser.add_argument("--level", action="append", default=[], metavar="LABEL=EUROS", help="of a grid; repeatable")
    parser.add_argument("--free", action="store_true", help="other amounts than the grid's are taken too")
    parser.add_argument("--means", action="append", choices=MEANS, help="repeatable (default: all)")
    parser.add_argument("--over-is-gift", action="store_true", help="what goes beyond the minimum is a gift, by law")


def _rule(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rule", default="cotisation", help="when there are several (default: cotisation)")


def _agree_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("member")
    parser.add_argument("euros", help="of each payment, like 25.00")
    parser.add_argument("--every", choices=sorted(EVERY), default="monthly")
    parser.add_argument("--from", dest="start", metavar="YYYY-MM", help="first month (default: this one)")
    parser.add_argument("--means", choices=MEANS, default="debit")
    _rule(parser)


def _end_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("member")
    parser.add_argument("month", metavar="YYYY-MM", help="the first month for which nothing is due")


def _receive_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("member")
    parser.add_argument("euros", help="like 25.00")
    parser.add_argument("--month", metavar="YYYY-MM", help="for which month (default: this one)")
    parser.add_argument("--means", choices=MEANS, required=True)
    parser.add_argument("--reference", required=True, help="the bank line, the cheque's number or the page of the cash book")
    _rule(parser)


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help=f"CSV with the columns {', '.join(_COLUMNS)}")
    _rule(parser)


def _returned_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("reference", help="of the payment that came back")
    parser.add_argument("--reason", required=True, help="as the bank says it")


def _write_off_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("member")
    parser.add_argument("month", metavar="YYYY-MM")
    parser.add_argument("--reason", required=True)


def _listed_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--arrears", action="store_true", help="only what is open")
    parser.add_argument("--period", metavar="YYYY-MM", help="only this month (default: all until now)")
    parser.add_argument("--csv", action="store_true", help="for a spreadsheet")


def _count_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("box", choices=BOXES)
    parser.add_argument("euros", help="what you counted, like 140.00")


def _confirm_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("deposit", type=int)
    parser.add_argument("euros", help="what you counted yourself")
    parser.add_argument("--reference", required=True, help="the bank line or slip")


def _deposit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("deposit", type=int)


ENTRIES = (
    Entry(words=("cotisation", "rule"), group=Group.MONEY, does="set what was voted of cotisations", run=set_rule,
          arguments=_rule_arguments, signed=True),
    Entry(words=("cotisation", "agree"), group=Group.MONEY, does="what a member pays, how often and how", run=agree,
          arguments=_agree_arguments, signed=True),
    Entry(words=("cotisation", "end"), group=Group.MONEY, does="a member pays no longer", run=end, arguments=_end_arguments,
          signed=True),
    Entry(words=("cotisation", "receive"), group=Group.MONEY, does="a member paid", run=receive, arguments=_receive_arguments,
          signed=True),
    Entry(words=("cotisation", "import"), group=Group.MONEY, does="record the payments of a CSV file", run=import_list,
          arguments=_import_arguments, signed=True),
    Entry(words=("cotisation", "returned"), group=Group.MONEY, does="the bank took a payment back", run=returned,
          arguments=_returned_arguments, signed=True),
    Entry(words=("cotisation", "writeoff"), group=Group.MONEY, does="give up, as another person, what came back", run=write_off,
          arguments=_write_off_arguments, signed=True),
    Entry(words=("cotisations",), group=Group.MONEY, does="list what is due, paid and open", run=listed,
          arguments=_listed_arguments),
    Entry(words=("deposit", "count"), group=Group.MONEY, does="count cash or cheques for the bank", run=count,
          arguments=_count_arguments, signed=True),
    Entry(words=("deposit", "confirm"), group=Group.MONEY, does="count it too, as another person", run=confirm,
          arguments=_confirm_arguments, signed=True),
    Entry(words=("deposit", "discard"), group=Group.MONEY, does="a count was wrong", run=discard, arguments=_deposit,
          signed=True),
)  # fmt: skip
