"""Law: one row per operation of a terminal, with what it is found by; everything else about it is in its event.

What later happens to a sale is a row of its own that names it. Nothing here is ever updated or looked up while it is written:
which operation a capture or refund is about is found when somebody asks (sale_links).
"""

from typing import Final

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


def writes(page: Page) -> Writes:
    rows = [row for sold in page.sold for row in sold.rows]
    changes, holds = [], []
    for recorded in page.recorded:
        at, event = recorded.position, recorded.event
        done = operation(event)
        if done is not None:
            rows.append((
                at, recorded.day, done.code, done.op.producer, done.op.terminal, done.op.x, done.card, done.member, None
            ))  # fmt: skip
        if isinstance(event, AuthorisationDecided) and event.approved_cents:
            holds.append((at, event.op.x, sum(share.cents for share in event.shares)))
        changed = change(event)
        if changed is not None:
            changes.append((at, *changed))
    return [*copy("sales", SOLD, rows), *copy("sale_changes", CHANGE, changes), *copy("holds", HOLD, holds)]
