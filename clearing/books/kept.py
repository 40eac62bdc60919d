"""Law: a closed month's books are made by the plan it was closed with, those of an open one by the newest.

A month belongs to the first closing that reaches it. Closed bytes are proved by the digest that two people agreed on.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import NamedTuple

from clearing.books.journal import Gathered, Month, last_day, months
from clearing.books.plan import Plan
from clearing.books.sheets import journal_sheet
from clearing.events.books import AccountPlanSet, MonthClosed
from clearing.events.caisse import CaisseFounded
from clearing.events.catalogue import Event
from clearing.events.closing import CaisseSealed


class NoPlan(Exception):
    """No plan of accounts is recorded yet; the text says how one is."""


class Closing(NamedTuple):
    """on: the civil day of the second person's agreement."""

    said: MonthClosed
    on: date


class Span(NamedTuple):
    """What one closing holds, or would hold. nowhere: ledger accounts that the plan does not know."""

    period: str
    plan: int
    months: tuple[Month, ...]
    journal: bytes
    nowhere: tuple[str, ...]

    @property
    def sha256(self) -> bytes:
        return sha256(self.journal).digest()

    @property
    def entries(self) -> int:
        return sum(len(month.entries) for month in self.months)

    @property
    def debit_cents(self) -> int:
        return sum(entry.debit_cents for month in self.months for entry in month.entries)


@dataclass(slots=True)
class Kept:
    """Feed every event of one log in order."""

    gathered: Gathered = field(default_factory=Gathered)
    plans: dict[int, Plan] = field(default_factory=dict)
    closings: list[Closing] = field(default_factory=list)
    caisse: str = ""
    sealed_on: date | None = None

    def take(self, event: Event, position: int, at_us: int) -> None:
        """Raises Unfaithful."""
        self.gathered.take(event, position, at_us)
        match event:
            case CaisseFounded():
                self.caisse = event.name
            case AccountPlanSet():
                self.plans[event.plan] = Plan(event)
            case MonthClosed():
                self.closings.append(Closing(event, date.fromisoformat(self.gathered.last)))
            case CaisseSealed():
                self.sealed_on = date.fromisoformat(self.gathered.last)
            case _:
                pass

    def newest(self) -> Plan:
        """Raises NoPlan."""
        if not self.plans:
            raise NoPlan("There is no plan of accounts yet: write one with `clearing books plan --default`, have it read by "
                         "your accountant, and record it with `clearing books plan FILE`.")  # fmt: skip
        return self.plans[max(self.plans)]

    def closing_of(self, period: str) -> Closing | None:
        """The closing that holds this month, None while it is open."""
        return next((one for one in self.closings if one.said.period >= period), None)

    def plan_of(self, period: str) -> Plan:
        """Raises NoPlan."""
        closing = self.closing_of(period)
        return self.newest() if closing is None else self.plans[closing.said.plan]

    def last_closed(self) -> str:
        return self.closings[-1].said.period if self.closings else ""

    def months(self, until: str = "") -> Iterator[Month]:
        """From the first on. until: "2026-05"; left out: the log's last. Raises NoPlan."""
        year_starts = self.newest().said.year_starts
        return months(self.gathered, self.plan_of, year_starts=year_starts, until=until or self.gathered.last[:7])

    def span(self, period: str) -> Span:
        """What the closing of this period holds, or would hold if it were closed now. Raises NoPlan."""
        closing = self.closing_of(period)
        last = period if closing is None else closing.said.period
        before = max((one.said.period for one in self.closings if one.said.period < last), default="")
        plan = self.plan_of(last)
        plan.nowhere.clear()
        held = tuple(month for month in self.months(last) if month.period > before)
        return Span(last, plan.said.plan, held, journal_sheet(held, plan, self.gathered.names), tuple(sorted(plan.nowhere)))

    def valid_on(self, period: str) -> date | None:
        """The day from which on nothing of this month can change; None while it is open."""
        closing = self.closing_of(period)
        return self.sealed_on if closing is None else closing.on

    def year(self, ends_in: int) -> list[Month]:
        """The months of the accounting year that ends in this civil year, as far as there are any. Raises NoPlan."""
        starts = self.newest().said.year_starts
        end = f"{ends_in}-{(starts + 10) % 12 + 1:02d}"
        first = f"{ends_in if starts == 1 else ends_in - 1}-{starts:02d}"
        return [month for month in self.months(min(end, self.gathered.last[:7])) if month.period >= first]

    def year_ends(self, ends_in: int) -> date:
        return last_day(f"{ends_in}-{(self.newest().said.year_starts + 10) % 12 + 1:02d}")

    def year_of(self, day: date) -> int:
        """The civil year in which the accounting year of this day ends. Raises NoPlan."""
        return day.year if day <= self.year_ends(day.year) else day.year + 1

    def changed(self) -> Iterator[str]:
        """Closed periods that this program makes other bytes of than two people agreed on."""
        return (one.said.period for one in self.closings if self.span(one.said.period).sha256 != one.said.sha256)

