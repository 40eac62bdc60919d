"""Law: what grows and what does not is measured: CPU per sale against cards, caisses, lines, payers and the length of the log.

CPU, not seconds: it stays the same on a busy machine. A real writer and database in this process, no doors; each point has a
fresh caisse. Writes a table (JSON) and a plot (PNG). Run: python -m loadtests.scale --json FILE --plot FILE

The axis of caisses is a national load that spreads: AT_ONCE sales in flight over all caisses together, cards and terminals of
each shrinking as caisses grow. So many caisses mean small groups, and what a commit costs is shared by fewer sales: look at the
`group_size` of each point before taking a rise for what a caisse costs.
"""

import argparse
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import structlog
import uvloop

from clearing.authoriser.clock import SystemClock
from clearing.event_store.log import Log
from clearing.event_store.migrate import PARTITION_POSITIONS, ensure_partitions
from clearing.event_store.proofs import chain_hash, leaf_hash
from clearing.event_store.rows import EventRow, ReplyRow, TapRow
from clearing.events.codec import encode
from clearing.events.sales import OperationHead, OperationRepeated
from clearing.installation.opening import Installation
from clearing.postgres import ADMIN, CONNECTIONS
from clearing.sql import schema_of
from clearing.values import CaisseCode, OperationId, ProducerId, TerminalId
from loadtests.bare_writer import Bare, Cost, bare_writer, cost_of
from loadtests.ground import ground
from loadtests.results_file import RESULTS, write_result

PAGE: Final = 5_000
PLANNED: Final = 6
SALES_EACH: Final = 24  # of each caisse at least
EVIDENCE: Final = os.urandom(440)  # as long as a sale's frame
REPLY: Final = os.urandom(330)
Point = dict[str, object]


def _codes() -> Callable[[], CaisseCode]:
    numbers = iter(range(1, 1_000_000))
    return lambda: CaisseCode(f"scale-{next(numbers)}")


async def _costs(bares: Sequence[Bare], options: argparse.Namespace, lines: int = 3) -> Cost:
    """Warm up, then measure; each session plans its statement anew until it has run it five times."""
    each = max(min(options.sales, SALES_EACH), options.sales // len(bares))
    await cost_of(bares, [bare.sales(max(PLANNED, each // 5), lines=lines) for bare in bares])
    return await cost_of(bares, [bare.sales(each, lines=lines) for bare in bares])


async def one_point(
    installation: Installation, options: argparse.Namespace, axis: str, value: int, fresh: Callable[[], CaisseCode]
) -> Point:
    """One fresh caisse (or `value` of them) with one thing changed."""
    settled = {"cards": 2_000, "caisses": 1, "lines": 3, "payers": 3, "events": 0, axis: value}
    async with AsyncExitStack() as stack:
        bares = [await stack.enter_async_context(bare_writer(installation, fresh())) for _ in range(settled["caisses"])]
        for bare in bares:
            cards = max(50, settled["cards"] // len(bares))
            await bare.furnish(cards=cards, terminals=100 if len(bares) == 1 else 10, payers=settled["payers"])
        if not settled["events"]:
            return {"axis": axis, "value": value, **asdict(await _costs(bares, options, settled["lines"]))}
        code, fleet = bares[0].code, bares[0].fleet
    started_s = time.process_time()
    await append_history(installation, code, settled["events"])
    appended_s = time.process_time() - started_s
    async with bare_writer(installation, code) as bare:
        bare.fleet = fleet
        cost = await _costs([bare], options)
        return {
            "axis": axis, "value": value, **asdict(cost), "append_us_per_event": round(appended_s * 1e6 / settled["events"], 1),
            "fold_at_start_s": round(bare.start_s, 2), "fold_us_per_event": round(bare.start_s * 1e6 / settled["events"], 2),
        }


async def append_history(installation: Installation, code: CaisseCode, events: int) -> None:
    """Make the log `events` longer through the real Log: events with evidence, replies and taps as long as a sale's."""
    schema, clock = schema_of(code), SystemClock()
    log = await Log.open(
        installation.dsn("clearing_writer"), schema, writer="history", lease_s=300, now_us=clock.now_us, take_over=True
    )
    try:
        until = log.head.position + events
        while log.head.position < until:
            if log.head.position % (PARTITION_POSITIONS // 4) < PAGE:
                async with installation.connected(ADMIN) as admin:
                    await ensure_partitions(admin, schema)
            rows = _history(log.head.position, log.head.chain, log.head.at_us, min(PAGE, until - log.head.position))
            replies = [ReplyRow(b"history.", 1, row.position, bytes(32), row.position, REPLY) for row in rows]
            taps = [TapRow(row.salt, 1, row.position % 1_000, row.position) for row in rows]
            await log.append_group(rows, replies, taps)
    finally:
        await log.release()


def _history(after: int, chain: bytes, at_us: int, count: int) -> list[EventRow]:
    """Rows that follow the head: each says that some operation came again, which no later decision looks at."""
    rows: list[EventRow] = []
    for position in range(after + 1, after + count + 1):
        at_us += 1
        x = os.urandom(16)
        head = OperationHead(
            terminal=TerminalId(b"history."), epoch=1, n=position, x=OperationId(x), producer=ProducerId("stall-0")
        )
        stored = encode(OperationRepeated(op=head, answer="00", first_position=1))
        leaf = leaf_hash(
            position, at_us, stored.type, stored.schema_version, stored.public, stored.private, x, EVIDENCE, REPLY
        )
        chain = chain_hash(chain, leaf)
        rows.append(EventRow(
            position=position, stream=f"op/{x.hex()}", version=position, type=stored.type, schema_version=stored.schema_version,
            at_us=at_us, public=stored.public, private=stored.private, salt=x, evidence=EVIDENCE, leaf=leaf, chain=chain,
        ))
    return rows


async def scale(options: argparse.Namespace) -> dict[str, Any]:
    """The keys of the result."""
    axes = {name: getattr(options, name) for name in ("cards", "lines", "payers", "caisses", "events")}
    points: list[Point] = []
    fresh = _codes()
    connections = CONNECTIONS + 3 * max(options.caisses, default=0)  # a writer takes two
    async with ground(options.home, connections=connections) as place:
        for axis, values in axes.items():
            for value in values:
                point = await one_point(place.installation, options, axis, value, fresh)
                print(point, flush=True)
                points.append(point)
        async with place.installation.connected(ADMIN) as admin:
            version = str(await admin.fetchval("SHOW server_version"))
    return {"points": points, "settings": {"sales_per_point": options.sales, **axes}, "postgres": version}


def tick(point: Point) -> str:
    """What stands under a point of the plot: its value, and on the axis of caisses how many requests a commit held."""
    told = f"{point['value']:,}"
    return f"{told}\n({point['group_size']})" if point["axis"] == "caisses" else told


def plot(points: Sequence[Point], path: Path) -> None:
    """One panel per axis: CPU microseconds per sale, of the writer and of PostgreSQL."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    axes = list(dict.fromkeys(str(point["axis"]) for point in points))
    figure, panels = pyplot.subplots(1, len(axes), figsize=(3.6 * len(axes), 3.4), sharey=True, squeeze=False)
    for panel, axis in zip(panels[0], axes, strict=True):
        chosen = [point for point in points if point["axis"] == axis]
        values = [int(str(point["value"])) for point in chosen]
        for name, label in (("writer_us", "writer"), ("postgres_us", "PostgreSQL")):
            panel.plot(values, [float(str(point[name])) for point in chosen], marker="o", label=label)
        panel.set_xscale("log")
        panel.set_xlabel({"events": "events in the log", "caisses": "caisses (requests per commit)"}.get(axis, axis))
        panel.set_xticks(values, [tick(point) for point in chosen], rotation=30)
        panel.minorticks_off()
        panel.grid(visible=True, alpha=0.3)
    panels[0][0].set_ylabel("CPU per sale, us")
    panels[0][0].legend()
    panels[0][0].set_ylim(0, 1.15 * max(float(str(point["writer_us"])) for point in points))  # shared by all
    figure.suptitle("What a sale costs writer and database, one thing changed at a time")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m loadtests.scale", description=__doc__)
    add = parser.add_argument
    add("--cards", type=int, nargs="*", default=[1_000, 10_000, 100_000], help="cards of a caisse")
    add("--lines", type=int, nargs="*", default=[1, 3, 10, 30], help="lines of a basket")
    add("--payers", type=int, nargs="*", default=[1, 2, 3, 6, 12], help="payers of the charte")
    add("--caisses", type=int, nargs="*", default=[1, 10, 100, 1_000], help="caisses written at once")
    add("--events", type=int, nargs="*", default=[100_000, 1_000_000, 10_000_000],
        help="events in the log before; ten million take 15 GB")
    add("--sales", type=int, default=6_000, help="measured at each point (default 6000)")
    add("--home", type=Path, help="a home to keep (default: a throwaway one)")
    add("--json", type=Path, metavar="FILE", help="where the table goes (default: loadtests/results)")
    add("--plot", type=Path, metavar="FILE", help="where the plot goes (default: loadtests/results/scale.png)")
    options = parser.parse_args(words)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    result = uvloop.run(scale(options))
    version = result.pop("postgres")
    plot(result["points"], options.plot or RESULTS / "scale.png")
    print(f"result: {write_result(options.json, 'scale', result, postgres=version)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
