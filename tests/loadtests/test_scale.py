"""Law: a point of the scale says how many requests shared a commit, since many caisses mean small groups."""

from dataclasses import asdict

from loadtests.bare_writer import Cost, mean_group
from loadtests.scale import tick


def test_the_mean_group_is_over_all_writers_and_only_of_what_was_measured() -> None:
    assert mean_group([(100.0, 10.0), (0.0, 0.0)], [(120.0, 12.0), (40.0, 13.0)]) == 4.0
    assert mean_group([(5.0, 5.0)], [(5.0, 5.0)]) == 0.0


def test_the_axis_of_caisses_names_the_group_under_each_point() -> None:
    cost = asdict(Cost(writer_us=60.0, postgres_us=20.0, group_size=1.3))
    assert tick({"axis": "caisses", "value": 1_000, **cost}) == "1,000\n(1.3)"
    assert tick({"axis": "cards", "value": 1_000, **cost}) == "1,000"
