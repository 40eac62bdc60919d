"""Law: Prometheus itself reads the page of several processes, loads every rule without a fault, and fires."""

import json
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from clearing.exposition import merge_expositions
from clearing.telemetry import EXPOSITION_TYPE, Telemetry
from tests.operators.promql import ALERTS, rules

PATIENCE_S = 60


@contextmanager
def page_of(**processes: Telemetry) -> Iterator[str]:
    """An address whose /metrics tells of these processes."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = merge_expositions({name: telemetry.exposition() for name, telemetry in processes.items()})
            self.send_response(200)
            self.send_header("Content-Type", EXPOSITION_TYPE)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            serving.join()


@contextmanager
def prometheus(folder: Path, target: str) -> Iterator[str]:
    """A Prometheus that scrapes this target every second by our rules; its URL. Gone at the end of the block."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        own = f"127.0.0.1:{free.getsockname()[1]}"
    settings = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": [str(ALERTS)],
        "scrape_configs": [{"job_name": "clearing", "static_configs": [{"targets": [target]}]}],
    }  # fmt: skip
    (folder / "prometheus.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    command = [
        "prometheus", f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={own}",
    ]  # fmt: skip
    with (folder / "prometheus.log").open("wb") as log:
        running = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        yield f"http://{own}"
    finally:
        running.terminate()
        running.wait(PATIENCE_S)


def asked(url: str, path: str) -> Any:
    """The data of an answer; None while it does not answer yet."""
    try:
        with urllib.request.urlopen(url + path, timeout=5) as answer:
            return json.load(answer)["data"]
    except OSError:
        return None


def firing(url: str) -> set[str]:
    data = asked(url, "/api/v1/query?query=" + quote('ALERTS{alertstate="firing"}'))
    return {one["metric"]["alertname"] for one in data["result"]} if data else set()


@pytest.mark.debian("prometheus")
def test_prometheus_scrapes_two_processes_loads_every_rule_and_fires(tmp_path: Path) -> None:
    gateway, writer = Telemetry(), Telemetry()
    writer.begin_caisse("brume")
    writer.database_up.labels("brume").set(1)
    writer.ledger_imbalance_cents.labels("brume").set(-1)
    patience = threading.Event()  # never set: to ask again five times a second
    with page_of(gateway=gateway, writer=writer) as target, prometheus(tmp_path, target) as url:
        until_s = time.monotonic() + PATIENCE_S
        while (fired := firing(url)) != {"LedgerImbalance"} and time.monotonic() < until_s:
            patience.wait(0.2)
        assert fired == {"LedgerImbalance"}, (tmp_path / "prometheus.log").read_text(encoding="utf-8")[-2_000:]
        loaded = [rule for group in asked(url, "/api/v1/rules")["groups"] for rule in group["rules"]]
        (scraped,) = asked(url, "/api/v1/targets")["activeTargets"]
        processes = asked(url, "/api/v1/label/process/values")
    assert (scraped["health"], scraped["lastError"]) == ("up", "")
    assert len(loaded) == len(rules("alert")) + len(rules("record"))
    assert not [(rule["name"], rule["lastError"]) for rule in loaded if rule.get("lastError")]
    assert processes == ["gateway", "writer"]
