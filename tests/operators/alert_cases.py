"""Law: each alert has a case in which it must fire and one in which it must not, as series that Prometheus itself plays.

Values are promtool's: "0+1x60" is a counter that grows by 1 a minute for an hour, "3x10" is 3 eleven times, "_" is no sample.
"""

from dataclasses import dataclass
from typing import Any, Final

Series = dict[str, str]
DAY: Final = 1_440  # minutes
REQUESTS: Final = 'clearing_http_requests_total{path="/v1/sale",status="%s"}'
SECONDS: Final = 'clearing_http_request_seconds_%s{path="/v1/sale"%s}'
BRUME: Final = '{caisse="brume"}'


@dataclass(frozen=True, kw_only=True)
class Case:
    """fires, silent: the series of either play, a sample every `every_m` minutes; both are looked at after `at_m` minutes."""

    at_m: int
    fires: Series
    silent: Series
    every_m: int = 1

    def plays(self, alert: str) -> list[dict[str, Any]]:
        """Two groups of a promtool test file."""
        seen = f'count(ALERTS{{alertname="{alert}",alertstate="firing"}})'
        return [
            {
                "name": f"{alert} {verb}",
                "interval": f"{self.every_m}m",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "promql_expr_test": [{"expr": seen, "eval_time": f"{self.at_m}m", "exp_samples": samples}],
            }
            for verb, series, samples in (
                ("fires", self.fires, [{"labels": "{}", "value": 1}]),
                ("stays silent", self.silent, []),
            )
        ]


def answers(good: str, bad: str) -> Series:
    return {REQUESTS % "200": good, REQUESTS % "503": bad}


def speeds(quick: str, every: str) -> Series:
    return {SECONDS % ("bucket", ',le="0.25"'): quick, SECONDS % ("count", ""): every}


def gauge(name: str, values: str, **labels: str) -> Series:
    said = ",".join(f'{label}="{value}"' for label, value in ({"caisse": "brume"} | labels).items())
    return {f"clearing_{name}{{{said}}}": values}


def flows(came: str, went: str) -> Series:
    return gauge("flow_12_months_cents", came, direction="in") | gauge("flow_12_months_cents", went, direction="out")


def appends(quick: str, every: str) -> Series:
    return {
        'clearing_append_seconds_bucket{caisse="brume",le="0.1"}': quick,
        'clearing_append_seconds_bucket{caisse="brume",le="0.25"}': every,
        'clearing_append_seconds_bucket{caisse="brume",le="+Inf"}': every,
        "clearing_append_seconds_count" + BRUME: every,
    }


def processes(up: str, wanted: str) -> Series:
    return {'clearing_process_up{role="gateway"}': up, 'clearing_process_wanted{role="gateway"}': wanted}


CASES: Final[dict[str, Case]] = {
    # a share of 10 % unanswered; then ten requests an hour of which one failed: a share, but of nothing
    "UnansweredFast": Case(at_m=60, fires=answers("0+9x60", "0+1x60"), silent=answers("0 0+1x60", "0x30 1x30")),
    # 2 % for six hours, below what pages fast; then a bad hour that was over four hours ago
    "UnansweredSteadily": Case(
        at_m=360, every_m=5, fires=answers("0+98x72", "0+2x72"), silent=answers("0+98x72", "0+20x12 240x60")
    ),
    # one in five hundred for a day of the three; then one in five thousand
    "UnansweredSlowly": Case(
        at_m=DAY, every_m=5, fires=answers("0+499x288", "0+1x288"), silent=answers("0+4999x288", "0+1x288")
    ),
    "SlowFast": Case(at_m=60, fires=speeds("0+8x60", "0+10x60"), silent=speeds("0+99x60", "0+100x60")),
    "SlowSteadily": Case(
        at_m=360, every_m=5, fires=speeds("0+9x72", "0+10x72"), silent=speeds("0+97x72", "0+100x72")
    ),
    "SlowSlowly": Case(
        at_m=DAY, every_m=5, fires=speeds("0+98x288", "0+100x288"), silent=speeds("0+995x288", "0+1000x288")
    ),
    "NothingServes": Case(at_m=10, fires={"up": "1x10"}, silent=gauge("database_up", "0x10")),
    "ProcessDown": Case(at_m=5, fires=processes("2 1x10", "2x10"), silent=processes("2 1 2x10", "2x10")),
    "ProcessRestarting": Case(
        at_m=15,
        fires={'clearing_process_restarts_total{role="writer"}': "0+1x20"},
        silent={'clearing_process_restarts_total{role="writer"}': "0 1x20"},
    ),
    "WriterFenced": Case(at_m=5, fires=gauge("fenced_total", "0 0 1x10"), silent=gauge("fenced_total", "0x10")),
    "DatabaseDown": Case(at_m=5, fires=gauge("database_up", "1 0x10"), silent=gauge("database_up", "1 1 1 0 1 1")),
    "ClockStepped": Case(
        at_m=5, fires=gauge("clock_step_seconds", "0 -3600x10"), silent=gauge("clock_step_seconds", "0 60 0x10")
    ),
    "QueueOld": Case(
        at_m=5, fires=gauge("inbox_age_seconds", "3x10"), silent=gauge("inbox_age_seconds", "0 0 0 0 3 0.01 0.01")
    ),
    "AppendSlow": Case(at_m=20, fires=appends("0+95x30", "0+100x30"), silent=appends("0+1000x30", "0+1000x30")),
    "ViewsBehind": Case(
        at_m=10,
        fires=gauge("projection_lag_events", "30000x10", projection="views"),
        silent=gauge("projection_lag_events", "900x10", projection="views")
        | gauge("projection_lag_seconds", "2x10", projection="views"),
    ),
    "PartitionsLow": Case(at_m=10, fires=gauge("partitions_ahead", "1x10"), silent=gauge("partitions_ahead", "2x10")),
    "LedgerImbalance": Case(
        at_m=2, fires=gauge("ledger_imbalance_cents", "0 -1x5"), silent=gauge("ledger_imbalance_cents", "0x5")
    ),
    "FrameHeld": Case(
        at_m=5,
        fires=gauge("alarms_total", "0 1x9", alarm="held"),
        silent=gauge("alarms_total", "0 1x9", alarm="apply") | gauge("alarms_total", "0x9", alarm="held"),
    ),
    "AlarmRaised": Case(
        at_m=5,
        fires=gauge("alarms_total", "0 1x9", alarm="apply"),
        silent=gauge("alarms_total", "4x9", alarm="apply") | gauge("alarms_total", "0 1x9", alarm="clock"),
    ),
    "LogNotVerified": Case(
        at_m=DAY + 60,  # promtool's time begins in 1970: a day before that is minus 86,400
        every_m=5,
        fires=gauge("log_verified_timestamp_seconds", f"{-9 * 86_400}x300"),
        silent=gauge("log_verified_timestamp_seconds", f"{-2 * 86_400}x300"),
    ),
    "ProofFails": Case(
        at_m=2,
        fires=gauge("proof_holds", "1 0x5", proof="batches") | gauge("proof_holds", "1x6", proof="money"),
        silent=gauge("proof_holds", "1x6", proof="batches") | gauge("proof_holds", "1x6", proof="money"),
    ),
    "ProofsMissing": Case(
        at_m=180, fires=gauge("proofs_timestamp_seconds", "-129600x180"), silent=gauge("proofs_timestamp_seconds", "-90000x180")
    ),
    "UnsettledTooOld": Case(
        at_m=120,
        fires=gauge("oldest_unsettled_seconds", "400000x120") | gauge("unsettled_cents", "1200x120"),
        silent=gauge("oldest_unsettled_seconds", "260000x120") | gauge("unsettled_cents", "1200x120"),
    ),
    "BatchWaits": Case(
        at_m=120,
        fires=gauge("oldest_batch_seconds", "180000x120", state="closed"),
        silent=gauge("oldest_batch_seconds", "80000x120", state="closed"),
    ),
    "TerminalsSilent": Case(
        at_m=60,
        fires=gauge("silent_terminals", "12x60") | gauge("expected_terminals", "20x60"),
        silent=gauge("silent_terminals", "4x60") | gauge("expected_terminals", "100x60"),
    ),
    "Conflicts": Case(at_m=10, fires=gauge("conflicts_total", "0+1x10"), silent=gauge("conflicts_total", "0 1x10")),
    "BadSignatures": Case(
        at_m=10,
        fires={'clearing_refusals_total{reason="bad_signature"}': "0+10x10"},
        silent={'clearing_refusals_total{reason="bad_signature"}': "0+1x10"},
    ),
    "JunkFlood": Case(
        at_m=15,
        fires={'clearing_refusals_total{reason="malformed"}': "0+6000x20"},
        silent={'clearing_refusals_total{reason="malformed"}': "0+60x20"},
    ),
    "ThresholdNear": Case(
        at_m=120, fires=flows("40000000x120", "31000000x120"), silent=flows("50000000x120", "45000000x120")
    ),
    "ThresholdReached": Case(
        at_m=120, fires=flows("50000000x120", "45000000x120"), silent=flows("40000000x120", "31000000x120")
    ),
}
