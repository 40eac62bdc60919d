"""No row of any table that tells of a draw names a card or a member: the whole log and all its views, walked cell by cell."""

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

from clearing.events.sales import SaleDecided
from clearing.events.solidarity import DrawDecided, GiveDecided
from clearing.wire.frame import open_envelope
from tests.audit.solidarity_days import Days
from tests.living_caisse import CARD
from tests.projections.recording import ViewedCaisse

pytestmark = pytest.mark.row(5)
MEMBER, ALIAS = "m-1", "0001"
PERSON = re.compile(rf"(?<![\w-])({MEMBER}|{ALIAS}|{CARD.hex()})(?![\w-])")
PERSON_BYTES = (bytes(CARD), b"\xa3" + MEMBER.encode(), b"\xa4" + ALIAS.encode())
Row = tuple[str, dict[str, Any]]


async def every_row(viewed: ViewedCaisse) -> list[Row]:
    """(table or view, column -> cell), of everything that the caisse's schema holds."""
    async with viewed.caisse.connection() as admin:
        tables = await admin.fetch("SELECT table_name FROM information_schema.tables WHERE table_schema = $1", viewed.schema)
        found: list[Row] = []
        for (table,) in tables:
            rows = await admin.fetch(f'SELECT * FROM {viewed.schema}."{table}"')
            found += [(table, dict(row)) for row in rows]
    return found


def cells(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for one in value:
            yield from cells(one)
    else:
        yield value


def names_a_person(row: Row) -> bool:
    return any(
        bool(PERSON.search(cell)) if isinstance(cell, str)
        else isinstance(cell, bytes) and any(one in cell for one in PERSON_BYTES)
        for value in row[1].values() for cell in cells(value)
    )  # fmt: skip


def tells_of(row: Row, position: int, names: tuple[bytes, ...]) -> bool:
    """Whether a row is about the operation at this position, or contains one of its names (its x, its frame's digest)."""
    if any("position" in column and value == position for column, value in row[1].items()):
        return True
    return any(
        any(one.hex() in cell for one in names) if isinstance(cell, str)
        else isinstance(cell, bytes) and any(one in cell for one in names)
        for value in row[1].values() for cell in cells(value)
    )  # fmt: skip


async def told(viewed: ViewedCaisse, days: Days, *kinds: type[Any]) -> list[Row]:
    """All rows about operations of these kinds."""
    rows, found = await every_row(viewed), list[Row]()
    for row, event in zip(days.log.rows, days.log.events(), strict=True):
        if isinstance(event, kinds):
            payload = open_envelope(row.evidence, frame_bytes_max=4_096).payload
            names = (bytes(event.op.x), sha256(payload).digest())
            found += [one for one in rows if tells_of(one, row.position, names)]
    return found


async def test_no_row_of_any_table_links_a_draw_to_a_card_or_a_member(viewed: ViewedCaisse) -> None:
    days = Days()
    await viewed.log.append_group(days.log.rows, days.log.replies, days.log.taps)
    await viewed.project()
    about = await told(viewed, days, DrawDecided, GiveDecided)
    assert len({table for table, _ in about}) >= 3  # events and replies, and what views keep
    assert [row for row in about if names_a_person(row)] == []
    sold = await told(viewed, days, SaleDecided)  # the same walk finds who bought with a card
    assert len([table for table, row in sold if names_a_person((table, row))]) >= 3
