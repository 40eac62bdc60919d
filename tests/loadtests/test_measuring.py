"""Law: each process of a run is found under its own role, and what a run cost is told by role."""

import json
import os
from collections.abc import Iterator

import pytest

from clearing.installation.home import Home
from loadtests.ground import home_for
from loadtests.measuring import Meter, cpu_s, memory_mib, roles_now
from loadtests.running import Counted


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
    counted = Counted()
    counted.statuses.update({"200": 90, "503": 2})
    counted.codes.update({"00": 80, "10": 3, "05": 4, "91": 1, "none": 2})
    counted.lost = 5
    assert (counted.approved, counted.errors) == (83, 2 + 1 + 2 + 5)
