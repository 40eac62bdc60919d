"""Law: founded, played, settled, proved, told; whatever happens the database stops, and the exit code is 0 only if all held."""

import asyncio
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from shlex import quote

import structlog
import uvloop

from clearing.config import CONSOLE_PORT, Settings
from clearing.console.serving import serving_console
from clearing.demo import summary as told
from clearing.demo.bank import Banked, bank
from clearing.demo.caisse import Market, furnish, keep_card, let_in, make_officers, wall_us
from clearing.demo.clock import SimulatedClock
from clearing.demo.day import Day, read_day
from clearing.demo.places import demo_home, fresh_code
from clearing.demo.play import Played, play
from clearing.demo.proof import Check, prove
from clearing.demo.settle import Settled, settle
from clearing.installation.home import LOOPBACK, Home
from clearing.installation.opening import Installation
from clearing.installation.proving import audited
from clearing.installation.serving import Serving, serving
from clearing.projections.answers import Summary
from clearing.telemetry import configure
from clearing.values import CaisseCode

OPENING_DAY = "2017-11-20T10:00:00"


def play_day(folder: Path | None, *, once: bool, settings: Settings, xdg_data_home: str = "") -> int:
    """Play the day in a home of its own and show what came of it; 0 when every invariant held, 1 when one did not.

    folder: where the home is to be (kept afterwards); None: a throwaway one. once: end after the summary.
    """
    code = fresh_code()
    with demo_home(code, folder, xdg_data_home=xdg_data_home) as home:
        home.make()
        with home.log.open("a", encoding="utf-8") as log:
            configure(json=False, file=log)
            say("starting PostgreSQL")
            installation = Installation.open(home, settings)
            try:
                return uvloop.run(_whole_day(installation, code, once=once))
            finally:
                structlog.reset_defaults()
                installation.close()


def say(text: str) -> None:
    print(f"- {text}", flush=True)


async def _whole_day(installation: Installation, code: CaisseCode, *, once: bool) -> int:
    stop, day = _stop_signals(), read_day()
    clock = SimulatedClock(wall_us(OPENING_DAY, day.zone))
    await installation.set_up()
    started_s = time.monotonic()
    async with serving(installation, clock=clock, codes=[code], port=0) as running:
        market = _market(running, installation.home, code, day, clock)
        working = asyncio.create_task(_play_and_prove(market))
        stopping = asyncio.create_task(running.until(stop))
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            await stopping
            say("stopped before the day was over")
            return 1
        checks = working.result()
        say(f"the whole day took {time.monotonic() - started_s:.0f} s")
        if once:
            _tell(market, "")
        else:
            clock.run()
            async with serving_console(installation, _port(), now_us=clock.now_us) as url:
                await let_in(installation)
                _tell(market, url)
                print("\nThe caisse stays open: try these commands in another window. Ctrl-C ends it.", flush=True)
                await stopping
            say("ended; nothing runs any more. The files stay until the next demo")
        stopping.cancel()
        return 0 if all(check.held for check in checks) else 1


def _market(running: Serving, home: Home, code: CaisseCode, day: Day, clock: SimulatedClock) -> Market:
    return Market(code=code, day=day, clock=clock, running=running, officers=make_officers(home, code, clock))


async def _play_and_prove(market: Market) -> list[Check]:
    await furnish(market, say)
    say(f"{len(market.day.baskets)} baskets of {market.day.date:%A %d %B %Y}")
    played = await play(market)
    settled = await settle(market, say)
    banked = await bank(market, settled, say)
    await market.running.caught_up(market.code)
    async with market.running.installation.asking(market.code) as views:
        summary = await views.summary(market.day.date, market.day.date)
    return await _summed_up(market, played, settled, banked, summary)


async def _summed_up(
    market: Market, played: Played, settled: Settled, banked: Banked | None, summary: Summary
) -> list[Check]:
    checks = await prove(market, played, settled, banked, summary)
    lines: list[str] = []
    found = await audited(market.running.installation, market.code, lines)
    (market.home.files / market.code / "audit.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    what = f"the audit replayed {found.head} events, {sum(found.checked.values())} checks: {found.reason or 'all hold'}"
    checks.append(Check(what=what, held=found.ok))
    told.show(market, played, settled, banked, summary, checks)
    return checks


def _port() -> int:
    """The console's usual one; a free one when somebody has that."""
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, CONSOLE_PORT))
        except OSError:
            return 0
    return CONSOLE_PORT


def _tell(market: Market, console: str) -> None:
    """console: its URL, "" when nothing stays."""
    basket = next(one for one in market.day.baskets if len(one.lines) > 2)
    card = keep_card(market, basket.household)
    sale = _first_sale(market)
    print()
    for line in told.where_to_look(
        market, card=card.stem, store=basket.store, sale=sale, program=_program(), console=console
    ):
        print(line, flush=True)


def _first_sale(market: Market) -> int:
    """The position of the first sale: what `why` can explain."""
    book = market.running.writers[market.code].book
    return min(operation.position for operation in book.operations.values())


def _program() -> str:
    """How this program was started, to be copied."""
    started: Sequence[str] = sys.orig_argv
    if "-m" in started:
        return f"{quote(started[0])} -m clearing"
    return quote(sys.argv[0]) if "/" in sys.argv[0] else "clearing"


def _stop_signals() -> asyncio.Event:
    """Set by Ctrl-C and by the polite kill."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
