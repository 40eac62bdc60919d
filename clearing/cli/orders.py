"""Law: an order is read from a list, shown with what each payee gets, and delivered by the number of its line."""

import argparse
import re
from pathlib import Path

from clearing.cli.books import read_book
from clearing.cli.desk import Desk, Misused, whole
from clearing.cli.entry import Entry, Group
from clearing.cli.lists import Row, read_list
from clearing.cli.proposals import agreed
from clearing.events.codec import decode
from clearing.events.orders import DeliveryNoted, DisputeResolved
from clearing.installation.amounts import counted, euros, read_euros
from clearing.rules.collective.orders import DELIVERED, SIDES, Order, split_by_quantity
from clearing.values import ProducerId

_QUANTITY = re.compile(r"(\d{1,6})(?:[.,](\d{1,3}))?")
_LINE = whole(1, 200)


def read_quantity(text: str) -> int:
    """ "2" or "1.5" or "0,250" -> thousandths of the unit. Raises Misused."""
    found = _QUANTITY.fullmatch(text.strip())
    milli = 0 if found is None else int(found[1]) * 1_000 + int((found[2] or "").ljust(3, "0"))
    if not milli:
        raise Misused(f"A quantity is written like 2 or 1.5 or 0.250, not {text!r}")
    return milli


def quantity(milli: int) -> str:
    return f"{milli // 1_000}.{milli % 1_000:03d}".rstrip("0").rstrip(".")


async def place(desk: Desk) -> None:
    given = desk.arguments
    rows = read_list(given.file, needs=("category", "euros"), may=("payee", "product", "quantity"))
    lines: list[object] = [_line(row) for row in rows]
    done = await desk.order("place_order", {
        "order": given.order, "account": given.account, "mandatary": given.mandatary, "seller": given.seller, "lines": lines,
        "in_part": given.in_part,
    })  # fmt: skip
    desk.say(f"Order {given.order}: {counted(len(rows), 'line')}, {euros(_cents(done, 'amount_cents'))} EUR, of which "
             f"{euros(_cents(done, 'approved_cents'))} EUR are reserved. " + (
                 f"It is above the account's limit; another mandatary, entered by another person: clearing order confirm "
                 f"{given.order} --mandatary MANDATARY" if done.get("two_people")
                 else f"When it comes: clearing order deliver {given.order} --document NUMBER"))  # fmt: skip


def _cents(done: dict[str, object], name: str) -> int:
    return int(str(done[name]))


def _line(row: Row) -> dict[str, object]:
    line: dict[str, object] = {"category": row["category"], "cents": read_euros(row["euros"], what="a line's euros")}
    for name in ("payee", "product"):
        if row.get(name):
            line[name] = row[name]
    if row.get("quantity"):
        line["qty_milli"] = read_quantity(row["quantity"])
    return line


async def joint(desk: Desk) -> None:
    given = desk.arguments
    parts: list[object] = []
    for text in given.part:
        pieces = text.split(":")
        if len(pieces) != 3:
            raise Misused(f"A part is ACCOUNT:MANDATARY:QUANTITY, like spa-nord:aline:25, not {text!r}")
        parts.append({"account": pieces[0], "mandatary": pieces[1], "qty_milli": read_quantity(pieces[2])})
    body: dict[str, object] = {
        "joint": given.joint, "seller": given.seller, "category": given.category, "cents": read_euros(given.euros),
        "parts": parts,
    }  # fmt: skip
    for name in ("product", "payee"):
        if getattr(given, name):
            body[name] = getattr(given, name)
    await desk.order("place_joint_order", body)
    desk.say(f"{given.euros} EUR are split by quantity over the orders {given.joint}.1 to {given.joint}.{len(parts)}. "
             "Look at them with: clearing order list")  # fmt: skip


async def split(desk: Desk) -> None:
    """What each card of a joint purchase is charged at the till."""
    given = desk.arguments
    quantities = [read_quantity(one) for one in given.quantity]
    for much, cents in zip(quantities, split_by_quantity(read_euros(given.euros), quantities), strict=True):
        desk.say(f"{quantity(much):>10}  {euros(cents):>12} EUR")
    desk.say(f"Together {given.euros} EUR. Tap one card for each line.")


async def confirm(desk: Desk) -> None:
    given = desk.arguments
    order = await _order(desk, given.order)
    _show(desk, order)
    agreed("Confirm this order?")
    await desk.order("confirm_order", {"order": given.order, "mandatary": given.mandatary})
    desk.say(f"Order {given.order} is confirmed by {given.mandatary}.")


async def deliver(desk: Desk) -> None:
    given = desk.arguments
    lines: list[object] = [_came(text) for text in given.line]
    body: dict[str, object] = {"order": given.order, "side": given.side, "document": given.document}
    await desk.order("note_delivery", body | ({"lines": lines} if lines else {}))
    _show(desk, await _order(desk, given.order))


def _came(text: str) -> dict[str, object]:
    """ "3" as ordered, "3=2.5" a quantity, "3=12.50EUR" an amount. Raises Misused."""
    number, equals, what = text.partition("=")
    if not number.isdecimal() or not 1 <= int(number) <= 200 or (equals and not what):
        raise Misused(f"A line is its number, like 3, or 3=2.5 (quantity) or 3=12.50EUR (amount), not {text!r}")
    came: dict[str, object] = {"line": int(number) - 1}
    if what.upper().endswith("EUR"):
        came["cents"] = read_euros(what[:-3].strip(), what=f"line {number}")
    elif what:
        came["qty_milli"] = 0 if what.strip() == "0" else read_quantity(what)
    return came


async def dispute(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("dispute_line", {"order": given.order, "line": given.line - 1, "reason": given.reason})
    desk.say(f"Line {given.line} of order {given.order} waits alone; the others can be delivered. When you agree: clearing "
             f"order settle {given.order} {given.line} EUROS --reason TEXT")  # fmt: skip


async def settle(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("propose_dispute_end", {
        "order": given.order, "line": given.line - 1, "cents": read_euros(given.euros), "reason": given.reason,
    })  # fmt: skip
    desk.say(f"It is proposed that {given.euros} EUR of line {given.line} are owed. Next, another person than you: clearing "
             f"order agree {given.order} {given.line}")  # fmt: skip


async def agree(desk: Desk) -> None:
    given = desk.arguments
    proposal = (await _order(desk, given.order)).proposed.get(given.line - 1)
    if proposal is None:
        raise Misused(f"Nobody proposed what becomes of line {given.line}; first: clearing order settle {given.order} "
                      f"{given.line} EUROS --reason TEXT")  # fmt: skip
    desk.say(f"{proposal.by} proposes that {euros(proposal.amount_cents)} EUR of line {given.line} are owed: {proposal.reason}")
    agreed("Agree?")
    await desk.order("resolve_dispute", {"order": given.order, "line": given.line - 1, "cents": proposal.amount_cents})
    desk.say(f"Line {given.line} is settled: {euros(proposal.amount_cents)} EUR are owed for it.")


async def cancel(desk: Desk) -> None:
    await desk.order("cancel_order", {"order": desk.arguments.order})
    desk.say(f"What was open of order {desk.arguments.order} is cancelled, and what was reserved for it is free again.")


async def list_orders(desk: Desk) -> None:
    orders = (await read_book(desk)).orders.orders
    for order in orders.values():
        placed = order.placed
        states = ", ".join(f"{order.states.count(state)} {state}" for state in dict.fromkeys(order.states))
        waits = "" if order.confirmed else ", waits for another mandatary"
        desk.say(f"{placed.order:20} {placed.account:20} {euros(placed.amount_cents):>12} EUR  lines: {states}{waits}")
    if not orders:
        desk.say("No order yet; place one with: clearing order place FILE --order NUMBER --account ACCOUNT ...")


async def show(desk: Desk) -> None:
    order = await _order(desk, desk.arguments.order)
    _show(desk, order)
    if desk.arguments.payers:
        await _show_payers(desk, order)


async def _show_payers(desk: Desk, order: Order) -> None:
    """Who paid which cents of what was delivered, by which rule of which vote."""
    charte = (await read_book(desk)).caisse.charte(order.placed.charte_version)
    desk.say(f"By charte {charte.version}, decision {charte.decision}:")
    async with desk.opened() as installation, installation.reading(desk.code) as log:
        rows = await log.events_of(f"order/{order.placed.order}")
    for row in rows:
        event = decode(row.type, row.schema_version, row.public, row.private)
        for share in event.shares if isinstance(event, DeliveryNoted | DisputeResolved) else ():
            rate = f"{share.rate // 100}.{share.rate % 100:02d} %" if share.rate else "a fixed amount"
            desk.say(f"{row.position:>8}  line {share.line + 1:>3}  {share.payer:20} from {share.source:24} {rate:>14} "
                     f"{euros(share.cents):>12} EUR to {share.payee}")  # fmt: skip


async def _order(desk: Desk, number: str) -> Order:
    found = (await read_book(desk)).orders.orders.get(number)
    if found is None:
        raise Misused(f"There is no order {number}; those there are: clearing order list")
    return found


def _show(desk: Desk, order: Order) -> None:
    """The invoice: each line with its state, then what each payee gets; the payees' sums are the invoice."""
    placed = order.placed
    desk.say(f"Order {placed.order} of {placed.account}, ordered by {placed.mandatary} at {placed.seller}")
    payees: dict[ProducerId, int] = {}
    for number, (line, state) in enumerate(zip(placed.lines, order.states, strict=True), start=1):
        payee = line.payee or placed.seller
        much = f" x {quantity(line.qty_milli)}" if line.qty_milli else ""
        cents = order.owed_cents[number - 1] if state == DELIVERED else line.amount_cents
        why = f": {order.reasons[number - 1]}" if number - 1 in order.reasons and state != DELIVERED else ""
        what = f"{line.category:16} {(line.product or '') + much:20}"
        desk.say(f"{number:>4}  {payee:20} {what} {euros(cents):>12} EUR  {state}{why}")
        if state == DELIVERED:
            payees[payee] = payees.get(payee, 0) + cents
    for payee, cents in payees.items():
        desk.say(f"      {payee:58} {euros(cents):>12} EUR")
    if payees:
        desk.say(f"      {'Invoice, ' + counted(len(payees), 'payee'):58} {euros(sum(payees.values())):>12} EUR")


def _number(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("order", help="the order's number")


def _show_arguments(parser: argparse.ArgumentParser) -> None:
    _number(parser)
    parser.add_argument("--payers", action="store_true", help="also who paid which cents, by which rule")


def _line_of(parser: argparse.ArgumentParser) -> None:
    _number(parser)
    parser.add_argument("line", type=_LINE, help="the number of the line, from 1")


def _place_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="CSV with the columns category, euros, payee, product, quantity")
    parser.add_argument("--order", required=True, metavar="NUMBER")
    parser.add_argument("--account", required=True)
    parser.add_argument("--mandatary", required=True, help="in whose name it is ordered")
    parser.add_argument("--seller", required=True, metavar="PRODUCER", help="who gets the lines that name no payee")
    parser.add_argument("--in-part", action="store_true", help="order although a part is paid elsewhere")


def _joint_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("joint", help="a number for the joint purchase; its orders are NUMBER.1, NUMBER.2 ...")
    parser.add_argument("--seller", required=True, metavar="PRODUCER")
    parser.add_argument("--category", required=True)
    parser.add_argument("--euros", required=True, help="what the whole purchase costs")
    parser.add_argument("--product")
    parser.add_argument("--payee", metavar="PRODUCER")
    parser.add_argument("--part", action="append", required=True, metavar="ACCOUNT:MANDATARY:QUANTITY", help="repeatable")


def _split_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("euros", help="what the whole purchase costs")
    parser.add_argument("quantity", nargs="+", help="each buyer's part, like 2 or 0.750")


def _confirm_arguments(parser: argparse.ArgumentParser) -> None:
    _number(parser)
    parser.add_argument("--mandatary", required=True)


def _deliver_arguments(parser: argparse.ArgumentParser) -> None:
    _number(parser)
    parser.add_argument("--document", required=True, help="the number of the delivery note")
    parser.add_argument("--side", choices=SIDES, default=SIDES[1], help="who wrote it (default: buyer)")
    parser.add_argument("--line", action="append", default=[], metavar="N[=QUANTITY|=EUROS]",
                        help="a line that came, repeatable: 3 as ordered, 3=2.5 a quantity, 3=12.50EUR (default: all)")


def _dispute_arguments(parser: argparse.ArgumentParser) -> None:
    _line_of(parser)
    parser.add_argument("--reason", required=True)


def _settle_arguments(parser: argparse.ArgumentParser) -> None:
    _line_of(parser)
    parser.add_argument("euros", help="what of it is owed, 0.00 for nothing")
    parser.add_argument("--reason", required=True)


ENTRIES = (
    Entry(words=("order", "place"), group=Group.PRODUCERS, does="order for a collective account, from a CSV file", run=place,
          arguments=_place_arguments, signed=True),
    Entry(words=("order", "joint"), group=Group.PRODUCERS, does="one purchase over several accounts, split by quantity",
          run=joint, arguments=_joint_arguments, signed=True),
    Entry(words=("order", "split"), group=Group.PRODUCERS, does="what each buyer of a joint purchase pays, to the cent",
          run=split, arguments=_split_arguments),
    Entry(words=("order", "confirm"), group=Group.PRODUCERS, does="another mandatary confirms a large order", run=confirm,
          arguments=_confirm_arguments, signed=True),
    Entry(words=("order", "deliver"), group=Group.PRODUCERS, does="record a delivery note: what came is owed", run=deliver,
          arguments=_deliver_arguments, signed=True),
    Entry(words=("order", "dispute"), group=Group.PRODUCERS, does="hold one line back, alone", run=dispute,
          arguments=_dispute_arguments, signed=True),
    Entry(words=("order", "settle"), group=Group.PRODUCERS, does="propose what of a disputed line is owed", run=settle,
          arguments=_settle_arguments, signed=True),
    Entry(words=("order", "agree"), group=Group.PRODUCERS, does="another person agrees to what is proposed", run=agree,
          arguments=_line_of, signed=True),
    Entry(words=("order", "cancel"), group=Group.PRODUCERS, does="cancel what has not come", run=cancel, arguments=_number,
          signed=True),
    Entry(words=("order", "show"), group=Group.PRODUCERS, does="show an order, its payees and its invoice", run=show,
          arguments=_show_arguments),
    Entry(words=("order", "list"), group=Group.PRODUCERS, does="list the orders", run=list_orders),
)  # fmt: skip
