"""Law: a receipt says what was bought and what the card paid, from the public part of the sale alone, never who paid or why.

A reduced price and a full one give the same text, letter by letter, when the amounts are the same.
"""

import argparse
from datetime import datetime
from zoneinfo import ZoneInfo

from clearing.cli.books import read_book
from clearing.cli.desk import Desk, Misused, whole
from clearing.cli.entry import Entry, Group
from clearing.cli.orders import quantity
from clearing.events.codec import decode
from clearing.events.orders import DeliveryNoted, OrderPlaced
from clearing.events.sales import CaptureDecided, SaleDecided
from clearing.installation.amounts import euros
from clearing.rules.selling.sale import goods

_WIDTH = 48


def receipt_text(
    event: SaleDecided | CaptureDecided, *, position: int, at_us: int, zone: ZoneInfo, caisse: str, producer: str
) -> str:
    """Lines at full price, what the card paid, what was left to pay. Reads no private field."""
    when = datetime.fromtimestamp(at_us // 1_000_000, zone)
    sold = goods(event)
    total = sum(line.amount_cents for line in sold)
    lines = [caisse, producer, f"{when:%Y-%m-%d %H:%M}", ""]
    for line in sold:
        much = f" x {quantity(line.qty_milli)}" if line.qty_milli else ""
        what = " ".join(part for part in (line.category, line.product) if part) + much
        lines.append(_row(what, line.amount_cents))
    lines += [
        _row("Total", total), _row("Paid by card", event.approved_cents), _row("Left to pay", total - event.approved_cents), "",
        f"Operation {event.op.x.hex()}, event {position}",
    ]  # fmt: skip
    return "\n".join(lines)


def delivery_text(event: DeliveryNoted, placed: OrderPlaced, *, position: int, at_us: int, zone: ZoneInfo, caisse: str) -> str:
    """The receipt of a delivery note, with as little in it: goods at full price, what the account paid, what was left."""
    when = datetime.fromtimestamp(at_us // 1_000_000, zone)
    total, paid = sum(one.amount_cents for one in event.lines), sum(share.cents for share in event.shares)
    lines = [caisse, f"Order {event.order}, delivery note {event.document}", f"{when:%Y-%m-%d %H:%M}", ""]
    for one in event.lines:
        line = placed.lines[one.line]
        much = f" x {quantity(one.qty_milli)}" if one.qty_milli else ""
        what = " ".join(part for part in (line.category, line.product) if part) + much
        lines.append(_row(what, one.amount_cents))
    lines += [_row("Total", total), _row("Paid", paid), _row("Left to pay", total - paid), "", f"Event {position}"]
    return "\n".join(lines)


def _row(what: str, cents: int) -> str:
    return f"{what:{_WIDTH - 12}}{euros(cents):>12}"


async def text(desk: Desk) -> None:
    number = desk.arguments.number
    async with desk.opened() as installation, installation.reading(desk.code) as log:
        rows = await log.read(number - 1, 1)
    event = decode(rows[0].type, rows[0].schema_version, rows[0].public, rows[0].private) if rows else None
    if isinstance(event, DeliveryNoted):
        book = await read_book(desk)
        desk.say(delivery_text(
            event, book.orders.orders[event.order].placed, position=number, at_us=rows[0].at_us,
            zone=book.caisse.calendar.zone, caisse=book.caisse.name,
        ))  # fmt: skip
        return
    if not isinstance(event, SaleDecided | CaptureDecided) or event.code not in ("00", "10"):
        raise Misused(f"Event {number} is no sale that was paid; look its number up with: clearing sales")
    book = await read_book(desk)
    desk.say(receipt_text(
        event, position=number, at_us=rows[0].at_us, zone=book.caisse.calendar.zone, caisse=book.caisse.name,
        producer=book.producers.producers[event.op.producer].name,
    ))  # fmt: skip


def _number(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", type=whole(1, 10**10), help="the event's number, as clearing sales shows it")


ENTRIES = (
    Entry(words=("receipt", "text"), group=Group.LOOKING, does="write a receipt, the same for all", run=text,
          arguments=_number),
)  # fmt: skip
