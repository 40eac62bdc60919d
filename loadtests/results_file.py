"""Law: a measured number is kept with the machine, the commit and the date it was measured on, or not at all."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

RESULTS: Final = Path(__file__).parent / "results"
UNKNOWN: Final = "unknown"
CHANGES: Final = ("status", "--porcelain", "--untracked-files=no", "--", ":/", ":(top,exclude)loadtests/results")
"""Of what is measured; results that were written before are none."""


def write_result(path: Path | None, name: str, data: Mapping[str, object], *, postgres: str | None = None) -> Path:
    """Writes data's keys plus `name` and `measured` as JSON to path (None: results/<name>.json); returns where.

    postgres: the server's version, when one took part. Raises ValueError when data already uses one of the two keys.
    The file is replaced in one step, so a reader never sees half a result.
    """
    taken = {"name", "measured"} & data.keys()
    if taken:
        raise ValueError(f"{sorted(taken)} belong to the result file; name the measured values otherwise")
    target = RESULTS / f"{name}.json" if path is None else path
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(f"{target.name}.{os.getpid()}.half")
    half.write_text(json.dumps({"name": name, **data, "measured": measured(postgres)}, indent=1) + "\n", encoding="utf-8")
    half.replace(target)
    return target


def measured(postgres: str | None = None) -> dict[str, object]:
    """The circumstances: date (UTC), commit, whether the files differed from it, Python, machine, PostgreSQL if given."""
    head, changes = _git("rev-parse", "HEAD"), _git(*CHANGES)
    circumstances: dict[str, object] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": head or UNKNOWN,
        "commit_is_exact": head is not None and changes == "",
        "python": platform.python_version(),
        "machine": machine(),
    }
    if postgres is not None:
        circumstances["postgres"] = postgres
    return circumstances


def machine() -> dict[str, object]:
    """CPU model, cores this process may use, memory in MiB, system; no name of the host."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cpu": _cpu_model(),
        "cores": cores,
        "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "system": f"{platform.system()} {platform.machine()}",
    }


def _cpu_model() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or UNKNOWN


def _git(*words: str) -> str | None:
    """One line of git about this clone; None where there is no git or no clone (an unpacked archive)."""
    try:
        answer = subprocess.run(["git", *words], cwd=RESULTS.parent, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()
