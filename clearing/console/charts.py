"""Law: a chart is a picture of a table that stands beside it, drawn here as shapes; no script, no style in it.

Lengths are in the units of the drawing, whose width is WIDTH; colours are classes of the stylesheet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 600
BAR_TOP: Final = 150
_GAP: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A rectangle. kind: its class."""

    kind: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A line across at x, with what it says."""

    x: int
    text: str


def stacked(parts: Sequence[tuple[str, int]], whole: int, *, height: int = 28) -> tuple[Shape, ...]:
    """(class, amount) side by side, against what the whole width stands for; what is more than it is cut at its end."""
    found, at = list[Shape](), 0
    for kind, amount in parts:
        width = min(WIDTH - at, max(0, amount) * WIDTH // whole) if whole > 0 else 0
        found.append(Shape(kind=kind, x=at, y=0, width=width, height=height))
        at += width
    return tuple(found)


def marks(percents: Sequence[int], texts: Sequence[str]) -> tuple[Mark, ...]:
    """At these percents of the width."""
    return tuple(Mark(x=percent * WIDTH // 100, text=text) for percent, text in zip(percents, texts, strict=True))


def columns(groups: Sequence[Sequence[tuple[str, int]]]) -> tuple[Shape, ...]:
    """Groups of columns standing on one line, the highest as high as the drawing; what is below zero has no column."""
    most = max((amount for group in groups for _, amount in group), default=0)
    if most <= 0 or not groups:
        return ()
    room = WIDTH // len(groups)
    found = []
    for place, group in enumerate(groups):
        width = (room - 2 * _GAP) // len(group)
        for beside, (kind, amount) in enumerate(group):
            height = max(0, amount) * BAR_TOP // most
            found.append(Shape(
                kind=kind, x=place * room + _GAP + beside * width, y=BAR_TOP - height, width=width - 1, height=height
            ))  # fmt: skip
    return tuple(found)
