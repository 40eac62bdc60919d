"""Law: an alert fires when it must, stays silent when it must, names only what is exported, and says what to do."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.house.sources import CLONE
from tests.operators.alert_cases import CASES
from tests.operators.promql import ALERTS, exported, faults, rules

RUNBOOKS = CLONE / "docs/runbooks"
HEADINGS = ["What it means at the stalls", "How to look", "What to do", "When it is over"]
COMMAND = re.compile(r"`clearing ([a-z]+(?: [a-z-]+)?)")


@pytest.mark.debian("prometheus")
def test_promtool_accepts_every_rule() -> None:
    done = subprocess.run(["promtool", "check", "rules", str(ALERTS)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(rules('alert')) + len(rules('record'))} rules found" in done.stdout


@pytest.mark.debian("prometheus")
@pytest.mark.parametrize("every_m", sorted({case.every_m for case in CASES.values()}))
def test_each_alert_fires_on_its_case_and_is_silent_on_the_other(every_m: int, tmp_path: Path) -> None:
    plays = [play for alert, case in CASES.items() if case.every_m == every_m for play in case.plays(alert)]
    played = tmp_path / "alerts_test.yml"
    content = {"rule_files": [str(ALERTS)], "evaluation_interval": f"{every_m}m", "tests": plays}
    played.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    done = subprocess.run(["promtool", "test", "rules", str(played)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_case_and_a_page_and_nothing_else_has() -> None:
    alerts = [rule["alert"] for rule in rules("alert")]
    assert len(alerts) == len(set(alerts))
    assert set(alerts) == CASES.keys()
    assert set(alerts) == {path.stem for path in RUNBOOKS.glob("*.md")}


@pytest.mark.parametrize("rule", rules("alert") + rules("record"), ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_names_only_what_is_exported(rule: dict[str, str]) -> None:
    assert not faults(rule["expr"])


def test_a_metric_or_label_that_nobody_exports_is_found() -> None:
    assert faults("sum(clearing_nothing)") == ["there is no metric clearing_nothing"]
    assert faults('clearing_fenced_total{card="1"}') == ["clearing_fenced_total has no label card"]
    assert faults("sum by (member) (rate(clearing_fenced_total[5m]))") == ["clearing_fenced_total has no label member"]
    assert faults("clearing_inbox_requests * on (till) clearing_log_position")
    assert "clearing_append_seconds_bucket" in exported()
    with pytest.raises(ValueError, match=r".+"):
        faults("sum(")


@pytest.mark.parametrize("rule", rules("alert"), ids=lambda rule: rule["alert"])
def test_an_alert_says_how_grave_it_is_and_what_to_do(rule: dict[str, dict[str, str]]) -> None:
    assert rule["labels"]["severity"] in ("page", "ticket")
    told = rule["annotations"]
    assert told.keys() == {"summary", "description", "runbook"}
    assert told["runbook"] == f"docs/runbooks/{rule['alert']}.md"
    assert len(told["description"]) > 80
    assert len(told["summary"]) < 120


@pytest.mark.parametrize("page", sorted(RUNBOOKS.glob("*.md")), ids=lambda page: page.stem)
def test_a_runbook_says_what_it_means_how_to_look_what_to_do_and_when_it_is_over(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.stem}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    assert 10 <= len(text.splitlines()) <= 45
    for asked in re.findall(r"^    promql> (.+)$", text, re.MULTILINE):
        assert not faults(asked), asked


def test_runbooks_name_only_commands_that_exist() -> None:
    from clearing.cli.parser import ENTRIES

    known = {" ".join(entry.words) for entry in ENTRIES} | {entry.words[0] for entry in ENTRIES}
    texts = [path.read_text(encoding="utf-8") for path in RUNBOOKS.glob("*.md")] + [ALERTS.read_text(encoding="utf-8")]
    named = {found for text in texts for found in COMMAND.findall(text)}
    assert named
    assert not {name for name in named if name not in known and name.split()[0] not in known}
