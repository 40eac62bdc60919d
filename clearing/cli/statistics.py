"""Law: statistics and the public page tell of a caisse, never of a person: what fewer than five people did is not printed.

Read from the log alone, so anybody who has it gets the same figures.
"""

import argparse
import csv
import json
import sys
from collections.abc import Iterable
from typing import Final

from clearing.cli.books import events
from clearing.cli.desk import Desk, Misused, now_ms
from clearing.cli.entry import Entry, Group
from clearing.events.catalogue import Event
from clearing.installation.amounts import euros
from clearing.installation.opening import Installation
from clearing.rules.book import Book
from clearing.rules.calendar import period_start
from clearing.rules.telling.public_page import public_page, told
from clearing.rules.telling.statistics import Figure, Purchases, published, together
from clearing.values import CaisseCode

_NAMES: Final = ("territory", "category", "outlet")
_COLUMNS: Final = ("month", *_NAMES, "baskets_at_least", "members_at_least", "purchases", "goods_eur", "card_eur")


async def _figures(installation: Installation, code: CaisseCode) -> list[Figure]:
    """What this caisse publishes of the months that are over."""
    found, book = Purchases(), Book()
    async with installation.reading(code) as log:
        async for row, event in events(log):
            found.take(event, row.at_us)
            if row.position == 1:
                book.apply(event, row.position, row.at_us)
    if not book.position:
        return []
    return published(found.months, before=book.caisse.calendar.day(now_ms() * 1_000).isoformat()[:7])


async def statistics(desk: Desk) -> None:
    given = desk.arguments
    if given.month is not None:
        period_start(given.month)
    codes = desk.home.caisses() if given.all_caisses else [desk.code]
    async with desk.opened() as installation:
        figures = together([await _figures(installation, code) for code in codes])
    chosen = [one for one in figures if given.month in (None, one.month) and _within(one, given.territory)]
    if given.csv:
        _write_csv(chosen)
        return
    for one in chosen:
        _say(desk, one)
    if chosen:
        desk.say("Counts below a month's line are lower ends of bands; 'suppressed' is what fewer than five people, or what "
                 "would give them away, comes to in all.")  # fmt: skip
    else:
        desk.say("There is nothing to publish: a month is told when it is over and five members bought five baskets in it.")


def _within(one: Figure, territory: str | None) -> bool:
    return territory is None or one.path[:1] == (territory,)


def _say(desk: Desk, one: Figure) -> None:
    depth = len(one.path)
    name = f"{one.month} in all" if not depth else "  " * depth + one.path[-1]
    about = "" if not depth else "at least "
    desk.say(f"{name:30} {about}{one.baskets} baskets, {about}{one.members} members{'':2}card {euros(one.card_cents):>12} EUR"
             f"{'' if one.goods_cents is None else f'   goods {euros(one.goods_cents):>12} EUR'}")  # fmt: skip


def _write_csv(figures: Iterable[Figure]) -> None:
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(_COLUMNS)
    for one in figures:
        cells = dict(zip(_NAMES, one.path, strict=False))
        out.writerow([
            one.month, *(cells.get(name, "") for name in _NAMES), one.baskets, one.members, one.purchases,
            "" if one.goods_cents is None else _plain(one.goods_cents), _plain(one.card_cents),
        ])  # fmt: skip


def _plain(cents: int) -> str:
    return euros(cents).replace(" ", "")


async def public(desk: Desk) -> None:
    async with desk.opened() as installation:
        history: list[tuple[Event, int]] = []
        async with installation.reading(desk.code) as log:
            async for row, event in events(log):
                history.append((event, row.at_us))
        if not history:
            raise Misused(f"{desk.code} is not founded yet; run: clearing found FILE")
        page = public_page(history, months=await _figures(installation, desk.code), at_us=now_ms() * 1_000)
    desk.say(json.dumps(page, ensure_ascii=False, indent=1, sort_keys=True) if desk.arguments.json else told(page))


def _statistics_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--territory", metavar="NAME", help="only this one (a structure territory.NAME of its producers)")
    parser.add_argument("--month", metavar="YYYY-MM", help="only this month")
    parser.add_argument("--csv", action="store_true", help="as a table")
    parser.add_argument("--all-caisses", action="store_true", help="all caisses of this home, added up")


def _public_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as data (docs/PUBLIC.md)")


ENTRIES = (
    Entry(words=("statistics",), group=Group.LOOKING, does="what was bought, by territory, month, category and outlet",
          run=statistics, arguments=_statistics_arguments),
    Entry(words=("public",), group=Group.LOOKING, does="the public page: rules, decisions, outlets, funds, months", run=public,
          arguments=_public_arguments),
)  # fmt: skip
