"""Law: a producer reads draws and gives by the day, and never fewer than five draws by themselves.

A day with fewer is added to the next that reaches five, what is left at the end to the line before it; a batch with fewer than
five has one line. So every total still agrees. Source: domain.md section 3, row 5 (k = 5).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from clearing.events.basket import Line
from clearing.events.catalogue import Event
from clearing.events.sales import RefundDecided, ReversalDecided
from clearing.events.solidarity import DrawDecided, DrawsShared, GiveDecided, producers_paid
from clearing.projections.owed import per_payee
from clearing.rules.reductions.drawing import names_nobody
from clearing.values import ProducerId

DRAWS_MIN: Final = 5
DRAW, GIVE = "draw", "give"


@dataclass(slots=True)
class _Day:
    """last: position of its last event. draws: how many of them stand."""

    day: str
    last: int
    draws: int = 0
    gross_cents: int = 0
    cents: int = 0


@dataclass(slots=True)
class Together:
    """What draws and gives of one producer's batch come to. gross: by (terminal, x), to know what a reversal takes back."""

    producer: str
    days: dict[str, list[_Day]] = field(default_factory=lambda: {DRAW: [], GIVE: []})
    gross: dict[tuple[bytes, bytes], int] = field(default_factory=dict)

    def take(self, at: int, event: Event) -> bool:
        """Whether the event is a draw, a give, or about one."""
        match event:
            case DrawDecided() | GiveDecided() if not event.approved_cents:
                pass  # declined: its goods were sold at their price, or not at all
            case DrawDecided():
                key = event.op.terminal, event.op.x
                self.gross[key] = gross_of(event.lines, event.op.producer).get(self.producer, 0)
                cents = 0 if event.claimed else per_payee(event.shares).get(self.producer, 0)
                self._add(DRAW, at, event.day, draws=1, gross=self.gross[key], cents=cents)
            case DrawsShared():
                self._add(DRAW, at, event.day, cents=producers_paid(event).get(ProducerId(self.producer), 0))
            case GiveDecided() if event.op.producer != self.producer:
                pass  # owed by another one, also where both are told of in one sweep over a batch
            case GiveDecided():
                self._add(GIVE, at, event.day, cents=-event.approved_cents)
            case ReversalDecided() | RefundDecided() if names_nobody(event):
                self._back(at, event)
            case _:
                return False
        return True

    def _back(self, at: int, event: ReversalDecided | RefundDecided) -> None:
        kept = sum(part.cents for part in event.returned if part.step == "surplus")
        if kept and event.op.producer != self.producer:
            return
        if kept:
            self._add(GIVE, at, "", cents=kept)
            return
        key, cents = (event.op.terminal, event.original), -per_payee(event.returned).get(self.producer, 0)
        if isinstance(event, RefundDecided):
            gross = gross_of(event.lines, event.op.producer).get(self.producer, 0)
            self.gross[key] = self.gross.get(key, 0) - gross
            self._add(DRAW, at, "", gross=-gross, cents=cents)
        else:
            self._add(DRAW, at, "", draws=-1, gross=-self.gross.pop(key, 0), cents=cents)

    def _add(self, kind: str, at: int, day: str, *, draws: int = 0, gross: int = 0, cents: int = 0) -> None:
        """day "": that of the event before, or the batch's first."""
        days = self.days[kind]
        if not days or (day and day != days[-1].day):
            days.append(_Day(day, at))
        one = days[-1]
        one.last, one.draws, one.gross_cents, one.cents = at, one.draws + draws, one.gross_cents + gross, one.cents + cents

    def lines(self) -> Iterator[tuple[int, str, int, int]]:
        """(position of the last event in it, kind, goods at full price, cents owed) per line."""
        for kind, least in ((DRAW, DRAWS_MIN), (GIVE, 0)):
            for one in _merged(self.days[kind], least):
                if one.cents or one.gross_cents:
                    yield one.last, kind, one.gross_cents, one.cents


def _merged(days: Iterable[_Day], least: int) -> list[_Day]:
    found: list[_Day] = []
    waiting: _Day | None = None
    for one in days:
        waiting = one if waiting is None else _sum(waiting, one)
        if waiting.draws >= least:
            found.append(waiting)
            waiting = None
    if waiting is not None:
        found[-1:] = [_sum(found[-1], waiting) if found else waiting]
    return found


def _sum(first: _Day, then: _Day) -> _Day:
    return _Day(then.day, then.last, first.draws + then.draws, first.gross_cents + then.gross_cents, first.cents + then.cents)


def gross_of(lines: Iterable[Line], producer: str) -> dict[str, int]:
    """Goods that were handed over, at full price per payee; a line that names none is the seller's own."""
    sums: dict[str, int] = {}
    for line in lines:
        payee = line.payee or producer
        sums[payee] = sums.get(payee, 0) + line.amount_cents
    return sums
