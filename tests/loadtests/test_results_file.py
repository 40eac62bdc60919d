"""Law: a result file says what was measured, where and on which commit, and is never half written."""

import json
from pathlib import Path

import pytest

from loadtests.results_file import measured, write_result


def test_a_result_carries_its_machine_commit_and_date(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "rate.json"
    assert write_result(target, "rate", {"events_per_s": 12}, postgres="18.6") == target
    written = json.loads(target.read_text(encoding="utf-8"))
    assert (written["name"], written["events_per_s"], written["measured"]["postgres"]) == ("rate", 12, "18.6")
    assert written["measured"]["machine"]["cores"] >= 1
    assert written["measured"]["machine"]["memory_mib"] > 0
    assert {"date", "commit", "commit_is_exact", "python"} <= written["measured"].keys()
    assert [file.name for file in target.parent.iterdir()] == ["rate.json"]


def test_a_second_run_replaces_the_first(tmp_path: Path) -> None:
    for rate in (1, 2):
        write_result(tmp_path / "rate.json", "rate", {"events_per_s": rate})
    assert json.loads((tmp_path / "rate.json").read_text(encoding="utf-8"))["events_per_s"] == 2


def test_measured_values_never_hide_the_circumstances(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="belong to the result file"):
        write_result(tmp_path / "rate.json", "rate", {"measured": 1})
    assert list(tmp_path.iterdir()) == []


def test_without_a_server_no_version_is_claimed() -> None:
    assert "postgres" not in measured()
