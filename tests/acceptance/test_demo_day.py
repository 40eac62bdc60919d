"""Law: the demo is one command that needs nothing, tells a treasurer what happened, and leaves no process behind."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from clearing.cli.parser import ENTRIES
from clearing.postgres import default_home
from tests.acceptance.processes import database_runs, town
from tests.house.sources import CLONE

DAY_S = 300


def test_a_market_day_is_played_settled_and_proved(tmp_path: Path) -> None:
    with town(tmp_path) as place:
        said = place.ok("demo", "day", "--once")
        assert "604 of 604 baskets" in said
        assert said.count("  holds  ") == 12
        assert re.search(r"the bank's own balance is the ledger's: ([\d ]+\.\d\d) = \1 EUR", said)
        assert re.search(r"From the bank: (\d+) transfers made, 1 sent back", said)
        assert "BROKEN" not in said
        assert "Who closed a batch can't approve it" in said
        told = re.search(r"To the bank: ([\d ]+\.\d\d) EUR in (\d+) transfers\s+(\S+)", said)
        assert told is not None
        content = Path(told[3]).read_text(encoding="utf-8")
        assert f"<CtrlSum>{told[1].replace(' ', '')}</CtrlSum>" in content
        assert content.count("<EndToEndId>") == int(told[2])
        assert not database_runs(place.home)


def test_each_demo_has_a_home_of_its_own_and_clears_the_last_one_away(tmp_path: Path) -> None:
    """Only the homes are looked at, so the day is cut short by Ctrl-C."""
    environment = os.environ | {"XDG_DATA_HOME": str(tmp_path)}
    homes = default_home("demo", xdg_data_home=str(tmp_path))
    before = set(homes.iterdir()) if homes.exists() else set()
    seen = []
    for _ in range(2):
        command = [sys.executable, "-u", "-m", "clearing", "demo", "day"]
        process = subprocess.Popen(command, cwd=CLONE, stdout=subprocess.PIPE, text=True, env=environment)
        assert process.stdout is not None
        line = next(line for line in process.stdout if "founding" in line)
        assert line
        fresh = (home for home in homes.iterdir() if home not in before and home not in seen)
        seen.append(next(home for home in fresh if (home / "run").exists()))
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        process.stdout.close()
        assert process.wait(DAY_S) == 1
        assert not database_runs(seen[-1])
    assert not seen[0].exists()


def test_every_command_that_the_summary_names_exists() -> None:
    text = (CLONE / "clearing/demo/summary.py").read_text(encoding="utf-8")
    named = set(re.findall(r"\{at\} ([a-z]+)", text))
    assert named
    assert named <= {entry.words[0] for entry in ENTRIES}
