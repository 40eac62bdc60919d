"""Law: one row per operation of a terminal, with what it is found by; everything else about it is in its event.

What later happens to a sale is a row of its own that names it. Nothing here is ever updated or looked up while it is written:
which operation a capture or refund is about is found when somebody asks (sale_links).
"""

from collections.abc import Iterable
from typing import Final

from clearing.events.basket import Return, Share
from clearing.events.catalogue import Event
from clearing.events.interchange import InterchangeCaptured, InterchangeExpired, InterchangeHeld, InterchangeReleased
from clearing.events.orders import DeliveryNoted, DisputeResolved, OrderCancelled, OrderPlaced
from clearing.events.sales import AuthorisationDecided
from clearing.projections.operations import change, operation
from clearing.projections.page import Page, Writes, copy

FILE = "sales.sql"
SOLD: Final = ("position", "day", "code", "producer", "terminal", "x", "card", "member", "uses")
CHANGE: Final = (
    "position", "kind", "original", "terminal", "producer", "done", "state", "released_cents", "given_back_cents",
    "goods_cents",
)  # fmt: skip
HOLD: Final = ("position", "x", "cents")
RESERVE: Final = ("position", "account", "name", "cents")


def writes(page: Page) -> Writes:
    rows = [row for sold in page.sold for row in sold.rows]
    changes, holds, reserves = [], [], []
    for recorded in page.recorded:
        at, event = recorded.position, recorded.event
        done = operation(event)
        if done is not None:
            rows.append((
                at, recorded.day, done.code, done.op.producer, done.op.terminal, done.op.x, done.card, done.member, None
            ))  # fmt: skip
        if isinstance(event, AuthorisationDecided) and event.approved_cents:
            holds.append((at, event.op.x, sum(share.cents for share in event.shares)))
        reserved = _reserved(event)
        if reserved is not None:
            reserves.append((at, *reserved))
        changed = change(event)
        if changed is not None:
            changes.append((at, *changed))
    return [
        *copy("sales", SOLD, rows), *copy("sale_changes", CHANGE, changes), *copy("holds", HOLD, holds),
        *copy("reserves", RESERVE, reserves),
    ]  # fmt: skip


def _reserved(event: Event) -> tuple[str, str, int] | None:
    """account, name, cents that an order or a sale at another caisse reserves; below zero: no longer."""
    match event:
        case OrderPlaced():
            return "held", event.order, _cents(event.shares)
        case DeliveryNoted() | DisputeResolved():
            return "held", event.order, -_cents(event.shares) - _cents(event.released)
        case OrderCancelled():
            return "held", event.order, -_cents(event.released)
        case InterchangeHeld():
            return "held-abroad", event.ref.hex(), _cents(event.shares)
        case InterchangeCaptured():
            return "held-abroad", event.ref.hex(), -event.cents
        case InterchangeReleased() if not event.undone:
            return "held-abroad", event.ref.hex(), -_cents(event.returned)
        case InterchangeExpired():
            return "held-abroad", event.ref.hex(), -_cents(event.returned)
        case _:
            return None


def _cents(parts: Iterable[Share | Return]) -> int:
    """A surplus is reserved too."""
    return sum(part.cents for part in parts)
