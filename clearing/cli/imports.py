"""Law: a list is rehearsed whole on a book before anything of it is sent; what is known already is sent to nobody again.

So the same list may be given twice, or a longer one: what is new is admitted, what differs is told and stays unless --update
was said. The rehearsal decides each line by the rules that decide it later, on a book with the lines before it.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from clearing.authoriser.bodies import Body
from clearing.authoriser.commands import Order, decide
from clearing.installation.amounts import counted
from clearing.installation.slips import Slips
from clearing.people import Record
from clearing.rules.answers import Declined
from clearing.rules.book import Book
from clearing.rules.voted.offices import may
from clearing.values import MemberId, PersonId

ITEMS_A_COMMAND: Final = 2_000  # a command's body has room for as many members
TOLD_MAX: Final = 20
STAND_IN: Final = bytes(32)  # for the digest of details that are sealed only when everything holds

Item = dict[str, object]
Give = Callable[[str, dict[str, object]], Awaitable[dict[str, object]]]
"""Gives one command: verb and body."""


class Card(NamedTuple):
    """A card to make. alias None: one is drawn."""

    member: MemberId
    alias: str | None


@dataclass(slots=True)
class Plan:
    """What the lines of one list come to. lists: (verb, its list) -> items; each: verb -> bodies, one command each.

    names, accounts: personal data, sealed when the plan is carried out; cards: made then.
    """

    path: Path
    thing: str
    update: bool = False
    new: int = 0
    known: int = 0
    changed: int = 0
    differs: list[str] = field(default_factory=list)
    lists: dict[tuple[str, str], list[Item]] = field(default_factory=dict)
    each: list[tuple[str, Item]] = field(default_factory=list)
    names: list[Record] = field(default_factory=list)
    accounts: list[Record] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)

    def differ(self, line: int, said: str) -> bool:
        """A line that is not what the caisse has; True when it is to be changed."""
        if self.update:
            self.changed += 1
        else:
            self.differs.append(f"  line {line}: {said}")
        return self.update

    def told(self) -> list[str]:
        """What came of the list, for the person who gave it."""
        first = f"{counted(self.new, self.thing)} new, {self.known} known already"
        if self.changed:
            first += f", {self.changed} changed"
        if self.differs:
            stay = "stays" if len(self.differs) == 1 else "stay"
            first += f", {len(self.differs)} differ{'s' if len(self.differs) == 1 else ''} and {stay} as in the caisse:"
            more = [f"  and {len(self.differs) - TOLD_MAX} more"] if len(self.differs) > TOLD_MAX else []
            return [first, *self.differs[:TOLD_MAX], *more]
        return [first + "."]


@dataclass(slots=True)
class Rehearsal:
    """Decides lines on a book of its own, as `by`; mistakes are this list's slips."""

    book: Book
    by: PersonId
    path: Path
    slips: Slips

    def allowed(self, verb: str) -> bool:
        """Whether this person may give the command at all; otherwise that is the mistake."""
        refused = may(self.book.caisse.persons.get(self.by), verb)
        if refused is not None:
            self.slips.add(self.path, 0, refused.why)
        return refused is None

    def item(self, line: int, verb: str, body: Item) -> bool:
        """Take one command's body as the rules would; False when they would not."""
        before = len(self.slips.found)
        with self.slips.at(self.path, line):
            at_us = max(self.book.at_us + 1, 1)
            result = decide(verb, Order(
                book=self.book, body=Body(body, "It"), by=self.by, at_us=at_us, details_wait_us=0, clock_step_us=0,
            ))  # fmt: skip
            if isinstance(result, Declined):
                self.slips.add(self.path, line, result.why)
            else:
                for place, event in enumerate(result):
                    self.book.apply(event, self.book.position + 1, at_us + place)
        return len(self.slips.found) == before


def listed(plan: Plan, rehearsal: Rehearsal, line: int, verb: str, name: str, item: Item) -> None:
    """Rehearse one item of a command that takes a list, and plan it."""
    if rehearsal.item(line, verb, {name: [item]}):
        plan.lists.setdefault((verb, name), []).append(item)


async def carry_out(plan: Plan, give: Give, keep: Callable[[list[Record]], Awaitable[list[bytes]]]) -> None:
    """Give the plan's commands. keep: seals personal data and returns its digests."""
    for (verb, name), items in plan.lists.items():
        for some in _few(items):
            await give(verb, {name: some})
    for verb, body in plan.each:
        await give(verb, body)
    if plan.names:
        await keep(plan.names)
    if plan.accounts:
        digests = await keep(plan.accounts)
        details: list[Item] = [
            {"producer": record.subject.removeprefix("producer:"), "digest": digest}
            for record, digest in zip(plan.accounts, digests, strict=True)
        ]
        for some in _few(details):
            await give("propose_bank_details", {"details": some})


def _few(items: list[Item]) -> Iterable[list[Item]]:
    return (items[start : start + ITEMS_A_COMMAND] for start in range(0, len(items), ITEMS_A_COMMAND))


def set_apart(found: Iterable[str]) -> str:
    """Names in a sentence: "a b", or "none"."""
    return " ".join(sorted(found)) or "none"
