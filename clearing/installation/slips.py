"""Law: who corrects a file is told all of its mistakes at once, each with file, line and reason, and nothing is recorded.

A mistake is met where it is read or decided; it goes on being collected until `end` tells them together.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from clearing.values import InvalidValue

TOLD_MAX: Final = 20


class Slip(NamedTuple):
    """line: from 1; 0 when the mistake is the whole file's."""

    path: Path
    line: int
    why: str

    def text(self) -> str:
        return f"{self.path}, line {self.line}: {self.why}" if self.line else f"{self.path}: {self.why}"


class Slipped(InvalidValue):
    """What was found; the text tells all of it."""

    def __init__(self, text: str, slips: tuple[Slip, ...]) -> None:
        super().__init__(text)
        self.slips = slips


@dataclass(slots=True)
class Slips:
    """The mistakes found so far."""

    found: list[Slip] = field(default_factory=list)

    def add(self, path: Path, line: int, why: str) -> None:
        self.found.append(Slip(path, line, why))

    @contextmanager
    def at(self, path: Path, line: int) -> Iterator[None]:
        """An InvalidValue of what is read inside is this line's."""
        try:
            yield
        except InvalidValue as fault:
            self.add(path, line, str(fault))

    def end(self) -> None:
        """Raises Slipped with all mistakes, in the order of the lines of each file."""
        if not self.found:
            return
        order = list(dict.fromkeys(slip.path for slip in self.found))
        told = sorted(dict.fromkeys(self.found), key=lambda slip: (order.index(slip.path), slip.line))
        if len(told) == 1:
            raise Slipped(told[0].text(), tuple(told))
        lines = [f"  {slip.text()}" for slip in told[:TOLD_MAX]]
        more = [f"  and {len(told) - TOLD_MAX} more"] if len(told) > TOLD_MAX else []
        raise Slipped("\n".join([f"{len(told)} mistakes, so nothing was recorded:", *lines, *more]), tuple(told))
