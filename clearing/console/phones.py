"""Law: on a phone no column is cut off: a row of a table with many of them stands as a card whose cells say what they are.

Cells get their column's head as a label that the stylesheet shows on a narrow screen; roles keep the table a table for who has
it read out, whatever it looks like.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

COLUMNS_MIN: Final = 4
"""Tables with fewer columns fit beside each other on a narrow screen."""
_TABLE: Final = re.compile(r"<table>(.*?)</table>", re.DOTALL)
_HEAD: Final = re.compile(r"<thead>(.*?)</thead>", re.DOTALL)
_COLUMN: Final = re.compile(r"<th\b[^>]*>(.*?)</th>", re.DOTALL)
_ANY_TAG: Final = re.compile(r"<[^>]*>")
_PART: Final = re.compile(r"<(thead|tbody|tfoot|tr|th|td)\b([^>]*)>(</td>)?|</td>")
_SPAN: Final = re.compile(r'colspan="(\d+)"')
_ROLES: Final = {"thead": "rowgroup", "tbody": "rowgroup", "tfoot": "rowgroup", "tr": "row"}


def for_phones(html: str) -> str:
    """A page's content with its wide tables labelled. html: of our own templates, so that its tables are well made."""
    return _TABLE.sub(_labelled, html)


def _labelled(table: re.Match[str]) -> str:
    head = _HEAD.search(table[1])
    columns = [" ".join(_ANY_TAG.sub("", text).split()) for text in _COLUMN.findall(head[1])] if head is not None else []
    if len(columns) < COLUMNS_MIN:
        return table[0]
    return f'<table class="reflows" role="table">{_PART.sub(_part(columns), table[1])}</table>'


def _part(columns: Sequence[str]) -> Callable[[re.Match[str]], str]:
    place = 0

    def part(found: re.Match[str]) -> str:
        nonlocal place
        tag, said, empty = found[1], found[2], found[3]
        if tag is None:
            return "</div></td>"
        if tag in _ROLES:
            place = 0
            return f'<{tag}{said} role="{_ROLES[tag]}">'
        label = columns[place] if place < len(columns) else ""
        span = _SPAN.search(said)
        place += int(span[1]) if span is not None else 1
        if tag == "th":
            return f'<th{said} role="{"rowheader" if "row" in said else "columnheader"}">'
        if empty:
            return f'<td{said} role="cell"></td>'
        # the label is text of the page already: only what would end the attribute is escaped once more
        return f'<td{said} role="cell" data-label="{label.replace(chr(34), "&#34;")}"><div>'

    return part
