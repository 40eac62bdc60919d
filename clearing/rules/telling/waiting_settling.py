"""Law: a batch, a transfer, a contest or an adjustment that waits names who can end it; after two days also the deputies."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from clearing.events.adjustments import AdjustmentProposed
from clearing.events.contests import ContestAnswered, ContestAppealed
from clearing.events.joint import HandoverEnded
from clearing.events.settlement import BatchApproved, BatchClosed, PayoutAnswered, ReleaseProposed
from clearing.rules.calendar import civil_date
from clearing.rules.stalls.approving import waits_for
from clearing.rules.stalls.contests import ContestState, appeal_until
from clearing.rules.stalls.payouts import FAILED, PayoutState
from clearing.rules.stalls.settlement import Batch, BatchState
from clearing.rules.voted.offices import deputies_of, holders_of
from clearing.values import PersonId, money

if TYPE_CHECKING:
    from clearing.rules.book import Book

DEPUTIES_AFTER_DAYS: Final = 2
SINCE: Final[dict[type, tuple[str, ...]]] = {
    BatchClosed: ("batch",), BatchApproved: ("batch",), PayoutAnswered: ("batch", "producer"),
    HandoverEnded: ("batch", "producer"), ReleaseProposed: ("producer",), ContestAnswered: ("contest",),
    ContestAppealed: ("contest",), AdjustmentProposed: ("adjustment",),
}  # fmt: skip
"""What begins to wait with an event -> the fields that name it."""


class Told(NamedTuple):
    """As waiting.Wait."""

    day: str
    told: str
    commands: tuple[str, ...]
    by: bool = False
    barred: frozenset[PersonId] = frozenset()


Since = Callable[..., str]


def settling(book: "Book", since: Since, today: str) -> Iterator[Told]:
    """Everything of batches, transfers, contests and adjustments that waits for a person."""
    for number, batch in book.settlement.batches.items():
        yield from _batch(book, number, batch, since, today)
    for producer, proposed in book.settlement.releasing.items():
        told = f"payments to {producer} are to go on, as {proposed.by} proposes: another person agrees"
        mend = (f"payout release-confirm {producer}",)
        yield Told(since(ReleaseProposed, producer), told, mend, barred=frozenset({proposed.by}))
    rules = book.settlement.rules
    for producer, owed in book.settlement.owed.items():
        if rules is not None and rules.negative_cap_cents and -owed.net_cents() > rules.negative_cap_cents:
            told = f"{producer} owes {money(-owed.net_cents())}, above the voted {money(rules.negative_cap_cents)}"
            fund = f"adjust propose write-off {producer} EUROS --fund FUND --reason TEXT"
            yield Told("", told, (f"producer repaid {producer} EUROS --reference LINE", fund))
    yield from _contests(book, since, today)
    for adjustment, pending in book.adjustments.pending.items():
        what = "the rest of adjustment" if pending.made_in else "adjustment"
        told = f"{what} {adjustment}, proposed by {pending.proposed.by}, waits for another person"
        later = pending.proposed.from_on > today
        day = pending.proposed.from_on if later else since(AdjustmentProposed, adjustment)
        barred = frozenset({pending.proposed.by})
        yield Told(day, told, (f"adjust make {adjustment}", f"adjust drop {adjustment}"), barred=barred)


def _batch(book: "Book", number: int, batch: Batch, since: Since, today: str) -> Iterator[Told]:
    if batch.state is BatchState.CLOSED and batch.under_way():
        closed = since(BatchClosed, number)
        approvers, deputies = _who(book, batch, closed, today)
        told = f"batch {number}, {money(batch.to_pay_cents())}, waits for {approvers}"
        if deputies:
            told = f"batch {number}, {money(batch.to_pay_cents())}, waits for {approvers}, or as deputy {deputies}"
        barred = frozenset(waits_for(batch, book.settlement.rules))
        yield Told(closed, told, (f"approve {number}", f"withdraw {number} --reason TEXT"), barred=barred)
    elif batch.state is BatchState.APPROVED and batch.waits_for_file():
        day = since(BatchApproved, number)
        told = f"batch {number}, {money(batch.to_pay_cents())}, is approved and not exported"
        yield Told(day, told, (f"export {number}",))
    for producer, payout in batch.payouts.items():
        if not payout.question and (payout.state not in FAILED or payout.paid_in):
            continue
        day = since(PayoutAnswered, number, producer)
        if payout.question:
            told = f"ask the bank about batch {number}'s transfer to {producer}: {payout.question}"
            yield Told(day, told, (f"payout asked {number} {producer} --found TEXT",))
        else:
            code = f" ({payout.code})" if payout.code else ""
            told = f"{money(payout.cents)} of batch {number} to {producer} were {payout.state}{code}"
            if payout.state is PayoutState.NOT_TAKEN:
                day = since(HandoverEnded, number, producer)
                told = (f"{money(payout.cents)} of batch {number} to {producer} were not taken by the other caisse: look why "
                        "at the batch, and pay them yourselves")  # fmt: skip
            anew = (f"payout reissue {number} {producer}", "close")
            yield Told(day, told, anew)


def _who(book: "Book", batch: Batch, closed: str, today: str) -> tuple[str, str]:
    """Another approver, by name; deputies, once it waits for longer than two days."""
    barred = frozenset(waits_for(batch, book.settlement.rules))
    persons = book.caisse.persons.values()
    found = _named(holders_of(persons, "approver"), barred) or "another approver"
    late = bool(closed) and (civil_date(today) - civil_date(closed)).days > DEPUTIES_AFTER_DAYS
    deputies = _named(deputies_of(persons, "approver"), barred) if late else ""
    return found, deputies


def _named(persons: Iterable[PersonId], barred: frozenset[PersonId]) -> str:
    return " or ".join(sorted(set(persons) - barred))


def _contests(book: "Book", since: Since, today: str) -> Iterator[Told]:
    for number, contest in book.contests.contests.items():
        said, decide = contest.opened, f"contest decide {number} --outcome WHO --reason TEXT"
        what = f"contest {number}, {money(said.cents)} of {said.payee},"
        match contest.state:
            case ContestState.OPEN:
                late = today > said.answer_by
                told = f"{what} {'was not answered and is to be decided' if late else 'waits for the answer of the producer'}"
                answer = f"contest answer {number} --agrees --text TEXT"
                yield Told(said.answer_by, told, (decide,) if late else (answer,), by=True)
            case ContestState.ANSWERED:
                told = f"{what} is to be decided by another person than {said.by}"
                yield Told(since(ContestAnswered, number), told, (decide,), barred=frozenset({said.by}))
            case ContestState.APPEALED if contest.appealed is not None:
                told = f"{what} is to be heard by {contest.appealed.body}"
                yield Told(since(ContestAppealed, number), told, (decide,))
            case ContestState.DECIDED if today <= appeal_until(contest.decided_on).isoformat():
                pass  # member and producer may appeal: nobody has to do anything
            case ContestState.HEARD | ContestState.DECIDED:
                told = f"{what} is decided for the {contest.decided.outcome if contest.decided else ''}, and may be closed"
                yield Told(contest.decided_on, told, (f"contest close {number} --reason TEXT",))
            case _:
                pass
