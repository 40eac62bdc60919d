"""Law: beside selling, books are loaded one at a time and nothing ends for ever; what does not fit is refused at the start."""

import asyncio
import errno
from pathlib import Path
from typing import NoReturn, cast

import asyncpg
import pytest

from clearing.authoriser.clock import SystemClock
from clearing.config import SettingRefused, Settings
from clearing.event_store.connection import DatabaseGone
from clearing.installation import serving as serving_module, snapshots
from clearing.installation.home import Home
from clearing.installation.opening import Installation
from clearing.installation.serving import Serving, require_room, serving
from clearing.installation.snapshots import EVERY_S, first_pause_s, keep_snapshots
from clearing.installation.supervising import supervising
from clearing.installation.upkeep import keep_partitions
from clearing.postgres import Embedded
from clearing.projections.runner import Runner
from clearing.telemetry import Telemetry
from clearing.values import CaisseCode

CODES = [CaisseCode(f"caisse-{number}") for number in range(20)]


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """One whose database is never asked."""
    return Installation(Home(tmp_path / "home"), Settings(), Embedded.__new__(Embedded))


async def test_the_caisses_of_a_process_make_their_snapshots_one_after_the_other(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[CaisseCode] = []
    under_way: set[CaisseCode] = set()
    stop, turn, telemetry = asyncio.Event(), asyncio.Semaphore(1), Telemetry()

    async def child(_: Installation, code: CaisseCode, _telemetry: Telemetry, _stop: asyncio.Event) -> None:
        assert not under_way, "a second book is loaded beside the first"
        under_way.add(code)
        await asyncio.sleep(0.005)
        under_way.remove(code)
        made.append(code)
        if set(made) == set(CODES[:5]):
            stop.set()

    monkeypatch.setattr(snapshots, "_in_a_child", child)
    async with asyncio.timeout(30):
        await asyncio.gather(*[keep_snapshots(installation, code, telemetry, stop, turn, every_s=0.001) for code in CODES[:5]])
    assert set(made) == set(CODES[:5])


def test_the_first_snapshots_of_many_caisses_are_spread_over_half_an_hour() -> None:
    pauses = sorted(first_pause_s(code, EVERY_S) for code in CODES)
    assert EVERY_S / 2 <= pauses[0] < EVERY_S * 0.6
    assert EVERY_S * 0.9 < pauses[-1] <= EVERY_S
    assert len(set(pauses)) == len(CODES)


async def test_a_snapshot_that_can_not_be_started_is_an_alarm_and_is_tried_again(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = 0
    stop, telemetry = asyncio.Event(), Telemetry()

    async def spawned(*_words: str, **_how: object) -> asyncio.subprocess.Process:
        nonlocal tried
        tried += 1
        if tried == 3:
            stop.set()
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(asyncio, "create_subprocess_exec", spawned)
    async with asyncio.timeout(30):
        await keep_snapshots(installation, CODES[0], telemetry, stop, asyncio.Semaphore(1), every_s=0.001)
    alarms = {"caisse": CODES[0], "alarm": "snapshot"}
    assert telemetry.registry.get_sample_value("clearing_alarms_total", alarms) == 3


@pytest.mark.parametrize("lost", [
    asyncpg.InterfaceError("the connection is closed"), asyncpg.InternalClientError("got result for unknown protocol state"),
    ConnectionResetError("lost"), asyncpg.CannotConnectNowError("the database system is starting up"),
])  # fmt: skip
async def test_a_database_lost_between_two_statements_does_not_end_the_upkeep(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, lost: Exception
) -> None:
    stop, telemetry = asyncio.Event(), Telemetry()

    def connected(_: Installation, _role: str) -> NoReturn:
        stop.set()
        raise lost

    monkeypatch.setattr(Installation, "connected", connected)
    await keep_partitions(installation, CODES[0], telemetry, stop)
    assert telemetry.registry.get_sample_value("clearing_partitions_ahead", {"caisse": CODES[0]}) == -1


async def test_a_database_that_stays_away_does_not_end_the_watching_of_the_lag(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away:
        asked = 0

        async def lag_events(self) -> int:
            self.asked += 1
            if self.asked < 3:
                raise DatabaseGone("PostgreSQL has not answered for 120 s")
            stop.set()
            return 7

    stop, running = asyncio.Event(), Serving(installation, SystemClock())
    running.runners[CODES[0]] = cast(Runner, Away())
    monkeypatch.setattr(serving_module, "LAG_EVERY_S", 0.001)
    async with asyncio.timeout(30):
        await running.watch_lag(CODES[0], stop)
    assert running.behind == {CODES[0]: 7}


async def test_more_caisses_than_the_database_has_room_for_are_refused_with_the_number_to_set(
    installation: Installation,
) -> None:
    said = r"^20 caisses need 96 connections .* it takes 80: set CLEARING_DATABASE_CONNECTIONS to 96 or more.* start again$"
    with pytest.raises(SettingRefused, match=said):
        async with serving(installation, clock=SystemClock(), codes=CODES, port=None):
            pass
    with pytest.raises(SettingRefused, match=said):
        async with supervising(installation, codes=CODES, port=0):
            pass
    require_room(CODES, Settings(database_connections=96))
    require_room(CODES[:16], Settings())
    require_room(CODES[:1], Settings(database_connections=20))
