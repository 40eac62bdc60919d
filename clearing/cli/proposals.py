"""Law: who approves sees what is approved, and approves just that: a proposal changed meanwhile is declined by the rules.

Shown from the log, and the accounts from the personal data; the command then carries the key or digest that was shown.
"""

import sys
from typing import TypeVar

from clearing.cli.desk import Desk, Misused
from clearing.events.caisse import PersonProposed
from clearing.events.codec import decode
from clearing.events.producers import BankDetailsProposed
from clearing.installation.opening import Installation
from clearing.settlement.overview import in_fours

T = TypeVar("T")


async def proposed_person(desk: Desk, person: str) -> PersonProposed:
    """The newest proposal of a person. Raises Misused."""
    async with desk.opened() as installation:
        found = await _newest(installation, desk, f"person/{person}", PersonProposed)
    if found is None:
        raise Misused(f"Nobody proposed {person}; first an officer runs: clearing person propose {person} --role ROLE")
    return found


async def proposed_accounts(desk: Desk, producers: list[str]) -> tuple[list[BankDetailsProposed], list[str]]:
    """The newest bank details entered for each producer, and a line for each that shows them whole. Raises Misused."""
    found: list[BankDetailsProposed] = []
    async with desk.opened() as installation:
        for producer in producers:
            entered = await _newest(installation, desk, f"producer/{producer}", BankDetailsProposed)
            if entered is None:
                raise Misused(f"No account of {producer} was entered; enter it with: clearing producer bank {producer}")
            found.append(entered)
        async with installation.people_of(desk.code) as people:
            records = await people.read([entered.details for entered in found])
    shown = []
    for entered in found:
        fields = records[entered.details].fields
        shown.append(f"{entered.producer}: {fields['name']}, {in_fours(fields['iban'])}, entered by {entered.by}")
    return found, shown


def agreed(question: str) -> None:
    """In a terminal window, a person has to say yes. Raises Misused."""
    if sys.stdin.isatty() and input(f"{question} Type yes: ").strip().lower() not in ("yes", "oui"):
        raise Misused("Nothing was approved. If something is wrong, let it be entered again; then look again.")


async def _newest(installation: Installation, desk: Desk, stream: str, kind: type[T]) -> T | None:
    async with installation.reading(desk.code) as log:
        rows = await log.events_of(stream)
    events = [decode(row.type, row.schema_version, row.public, row.private) for row in rows]
    return next((event for event in reversed(events) if isinstance(event, kind)), None)
