"""The words of a PDF as a reader sees them: glyphs of its embedded fonts, by the fonts' own tables. For tests alone."""

import re
import zlib

_OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
_LENGTH = re.compile(rb"/Length (\d+)\b[^>]*>>\s*stream\r?\n", re.DOTALL)
_RANGE = re.compile(rb"<([0-9A-Fa-f]+)> <([0-9A-Fa-f]+)>(?: <([0-9A-Fa-f]+)>)?")
_SHOWN = re.compile(rb"/F(\d+) [\d.]+ Tf|\(((?:\\.|[^\\()])*)\) ?Tj|\[(.*?)\] ?TJ", re.DOTALL)
_PIECE = re.compile(rb"\(((?:\\.|[^\\()])*)\)", re.DOTALL)
_ESCAPED = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def words_of(pdf: bytes) -> str:
    """All text that is shown, in the order of the file, a line per piece."""
    objects = {int(number): body for number, body in _OBJECT.findall(pdf)}
    fonts = _fonts(pdf, objects)
    shown = []
    for body in objects.values():
        stream = _unpacked(body)
        if stream is not None and b" Tf" in stream:
            shown += _text(stream, fonts)
    return "\n".join(shown)


def _unpacked(body: bytes) -> bytes | None:
    """By its length: what is packed may end like a line."""
    found = _LENGTH.search(body)
    if found is None:
        return None
    stream = body[found.end() : found.end() + int(found[1])]
    return zlib.decompress(stream) if b"/FlateDecode" in body[: found.end()] else stream


def _fonts(pdf: bytes, objects: dict[int, bytes]) -> dict[int, dict[int, str]]:
    """Font number -> glyph -> text."""
    found: dict[int, dict[int, str]] = {}
    for name, number in re.findall(rb"/F(\d+) (\d+) 0 R", pdf):
        table = re.search(rb"/ToUnicode (\d+) 0 R", objects.get(int(number), b""))
        if table is not None:
            found[int(name)] = _table(_unpacked(objects[int(table[1])]) or b"")
    return found


def _table(stream: bytes) -> dict[int, str]:
    found: dict[int, str] = {}
    for first, second, third in _RANGE.findall(stream):
        if third:
            start = int(third, 16)
            for place, glyph in enumerate(range(int(first, 16), int(second, 16) + 1)):
                found[glyph] = chr(start + place)
        elif len(first) == 4:
            found[int(first, 16)] = bytes.fromhex(second.decode()).decode("utf-16-be")
    return found


def _text(stream: bytes, fonts: dict[int, dict[int, str]]) -> list[str]:
    shown, font = [], dict[int, str]()
    for number, text, pieces in _SHOWN.findall(stream):
        if number:
            font = fonts.get(int(number), font)
            continue
        raw = text or b"".join(_PIECE.findall(pieces))
        glyphs = _ESCAPED.sub(lambda one: _PLAIN.get(one[1], one[1]), raw)
        shown.append("".join(font.get(int.from_bytes(glyphs[at : at + 2]), "?") for at in range(0, len(glyphs), 2)))
    return shown
