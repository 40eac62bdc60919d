"""Law: the day is read as it was shipped, in order, in whole cents; nothing of it is made up here."""

import json
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Final

from clearing.events.basket import Line
from clearing.values import CategoryId, Cents

FILE: Final = "demo_day.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """One sale: at_us UTC microseconds, household and store as decimal strings, lines in the charte's order."""

    at_us: int
    household: str
    store: str
    lines: tuple[Line, ...]

    @property
    def total_cents(self) -> int:
        return sum(line.amount_cents for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The day with everybody who comes to market on it, in the order in which they first come."""

    date: date
    zone: str
    baskets: tuple[Basket, ...]

    @property
    def households(self) -> list[str]:
        return list(dict.fromkeys(basket.household for basket in self.baskets))

    @property
    def stores(self) -> list[str]:
        return list(dict.fromkeys(basket.store for basket in self.baskets))


def read_day() -> Day:
    """The Saturday that ships with the program."""
    said = json.loads(resources.files("clearing").joinpath(FILE).read_text(encoding="utf-8"))
    categories = [CategoryId(name) for name in said["categories"]]
    baskets = [
        Basket(
            at_us=at_us, household=str(household), store=str(store),
            lines=tuple(Line(category=categories[place], amount_cents=Cents(cents)) for place, cents in lines),
        )
        for at_us, _, household, store, lines in said["baskets"]
    ]
    return Day(date=date.fromisoformat(said["date"]), zone=said["zone"], baskets=tuple(baskets))
