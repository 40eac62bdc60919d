"""Law: how long money lasts is told from what was spent lately, and never better than what is really there.

Folds the log by civil day. Announced money is not there until it came. Source of the gauge: domain.md section 4, law.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, NamedTuple

from clearing.events.caisse import CaisseFounded
from clearing.events.catalogue import Event
from clearing.events.closing import ProducerRepaid
from clearing.events.grants import RepaymentSentBack
from clearing.events.settlement import PayoutAnswered, PayoutReturned
from clearing.rules.calendar import CivilCalendar
from clearing.rules.ledger.postings import BANK, WAITING, Origins, UnexplainedPosting, legs
from clearing.values import Position, half_up

WINDOW_DAYS: Final = 91  # three months
DAYS_MIN: Final = 28  # less says nothing about a month
YEAR_DAYS: Final = 365
THRESHOLD_CENTS: Final = 100_000_000
"""In and out over twelve rolling months, above which the scheme is reported to the regulator."""
WARNINGS: Final = (90, 80, 70)
"""Percent of the threshold."""
_NOT_SPENT: Final = frozenset({"fund", BANK, "payable", "receivable", "notified"})
"""Kinds of accounts: what moves between these alone came, changed its fund, or left; it was not spent."""
_COMES_BACK: Final = (PayoutReturned, PayoutAnswered, RepaymentSentBack, ProducerRepaid)


class Runway(NamedTuple):
    """spent: in the last `days`, what lapsed or came back taken off. a_month: at the mean, 0 when nothing was spent or it is
    too early to say. tenths: of months that what is there lasts; runs_out: the day; both None when it can't be said."""

    there_cents: int
    spent_cents: int
    days: int
    a_month_cents: int
    tenths: int | None
    runs_out: date | None


class Gauge(NamedTuple):
    """Over twelve rolling months: what came to the bank, what cards paid. percent of the threshold, rounded down."""

    in_cents: int
    out_cents: int
    percent: int

    def warning(self) -> int | None:
        """The highest warning that is reached, in percent."""
        return next((one for one in WARNINGS if self.percent >= one), None)


@dataclass(slots=True)
class Flows:
    """By civil day: what each fund spent, what came to the bank, what cards paid."""

    spent: dict[str, dict[date, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    came: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    paid: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    first: date | None = None
    origins: Origins = field(default_factory=Origins)
    calendar: CivilCalendar = field(default_factory=lambda: CivilCalendar("UTC"))

    def take(self, event: Event, position: int, at_us: int) -> None:
        """The next event of a log. One that no postings explain is passed over: the audit names it."""
        if isinstance(event, CaisseFounded):
            self.calendar = CivilCalendar(event.zone)
        self.origins.note(event, Position(position))
        day = self.calendar.day(at_us)
        self.first = self.first or day
        try:
            moved = legs(event, self.origins)
        except UnexplainedPosting:
            return
        spending = not _NOT_SPENT.issuperset(account.partition(":")[0] for account in moved)
        for account, cents in moved.items():
            kind, _, name = account.partition(":")
            if kind == "fund" and spending:
                self.spent[name][day] += cents
            elif account == BANK and cents > 0 and WAITING not in moved and not isinstance(event, _COMES_BACK):
                self.came[day] += cents
            elif kind == "owed" and BANK not in moved and not any(one.startswith("payable:") for one in moved):
                self.paid[day] -= cents

    def spent_lately(self, funds: Iterable[str], today: date) -> tuple[int, int]:
        """(cents, days) of these funds in the window that ends today."""
        days = min(WINDOW_DAYS, (today - self.first).days + 1) if self.first is not None else 0
        since = today - timedelta(days=max(0, days - 1))
        return sum(
            cents for fund in funds for day, cents in self.spent.get(fund, {}).items() if since <= day <= today
        ), days  # fmt: skip

    def runway(self, there: dict[str, int], today: date) -> Runway:
        """there: cents per fund that is counted, received and not engaged. today: in the caisse's zone."""
        spent, days = self.spent_lately(there, today)
        return lasting(sum(there.values()), spent, days, today)

    def by_month(self, today: date) -> tuple[tuple[str, int, int], ...]:
        """(month, came, paid) of this one and the twelve before it, the oldest first; only its days within the gauge's year."""
        since = today - timedelta(days=YEAR_DAYS - 1)
        sums: dict[str, list[int]] = {}
        day = since
        while day <= today:
            of = sums.setdefault(day.isoformat()[:7], [0, 0])
            of[0] += self.came.get(day, 0)
            of[1] += self.paid.get(day, 0)
            day += timedelta(days=1)
        return tuple((month, came, paid) for month, (came, paid) in sums.items())

    def gauge(self, today: date) -> Gauge:
        since = today - timedelta(days=YEAR_DAYS - 1)
        came = sum(cents for day, cents in self.came.items() if since <= day <= today)
        paid = sum(cents for day, cents in self.paid.items() if since <= day <= today)
        return gauge(came, paid)


def lasting(there_cents: int, spent_cents: int, days: int, today: date) -> Runway:
    """How long what is there lasts at what was spent in so many days."""
    if days < DAYS_MIN or spent_cents <= 0:
        return Runway(there_cents, max(0, spent_cents), days, 0, None, None)
    a_month, left = half_up(YEAR_DAYS, spent_cents, 12 * days), max(0, there_cents)
    tenths = left * 10 * 12 * days // (spent_cents * YEAR_DAYS)
    last = min(left * days // spent_cents, 36_500)
    return Runway(there_cents, spent_cents, days, a_month, tenths, today + timedelta(days=last))


def gauge(in_cents: int, out_cents: int) -> Gauge:
    """Of what came and what cards paid in twelve months."""
    return Gauge(in_cents, out_cents, (in_cents + out_cents) * 100 // THRESHOLD_CENTS)
