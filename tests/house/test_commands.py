"""Law: the two commands count truly: a failed, broken or left-out step is never a green end."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

from tests.house.sources import CLONE

SCRIPTS = ["ops/setup", "ops/run", "ops/test", ".ci/run"]
REPORT = """<testsuites><testsuite>
  <testcase classname="tests.a" name="test_good" time="0.5">
    <properties><property name="events_per_s" value="9000"/></properties>
  </testcase>
  <testcase classname="tests.a" name="test_bad" time="0.1"><failure message="1 cent missing">trace</failure></testcase>
  <testcase classname="tests.a" name="test_broken" time="0.1"><error message="no database">trace</error></testcase>
  <testcase classname="tests.a" name="test_left_out" time="0"><skipped message="needs the Debian package x"/></testcase>
  <testcase classname="tests.a" name="test_half" time="0">
    <properties><property name="not_run" value="vectors are not here"/></properties>
  </testcase>
</testsuite></testsuites>"""


@pytest.fixture
def steps() -> Iterator[ModuleType]:
    """ops/steps.py as a module; it is a command, so it is loaded by its path."""
    spec = importlib.util.spec_from_file_location("ops_steps", CLONE / "ops/steps.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["ops_steps"] = module  # dataclasses look their own module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["ops_steps"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_command_is_plain_shell_and_can_be_started(script: str) -> None:
    path = CLONE / script
    assert path.stat().st_mode & 0o111, f"chmod +x {script}"
    done = subprocess.run(["sh", "-n", str(path)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_setup_names_what_to_do_where_python_is_too_old(tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHON": str(tmp_path / "no-python")}
    command = ["sh", str(CLONE / "ops/setup")]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    assert done.returncode == 1
    assert "no Python >= 3.11 found" in done.stderr
    assert "PYTHON=" in done.stderr


def test_setup_refuses_a_word_it_does_not_know() -> None:
    done = subprocess.run(["sh", str(CLONE / "ops/setup"), "upgrade"], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "unknown word 'upgrade'" in done.stderr


def test_a_report_is_read_test_by_test(steps: ModuleType, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT, encoding="utf-8")
    cases = steps.read_report(report)
    assert [case.verdict for case in cases] == ["passed", "failed", "failed", "not run", "not run"]
    assert cases[0].numbers == {"events_per_s": "9000"}
    reasons = ["", "1 cent missing", "no database", "needs the Debian package x", "vectors are not here"]
    assert [case.reason for case in cases] == reasons


def test_a_report_that_was_never_written_is_no_test(steps: ModuleType, tmp_path: Path) -> None:
    assert steps.read_report(tmp_path / "absent.xml") == ()


def outcome(steps: ModuleType, *verdicts: str, reason: str = "") -> object:
    cases = tuple(steps.Case(name=f"t{i}", verdict=v, seconds=0.0, reason=reason, numbers={}) for i, v in enumerate(verdicts))
    return steps.Outcome(title="promises (short)", seconds=1.0, cases=cases)


@pytest.mark.parametrize(
    ("verdicts", "packages_missing", "code", "closing"),
    [
        (("passed", "passed"), False, 0, "2 passed, 0 failed"),
        (("passed", "failed"), False, 1, "1 passed, 1 failed"),
        (("passed",), True, 1, "1 passed, 0 failed"),
        ((), False, 1, "0 passed, 0 failed"),
    ],
)
def test_the_closing_line_and_the_exit_code_tell_the_same(
    steps: ModuleType,
    capsys: pytest.CaptureFixture[str],
    verdicts: tuple[str, ...],
    packages_missing: bool,
    code: int,
    closing: str,
) -> None:
    assert steps.summary([outcome(steps, *verdicts)], packages_missing=packages_missing, seconds=1.0) == code
    assert capsys.readouterr().out.splitlines()[-1] == closing


def test_what_was_not_run_is_named_with_its_reason(steps: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    left_out = outcome(steps, "passed", "not run", reason="vectors are not on this machine")
    assert steps.summary([left_out], packages_missing=False, seconds=1.0) == 0
    assert "not run: t1 (vectors are not on this machine)" in capsys.readouterr().out


def test_a_step_that_fails_is_counted_and_does_not_stop_the_next(steps: ModuleType) -> None:
    failed = steps.run_command("planted", [sys.executable, "-c", "raise SystemExit(3)"])
    passed = steps.run_command("fine", [sys.executable, "-c", ""])
    assert (failed.count("failed"), passed.count("passed")) == (1, 1)


def test_pytest_that_finds_no_test_is_a_failure(steps: ModuleType, tmp_path: Path) -> None:
    found = steps.run_pytest("empty", [str(tmp_path), "-p", "no:cacheprovider"], size="short")
    assert found.count("failed") == 1


def test_results_name_commit_and_date(steps: ModuleType, tmp_path: Path) -> None:
    path = steps.write_results([outcome(steps, "passed")], size="long", folder=tmp_path)
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record["commit"][:12] in path.name
    assert record["date"][:10] in path.name
    assert record["promises"][0]["verdict"] == "passed"


def test_steps_side_by_side_are_shown_whole_and_in_their_order(
    steps: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    def say(word: str, *, wait_s: float, code: int) -> object:
        speaks = f"print('{word} begins', flush=True); time.sleep({wait_s}); print('{word} ends')"
        program = f"import time; {speaks}; raise SystemExit({code})"
        return steps.run_command(word, [sys.executable, "-c", program], aside=True)

    first, third = partial(say, "first", wait_s=0.3, code=0), partial(say, "third", wait_s=0, code=3)
    outcomes = steps.run_together(2, [first, partial(say, "second", wait_s=0.1, code=0), third])
    verdicts = [(o.title, o.cases[0].verdict) for o in outcomes]
    assert verdicts == [("first", "passed"), ("second", "passed"), ("third", "failed")]
    told = capfd.readouterr().out
    for word in ("first", "second", "third"):
        assert f"{word} begins\n{word} ends\n--- {word}: " in told
