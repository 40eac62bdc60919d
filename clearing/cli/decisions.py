"""Law: a vote is recorded by one officer and approved by another who has read the minutes; a later vote ends an earlier one."""

import argparse
from collections.abc import Callable, Coroutine
from datetime import date
from typing import Final

from clearing.cli.books import voted
from clearing.cli.desk import Desk, Misused, day, hex_bytes, now_ms, whole, zone_of
from clearing.cli.entry import Entry, Group
from clearing.installation.amounts import counted
from clearing.installation.founding_tables import read_wall_time
from clearing.rules.calendar import local_text
from clearing.rules.telling.plain_words import decision_in_words
from clearing.rules.voted.decisions import BODIES, METHODS, WHOLE_CAISSE, lapsed
from clearing.values import DecisionId, InvalidValue, identifier

_VOTES_MAX: Final = 10_000_000
_VOTES: Final = whole(0, _VOTES_MAX)


async def record(desk: Desk) -> None:
    given = desk.arguments
    tallies = [_tally(words) for words in given.college]
    totals = given.votes or [sum(_number(tally[name]) for tally in tallies) for name in _COUNTED]
    taken_on: date = given.taken_on
    body: dict[str, object] = {
        "decision": given.decision, "title": given.title, "body": given.body, "method": given.method,
        "taken_on": taken_on.isoformat(), "tallies": tallies, **dict(zip(_COUNTED, totals, strict=True)), "scope": given.scope,
        "minutes_sha256": hex_bytes(given.minutes_sha256, 32, "a SHA-256") if given.minutes_sha256 else b"",
    }
    more = {
        "drawn": given.drawn, "minutes_link": given.minutes_link,
        "effective_on": given.effective_on and given.effective_on.isoformat(),
        "ends_on": given.ends_on and given.ends_on.isoformat(),
    }
    await desk.order("record_decision", body | {name: value for name, value in more.items() if value})
    desk.say(f"Decision {given.decision} is recorded. Another officer compares it with the minutes: "
             f"clearing decision approve {given.decision}")  # fmt: skip


_COUNTED: Final = ("votes_for", "votes_against", "abstained")


def _tally(words: list[str]) -> dict[str, object]:
    college, *votes = words
    try:
        named = identifier(college, what="a college")
        return {"college": named} | {name: _VOTES(text) for name, text in zip(_COUNTED, votes, strict=True)}
    except (InvalidValue, argparse.ArgumentTypeError) as fault:
        raise Misused(f"--college {' '.join(words)}: {fault}") from None


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


async def approve(desk: Desk) -> None:
    decision = desk.arguments.decision
    async with desk.opened() as installation, installation.reading(desk.code) as log:
        vote = (await voted(log)).caisse.decisions.get(decision)
    for line in decision_in_words(vote)["sentences"] if vote is not None else ():
        desk.say(line)
    await desk.order("approve_decision", {"decision": decision})
    desk.say(f"Decision {decision} is approved; rules may name it now.")


async def every(desk: Desk) -> None:
    async with desk.opened() as installation, installation.reading(desk.code) as log:
        caisse = (await voted(log)).caisse
    for vote in caisse.decisions.values():
        waits = vote.needs_approval and vote.decision not in caisse.approvals
        ended = lapsed(caisse, vote, now_ms() * 1_000)
        state = "waits for another officer's approval" if waits else ended.why if ended is not None else "in force"
        desk.say(f"{vote.decision:24} {vote.taken_on}  {vote.body:20} {vote.scope:24} {vote.title}: {state}")
        for ruling in caisse.rulings.get(vote.decision, ()):
            since = local_text(caisse.calendar.zone.key, ruling.from_us)
            desk.say(f"{'':24} {ruling.state} from {since} by decision {ruling.ruling}")
    desk.say(counted(len(caisse.decisions), "decision"))


Run = Callable[[Desk], Coroutine[None, None, None]]


async def _body(desk: Desk) -> dict[str, object]:
    """Of a ruling: without --from it counts from the instant it is recorded on."""
    given = desk.arguments
    body: dict[str, object] = {"decision": given.decision, "ruling": given.by_decision}
    if given.start is not None:
        async with desk.opened() as installation:
            body["from_us"] = read_wall_time(given.start, await zone_of(installation, desk.code), what="--from")
    return body


async def suspend(desk: Desk) -> None:
    await desk.order("suspend_decision", await _body(desk))
    _ruled(desk, "suspended", "The rules before it hold meanwhile; what was sold stands.")


async def resume(desk: Desk) -> None:
    await desk.order("resume_decision", await _body(desk))
    _ruled(desk, "in force again", "Its rules hold from then on.")


async def annul(desk: Desk) -> None:
    await desk.order("annul_decision", await _body(desk))
    _ruled(desk, "annulled", "The rules before it hold from then on; what was sold stands.")


def _ruled(desk: Desk, state: str, more: str) -> None:
    given = desk.arguments
    start = f" from {given.start}" if given.start is not None else " from now on"
    desk.say(f"Decision {given.decision} is {state}{start} by decision {DecisionId(given.by_decision)}. {more}")


def _record_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("decision", help="its id, like ag-2026-03")
    parser.add_argument("--title", required=True)
    parser.add_argument("--body", default=BODIES[0], choices=BODIES, help=f"who took it (default {BODIES[0]})")
    parser.add_argument("--method", default=METHODS[0], choices=METHODS, help=f"how (default {METHODS[0]})")
    parser.add_argument("--taken-on", type=day, required=True, metavar="YYYY-MM-DD")
    parser.add_argument("--votes", nargs=3, type=_VOTES, metavar=("FOR", "AGAINST", "ABSTAINED"))
    parser.add_argument("--college", nargs=4, action="append", default=[], metavar=("NAME", "FOR", "AGAINST", "ABSTAINED"),
                        help="the votes of one college; repeatable, then --votes may be left out")  # fmt: skip
    parser.add_argument("--drawn", type=whole(1, _VOTES_MAX), help="with --method draw: how many persons were drawn by lot")
    parser.add_argument("--scope", default=WHOLE_CAISSE, help="caisse (default), structure:NAME or group:NAME")
    parser.add_argument("--effective-on", type=day, metavar="YYYY-MM-DD", help="first day on which it may carry rules")
    parser.add_argument("--ends-on", type=day, metavar="YYYY-MM-DD", help="first day on which it no longer does")
    parser.add_argument("--minutes-link", help="where the minutes can be read")
    parser.add_argument("--minutes-sha256", default="", help="sha256sum of the minutes, if they are to be held to it")


def _one_decision(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("decision")


def _ruling_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("decision", help="the one that is ruled on")
    parser.add_argument("--by-decision", required=True, metavar="DECISION", help="the later, approved one that says so")
    parser.add_argument("--from", dest="start", metavar="YYYY-MM-DD[THH:MM:SS]", help="local time (default: at once)")


ENTRIES = (
    Entry(words=("decision", "record"), group=Group.RULES, does="record a vote", run=record, arguments=_record_arguments,
          signed=True),
    Entry(words=("decision", "approve"), group=Group.RULES, does="a second officer says that it was so", run=approve,
          arguments=_one_decision, signed=True),
    Entry(words=("decision", "suspend"), group=Group.RULES, does="a later vote stops it for a time", run=suspend,
          arguments=_ruling_arguments, signed=True),
    Entry(words=("decision", "resume"), group=Group.RULES, does="a later vote lets it hold again", run=resume,
          arguments=_ruling_arguments, signed=True),
    Entry(words=("decision", "annul"), group=Group.RULES, does="a later vote ends it", run=annul,
          arguments=_ruling_arguments, signed=True),
    Entry(words=("decision", "list"), group=Group.RULES, does="list what was voted, and what holds", run=every),
)  # fmt: skip
