"""Law: what the bank asked, said and took, and the months of the books, are checked against the book before each event.

Collections, lines of statements, charges, plans of accounts and closed months: the checks that audit/offices.py names.
"""


from clearing.audit.findings import BadEvent
from clearing.events.bank import BankCharged, BankMatched, StatementImported
from clearing.events.books import AccountPlanSet, MonthClosed
from clearing.events.catalogue import Event
from clearing.events.debits import CollectionApproved, CollectionExported, CollectionProposed
from clearing.rules.answers import Declined
from clearing.rules.book import Book
from clearing.rules.treasury.account_plan import wrong_plan
from clearing.rules.treasury.collecting import decide_approve, decide_export, decide_propose


def collected(
    event: CollectionProposed | CollectionApproved | CollectionExported, position: int, at_us: int, book: Book
) -> None:
    """Decided again on the book before it: who is asked for what, by two people, after members were told."""
    today = book.caisse.calendar.day(at_us)
    again: Event | Declined
    match event:
        case CollectionProposed():
            again = decide_propose(
                book.cotisations, book.members, book.debits, code=book.caisse.code, period=event.period,
                collect_on=event.collect_on, arrears=event.arrears, by=event.by, today=today,
            )  # fmt: skip
        case CollectionApproved():
            again = decide_approve(book.debits, collection=event.collection, by=event.by, today=today)
        case CollectionExported():
            again = decide_export(
                book.debits, collection=event.collection, message_id=event.message_id, file_sha256=event.file_sha256,
                by=event.by, today=today,
            )  # fmt: skip
    if again != event:
        why = again.why if isinstance(again, Declined) else "it asks for something else than what is due"
        raise BadEvent(position, f"collection {event.collection} could not be {type(event).__name__[10:].lower()} then: {why}")


def bank_lines(event: StatementImported | BankMatched, position: int, _at_us: int, book: Book) -> None:
    bank = book.bank
    if isinstance(event, StatementImported):
        if any((event.source, entry.key) in bank.keys for entry in event.entries):
            raise BadEvent(position, "it takes in a booking of the bank that was taken in before")
        return
    if any(number not in bank.waiting for number in event.lines) or len(set(event.lines)) != len(event.lines):
        raise BadEvent(position, f"match {event.match} uses a line of the bank twice")
    moved = sum(bank.moves[at].cents for at in event.moves if at in bank.moves)
    if not sum(bank.waiting[number] for number in event.lines) == moved == event.cents:
        raise BadEvent(position, f"match {event.match} is of other sums at the bank and in the book")


def charged(event: BankCharged, position: int, _at_us: int, book: Book) -> None:
    if event.cents > book.funds[event.fund].there_cents():
        raise BadEvent(position, f"fund {event.fund} bears charges out of money that is engaged")


def plan_set(event: AccountPlanSet, position: int, _at_us: int, _book: Book) -> None:
    if why := wrong_plan(event.siren, event.year_starts, event.rows):
        raise BadEvent(position, f"plan {event.plan} of the books should not have been recorded: {why}")


def month_closed(event: MonthClosed, position: int, at_us: int, book: Book) -> None:
    said = book.books.proposed
    told = None if said is None else (said.by, said.period, said.plan, said.entries, said.debit_cents, said.sha256)
    agreed = (event.proposed_by, event.period, event.plan, event.entries, event.debit_cents, event.sha256)
    if event.by == event.proposed_by or told != agreed:
        raise BadEvent(position, "a month of the books is closed by two people who agree on its bytes")
    if event.plan != book.books.plans or book.caisse.calendar.day(at_us).isoformat()[:7] <= event.period:
        raise BadEvent(position, f"the books of {event.period} were closed by another plan, or before the month was over")
