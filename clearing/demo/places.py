"""Law: each demo has a home of its own; a later one clears away those that nobody uses any more, their database included."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from clearing.installation.home import Home
from clearing.postgres import Embedded, default_home
from clearing.values import CaisseCode

_LOCK: Final = "demo.lock"


def fresh_code() -> CaisseCode:
    return CaisseCode(f"demo-{secrets.token_hex(3)}")


@contextmanager
def demo_home(code: CaisseCode, folder: Path | None, *, xdg_data_home: str = "") -> Iterator[Home]:
    """A home for one demo. folder: one that the caller chose, and clears away; None: below the user's data folder."""
    if folder is not None:
        yield Home(folder)
        return
    demos = default_home("demo", xdg_data_home=xdg_data_home)
    home = Home(demos / code).make()
    lock = os.open(home.folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for earlier in sorted(demos.iterdir()):
            if earlier != home.folder:
                _clear_away(earlier)
        yield home
    finally:
        os.close(lock)


def _clear_away(folder: Path) -> None:
    """Unless a demo still holds it. A killed demo's database may still run: joined and left, it stops."""
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR)
    except OSError:
        return  # not a demo's, or one that is being made
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if (folder / "postgres" / "data" / "postmaster.pid").exists():
            Embedded.start(folder / "postgres").stop()
        shutil.rmtree(folder)
    except OSError:
        return  # in use, or another demo clears it away
    finally:
        os.close(lock)
