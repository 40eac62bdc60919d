"""Law: before the vote anybody sees what a proposal would have done to a month that is over; trying it records nothing.

A whole log is played again for it, so one trial runs at a time and a long log is left to the command of the same name.
"""

import asyncio
from pathlib import Path
from typing import Final

from clearing.audit.trial import TrialImpossible
from clearing.audit.trial_report import Pair, TrialReport
from clearing.authoriser.forms.fields import Month
from clearing.console.pages import Answer, Visit, page
from clearing.console.rooms.votes import READERS
from clearing.console.sheets import sheet
from clearing.installation.founding_file import read_charte_text
from clearing.installation.proposing import Trying, checked_proposal, tried_aside
from clearing.values import InvalidValue

EVENTS_MAX: Final = 200_000  # some seconds; beyond that a page would keep a person waiting
CHANGED_SHOWN: Final = 20
_TEXT_MAX: Final = 200_000
TRYING: Final = sheet({"month": Month()}, {"month": "Month to play again"})
_turn = asyncio.Lock()


async def play(visit: Visit) -> Answer:
    """The proposal is pasted as text: it works without scripts, and nothing is uploaded to stay."""
    body, problems = TRYING.read(visit)
    text = visit.given("proposal")
    if problems or not text:
        return _drawn(visit, problems=problems, why="" if text else "Paste the proposed rules, as in the file of a charte.")
    if visit.book.position > EVENTS_MAX:
        return _drawn(visit, why="This log is long: let the command clearing charte try play it, at night.")
    if _turn.locked():
        return _drawn(visit, why="Somebody tries a proposal right now; wait a minute.")
    calendar, month = visit.book.caisse.calendar, str(body["month"])
    try:
        said, votes = read_charte_text(Path("proposal"), text[:_TEXT_MAX], calendar.zone, 1)
        proposal = checked_proposal(said, votes, visit.book, visit.book.funds.keys())
        trying = Trying(
            proposal=proposal, from_us=calendar.period_end_us(month, 0), until_us=calendar.period_end_us(month, 1)
        )
        async with _turn:
            report = await tried_aside(visit.console.installation, visit.code, trying)
    except (InvalidValue, TrialImpossible) as fault:
        return _drawn(visit, why=str(fault))
    return _drawn(visit, report=report, over=visit.at_us >= trying.until_us)


@page("trial", "Try a proposal", roles=READERS, post=play)
async def form(visit: Visit) -> Answer:
    return _drawn(visit)


def _drawn(
    visit: Visit, *, problems: dict[str, str] | None = None, why: str = "", report: TrialReport | None = None, over: bool = True
) -> Answer:
    calendar = visit.book.caisse.calendar
    before = calendar.day(calendar.start_us(calendar.day(visit.at_us).replace(day=1)) - 1).isoformat()[:7]
    return Answer("trial.html", {
        "fields": TRYING.drawn(visit, problems=problems, first={"month": before}), "text": visit.given("proposal"),
        "why": visit.words.refusal(visit.words.say(why)) if why else "", "over": over,
        "report": None if report is None else _told(visit, report),
    }, status=422 if problems or why else 200)  # fmt: skip


def _told(visit: Visit, report: TrialReport) -> dict[str, object]:
    words = visit.words
    changed = [
        {"number": one.position, "when": words.instant(one.at_us), "goods": words.euros(one.amount_cents),
         "now": words.euros(one.now_cents), "proposed": words.euros(one.proposed_cents)}
        for one in report.changed[:CHANGED_SHOWN]
    ]  # fmt: skip
    groups = [
        (f"{group.name} ({group.members})", _pair(visit, group.card), _pair(visit, group.other_tender))
        for group in report.groups
    ]
    return {
        "operations": report.operations, "baskets": report.baskets, "count": report.changed_count, "changed": changed,
        "payers": [(payer, _pair(visit, pair)) for payer, pair in report.payers.items()],
        "other": _pair(visit, report.other_tender), "groups": groups,
        "funds": [
            (visit.book.funds[one.fund].name if one.fund in visit.book.funds else one.fund, _pair(visit, one.spent),
             _pair(visit, one.free), words.euros(one.lacked_cents) if one.lacked_cents else "")
            for one in report.funds
        ],
    }  # fmt: skip


def _pair(visit: Visit, pair: Pair) -> tuple[str, str, str]:
    """Now, proposed, difference."""
    less = pair.difference()
    return visit.words.euros(pair.now), visit.words.euros(pair.proposed), ("+" if less > 0 else "") + visit.words.euros(less)
