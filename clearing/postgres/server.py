"""Law: one postmaster per data folder; it is started, awaited and ended by its own pid, and no wait is unbounded.

A crash leaves postmaster.pid behind, and a recycled pid can make it look alive: a server is alive when a process works in
its data folder, not when a number exists.
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from clearing.postgres.binaries import Binaries, PostgresUnavailable, as_account

ADMIN: Final = "clearing_admin"
READY_S: Final = 120.0  # crash recovery replays at most max_wal_size
STOP_S: Final = 60.0
POLL_S: Final = 0.02
LOG_BYTES_MAX: Final = 16 * 1024 * 1024
SOCKET_BYTES_MAX: Final = 80  # of the folder; the system ends a socket's whole path at 103 to 107 bytes
PORT_TRIES: Final = 5
BUILTIN_LOCALE_MAJOR: Final = 17  # the first with collation that no system library can change under an index

# Sized for one machine that also runs everything else. Nothing here trades durability for speed.
SETTINGS: Final = {
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "listen_addresses": "127.0.0.1",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "jit": "off",
    "autovacuum_vacuum_cost_delay": "10ms",  # a fifth as fast as usual: its bursts made the answers wait
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] %u@%d ",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server that answers: the postmaster's pid, its TCP port on 127.0.0.1 and the folder of its Unix socket."""

    pid: int
    port: int
    socket_folder: Path


def running(data: Path) -> Running | None:
    """The server of this data folder once it is ready; None when there is none. What a crash left behind is cleared away."""
    for _ in _until(READY_S, f"the server in {data} neither became ready nor ended"):
        lines = _pid_file(data)
        if lines is None:
            return None
        pid = int(lines[0])
        if not _alive(pid, data):
            _clear_stale(pid, data)
            return None
        if _ready(lines):
            return Running(pid=pid, port=int(lines[3]), socket_folder=Path(lines[4]))
    return None


def launch(
    home: Path, binaries: Binaries, account: pwd.struct_passwd | None, connections: int
) -> tuple[subprocess.Popen[bytes], Running]:
    """Start the server of `home`, with the port it last had if that is free. Raises PostgresUnavailable."""
    data = home / "data"
    if not data.exists():
        _initialise(home, binaries, account)
    folder = _socket_folder(home, account)
    log = home / "server.log"
    for port in _ports(home):
        process = _spawn(home, binaries, account, folder, port, connections)
        if _came_up(process, data):
            (home / "port").write_text(f"{port}\n", encoding="ascii")
            return process, Running(pid=process.pid, port=port, socket_folder=folder)
        if "Address already in use" not in _tail(log):
            break
    raise PostgresUnavailable(f"PostgreSQL did not start; the end of {log} says why:\n{_tail(log)}")


def end(pid: int, process: subprocess.Popen[bytes] | None, data: Path) -> None:
    """Fast shutdown: open transactions are rolled back, a checkpoint is written. Returns when the server is gone."""
    if _alive(pid, data):
        os.kill(pid, signal.SIGINT)
    try:
        _await_end(pid, process, data)
    except (PostgresUnavailable, subprocess.TimeoutExpired):
        os.kill(pid, signal.SIGQUIT)  # the next start recovers from the log; nothing acknowledged is lost
        _await_end(pid, process, data)


def _await_end(pid: int, process: subprocess.Popen[bytes] | None, data: Path) -> None:
    if process is not None:
        process.wait(STOP_S)
        return
    for _ in _until(STOP_S, f"the server {pid} in {data} did not stop"):
        if not _alive(pid, data):
            return


def _until(limit_s: float, trouble: str) -> Iterator[None]:
    """Look, and look again every POLL_S; past the limit raise PostgresUnavailable."""
    deadline = time.monotonic() + limit_s
    while True:
        yield
        if time.monotonic() > deadline:
            raise PostgresUnavailable(f"{trouble} within {limit_s:.0f} s; look into server.log beside it")
        time.sleep(POLL_S)


def _pid_file(data: Path) -> list[str] | None:
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    return lines or ["0"]


def _ready(lines: list[str]) -> bool:
    return len(lines) > 7 and lines[7].strip() in {"ready", "standby"}


def processes(data: Path) -> list[int]:
    """Every process that works in this data folder: the postmaster and its backends."""
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink() == data:
                found.append(int(entry.name))
        except OSError:
            continue  # it ended meanwhile, or belongs to another account
    return found


def _alive(pid: int, data: Path) -> bool:
    if Path("/proc/self/cwd").exists():
        return pid in processes(data)
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _clear_stale(pid: int, data: Path) -> None:
    """After a crash: wait for the dead postmaster's backends, then take away a pid file whose number another process got.

    Where processes cannot be looked at (no /proc), PostgreSQL's own check of the pid file decides.
    """
    if not Path("/proc/self/cwd").exists():
        return
    for _ in _until(STOP_S, f"processes of a crashed server ({pid}) still work in {data}"):
        if not processes(data):
            (data / "postmaster.pid").unlink(missing_ok=True)
            return


def _initialise(home: Path, binaries: Binaries, account: pwd.struct_passwd | None) -> None:
    """initdb beside the final place, then one rename: data that exists is complete."""
    fresh = home / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    locale = ["--locale=C.UTF-8"]
    if binaries.major >= BUILTIN_LOCALE_MAJOR:
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    command = [str(binaries.bin / "initdb"), "--pgdata", str(fresh), "--username", ADMIN, "--auth=scram-sha-256"]
    command += ["--pwfile", str(home / "password"), "--encoding=UTF8", "--data-checksums", *locale]
    said = subprocess.run(command, check=False, capture_output=True, text=True, **as_account(account))
    if said.returncode != 0:
        raise PostgresUnavailable(f"initdb failed in {home}: {said.stderr.strip()[-2000:]}")
    fresh.rename(home / "data")


def _socket_folder(home: Path, account: pwd.struct_passwd | None) -> Path:
    folder = home / "run"
    if len(os.fsencode(folder)) > SOCKET_BYTES_MAX:
        folder = Path("/tmp") / f"clearing-{secrets.token_hex(8)}"  # noqa: S108 - 0700 and a name nobody can foresee
    folder.mkdir(mode=0o700, exist_ok=True)
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)
    return folder


def _ports(home: Path) -> Iterator[int]:
    """The last port first: clients that hold its address reconnect after a crash."""
    kept = home / "port"
    if kept.exists():
        yield int(kept.read_text(encoding="ascii"))
    for _ in range(PORT_TRIES):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        yield port


def _spawn(
    home: Path, binaries: Binaries, account: pwd.struct_passwd | None, folder: Path, port: int, connections: int
) -> subprocess.Popen[bytes]:
    """Its own session: Ctrl-C in the terminal must reach us first, and us alone."""
    child = as_account(account)
    command = [str(binaries.bin / "postgres"), "-D", str(home / "data"), "-p", str(port)]
    settings = SETTINGS | {
        "unix_socket_directories": str(folder), "wal_compression": "on", "max_connections": str(connections),
    }  # fmt: skip
    asked = [*command, "-C", "wal_compression", "-c", "wal_compression=lz4"]
    if subprocess.run(asked, check=False, capture_output=True, **child).returncode == 0:
        settings["wal_compression"] = "lz4"
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    log = home / "server.log"
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.rename(home / "server.log.1")
    with log.open("ab") as file:
        return subprocess.Popen(command, stdout=file, stderr=file, start_new_session=True, **child)


def _came_up(process: subprocess.Popen[bytes], data: Path) -> bool:
    """True when ready; False when it ended by itself."""
    try:
        for _ in _until(READY_S, f"PostgreSQL in {data} did not become ready"):
            if process.poll() is not None:
                return False
            lines = _pid_file(data)
            if lines is not None and lines[0] == str(process.pid) and _ready(lines):
                return True
    except BaseException:
        process.send_signal(signal.SIGQUIT)
        process.wait()
        raise
    return False


def _tail(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4_000))
        return file.read().decode(errors="replace").strip()
