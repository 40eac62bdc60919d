"""Law: what serves runs until Ctrl-C and leaves nothing behind; a fenced writer ends it with a sentence and exit code 1."""

import argparse
import asyncio
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING, Final

from clearing.authoriser.clock import SystemClock
from clearing.cli.desk import Desk, whole
from clearing.cli.entry import Entry, Group
from clearing.config import CONSOLE_PORT
from clearing.installation.home import write_private
from clearing.postgres import ADMIN
from clearing.sql import schema_of

if TYPE_CHECKING:
    from clearing.installation.opening import Installation

PORT: Final = 8420


async def serve(desk: Desk) -> None:
    from clearing.console.serving import serving_console
    from clearing.installation.adopting import SUPERVISOR
    from clearing.installation.serving import NothingToServe, Serving, serving
    from clearing.installation.supervising import Supervisor, supervising
    from clearing.installation.tubes import Tube
    from clearing.telemetry import configure

    configure(json=desk.arguments.json)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    given, console = desk.arguments, _console_port(desk.arguments)
    named = [desk.code] if given.caisse else []
    async with AsyncExitStack() as stack:
        installation = desk.opened_new() if console is not None else await stack.enter_async_context(desk.opened())
        if console is not None:
            stack.callback(installation.close)
            await installation.set_up()
        codes = named or await installation.codes()
        if not codes and console is None:
            raise NothingToServe("There is no caisse to serve; found one first: clearing found FILE")
        running: Serving | Supervisor
        if desk.settings.gateway_processes == 0:
            running = await stack.enter_async_context(
                serving(installation, clock=SystemClock(), codes=codes, port=given.port, take_over=given.take_over)
            )
            url = "" if console is None else await stack.enter_async_context(serving_console(installation, console))
            tube = Tube(desk.home.speaking_tube(SUPERVISOR), running.telemetry, running.missing, running.take_in)
            await tube.open()
            stack.callback(tube.close)
        else:
            running = await stack.enter_async_context(supervising(
                installation, codes=codes, port=given.port, console_port=console, take_over=given.take_over, json_log=given.json
            ))
            url = running.console_url
        desk.say(f"Serving {', '.join(codes) or 'no caisse yet'} at {running.url} until Ctrl-C.")
        if url:
            stack.enter_context(_told_where(desk, url))
            desk.say(f"The console: {url} (who may log in: clearing console admit PERSON)")
        if codes:
            desk.say("Next, in another window: clearing status, or any command of clearing --help")
        else:
            desk.say(f"Next, found a caisse in a browser: {await founding_address(installation, url)}")
            desk.say("(The address is used once and good for a day; another one: clearing console open-founding)")
        await running.until(stop)
    desk.say("Stopped; nothing was left behind.")


@contextmanager
def _told_where(desk: Desk, url: str) -> Iterator[None]:
    """For commands that print an address of the console."""
    write_private(desk.home.console_address, url.encode())
    try:
        yield
    finally:
        desk.home.console_address.unlink(missing_ok=True)


async def founding_address(installation: "Installation", url: str) -> str:
    """A new one: who opens it may found one caisse."""
    from clearing.console.house import invitations_kept

    async with invitations_kept(installation) as invitations:
        return f"{url}/join/{await invitations.to_found()}"


def _console_port(given: argparse.Namespace) -> int | None:
    """None for no console. Who leaves the gateway's port to chance leaves this one to chance too."""
    if given.no_console:
        return None
    if given.console_port is not None:
        return int(given.console_port)
    return CONSOLE_PORT if given.port else 0


async def rebuild(desk: Desk) -> int:
    from clearing.projections.rebuild import rebuild as rebuild_views

    async with desk.opened() as installation:
        done = await rebuild_views(
            installation.dsn(ADMIN), installation.dsn("clearing_projector"), schema_of(desk.code), desk.say,
            accept_differences=desk.arguments.accept_differences,
        )
    if not done.flipped:
        desk.say("The views stay as they were. Run clearing audit; if it holds, the running views are the wrong ones: "
                 "clearing rebuild --accept-differences")  # fmt: skip
    return 0 if done.flipped else 1


async def snapshot(desk: Desk) -> None:
    from clearing.installation.snapshots import take_snapshot

    async with desk.opened() as installation:
        made = await take_snapshot(installation, desk.code)
    if made is None:
        desk.say("The newest snapshot is as new as the log; nothing was written.")
    else:
        desk.say(f"The next start begins at event {made.position} instead of at the first.")


async def confirm_clock(desk: Desk) -> None:
    done = await desk.order("confirm_clock", {})
    desk.say(f"The clock's step of {int(str(done['step_us'])) // 1_000_000} s is confirmed; the caisse goes on.")


def _serve_arguments(parser: argparse.ArgumentParser) -> None:
    told = f"port of the gateway, 0 for a free one (default {PORT})"
    parser.add_argument("--port", type=whole(0, 65_535), default=PORT, help=told)
    told = f"port of the console, 0 for a free one (default {CONSOLE_PORT}, and a free one with --port 0)"
    parser.add_argument("--console-port", type=whole(0, 65_535), help=told)
    parser.add_argument("--no-console", action="store_true", help="no pages for officers")
    parser.add_argument("--take-over", action="store_true", help="end another writer's lease; only when it is dead or stuck")
    parser.add_argument("--json", action="store_true", help="log lines as JSON, for a collector")


def _rebuild_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--accept-differences", action="store_true", help="show the new views although figures differ")


ENTRIES = (
    Entry(words=("serve",), group=Group.OPERATING, does="run the caisses of this home", run=serve,
          arguments=_serve_arguments),
    Entry(words=("rebuild",), group=Group.OPERATING, does="make the views anew from the log, beside the running ones",
          run=rebuild, arguments=_rebuild_arguments),
    Entry(words=("snapshot",), group=Group.OPERATING, does="spare the next start the reading of the whole log",
          run=snapshot),
    Entry(words=("clock", "confirm"), group=Group.OPERATING, does="the machine's clock jumped and is right now",
          run=confirm_clock, signed=True),
)  # fmt: skip
