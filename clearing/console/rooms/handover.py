"""Law: who leaves an office sees, and prints, what is open in her hands; what nobody else can go on with comes first.

What she proposed waits for another anyhow; what waits for her role and has no deputy waits for her alone.
"""

from collections.abc import Iterator

from clearing.console.invitations import Standing
from clearing.console.pages import Visit
from clearing.console.rooms.batches import STATES, state_of
from clearing.console.rooms.office import todos
from clearing.rules.book import Book
from clearing.rules.treasury.subsidies import Step
from clearing.rules.voted.offices import Person, acting
from clearing.values import PersonId

Values = dict[str, object]


async def open_in_her_hands(visit: Visit, officer: Person) -> Values:
    """For the template: deputies by role, what waits, what she proposed, batches, boxes, and what she has open here."""
    book, words, person = visit.book, visit.words, officer.person
    active = [one for one in book.caisse.persons.values() if one.active and one.person != person]
    others = {role: [one.person for one in active if role in acting(one)] for role in officer.roles}
    alone = {role for role, deputies in others.items() if not deputies}
    hers = [one for one in await todos(visit) if set(one.roles) & set(officer.roles)]
    invited = await visit.console.invitations.to(visit.code, visit.login.person)
    return {
        "deputies": [(words.say(f"role {role}"), ", ".join(deputies)) for role, deputies in others.items()],
        "alone": [one for one in hers if set(one.roles) <= alone],
        "waits": [one for one in hers if not set(one.roles) <= alone],
        "signed": [words.say(what, name=name) for what, name in proposed_by(book, person)],
        "batches": [
            {"page": visit.path(f"batches/{number}"), "number": number, "total": words.euros(batch.closed.total_cents),
             "day": words.day(batch.closed.closed_on), "state": words.say(STATES[state_of(batch)])}
            for number, batch in book.settlement.batches.items() if batch.closed.by == person and batch.under_way()
        ],
        "boxes": [(box, words.euros(cents)) for box, cents in book.takings.in_box.items() if cents],
        "logins": [
            (one.device or "?", words.instant(one.seen_us)) for one in await visit.console.accounts.open_logins(person)
        ],
        "tokens": [(one.label, words.instant(one.until_us)) for one in await visit.console.tokens.of(person)],
        "invitations": [one.label for one in invited if one.by == person and one.standing is Standing.OPEN],
    }  # fmt: skip


def proposed_by(book: Book, person: PersonId) -> Iterator[tuple[str, str]]:
    """(sentence, name in it) of everything that she signed first and another person has to sign too."""
    caisse, accounts = book.caisse, book.accounts
    for name, vote in caisse.decisions.items():
        if vote.by == person and vote.needs_approval and name not in caisse.approvals:
            yield "Decision {name}, recorded by her, is not approved", name
    for who, one in caisse.proposed.items():
        if one.by == person:
            yield "The office of {name}, proposed by her, is not confirmed", who
    for account, opening in accounts.proposed.items():
        if opening.by == person:
            yield "The collective account {name}, proposed by her, is not opened", account
    for (account, mandatary), naming in accounts.naming.items():
        if naming.by == person:
            yield "The mandatary {name}, proposed by her, is not named", f"{account}: {mandatary}"
    for number, transfer in book.subsidies.transfers.items():
        if transfer.step is Step.PROPOSED and transfer.proposed.by == person:
            yield "Transfer {name} between funds, proposed by her, is not confirmed", str(number)
    for number, repayment in book.subsidies.repayments.items():
        if repayment.step is Step.PROPOSED and repayment.proposed.by == person:
            yield "Repayment {name} to a funder, proposed by her, is not confirmed", str(number)
    for number, deposit in book.takings.counted.items():
        if deposit.by == person:
            yield "Deposit {name}, counted by her, is not counted by another", str(number)
    for number, end in book.exceptions.proposed.items():
        if end.by == person and number in book.exceptions.open:
            yield "The end of exception {name}, proposed by her, is not agreed", str(number)
    yield from _single(book, person)


def _single(book: Book, person: PersonId) -> Iterator[tuple[str, str]]:
    """Of what a caisse has one at a time."""
    for entry, correction in book.corrections.proposed.items():
        if correction.by == person:
            yield "The correction of {name}, proposed by her, is not confirmed", entry.reference
    for member, seen in book.joining.proposed.items():
        if seen.by == person:
            yield "A look at {name}, proposed by her, is not agreed", member
    if book.closing.proposed is not None and book.closing.proposed.by == person:
        yield "The closing on {name}, proposed by her, is not confirmed", book.closing.proposed.last_day
    if book.books.proposed is not None and book.books.proposed.by == person:
        yield "The closing of the books of {name}, proposed by her, is not confirmed", book.books.proposed.period
    opening = book.opening.proposed
    if opening is not None and not book.opening.accepted_at and opening.by == person:
        yield "The opening balances of {name}, proposed by her, are not accepted", opening.as_of
