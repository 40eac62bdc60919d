"""Law: a unit's pieces are issued, change hands and are taken back; each unit has a ledger of its own and no way out of it.

No rule here reads or writes a cent, and none names two units: that is why no operation can turn one into another.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from clearing.events.catalogue import Event
from clearing.events.units import UnitIssued, UnitMoved, UnitOpened, UnitTakenBack
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now

UNITS_MAX: Final = 50
ISSUED: Final = "issued"
"""The account against which pieces are made and taken back."""


@dataclass(slots=True)
class Unit:
    """held: pieces by holder, "member:<id>" or "producer:<id>", without empty ones."""

    name: str
    issued: int = 0
    held: dict[str, int] = field(default_factory=dict)

    def add(self, holder: str, pieces: int) -> None:
        """Raises BrokenBook below zero."""
        left = self.held.get(holder, 0) + pieces
        if left < 0:
            raise BrokenBook(f"{holder} would hold {left} pieces of {self.name}")
        if left:
            self.held[holder] = left
        else:
            self.held.pop(holder, None)


@dataclass(slots=True)
class Units:
    units: dict[str, Unit] = field(default_factory=dict)


def evolve_opened(units: Units, event: UnitOpened) -> None:
    units.units[event.unit] = Unit(name=event.name)


def evolve_issued(units: Units, event: UnitIssued) -> None:
    unit = units.units[event.unit]
    unit.issued += event.pieces
    unit.add(event.holder, event.pieces)


def evolve_moved(units: Units, event: UnitMoved) -> None:
    unit = units.units[event.unit]
    unit.add(event.giver, -event.pieces)
    unit.add(event.taker, event.pieces)


def evolve_taken_back(units: Units, event: UnitTakenBack) -> None:
    unit = units.units[event.unit]
    unit.add(event.holder, -event.pieces)
    unit.issued -= event.pieces


def decide_open(units: Units, event: UnitOpened) -> UnitOpened | Declined:
    if event.unit in units.units:
        return not_now(f"The unit {event.unit} exists already; choose another code or use this one.")
    if event.unit in ("eur", "euro", "euros", "978"):
        return not_now("A second unit has no euro behind it, so it is not called so; choose another code.")
    if len(units.units) >= UNITS_MAX:
        return not_now(f"A caisse has at most {UNITS_MAX} units.")
    return event


def decide_issue(units: Units, event: UnitIssued, *, known: Callable[[str], bool]) -> UnitIssued | Declined:
    """known: whether a holder is a member or producer of the caisse."""
    return _unfit(units, event.unit, event.pieces, (event.holder,), known) or event


def decide_move(units: Units, event: UnitMoved, *, known: Callable[[str], bool]) -> UnitMoved | Declined:
    wrong = _unfit(units, event.unit, event.pieces, (event.giver, event.taker), known)
    if wrong is None and event.giver == event.taker:
        wrong = not_now("Giver and taker are the same; nothing would move.")
    return wrong or _short(units, event.unit, event.giver, event.pieces) or event


def decide_take_back(units: Units, event: UnitTakenBack, *, known: Callable[[str], bool]) -> UnitTakenBack | Declined:
    wrong = _unfit(units, event.unit, event.pieces, (event.holder,), known)
    return wrong or _short(units, event.unit, event.holder, event.pieces) or event


def _unfit(units: Units, unit: str, pieces: int, holders: tuple[str, ...], known: Callable[[str], bool]) -> Declined | None:
    if unit not in units.units:
        return not_found(f"There is no unit {unit}; open it first: clearing unit open CODE --name NAME")
    if pieces < 1:
        return not_now("Give at least one piece.")
    for holder in holders:
        if not known(holder):
            return not_found(f"There is no {holder.replace(':', ' ')} here; look at `clearing member list`.")
    return None


def _short(units: Units, unit: str, holder: str, pieces: int) -> Declined | None:
    there = units.units[unit].held.get(holder, 0)
    if there < pieces:
        return not_now(f"{holder.replace(':', ' ')} holds {there} {units.units[unit].name}, {pieces} are asked for.")
    return None


MOVES: Final[dict[type, Callable[[Any], dict[str, int]]]] = {
    UnitIssued: lambda event: {ISSUED: event.pieces, event.holder: -event.pieces},
    UnitMoved: lambda event: {event.giver: event.pieces, event.taker: -event.pieces},
    UnitTakenBack: lambda event: {event.holder: event.pieces, ISSUED: -event.pieces},
}
"""Account -> pieces of the event's own unit, debit above zero. A table apart from the euros' (rules/ledger/postings.py): an
event that is in one is never in the other, which a test holds."""


@dataclass(slots=True)
class UnitLedger:
    """Double entry per unit, folded from the events alone: the second road to what a unit's holders have."""

    balances: dict[tuple[str, str], int] = field(default_factory=dict)

    def post(self, event: Event) -> dict[str, int]:
        """Takes one event in; returns its legs. Raises AssertionError when they do not balance."""
        move = MOVES.get(type(event))
        if move is None:
            return {}
        legs, unit = move(event), str(getattr(event, "unit", ""))
        if sum(legs.values()) != 0:
            raise AssertionError(f"postings of {type(event).__name__} do not balance: {legs}; run `clearing audit`")
        for account, pieces in legs.items():
            key = unit, account
            self.balances[key] = self.balances.get(key, 0) + pieces
        return legs


def unit_balances(units: Units) -> dict[tuple[str, str], int]:
    """What the book holds, in the form of UnitLedger.balances, without empty ones."""
    found: dict[tuple[str, str], int] = {}
    for code, unit in units.units.items():
        found |= {(code, holder): -pieces for holder, pieces in unit.held.items()}
        if unit.issued:
            found[code, ISSUED] = unit.issued
    return found
