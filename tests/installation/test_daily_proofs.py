"""Law: the night's proofs are taken once for each day that is over; what stops them is an alarm, and they are tried again."""

import asyncio
import hashlib
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from clearing.config import SettingRefused, Settings
from clearing.events.proofs import ProofFigure
from clearing.installation import daily_proofs
from clearing.installation.daily_proofs import (
    AGAIN_US,
    file_seen,
    last_close,
    prove_each_night,
    show_proofs,
)
from clearing.installation.home import Home
from clearing.installation.kept_figures import Kept, Taken, keep, kept
from clearing.installation.opening import Installation
from clearing.postgres import Embedded
from clearing.rules.treasury.proofs import FIRST, PROOFS, result
from clearing.rules.treasury.runway import Flows, gauge
from clearing.telemetry import Telemetry
from clearing.values import CaisseCode, MicroTime
from tests.given_when_then import paris

CODE, PARIS = CaisseCode("brume"), ZoneInfo("Europe/Paris")
DAY = date(2026, 5, 1)


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """One whose database is never asked."""
    return Installation(Home(tmp_path / "home"), Settings(), Embedded.__new__(Embedded))


def taken(*wrong: str) -> Taken:
    """Five proofs of a sum of 5.00 EUR each; the named ones show a cent less."""
    results = tuple(result(proof, [ProofFigure(FIRST[proof], 500, None, 499 if proof in wrong else 500)]) for proof in PROOFS)
    return Taken(up_to=12, results=results, flows=Flows())


@pytest.mark.parametrize(("now", "closed"), [
    ("2026-05-02 00:19:59", "2026-04-30"), ("2026-05-02 00:20:00", "2026-05-01"), ("2026-05-02 23:59:59", "2026-05-01"),
    ("2026-10-25 00:20:00", "2026-10-24"), ("2026-10-26 00:20:00", "2026-10-25"),  # the longer day between
])  # fmt: skip
def test_a_day_is_proved_twenty_minutes_after_its_civil_end(now: str, closed: str) -> None:
    assert last_close(paris(now), PARIS).isoformat() == closed


async def test_each_day_is_proved_once_and_a_night_that_failed_an_hour_later_again(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, stop, runs = [paris("2026-05-02 00:10:00")], asyncio.Event(), list[int]()

    async def child(installation: Installation, code: CaisseCode, _telemetry: Telemetry, _stop: asyncio.Event) -> None:
        runs.append(clock[0])
        if len(runs) not in (1, 3):  # those could not be taken
            keep(installation.home, code, taken(), last_close(clock[0], PARIS), clock[0], recorded=False)

    def now_us() -> int:
        clock[0] = MicroTime(clock[0] + 600_000_000)
        if clock[0] > paris("2026-05-03 02:00:00"):
            stop.set()
        return clock[0]

    monkeypatch.setattr(daily_proofs, "_in_a_child", child)
    async with asyncio.timeout(30):
        await prove_each_night(
            installation, CODE, Telemetry(), stop, asyncio.Semaphore(1), now_us, lambda: PARIS,
            first_s=0.0001, look_every_s=0.0001,
        )
    first = paris("2026-05-02 00:20:00")
    second = paris("2026-05-03 00:20:00")
    assert runs == [first, first + AGAIN_US, second, second + AGAIN_US]


async def test_what_nobody_signed_yet_is_taken_again_where_somebody_is_named_to(tmp_path: Path) -> None:
    signing = Settings(proofs_by="nightly", proofs_passphrase_file="file")
    for settings, due in ((Settings(), False), (signing, True)):
        installation = Installation(Home(tmp_path / f"home-{due}"), settings, Embedded.__new__(Embedded))
        keep(installation.home, CODE, taken(), DAY, 1, recorded=False)
        assert daily_proofs._is_due(installation, CODE, DAY.isoformat()) is due
        keep(installation.home, CODE, taken(), DAY, 1, recorded=True)
        assert not daily_proofs._is_due(installation, CODE, DAY.isoformat())
        keep(installation.home, CODE, taken(), DAY, 2, recorded=False)  # by hand, in the afternoon
        assert not daily_proofs._is_due(installation, CODE, DAY.isoformat())
        assert daily_proofs._is_due(installation, CODE, "2026-05-02")


async def test_a_sealed_caisse_needs_no_signature_any_more(tmp_path: Path) -> None:
    signing = Settings(proofs_by="nightly", proofs_passphrase_file="file")
    installation = Installation(Home(tmp_path / "home"), signing, Embedded.__new__(Embedded))
    keep(installation.home, CODE, replace(taken(), sealed=True), DAY, 1, recorded=False)
    assert not daily_proofs._is_due(installation, CODE, DAY.isoformat())


async def test_a_caisse_that_is_not_founded_is_not_proved(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    stop, looks = asyncio.Event(), [0]

    async def child(*_: object) -> None:
        raise AssertionError("there is nothing to prove")

    def zone() -> None:
        looks[0] += 1
        if looks[0] == 3:
            stop.set()

    monkeypatch.setattr(daily_proofs, "_in_a_child", child)
    async with asyncio.timeout(30):
        await prove_each_night(
            installation, CODE, Telemetry(), stop, asyncio.Semaphore(1), lambda: 1, zone, first_s=0.0001, look_every_s=0.0001
        )
    assert looks[0] == 3


def test_what_was_kept_is_read_again_and_shown_to_operators(installation: Installation) -> None:
    home, telemetry = installation.home, Telemetry()
    assert kept(home, CODE) is None
    show_proofs(home, CODE, telemetry)
    assert b"clearing_proof_holds{" not in telemetry.exposition()
    made = keep(home, CODE, taken("batches"), DAY, 1_777_700_000_000_000, recorded=True)
    assert kept(home, CODE) == made == Kept(
        day="2026-05-01", up_to=12, at_us=1_777_700_000_000_000, recorded=True, gauge=gauge(0, 0), signed="2026-05-01",
        failed={"batches": "transfers that the bank has still to make: 5.00 EUR by the log, 4.99 EUR shown"},
        results=taken("batches").results, months=made.months,
    )  # fmt: skip
    assert (made.months[0], made.months[-1], len(made.months)) == (("2025-05", 0, 0), ("2026-05", 0, 0), 13)
    show_proofs(home, CODE, telemetry)
    value = telemetry.registry.get_sample_value
    held = {proof: value("clearing_proof_holds", {"caisse": CODE, "proof": proof}) for proof in PROOFS}
    assert held == {"issued": 1, "purses": 1, "deposits": 1, "batches": 0, "money": 1}
    assert telemetry.registry.get_sample_value("clearing_proofs_timestamp_seconds", {"caisse": CODE}) == 1_777_700_000


@pytest.mark.parametrize(("content", "cents"), [
    (b'<D xmlns="urn:x"><A><InstdAmt Ccy="EUR">12.50</InstdAmt></A><InstdAmt Ccy="EUR">0.05</InstdAmt></D>', 1_255),
    (b"<D><InstdAmt>7</InstdAmt><InstdAmt>1.5</InstdAmt></D>", 850),
    (b"<D><InstdAmt>1.50</Inst", 0),
    (b"no file of a bank", 0),
])  # fmt: skip
def test_a_kept_bank_file_says_what_it_tells_the_bank_to_pay(tmp_path: Path, content: bytes, cents: int) -> None:
    path = tmp_path / "b.xml"
    path.write_bytes(content)
    assert file_seen(path) == (hashlib.sha256(content).digest(), cents)


def test_a_signer_without_a_file_for_the_key_is_refused_with_both_names() -> None:
    with pytest.raises(SettingRefused, match="CLEARING_PROOFS_BY and CLEARING_PROOFS_PASSPHRASE_FILE go together"):
        Settings(proofs_by="nightly")
    assert Settings(proofs_by="nightly", proofs_passphrase_file="/etc/clearing/nightly").proofs_by == "nightly"
