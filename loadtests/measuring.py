"""Law: what a run cost is read from outside: CPU from /proc by role, lag and sales from the database, never from the generator.

Times in seconds; instants of the log in microseconds.
"""

import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import asyncpg

from clearing.events.codec import decode
from clearing.events.sales import SaleDecided
from clearing.installation.home import Home
from clearing.installation.opening import Installation
from clearing.postgres import ADMIN
from clearing.postgres.server import processes
from clearing.sql import schema_of
from clearing.values import CaisseCode
from loadtests.tally import APPROVED, percentile

TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
SAMPLE_S: Final = 0.5
PAGE: Final = 10_000
_BACKENDS: Final = {"clearing_writer": "postgres writer", "clearing_projector": "postgres projector"}
_MIB: Final = 1 << 20


def cpu_s(pid: int) -> float | None:
    """User and system time of a process until now; None when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def memory_mib(pid: int) -> float:
    """Proportional resident memory of a process, shared pages divided among their users; 0.0 when it is gone."""
    try:
        said = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0.0
    sizes = [int(line.split()[1]) for line in said.splitlines() if line.startswith("Pss:")]
    return sum(sizes) * 1024 / _MIB


def backend_role(title: str) -> str:
    """The role of a PostgreSQL process by its title, as "postgres: clearing_writer clearing [local] idle"."""
    words = title.removeprefix("postgres:").split()
    if words and words[0] in _BACKENDS:
        return _BACKENDS[words[0]]
    if len(words) > 1 and words[0].startswith("clearing_"):
        return "postgres other"
    return "postgres background"


def roles_now(home: Home, serve_pid: int, others: Mapping[int, str]) -> dict[int, str]:
    """Every process that takes part -> its role. `home`/run/processes names the server's own, one JSON object a line."""
    roles = {serve_pid: "serve", **others}
    listing = home.run / "processes"
    if listing.exists():
        for line in listing.read_text(encoding="utf-8").splitlines():
            said = json.loads(line)
            roles[int(said["pid"])] = str(said["role"])
    for pid in processes((home.postgres / "data").resolve()):
        try:
            title = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        roles[pid] = backend_role(title)
    return roles


@dataclass(slots=True)
class Meter:
    """CPU seconds by role since `start`; a process that ended keeps what it was last seen with."""

    home: Home
    serve_pid: int
    others: Mapping[int, str]
    _from: dict[int, float] = field(default_factory=dict)
    _last: dict[int, float] = field(default_factory=dict)
    _roles: dict[int, str] = field(default_factory=dict)

    def start(self) -> None:
        self._from, self._last, self._roles = {}, {}, {}
        self.look()
        self._from = dict(self._last)

    def look(self) -> None:
        for pid, role in roles_now(self.home, self.serve_pid, self.others).items():
            spent = cpu_s(pid)
            if spent is not None:
                self._roles[pid], self._last[pid] = role, spent

    def spent(self) -> dict[str, float]:
        """CPU seconds by role; numbered roles like gateway-2 each have their own."""
        by_role: Counter[str] = Counter()
        for pid, spent in self._last.items():
            by_role[self._roles[pid]] += spent - self._from.get(pid, 0.0)  # type: ignore[assignment]
        return {role: round(by_role[role], 2) for role in sorted(by_role)}

    def memory(self) -> dict[str, float]:
        """MiB by role, now."""
        by_role: dict[str, float] = {}
        for pid, role in self._roles.items():
            by_role[role] = round(by_role.get(role, 0.0) + memory_mib(pid), 1)
        return by_role


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What the database knew at an instant. at_s: of time.monotonic; groups: updates of the head so far."""

    at_s: float
    head: int
    shown: int
    lag_s: float
    groups: int
    transactions: int


class Watch:
    """One connection that asks how far log and views are."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]", schema: str) -> None:
        self._connection: Final = connection
        self._schema: Final = schema
        self._asked: Final = f"""
            SELECT head.head, shown.position AS shown, groups.n_tup_upd AS groups, base.xact_commit AS transactions,
                   coalesce((SELECT at_us FROM {schema}.events WHERE position = shown.position + 1), 0) AS waiting_us
            FROM {schema}.log_head AS head
            CROSS JOIN {schema}.projections AS shown
            CROSS JOIN pg_stat_user_tables AS groups
            CROSS JOIN pg_stat_database AS base
            WHERE shown.name LIKE 'views%' AND shown.live
              AND groups.schemaname = '{schema}' AND groups.relname = 'log_head' AND base.datname = current_database()
        """  # noqa: S608 - the schema's name is checked by schema_of

    async def mark(self) -> Mark:
        row = await self._connection.fetchrow(self._asked)
        assert row is not None, "the caisse has a head and views"
        waiting_us = int(row["waiting_us"])
        lag_s = max(0.0, time.time() - waiting_us / 1_000_000) if waiting_us else 0.0
        return Mark(
            at_s=time.monotonic(), head=row["head"], shown=row["shown"], lag_s=lag_s, groups=row["groups"],
            transactions=row["transactions"],
        )

    async def caught_up(self, limit_s: float = 120.0) -> float:
        """Wait until the views show the whole log; how long that took."""
        started_s = time.monotonic()
        while time.monotonic() - started_s < limit_s:
            mark = await self.mark()
            if mark.shown >= mark.head:
                break
            await asyncio.sleep(0.02)
        return time.monotonic() - started_s

    async def sizes(self) -> dict[str, int]:
        """Bytes of each table of the caisse with its indexes; partitions are added up under their table."""
        rows = await self._connection.fetch(
            """
            SELECT coalesce(parent.relname, c.relname) AS name, sum(pg_table_size(c.oid))::bigint AS heap,
                   sum(pg_indexes_size(c.oid))::bigint AS indexes
            FROM pg_class c
            LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
            LEFT JOIN pg_class parent ON parent.oid = i.inhparent
            WHERE c.relkind = 'r' AND c.relnamespace = $1::regnamespace
            GROUP BY 1
            """, self._schema,
        )  # fmt: skip
        sizes: dict[str, int] = {}
        for row in rows:
            sizes[row["name"]], sizes[f"{row['name']} indexes"] = row["heap"], row["indexes"]
        return sizes


@asynccontextmanager
async def watching(installation: Installation, code: CaisseCode) -> AsyncIterator[Watch]:
    """A watch for the time of the block."""
    async with installation.connected(ADMIN) as connection:
        yield Watch(connection, schema_of(code))


async def approved_sales(installation: Installation, code: CaisseCode, after: int, up_to: int) -> tuple[int, Counter[str]]:
    """(approved, all by answer) of the sales decided for the first time at positions after + 1 ... up_to."""
    answers: Counter[str] = Counter()
    async with installation.reading(code) as log:
        for start in range(after, up_to, PAGE):
            for row in await log.read(start, min(PAGE, up_to - start)):
                if row.type == SaleDecided.TYPE:
                    event: Any = decode(row.type, row.schema_version, row.public, row.private)
                    answers[event.answer] += 1
    return sum(answers[code] for code in APPROVED), answers


async def server_settings(installation: Installation) -> dict[str, object]:
    """What decides durability, as the server says it for each role that writes, and what overrides it."""
    said: dict[str, object] = {}
    names = ["fsync", "full_page_writes", "synchronous_commit"]
    for role in ("clearing_writer", "clearing_projector", ADMIN):
        async with installation.connected(role) as connection:
            rows = await connection.fetch("SELECT name, setting, source FROM pg_settings WHERE name = ANY($1)", names)
            said[role] = {row["name"]: row["setting"] for row in rows}
            said["version"] = await connection.fetchval("SHOW server_version")
    async with installation.connected(ADMIN) as connection:
        rows = await connection.fetch("SELECT setconfig FROM pg_db_role_setting")
        said["overrides"] = [item for row in rows for item in row["setconfig"] if item.split("=")[0] in names]
        rows = await connection.fetch(
            "SELECT name, setting, unit FROM pg_settings WHERE name = ANY($1)",
            ["shared_buffers", "max_wal_size", "wal_compression", "data_checksums", "max_connections"],
        )
        said["server"] = {row["name"]: f"{row['setting']}{' x ' + row['unit'] if row['unit'] else ''}" for row in rows}
    return said


def not_durable_because(said: Mapping[str, object]) -> str:
    """Why an acknowledged commit could be lost under these settings; empty when it can't."""
    for role, settings in said.items():
        if isinstance(settings, dict) and "fsync" in settings:
            off = [f"{name} = {value}" for name, value in settings.items() if value != "on"]
            if off:
                return f"{role} runs with {', '.join(off)}: nothing measured so counts"
    return f"a role or database overrides {said['overrides']}: nothing measured so counts" if said["overrides"] else ""


@dataclass(slots=True)
class Samples:
    """The marks of one run, SAMPLE_S apart."""

    marks: list[Mark] = field(default_factory=list)

    async def collect(self, watch: Watch, meter: Meter, until_s: float) -> None:
        while (left_s := until_s - time.monotonic()) > 0:
            await asyncio.sleep(min(SAMPLE_S, left_s))
            self.marks.append(await watch.mark())
            meter.look()

    def lag(self) -> dict[str, float]:
        lags = sorted(mark.lag_s for mark in self.marks)
        return {"median": round(percentile(lags, 0.5), 3), "max": round(lags[-1], 3) if lags else 0.0}


def group_sizes(metrics: str, code: CaisseCode) -> tuple[float, float] | None:
    """(requests, groups) so far, as the writer's histogram tells in /metrics; None when it is not there."""
    found: dict[str, float] = {}
    for line in metrics.splitlines():
        for part in ("sum", "count"):
            if line.startswith(f"clearing_group_requests_{part}{{") and f'caisse="{code}"' in line:
                found[part] = found.get(part, 0.0) + float(line.rsplit(" ", 1)[1])
    return (found["sum"], found["count"]) if len(found) == 2 else None
