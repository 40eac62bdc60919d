"""Law: a comparison is void for each reason that makes a run void: a restless machine, settings that lose, our own run."""

from typing import Any

from loadtests.peers import OURS, void_because

ON = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}


def result(**changed: Any) -> dict[str, Any]:
    durable = {"clearing_writer": ON, "overrides": []}
    return {"tpcb_tps_before": 5_000.0, "tpcb_tps_after": 5_000.0, "settings": {"postgres": durable}} | changed


def test_our_own_figure_is_told_with_what_went_wrong_in_it() -> None:
    assert {"errors", "ran_out_s"} <= set(OURS)


def test_each_reason_is_told() -> None:
    assert void_because(result(), {}) == void_because(result(), {"void": ""}) == ""
    assert "not quiet" in void_because(result(tpcb_tps_after=1_000.0), {})
    lossy = {"clearing_writer": ON | {"fsync": "off"}, "overrides": []}
    assert "fsync = off" in void_because(result(settings={"postgres": lossy}), {})
    assert void_because(result(), {"void": "our own run was not quiet"}) == "our own run was not quiet"
