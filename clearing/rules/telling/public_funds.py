"""Law: a fund's public figures move only by what concerns five persons or more, or an organisation; the rest waits.

Told at the beginning of each month. What fewer persons moved is held back, and comes with the month in which they are five.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from clearing.events.catalogue import Event
from clearing.events.funds import AllocationGranted
from clearing.events.opening import OpeningAccepted
from clearing.events.solidarity import CouponsSold, DrawDecided, DrawsShared, GiveDecided
from clearing.rules.telling.statistics import K_MIN
from clearing.rules.treasury.funds import Fund, Funds
from clearing.rules.treasury.runway import Flows
from clearing.values import FundId

_ENGAGED: Final = "engaged"
_RECEIVED: Final = "received"


@dataclass(slots=True)
class _Held:
    """What is not told of one figure yet. persons: of whom each is known to be another one; heads: of one run."""

    cents: int = 0
    persons: set[object] = field(default_factory=set)
    heads: int = 0

    def enough(self) -> bool:
        return max(len(self.persons), self.heads) >= K_MIN


@dataclass(slots=True)
class PublicFunds:
    """Follows a log beside its book: take() after each event, month() when a month has begun."""

    before: dict[tuple[FundId, str], int] = field(default_factory=dict)
    held: dict[tuple[FundId, str], _Held] = field(default_factory=dict)

    def take(self, funds: Funds, event: Event, position: int) -> None:
        """funds: as the event left them."""
        persons: set[object] | None = None
        for name, fund in funds.items():
            for figure, now in ((_ENGAGED, fund.engaged_cents), (_RECEIVED, fund.received_cents)):
                moved = now - self.before.get((name, figure), 0)
                if not moved:
                    continue
                self.before[name, figure] = now
                persons = set(_persons(event, position)) if persons is None else persons
                if figure == _ENGAGED or persons:
                    held = self.held.setdefault((name, figure), _Held())
                    held.cents += moved
                    held.persons |= persons
                    held.heads = max(held.heads, event.head_count if isinstance(event, AllocationGranted) else 0)

    def month(self) -> None:
        """A month is over: what enough persons moved is told with it."""
        self.held = {key: held for key, held in self.held.items() if not held.enough()}

    def told(self, funds: Funds, flows: Flows, on: date) -> list[dict[str, Any]]:
        """Of each fund; months_left: of its money, None when it can't be said. on: the last day before the month."""
        return [self._fund(name, fund, flows, on) for name, fund in sorted(funds.items())]

    def _fund(self, name: FundId, fund: Fund, flows: Flows, on: date) -> dict[str, Any]:
        engaged, received = (self.held.get((name, figure), _Held()).cents for figure in (_ENGAGED, _RECEIVED))
        runway = flows.runway({name: fund.there_cents()}, on)
        known = runway.tenths is not None and (name, _ENGAGED) not in self.held and (name, _RECEIVED) not in self.held
        return {
            "fund": name, "name": fund.name, "kind": fund.kind, "notified_cents": fund.notified_cents,
            "received_cents": fund.received_cents - received, "engaged_cents": fund.engaged_cents - engaged,
            "free_cents": fund.free_cents() - received + engaged,
            "months_left": f"{(runway.tenths or 0) // 10}.{(runway.tenths or 0) % 10}" if known else None,
        }  # fmt: skip


def _persons(event: Event, position: int) -> Iterator[object]:
    """Whoever an event is about: never told, only counted. A draw, a give or a sale of coupons counts as one person."""
    match event:
        case DrawDecided() | GiveDecided():
            yield event.op.x
        case DrawsShared():
            yield from (part.x for part in event.draws)
        case CouponsSold():
            yield position
        case OpeningAccepted():
            yield from (lot.member for lot in event.lots)
        case _:
            about = getattr(event, "member", None) or getattr(event, "donor", None)
            if about is not None:
                yield about
