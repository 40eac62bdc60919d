"""Law: the yardstick is pgbench's TPC-B on the same server, before and after; when the two disagree the run says nothing.

Scale, clients and threads are options of whoever calls; statements are prepared. The database is TPC-B's own.
"""

import os
import re
import subprocess
from dataclasses import dataclass
from typing import Final

from clearing.postgres import ADMIN, Embedded

DATABASE: Final = "tpcb"
DIFFERENCE_MAX: Final = 0.20
_TPS: Final = re.compile(r"^tps = ([0-9.]+) ", re.MULTILINE)


class NoFigure(RuntimeError):
    """pgbench failed or told no figure; the text is what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """How pgbench is run. seconds: of one measurement; 0 leaves TPC-B out."""

    scale: int = 50
    clients: int = 16
    threads: int = 2
    seconds: int = 30


def ready(database: Embedded, bench: Bench) -> None:
    """Make the database with `scale` branches, when it is not there. Raises NoFigure."""
    known = _run(database, "psql", "-Atc", "SELECT 1 FROM pg_database WHERE datname = 'tpcb'", "postgres")
    if known.strip():
        return
    _run(database, "psql", "-c", f"CREATE DATABASE {DATABASE}", "postgres")
    _run(database, "pgbench", "-i", "-q", "-s", str(bench.scale), DATABASE)


def measure(database: Embedded, bench: Bench) -> float:
    """Transactions per second, from a checkpoint on. Raises NoFigure."""
    checkpoint(database)
    said = _run(
        database, "pgbench", "-M", "prepared", "-c", str(bench.clients), "-j", str(bench.threads), "-T", str(bench.seconds),
        "-n", DATABASE,
    )
    return tps_in(said)


def checkpoint(database: Embedded) -> None:
    """So that what is measured next starts with clean pages, whoever dirtied them."""
    _run(database, "psql", "-c", "CHECKPOINT", "postgres")


def tps_in(said: str) -> float:
    """The figure in pgbench's report. Raises NoFigure."""
    found = _TPS.search(said)
    if found is None:
        raise NoFigure(f"pgbench told no figure: {said[-1_000:]}")
    return float(found[1])


def ratio(sales_per_s: float, before: float, after: float) -> float | None:
    """Sales per TPC-B transaction, by the higher of the two figures; None when TPC-B was left out."""
    highest = max(before, after)
    return round(sales_per_s / highest, 3) if highest else None


def void_because(before: float, after: float) -> str:
    """Why the run says nothing; empty when it does."""
    lower, higher = sorted((before, after))
    if higher and (higher - lower) / higher > DIFFERENCE_MAX:
        return (
            f"TPC-B gave {before:.0f} before and {after:.0f} after, more than {DIFFERENCE_MAX:.0%} apart: the machine was not "
            "quiet. Stop what else runs and measure again"
        )
    return ""


def _run(database: Embedded, program: str, *words: str) -> str:
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "PGPASSWORD": database.password_of(ADMIN)}
    where = ["-h", str(database.server.socket_folder), "-p", str(database.port), "-U", ADMIN]
    done = subprocess.run(
        [str(database.binaries.bin / program), *where, *words], check=False, capture_output=True, text=True, env=environment
    )
    if done.returncode != 0:
        raise NoFigure(f"{program} failed: {done.stderr.strip()[-1_000:]}")
    return done.stdout
