"""The committee reads in sentences what was sold at another price; a list is refused with every line that is wrong in it."""

from pathlib import Path

import pytest

from clearing.cli.desk import Misused
from clearing.cli.products import read_products, told
from clearing.events.basket import Line
from clearing.rules.voted.prices import Difference, differences_of, summed
from tests.given_when_then import given
from tests.rules.test_products import BASKET, LISTED, PRICES
from tests.sayings import MARKET, Till, credit, line


def test_each_difference_is_one_line_in_cents_and_percent() -> None:
    till = Till()
    story = given(*MARKET, LISTED, PRICES, credit(20_000))
    found: list[tuple[Difference, Line]] = []
    for basket in (BASKET, BASKET, (line("cheese", 850, product="tomme", qty=1),)):
        story.when(till.sale(*basket), till.tap())
        found += differences_of(story.last, story.book.products, story.book.producers.producers, story.at_us)
    said = list(told(story.book, summed(found)))
    assert [" ".join(one.split()) for one in said] == [
        "garden-1 3000000000038 Leeks sold at 3.00 instead of 2.50 EUR (+0.50, +20 %): 2 lines, 6.00 EUR",
        "garden-1 tomme Tomme sold as veg instead of cheese: 2 lines, 18.00 EUR",
        "garden-1 tomme Tomme sold at 8.50 instead of 9.00 EUR (-0.50, -5.56 %): 1 line, 8.50 EUR",
        "3 differences. Nobody was declined by them: they are for the committee to talk about.",
    ]


def test_without_a_price_list_or_a_difference_it_says_so() -> None:
    assert "prices import" in next(told(given(*MARKET).book, []))
    assert "was sold at it" in next(told(given(*MARKET, LISTED, PRICES).book, []))


def test_every_line_of_a_list_that_can_not_be_used_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text("product;label;category;unit\n401;A;veg;kg\n4011;B;Fruit Veg;kg\n4012;C;veg;kg\n4012;D;veg;kg\n", "utf-8")
    with pytest.raises(Misused) as refused:
        read_products(path)
    said = str(refused.value)
    for part in ("line 2: 401 has 3 digits", "line 3: the category must be", "line 5: 4012 stands in line 4 too"):
        assert part in said
    assert "Nothing was sent" in said
