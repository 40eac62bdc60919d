"""Law: one row per operation of a terminal, approved or declined; what later happens to a sale is added to its own row.

States: declined, held, captured, delivered (a hold that was captured), released, expired, undone; done (a refund or reversal
that took effect), tombstone and nothing (reversals that found nothing to undo). A reversal's amount is what it gave back.
"""

from typing import Final

from clearing.events.sales import (
    AuthorisationDecided,
    CaptureDecided,
    HoldExpired,
    RefundDecided,
    ReversalDecided,
    SaleDecided,
)
from clearing.projections.page import Page, Recorded, Writes, copy, write
from clearing.rules.returns import total

FILE = "sales.sql"
SOLD: Final = (
    "position", "at_us", "day", "local_time", "kind", "terminal", "x", "original", "producer", "member", "card", "code",
    "answer", "state", "amount_cents", "approved_cents", "captured_cents", "charte_version", "note",
)  # fmt: skip
SHARE: Final = (
    "position", "ordinal", "kind", "day", "line", "category", "payer", "step", "source", "payee", "rate", "cents",
)  # fmt: skip
_DONE: Final = ("00", "10")
Row = tuple[object, ...]


class _Rows:
    """What one page adds: operations, their shares, whom they are about, and what they change there."""

    def __init__(self) -> None:
        self.sold: list[Row] = []
        self.shares: list[Row] = []
        self.pointed: list[Row] = []
        self.refunds: list[Row] = []
        self.changed: list[Row] = []
        self.expired: list[Row] = []

    def about(self, recorded: Recorded, event: CaptureDecided | ReversalDecided | RefundDecided) -> None:
        self.pointed.append((recorded.position, event.op.producer, event.op.terminal, event.original))

    def change(self, recorded: Recorded, *, state: str, released: int = 0, given_back: int = 0, goods: int = 0) -> None:
        self.changed.append((recorded.position, state, released, given_back, goods))


def writes(page: Page) -> Writes:
    rows = _Rows()
    for recorded in page:
        match recorded.event:
            case SaleDecided() as event:
                _sale(recorded, event, rows)
            case AuthorisationDecided() as event:
                _authorisation(recorded, event, rows)
            case CaptureDecided() as event:
                _capture(recorded, event, rows)
            case ReversalDecided() as event:
                _reversal(recorded, event, rows)
            case RefundDecided() as event:
                _refund(recorded, event, rows)
            case HoldExpired() as event:
                rows.expired.append((event.terminal, event.original, total(event.released)))
            case _:
                pass
    return [
        *copy("sales", SOLD, rows.sold), *copy("sale_shares", SHARE, rows.shares), *write("point", rows.pointed),
        *write("follow", rows.refunds), *write("change", rows.changed), *write("expire", rows.expired),
    ]  # fmt: skip


def _sale(recorded: Recorded, event: SaleDecided, rows: _Rows) -> None:
    state = "captured" if event.approved_cents else "declined"
    card = None if event.tap is None else event.tap.card
    rows.sold.append((
        recorded.position, recorded.at_us, recorded.day, recorded.local_time, "sale", event.op.terminal, event.op.x, None,
        event.op.producer, event.member, card, str(event.code), event.answer, state, event.amount_cents,
        event.approved_cents, event.approved_cents, event.charte_version, "",
    ))  # fmt: skip
    _share(recorded, event, "sale", rows)


def _authorisation(recorded: Recorded, event: AuthorisationDecided, rows: _Rows) -> None:
    state = "held" if event.approved_cents else "declined"
    card = None if event.tap is None else event.tap.card
    rows.sold.append((
        recorded.position, recorded.at_us, recorded.day, recorded.local_time, "authorisation", event.op.terminal, event.op.x,
        None, event.op.producer, event.member, card, str(event.code), event.answer, state, event.amount_cents,
        event.approved_cents, 0, event.charte_version, "",
    ))  # fmt: skip
    _share(recorded, event, "authorisation", rows)


def _capture(recorded: Recorded, event: CaptureDecided, rows: _Rows) -> None:
    done = event.code in _DONE  # a capture of nothing is done too: it releases the whole hold
    state = "captured" if done else "declined"
    rows.sold.append((
        recorded.position, recorded.at_us, recorded.day, recorded.local_time, "capture", event.op.terminal, event.op.x,
        event.original, event.op.producer, event.member, None, str(event.code), event.answer, state, event.amount_cents,
        event.approved_cents, event.approved_cents, event.charte_version, "",
    ))  # fmt: skip
    _share(recorded, event, "capture", rows)
    rows.about(recorded, event)
    if done:
        rows.change(recorded, state="delivered", released=total(event.released))


def _reversal(recorded: Recorded, event: ReversalDecided, rows: _Rows) -> None:
    back = total(event.returned)
    state = "declined" if event.code != "00" else "done" if event.effect in ("released", "undone") else event.effect
    rows.sold.append((
        recorded.position, recorded.at_us, recorded.day, recorded.local_time, "reversal", event.op.terminal, event.op.x,
        event.original, event.op.producer, event.member, None, str(event.code), event.answer, state, back, back, 0, 0,
        event.exception,
    ))  # fmt: skip
    rows.about(recorded, event)
    if event.effect == "released":
        rows.change(recorded, state="released", released=back)
    elif event.effect == "undone":
        rows.change(recorded, state="undone", given_back=back)


def _refund(recorded: Recorded, event: RefundDecided, rows: _Rows) -> None:
    done = event.code == "00"
    rows.sold.append((
        recorded.position, recorded.at_us, recorded.day, recorded.local_time, "refund", event.op.terminal, event.op.x,
        event.original, event.op.producer, event.member, None, str(event.code), event.answer,
        "done" if done else "declined", event.amount_cents, event.card_cents, 0, 0, "",
    ))  # fmt: skip
    rows.about(recorded, event)
    rows.refunds.append((recorded.position,))
    if done:
        rows.change(recorded, state="", given_back=total(event.returned), goods=event.amount_cents)


def _share(recorded: Recorded, event: SaleDecided | AuthorisationDecided | CaptureDecided, kind: str, rows: _Rows) -> None:
    for ordinal, share in enumerate(event.shares):
        rows.shares.append((
            recorded.position, ordinal, kind, recorded.day, share.line, event.lines[share.line].category, share.payer,
            share.step, share.source, share.payee, share.rate, share.cents,
        ))  # fmt: skip
