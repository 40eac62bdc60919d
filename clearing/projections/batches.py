"""Law: a batch is shown as its events left it: closed, approved, exported; payouts waiting, instructed, confirmed, returned."""

from datetime import date

from clearing.events.settlement import BatchApproved, BatchClosed, BatchExported, PayoutConfirmed, PayoutReturned
from clearing.projections.page import Page, Writes, write

FILE = "batches.sql"


def writes(page: Page) -> Writes:
    """In the order a batch lives, which is the order of a page too: no step comes before the one it needs."""
    closed, lines, approved, exported, payouts = [], [], [], [], []
    for _, at_us, _, event in page.recorded:
        match event:
            case BatchClosed():
                closed.append((
                    event.batch, date.fromisoformat(event.closed_on), event.up_to, event.total_cents, at_us, event.by
                ))  # fmt: skip
                lines += _lines(event)
            case BatchApproved():
                approved.append((event.batch, at_us, event.by, date.fromisoformat(event.execution_on)))
            case BatchExported():
                exported.append((event.batch, at_us, event.by, event.message_id, event.file_sha256))
            case PayoutConfirmed():
                payouts.append((event.batch, event.producer, "confirmed", at_us, event.reference))
            case PayoutReturned():
                payouts.append((event.batch, event.producer, "returned", at_us, event.reason))
            case _:
                pass
    return [
        *write("close", closed), *write("line", lines), *write("approve", approved), *write("export", exported),
        *write("instruct", [(batch,) for batch, *_ in exported]), *write("pay", payouts),
    ]  # fmt: skip


def _lines(event: BatchClosed) -> list[tuple[int, str, int, int, int, int, int, bytes, int]]:
    return [
        (event.batch, line.producer, line.captured_cents, line.refunded_cents, line.carried_cents, line.net_cents,
         line.paid_cents, line.details, line.given_cents)
        for line in event.lines
    ]  # fmt: skip
