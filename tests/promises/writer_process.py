"""Law: one writer behind one gateway, in a process that may be killed at any moment: what it serves is the product's own code.

Reads its order as one line of JSON on standard input, says {"url"} when it serves, and {"book", "position"} after a clean
stop. Exit 3: another writer holds or took the caisse; the sentence is on standard error.
"""

import asyncio
import json
import signal
import sys
from dataclasses import asdict, dataclass
from typing import Final

import uvloop
from aiohttp import web

from clearing.authoriser.clock import SystemClock
from clearing.authoriser.loop import Writer
from clearing.config import Settings
from clearing.directory import Directory
from clearing.event_store.log import LeaseHeld, Log, LogHalted
from clearing.telemetry import Telemetry, configure
from clearing.terminal_gateway.server import create_app, create_runner
from clearing.terminal_gateway.taps import VaultRoom
from tests.living_caisse import CODE, ROOT, SERVER_KEY
from tests.promises.book_digest import digest_of
from tests.stall_world import IssuerRoom

NOT_THE_WRITER: Final = 3
SETTINGS: Final = Settings(
    key_requests_per_s=1_000_000, key_requests_burst=1_000_000, lease_s=60, retry_after_s=1
)  # the limits at the door have tests of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """port 0: any free one."""

    dsn: str
    schema: str
    name: str
    port: int = 0
    take_over: bool = False

    def line(self) -> str:
        return json.dumps(asdict(self)) + "\n"


def say(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


async def serve(order: Order) -> None:
    """Until SIGTERM. Raises LeaseHeld, and LogHalted when another writer took over."""
    clock, directory, telemetry, loop = SystemClock(), Directory(), Telemetry(), asyncio.get_running_loop()
    log = await Log.open(
        order.dsn, order.schema, writer=order.name, lease_s=SETTINGS.lease_s, now_us=clock.now_us, take_over=order.take_over
    )
    writer = Writer(
        code=CODE, log=log, key=SERVER_KEY, root=ROOT, clock=clock, directory=directory, telemetry=telemetry, settings=SETTINGS
    )
    await writer.start()
    running = asyncio.create_task(writer.run())
    loop.add_signal_handler(signal.SIGTERM, writer.stop)
    rooms = {CODE: VaultRoom(IssuerRoom(), directory, CODE)}
    app = create_app(SETTINGS, directory, writer, rooms, telemetry, clock.monotonic_us)
    runner = create_runner(app, SETTINGS)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", order.port).start()
        say(url=f"http://127.0.0.1:{runner.addresses[0][1]}")
        await running
    finally:
        await runner.cleanup()
    await log.release()
    say(book=digest_of(writer.book), position=writer.book.position)


def main() -> int:
    configure(json=True)
    try:
        uvloop.run(serve(Order(**json.loads(sys.stdin.readline()))))
    except (LeaseHeld, LogHalted) as other:
        print(other, file=sys.stderr)
        return NOT_THE_WRITER
    return 0


if __name__ == "__main__":
    sys.exit(main())
