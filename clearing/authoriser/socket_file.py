"""Law: a socket's file is open to its owner alone, and is taken away by who made it, never by who was followed meanwhile."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_OWNER_ALONE = 0o177


class SocketFile:
    """The file of a Unix socket that a server listens on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._made: tuple[int, int] | None = None

    @contextmanager
    def making(self) -> Iterator[str]:
        """Bind in this block: its path is free then, and what is made there has mode 0600."""
        self.path.unlink(missing_ok=True)
        umask = os.umask(_OWNER_ALONE)
        try:
            yield str(self.path)
        finally:
            os.umask(umask)
        self._made = self._there()

    def remove(self) -> None:
        """Take it away, unless it is that of a process which took over."""
        if self._made is not None and self._there() == self._made:
            self.path.unlink(missing_ok=True)
        self._made = None

    def _there(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_ctime_ns
