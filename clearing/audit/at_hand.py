"""Law: a sale whose place is known is explained from the few events under it; no other sale is opened for that.

The caisse's own stream has its votes, chartes and credits; a single credit is read at the position that its lot is called by.
What happened later is for who asks to look up: the views know it.
"""

from typing import Final, Protocol

from clearing.audit.explaining import Explanation, explanation
from clearing.audit.scan import BACKGROUND, Background, FoundSale, Paying, SaleNotFound, as_explained, batch_of, decoded
from clearing.event_store.rows import EventRow

_PAGE: Final = 10_000
_PARTED: Final = "~"  # what parts a lot's name from whose purse it moved to when a household separated


class Places(Protocol):
    """A log of which single places and streams are read."""

    async def read(self, after: int, limit: int) -> list[EventRow]: ...
    async def events_of(self, stream: str, *, after: int = 0, limit: int = _PAGE) -> list[EventRow]: ...


async def explain_at(log: Places, position: int) -> Explanation:
    """Raises SaleNotFound where no sale, authorisation or capture stands."""
    rows = await log.read(position - 1, 1) if position > 0 else []
    event = as_explained(decoded(rows[0])) if rows else None
    if not isinstance(event, Paying):
        raise SaleNotFound(f"Event {position} is no sale, authorisation or capture.")
    known = await _background(log)
    for lot in sorted({use.lot for share in event.shares for use in share.lots}):
        await _learn_lot(log, known, lot)
    return explanation(FoundSale(
        event, position, rows[0].at_us, known.zone, known.chartes, known.decisions, known.lots, (), batch_of(rows[0])
    ))  # fmt: skip


async def _background(log: Places) -> Background:
    known, after = Background(), 0
    while rows := await log.events_of("caisse", after=after, limit=_PAGE):
        for row in rows:
            if row.type in BACKGROUND:
                known.learn(decoded(row), row.position)
        after = rows[-1].position
    return known


async def _learn_lot(log: Places, known: Background, lot: str) -> None:
    """Its origin, which is that of the lot it was parted from; one made anew for a refund stays unknown."""
    first = lot.partition(_PARTED)[0]
    place = first.removeprefix("x").partition(".")[0]
    if first not in known.lots and first.startswith("x") and place.isdecimal():
        for row in await log.read(int(place) - 1, 1):
            if row.type in BACKGROUND:
                known.learn(decoded(row), row.position)
    if first in known.lots:
        known.lots[lot] = known.lots[first]
