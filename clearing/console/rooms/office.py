"""Law: the first page says what waits for a person and how the caisse stands, each figure as the rules know it now."""

from dataclasses import dataclass

from clearing.console.pages import LOOKERS, Answer, Visit, page
from clearing.rules.book import Book
from clearing.rules.stalls.settlement import BatchState


@dataclass(frozen=True, slots=True, kw_only=True)
class Todo:
    """Something that waits. since: ISO day; page: where it is done; mine: this person may do it."""

    since: str
    text: str
    page: str
    mine: bool


@page("", "Home", roles=(*LOOKERS, "desk"), menu=1)
async def home(visit: Visit) -> Answer:
    book, words = visit.book, visit.words
    funds = [
        {"id": name, "name": fund.name, "notified": words.euros(fund.notified_cents),
         "received": words.euros(fund.received_cents), "engaged": words.euros(fund.engaged_cents),
         "free": words.euros(fund.free_cents())}
        for name, fund in book.funds.items()
    ]  # fmt: skip
    owed = sum(owed.net_cents() for owed in book.settlement.owed.values())
    return Answer("office.html", {
        "funds": funds, "owed": words.euros(owed), "todo": waiting(visit),
        "empty": not any(fund.received_cents for fund in book.funds.values()),
    })


def waiting(visit: Visit) -> list[Todo]:
    """What waits in this caisse, the oldest first; what this person can't do is shown as waiting for others."""
    return sorted((*_batches(visit), *_votes(visit)), key=lambda one: one.since)


def _batches(visit: Visit) -> list[Todo]:
    book, words = visit.book, visit.words
    found = []
    for number, batch in book.settlement.batches.items():
        total = words.euros(sum(line.paid_cents for line in batch.closed.lines))
        where = visit.path(f"batches/{number}")
        if batch.state is BatchState.CLOSED:
            mine = visit.may("approve_batch") and batch.closed.by != visit.login.person
            text = words.say("Batch {number} of {total} waits for its approval.", number=number, total=total)
            found.append(Todo(since=batch.closed.closed_on, text=text, page=where, mine=mine))
        elif batch.state is BatchState.APPROVED:
            text = words.say("Batch {number} of {total} waits for its bank file.", number=number, total=total)
            found.append(Todo(since=batch.closed.closed_on, text=text, page=where, mine=visit.may("export_batch")))
    return found


def _votes(visit: Visit) -> list[Todo]:
    return [
        Todo(
            since=one.taken_on, page=visit.path(f"do/approve_decision?decision={one.decision}"),
            text=visit.words.say("Vote {decision} waits for another officer to compare it with the minutes.",
                                 decision=one.decision),
            mine=visit.may("approve_decision") and one.by != visit.login.person,
        )
        for one in visit.book.caisse.decisions.values() if waits(visit.book, one.decision)
    ]  # fmt: skip


def waits(book: Book, decision: str) -> bool:
    """Whether a recorded vote lacks its second officer."""
    vote = book.caisse.decisions[decision]  # type: ignore[index]
    return vote.needs_approval and vote.decision not in book.caisse.approvals


