"""Law: the authorisation path is measured as a till sees it: signed and tapped sales in, durable signed answers out.

A real `clearing serve` on a home of its own, a furnished caisse, frames signed ahead, TPC-B on the same server before and
after. Sales are counted in the log. Run: python -m loadtests.authorise --transport http --seconds 30 --json FILE
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Protocol

import uvloop

from clearing.config import PREFIX
from clearing.vault import Vault
from loadtests import tpcb
from loadtests.fleet import Fleet
from loadtests.frames import numbers_used, shares_of, sign_ahead, taps_used, write_junk
from loadtests.generator import Plan
from loadtests.ground import Ground, ground
from loadtests.measuring import Watch, not_durable_because, server_settings, watching
from loadtests.results_file import write_result
from loadtests.running import JUNK, Beside, Run, items_of, run

HIGHEST_RATE: Final = {"http": 20_000, "ws": 25_000, "batch": 50_000}
"""Sales per second that frames are signed for in a closed loop: more than this machine has ever done."""
IN_FLIGHT: Final = {"http": 128, "ws": 128, "batch": 8}
CONNECTIONS: Final = {"http": 128, "ws": 8, "batch": 8}
VOID: Final = 3
Say = Callable[[str], None]


class Judged(Protocol):
    """A load test that goes on beside the sales of a run and has something to say about it."""

    async def begin(self, place: Ground, watch: Watch) -> Beside | None: ...
    async def end(self, watch: Watch) -> None: ...
    def report(self, done: Run) -> dict[str, object]: ...


def say(text: str) -> None:
    print(f"- {text}", flush=True)


async def authorise(options: argparse.Namespace, judged: Judged | None = None) -> dict[str, object]:
    """The whole run; the keys of its result. judged: what a longer load test does beside the sales and adds to the result."""
    async with ground(options.home, settings=dict(options.setting)) as place:
        say(f"the caisse: {options.terminals} producers and terminals, {options.cards} cards, by signed commands")
        fleet = await place.fleet(terminals=options.terminals, cards=options.cards)
        with tempfile.TemporaryDirectory(prefix="clearing-frames-") as folder:
            plans = sign_plans(place, fleet, Path(folder), options)
            bench = tpcb.Bench(seconds=options.tpcb_seconds, scale=options.tpcb_scale)
            before = await tpcb_figure(place, bench, "before")
            settings = await server_settings(place.installation)
            tpcb.checkpoint(place.installation.database)
            done = await _driven(place, plans, Path(folder), options, judged)
            after = await tpcb_figure(place, bench, "after")
    more = {} if judged is None else judged.report(done)
    return {**_result(options, done, settings, before, after), **more}


async def tpcb_figure(place: Ground, bench: tpcb.Bench, when: str) -> float:
    """TPC-B now; 0.0 when it is left out."""
    if not bench.seconds:
        return 0.0
    await asyncio.to_thread(tpcb.ready, place.installation.database, bench)
    tps = await asyncio.to_thread(tpcb.measure, place.installation.database, bench)
    say(f"TPC-B {when}: {tps:.0f} transactions per second")
    return tps


def sign_plans(place: Ground, fleet: Fleet, folder: Path, options: argparse.Namespace) -> list[Plan]:
    """Frames for the whole run, and one plan per generator process."""
    vault = Vault.open(place.home.vault(place.code))
    rate = options.highest_rate or HIGHEST_RATE[options.transport]
    seconds = options.warmup + options.seconds
    sales = sum(length * rate for length, rate in phases_of(options)) or rate * seconds
    frames = int(sales * 1.02) // items_of(options.transport) + 256
    count = options.generators * -(-(os.cpu_count() or 1) // options.generators)
    shares = shares_of(
        fleet, vault, folder, frames=frames, shares=min(count, len(fleet.terminals), len(fleet.uids)),
        transport=options.transport, lines=lines_of(options.mix),
    )
    say(f"signing {sum(one.frames for one in shares) * items_of(options.transport)} sales ahead")
    fleet.used(place.home, numbers=max(map(numbers_used, shares)), taps=max(map(taps_used, shares)))
    sign_ahead(shares)
    files = [str(one.path) for one in shares]
    each = 1 / options.generators / items_of(options.transport)
    phases = tuple((length, rate * each) for length, rate in phases_of(options))
    honest = [
        Plan(
            host="127.0.0.1", port=0, transport=options.transport, connections=options.connections,
            in_flight=options.in_flight, seconds=seconds, files=tuple(files[number :: options.generators]),
            times=str(folder / f"times-{number}"), phases=phases, bundle=options.bundle,
            greeting=tuple((one.hex(), seed.hex()) for one, seed in fleet.terminals[number :: options.generators][:64]),
            greeting_n=fleet.n + 1,
        )
        for number in range(options.generators)
    ]
    return [*honest, *junk_plans(fleet, folder, options.junk, seconds)]


def phases_of(options: argparse.Namespace) -> list[tuple[float, float]]:
    """(seconds, sales per second) of an open loop with its warm-up; none for a closed one."""
    if getattr(options, "phases", None):
        return [(options.warmup, options.phases[0][1]), *options.phases]
    return [(options.warmup + options.seconds, options.rate)] if options.rate else []


def junk_plans(fleet: Fleet, folder: Path, per_s: int, seconds: float) -> list[Plan]:
    """Junk comes from addresses of its own: the door stops listening to an address that knocks badly."""
    if not per_s:
        return []
    path = folder / "junk"
    write_junk(path, fleet, int(per_s * seconds) + 1)
    return [Plan(
        host="127.0.0.1", port=0, transport="http", connections=249, in_flight=249, seconds=seconds, files=(str(path),),
        times=str(folder / "times-junk"), phases=((seconds, float(per_s)),), role=JUNK,
        sources=tuple(f"127.0.0.{place}" for place in range(2, 251)),
    )]


async def _driven(
    place: Ground, plans: Sequence[Plan], folder: Path, options: argparse.Namespace, judged: Judged | None
) -> Run:
    async with place.serving() as served, watching(place.installation, place.code) as watch:
        await watch.caught_up()
        say(f"{options.transport}: {options.warmup} s to warm up, then {options.seconds} s")
        there = [replace(plan, host=served.host, port=served.port) for plan in plans]
        beside = None if judged is None else await judged.begin(place, watch)
        done = await run(place, served, watch, there, folder, warmup_s=options.warmup, beside=beside)
        if judged is not None:
            await judged.end(watch)
        return done


def _result(
    options: argparse.Namespace, done: Run, settings: dict[str, object], before: float, after: float
) -> dict[str, object]:
    report = done.report()
    asked = {name: str(value) if isinstance(value, Path) else value for name, value in vars(options).items()}
    void = tpcb.void_because(before, after) or not_durable_because(settings)
    return {
        "transport": options.transport, **report, "tpcb_tps_before": before, "tpcb_tps_after": after,
        "ratio": tpcb.ratio(done.sales / done.seconds, before, after), "void": void,
        "settings": {"options": asked, "postgres": settings},
    }


def lines_of(mix: str) -> list[int]:
    """Lines per basket, in turn, of a mix like "3:80,1:20" (lines:parts)."""
    lines: list[int] = []
    for part in mix.split(","):
        number, _, parts = part.partition(":")
        lines += [int(number)] * int(parts or 1)
    if not lines or min(lines) < 1:
        raise ValueError(f"a mix is lines:parts, parted by commas, as 3:80,1:20; not {mix!r}")
    return lines


def show(result: Mapping[str, Any]) -> None:
    """What a person reads at the end."""
    ratio = result["ratio"]
    print(f"\n{result['transport']}: {result['sales_per_s']:,.0f} sales per second over {result['seconds']} s "
          f"({result['sales']} first-time approved, {result['errors']} errors)")  # fmt: skip
    print(f"requests: {result['due']} due, {result['sent']} sent, {result['answered']} answered, {result['lost']} lost; "
          f"items of batches refused: {result['item_statuses'] or 'none'}")  # fmt: skip
    print(f"latency ms: p50 {result['p50_ms']}  p99 {result['p99_ms']}  p99.9 {result['p999_ms']}")
    if ratio is not None:
        print(f"TPC-B {result['tpcb_tps_before']:.0f} before, {result['tpcb_tps_after']:.0f} after: ratio {ratio}")
    print(f"group size {result['group_size_mean']}, projection lag s {result['projection_lag_s']}")
    print("CPU us per sale: " + ", ".join(f"{role} {spent}" for role, spent in result["cpu_us_per_sale"].items()))
    durable = result["settings"]["postgres"]
    print(f"PostgreSQL {durable['version']}, as the writer's sessions have it: {durable['clearing_writer']}; "
          f"overrides: {durable['overrides'] or 'none'}")  # fmt: skip
    if result["ran_out_s"] is not None:
        print(f"NOTE: the signed frames ran out after {result['ran_out_s']:.1f} s; raise --highest-rate")
    if "junk" in result:
        print(f"junk: {result['junk']}")
    if result["void"]:
        print(f"VOID: {result['void']}")


def _setting(text: str) -> tuple[str, str]:
    """The variable of an operator's setting, and its value; the server refuses what it does not know."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"'{text}' is no setting; write NAME=VALUE")
    return PREFIX + name.upper(), value


def arguments() -> argparse.ArgumentParser:
    """What every load test of the server can be told."""
    parser = argparse.ArgumentParser(add_help=False)
    add = parser.add_argument
    add("--transport", choices=("http", "ws", "batch"), default="http", help="how sales reach the server (default http)")
    add("--seconds", type=float, default=30, help="of the measured window (default 30)")
    add("--warmup", type=float, default=5, help="seconds before it (default 5)")
    add("--rate", type=float, default=0, help="sales per second of an open loop; 0: a closed loop (default)")
    add("--in-flight", type=int, help="requests in flight over all connections of a closed loop (http, ws 128; batch 8)")
    add("--connections", type=int, help="of each generator (http 128, ws 8, batch 8)")
    add("--bundle", type=int, default=1, help="sales in one WebSocket message at most (default 1)")
    add("--generators", type=int, default=1, help="generator processes (default 1)")
    add("--cards", type=int, default=100_000, help="cards of the caisse (default 100000)")
    add("--terminals", type=int, default=1_000, help="producers with one terminal each (default 1000)")
    add("--mix", default="3:1", help="baskets as lines:parts, parted by commas (default 3:1, three lines each)")
    add("--highest-rate", type=float, help="sales per second to sign frames for in a closed loop")
    add("--junk", type=int, default=0, help="junk requests per second beside the sales, from other addresses (default 0)")
    add("--tpcb-seconds", type=int, default=30, help="of each of the two TPC-B runs; 0 leaves them out (default 30)")
    add("--tpcb-scale", type=int, default=50, help="TPC-B's branches (default 50)")
    add("--setting", type=_setting, action="append", default=[], metavar="NAME=VALUE",
        help="of the server, as commit_every_ms=0; can be given again")  # fmt: skip
    add("--home", type=Path, help="a prepared home to keep and use again (default: a throwaway one)")
    add("--json", type=Path, metavar="FILE", help="where the result goes (default: loadtests/results)")
    return parser


def complete(options: argparse.Namespace) -> None:
    """Fill in the defaults of the transport."""
    if options.in_flight is None:
        options.in_flight = IN_FLIGHT[options.transport]
    if options.connections is None:
        options.connections = 512 if options.rate and options.transport == "http" else CONNECTIONS[options.transport]
    if options.transport != "ws" and not options.rate:
        options.connections = options.in_flight  # one request at a time on each


def main(words: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(
        prog="python -m loadtests.authorise", description=__doc__, parents=[arguments()]
    ).parse_args(words)
    complete(options)
    result = uvloop.run(authorise(options))
    show(result)
    postgres: Any = result["settings"]
    path = write_result(options.json, f"authorise-{options.transport}", result, postgres=postgres["postgres"]["version"])
    print(json.dumps({"result": str(path)}))
    return VOID if result["void"] else 0


if __name__ == "__main__":
    sys.exit(main())
