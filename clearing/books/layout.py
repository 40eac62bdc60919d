"""Law: what a paper is made of can be said without the library that writes it, which costs a second to load."""

from pathlib import Path
from typing import NamedTuple


class Fonts(NamedTuple):
    """Font files of the system."""

    regular: Path
    bold: Path


class Column(NamedTuple):
    """share: of the width, against those of the others."""

    title: str
    share: int
    right: bool = False
