"""Law: the board can be loaded, nothing of it overlaps, and every curve is of a metric that is exported."""

import json
import re
from typing import Any

import pytest

from tests.house.sources import CLONE
from tests.operators.promql import exported, faults

BOARD: dict[str, Any] = json.loads((CLONE / "ops/dashboards/authorisation.json").read_text(encoding="utf-8"))
PANELS: list[dict[str, Any]] = BOARD["panels"]
CURVES = [panel for panel in PANELS if panel["type"] != "row"]
UNITS = {"reqps", "percentunit", "none", "currencyEUR", "s", "short", "bytes"}
MUST_SHOW = {
    "clearing_decisions_total", "clearing_http_requests_total", "clearing_http_request_seconds_bucket",
    "clearing_inbox_age_seconds", "clearing_group_requests_sum", "process_cpu_seconds_total",
    "clearing_projection_lag_events", "clearing_refusals_total", "clearing_process_restarts_total",
    "clearing_unsettled_cents",
}  # fmt: skip


def asked() -> list[str]:
    """Every expression, with Grafana's own words replaced as Grafana would."""
    texts = [target["expr"] for panel in CURVES for target in panel["targets"]]
    return [text.replace("$__rate_interval", "1m").replace("$caisse", ".*") for text in texts]


@pytest.mark.parametrize("text", asked())
def test_a_curve_names_only_what_is_exported(text: str) -> None:
    assert "$" not in text
    assert not faults(text)


def test_the_board_shows_what_an_operator_looks_for() -> None:
    named = set(re.findall(r"\b(?:clearing|process)_[a-z0-9_]+", " ".join(asked()))) & exported().keys()
    assert named >= MUST_SHOW, MUST_SHOW - named


def test_the_board_is_one_that_grafana_loads() -> None:
    assert BOARD["schemaVersion"] >= 36
    assert {"uid", "title", "refresh", "time"} <= BOARD.keys()
    identities = [panel["id"] for panel in PANELS]
    assert len(identities) == len(set(identities))
    variables = {variable["name"]: variable["type"] for variable in BOARD["templating"]["list"]}
    assert variables == {"datasource": "datasource", "caisse": "query"}
    for panel in CURVES:
        assert panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        references = [target["refId"] for target in panel["targets"]]
        assert references
        assert len(references) == len(set(references))


def test_no_panel_lies_on_another_or_beyond_the_edge() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in PANELS:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, f"{panel['title']} lies on {taken[x, y]}"
                taken[x, y] = panel["title"]
