"""Law: how fast a log is proved is measured on one of real sales: signed frames, the real writer's groups, real replies.

The log is made first, in a throwaway database, by a real writer that takes sales which were signed ahead; then each level of
the audit reads it in a fresh process. CPU is that of the audit with its workers, and of every process of PostgreSQL.
Run: python -m loadtests.audit --events 200000 --json FILE
"""

import argparse
import asyncio
import json
import logging
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import structlog
import uvloop

from clearing.audit import Level
from clearing.authoriser.client import BatchItem, Submission
from clearing.config import Settings
from clearing.installation.home import Home
from clearing.installation.opening import Installation
from clearing.installation.proving import audited
from clearing.postgres import ADMIN
from clearing.postgres.server import processes
from clearing.values import CaisseCode, OperationId
from clearing.wire.batch import Batch, seal_batch
from clearing.wire.fields import TimeMs
from clearing.wire.frame import FrameType, open_envelope
from clearing.wire.requests import ZERO_DIGEST, Request
from clearing.wire.signature import TerminalKey, covered_by_batch, verify
from loadtests.bare_writer import Bare, bare_writer
from loadtests.ground import ground
from loadtests.measuring import TICKS_PER_S
from loadtests.results_file import write_result

NAME: Final = "audit"
CODE: Final = CaisseCode("audited")
GROUP: Final = 64
BATCH: Final = 100
SLICE: Final = 6_400


async def fill(bare: Bare, sales: int, *, batches: bool) -> None:
    """So many sales, GROUP at once: the writer makes a group of what waits, with one signature over its replies."""
    for done in range(0, sales, SLICE):
        made = bare.sales(min(SLICE, sales - done), lines=3)
        if batches:
            made = list(in_batches(bare, made))
        for first in range(0, len(made), GROUP):
            await asyncio.gather(*(bare.writer.submit(one) for one in made[first : first + GROUP]))
        print(f"{done + len(made):>10,} sales", flush=True)


def in_batches(bare: Bare, sales: Sequence[Submission]) -> Iterator[Submission]:
    """The same sales, up to BATCH of one terminal at a time under one signature."""
    assert bare.fleet is not None, "furnish first"
    keys = {number: TerminalKey.from_seed(seed) for number, seed in bare.fleet.terminals}
    queues: dict[bytes, list[Submission]] = {}
    for sale in sales:
        assert isinstance(sale.request, Request)
        queues.setdefault(sale.request.terminal, []).append(sale)
    for terminal, queue in queues.items():
        key = keys[terminal]
        for first in range(0, len(queue), BATCH):
            chosen = queue[first : first + BATCH]
            last = chosen[-1].request
            assert isinstance(last, Request)
            raw = seal_batch(key, Batch(
                terminal=last.terminal, epoch=last.epoch, n=last.n, x=OperationId(last.x), ts_ms=TimeMs(last.ts_ms),
                items=tuple(one.frame.raw for one in chosen), previous=ZERO_DIGEST,
            ))  # fmt: skip
            frame = verify(open_envelope(raw, frame_bytes_max=1 << 20), FrameType.TERM_BATCH, key.public)
            for place, one in enumerate(chosen):
                item = covered_by_batch(open_envelope(one.frame.raw, frame_bytes_max=1 << 16), frame)
                yield Submission(
                    caisse=one.caisse, frame=item, request=one.request, tap=one.tap,
                    item=BatchItem(sha256(raw).digest(), raw, place),
                )


def cpu_of_postgres(home: Home) -> float:
    """Of every process of the database, with those that ended."""
    ticks = 0
    for pid in processes((home.postgres / "data").resolve()):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1].split()
        except OSError:
            continue
        ticks += sum(int(field) for field in fields[11:15])
    return ticks / TICKS_PER_S


def own_cpu() -> float:
    """Of this process and of its workers that ended."""
    return sum(
        used.ru_utime + used.ru_stime for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


async def prove(home: Path, level: Level, workers: int | None) -> dict[str, Any]:
    """One audit, in this process and its workers."""
    installation = Installation.open(Home(home), Settings())
    try:
        cpu_s, database_s, began_s = own_cpu(), cpu_of_postgres(installation.home), time.perf_counter()
        found = await audited(installation, CODE, [], level=level, workers=workers)
        wall_s = time.perf_counter() - began_s
        cpu_s, database_s = own_cpu() - cpu_s, cpu_of_postgres(installation.home) - database_s
        assert found.ok, f"event {found.position}: {found.reason}"
        return {
            "events": found.head, "seconds": round(wall_s, 2), "events_per_s": round(found.head / wall_s),
            "audit_us_per_event": round(cpu_s * 1e6 / found.head, 1),
            "postgres_us_per_event": round(database_s * 1e6 / found.head, 1),
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_024, "checked": found.checked,
        }
    finally:
        installation.close()


def in_a_child(home: Path, level: Level, workers: int | None) -> dict[str, Any]:
    words = [sys.executable, "-m", "loadtests.audit", "--job", level, "--home", str(home)]
    if workers is not None:
        words += ["--workers", str(workers)]
    said = subprocess.run(words, stdout=subprocess.PIPE, check=True, text=True).stdout
    told: dict[str, Any] = json.loads(said.splitlines()[-1])
    return told


async def whole(options: argparse.Namespace) -> dict[str, Any]:
    """Make the log, then audit it at every level."""
    async with ground(options.home, code=CODE) as place:
        async with place.installation.reading(CODE) as log:
            empty = (await log.stored_head()).position == 0
        if empty:
            async with bare_writer(place.installation, CODE) as bare:
                await bare.furnish(cards=options.cards, terminals=options.terminals, payers=3)
                await fill(bare, options.events, batches=options.batches)
        async with place.installation.connected(ADMIN) as admin:
            await admin.execute("VACUUM ANALYZE")
            version = str(await admin.fetchval("SHOW server_version"))
        result: dict[str, Any] = {
            "sales": options.events, "cards": options.cards, "terminals": options.terminals, "group": GROUP,
            "uploads_of": BATCH if options.batches else 0, "postgres": version,
        }
        for level in Level:
            result[level.replace("-", "_")] = told = await asyncio.to_thread(
                in_a_child, place.home.folder, level, options.workers
            )
            print(f"{level:<20} {told['events_per_s']:>9,} events/s; CPU per event: audit {told['audit_us_per_event']} us, "
                  f"PostgreSQL {told['postgres_us_per_event']} us", flush=True)  # fmt: skip
        return result


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m loadtests.audit", description=__doc__)
    parser.add_argument("--events", type=int, default=200_000, help="sales in the log (default 200000)")
    parser.add_argument("--cards", type=int, default=5_000)
    parser.add_argument("--terminals", type=int, default=100)
    parser.add_argument("--batches", action="store_true", help="the sales come in signed uploads of 100")
    parser.add_argument("--workers", type=int, help="processes beside the first (default: one less than the cores)")
    parser.add_argument("--home", type=Path, help="a home to keep, with its log (default: a throwaway one)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures go (default: loadtests/results)")
    parser.add_argument("--job", choices=list(Level), help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    if options.job:
        print(json.dumps(uvloop.run(prove(options.home, Level(options.job), options.workers))))
        return 0
    result = uvloop.run(whole(options))
    version = result.pop("postgres")
    name = f"{NAME}-uploads" if options.batches else NAME
    print(f"result: {write_result(options.json, name, result, postgres=version)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
