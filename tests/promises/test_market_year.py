"""Law: the real baskets give the same cents twice, those of an independent reference, and a log that proves them."""

import os
from collections.abc import Callable

from loadtests.market_year import run
from loadtests.results_file import write_result

MONTHS = {"short": 1, "long": 12}[os.environ.get("CLEARING_PROMISES", "short")]
OF_ONE_RUN = {"head_hash", "seconds", "events_per_s"}  # keys, salts and the machine differ from run to run; no cent does


def test_the_market_gives_the_same_cents_in_every_run(record_property: Callable[[str, object], None]) -> None:
    first, second = run(MONTHS), run(MONTHS)  # each is held against the reference and audited within
    assert first["audit"] == second["audit"] == "ok"
    assert first["head_hash"] != second["head_hash"], "two runs, two logs"
    for name in first.keys() - OF_ONE_RUN - {"audited"}:
        assert first[name] == second[name], name
    if MONTHS == 12:
        write_result(None, "market_year", first)
    record_property("market_months", MONTHS)
    record_property("market_events_per_s", [first["events_per_s"], second["events_per_s"]])


def test_the_market_with_tiers_a_solidarity_fund_and_a_bonus_conserves_every_cent(
    record_property: Callable[[str, object], None]
) -> None:
    played = run(MONTHS, schemes=True)  # held against its own reference and audited within
    assert played["audit"] == "ok"
    assert all(played["paid"].values())  # type: ignore[attr-defined]  # each of the four payers paid
    if MONTHS == 12:
        write_result(None, "market_year_schemes", played)
    record_property("market_schemes_events_per_s", played["events_per_s"])
