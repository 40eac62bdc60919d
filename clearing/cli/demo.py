"""Law: a demo is one command that needs nothing and leaves nothing running; the year's home stays for the next time."""

import argparse
import asyncio
import signal
import sys
from datetime import date, timedelta
from pathlib import Path

from clearing.cli.desk import Desk, Misused, day, today, whole
from clearing.cli.entry import Entry, Group
from clearing.config import CONSOLE_PORT


def demo(desk: Desk) -> int:
    from clearing.demo.run import play_day

    chosen = desk.home.folder if desk.arguments.home is not None else None
    return play_day(chosen, once=desk.arguments.once, settings=desk.settings, xdg_data_home=desk.xdg_data_home)


def month(desk: Desk) -> int:
    """Play the year unless it was played here, then serve the home."""
    from clearing.demo.month import run
    from clearing.demo.month.story import Size
    from clearing.installation.home import Home
    from clearing.postgres import default_home

    given = desk.arguments
    home = desk.home if given.home is not None else Home(default_home("month", xdg_data_home=desk.xdg_data_home))
    known = None if given.again else run.read_played(home)
    if known is None:
        until: date = given.until or today()
        first = run.first_day(until, given.months)
        if not first < until - timedelta(days=1):
            raise Misused("Nothing lies between the first day and the last; take more --months, or a later --until")
        size = Size(members=given.members, producers=given.producers, first=first, until=until, seed=given.seed)
        try:
            run.make_room(home)
        except run.NotOurs as fault:
            raise Misused(str(fault)) from None
        played = run.play_month(home, size, settings=desk.settings, say=lambda text: desk.say(f"- {text}"))
        desk.say(f"- {played.sales} sales, {played.batches} batches, {played.events} events in {played.seconds:.0f} s; proofs "
                 f"held on every day: {'no' if played.unheld else 'yes'}")  # fmt: skip
        if given.once:
            return 1 if played.unheld else 0
    else:
        desk.say(f"A year up to {known['until']} was played here before; --again plays a new one.")
    return 0 if given.once else asyncio.run(_serve(desk, home.folder))


async def _serve(desk: Desk, folder: Path) -> int:
    from clearing.demo.month import run
    from clearing.installation.home import Home
    from clearing.installation.opening import Installation
    from clearing.telemetry import configure

    home, stop, given = Home(folder), asyncio.Event(), desk.arguments
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    program = run.program_said(sys.orig_argv)

    def told(url: str, _gateway: str) -> None:
        for line in run.where_to_look(home, program, url):
            desk.say(line)
        desk.say("")
        desk.say("Ctrl-C ends it; the same command serves this caisse again.")

    with home.log.open("a", encoding="utf-8") as log:
        configure(json=False, file=log)
        installation = Installation.open(home, desk.settings)
        try:
            await run.serve_month(installation, console_port=given.console_port, told=told, stop=stop)
        finally:
            installation.close()
    return 0


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="end after the summary; exit code 0 only if every invariant held")


def _month_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--again", action="store_true", help="play a new year in the place of the one that is there")
    add("--once", action="store_true", help="end after the play; exit code 0 only if the proofs held on every day")
    add("--seed", type=whole(0, 2**31), default=1, help="of everything that is drawn (default 1)")
    add("--members", type=whole(1, 5_000), default=400, help="default 400")
    add("--producers", type=whole(1, 200), default=30, help="default 30")
    add("--months", type=whole(1, 36), default=12, help="before the month of the last day (default 12)")
    add("--until", type=day, metavar="YYYY-MM-DD", help="the day on which the console opens (default: today)")
    add("--console-port", type=whole(0, 65_535), default=CONSOLE_PORT, help=f"0 for a free one (default {CONSOLE_PORT})")


ENTRIES = (
    Entry(words=("demo", "day"), group=Group.START, does="play a real market day, from signed taps to the bank file", run=demo,
          arguments=_arguments),
    Entry(words=("demo", "month"), group=Group.START, does="play a year of a caisse, then show a treasurer's console",
          run=month, arguments=_month_arguments),
)  # fmt: skip
