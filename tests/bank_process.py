"""Law: the bank of a test is the wheel mock-bank in a process of its own, on loopback, ended by its own process."""

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ANSWER_WAIT_S = 60


@dataclass(frozen=True)
class Bank:
    """A running bank. account: the id of the caisse's account there."""

    url: str
    account: str

    def ask(self, method: str, path: str, body: bytes | None = None) -> Any:
        """The bank's answer as JSON; a rejection is an answer too."""
        request = urllib.request.Request(self.url + path, data=body, method=method, headers={"Accept": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_WAIT_S) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as rejection:
            with rejection:
                return json.load(rejection)

    def holds(self, name: str, iban: str, cents: int = 0, **more: object) -> None:
        """Open an account at this bank."""
        said = {"id": name, "name": name, "iban": iban, "currency": "EUR", "balance": cents, **more}
        made = self.ask("POST", "/_mock/accounts", json.dumps(said).encode())
        assert made.get("id") == name, made

    def becomes(self, name: str, **fields: object) -> None:
        done = self.ask("PATCH", f"/_mock/accounts/{name}", json.dumps(fields).encode())
        assert done.get("id") == name, done

    def send(self, payment_file: bytes) -> Any:
        return self.ask("POST", "/payments", payment_file)

    def pass_days(self, days: int) -> None:
        assert "businessDaysCrossed" in self.ask("POST", f"/_mock/advance?days={days}", b"")

    def collect(self, folder: Path) -> list[Path]:
        """All messages for the caisse so far, as files in the order in which the bank sent them."""
        folder.mkdir(exist_ok=True)
        found = []
        for message in self.ask("GET", "/_mock/messages"):
            if message["account"] == self.account:
                path = folder / f"{message['id']:04d}-{message['type']}.xml"
                path.write_text(message["body"], encoding="utf-8")
                found.append(path)
        return found


@contextmanager
def a_bank(iban: str, *, clock: str, cents: int, account: str = "CAISSE") -> Iterator[Bank]:
    """clock: the bank's own time at its start, like 2026-11-30T09:00."""
    command = [sys.executable, "-m", "mockbank", "--port", "0", "--clock", clock, "--timezone", "Europe/Paris"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stderr is not None
            greeting = process.stderr.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+", greeting)
            assert found, f"the bank did not open: {greeting}{process.stderr.read()}"
            bank = Bank(found[0], account)
            bank.holds(account, iban, cents)
            yield bank
        finally:
            process.terminate()
