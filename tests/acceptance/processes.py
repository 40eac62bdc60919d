"""Law: the command line is tested as people use it, in a home of its own, with nothing left behind.

Where a whole life is led, each command is a process of its own (`apart`); elsewhere commands are run in this one, which spares
a second for each of some two hundred. What serves is always a process.
"""

import io
import queue
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from clearing.__main__ import main
from clearing.postgres import default_home
from tests.house.sources import CLONE

PASSPHRASE = "four words are good"
COMMAND_S = 120
SPEAK_S = 60


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str


@dataclass
class Served:
    """A running `clearing serve`; its lines as they come."""

    process: "subprocess.Popen[str]"
    lines: "queue.Queue[str]" = field(default_factory=queue.Queue)
    reader: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line)

    def until(self, word: str) -> str:
        """Everything said up to the line that holds this word."""
        said = ""
        while word not in said:
            said += self.lines.get(timeout=SPEAK_S)
        return said

    def end(self, number: int = signal.SIGTERM) -> int:
        """Its exit code, after a polite kill if it still runs."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(SPEAK_S)
        self.reader.join(SPEAK_S)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


@dataclass(frozen=True)
class Town:
    """A home for one test, and the commands given in it."""

    home: Path
    passphrase_file: Path
    apart: bool = False

    def run(self, *words: str, by: str = "") -> Said:
        signed = ["--by", by, "--passphrase-file", str(self.passphrase_file)] if by else []
        if not self.apart:
            return _here(["--home", str(self.home), *words, *signed])
        command = [sys.executable, "-m", "clearing", "--home", str(self.home), *words, *signed]
        done = subprocess.run(
            command, cwd=CLONE, check=False, capture_output=True, text=True, timeout=COMMAND_S, stdin=subprocess.DEVNULL
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Said(done.returncode, done.stdout, done.stderr)

    def ok(self, *words: str, by: str = "") -> str:
        """What a command that has to succeed says."""
        said = self.run(*words, by=by)
        assert said.code == 0, f"{' '.join(words)}: {said.err or said.out}"
        return said.out

    def until(self, word: str, *words: str) -> str:
        """What a command says when it says this word at last: it is given again until then."""
        end = time.monotonic() + SPEAK_S
        while word not in (said := self.run(*words).out):
            assert time.monotonic() < end, f"{' '.join(words)} did not say {word}: {said}"
        return said

    def refused(self, *words: str, by: str = "") -> str:
        """The one sentence that a mistake is answered with."""
        said = self.run(*words, by=by)
        assert said.code == 2, f"{' '.join(words)}: exit {said.code}, {said.err or said.out}"
        assert len(said.err.splitlines()) == 1, said.err
        return said.err

    @contextmanager
    def serving(self, *words: str) -> Iterator[Served]:
        command = [sys.executable, "-u", "-m", "clearing", "--home", str(self.home), "serve", "--port", "0", *words]
        process = subprocess.Popen(
            command, cwd=CLONE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True
        )
        served = Served(process)
        try:
            served.until("Serving ")
            yield served
        finally:
            served.end()

    def add_people(self) -> None:
        for person in ("camille", "dominique", "noor"):
            self.ok("person", "add", person, "--passphrase-file", str(self.passphrase_file))


def _here(words: list[str]) -> Said:
    """The command in this process, with nothing to read from a keyboard."""
    out, err, keyboard = io.StringIO(), io.StringIO(), sys.stdin
    sys.stdin = io.StringIO()
    try:
        with redirect_stdout(out), redirect_stderr(err), chdir(CLONE):
            code = main(words)
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        sys.stdin = keyboard
        structlog.reset_defaults()
    return Said(code, out.getvalue(), err.getvalue())


@contextmanager
def town(folder: Path, *, apart: bool = False) -> Iterator[Town]:
    """A home where every account can enter, as the database's own one has to when this is root."""
    passphrase_file = folder / "passphrase"
    passphrase_file.write_text(PASSPHRASE + "\n", encoding="utf-8")
    home = default_home(f"test-{secrets.token_hex(6)}")
    try:
        yield Town(home, passphrase_file, apart)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def database_runs(home: Path) -> bool:
    """Whether a process still works in the home's data folder."""
    data = home / "postgres" / "data"
    return any(_works_in(entry, data) for entry in Path("/proc").glob("[0-9]*"))


def _works_in(process: Path, data: Path) -> bool:
    try:
        return (process / "cwd").readlink() == data
    except OSError:
        return False
