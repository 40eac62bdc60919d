"""Law: a debit that nobody approved, announced, sent or answered, and a mandate in doubt, wait for a person like the rest."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from clearing.events.debits import CollectionProposed, MandateSuspended
from clearing.rules.treasury.collecting import announce_by, doubts, send_by
from clearing.rules.treasury.cotisations import agreed_for
from clearing.rules.treasury.debit_answers import came_back, countable, still_owed, unanswered
from clearing.rules.treasury.debits import Collection, MandateState
from clearing.rules.treasury.mandates import ends_on, recurrent_of, usable
from clearing.values import money

if TYPE_CHECKING:
    from clearing.rules.book import Book

SILENT_DAYS: Final = 5
"""After the day of the debits a bank has said what it made of them."""
ENDING_DAYS: Final = 60


class Task(NamedTuple):
    """As waiting.Wait says it."""

    day: str
    told: str
    commands: tuple[str, ...]
    by: bool = False


Since = Callable[..., str]


def tasks(book: "Book", since: Since, today: date) -> Iterator[Task]:
    for number, collection in book.debits.collections.items():
        if collection.exported is not None:
            yield from _at_the_bank(book, number, collection, today)
        elif not collection.dropped:
            yield from _before_the_bank(book, number, collection, since)
    yield from _came_back(book)
    yield from _mandates(book, since, today)


def _came_back(book: "Book") -> Iterator[Task]:
    """Of all members together, with the way to pay for the first one."""
    owed = [(debit, cents) for _, debit in came_back(book.debits) if (cents := still_owed(book.cotisations, debit))]
    if owed:
        row, total = owed[-1][0].row, sum(cents for _, cents in owed)
        member, period = row.member, row.parts[0].period
        told = f"{money(total)} of {len(owed)} {'debit' if len(owed) == 1 else 'debits'} that came back are owed"
        paid = f"cotisation receive {member} EUROS --month {period} --means transfer --reference LINE"
        yield Task(min(debit.on for debit, _ in owed), told, (paid, f"cotisation writeoff {member} {period} --reason TEXT"))


def _before_the_bank(book: "Book", number: int, collection: Collection, since: Since) -> Iterator[Task]:
    said = f"collection {number} of {money(collection.proposed.total_cents)} on {collection.proposed.collect_on}"
    if collection.approved is None:
        yield Task(since(CollectionProposed, number), f"{said} waits for another person than {collection.proposed.by}",
                   (f"collection approve {number}",))  # fmt: skip
    elif collection.announced is None:
        yield Task(announce_by(book.debits, collection).isoformat(), f"the members are to be told of {said}",
                   (f"collection announce {number}",), by=True)  # fmt: skip
    else:
        yield Task(send_by(book.debits, collection).isoformat(), f"the file of {said} is to go to the bank",
                   (f"collection export {number}",), by=True)  # fmt: skip
    for debit, why in doubts(book.debits, collection):
        member = debit.row.member
        yield Task(since(CollectionProposed, number), f"{member} can't be debited by collection {number}: {why}",
                   (f"collection leave-out {number} {member}", f"collection drop {number} --reason TEXT"))  # fmt: skip


def _at_the_bank(book: "Book", number: int, collection: Collection, today: date) -> Iterator[Task]:
    silent = unanswered(collection)
    day = date.fromisoformat(collection.proposed.collect_on)
    if silent and today > day + timedelta(days=SILENT_DAYS):
        told = f"the bank has not said what became of {len(silent)} debits of collection {number}"
        yield Task(day.isoformat(), told, (f"collection answer {number} MEMBER STATE",))
    for debit in collection.kept():
        if debit.question:
            told = f"the debit of {debit.row.member} in collection {number}: {debit.question}"
            yield Task(debit.on, told, (f"collection answer {number} {debit.row.member} STATE --sure",))
    ready = countable(book.debits, collection, today)
    if ready:
        cents = sum(part.cents for debit in ready for part in debit.held_parts())
        yield Task(min(one.executed_on for one in ready), f"{money(cents)} of collection {number} can count as received now",
                   (f"collection count {number}",))  # fmt: skip


def _mandates(book: "Book", since: Since, today: date) -> Iterator[Task]:
    debits, month = book.debits, f"{today:%Y-%m}"
    for mandate in debits.mandates.values():
        name = mandate.signed.mandate
        if mandate.state is MandateState.SUSPENDED:
            told = f"the mandate {name} of {mandate.signed.member} is suspended: {mandate.why}"
            yield Task(since(MandateSuspended, name), told,
                       (f"mandate account {name} --name NAME --iban IBAN", f"mandate resume {name} --reason TEXT",
                        f"mandate revoke {name} --reason TEXT"))  # fmt: skip
    if debits.creditor is None:
        return
    without = []
    for member in book.cotisations.agreements:
        agreement = agreed_for(book.cotisations, member, month)
        if agreement is None or agreement.means != "debit":
            continue
        standing = recurrent_of(debits, member)
        if standing is None and isinstance(usable(debits, member, today), str):
            without.append(member)
        elif standing is not None and today < ends_on(standing) <= today + timedelta(days=ENDING_DAYS):
            yield Task(ends_on(standing).isoformat(), f"the mandate {standing.signed.mandate} of {member} ends unused",
                       (f"mandate sign {member} --name NAME --iban IBAN",), by=True)  # fmt: skip
    if without:
        whose = without[0] if len(without) == 1 else f"{len(without)} members"
        yield Task(f"{month}-01", f"the cotisation of {whose} is agreed by debit, and no mandate is signed",
                   ("mandate list",))  # fmt: skip
