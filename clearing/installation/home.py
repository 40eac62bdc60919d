"""Law: everything of an installation lies in one folder; secrets are in folders of mode 0700, keys in files no one else reads.

As root the folder itself may be entered, because PostgreSQL runs under an account of its own and has to reach its data.
"""

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from clearing.values import CaisseCode, PersonId

LOOPBACK: Final = "127.0.0.1"  # all that is opened is opened to this machine alone
_SOCKET_BYTES_MAX: Final = 90  # the system ends a socket's whole path at 103 to 107 bytes
_PRIVATE: Final = 0o700


class HomeUnusable(Exception):
    """The folder can't be used as an installation's home; the text says what to do."""


class UnknownCaisse(Exception):
    """No caisse of this code is here, or several are and none was named; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Home:
    """Paths below one folder. Nothing is made before `make`."""

    folder: Path

    def make(self) -> "Home":
        """Make the folder and the private ones in it; harmless when they are there. Raises HomeUnusable."""
        try:
            _make_way(self.folder)
            for private in (self.vaults, self.keys, self.persons, self.cards, self.tills, self.files, self.run):
                private.mkdir(mode=_PRIVATE, exist_ok=True)
                _refuse_others(private)
        except OSError as fault:
            unmade = fault.filename or self.folder
            raise HomeUnusable(f"{unmade} can't be made ({fault.strerror}); choose another --home") from fault
        return self

    def exists(self) -> bool:
        return self.keys.is_dir()

    def caisses(self) -> list[CaisseCode]:
        """The caisses whose vaults are here."""
        return [CaisseCode(one.name) for one in sorted(self.vaults.iterdir())] if self.vaults.is_dir() else []

    def chosen(self, code: str | None) -> CaisseCode:
        """The caisse that was named, or the only one there is. Raises UnknownCaisse."""
        known = self.caisses()
        if code is None and len(known) == 1:
            return known[0]
        if not known:
            raise UnknownCaisse(
                f"No caisse is founded in {self.folder} yet; write a file like examples/caisse.toml, "
                "then run: clearing found FILE"
            )
        if code not in known:
            named = "Which caisse?" if code is None else f"There is no caisse {code} here."
            raise UnknownCaisse(f"{named} Name one with --caisse: {', '.join(known)}")
        return CaisseCode(code)

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def vaults(self) -> Path:
        return self.folder / "vaults"

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def people_key(self) -> Path:
        """The key-encryption key of all personal data; keep a copy in a safe, apart from the database's backup."""
        return self.keys / "people.key"

    @property
    def persons(self) -> Path:
        return self.folder / "persons"

    @property
    def cards(self) -> Path:
        return self.folder / "cards"

    @property
    def tills(self) -> Path:
        """The memories of tills that run in a terminal window."""
        return self.folder / "terminals"

    @property
    def files(self) -> Path:
        return self.folder / "files"

    @property
    def log(self) -> Path:
        return self.folder / "clearing.log"

    @property
    def run(self) -> Path:
        """Where the writers listen; outside the home when the home's path is too long for a socket."""
        inside = self.folder / "run"
        if len(os.fsencode(inside)) <= _SOCKET_BYTES_MAX - 45:
            return inside
        name = hashlib.sha256(os.fsencode(self.folder.resolve())).hexdigest()[:16]
        return Path("/tmp") / f"clearing-run-{name}"  # noqa: S108 - made 0700, refused when it is another's

    @property
    def gateway_address(self) -> Path:
        """Where a running `clearing serve` wrote the URL of its gateway."""
        return self.run / "gateway"

    @property
    def console_address(self) -> Path:
        """Where it wrote the URL of its console."""
        return self.run / "console"

    @property
    def processes(self) -> Path:
        """Who runs for `clearing serve`: a line {"role", "pid"} each."""
        return self.run / "processes"

    def trunk(self, writer: int) -> Path:
        """Where the gateways reach a writer's process."""
        return self.run / f"writer-{writer}.trunk"

    def speaking_tube(self, process: str) -> Path:
        """Where a process tells the others of its metrics and of what it still lacks."""
        return self.run / f"{process}.tube"

    @property
    def trunk_secret(self) -> Path:
        """What gateways and writers share when trunks go over TCP."""
        return self.keys / "trunk.key"

    def vault(self, code: CaisseCode) -> Path:
        return self.vaults / code

    def socket(self, code: CaisseCode) -> Path:
        return self.run / f"{code}.sock"

    def person(self, person: PersonId) -> Path:
        return self.persons / f"{person}.key"

    def card(self, code: CaisseCode, alias: str) -> Path:
        return self.cards / code / f"{alias}.json"

    def till(self, name: str) -> Path:
        return self.tills / f"{name}.sqlite"

    def proof(self, code: CaisseCode) -> Path:
        """How far the last `clearing audit` that held has proved the log; for operators, no evidence itself."""
        return self.files / code / "proof.json"

    def daily_proofs(self, code: CaisseCode) -> Path:
        """The newest of the five proofs that were taken here; for operators, no evidence itself."""
        return self.files / code / "proofs.json"

    def batch(self, code: CaisseCode, batch: int) -> Path:
        return self.files / code / f"batch-{batch:04d}"

    def collection(self, code: CaisseCode, collection: int) -> Path:
        return self.files / code / f"collection-{collection:04d}"


def _make_way(folder: Path) -> None:
    """Make the folder and what is missing above it. As root others may enter them, whatever the umask: see the law."""
    if folder.is_dir():
        return
    _make_way(folder.parent)
    folder.mkdir(mode=_PRIVATE, exist_ok=True)
    if os.geteuid() == 0:
        folder.chmod(0o711)


def _refuse_others(folder: Path) -> None:
    """A folder that another account owns, or that others may enter, is no place for keys. Raises HomeUnusable."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise HomeUnusable(f"{folder} belongs to another account; run as that account, or choose another --home")
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise HomeUnusable(f"{folder} is open to others; run 'chmod 0700 {folder}', and think who may have read it")


def write_many_private(folder: Path, files: Mapping[str, bytes], *, last: str) -> None:
    """The same for many files below a folder, `last` of them after all others are on disk: it never stands there alone.

    Two syncs for all: ten thousand statements took 20 s when each waited for the disk by itself, 1 s so.
    """
    fresh = {folder / name: _beside(folder / name, content, at_once=False) for name, content in files.items() if name != last}
    os.sync()
    for path, written in fresh.items():
        written.rename(path)
    os.sync()
    write_private(folder / last, files[last])


def _beside(path: Path, content: bytes, *, at_once: bool) -> Path:
    """A new file next to its place. at_once: on disk when this returns."""
    path.parent.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.fchmod(file, 0o600)
        os.write(file, content)
        if at_once:
            os.fsync(file)
    finally:
        os.close(file)
    return fresh


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads, whole or not at all: beside its place, then renamed. On disk when it returns."""
    fresh = _beside(path, content, at_once=True)
    fresh.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
