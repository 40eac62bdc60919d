"""Law: the journal is made from the log and the plans alone: entries balance, numbers have no gap, days never go back.

Two steps, because a plan is known when a month is closed, and closings stand later in the log: what moved is gathered by
day and piece, then it is entered by the plan of its month. Numbers begin anew with the accounting year, per journal.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, NamedTuple

from clearing.books.moves import Move, Moves
from clearing.books.pieces import Piece, french, piece_of
from clearing.books.plan import Place, Plan
from clearing.events.caisse import CaisseFounded
from clearing.events.catalogue import Event
from clearing.events.funds import FundOpened
from clearing.events.producers import ProducerAdmitted
from clearing.rules.calendar import CivilCalendar, period_start
from clearing.rules.ledger.accounts import BANK

_OF_RESULT: Final = "67"
"""Classes of accounts whose sums are the year's result."""


class Line(NamedTuple):
    """cents above zero: debit."""

    place: Place
    cents: int


class Entry(NamedTuple):
    """number: from 1 in its journal and accounting year. of_the_books_alone: brought forward, or put aside at the
    end of a year; it moves nothing of the ledger."""

    code: str
    journal: str
    number: int
    day: date
    reference: str
    label: str
    lines: tuple[Line, ...]
    of_the_books_alone: bool = False

    @property
    def debit_cents(self) -> int:
        return sum(line.cents for line in self.lines if line.cents > 0)


class Month(NamedTuple):
    """year: the first day of its accounting year."""

    period: str
    year: date
    entries: tuple[Entry, ...]


Sums = dict[Move, int]


@dataclass(slots=True)
class Gathered:
    """Feed every event of one log in order. days: what moved, by civil day and piece, without cents in the Move.
    names: of third parties; kinds: of funds."""

    days: dict[str, dict[Piece, Sums]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    moves: Moves = field(default_factory=Moves)
    calendar: CivilCalendar = field(default_factory=lambda: CivilCalendar("UTC"))
    first: str = ""
    last: str = ""

    def take(self, event: Event, position: int, at_us: int) -> None:
        """Raises Unfaithful."""
        match event:
            case CaisseFounded():
                self.calendar = CivilCalendar(event.zone)
            case FundOpened():
                self.kinds[event.fund] = event.kind
            case ProducerAdmitted():
                self.names[event.producer] = event.name
            case _:
                pass
        self.last = self.calendar.day(at_us).isoformat()
        self.first = self.first or self.last
        moved = self.moves.take(event, position)
        if moved:
            piece = piece_of(event, self.last, of_bank=any(one.account == BANK for one in moved))
            sums = self.days.setdefault(self.last, {}).setdefault(piece, {})
            for one in moved:
                key = one._replace(cents=0)
                sums[key] = sums.get(key, 0) + one.cents


def months(gathered: Gathered, plan_of: Callable[[str], Plan], *, year_starts: int, until: str) -> Iterator[Month]:
    """Every month from the log's first to `until` ("2026-05"). plan_of: the plan of a month."""
    if gathered.first:
        keeper = _Keeper(gathered, year_starts)
        for period in periods(gathered.first[:7], until):
            yield keeper.month(period, plan_of(period))


def periods(first: str, last: str) -> Iterator[str]:
    """Months from first to last, both included."""
    while first <= last:
        yield first
        first = (period_start(first) + timedelta(days=31)).isoformat()[:7]


def last_day(period: str) -> date:
    return (period_start(period) + timedelta(days=31)).replace(day=1) - timedelta(days=1)


@dataclass(slots=True)
class _Keeper:
    """balances: of every place so far; left: of each fund, what is not spent; dedicated: what stands in its account."""

    gathered: Gathered
    year_starts: int
    year: date = date.min
    numbers: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    balances: dict[Place, int] = field(default_factory=lambda: defaultdict(int))
    left: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    dedicated: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def month(self, period: str, plan: Plan) -> Month:
        first, entries = period_start(period), list[Entry]()
        if self.year == date.min or first.month == self.year_starts:
            began = self.year != date.min
            self.year = first
            self.numbers.clear()
            if began:
                entries += self._brought_forward(first, plan)
        for day, pieces in sorted(self._days(period).items()):
            for piece, sums in pieces.items():
                entries += self._entered(piece, date.fromisoformat(day), self._placed(sums, plan), plan)
        end = last_day(period)
        if (end + timedelta(days=1)).month == self.year_starts:
            entries += self._dedicated(end, plan)
        return Month(period, self.year, tuple(entries))

    def _days(self, period: str) -> Mapping[str, dict[Piece, Sums]]:
        return {day: pieces for day, pieces in self.gathered.days.items() if day[:7] == period}

    def _placed(self, sums: Sums, plan: Plan) -> dict[Place, int]:
        placed: dict[Place, int] = {}
        for move, cents in sums.items():
            place = plan.place(move)
            placed[place] = placed.get(place, 0) + cents
            if move.nature:
                fund = move.account.removeprefix("held-abroad:").removeprefix("held:").partition(":")[2]
                self.left[fund] -= cents
        return placed

    def _entered(self, piece: Piece, day: date, placed: Mapping[Place, int], plan: Plan) -> Iterator[Entry]:
        """One entry, or none when nothing is left of it in this plan."""
        lines = tuple(Line(place, cents) for place, cents in sorted(placed.items(), key=_debits_first) if cents)
        if not lines:
            return
        assert sum(line.cents for line in lines) == 0, f"the entry {piece} does not balance"
        code, journal = plan.journal(piece.journal)
        self.numbers[code] += 1
        for line in lines:
            self.balances[line.place] += line.cents
        yield Entry(code, journal, self.numbers[code], day, piece.reference, piece.label, lines)

    def _brought_forward(self, day: date, plan: Plan) -> Iterator[Entry]:
        """What stands in the balance sheet, and the result of the year that is over."""
        stands = {place: cents for place, cents in self.balances.items() if place.number[0] not in _OF_RESULT}
        result, into = -sum(stands.values()), Place(plan.nature("result"))
        stands[into] = stands.get(into, 0) + result
        self.balances.clear()
        piece = Piece("opening", f"AN{day:%Y%m%d}", f"Soldes reportés au {french(day.isoformat())}")
        yield from (one._replace(of_the_books_alone=True) for one in self._entered(piece, day, stands, plan))

    def _dedicated(self, day: date, plan: Plan) -> Iterator[Entry]:
        """What is left of dedicated money is put aside, or what was put aside before is used."""
        for fund, kind in self.gathered.kinds.items():
            found = plan.dedicated(fund, kind)
            if found is None:
                continue
            number, put_in, taken_out = found
            wanted = max(0, self.left[fund])
            change = wanted - self.dedicated[number, fund]
            self.dedicated[number, fund] = wanted
            placed = {Place(put_in if change > 0 else taken_out): change, Place(number): -change}
            piece = Piece("other", f"FD-{fund}", f"Fonds dédié {fund} au {french(day.isoformat())}")
            yield from (one._replace(of_the_books_alone=True) for one in self._entered(piece, day, placed, plan))


def _debits_first(one: tuple[Place, int]) -> tuple[bool, Place]:
    return one[1] < 0, one[0]
