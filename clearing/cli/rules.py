"""Law: rules change by a recorded decision and a charte that names it, forward only."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clearing.cli.books import events, voted
from clearing.cli.desk import Desk, day, now_ms, zone_of
from clearing.cli.entry import Entry, Group
from clearing.installation.founding import checked_account, keep_account
from clearing.installation.founding_file import read_charte_file
from clearing.rules.book import Book
from clearing.rules.telling.plain_words import rules_in_words, sentences
from clearing.rules.telling.voted_words import Names, Voted
from clearing.rules.voted.decisions import IN_FORCE
from clearing.values import DecisionId


async def account(desk: Desk) -> None:
    given = {name: value for name in ("name", "iban", "bic") if (value := getattr(desk.arguments, name))}
    checked = checked_account(given)
    async with desk.opened() as installation:
        await keep_account(installation, desk.code, checked)
    desk.say("From now on producers are paid from this account; batches that were exported before can't be made again.")


def _account_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", required=True, help="as the bank knows it")
    parser.add_argument("--iban", required=True)
    parser.add_argument("--bic")


async def adopt(desk: Desk) -> int:
    """A vote that comes with the file is recorded first; the charte follows once another officer has approved it."""
    async with desk.opened() as installation, installation.reading(desk.code) as log:
        zone, known = await zone_of(installation, desk.code), (await voted(log)).caisse
    version = max((charte.version for charte in known.chartes), default=0) + 1
    body, votes = read_charte_file(desk.arguments.file, zone, version)
    for vote in votes:
        if vote.get("decision") in known.decisions:
            desk.say(f"Decision {vote['decision']} is recorded already and stays as it was taken.")
        else:
            await desk.order("record_decision", vote)
    name = DecisionId(str(body.get("decision")))
    recorded = known.decisions.get(name)
    new = any(vote.get("decision") == name for vote in votes) and recorded is None
    if new or (recorded is not None and recorded.needs_approval and name not in known.approvals):
        desk.say(f"Decision {name} is recorded and waits for another officer: clearing decision approve {name}")
        desk.say(f"Then give this command again: clearing charte adopt {desk.arguments.file}")
        return 1
    await desk.order("adopt_charte", body)
    desk.say(f"Charte {version} is adopted by decision {name}. Earlier sales keep their rules.")
    return 0


async def show(desk: Desk) -> int:
    """What is in force now or on a day, in plain words."""
    book, beside, at_us = Book(), Voted(), now_ms() * 1_000
    async with desk.opened() as installation, installation.reading(desk.code) as log:
        async for row, event in events(log):
            book.apply(event, row.position, row.at_us)
            if desk.arguments.on is not None:
                at_us = book.caisse.calendar.end_of_day_us(desk.arguments.on) - 1
            if row.at_us <= at_us:
                beside.take(event)
    caisse = book.caisse
    names = Names(caisse.calendar.zone.key, {name: fund.name for name, fund in book.funds.items()})
    more = beside.told(caisse, names, at_us)
    charte = caisse.charte_at(at_us)
    data = None if charte is None else rules_in_words(
        charte, caisse.decisions, zone=names.zone, at_us=at_us, products=book.products.listed,
        producers=book.producers.producers.values(), funds=names.funds,
    )  # fmt: skip
    if desk.arguments.json:
        desk.say(json.dumps((data or {}) | {"voted": more}, ensure_ascii=False, indent=2))
        return 0 if data else 1
    if data is None:
        desk.say("No charte is in force then: nothing can be paid with a card. Adopt one: clearing charte adopt FILE")
    for line in [*(sentences(data) if data else ()), *_beside(more)]:
        desk.say(line)
    return 0 if data else 1


def _beside(more: list[dict[str, Any]]) -> Iterator[str]:
    """What was voted beside the charte."""
    if more:
        yield "What was voted beside the charte:"
    for one in more:
        state = "" if one["standing"] == IN_FORCE else f" [{one['standing']}]"
        title = " ".join(filter(None, (one["kind"], one["name"])))
        by = f" (decision {one['decision']})" if one["decision"] else ""
        yield f"  {title}{by}{state}: {' '.join(one['sentences'])}"


def _show_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--on", type=day, metavar="YYYY-MM-DD", help="the rules at the end of this day (default: now)")
    parser.add_argument("--json", action="store_true", help="the same data for a program")


def _one_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path)


ENTRIES = (
    Entry(words=("charte", "adopt"), group=Group.RULES, does="adopt rules from a file like examples/charte.toml", run=adopt,
          arguments=_one_file, signed=True),
    Entry(words=("rules",), group=Group.RULES, does="the rules in force, in plain words", run=show,
          arguments=_show_arguments),
    Entry(words=("account",), group=Group.SETTLEMENT, does="change the caisse's own bank account", run=account,
          arguments=_account_arguments),
)  # fmt: skip
