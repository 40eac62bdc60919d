"""Law: a status report on a collection answers its debits as its bank's list would; a word nobody knows is "unknown"."""

from dataclasses import dataclass, field
from typing import Final

from clearing.bank.pain002 import Status, StatusReport
from clearing.installation.bank_import import OF_A_COPY, Give
from clearing.rules.book import Book
from clearing.rules.treasury.debit_answers import unanswered
from clearing.rules.treasury.debits import Debit

ROWS_A_COMMAND: Final = 500  # the writer sells between two commands


@dataclass(slots=True)
class DebitsAnswered:
    """rows: as `answer_collection` takes them, without the `known` that the book says already; strange: what names no debit
    of the collection. copy: the report refuses a file that had come before, so nothing it says is about the debits of the
    first one."""

    collection: int
    known: int = 0
    rows: list[dict[str, object]] = field(default_factory=list)
    strange: list[Status] = field(default_factory=list)
    copy: bool = False


def answered_debits(report: StatusReport, book: Book) -> DebitsAnswered | None:
    """None for an answer to a file that is of no collection of this caisse."""
    collection = next((
        one for one in book.debits.collections.values()
        if one.exported is not None and one.exported.message_id == report.message_id
    ), None)  # fmt: skip
    if collection is None:
        return None
    found = DebitsAnswered(collection.proposed.collection)
    debits = {one.row.reference: one for one in collection.kept()}
    for status in report.statuses:
        debit = debits.get(status.end_to_end)
        if not status.end_to_end and status.code in OF_A_COPY:
            found.copy = True
        elif not status.end_to_end:
            found.rows += [_row(one, status, report) for one in unanswered(collection)]
        elif debit is None:
            found.strange.append(status)
        elif debit.state == status.state and not debit.question:
            found.known += 1
        else:
            found.rows.append(_row(debit, status, report))
    return found


def _row(debit: Debit, status: Status, report: StatusReport) -> dict[str, object]:
    """A debit that is refused as a copy may have been made by the first one: a person looks."""
    state = "unknown" if status.code in OF_A_COPY else status.state
    return {
        "debit": debit.row.reference, "state": state, "code": status.code, "text": status.text, "on": status.on,
        "reference": report.reference,
    }


async def answer_debits(answered: DebitsAnswered, give: Give) -> None:
    """Raises what `give` raises: that the book says all of it already, too."""
    for start in range(0, len(answered.rows), ROWS_A_COMMAND):
        rows = answered.rows[start : start + ROWS_A_COMMAND]
        await give("answer_collection", {"collection": answered.collection, "rows": rows})
