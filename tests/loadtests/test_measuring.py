"""Law: each process of a run is found under its own role, and what a run cost is told by role."""

import json
import os
from array import array
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from clearing.installation.home import Home
from loadtests.ground import home_for
from loadtests.measuring import Meter, cpu_s, memory_mib, roles_now
from loadtests.running import Counted, CountsDiffer, must_agree
from loadtests.tally import Tally


@pytest.fixture
def home() -> Iterator[Home]:
    with home_for(None) as made:
        yield made.make()


def test_the_servers_own_list_of_processes_names_their_roles(home: Home) -> None:
    assert roles_now(home, 7, {8: "generator"}) == {7: "serve", 8: "generator"}
    listed = [{"role": "supervisor", "pid": 7}, {"role": "gateway-1", "pid": 9}]
    (home.run / "processes").write_text("\n".join(json.dumps(one) for one in listed), encoding="utf-8")
    assert roles_now(home, 7, {8: "generator"}) == {7: "supervisor", 8: "generator", 9: "gateway-1"}


def test_a_meter_counts_from_its_start_and_forgets_nobody_who_ended(home: Home) -> None:
    meter = Meter(home, os.getpid(), {2**22 + 1: "generator"})
    meter.start()
    sum(range(3_000_000))
    meter.look()
    spent = meter.spent()
    assert list(spent) == ["serve"], "a process that was never there has no figure"
    assert spent["serve"] >= 0.0
    assert (cpu_s(os.getpid()) or 0.0) > 0.0
    assert meter.memory()["serve"] > 1.0
    assert (cpu_s(2**22 + 1), memory_mib(2**22 + 1)) == (None, 0.0)


def test_what_decided_nothing_is_an_error_and_a_decline_is_not() -> None:
    counted = Counted(lost=5)
    counted.statuses.update({"200": 90, "503": 2})
    counted.codes.update({"00": 80, "10": 3, "05": 4, "91": 1, "none": 2})
    assert (counted.approved, counted.errors) == (83, 2 + 1 + 2 + 5)


def said(**more: object) -> dict[str, object]:
    """A generator's last line."""
    nothing = {"statuses": {}, "codes": {}, "item_statuses": {}, "lost": 0, "due": 0, "sent": 0}
    return {**nothing, "late_max": 0, "ran_out_s": None, **more}


def test_what_was_due_and_never_answered_is_an_error_whether_it_was_sent_or_not(tmp_path: Path) -> None:
    tally = Tally(due=array("d", [0.0, 0.1, 0.2]), took=array("d", [0.1] * 3))
    tally.write_times(tmp_path / "times")
    counted = Counted()
    counted.add(said(statuses={"200": 2, "503": 1}, codes={"00": 2}, due=10, sent=8, lost=4), tmp_path / "times")
    assert counted.errors == 7 + 1
    assert counted.requests() == {"due": 10, "sent": 8, "answered": 3, "lost": 4}


def test_of_batches_each_item_is_an_error_that_nothing_was_decided_about(tmp_path: Path) -> None:
    Tally(due=array("d", [0.0, 0.1, 0.2]), took=array("d", [0.1] * 3)).write_times(tmp_path / "times")
    counted = Counted(items=100)
    codes = {"00": 180, "05": 9, "other": 1}
    last = said(statuses={"200": 2, "429": 1}, codes=codes, item_statuses={"503": 10}, due=4, sent=4, lost=1)
    counted.add(last, tmp_path / "times")
    assert (counted.approved, counted.errors) == (180, 100 + 100 + 10 + 1)


@pytest.mark.parametrize(("logged", "agrees"), [(179, False), (180, True), (280, True), (281, False)])
def test_a_lost_batch_explains_its_items_in_the_log_and_no_more(logged: int, agrees: bool) -> None:
    counted = Counted(items=100, lost=1, codes=Counter({"00": 180}))
    if agrees:
        must_agree(logged, counted)
    else:
        with pytest.raises(CountsDiffer, match=f"holds {logged} .* saw 180, with at most 100"):
            must_agree(logged, counted)
