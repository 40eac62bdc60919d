"""Law: a mistake in a file is told with its line; tomllib gives values without lines, so the text is walked once more for them.

Only for a text that tomllib has accepted: what can't be there is not looked for. Tables, items of lists and keys are known by
their path, like ("chartes", 0, "payers", 1, "covers"), wherever and however they are written.
"""

import re
from typing import Final

Path = tuple[str | int, ...]
_KEY: Final = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*'""")
_STRING: Final = re.compile(r'''"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\]|\\.)*"|'[^']*\'''', re.DOTALL)
_BARE: Final = re.compile(r"[^,\]}#\n]+")
_GAP: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)+")
_QUOTED: Final = re.compile(r"'([^']+)'")
_ITEM: Final = re.compile(r"(\w+) (\d+)\b")


class TomlLines:
    """Line numbers of a text, from 1, by path."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._tables: dict[Path, int] = {}  # how many tables a [[list]] has so far
        self._texts: dict[Path, str] = {}  # strings of one line: what rules name each other by
        self.lines: dict[Path, int] = {}
        self._walk()

    def line(self, path: Path) -> int:
        """Of this path, or of the nearest one that it lies in; 1 when none is written down."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def told(self, path: Path, why: str) -> int:
        """The line of what a sentence about `path` speaks of.

        First the items it counts ("payers 2"), then the names it quotes, then the field it begins with.
        """
        for name, place in _ITEM.findall(why):
            deeper = (*path, name, int(place) - 1)
            path = deeper if deeper in self.lines else path
        for name in _QUOTED.findall(why):
            path = self._named(path, name) or path
        return self.line((*path, why.split(" ", 1)[0]))

    def _named(self, below: Path, name: str) -> Path | None:
        """The first key, or table called so by one of its fields, below a path."""
        size = len(below)
        for path in self.lines:
            if path[:size] == below and len(path) > size:
                if path[-1] == name:
                    return path
                if self._texts.get(path) == name and len(path) > size + 1:
                    return path[:-1] if isinstance(path[-2], int) else path
        return None

    def _walk(self) -> None:
        here: Path = ()
        while self._skip_gap():
            if self._text[self._at] == "[":
                here = self._header()
            else:
                self._pair(here)

    def _skip_gap(self) -> bool:
        """Past blanks, line ends and comments; False at the end of the text."""
        gap = _GAP.match(self._text, self._at)
        self._at = gap.end() if gap else self._at
        return self._at < len(self._text)

    def _header(self) -> Path:
        listed, start = self._text.startswith("[[", self._at), self._at
        self._at += 2 if listed else 1
        names, path = self._dotted(), Path()
        for place, name in enumerate(names):
            path = (*path, name)
            if listed and place == len(names) - 1:
                self._tables[path] = self._tables.get(path, 0) + 1
                self._mark(path, start)
            if path in self._tables:
                path = (*path, self._tables[path] - 1)
        self._mark(path, start)
        self._at = self._text.index("]", self._at) + (2 if listed else 1)
        return path

    def _pair(self, here: Path) -> None:
        start = self._at
        path = (*here, *self._dotted())
        self._mark(path, start)
        self._at = self._text.index("=", self._at) + 1
        self._skip_gap()
        self._value(path)

    def _dotted(self) -> list[str]:
        names = []
        while True:
            self._skip_gap()
            found = _KEY.match(self._text, self._at)
            assert found is not None, "tomllib read this text before"
            names.append(found[0].strip("\"'"))
            self._at = found.end()
            self._skip_gap()
            if self._text[self._at] != ".":
                return names
            self._at += 1

    def _value(self, path: Path) -> None:
        opening = self._text[self._at]
        if opening in "[{":
            self._at += 1
            self._inside(path, "]" if opening == "[" else "}")
            return
        found = (_STRING if opening in "\"'" else _BARE).match(self._text, self._at)
        assert found is not None, "tomllib read this text before"
        self._at = found.end()
        if opening in "\"'":
            self._texts[path] = found[0].strip("\"'")

    def _inside(self, path: Path, closing: str) -> None:
        """The items of a list, or the pairs of a table in one line."""
        place = 0
        while self._skip_gap() and self._text[self._at] != closing:
            if closing == "}":
                self._pair(path)
            else:
                self._mark((*path, place), self._at)
                self._value((*path, place))
                place += 1
            self._skip_gap()
            if self._text[self._at] == ",":
                self._at += 1
        self._at += 1

    def _mark(self, path: Path, at: int) -> None:
        self.lines.setdefault(path, self._text.count("\n", 0, at) + 1)
