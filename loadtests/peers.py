"""Law: a figure means something beside others: the same sales written plainly, and with the library most would take.

On one server with the same durable settings: our whole path, one SQL transaction per sale (asyncpg), PyPI's `eventsourcing`
(psycopg), and TPC-B before and after. The peers sign, verify and project nothing. Run: python -m loadtests.peers --json FILE
"""

import argparse
import asyncio
import multiprocessing
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg
import uvloop

from clearing.config import Settings
from clearing.installation.opening import Installation
from clearing.postgres import ADMIN, Embedded
from loadtests import peers_library, peers_sql, tpcb
from loadtests.authorise import VOID, arguments, authorise, complete, say
from loadtests.ground import home_for
from loadtests.measuring import not_durable_because, server_settings
from loadtests.peers_sql import QUERIES
from loadtests.results_file import write_result

CLIENTS: Final = 2  # processes of a peer: as many as the cores it may use
SCHEMA_OF_THE_LIBRARY: Final = "public"
OURS: Final = ("transport", "sales_per_s", "p50_ms", "p99_ms", "cpu_us_per_sale", "errors", "ran_out_s")


async def fresh_database(database: Embedded, name: str) -> str:
    """An empty database of this name; its URL for the administrator."""
    admin = await asyncpg.connect(database.dsn(ADMIN, "postgres"))
    try:
        await admin.execute(f"DROP DATABASE IF EXISTS {name}")
        await admin.execute(f"CREATE DATABASE {name}")
    finally:
        await admin.close()
    return database.dsn(ADMIN, name)



async def plain(database: Embedded, options: argparse.Namespace, connections: int, *, locked: bool) -> dict[str, object]:
    """One SQL transaction per sale; the sales are counted in the table."""
    dsn = await fresh_database(database, "peer_sql")
    admin = await asyncpg.connect(dsn)
    try:
        await admin.execute(QUERIES["tables"])
        await admin.execute(QUERIES["members"], options.members)
        tpcb.checkpoint(database)
        each = -(-connections // CLIENTS)
        work = [
            peers_sql.Tills(dsn=dsn, first=place * each, connections=each, members=options.members, seconds=options.seconds,
                            funds_locked=locked)
            for place in range(CLIENTS)
        ]  # fmt: skip
        told, _ = await _in_processes(peers_sql.sell, work)
        stored = await admin.fetchval(QUERIES["counted"])
    finally:
        await admin.close()
    assert stored == sum(sold for sold, _ in told), "every acknowledged sale is a row"
    return _figure(stored, options.seconds, sum(cpu for _, cpu in told), connections=connections)


async def library(database: Embedded, options: argparse.Namespace, threads: int) -> dict[str, object]:
    """PyPI's eventsourcing; the sales are counted in its table of events."""
    dsn = await fresh_database(database, "peer_library")
    each = -(-threads // CLIENTS)
    environment = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres", "POSTGRES_DBNAME": "peer_library",
        "POSTGRES_HOST": str(database.server.socket_folder), "POSTGRES_PORT": str(database.port), "POSTGRES_USER": ADMIN,
        "POSTGRES_PASSWORD": database.password_of(ADMIN), "POSTGRES_POOL_SIZE": str(each), "POSTGRES_MAX_OVERFLOW": "4",
        "POSTGRES_MAX_WAITING": str(each), "AGGREGATE_CACHE_MAXSIZE": str(2 * options.members),
        "AGGREGATE_CACHE_FASTFORWARD": "n", "POSTGRES_SCHEMA": SCHEMA_OF_THE_LIBRARY,
    }
    peers_library.make_tables(environment)
    environment["CREATE_TABLE"] = "n"
    tpcb.checkpoint(database)
    work = [
        peers_library.Threads(environment=environment, first=place * each, threads=each, members=options.members // CLIENTS,
                              seconds=options.seconds)
        for place in range(CLIENTS)
    ]  # fmt: skip
    told, _ = await _in_processes(peers_library.sell, work)
    admin = await asyncpg.connect(dsn)
    try:
        stored = await admin.fetchval("SELECT count(*) FROM application_events WHERE originator_version > 1")
    finally:
        await admin.close()
    assert stored == sum(sold for sold, _, _ in told), "every acknowledged sale is an event"
    return _figure(stored, max(seconds for _, _, seconds in told), sum(cpu for _, cpu, _ in told), connections=threads)


async def _in_processes(sell: Any, work: Sequence[Any]) -> tuple[list[Any], float]:
    started_s = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(len(work)) as pool:
        return await asyncio.to_thread(pool.map, sell, work), time.monotonic() - started_s


def _figure(sales: int, seconds: float, client_cpu_s: float, *, connections: int) -> dict[str, object]:
    return {
        "connections": connections, "sales": sales, "sales_per_s": round(sales / seconds, 1),
        "client_cpu_us_per_sale": round(client_cpu_s * 1_000_000 / max(1, sales), 1),
    }


async def peers(options: argparse.Namespace) -> dict[str, Any]:
    """The keys of the result."""
    with home_for(options.home) as home:
        options.home = home.folder
        bench = tpcb.Bench(seconds=options.tpcb_seconds, scale=options.tpcb_scale)
        ours = {} if options.without_ours else await authorise(
            argparse.Namespace(**{**vars(options), "tpcb_seconds": 0})
        )
        installation = Installation.open(home, Settings())
        try:
            await installation.set_up()
            result = await _peers(installation, options, bench)
        finally:
            installation.close()
    return {"ours": {name: ours[name] for name in OURS if name in ours}, **result, "void": void_because(result, ours)}


def void_because(result: Mapping[str, Any], ours: Mapping[str, Any]) -> str:
    """Why the comparison says nothing; empty when it does. ours: the result of our own run, empty when it was left out."""
    return (
        tpcb.void_because(result["tpcb_tps_before"], result["tpcb_tps_after"])
        or not_durable_because(result["settings"]["postgres"])
        or str(ours.get("void", ""))
    )


async def _peers(installation: Installation, options: argparse.Namespace, bench: tpcb.Bench) -> dict[str, Any]:
    database = installation.database
    settings = await server_settings(installation)
    before = after = 0.0
    if bench.seconds:
        tpcb.ready(database, bench)
        before = tpcb.measure(database, bench)
    rows = []
    for connections in options.peer_connections:
        for name, locked in (("plain SQL, funds locked", True), ("plain SQL, funds summed later", False)):
            say(f"{name}, {connections} connections")
            rows.append({"peer": name, **await plain(database, options, connections, locked=locked)})
        say(f"eventsourcing, {connections} threads")
        rows.append({"peer": "eventsourcing", **await library(database, options, connections)})
    if bench.seconds:
        after = tpcb.measure(database, bench)
    return {"peers": rows, "tpcb_tps_before": before, "tpcb_tps_after": after, "settings": {"postgres": settings}}


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m loadtests.peers", description=__doc__, parents=[arguments()], conflict_handler="resolve"
    )
    told = "connections or threads of a peer, one run each (default 16 32 64)"
    parser.add_argument("--peer-connections", type=int, nargs="+", default=[16, 32, 64], help=told)
    parser.add_argument("--members", type=int, default=10_000, help="purses of the peers (default 10000)")
    parser.add_argument("--without-ours", action="store_true", help="leave our own figure out")
    options = parser.parse_args(words)
    complete(options)
    result = uvloop.run(peers(options))
    print(f"ours: {result['ours']}")
    highest = max(result["tpcb_tps_before"], result["tpcb_tps_after"])
    for row in result["peers"]:
        row["ratio"] = round(row["sales_per_s"] / highest, 3) if highest else None
        print(row)
    print(f"TPC-B {result['tpcb_tps_before']:.0f} before, {result['tpcb_tps_after']:.0f} after. {result['void']}")
    print(f"result: {write_result(options.json, 'peers', result, postgres=result['settings']['postgres']['version'])}")
    return VOID if result["void"] else 0


if __name__ == "__main__":
    sys.exit(main())
