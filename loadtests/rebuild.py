"""Law: what views cost is measured on a log of the real bytes, written by the real writer: first followed, then rebuilt.

    python -m loadtests.rebuild --events 200000

Follows a log of sales with a running projector, then rebuilds the same views; CPU of both sides, rows and bytes per sale. The
views are then compared by the rebuild itself and by their own checks. Wall times need an idle machine, CPU times nearly not.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg
import uvloop

from clearing.event_store import migrate
from clearing.event_store.log import Log
from clearing.postgres import ADMIN, Embedded
from clearing.postgres.server import processes
from clearing.projections.generations import install
from clearing.projections.rebuild import rebuild
from clearing.projections.runner import PAGE_EVENTS, Runner
from loadtests.results_file import write_result
from loadtests.sales_log import START_US, Size, append, story

DATABASE: Final = "clearing"
SCHEMA: Final = "caisse_busy"
TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
WRITTEN: Final = """
SELECT COALESCE(sum(n_tup_ins + n_tup_upd), 0)::bigint AS rows, pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS wal,
    (SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class AS c
     WHERE c.relnamespace = '{schema}'::regnamespace AND c.relkind = 'r' AND c.relname ~ '_[0-9]+$'
         AND c.relname !~ '^(events|replies|taps)') AS bytes
FROM pg_stat_user_tables WHERE schemaname = '{schema}' AND relname !~ '^(events|replies|taps|log_head)'
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds: on the clock, of this process's CPU, of PostgreSQL's."""

    wall_s: float
    python_s: float
    postgres_s: float

    @classmethod
    def now(cls, server: Embedded) -> "Spent":
        return cls(time.perf_counter(), time.process_time(), postgres_cpu_s(server))

    def since(self, before: "Spent", events: int) -> dict[str, float]:
        wall_s = self.wall_s - before.wall_s
        return {
            "events_per_s": round(events / wall_s),
            "python_us_per_event": round((self.python_s - before.python_s) / events * 1e6, 1),
            "postgres_us_per_event": round((self.postgres_s - before.postgres_s) / events * 1e6, 1),
        }


def postgres_cpu_s(server: Embedded) -> float:
    """CPU seconds of all the server's processes, those that ended included."""
    ticks = 0
    for pid in processes(server.home / "data"):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile: then the postmaster has its time
        own, of_children = fields[11:13], fields[13:15] if pid == server.server.pid else []
        ticks += sum(int(field) for field in (*own, *of_children))
    return ticks / TICKS_PER_S


@contextmanager
def own_server() -> Iterator[Embedded]:
    """A server in a folder of its own, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="clearing-rebuild-") as folder:
        Path(folder).chmod(0o711)  # PostgreSQL runs under an account of its own when this is root
        with Embedded.start(Path(folder) / "home") as server:
            yield server


async def found(server: Embedded) -> None:
    """Database, roles, an empty caisse and its views."""
    first = await asyncpg.connect(server.dsn(ADMIN, "postgres"))
    await migrate.make_database(first, DATABASE)
    await first.close()
    admin = await asyncpg.connect(server.dsn(ADMIN, DATABASE))
    await migrate.make_roles(admin, server.password_of)
    await migrate.install(admin, SCHEMA, code="busy", at_us=0)
    await install(admin, SCHEMA)
    await admin.close()


async def measure(server: Embedded, size: Size) -> dict[str, object]:
    """Append, follow, rebuild; the keys of the result."""
    await found(server)
    log = await Log.open(
        server.dsn("clearing_writer", DATABASE), SCHEMA, writer="load test", lease_s=3_600, now_us=lambda: START_US
    )
    events = await append(log, story(size))
    await log.release()
    print(f"{events:,} events appended", flush=True)
    return {
        "sales": size.sales, "members": size.members, "producers": size.producers, "events": events,
        "followed": await follow(server, events, events - size.sales), "rebuilt": await rebuilt(server, events),
    }  # fmt: skip


async def follow(server: Embedded, events: int, before_sales: int) -> dict[str, float]:
    """A running projector from the first sale to the last: CPU, rows, WAL and bytes per sale."""
    runner = await Runner.open(server.dsn("clearing_projector", DATABASE), SCHEMA)
    await runner.run_to(before_sales)
    sales = events - before_sales
    wrote, began = await written(server), Spent.now(server)
    await runner.run_to(events)
    spent = Spent.now(server).since(began, sales)
    await runner.close()
    more = await written(server)
    return {"page_events": PAGE_EVENTS, **spent} | {
        f"{name}_per_sale": round((more[name] - wrote[name]) / sales, 2) for name in more
    }


async def rebuilt(server: Embedded, events: int) -> dict[str, object]:
    """A rebuild that is compared and shown; raises AssertionError when it is not."""
    admin, projector = server.dsn(ADMIN, DATABASE), server.dsn("clearing_projector", DATABASE)
    began = Spent.now(server)
    report = await rebuild(admin, projector, SCHEMA, lambda line: print(f"  {line}", flush=True))
    spent = Spent.now(server).since(began, events)
    assert report.flipped, (report.differences, report.breaches)
    assert report.position == events, report.position
    return {**spent, "events_per_s": report.events_per_s, "events_per_s_with_all_checks": spent["events_per_s"]}


async def written(server: Embedded) -> dict[str, int]:
    """Rows, WAL bytes and stored bytes of the views so far."""
    admin = await asyncpg.connect(server.dsn(ADMIN, DATABASE))
    await asyncio.sleep(1.5)  # a backend tells its statistics when it has been idle for a second
    row = await admin.fetchrow(WRITTEN.replace("{schema}", SCHEMA))
    await admin.close()
    assert row is not None
    return {name: int(row[name]) for name in ("rows", "wal", "bytes")}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m loadtests.rebuild", description=__doc__)
    parser.add_argument("--events", type=int, default=200_000, metavar="N", help="sales in the log (default 200,000)")
    parser.add_argument("--members", type=int, default=20_000, help="who buys (default 20,000)")
    parser.add_argument("--producers", type=int, default=1_000, help="who sells (default 1,000)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the result goes (default: loadtests/results)")
    arguments = parser.parse_args()
    size = Size(sales=arguments.events, members=arguments.members, producers=arguments.producers)
    with own_server() as server:
        result = uvloop.run(measure(server, size))
    path = write_result(arguments.json, "rebuild", result)
    print(json.dumps(result, indent=1))
    print(f"The rebuilt views equal the followed ones, and every check holds. Result: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
