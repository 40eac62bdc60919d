"""Law: a chart's lengths are shares of its table's amounts; nothing stands outside the drawing, whatever the amounts are."""

import pytest

from clearing.console.charts import BAR_TOP, WIDTH, columns, marks, stacked


def test_parts_of_a_bar_stand_side_by_side_in_proportion() -> None:
    came, paid = stacked((("in", 25_000_000), ("out", 10_000_000)), 100_000_000)
    assert (came.x, came.width, paid.x, paid.width) == (0, 150, 150, 60)


@pytest.mark.parametrize("amounts", [(10**12, 5), (-5, 10**12), (0, 0), (99_999_999, 99_999_999)])
def test_what_is_more_than_the_whole_is_cut_at_its_end(amounts: tuple[int, int]) -> None:
    shapes = stacked((("in", amounts[0]), ("out", amounts[1])), 100_000_000)
    assert all(0 <= one.x <= one.x + one.width <= WIDTH for one in shapes)


def test_a_bar_of_nothing_has_no_length() -> None:
    assert [one.width for one in stacked((("in", 5),), 0)] == [0]


def test_the_highest_column_is_as_high_as_the_drawing_and_others_in_proportion() -> None:
    shapes = columns([[("in", 400), ("out", 100)], [("in", -3), ("out", 0)]])
    assert [one.height for one in shapes] == [BAR_TOP, BAR_TOP // 4, 0, 0]
    assert all(one.y + one.height == BAR_TOP for one in shapes)
    assert all(0 <= one.x < WIDTH for one in shapes)
    assert (columns([]), columns([[("in", 0)]])) == ((), ())


def test_marks_stand_at_their_percents() -> None:
    assert [(one.x, one.text) for one in marks((70, 90), ("70 %", "90 %"))] == [(420, "70 %"), (540, "90 %")]
