"""Law: what `clearing top` shows is the difference of two pages; with nothing to show it says what to start."""

import os
import pty
import re
import subprocess
import sys
import termios
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from clearing.cli.pulse import Pulse, Reading, pulse, quantile_ms
from clearing.cli.window import WIDTH, drawn
from clearing.exposition import merge_expositions, read_exposition
from clearing.telemetry import Telemetry
from tests.acceptance.processes import town
from tests.house.sources import CLONE

INF = float("inf")


def reading(at_s: float, **processes: Telemetry) -> Reading:
    parts = {name.replace("_", "-"): telemetry.exposition() for name, telemetry in processes.items()}
    return Reading(read_exposition(merge_expositions(parts)), at_s)


def a_busy_second() -> Pulse:
    """Two gateways and a writer of two caisses; ten sales of brume in two seconds, one alarm, junk at the door."""
    doors, writer, supervisor = (Telemetry(), Telemetry()), Telemetry(), Telemetry()
    for caisse in ("brume", "a-caisse-with-a-name-of-forty-characters"):
        writer.begin_caisse(caisse)
        writer.decisions.labels(caisse, "00").inc(7)
    supervisor.process_restarts.labels("writer").inc()
    processes = {"gateway_1": doors[0], "gateway_2": doors[1], "writer_1": writer, "supervisor": supervisor}
    before = reading(100.0, **processes)
    for code, times in (("00", 6), ("10", 2), ("57", 2)):
        writer.decisions.labels("brume", code).inc(times)
    writer.group_requests.labels("brume").observe(4)
    writer.group_requests.labels("brume").observe(6)
    writer.inbox_age_seconds.labels("brume").set(0.25)
    writer.show_lag("brume", 17, 3.0)
    writer.alarms.labels("brume", "apply").inc()
    for door in doors:
        for _ in range(5):
            door.http_requests.labels("/v1/sale", "200").inc()
            door.http_seconds.labels("/v1/sale").observe(0.008)
            door.link_seconds.labels("brume").observe(0.004)
        door.refusals.labels("malformed").inc(2)
        door.websocket_connections.set(3)
    return pulse(before, reading(102.0, **processes))


def printed(shown: Pulse, *, ready: bool = True, reasons: tuple[str, ...] = ()) -> list[str]:
    console = Console(width=WIDTH, file=StringIO(), no_color=True, highlight=False)
    console.print(drawn(shown, url="http://127.0.0.1:8420", ready=ready, reasons=list(reasons), at="10:00:00"))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().splitlines()


def test_a_frame_tells_rate_speed_and_outcomes_of_each_caisse() -> None:
    other, brume = a_busy_second().caisses
    assert (brume.caisse, brume.per_s, brume.full, brume.part, brume.declined) == ("brume", 5.0, 6, 2, {"57": 2})
    assert (brume.group, brume.waits_s, brume.behind) == (5.0, 0.25, 17)
    assert brume.speed.p99_ms == pytest.approx(4.975)
    assert (other.per_s, other.group, other.speed.p50_ms) == (0.0, None, None)


def test_processes_and_the_door_are_summed_as_they_belong() -> None:
    shown = a_busy_second()
    assert [one.name for one in shown.processes] == ["gateway-1", "gateway-2", "supervisor", "writer-1"]
    assert all(one.memory_bytes > 1e6 for one in shown.processes)
    assert (shown.door_per_s, shown.streams, shown.refused) == (5.0, 6, {"malformed": 4})
    assert (shown.alarms, shown.restarts) == ({("brume", "apply"): 1}, {"writer": 1})


def test_a_frame_fits_eighty_columns_and_says_what_to_do() -> None:
    lines = printed(a_busy_second(), ready=False, reasons=("caisse brume: its views stopped; run clearing rebuild",))
    assert max(map(len, lines)) <= WIDTH
    text = "\n".join(lines)
    assert "NOT READY" in text
    assert "run clearing rebuild" in text
    assert re.search(r"brume +5\.0 +3\.8 +5\.0 +6 +2 +2 +5\.0 +0\.25 +17", text)
    assert "declined: 57 nothing eligible 2" in text
    assert "ALARM brume: apply 1" in text
    assert "turned away: malformed 4" in text
    assert "\x1b" not in text


def test_a_counter_that_fell_has_begun_anew() -> None:
    one, other = Telemetry(), Telemetry()
    one.decisions.labels("brume", "00").inc(50)
    other.decisions.labels("brume", "00").inc(3)
    (caisse,) = pulse(reading(0.0, writer=one), reading(1.0, writer=other)).caisses
    assert caisse.decided == {"00": 3}


@pytest.mark.parametrize(
    ("buckets", "share", "ms"),
    [
        ({}, 0.5, None),
        ({0.1: 0, INF: 0}, 0.5, None),
        ({0.1: 10, INF: 10}, 0.5, 50),
        ({0.1: 5, 0.2: 10, INF: 10}, 0.9, 180),
        ({0.1: 0, 0.2: 1, INF: 4}, 0.99, 200),  # beyond the last bound nothing more is known
    ],
)
def test_a_share_lies_within_its_bucket(buckets: dict[float, float], share: float, ms: float | None) -> None:
    found = quantile_ms(buckets, share)
    assert found is None if ms is None else found == pytest.approx(ms)


def test_a_served_caisse_is_shown_and_one_that_is_not_says_what_to_start(tmp_path: Path) -> None:
    with town(tmp_path) as place:
        assert "start it in another window: clearing serve" in place.refused("top", "--once")
        place.add_people()
        place.ok("found", "examples/caisse.toml", by="camille")
        with place.serving() as served:
            said = place.ok("top", "--once")
            assert re.match(r"clearing at http://127\.0\.0\.1:\d+: ready, ", said)
            assert "val-exemple" in said
            assert "alarms: none" in said
            assert max(map(len, said.splitlines())) <= WIDTH
            assert "val-exemple" not in place.ok("top", "--once", "--caisse", "other")
            assert a_window_that_q_leaves(place.home) == 0
            address = (place.home / "run/gateway").read_bytes()
            assert served.end() == 0
        (place.home / "run/gateway").write_bytes(address)  # as a kill -9 leaves it
        silent = place.run("top", "--once")
        assert silent.code == 1
        assert "does not answer" in silent.err
        assert "clearing serve" in silent.err


def a_window_that_q_leaves(home: Path) -> int:
    """The exit code of `clearing top` in a terminal of its own, left by a key once it shows the caisse."""
    window, terminal = pty.openpty()
    modes = termios.tcgetattr(terminal)
    command = [sys.executable, "-m", "clearing", "--home", str(home), "top"]
    running = subprocess.Popen(command, cwd=CLONE, stdin=terminal, stdout=terminal, stderr=terminal)
    try:
        shown = b""
        while b"val-exemple" not in shown or b"q leaves" not in shown:
            shown += os.read(window, 65_536)
        os.write(window, b"q")
        code = running.wait(60)
        assert termios.tcgetattr(terminal) == modes, "the window is left as it was found"
        return code
    finally:
        running.kill()
        running.wait()
        os.close(window)
        os.close(terminal)


def test_a_daily_proof_that_does_not_hold_is_shown_with_the_command_that_tells_more() -> None:
    views = Telemetry()
    for proof, value in (("batches", 0), ("money", 1)):
        views.proof_holds.labels("brume", proof).set(value)
    seconds = reading(1.0, views_1=views), reading(2.0, views_1=views)
    said = printed(pulse(*seconds))
    assert [line for line in said if line.startswith("PROOF")] == [
        "PROOF brume: batches = bank file = bank does not hold: clearing proofs"
    ]
    assert pulse(*seconds, "another").unproved == ()
