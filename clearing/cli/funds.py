"""Law: the page of funds says what is announced, there, engaged and free, how long it lasts, and what to do before it ends."""

from collections.abc import Iterator
from datetime import date

from clearing.cli.books import events
from clearing.cli.desk import Desk, now_ms
from clearing.cli.earmarks import earmark_text
from clearing.cli.entry import Entry, Group
from clearing.installation.amounts import counted, euros
from clearing.rules.book import Book
from clearing.rules.treasury.funds import Fund
from clearing.rules.treasury.runway import DAYS_MIN, THRESHOLD_CENTS, Flows, Runway
from clearing.rules.treasury.subsidies import Step

SOON_TENTHS = 30  # months of runway below which the page says how to wind down in order


async def funds(desk: Desk) -> None:
    book, flows = Book(), Flows()
    async with desk.opened() as installation, installation.reading(desk.code) as log:
        async for row, event in events(log):
            book.apply(event, row.position, row.at_us)
            flows.take(event, row.position, row.at_us)
    for line in told(book, flows, book.caisse.calendar.day(now_ms() * 1_000)):
        desk.say(line)


def told(book: Book, flows: Flows, today: date) -> Iterator[str]:
    """The whole page. today: in the caisse's zone."""
    for name, fund in book.funds.items():
        yield from _fund(book, name, fund, flows.runway({name: fund.there_cents()}, today))
    whole = flows.runway({name: fund.there_cents() for name, fund in book.funds.items()}, today)
    yield f"The caisse as a whole: {euros(whole.there_cents)} EUR in funds; {_lasts(whole)}"
    yield from _waiting(book)
    yield from _advice(book, whole)
    gauge = flows.gauge(today)
    yield (f"Twelve months: {euros(gauge.in_cents)} EUR came in, cards paid {euros(gauge.out_cents)} EUR, together "
           f"{gauge.percent} % of the {euros(THRESHOLD_CENTS)} EUR above which it is to be declared (ACPR).")  # fmt: skip
    if gauge.warning() is not None:
        yield f"WARNING: {gauge.warning()} % of that threshold are passed; prepare the declaration now."


def _fund(book: Book, name: str, fund: Fund, runway: Runway) -> Iterator[str]:
    yield f"{name:20} {fund.name} ({fund.kind})"
    yield (f"{'':20} announced {euros(fund.notified_cents)}, of it to come {euros(fund.to_come_cents())}; received "
           f"{euros(fund.received_cents)}, engaged {euros(fund.engaged_cents)}, advance {euros(fund.advance_cents)}, free "
           f"{euros(fund.free_cents())} EUR")  # fmt: skip
    yield f"{'':20} {_lasts(runway)}"
    bound = earmark_text(fund.earmark, book.caisse.calendar.zone)
    if bound:
        yield f"{'':20} bound: {bound}"
    if fund.free_cents() < 0:
        yield (f"{'':20} SHORT: {euros(-fund.free_cents())} EUR more are engaged than came; it pays nothing until a transfer "
               f"covers it: clearing fund transfer OTHER {name} EUROS")  # fmt: skip


def _lasts(runway: Runway) -> str:
    spent = f"spent {euros(runway.spent_cents)} EUR in the last {counted(runway.days, 'day')}"
    if runway.days < DAYS_MIN:
        return f"{spent}, too early to say how long it lasts"
    if runway.tenths is None or runway.runs_out is None:
        return f"{spent}, so it does not run out"
    months, tenth = divmod(runway.tenths, 10)
    return (f"{spent}, {euros(runway.a_month_cents)} EUR a month; what is there lasts {months}.{tenth} months, until "
            f"{runway.runs_out}")  # fmt: skip


def _waiting(book: Book) -> Iterator[str]:
    for number, transfer in book.subsidies.transfers.items():
        said = transfer.proposed
        if transfer.step is Step.PROPOSED:
            yield (f"Waiting: transfer {number} of {euros(said.cents)} EUR from {said.fund} to {said.to}: "
                   f"clearing fund transfer-confirm {number}")  # fmt: skip


def _advice(book: Book, whole: Runway) -> Iterator[str]:
    if book.closing.frozen is not None:
        yield f"Credits are frozen by decision {book.closing.frozen}; cards pay with what is in purses, producers are paid."
    elif whole.tenths is not None and whole.tenths < SOON_TENTHS:
        to_come = sum(fund.to_come_cents() for fund in book.funds.values())
        yield (f"Less than {SOON_TENTHS // 10} months are left ({euros(to_come)} EUR are announced and have not come). Before "
               "it runs out: vote a lower credit, or freeze credits in order: what members have stays theirs to spend, and "
               "every producer is paid (clearing credits freeze --decision DECISION).")  # fmt: skip


ENTRIES = (
    Entry(words=("funds",), group=Group.MONEY, does="each fund: announced, there, engaged, free, how long it lasts", run=funds),
)
