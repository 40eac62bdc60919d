"""Law: views that halt are seen and never stop the caisse; what is not ready says what to do."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from clearing.audit import Level
from clearing.authoriser.snapshot import code_version
from clearing.config import Settings
from clearing.events.codes import Code
from clearing.installation.home import Home
from clearing.installation.office import NotAllowed, Officer
from clearing.installation.opening import Installation
from clearing.installation.proving import audited
from clearing.installation.serving import Serving, serving
from clearing.installation.snapshots import keep_snapshots, take_snapshot
from clearing.installation.watching import BookWatch, proved, watch_book
from clearing.projections.runner import Runner
from clearing.telemetry import Telemetry
from clearing.values import CaisseCode
from tests.living_caisse import AMINA, CODE, KEYS, MAY_1, HandClock, founding


@pytest.fixture
async def served(free_home: Path) -> AsyncIterator[Serving]:
    """A founded caisse, served with its gateway on a free port."""
    installation = Installation.open(Home(free_home / "home"), Settings())
    try:
        await installation.set_up()
        async with serving(installation, clock=HandClock(MAY_1), codes=[CODE], port=0) as running:
            await amina(running).order("found", founding())
            yield running
    finally:
        installation.close()


def amina(running: Serving) -> Officer:
    return Officer(
        person=AMINA, key=KEYS[AMINA], epoch=1, caisse=CODE, socket=running.installation.home.socket(CODE),
        now_ms=lambda: running.clock.now_us() // 1_000,
    )


async def asked(running: Serving, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession(running.url) as http, http.get(path) as response:
        return response.status, await response.text()


async def test_a_caisse_that_is_caught_up_is_ready(served: Serving) -> None:
    await served.caught_up(CODE)
    assert await asked(served, "/readyz") == (200, '{"ready": true, "reasons": []}')
    metrics = (await asked(served, "/metrics"))[1]
    assert 'clearing_projection_lag_events{caisse="brume",projection="views"} 0.0' in metrics
    assert 'clearing_partitions_ahead{caisse="brume"} 2.0' in metrics


async def test_views_that_halt_leave_the_caisse_working_and_say_what_to_do(
    served: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_runner: Runner, _up_to: int | None = None) -> int:
        raise ArithmeticError("a fault of a view")

    await served.caught_up(CODE)
    monkeypatch.setattr(Runner, "step", broken)
    officer = amina(served)
    officer.last_n = served.clock.now_us() // 1_000
    received = await officer.order("receive_money", {"fund": "general", "cents": 100, "reference": "gift"})
    assert received["event"] == "MoneyReceived"
    with pytest.raises(ArithmeticError, match="a fault of a view"):
        await served.caught_up(CODE)
    status, said = await asked(served, "/readyz")
    assert (status, "run clearing rebuild, then stop and start clearing serve" in said) == (503, True)
    assert 'clearing_alarms_total{alarm="views",caisse="brume"} 1.0' in (await asked(served, "/metrics"))[1]
    assert not served.over.is_set()


async def test_a_child_process_makes_snapshots_beside_the_serving_writer(served: Serving) -> None:
    stop, turn = asyncio.Event(), asyncio.Semaphore(1)
    keeping = asyncio.create_task(keep_snapshots(served.installation, CODE, served.telemetry, stop, turn, every_s=0.01))
    async with asyncio.timeout(120), served.installation.reading(CODE) as log:
        while not (found := await log.snapshots(code_version())):
            await asyncio.sleep(0)
    stop.set()
    await keeping
    assert found[0].position == served.writers[CODE].book.position
    assert await take_snapshot(served.installation, CODE) is None
    alarms = {"caisse": CODE, "alarm": "snapshot"}
    assert not served.telemetry.registry.get_sample_value("clearing_alarms_total", alarms)


async def test_a_caisse_that_is_not_served_here_is_not_answered_for(served: Serving) -> None:
    elsewhere = Officer(
        person=AMINA, key=KEYS[AMINA], epoch=1, caisse=CaisseCode("other"), socket=served.installation.home.socket(CODE),
        now_ms=lambda: served.clock.now_us() // 1_000,
    )
    with pytest.raises(Exception, match="This command is for the caisse other"):
        await elsewhere.order("grant", {"rule": "monthly", "period": "2026-05"})
    officer = amina(served)
    officer.last_n = served.clock.now_us() // 1_000 + 5
    with pytest.raises(NotAllowed) as declined:
        await officer.order("grant", {"rule": "nothing", "period": "2026-05"})
    assert declined.value.code is Code.ORIGINAL_NOT_FOUND
    await asyncio.wait_for(served.caught_up(CODE), 10)


async def test_the_book_and_how_far_an_audit_held_are_shown_to_operators(served: Serving) -> None:
    position, telemetry = await served.caught_up(CODE), Telemetry()
    watch, now_us = BookWatch(CODE, telemetry), served.clock.now_us()
    await watch.look(served.installation, now_us)
    assert 'clearing_log_verified_position{caisse="brume"} 0.0' in telemetry.exposition().decode()
    assert (await audited(served.installation, CODE, [], level=Level.WITHOUT_SIGNATURES)).ok
    assert proved(served.installation.home, CODE) == (0, 0), "without signatures it is half a proof"
    assert (await audited(served.installation, CODE, [])).ok
    await watch.look(served.installation, now_us)
    said = telemetry.exposition().decode()
    assert f'clearing_log_verified_position{{caisse="brume"}} {float(position)}' in said
    for line in ("clearing_ledger_imbalance_cents", "clearing_unsettled_cents", "clearing_silent_terminals"):
        assert f'{line}{{caisse="brume"}} 0.0' in said


async def test_a_database_that_is_away_is_a_figure_and_not_the_end(
    served: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_watch: BookWatch, _installation: Installation, _now_us: int) -> None:
        stop.set()
        raise ConnectionRefusedError("nobody listens")

    telemetry, stop = Telemetry(), asyncio.Event()
    monkeypatch.setattr(BookWatch, "look", away)
    await watch_book(served.installation, CODE, telemetry, stop)
    assert 'clearing_database_up{caisse="brume"} 0.0' in telemetry.exposition().decode()
    assert not served.over.is_set()
