"""Law: a real PostgreSQL, durable and closed: data on disk with fsync, passwords for everybody, never run as root.

The server belongs to a home folder (data, password, log, socket). Starting on a home that already runs joins it; the last
one to leave stops it. Source: treasury.md section 7, learned by running it.
"""

import fcntl
import hashlib
import hmac
import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote, urlencode

from clearing.postgres.binaries import Binaries, PostgresUnavailable, account_of, as_account, find_postgres, reachable
from clearing.postgres.server import ADMIN, Running, end, launch, running

__all__ = ["ADMIN", "CONNECTIONS", "Binaries", "Embedded", "PostgresUnavailable", "default_home", "find_postgres"]

CONNECTIONS: Final = 80


def default_home(name: str, *, xdg_data_home: str = "") -> Path:
    """Where a server's home goes: /var/lib/clearing/NAME for root (a folder below /root is closed to the server's own
    account), else below the user's data folder."""
    if os.geteuid() == 0:
        return Path("/var/lib/clearing") / name
    return (Path(xdg_data_home) if xdg_data_home else Path.home() / ".local" / "share") / "clearing" / name


@dataclass(slots=True, kw_only=True)
class Embedded:
    """A running server. `process` is set when this process started it."""

    home: Path
    server: Running
    binaries: Binaries
    password: str = field(repr=False)
    users: int = field(repr=False)  # open file: a shared lock held by each process that uses the server
    connections: int = CONNECTIONS
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @classmethod
    def start(cls, home: Path, *, binaries: Binaries | None = None, connections: int = CONNECTIONS) -> Self:
        """Make the data if there is none, start the server if it does not run, wait until it answers.

        connections: at most, of a server that is started now; one that runs keeps what it has. Raises PostgresUnavailable
        with the end of the server's log when it does not come up.
        """
        home = home.resolve()
        account = account_of(home / "data")
        _make_home(home, account)
        binaries = binaries or find_postgres()
        with _alone(home):
            password = _password(home, account)
            process, server = _up(home, binaries, connections)
            users = os.open(home / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(users, fcntl.LOCK_SH)
        return cls(
            home=home, server=server, password=password, users=users, binaries=binaries, connections=connections,
            process=process,
        )  # fmt: skip

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        return self.server.pid

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1."""
        return self.server.port

    def revive(self) -> None:
        """Start the server again if it died; the address stays, so that clients reconnect. Raises PostgresUnavailable."""
        with _alone(self.home):
            if self.process is not None and self.process.poll() is None:
                return
            self.process, self.server = _up(self.home, self.binaries, self.connections)

    def password_of(self, role: str) -> str:
        """Each role's password is derived from the admin's: one secret to keep, and no role knows another's."""
        if role == ADMIN:
            return self.password
        return hmac.new(self.password.encode(), role.encode(), hashlib.sha256).hexdigest()

    def dsn(self, role: str, database: str, *, tcp: bool = False) -> str:
        """A connection URL through the Unix socket, or through 127.0.0.1 with tcp."""
        host = "127.0.0.1" if tcp else str(self.server.socket_folder)
        where = urlencode({"host": host, "port": self.port}, quote_via=quote)
        return f"postgresql://{quote(role)}:{quote(self.password_of(role))}@/{quote(database)}?{where}"

    def stop(self, *, now: bool = False) -> None:
        """Leave; the last user's leaving stops the server (fast: open transactions are rolled back). `now`: stop anyhow."""
        with _alone(self.home):
            if now or _locked(self.users):
                end(self.pid, self.process, self.home / "data")
                if self.server.socket_folder.parent != self.home:
                    shutil.rmtree(self.server.socket_folder, ignore_errors=True)
            os.close(self.users)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _up(home: Path, binaries: Binaries, connections: int) -> tuple[subprocess.Popen[bytes] | None, Running]:
    """The running server, joined, or a new one with the process we started."""
    found = running(home / "data")
    if found is not None:
        return None, found
    account = account_of(home / "data")
    return launch(home, reachable(binaries, account), account, connections)


def _make_home(home: Path, account: pwd.struct_passwd | None) -> None:
    if account is None:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    os.chown(home, account.pw_uid, account.pw_gid)
    home.chmod(0o700)
    if subprocess.run(["test", "-x", home], check=False, **as_account(account)).returncode != 0:
        raise PostgresUnavailable(
            f"the account {account.pw_name} cannot enter {home}: a folder above it is closed to others. "
            f"Run as an ordinary user, or, as root, choose a --home that every account can enter: below {default_home('')}"
        )


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One process at a time starts or stops the server of a home."""
    lock = os.open(home / "start.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _locked(users: int) -> bool:
    """True when nobody else holds the users' lock."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _password(home: Path, account: pwd.struct_passwd | None) -> str:
    """Read the admin's password, or make it: on disk before the data that will ask for it."""
    path = home / "password"
    if path.exists():
        return path.read_text(encoding="ascii").strip()
    if (home / "data").exists():
        raise PostgresUnavailable(
            f"{path} is gone, but the data that asks for it is there: put it back from your backup"
        )
    fresh = home / "password.new"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(secrets.token_hex(24) + "\n")
        file.flush()
        os.fsync(file.fileno())
    if account is not None:
        os.chown(fresh, account.pw_uid, account.pw_gid)
    fresh.rename(path)
    return path.read_text(encoding="ascii").strip()
