"""Law: a limited card takes from its purses what its limits leave, in all; what comes back, comes back to the day it was taken.

Counted only for cards that have a limit, from the moment they have it: who has none pays nothing for it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from clearing.events.basket import Return, Share
from clearing.events.households import CardLimitSet
from clearing.events.sales import Tap
from clearing.rules.answers import Declined, not_found
from clearing.rules.people.members import Members, card_called
from clearing.values import CardId, Cents, PersonId


@dataclass(slots=True)
class CardLimit:
    """Cents, None: no limit of that kind. since_us: what was taken before is not counted."""

    sale_cents: int | None
    day_cents: int | None
    month_cents: int | None
    since_us: int


@dataclass(slots=True)
class CardLimits:
    """used: cents by card and civil day (its number) or month (year and month, below zero so that the two never meet)."""

    limits: dict[CardId, CardLimit] = field(default_factory=dict)
    used: dict[tuple[CardId, int], int] = field(default_factory=dict)

    def room_cents(self, card: CardId, day: date) -> int | None:
        """What the card may still take on this day; None: no limit."""
        limit = self.limits.get(card)
        if limit is None:
            return None
        rooms = [] if limit.sale_cents is None else [limit.sale_cents]
        if limit.day_cents is not None:
            rooms.append(limit.day_cents - self.used.get((card, day.toordinal()), 0))
        if limit.month_cents is not None:
            rooms.append(limit.month_cents - self.used.get((card, _month(day)), 0))
        return max(0, min(rooms))

    def count(self, tap: Tap | None, parts: Iterable[Share | Return], day: date, at_us: int, sign: int) -> None:
        """Add (sign 1) or give back (sign -1) what a sale of that instant took from purses."""
        limit = self.limits.get(tap.card) if tap is not None else None
        if tap is None or limit is None or at_us < limit.since_us:
            return
        cents = sign * sum(part.cents for part in parts if part.source.startswith("purse:"))
        for span in (day.toordinal(), _month(day)):
            left = self.used.get((tap.card, span), 0) + cents
            if left:
                self.used[tap.card, span] = left
            else:
                self.used.pop((tap.card, span), None)


def _month(day: date) -> int:
    return -(day.year * 12 + day.month)


def evolve_limit(limits: CardLimits, event: CardLimitSet, at_us: int) -> None:
    """Without any limit the card is counted no more; a changed one goes on with what was counted."""
    if event.sale_cents is None and event.day_cents is None and event.month_cents is None:
        limits.limits.pop(event.card, None)
        limits.used = {key: cents for key, cents in limits.used.items() if key[0] != event.card}
        return
    known = limits.limits.get(event.card)
    since_us = at_us if known is None else known.since_us
    limits.limits[event.card] = CardLimit(event.sale_cents, event.day_cents, event.month_cents, since_us)


def decide_limit(
    members: Members, *, alias: str, sale_cents: Cents | None, day_cents: Cents | None, month_cents: Cents | None, by: PersonId
) -> CardLimitSet | Declined:
    card = card_called(members, alias)
    if card is None:
        return not_found(f"There is no card called {alias}.")
    return CardLimitSet(card=card, sale_cents=sale_cents, day_cents=day_cents, month_cents=month_cents, by=by)
