"""Law: figures are what was seen: percentiles are replies, schedules are kept, and a run on a restless machine is void."""

import pytest

from clearing.values import CaisseCode
from loadtests.authorise import lines_of
from loadtests.measuring import backend_role, group_sizes, not_durable_because
from loadtests.pacing import Frames, Schedule
from loadtests.tally import between, latencies, percentile
from loadtests.tpcb import NoFigure, ratio, tps_in, void_because


def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed() -> None:
    values = [float(n) for n in range(1, 101)]
    assert [percentile(values, share) for share in (0.5, 0.99, 0.999, 1.0)] == [50.0, 99.0, 100.0, 100.0]
    assert percentile([], 0.5) == 0.0
    assert percentile([7.0], 0.01) == 7.0
    assert latencies([0.001] * 98 + [0.5, 0.5]) == {"p50_ms": 1.0, "p99_ms": 500.0, "p999_ms": 500.0}


def test_only_what_was_due_in_the_window_counts() -> None:
    assert between([0.5, 1.0, 1.5, 2.0], [4.0, 3.0, 2.0, 1.0], 1.0, 2.0) == [2.0, 3.0]


def test_a_schedule_spreads_each_phase_evenly() -> None:
    schedule = Schedule([(2.0, 10.0), (1.0, 0.0), (1.0, 4.0)])
    assert schedule.seconds == 4.0
    assert [schedule.up_to(at) for at in (0.0, 0.1, 2.0, 3.0, 3.5, 9.0)] == [0, 1, 20, 20, 22, 24]
    assert [schedule.at(number) for number in (1, 20, 22, 24)] == [0.1, 2.0, 3.5, 4.0]


def test_frames_that_run_out_say_when() -> None:
    frames = Frames([b"a", b"b"])
    frames.until_s = 10.0
    assert (frames.take(1, 1.0), frames.ran_out_s) == ([b"a"], None)
    assert (frames.take(2, 2.0), frames.ran_out_s) == ([b"b"], 2.0)
    assert not Frames([b"a"]).take(1, 1.0), "nothing is sent after the end"


def test_the_ratio_is_to_the_higher_figure_and_figures_far_apart_are_void() -> None:
    assert ratio(12_000.0, 5_000.0, 6_000.0) == 2.0
    assert ratio(12_000.0, 0.0, 0.0) is None
    assert void_because(4_800.0, 6_000.0) == ""
    assert "more than 20%" in void_because(4_799.0, 6_000.0)


def test_a_report_without_a_figure_is_no_figure() -> None:
    assert tps_in("latency average = 2 ms\ntps = 5800.123456 (without initial connection time)\n") == 5800.123456
    with pytest.raises(NoFigure, match="told no figure"):
        tps_in("could not connect")


def test_a_mix_is_lines_and_parts() -> None:
    assert lines_of("3:2,1") == [3, 3, 1]
    with pytest.raises(ValueError, match="parted by commas"):
        lines_of("0:1")


def test_backends_are_told_apart_by_their_title() -> None:
    assert backend_role("postgres: clearing_writer clearing [local] idle") == "postgres writer"
    assert backend_role("postgres: clearing_projector clearing [local] INSERT") == "postgres projector"
    assert backend_role("postgres: clearing_reader clearing [local] idle") == "postgres other"
    assert backend_role("postgres: checkpointer ") == backend_role("/somewhere/bin/postgres -D data") == "postgres background"


def test_group_sizes_are_read_from_the_exposition() -> None:
    said = 'clearing_group_requests_sum{caisse="load"} 120.0\nclearing_group_requests_count{caisse="load"} 4.0\n'
    assert group_sizes(said, CaisseCode("load")) == (120.0, 4.0)
    assert group_sizes(said, CaisseCode("other")) is None


def test_a_server_that_could_lose_a_commit_makes_the_run_void() -> None:
    on = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
    assert not_durable_because({"clearing_writer": on, "overrides": []}) == ""
    assert "synchronous_commit = off" in not_durable_because({"clearing_writer": on | {"synchronous_commit": "off"}})
    assert "overrides" in not_durable_because({"clearing_writer": on, "overrides": ["synchronous_commit=off"]})
