"""Law: the reference is itself checked by hand-made baskets, and its year by totals written down once."""

from datetime import date

from loadtests.baskets import Basket, load_year, read
from loadtests.market_reference import answer, closing_of, fund, simulate, spend, sundays


def basket(wall: str, *lines: tuple[str, int], household: str = "1", store: str = "9") -> Basket:
    return Basket(at_us=0, wall=wall, basket_id="7", household=household, store=store, lines=lines)


def test_lines_are_paid_in_order_until_the_purse_is_empty() -> None:
    purse = {1: 1_200}
    sale = basket("2017-01-07T10:00:00", ("fruit-veg", 735), ("animal", 1_249), ("staple", 415), ("other", 290))
    assert fund(sale, purse) == ({"fruit-veg": 735, "animal": 465, "staple": 0, "other": 0}, 735 + 874 + 125)
    assert purse == {1: 0}


def test_half_a_cent_goes_to_the_card() -> None:
    assert fund(basket("2017-01-07T10:00:00", ("animal", 5), ("staple", 15)), {1: 15_000})[0] == {"animal": 4, "staple": 5}


def test_last_months_grant_is_spent_before_this_months() -> None:
    purse = {1: 100, 2: 15_000, 3: 15_000}
    assert spend(purse, 2, 250) == 250
    assert purse == {1: 0, 2: 14_850, 3: 15_000}


def test_a_grant_of_two_months_ago_is_gone() -> None:
    purse = {1: 15_000, 2: 0, 3: 40}
    assert spend(purse, 3, 100) == 40
    assert purse[1] == 15_000


def test_januarys_grant_lives_to_the_last_second_of_february() -> None:
    sale = [("fruit-veg", 20_000)]
    last = simulate([basket("2017-02-28T23:59:59", *sale)], months=2)
    late = simulate([basket("2017-03-01T00:00:00", *sale)], months=3)
    assert (last["cents_approved"], last["lapsed"], last["left"]) == (20_000, 0, 10_000)
    assert (late["cents_approved"], late["lapsed"], late["left"]) == (20_000, 15_000, 10_000)


def test_answers_are_asked_in_their_order() -> None:
    assert answer(100, 0, 0) == "57"  # also with an empty purse
    assert answer(100, 30, 0) == "51"
    assert answer(100, 100, 100) == "00"
    assert answer(100, 100, 99) == "10"
    assert answer(100, 30, 30) == "10"


def test_a_share_that_rounds_to_nothing_is_not_eligible() -> None:
    totals = simulate([basket("2017-01-07T10:00:00", ("staple", 1)), basket("2017-01-07T10:00:01", ("other", 900))], months=1)
    assert totals["codes"] == {"00": 0, "10": 0, "51": 0, "57": 2}


def test_a_sunday_closes_on_its_own_evening_and_a_monday_waits() -> None:
    assert closing_of(basket("2017-01-01T23:59:58")) == "2017-01-01"
    assert closing_of(basket("2017-01-02T00:00:00")) == "2017-01-08"
    closings = [day.isoformat() for day in sundays(12)]
    assert (len(closings), closings[0], closings[-1]) == (53, "2017-01-01", "2017-12-31")


def test_two_months_conserve_every_cent() -> None:
    totals = simulate(read(date(2017, 1, 1), date(2017, 3, 1)).baskets, months=2)
    assert totals["granted"] == 2 * 15_000 * totals["households"]
    assert totals["granted"] == totals["cents_approved"] + totals["left"] + totals["lapsed"]
    after_the_last_sunday = totals["cents_approved"] - sum(totals["batches"].values())
    assert 0 < after_the_last_sunday < totals["cents_approved"] // 8  # Monday 27 and Tuesday 28 February


def test_the_year_comes_out_at_the_totals_written_down_once() -> None:
    totals = simulate(load_year())
    assert (totals["households"], totals["producers"], totals["baskets"]) == (2_469, 457, 155_285)
    assert totals["codes"] == {"00": 1_794, "10": 121_425, "51": 6_483, "57": 25_583}
    assert totals["cents_per_category"] == {
        "fruit-veg": 31_304_437, "animal": 47_728_995, "staple": 66_640_029, "other": 0,
    }  # fmt: skip
    assert totals["cents_approved"] == sum(totals["batches"].values()) == 145_673_461
    assert (totals["granted"], totals["lapsed"], totals["left"]) == (444_420_000, 264_790_567, 33_955_972)
    assert len(totals["batches"]) == 53
    assert (totals["batches"]["2017-01-01"], totals["batches"]["2017-12-31"]) == (342_033, 2_130_595)
