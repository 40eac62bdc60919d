"""Law: every step runs, whatever an earlier one said; the end says what ran, what did not, and 'N passed, N failed'.

Called by ops/test inside the clone's own environment. Exit code 0 only if nothing failed and no Debian package was missing.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Final

from lxml import etree

CLONE = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
ONE_SPEAKS = threading.Lock()
HANG_DUMP_S = {"short": 300, "long": 2_400}  # a test longer than this shows where it stands, and goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test as pytest reported it. numbers: what the test measured (pytest's record_property)."""

    name: str
    verdict: str  # "passed", "failed" or "not run"
    seconds: float
    reason: str
    numbers: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One step. cases: the tests of a pytest step; any other step is one case of its own."""

    title: str
    seconds: float
    cases: tuple[Case, ...]

    def count(self, verdict: str) -> int:
        return sum(case.verdict == verdict for case in self.cases)


def headline(title: str) -> None:
    print(f"\n=== {title} {'=' * max(3, 110 - len(title))}", flush=True)


def run_command(title: str, command: list[str], *, aside: bool = False) -> Outcome:
    """A step that passes or fails as a whole, by its exit code."""
    started = time.monotonic()
    with shown(title, aside=aside) as said:
        code = run(command, os.environ, said)
        seconds = time.monotonic() - started
        tell(said, f"--- {title}: {'passed' if code == 0 else f'failed (exit code {code})'} in {seconds:.1f} s")
    verdict = "passed" if code == 0 else "failed"
    case = Case(name=title, verdict=verdict, seconds=seconds, reason=f"exit code {code}", numbers={})
    return Outcome(title=title, seconds=seconds, cases=(case,))


def run_pytest(title: str, arguments: list[str], *, size: str, aside: bool = False) -> Outcome:
    """A step that is counted test by test. size: "short" or "long", read by the tests as CLEARING_PROMISES."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="clearing-test-") as scratch, shown(title, aside=aside) as said:
        report = Path(scratch) / "report.xml"
        command = [PYTHON, "-m", "pytest", "-q", "--durations=5", f"--junit-xml={report}", *arguments]
        command += ["--continue-on-collection-errors", "-o", f"faulthandler_timeout={HANG_DUMP_S[size]}"]
        code = run(command, os.environ | {"CLEARING_PROMISES": size}, said)
        cases, seconds = read_report(report), time.monotonic() - started
        tell(said, f"--- {title}: exit code {code} in {seconds:.1f} s")
    if code != 0 and not any(case.verdict == "failed" for case in cases):
        broken = Case(name=title, verdict="failed", seconds=0.0, reason=f"pytest exit code {code}", numbers={})
        cases = (*cases, broken)
    return Outcome(title=title, seconds=seconds, cases=cases)


@contextmanager
def shown(title: str, *, aside: bool) -> Iterator[IO[bytes] | None]:
    """Where a step speaks. aside: other steps run at the same time, so what this one says is shown when it ends."""
    if not aside:
        headline(title)
        yield None
        return
    with tempfile.TemporaryFile() as said:
        yield said
        said.seek(0)
        with ONE_SPEAKS:
            headline(title)
            print(said.read().decode(errors="replace"), end="", flush=True)


def tell(said: IO[bytes] | None, line: str) -> None:
    if said is None:
        print(line, flush=True)
    else:
        said.write(f"{line}\n".encode())


def run(command: list[str], environment: Mapping[str, str], said: IO[bytes] | None) -> int:
    stderr = None if said is None else subprocess.STDOUT
    return subprocess.run(command, cwd=CLONE, check=False, env=environment, stdout=said, stderr=stderr).returncode


def run_together(rows: int, steps: Sequence[Callable[[], Outcome]]) -> list[Outcome]:
    """So many at once, in their order: a row that is free takes the next. They share nothing but the clone."""
    with ThreadPoolExecutor(max_workers=rows) as cores:
        return list(cores.map(lambda step: step(), steps))


def read_report(report: Path) -> tuple[Case, ...]:
    """pytest's JUnit file -> cases; none when pytest broke before it could write one."""
    if not report.exists():
        return ()
    return tuple(read_case(element) for element in etree.parse(report).iter("testcase"))


def read_case(element: etree._Element) -> Case:
    """A test that recorded the property "not_run" passed by leaving something out: it counts as not run, with that text."""
    failed = [child for child in element if child.tag in ("failure", "error")]
    skipped = element.find("skipped")
    numbers: dict[str, str] = {}
    for each in element.iter("property"):
        name, value = each.get("name") or "", each.get("value") or ""
        numbers[name] = f"{numbers[name]} {value}" if name in numbers else value
    left_out = numbers.pop("not_run", "") or ("" if skipped is None else skipped.get("message") or "no reason given")
    return Case(
        name=f"{element.get('classname')}::{element.get('name')}",
        verdict="failed" if failed else "not run" if left_out else "passed",
        seconds=float(element.get("time") or 0),
        reason=failed[0].get("message") or "" if failed else left_out,
        numbers=numbers,
    )


def missing_debian_packages(*, install: bool) -> bool:
    """Install or name what ops/debian-packages lists; True when something is still missing (its text said what)."""
    headline("Debian packages")
    command = ["sh", "ops/setup", "debian", *(["--install"] if install else [])]
    return subprocess.run(command, cwd=CLONE, check=False).returncode != 0


IN_MEMORY: Final = ("audit", "between", "cli", "events", "golden", "house", "properties", "rules", "wire")
"""Folders of tests whose tests start no process of their own; the others need a database or what serves."""

ROWS: Final = 3
"""Of steps at once: one more than a small machine has cores, for each waits for a browser, a disk or a bank at times."""


def run_steps(size: str) -> list[Outcome]:
    def tests(title: str, *folders: str) -> Callable[[], Outcome]:
        return partial(run_pytest, title, list(folders), size=size, aside=True)

    def folders(*names: str) -> list[str]:
        return [f"tests/{name}" for name in names]

    apart = folders("acceptance", "browser", "console", "promises", *IN_MEMORY)
    types = [PYTHON, "-m", "mypy", "clearing", "loadtests", "tests", "ops/steps.py"]
    print(f"\n{ROWS} rows of steps run beside each other; each step is shown when it ends", flush=True)
    return [
        run_command("style (ruff)", [PYTHON, "-m", "ruff", "check", "."]),
        run_command("import contracts (import-linter)", [str(Path(PYTHON).parent / "lint-imports"), "--no-logo"]),
        *run_together(ROWS, [  # the longest first
            tests(f"promises ({size})", *folders("promises")),
            tests("the product as people use it", *folders("acceptance")),
            tests("tests with processes", "tests", *(f"--ignore={folder}" for folder in apart)),
            tests("pages in a browser", *folders("browser")),
            tests("pages as they are answered", *folders("console")),
            tests("tests in memory", *folders(*IN_MEMORY)),
            partial(run_command, "types (mypy --strict)", types, aside=True),
        ]),
    ]  # fmt: skip


def scheme_rows(outcomes: Iterable[Outcome]) -> tuple[list[str], int]:
    """The table of the field's initiatives with what their tests said, and how many rows lack a test that passed."""
    titles = json.loads((CLONE / "tests/acceptance/schemes/rows.json").read_text(encoding="utf-8"))
    cases: dict[str, list[Case]] = {number: [] for number in titles}
    for case in (case for outcome in outcomes for case in outcome.cases):
        for number in filter(None, case.numbers.get("row", "").split()):
            cases[number].append(case)
    lines, lacking = list[str](), 0
    for number, title in titles.items():
        verdicts = [case.verdict for case in cases[number]]
        holds = bool(verdicts) and set(verdicts) == {"passed"}
        lacking += not holds
        said = f"{verdicts.count('passed'):3} of {len(verdicts):3} tests  {'holds' if holds else 'DOES NOT HOLD'}"
        lines.append(f"  {number:>2}  {title:54} {said}")
        lines += [f"        {case.verdict:8} {sentence(case.name)}" for case in cases[number]]
    return lines, lacking


def sentence(name: str) -> str:
    """A test's name as people read it."""
    return name.rpartition("::")[2].removeprefix("test_").replace("_", " ")


def git(*words: str) -> str:
    """One line of git's answer; "unknown" in a folder that is not a clone."""
    done = subprocess.run(["git", *words], cwd=CLONE, check=False, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else "unknown"


def write_results(outcomes: Iterable[Outcome], *, size: str, folder: Path) -> Path:
    """What was shown, by which commit, when and where: one JSON file per run, to be committed."""
    now = datetime.now(UTC)
    commit = git("rev-parse", "HEAD")
    record = {
        "commit": commit,
        "changed_since_commit": git("status", "--porcelain", "--untracked-files=no") != "",
        "date": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "size": size,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "steps": [
            {"step": o.title, "seconds": round(o.seconds, 1)} | {v: o.count(v) for v in ("passed", "failed", "not run")}
            for o in outcomes
        ],
        "promises": [
            {"name": c.name, "verdict": c.verdict, "seconds": round(c.seconds, 1), "numbers": c.numbers}
            for o in outcomes
            if o.title.startswith("promises")
            for c in sorted(o.cases, key=lambda case: case.name)
        ],
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"promises-{now:%Y-%m-%d}-{commit[:12]}.json"
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def summary(outcomes: list[Outcome], *, packages_missing: bool, seconds: float) -> int:
    """Print the table and the closing line; the exit code of the whole command."""
    headline("summary")
    for o in outcomes:
        counts = f"{o.count('passed'):6} passed {o.count('failed'):4} failed {o.count('not run'):4} not run"
        print(f"{o.title:34} {counts} {o.seconds:8.1f} s")
    for o in outcomes:
        for case in o.cases:
            if case.verdict != "passed":
                print(f"  {case.verdict}: {case.name}{f' ({case.reason.splitlines()[0][:140]})' if case.reason else ''}")
    if packages_missing:
        print("  not run: what needs the missing Debian packages; run 'sh ops/test --install', or once as root")
    passed, failed = (sum(o.count(verdict) for o in outcomes) for verdict in ("passed", "failed"))
    print(f"total time {seconds:.0f} s")
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed or packages_missing or not passed else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="sh ops/test", description="Run every check of the house.")
    parser.add_argument("size", nargs="?", choices=("short", "long"), default="short", help="size of the promises")
    parser.add_argument("--install", action="store_true", help="install missing Debian packages with sudo")
    asked = parser.parse_args()
    started = time.monotonic()
    packages_missing = missing_debian_packages(install=asked.install)
    outcomes = run_steps(asked.size)
    headline("the initiatives of the field, row by row (docs/schemes)")
    rows, lacking = scheme_rows(outcomes)
    print("\n".join(rows))
    if asked.size == "long":
        path = write_results(outcomes, size=asked.size, folder=CLONE / "loadtests" / "results")
        print(f"\nresults: {path.relative_to(CLONE)} (commit it)")
    seconds = time.monotonic() - started
    return summary(outcomes, packages_missing=packages_missing, seconds=seconds) or int(bool(lacking))


if __name__ == "__main__":
    sys.exit(main())
