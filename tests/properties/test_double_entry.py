"""Law: whatever a caisse lives through, every event balances, and the accounts are what plain dicts say at every position."""

import itertools
from collections import deque
from collections.abc import Sequence
from random import Random

from hypothesis import given, strategies as st

from clearing.events.codec import encode
from clearing.projections import ledger, owed
from clearing.projections.page import CivilTime, Copy, Page, Write
from clearing.projections.reading import PageReader, Row
from clearing.rules.ledger.postings import Ledger, Origins, legs, origins_asked, origins_named
from clearing.values import Position
from tests.projections.random_caisse import RandomCaisse

SEEDS = st.integers(0, 2**32)
LENGTHS = st.integers(0, 200)


@given(SEEDS, LENGTHS)
def test_the_accounts_are_what_plain_dicts_say_and_sum_to_zero_after_every_event(seed: int, length: int) -> None:
    story, together = RandomCaisse(seed).live(length), Ledger()
    for position, event in enumerate(story.events, 1):
        assert sum(together.post(event, Position(position)).values()) == 0
        assert sum(together.balances.values()) == 0
    assert {name: cents for name, cents in together.balances.items() if cents} == {
        name: cents for name, cents in story.accounts.items() if cents
    }


@given(SEEDS, LENGTHS)
def test_what_an_event_asks_for_is_all_that_its_postings_need(seed: int, length: int) -> None:
    known: dict[str, str] = {}
    for position, event in enumerate(RandomCaisse(seed).live(length).events, 1):
        asked = {key: known[key] for key in origins_asked(event) if key in known}
        assert origins_named(event, Position(position), asked) == origins_named(event, Position(position), known)
        known.update(origins_named(event, Position(position), known))
        assert legs(event, Origins({**asked, **origins_named(event, Position(position), asked)})) == legs(event, Origins(known))


@given(SEEDS, st.integers(1, 150), st.randoms())
def test_sums_do_not_depend_on_where_pages_end(seed: int, length: int, dice: Random) -> None:
    rows = [
        (position, stored.type, stored.schema_version, position, stored.public, stored.private)
        for position, stored in enumerate(map(encode, RandomCaisse(seed).live(length).events), 1)
    ]
    assert summed([rows]) == summed(cut(rows, dice))


def cut(rows: list[Row], dice: Random) -> list[list[Row]]:
    ends = sorted({0, len(rows), *(dice.randrange(len(rows)) for _ in range(5))})
    return [rows[first:last] for first, last in itertools.pairwise(ends)]


def summed(pages: list[list[Row]]) -> dict[tuple[str, ...], list[int]]:
    """What the tables of running totals would hold, by statement and key (purses are folded later: tests/projections)."""
    sums: dict[tuple[str, ...], list[int]] = {}
    known: dict[str, str] = {}
    reader = PageReader("caisse_properties")
    reader.civil = CivilTime("Europe/Paris")
    position = 0
    for rows in pages:
        page = Page(position + 1, position)
        deque(reader.read(rows, page), maxlen=0)
        position = page.last
        asked = {key: known[key] for key in ledger.asks(page) if key in known}
        for part in (*owed.writes(page), *ledger.writes(page, asked)):
            match part:
                case Write("remember", (keys, values, _)):
                    known.update(zip(keys, values, strict=True))
                case Write("owe" | "total" as statement, (names, *columns)):
                    _add(sums, statement, ((name,) for name in names), columns)
                case Write() | Copy():
                    pass
    return {key: amounts for key, amounts in sums.items() if any(amounts)}


def _add(sums: dict[tuple[str, ...], list[int]], statement: str, keys: object, columns: Sequence[Sequence[int]]) -> None:
    for key, amounts in zip(keys, zip(*columns, strict=True), strict=True):  # type: ignore[call-overload]
        known = sums.setdefault((statement, *key), [0] * len(amounts))
        known[:] = [there + more for there, more in zip(known, amounts, strict=True)]
