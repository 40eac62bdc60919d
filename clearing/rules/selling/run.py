"""Law: one attempt at funding a basket spends each source and each ceiling once; the next attempt starts from the facts."""

from clearing.events.basket import Share
from clearing.events.charte import Span
from clearing.rules.selling.sources import Source, Sources
from clearing.rules.selling.terms import IndexedPayer, Used

NO_CEILING = 1 << 62  # cents; more than any amount


class Room:
    """What a payer's ceilings leave it at this sale; span: of the ceiling that leaves least."""

    __slots__ = ("cents", "span")

    def __init__(self, payer: IndexedPayer, used: Used) -> None:
        self.cents = NO_CEILING
        self.span: Span | None = None
        for ceiling in payer.ceilings:
            gone = 0 if ceiling.span is Span.SALE else used(payer.id, ceiling.span, ceiling.per_purse)
            left = max(0, ceiling.cents - gone)
            if left < self.cents:
                self.cents, self.span = left, ceiling.span


class Run:
    """used None: ceilings were counted before (capture). delivered: the goods are gone (capture, advice), so whoever is short
    gives the part it has and nothing is left unsold. eligible: a rate would give a cent. short, limited: a source or a
    ceiling was in the way.
    """

    __slots__ = ("_rooms", "_used", "delivered", "eligible", "limited", "shares", "short", "sources")

    def __init__(self, sources: Sources, used: Used | None, *, delivered: bool) -> None:
        self.sources = sources
        self.delivered = delivered
        self.shares: list[Share] = []
        self.eligible = self.short = False
        self.limited: Span | None = None
        self._used = used
        self._rooms: dict[IndexedPayer, Room] = {}

    def again(self, sources: Sources) -> "Run":
        """Another attempt; what was in the way of an earlier one is not forgotten."""
        run = Run(sources, self._used, delivered=self.delivered)
        run.eligible, run.short, run.limited = self.eligible, self.short, self.limited
        return run

    def room(self, payer: IndexedPayer) -> Room | None:
        """None: no ceiling limits this payer."""
        if not payer.ceilings or self._used is None:
            return None
        found = self._rooms.get(payer)
        if found is None:
            found = self._rooms[payer] = Room(payer, self._used)
        return found

    def cut_short(self, wanted_cents: int, left_cents: int, room: Room | None, source: Source) -> None:
        """Note what keeps a payer from giving all it owes."""
        if room is not None and room.cents < min(wanted_cents, left_cents):
            self.limited = self.limited or room.span
        elif source.capped:
            self.limited = self.limited or Span.DAY
        else:
            self.short = True
