"""Law: a batch is shown as its events left it: closed, approved, exported; its payouts as the bank's last word left them."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from clearing.events.catalogue import Event
from clearing.events.joint import HandoverEnded, PayoutsHandedOver
from clearing.events.settlement import (
    BatchApproved,
    BatchClosed,
    BatchEndorsed,
    BatchExported,
    PayoutAnswered,
    PayoutConfirmed,
    PayoutQuestionClosed,
    PayoutReturned,
    PayoutsWithdrawn,
)
from clearing.projections.page import Page, Recorded, Writes, write
from clearing.rules.stalls.payouts import QUESTION, PayoutState

FILE = "batches.sql"
Row = tuple[Any, ...]


@dataclass(slots=True)
class _Steps:
    """Rows by statement."""

    closed: list[Row] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)
    endorsed: list[Row] = field(default_factory=list)
    withdrawn: list[Row] = field(default_factory=list)
    approved: list[Row] = field(default_factory=list)
    handed: list[Row] = field(default_factory=list)
    exported: list[Row] = field(default_factory=list)
    paid: list[Row] = field(default_factory=list)
    asked: list[Row] = field(default_factory=list)
    anew: list[Row] = field(default_factory=list)


def writes(page: Page) -> Writes:
    """In the order a batch lives, which is the order of a page too: no step comes before the one it needs."""
    steps = _Steps()
    for recorded in page.recorded:
        _batch(recorded, steps)
        _payout(recorded.event, recorded.at_us, recorded.position, steps)
    return [
        *write("close", steps.closed), *write("line", steps.lines), *write("endorse", steps.endorsed),
        *write("withdraw", steps.withdrawn), *write("approve", steps.approved), *write("hand_over", steps.handed),
        *write("export", steps.exported),
        *write("instruct", [(batch,) for batch, *_ in steps.exported]), *write("pay", steps.paid), *write("ask", steps.asked),
        *write("pay_anew", steps.anew),
    ]  # fmt: skip


def _batch(recorded: Recorded, steps: _Steps) -> None:
    _, at_us, _, event = recorded
    match event:
        case BatchClosed():
            steps.closed.append((
                event.batch, date.fromisoformat(event.closed_on), event.up_to, event.total_cents, at_us, event.by
            ))  # fmt: skip
            steps.lines += _lines(event)
            steps.anew += [
                (link.batch, line.producer, event.batch) for line in event.lines if line.paid_cents
                for link in line.links if link.what == "failed"
            ]  # fmt: skip
        case BatchEndorsed():
            steps.endorsed.append((event.batch, event.by))
        case BatchApproved():
            steps.approved.append((event.batch, at_us, event.by, date.fromisoformat(event.execution_on)))
        case BatchExported():
            steps.exported.append((event.batch, at_us, event.by, event.message_id, event.file_sha256))
        case PayoutsHandedOver():
            steps.handed += [(event.batch, one.producer, at_us, event.to) for one in event.parts]
        case PayoutsWithdrawn():
            steps.withdrawn += [(event.batch, one.producer, at_us, event.reason) for one in event.payouts]
        case _:
            pass


def _payout(event: Event, at_us: int, position: int, steps: _Steps) -> None:
    match event:
        case PayoutConfirmed():
            steps.paid.append((event.batch, event.producer, "executed", at_us, event.reference, ""))
            steps.asked.append((event.batch, event.producer, "", position))
        case PayoutReturned():
            steps.paid.append((event.batch, event.producer, "returned", at_us, event.reason, ""))
            steps.asked.append((event.batch, event.producer, "", position))
        case PayoutAnswered() if event.became == QUESTION:
            steps.asked.append((event.batch, event.producer, _said(event), position))
        case PayoutAnswered():
            said = event.reference or event.text
            steps.paid.append((event.batch, event.producer, event.became, at_us, said, event.code))
            steps.asked.append((event.batch, event.producer, "", position))
        case HandoverEnded():
            state = PayoutState.NOT_TAKEN if event.reason else PayoutState.TAKEN
            steps.paid.append((event.batch, event.producer, str(state), at_us, event.other, event.reason))
        case PayoutQuestionClosed():
            steps.asked.append((event.batch, event.producer, "", position))
        case _:
            pass


def _said(event: PayoutAnswered) -> str:
    return " ".join(word for word in (event.state, "on", event.on, event.code, event.text) if word)


def _lines(event: BatchClosed) -> list[Row]:
    return [
        (event.batch, line.producer, line.captured_cents, line.refunded_cents, line.carried_cents, line.net_cents,
         line.paid_cents, line.details, line.given_cents, line.adjusted_cents, line.contested_cents, line.why, line.attempt,
         line.parts_cents())
        for line in event.lines
    ]  # fmt: skip
