"""Law: money that was promised long ago and has not come waits for a person, and a caisse that closes says what is next."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from clearing.events.closing import ClosureConfirmed
from clearing.events.grants import SubsidyNotified
from clearing.rules.calendar import civil_date
from clearing.rules.ends.closing import leftovers
from clearing.rules.ends.closing_rooms import may_return, own_lots
from clearing.values import money

if TYPE_CHECKING:
    from clearing.rules.book import Book

LATE_DAYS: Final = 60
"""After its signature a subsidy that has not come in full is asked for."""
SINCE: Final[dict[type, tuple[str, ...]]] = {SubsidyNotified: ("grant",), ClosureConfirmed: ()}
"""What begins to wait with an event -> the fields that name it."""


class Told(NamedTuple):
    """As waiting.Wait."""

    day: str
    told: str
    commands: tuple[str, ...]
    by: bool = False


Since = Callable[..., str]


def late_money(book: "Book", since: Since, today: str) -> Iterator[Told]:
    for grant, one in book.subsidies.known.items():
        signed, cents = since(SubsidyNotified, grant), one.to_come_cents()
        if cents > 0 and signed and civil_date(today) - civil_date(signed) >= timedelta(days=LATE_DAYS):
            told = f"{money(cents)} of the subsidy {grant}, notified by {one.notified.funder} on {signed}, have not come"
            came = f"subsidy receive {grant} EUROS --reference LINE"
            yield Told(signed, told, (came, f"subsidy reduce {grant} --reference LETTER"))


def closing(book: "Book", since: Since, today: str) -> Iterator[Told]:
    """The next steps of a closing; what is left of batches, boxes and the rest waits by itself."""
    confirmed = book.closing.confirmed
    if confirmed is None or book.closing.sealed:
        return
    if today <= confirmed.last_day:
        told = f"the caisse closes: members and producers are to be told that cards pay until {confirmed.last_day}"
        yield Told(since(ClosureConfirmed) or today, told, ("caisse status",))
        return
    after = (date.fromisoformat(confirmed.last_day) + timedelta(days=1)).isoformat()
    if purses := sum(1 for _ in own_lots(book)):
        told = f"own money is left in {purses} {'purse' if purses == 1 else 'purses'} of the closed caisse"
        yield Told(after, told, ("caisse own",))
    for member, cents in book.closing.own.items():
        told = f"{money(cents)} of their own go back to {member}, since the caisse closed"
        yield Told(after, told, (f"caisse own-paid {member} --reference LINE",))
    if any(fund.there_cents() > 0 for fund in book.funds.values()):
        told = "what the funds have left goes to who was voted"
        yield Told(after, told, ("caisse rest",))
    for fund, cents in book.closing.rests.items():
        told = f"{money(cents)} of fund {fund} are to be paid to who was voted"
        yield Told(after, told, (f"caisse rest-paid {fund} --reference LINE",))
    if next(leftovers(book), None) is None and not may_return(book, civil_date(today)):
        told = "nothing is left: the log of the closed caisse can be sealed"
        yield Told(after, told, ("caisse seal",))
