"""Law: a household is told what was due, how it was paid, what came back and what will be debited; its own only."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from clearing.rules.treasury.cotisations import standings
from clearing.rules.treasury.debits import FAILED, UNDER_WAY, DebitState, payment_reference
from clearing.rules.treasury.reason_codes import told
from clearing.values import MemberId

if TYPE_CHECKING:
    from clearing.rules.book import Book


class Line(NamedTuple):
    """One month, or one thing that happened to it (due_cents 0). cents: paid above zero, sent back below."""

    period: str
    what: str
    due_cents: int
    cents: int
    open_cents: int


def household_statement(book: "Book", member: MemberId, *, until: str) -> list[Line]:
    """Month by month, the oldest first; what happened to a month stands below it."""
    lines: list[Line] = []
    happened = list(_happened(book, member))
    months = {one.period: one for one in standings(book.cotisations, member, until=until)}
    for period in sorted({*months, *(line.period for line in happened)}):
        standing = months.get(period)
        if standing is not None:
            waived = " (given up by the caisse)" if standing.written_off_cents else ""
            due, paid, open_cents = standing.due_cents, standing.paid_cents, standing.open_cents()
            lines.append(Line(period, f"due{waived}", due, paid, open_cents))
        lines += [line for line in happened if line.period == period]
    return lines


def _happened(book: "Book", member: MemberId) -> Iterator[Line]:
    debited = {name for name, (_, who) in book.debits.references.items() if who == member}
    for reference, payment in book.cotisations.payments.items():
        if payment.member == member and reference not in debited:
            yield Line(payment.period, f"paid by {payment.means}, {reference}", 0, payment.cents, 0)
            if payment.returned_by:
                yield Line(payment.period, f"came back from the bank, {reference}", 0, -payment.cents, 0)
    for number, debit in book.debits.debits_of(member):
        collection = book.debits.collections[number]
        for part in debit.row.parts:
            name = payment_reference(debit.row, part.period)
            if debit.state in UNDER_WAY:
                yield Line(part.period, f"to be debited on {collection.proposed.collect_on}, {name}", 0, 0, 0)
            elif debit.state is DebitState.REJECTED:
                yield Line(part.period, f"debit refused, {told(debit.code)}, {name}", 0, 0, 0)
            elif debit.state in (DebitState.EXECUTED, *FAILED):
                waits = ", not counted as received yet" if part.period in debit.held else ""
                if debit.executed_on:
                    yield Line(part.period, f"debited on {debit.executed_on}{waits}, {name}", 0, part.cents, 0)
                if debit.state is DebitState.RETURNED:
                    back = -part.cents if debit.executed_on else 0
                    yield Line(part.period, f"came back on {debit.on}, {told(debit.code)}, {name}", 0, back, 0)
