"""Random lives as books: a caisse that lived, its plan, and its months closed by two people."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from clearing.books.kept import Kept
from clearing.books.moves import Moves
from clearing.events.books import AccountPlanSet
from clearing.installation.plan_file import default_plan, read_plan
from tests.given_when_then import Story
from tests.sayings import AMINA

SIREN: Final = "732829320"
_FILE: Final = read_plan(default_plan())
PLAN: Final = AccountPlanSet(plan=1, siren=SIREN, year_starts=1, rows=_FILE.rows, by=AMINA)


def planned(year_starts: int = 1, numbers: Mapping[str, str] | None = None) -> AccountPlanSet:
    """The default plan with other numbers for accounts and natures of these names."""
    values = numbers or {}
    rows = tuple(
        row._replace(value=values.get(row.name, row.value)) if row.section in ("accounts", "natures") else row
        for row in _FILE.rows
    )
    return replace(PLAN, year_starts=year_starts, rows=rows)


def kept(story: Story, plan: AccountPlanSet = PLAN) -> Kept:
    """The books of what happened, as if the plan had been recorded first."""
    found = Kept()
    found.take(plan, 0, story.instants[0])
    for position, (event, at_us) in enumerate(zip(story.history, story.instants, strict=True), 1):
        found.take(event, position, at_us)
    return found


def held_of_funds_cents(story: Story) -> int:
    """What authorisations and orders hold of funds, a credit below zero: no spending of the books yet."""
    moves = Moves()
    moved = [one for position, event in enumerate(story.history, 1) for one in moves.take(event, position)]
    return sum(one.cents for one in moved if one.account.startswith(("held:fund:", "held-abroad:fund:")))
