"""Law: an exception is explained from the log alone: what came too late, what is open and who may end it, what two people said,
who paid; then the sale that it is about.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from clearing.audit.explaining import Explanation, explained, shares_told, why
from clearing.audit.findings import StoredLog
from clearing.audit.scan import Background, SaleNotFound, background_of, decoded
from clearing.event_store.rows import EventRow
from clearing.events.codes import Code
from clearing.events.orders import ExceptionResolved, ResolutionProposed
from clearing.events.sales import CaptureDecided, ReversalDecided
from clearing.rules.calendar import local_text
from clearing.rules.selling.exceptions import LATE_CAPTURE, REVERSAL
from clearing.values import money

Exceptional = CaptureDecided | ReversalDecided


def is_exceptional(event: object) -> bool:
    """Whether the event stands in the list of exceptions, or stood there."""
    if isinstance(event, CaptureDecided):
        return event.code == Code.EXPIRED_OR_RESOLVED
    return isinstance(event, ReversalDecided) and bool(event.exception)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedException:
    """kind: as rules/selling/exceptions.py names it. proposed, resolved: with their instants. sale: what it is about, if it
    is known and explains itself (a draw or a give names nobody)."""

    event: Exceptional
    kind: str
    position: int
    at: str
    proposed: tuple[ResolutionProposed, str] | None
    resolved: tuple[ExceptionResolved, str] | None
    sale: Explanation | None
    known: Background

    def text(self) -> str:
        return "\n".join(self._told())

    def _told(self) -> Iterator[str]:
        event = self.event
        yield f"Exception {self.position}, {self.kind} at {event.op.producer}, {self.at}"
        if isinstance(event, CaptureDecided):
            yield (f"Goods of {money(event.amount_cents)} were captured after their hold {event.original.hex()} had expired, "
                   "was cancelled or was captured. Nothing was owed for them by that.")  # fmt: skip
        else:
            yield f"{event.exception[:1].upper()}{event.exception[1:]}. It is about {event.original.hex()}."
        yield from self._ended()
        if self.sale is not None:
            yield ""
            yield "What it is about:"
            yield self.sale.text()

    def _ended(self) -> Iterator[str]:
        if self.resolved is not None:
            said, at = self.resolved
            yield f"{at}: {said.how}{_consent(said.consent)} by {' and '.join(said.resolved_by)}: {said.reason}."
            yield from self._paid(said)
        elif self.proposed is not None:
            proposal, at = self.proposed
            yield f"{at}: {proposal.by} proposes: {proposal.how}{_consent(proposal.consent)}: {proposal.reason}."
            yield f"It is open until another person agrees: clearing exception resolve {self.position}"
        else:
            hows = "accepted or refused" if self.kind == LATE_CAPTURE else "noted"
            yield f"It is open; {hows}, by two people: clearing exception propose {self.position} --how HOW --reason TEXT"

    def _paid(self, said: ExceptionResolved) -> Iterator[str]:
        if not said.shares:
            yield "No cent moved by that."
            return
        yield f"{money(sum(share.cents for share in said.shares))} are owed for it:"
        for place, line in enumerate(said.lines):
            shares = [share for share in said.shares if share.line == place]
            if shares:
                price = line.amount_cents - sum(share.cents for share in shares if share.step == "tariff")
                what = line.category if line.product is None else f"{line.category}, {line.product}"
                yield f"  {what}: {money(line.amount_cents)}, owed to {shares[0].payee}: {money(sum(s.cents for s in shares))}"
                yield from shares_told(explained(share, line.amount_cents, price, self.known) for share in shares)


def _consent(given: bool) -> str:
    return ", with the member's consent that her purse pays" if given else ""


async def explain_exception(log: StoredLog, position: int) -> ExplainedException | None:
    """position: of the event that stands in the list. None when it stands in none."""
    rows = await log.read(position - 1, 1)
    event = decoded(rows[0]) if rows else None
    if not rows or not isinstance(event, Exceptional) or not is_exceptional(event):
        return None
    known = await background_of(log)
    proposed, resolved = None, None
    for row in await log.filed_under("exception/"):
        later = decoded(row)
        if isinstance(later, ResolutionProposed) and later.exception == position:
            proposed = later, _at(row, known)
        elif isinstance(later, ExceptionResolved) and later.exception == position:
            resolved = later, _at(row, known)
    return ExplainedException(
        event=event, kind=LATE_CAPTURE if isinstance(event, CaptureDecided) else REVERSAL, position=position,
        at=local_text(known.zone, rows[0].at_us), proposed=proposed, resolved=resolved, sale=await _sale(log, event),
        known=known,
    )  # fmt: skip


def _at(row: EventRow, known: Background) -> str:
    return f"{local_text(known.zone, row.at_us)} (event {row.position})"


async def _sale(log: StoredLog, event: Exceptional) -> Explanation | None:
    """What was captured or reversed: its own terminal's, else another's of the same producer."""
    try:
        return await why(log, event.original.hex())
    except SaleNotFound:
        return None
