"""Law: a bank that nobody here wrote takes the file, settles every payout once, and knows a repeat when it gets one."""

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from clearing.settlement.pain001 import PaymentFile, render
from clearing.values import Cents
from tests.settlement.batches import CAISSE_IBAN, PRODUCER_IBAN, a_file, a_payout

ANSWER_WAIT_S = 60


@pytest.fixture
def bank() -> Iterator[str]:
    """The address of a bank on a free loopback port, at 09:00 of the batch's day, holding the caisse's account."""
    command = [sys.executable, "-m", "mockbank", "--port", "0", "--clock", "2026-11-30T09:00"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stderr is not None
            greeting = process.stderr.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+", greeting)
            assert found, f"the bank did not open: {greeting}{process.stderr.read()}"
            account = {"id": "CAISSE", "iban": CAISSE_IBAN, "name": "Caisse", "balance": 1_000_000}
            assert ask(found[0], "/_mock/accounts", json.dumps(account).encode())["balance"] == 1_000_000
            yield found[0]
        finally:
            process.terminate()


def ask(bank: str, path: str, body: bytes | None = None) -> Any:
    """The bank's answer as JSON; a rejection is an answer too."""
    request = urllib.request.Request(bank + path, data=body, headers={"Accept": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_WAIT_S) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as rejection:
        with rejection:
            return json.load(rejection)


def a_market_week() -> PaymentFile:
    return a_file(
        a_payout(),
        a_payout(end_to_end_id="P-7-2", producer_name="Élevage & Fils 🐐 <Bio>", amount_cents=Cents(1)),
        a_payout(end_to_end_id="(P/7):3", iban="DE89370400440532013000", bic="COBADEFFXXX", amount_cents=Cents(99_999)),
    )


def test_the_bank_finds_no_fault_in_the_file(bank: str) -> None:
    answer = ask(bank, "/_mock/validate", render(a_market_week()))
    assert answer["findings"] == []
    assert answer["file"]["msg_id"] == "LOOS-7"


def test_the_bank_accepts_every_payout_and_debits_the_caisse_to_the_cent(bank: str) -> None:
    answer = ask(bank, "/payments", render(a_market_week()))
    assert (answer["status"], answer["accepted"], answer["rejected"], answer["findings"]) == ("ACCP", 3, 0, [])
    ask(bank, "/_mock/advance?days=3", b"")
    settled = {paid["end_to_end_id"]: paid for paid in ask(bank, "/_mock/payments")}
    assert {key: paid["amount"] for key, paid in settled.items()} == {"P-7-1": 1734, "P-7-2": 1, "(P/7):3": 99_999}
    assert {paid["settlement_date"] for paid in settled.values()} == {"2026-12-01"}
    assert settled["P-7-1"]["creditor_iban"] == PRODUCER_IBAN
    assert settled["P-7-2"]["creditor_name"] == "Elevage + Fils . .Bio."
    assert ask(bank, "/_mock/accounts/CAISSE")["balance"] == 1_000_000 - 1734 - 1 - 99_999


def test_a_regenerated_file_is_known_to_the_bank_and_pays_nobody_twice(bank: str) -> None:
    assert ask(bank, "/payments", render(a_market_week()))["status"] == "ACCP"
    again = ask(bank, "/payments", render(a_market_week()))
    assert (again["status"], again["reason"], again["accepted"]) == ("RJCT", "DUPL", 0)
    ask(bank, "/_mock/advance?days=3", b"")
    assert ask(bank, "/_mock/accounts/CAISSE")["balance"] == 1_000_000 - 1734 - 1 - 99_999
