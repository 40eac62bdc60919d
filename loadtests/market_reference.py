"""Law: the market year by its written rules alone, in dicts and loops; nothing of the product is imported.

It is the second road to every total of loadtests.market_year: purses are kept per month on the wall calendar, so no clock,
zone or event of the product can hide the same mistake here. Run: python -m loadtests.market_reference --json FILE
"""

import argparse
import json
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final, TypedDict

from loadtests.baskets import CATEGORIES, Basket, load_year

GRANT_CENTS: Final = 15_000  # every household, on the first of each month
PERCENT: Final = {"fruit-veg": 100, "animal": 70, "staple": 30, "other": 0}
APPROVED, PARTIAL, EMPTY, NOTHING_ELIGIBLE = "00", "10", "51", "57"

Purse = dict[int, int]  # month 1-12 of the grant -> cents left of it


class Totals(TypedDict):
    """What market_year's JSON must show too; sums are approved cents, dates ISO, store ids decimal strings."""

    households: int
    producers: int
    baskets: int
    codes: dict[str, int]
    cents_approved: int
    cents_per_category: dict[str, int]
    granted: int
    lapsed: int
    left: int
    per_producer: dict[str, int]
    batches: dict[str, int]


def simulate(baskets: Sequence[Basket], months: int = 12) -> Totals:
    """Totals at 00:00 of the first of the month that follows `months` months. baskets: in order, of January to `months`.

    Raises AssertionError when a cent is missing or too many.
    """
    purses: dict[str, Purse] = {basket.household: dict.fromkeys(range(1, months + 1), GRANT_CENTS) for basket in baskets}
    codes = dict.fromkeys((APPROVED, PARTIAL, EMPTY, NOTHING_ELIGIBLE), 0)
    per_category = dict.fromkeys(CATEGORIES, 0)
    per_producer = {basket.store: 0 for basket in baskets}
    batches = {sunday.isoformat(): 0 for sunday in sundays(months)}
    for basket in baskets:
        taken, wanted = fund(basket, purses[basket.household])
        paid = sum(taken.values())
        codes[answer(basket.total_cents, wanted, paid)] += 1
        for category, cents in taken.items():
            per_category[category] += cents
        per_producer[basket.store] += paid
        closing = closing_of(basket)
        if closing in batches:  # a short run may end between two Sundays
            batches[closing] += paid
    lapsed = sum(purse[month] for purse in purses.values() for month in purse if month < months)
    left = sum(purse[months] for purse in purses.values())
    granted = GRANT_CENTS * months * len(purses)
    approved = sum(per_category.values())
    assert granted == approved + left + lapsed, "a cent is missing or too many"
    assert approved == sum(per_producer.values()), "categories and producers disagree"
    assert sum(codes.values()) == len(baskets), "a sale has no answer or two"
    return Totals(
        households=len(purses), producers=len(per_producer), baskets=len(baskets), codes=codes, cents_approved=approved,
        cents_per_category=per_category, granted=granted, lapsed=lapsed, left=left,
        per_producer=dict(sorted(per_producer.items(), key=lambda item: int(item[0]))), batches=batches,
    )  # fmt: skip


def fund(basket: Basket, purse: Purse) -> tuple[dict[str, int], int]:
    """What the purse pays per category, and what it would pay if it were full. The purse is spent.

    Each line asks for its percentage in whole cents, half a cent up; lines are served in order until the purse is empty.
    """
    month = int(basket.wall[5:7])
    taken: dict[str, int] = {}
    wanted = 0
    for category, cents in basket.lines:
        share = (cents * PERCENT[category] + 50) // 100
        wanted += share
        taken[category] = spend(purse, month, share)
    return taken, wanted


def spend(purse: Purse, month: int, cents: int) -> int:
    """Takes up to `cents` from last month's grant, then from this month's; returns what was there."""
    taken = 0
    for granted_in in (month - 1, month):
        part = min(purse.get(granted_in, 0), cents - taken)
        if part:
            purse[granted_in] -= part
            taken += part
    return taken


def answer(total_cents: int, wanted_cents: int, paid_cents: int) -> str:
    """The code of a sale, the first that applies."""
    if wanted_cents == 0:
        return NOTHING_ELIGIBLE
    if paid_cents == 0:
        return EMPTY
    return APPROVED if paid_cents == total_cents else PARTIAL


def sundays(months: int) -> Iterable[date]:
    """The closing days of January to `months`, 2017."""
    day = date(2017, 1, 1)  # a Sunday
    while day.year == 2017 and day.month <= months:
        yield day
        day += timedelta(days=7)


def closing_of(basket: Basket) -> str:
    """The Sunday whose 23:59:59 takes this sale. No basket of the year is stamped in a Sunday's last second."""
    day = date.fromisoformat(basket.wall[:10])
    return (day + timedelta(days=6 - day.weekday())).isoformat()


def main() -> None:
    parser = argparse.ArgumentParser(description="The market year's totals by the written rules alone.")
    parser.add_argument("--json", type=Path, help="write the totals to this file instead of the screen")
    target: Path | None = parser.parse_args().json
    text = json.dumps(simulate(load_year()), indent=1) + "\n"
    if target is None:
        print(text, end="")
    else:
        target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
