"""Law: a tiny log of real sales, alone or in uploads, holds at every level, and each level proves the same events."""

import json
from pathlib import Path

import pytest

from clearing.audit import Level
from loadtests.audit import main


@pytest.mark.parametrize("uploads", [[], ["--batches"]])
def test_a_tiny_log_is_proved_at_every_level(tmp_path: Path, uploads: list[str]) -> None:
    target = tmp_path / "result.json"
    words = ["--events", "250", "--cards", "20", "--terminals", "2", "--workers", "1", *uploads, "--json", str(target)]
    assert main(words) == 0
    result = json.loads(target.read_text(encoding="utf-8"))
    told = [result[level.replace("-", "_")] for level in Level]
    assert len({one["events"] for one in told}) == 1
    for one in told[:2]:
        assert one["checked"]["operations, each cent from a payer of its charte to a payee"] == 250
    assert told[0]["checked"]["signatures of terminals, with what they signed"] == 250
