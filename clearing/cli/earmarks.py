"""Law: what binds a fund is typed in places, categories and days; the days are civil, in the caisse's zone."""

import argparse
from datetime import datetime
from zoneinfo import ZoneInfo

from clearing.cli.desk import Desk, zone_of
from clearing.events.funds import UNBOUND, Earmark
from clearing.installation.founding_tables import read_wall_time


def earmark_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--place", action="append", default=[], metavar="ID",
                        help="only at this producer, convention, structure or territory; repeatable")  # fmt: skip
    parser.add_argument("--category", action="append", default=[], metavar="ID", help="only for this category; repeatable")
    parser.add_argument("--from", dest="from_day", metavar="YYYY-MM-DD", help="first day on which it may be spent")
    parser.add_argument("--until", dest="until_day", metavar="YYYY-MM-DD", help="first day on which it may not be spent")
    parser.add_argument("--alone", action="store_true", help="no other money may be transferred into the fund")


async def earmark_body(desk: Desk) -> dict[str, object]:
    """The typed earmark as a field of a command's body; nothing when nothing was typed. Raises InvalidValue, Misused."""
    given = desk.arguments
    body: dict[str, object] = {
        name: value for name, value in (("places", given.place), ("categories", given.category)) if value
    }
    if given.alone:
        body["alone"] = True
    if given.from_day or given.until_day:
        async with desk.opened() as installation:
            zone = await zone_of(installation, desk.code)
        if given.from_day:
            body["from_us"] = read_wall_time(given.from_day, zone, what="--from")
        if given.until_day:
            body["until_us"] = read_wall_time(given.until_day, zone, what="--until")
    return {"earmark": body} if body else {}


def earmark_text(earmark: Earmark, zone: ZoneInfo) -> str:
    """In words; empty for a fund that is not bound."""
    if earmark == UNBOUND:
        return ""
    parts = [f"at {', '.join(earmark.places)}"] if earmark.places else []
    parts += [f"for {', '.join(earmark.categories)}"] if earmark.categories else []
    parts += [f"from {_day(earmark.from_us, zone)}"] if earmark.from_us is not None else []
    parts += [f"before {_day(earmark.until_us, zone)}"] if earmark.until_us is not None else []
    parts += ["with no other money"] if earmark.alone else []
    return "only " + ", ".join(parts)


def _day(at_us: int, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at_us // 1_000_000, zone):%Y-%m-%d}"
