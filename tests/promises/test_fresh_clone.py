"""Law: one command leads from a fresh clone to a settled market day, with an empty HOME that nobody else may enter.

Short: once. Long: a second time as well, which finds everything made. How long each took is recorded, not judged.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

CLONE = Path(__file__).resolve().parents[2]
RUNS = 2 if os.environ.get("CLEARING_PROMISES") == "long" else 1
LIMIT_S = 600


def bare_environment(home: Path) -> dict[str, str]:
    """What a newcomer has: no virtual environment, no setting of ours, a HOME with nothing in it."""
    ours = ("CLEARING_", "VIRTUAL_ENV", "PYTEST_", "PYTHON", "XDG_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"HOME": str(home), "PYTHON": getattr(sys, "_base_executable", sys.executable)}


def pictured() -> list[str]:
    """What README.md shows of a market day, piece by piece: columns stand at least two spaces apart."""
    block = (CLONE / "README.md").read_text(encoding="utf-8").split("the cents are the same in every run):")[1]
    shown = block.split("The day is a Saturday")[0].replace("...", "")
    return [piece for line in shown.splitlines() for piece in re.split(r"\s{2,}", line) if piece]


def test_a_fresh_clone_plays_and_settles_its_day(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    clone = home / "clearing"
    subprocess.run(["git", "clone", "--quiet", str(CLONE), str(clone)], check=True)
    for run in range(1, RUNS + 1):
        started = time.monotonic()
        command = ["sh", "ops/run", "--once"]
        done = subprocess.run(
            command, cwd=clone, env=bare_environment(home), check=False, capture_output=True, text=True, timeout=LIMIT_S
        )
        record_property(f"run_{run}_s", round(time.monotonic() - started, 1))
        assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-4_000:]
        assert (".venv is up to date" in done.stdout) == (run > 1)
        missing = [text for text in pictured() if text not in " ".join(done.stdout.split())]
        assert not missing, f"README.md shows what this run did not print: {missing}"
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=clone, check=True, capture_output=True, text=True)
    assert changed.stdout == "", "a run leaves nothing in the clone that git would see"
