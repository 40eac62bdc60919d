"""Law: a tiny run goes through the real server whole, and its sales are those that the log holds."""

import json
from pathlib import Path

from loadtests.authorise import main


def test_a_second_over_http_counts_the_same_sales_twice(tmp_path: Path) -> None:
    target = tmp_path / "result.json"
    small = ["--cards", "20", "--terminals", "10", "--in-flight", "8", "--highest-rate", "3000"]
    assert main([*small, "--seconds", "1", "--warmup", "0.5", "--tpcb-seconds", "0", "--json", str(target)]) == 0
    result = json.loads(target.read_text(encoding="utf-8"))
    assert result["sales"] > 0
    assert (result["errors"], result["void"], set(result["statuses"])) == (0, "", {"200"})
    assert result["codes"]["00"] == sum(result["codes"].values())
    assert result["whole_run"] == result["codes"]["00"]
    assert {"generator", "writer-1", "views-1", "postgres writer", "postgres projector"} <= result["cpu"].keys()
    assert {"gateway-1", "gateway-2"} & result["cpu"].keys()
