import json

import pytest
import structlog

from clearing.telemetry import LogEvent, Telemetry, configure

BOUNDED = {
    "caisse", "outcome", "reason", "code", "path", "status", "alarm", "projection", "state", "role", "cache", "proof",
    "direction",
}  # fmt: skip


def test_two_installations_in_one_process_count_apart() -> None:
    one, other = Telemetry(), Telemetry()
    one.repeats.labels("brume").inc()
    assert b'clearing_repeats_total{caisse="brume"} 1.0' in one.exposition()
    assert b'clearing_repeats_total{caisse="brume"}' not in other.exposition()


def test_every_metric_has_the_prefix_and_counters_end_in_total() -> None:
    families = [family for family in Telemetry().registry.collect() if not family.name.startswith("process_")]
    assert len(families) > 10
    assert all(family.name.startswith("clearing_") and family.documentation for family in families)
    assert {label for family in families for label in metric_labels(family.name)} <= BOUNDED


def metric_labels(name: str) -> tuple[str, ...]:
    held = {metric._name: metric._labelnames for metric in vars(Telemetry()).values() if hasattr(metric, "_labelnames")}
    return tuple(held[name])


def test_a_log_line_is_one_json_object_that_names_its_event(capsys: pytest.CaptureFixture[str]) -> None:
    configure(json=True)
    structlog.get_logger().info(LogEvent.PAIRED, caisse="brume")
    structlog.reset_defaults()
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["caisse"], line["level"]) == ("paired", "brume", "info")
