"""Law: a founding is rehearsed whole before anything of it is sent: the file, what the rules say, and its lists.

So a mistake leaves nothing behind, and each is told with its file and line.
"""

import argparse
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from clearing.cli.desk import Desk, Misused, now_ms
from clearing.cli.entry import Entry, Group
from clearing.cli.imports import Plan, Rehearsal, carry_out
from clearing.cli.lists import collect_list
from clearing.cli.members import make_cards, plan_cards, plan_members
from clearing.cli.producers import COLUMNS, NEEDS, plan_producers
from clearing.events.caisse import PersonNamed
from clearing.events.catalogue import Event
from clearing.events.funds import AllocationRuleSet, FundOpened
from clearing.installation import founding
from clearing.installation.adopting import NobodyServes, ask_to_take_in
from clearing.installation.amounts import counted
from clearing.installation.founding import Founding
from clearing.installation.founding_file import FoundingFile, read_founding_file
from clearing.installation.key_file import identity
from clearing.installation.office import Officer
from clearing.installation.opening import Installation
from clearing.installation.slips import Slips
from clearing.rules.book import Book
from clearing.values import CaisseCode, PersonId

_THINGS: Final = {
    "PersonNamed": "person", "DecisionRecorded": "decision", "FundOpened": "fund", "CharteAdopted": "charte",
    "AllocationRuleSet": "credit rule",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A founding that will be taken. by: who gives it; plans: of its lists, in order."""

    founding: Founding
    plans: dict[str, Plan]
    by: PersonId

    @property
    def file(self) -> FoundingFile:
        return self.founding.file

    @property
    def events(self) -> tuple[Event, ...]:
        return self.founding.events


async def found(desk: Desk) -> None:
    from clearing.telemetry import configure

    read = read_founding_file(desk.arguments.file, lambda person: identity(desk.home.person(PersonId(person))).public)
    by = desk.person()
    rehearsed = rehearse(read, by=by, founder_kid=identity(desk.home.person(by)).public[:8], at_us=now_ms() * 1_000)
    if desk.arguments.check:
        desk.say(f"{desk.arguments.file} founds {_all_of(rehearsed)}: nothing was recorded.")
        return
    officer = desk.officer(rehearsed.file.code)
    if desk.home.socket(rehearsed.file.code).exists():
        raise Misused(f"{rehearsed.file.code} is founded already and is served here; a new caisse needs a code of its own in "
                      "its file. New rules for this one: clearing charte adopt FILE")  # fmt: skip
    installation = desk.opened_new()
    try:
        with desk.home.log.open("a", encoding="utf-8") as log:
            configure(json=False, file=log)
            await installation.set_up()
            await carry_founding(installation, officer, rehearsed)
    finally:
        installation.close()
    _say_founded(desk, rehearsed, served=await _taken_in(desk, rehearsed.file.code))


async def _taken_in(desk: Desk, code: CaisseCode) -> bool:
    """Whether what serves this home serves the new caisse too. Raises NotTakenIn: it is founded, and not served."""
    try:
        await ask_to_take_in(desk.home, code)
    except NobodyServes:
        return False
    return True


async def carry_founding(installation: Installation, officer: Officer, rehearsed: Rehearsed) -> None:
    """Give the commands of a founding and of its lists to a writer that serves for that long.

    What a power cut leaves out is brought by importing the lists once more.
    """
    code = rehearsed.file.code

    async def bring() -> None:
        async with installation.people_of(code) as people:
            for plan in rehearsed.plans.values():
                await carry_out(plan, officer.order, people.keep)
                await make_cards(plan, officer.order, installation.home, code)

    await founding.carry_founding(installation, officer, rehearsed.founding, bring)


def rehearse(file: FoundingFile, *, by: PersonId, founder_kid: bytes, at_us: int) -> Rehearsed:
    """Raises InvalidValue with every mistake, Misused for a list that is none."""
    slips = Slips()
    rehearsed = founding.rehearse_founding(file, founder_kid=founder_kid, at_us=at_us, slips=slips)
    plans = {} if slips.found else _plans(file, rehearsed.book, by, slips, rehearsed.account["iban"])
    slips.end()
    return Rehearsed(rehearsed, plans, by)


def _plans(file: FoundingFile, book: Book, by: PersonId, slips: Slips, own_iban: str) -> dict[str, Plan]:
    """One book for all lists: a card is for a member of the list before it."""
    plans = {}
    for name, path in file.imports.items():
        rehearsal = Rehearsal(book, by, path, slips)
        if name == "members":
            rows = collect_list(path, slips, needs=("member",), may=("groups", "name"))
            plans[name] = plan_members(rows, rehearsal, {})
        elif name == "producers":
            rows = collect_list(path, slips, needs=NEEDS, may=COLUMNS[2:])
            plans[name] = plan_producers(rows, rehearsal, {}, own_iban=own_iban)
        else:
            rows = collect_list(path, slips, needs=("member",), may=("alias",))
            plans[name] = plan_cards(rows, rehearsal)
    return plans


def _all_of(rehearsed: Rehearsed) -> str:
    kinds = Counter(_THINGS.get(type(event).__name__, "other rule") for event in rehearsed.events[1:])
    brought = [counted(plan.new, plan.thing) for plan in rehearsed.plans.values()]
    file = rehearsed.file
    return f"{file.body['name']} ({file.code}) with " + ", ".join([*(counted(n, kind) for kind, n in kinds.items()), *brought])


def _say_founded(desk: Desk, rehearsed: Rehearsed, *, served: bool) -> None:
    file = rehearsed.file
    desk.say(f"{_all_of(rehearsed)}: founded in {desk.home.folder}.")
    if "cards" in rehearsed.plans:
        desk.say(f"The cards' files are in {desk.home.cards / file.code}.")
    desk.say(f"Keep a copy of {desk.home.vault(file.code)} and {desk.home.people_key} in a safe, apart from each other.")
    desk.say("It is served already, beside the others. Next:" if served else "Next: clearing serve, then in another window:")
    for step in _next_steps(rehearsed):
        desk.say(f"  {step}")


def _next_steps(rehearsed: Rehearsed) -> list[str]:
    """What remains to be done, each as a command."""
    events, plans = rehearsed.events, rehearsed.plans
    persons = [event for event in events if isinstance(event, PersonNamed)]
    approvers = [one.person for one in persons if "approver" in one.roles and one.person != rehearsed.by]
    funds = [event.fund for event in events if isinstance(event, FundOpened)]
    rules = [event.rule for event in events if isinstance(event, AllocationRuleSet)]
    accounts = plans["producers"].accounts if "producers" in plans else []
    entered = [record.subject.removeprefix("producer:") for record in accounts]
    steps = [f"clearing {name.removesuffix('s')} import FILE.csv" for name in ("members", "producers") if name not in plans]
    if "cards" not in plans:
        steps.append("clearing card import FILE.csv")
    if entered:
        steps.append(f"clearing producer bank-approve {' '.join(entered)}      "
                     f"(another person than entered them, with the RIBs in hand: {', '.join(approvers)})")  # fmt: skip
    steps += [f"clearing money receive {fund} EUROS --reference LINE" for fund in funds[:1]]
    steps += [f"clearing grant YYYY-MM{'' if rule == 'monthly' else f' --rule {rule}'}" for rule in rules]
    steps.append("clearing terminal slot PRODUCER      (then its till can sell)")
    steps.append("clearing opening propose FILE      (only if this caisse lived on paper before)")
    return steps


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path)
    parser.add_argument("--check", action="store_true", help="only rehearse it: tell every mistake, record nothing")


ENTRIES = (
    Entry(words=("found",), group=Group.START, does="found a caisse from one file, like examples/caisse.toml", run=found,
          arguments=_arguments, signed=True),
)  # fmt: skip
