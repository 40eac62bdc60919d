"""Law: a command is one verb with an exact body; several items in one command are taken whole or not at all."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from clearing.authoriser.bodies import Body
from clearing.events.catalogue import Event
from clearing.rules.answers import Declined, not_now
from clearing.rules.book import Book
from clearing.values import PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A command whose sender is known: what the verbs below decide on. details_wait_us: how long changed bank details wait."""

    book: Book
    body: Body
    by: PersonId
    at_us: int
    details_wait_us: int
    clock_step_us: int


Result = tuple[Event, ...] | Declined
Verb = Callable[[Order], Result]


def one(result: Event | Declined) -> Result:
    return result if isinstance(result, Declined) else (result,)


def all_of(items: list[Body], key: Callable[[Event], Hashable], decide_item: Callable[[Body], Event | Declined]) -> Result:
    """Decide each item; the first that is declined, or that comes twice, declines the whole command by its place."""
    events: list[Event] = []
    seen: set[Hashable] = set()
    for place, item in enumerate(items, start=1):
        result = decide_item(item)
        item.end()
        if isinstance(result, Declined):
            return Declined(code=result.code, why=f"Item {place}: {result.why}" if len(items) > 1 else result.why)
        if key(result) in seen:
            return not_now(f"Item {place} comes twice in the list; remove one of the two.")
        seen.add(key(result))
        events.append(result)
    return tuple(events) if events else not_now("The list is empty; give at least one item.")
