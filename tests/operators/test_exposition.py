"""Law: one page of many processes is read by Prometheus's own parser, sample by sample what each process said."""

import asyncio
import math
import subprocess

import pytest
from prometheus_client.parser import text_string_to_metric_families

from clearing.exposition import BadExposition, merge_expositions, read_exposition
from clearing.telemetry import ALARMS, LOOP_EVERY_S, Telemetry

AWKWARD = 'a "quoted" \\ path {with} , everything'


def busy() -> Telemetry:
    telemetry = Telemetry()
    telemetry.begin_caisse("brume")
    telemetry.decisions.labels("brume", "00").inc(3)
    telemetry.append_seconds.labels("brume").observe(0.004)
    telemetry.http_requests.labels(AWKWARD, "200").inc()
    telemetry.inbox_age_seconds.labels("brume").set(math.inf)
    return telemetry


def test_a_merged_page_is_what_prometheus_reads_with_the_process_added() -> None:
    page = merge_expositions({"gateway-1": busy().exposition(), "writer-1": busy().exposition()})
    families = list(text_string_to_metric_families(page.decode()))
    assert len({family.name for family in families}) == len(families)
    assert all(family.documentation and family.type != "unknown" for family in families)
    read = [(sample.name, sample.labels, sample.value) for family in families for sample in family.samples]
    assert sorted(read, key=repr) == sorted(map(tuple, read_exposition(page)), key=repr)
    assert {labels["process"] for _, labels, _ in read} == {"gateway-1", "writer-1"}
    assert ("clearing_decisions_total", {"process": "writer-1", "caisse": "brume", "code": "00"}, 3.0) in read
    assert any(labels.get("path") == AWKWARD for _, labels, _ in read)


@pytest.mark.debian("prometheus")
def test_promtool_finds_nothing_to_say_about_the_page() -> None:
    page = merge_expositions({"gateway-1": busy().exposition(), "writer-1": busy().exposition()})
    done = subprocess.run(["promtool", "check", "metrics"], input=page, check=False, capture_output=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


async def test_an_event_loop_that_is_held_comes_back_late() -> None:
    telemetry, stop, loop = Telemetry(), asyncio.Event(), asyncio.get_running_loop()
    watching = asyncio.create_task(telemetry.watch_loop(stop))
    await asyncio.sleep(0)
    until_s = loop.time() + LOOP_EVERY_S + 0.1
    while loop.time() < until_s:  # this is what holds it: a tenth of a second beyond the time it asked for
        pass
    while not late(telemetry):
        await asyncio.sleep(0)
    stop.set()
    await watching
    assert late(telemetry) >= 0.1


def late(telemetry: Telemetry) -> float:
    """Seconds that the loop came back late, in all."""
    said = {name: value for name, _, value in read_exposition(telemetry.exposition())}
    return said["clearing_event_loop_lag_seconds_sum"]


def test_a_family_that_one_process_alone_has_is_described_too() -> None:
    one, other = b"# HELP x Told.\n# TYPE x gauge\nx 1.0\n", b"# HELP y Told.\n# TYPE y counter\ny_total 2.0\n"
    page = merge_expositions({"a": one, "b": other})
    assert page.decode().splitlines() == [
        "# HELP x Told.", "# TYPE x gauge", 'x{process="a"} 1.0', "# HELP y Told.", "# TYPE y counter",
        'y_total{process="b"} 2.0',
    ]  # fmt: skip
    assert merge_expositions({}) == b""
    assert merge_expositions({"a": b""}) == b""


@pytest.mark.parametrize("text", [b"nothing\n", b"{} 1\n", b'x{a="1"} one\n', b"x\n"])
def test_what_is_no_sample_is_refused_with_its_line(text: bytes) -> None:
    with pytest.raises(BadExposition, match="this is no sample"):
        list(read_exposition(merge_expositions({"a": text})))
    with pytest.raises(BadExposition, match="this is no sample"):
        list(read_exposition(text))


def test_a_process_name_can_not_break_the_page() -> None:
    with pytest.raises(BadExposition, match="small letters"):
        merge_expositions({'a"} 1\nx{b="': b"x 1\n"})


def test_each_process_tells_its_own_cpu_and_memory() -> None:
    names = {sample.name for sample in read_exposition(Telemetry().exposition())}
    assert {"process_cpu_seconds_total", "process_resident_memory_bytes"} <= names
    assert not {name for name in names if name.endswith("_created")}


def test_the_rare_counters_of_a_caisse_begin_at_zero() -> None:
    telemetry = Telemetry()
    telemetry.begin_caisse("brume")
    shown = {(name, labels.get("alarm", "")): value for name, labels, value in read_exposition(telemetry.exposition())}
    assert [shown["clearing_alarms_total", alarm] for alarm in ALARMS] == [0.0] * len(ALARMS)
    assert shown["clearing_fenced_total", ""] == shown["clearing_conflicts_total", ""] == 0.0


def test_the_lag_in_seconds_counts_from_when_the_views_last_showed_all() -> None:
    telemetry = Telemetry()
    for events, now_s in ((0, 100.0), (5, 101.0), (9, 104.5)):
        telemetry.show_lag("brume", events, now_s)
    said = {name: value for name, _, value in read_exposition(telemetry.exposition())}
    assert (said["clearing_projection_lag_events"], said["clearing_projection_lag_seconds"]) == (9.0, 4.5)
    telemetry.show_lag("brume", 0, 105.0)
    said = {name: value for name, _, value in read_exposition(telemetry.exposition())}
    assert (said["clearing_projection_lag_events"], said["clearing_projection_lag_seconds"]) == (0.0, 0.0)
